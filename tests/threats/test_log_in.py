"""The way in: slowed, two factors, nothing told, nothing kept."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from amparo.access import actions as access, queries as officers
from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.wiring.codes import code_now
from tests.threats.officers import CLI, LOG_IN, PASSWORD, SECOND_FACTOR, People, logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("people", "fresh_limits")]

SLOWED = "Too many failed login attempts. Try again later."
WRONG = "The username and/or password you specified are not correct."
FREE = 5  # wrong passwords that a name has in five minutes


def tried(username: str, password: str, **headers: str) -> str:
    """The page after a log-in, by a browser that was never here before."""
    answer = Client().post(LOG_IN, {"login": username, "password": password}, headers=headers)
    return answer.content.decode() if answer.status_code == 200 else f"led to {answer.url}"  # type: ignore[attr-defined]


def test_the_sixth_wrong_password_in_five_minutes_is_refused_with_a_sentence_whatever_the_session() -> None:
    for number in range(FREE):
        assert WRONG in tried("vera", f"wrong password {number}")
    assert SLOWED in tried("vera", "wrong password 6")
    assert SLOWED in tried("vera", PASSWORD)  # not even the right one
    assert SLOWED in tried("VERA", PASSWORD)
    assert tried("olga", PASSWORD) == f"led to {SECOND_FACTOR}"  # the others go on working


def test_another_port_in_the_host_name_buys_no_further_tries() -> None:
    for number in range(FREE):
        assert WRONG in tried("vera", "wrong password", host=f"localhost:{8000 + number}")
    assert SLOWED in tried("vera", "wrong password", host="localhost:9000")


def test_one_address_cannot_try_one_password_on_every_name() -> None:
    found = [tried(f"officer{number}", "a common password") for number in range(21)]
    assert all(WRONG in page for page in found[:20]) and SLOWED in found[20]


def test_an_unknown_name_is_answered_as_a_wrong_password_is() -> None:

    def page(username: str) -> str:
        found = re.sub(
            r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": *"\w+"|csrf\S*="[^"]*"',
            "",
            tried(username, "wrong"),
        )
        return found.replace(username, "")

    assert page("vera") == page("nobody-of-that-name")


def test_the_sixth_wrong_code_is_refused_too(people: People) -> None:
    who = people.vera
    wrong = f"{(int(code_now(who.totp_secret)) + 500_000) % 1_000_000:06}"
    client = Client()
    client.post(LOG_IN, {"login": "vera", "password": PASSWORD})
    for _ in range(FREE):
        assert "Incorrect code" in client.post(SECOND_FACTOR, {"code": wrong}).content.decode()
    assert SLOWED in client.post(SECOND_FACTOR, {"code": code_now(who.totp_secret)}).content.decode()
    assert "_auth_user_id" not in client.session


def test_a_code_is_taken_once(people: People) -> None:
    logged_in(people.vera)
    onlooker = Client()
    onlooker.post(LOG_IN, {"login": "vera", "password": PASSWORD})
    onlooker.post(SECOND_FACTOR, {"code": code_now(people.vera.totp_secret)})
    assert "_auth_user_id" not in onlooker.session


def test_whoever_was_sent_away_is_out_at_once_and_stays_out(people: People) -> None:
    client = people.browser(people.olga)
    assert client.get("/what-i-have-seen/").status_code == 200
    by = officers.officer_actor(officers.officer_named("vera").uuid)
    access.change_roles(by, officers.officer_named("olga").uuid, ("auditor",), active=False)
    assert client.get("/what-i-have-seen/").url.startswith(LOG_IN)  # type: ignore[attr-defined]
    again = Client()
    assert again.post(LOG_IN, {"login": "olga", "password": PASSWORD}).status_code in {200, 302, 403}
    assert "_auth_user_id" not in again.session


def test_every_log_in_is_recorded_and_no_word_typed_there_is(people: People) -> None:
    tried("correct-horse-typed-as-name", "zwolfton")
    tried("vera", "zwolfton")
    logged_in(people.vera)
    kinds = [line.kind for line in custody.acts(kind="officer.log").lines]
    assert kinds[:3] == ["officer.logged_in", "officer.log_in_failed", "officer.log_in_failed"]
    told = str(custody.acts(limit=1000).lines)
    assert "correct-horse" not in told and "zwolfton" not in told


def test_a_changed_password_ends_the_other_sessions(people: People) -> None:
    there, here = people.browser(people.vera), logged_in(people.vera)
    fresh = "another long pass phrase"
    assert here.post("/password/", {"old": PASSWORD, "new": fresh, "again": fresh}).status_code == 302
    assert here.get("/what-i-have-seen/").status_code == 200
    assert there.get("/what-i-have-seen/").url.startswith(LOG_IN)  # type: ignore[attr-defined]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites_and_the_key_s_goes_with_the_session(
    people: People,
) -> None:
    client = logged_in(people.vera)
    for name in ("sessionid", "amparo_key"):
        cookie = client.cookies[name]
        assert cookie.value and cookie["httponly"] is True and cookie["samesite"] == "Strict", name
    assert client.cookies["csrftoken"]["samesite"] == "Strict"
    client.post("/log-out/")
    client.get(LOG_IN)
    assert not client.cookies["amparo_key"].value


def test_nobody_signs_up_or_resets_a_password() -> None:
    client = Client()
    for path in ("/signup/", "/accounts/signup/", "/password/reset/", "/accounts/password/reset/", "/admin/"):
        assert client.get(path).status_code == 404


def test_no_process_of_the_house_adds_officers() -> None:
    for name in ("receiver", "worker", "courier", "house"):
        assert not Actor.of_process(name).can("officers.manage")
    assert CLI.can("officers.manage")
