"""Every address of the house, tried by whoever has no business there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, include, path

from amparo.access.rules import powers_of
from amparo.foundation.ids import new_id
from amparo.wiring.codes import code_now
from tests.threats.officers import LOG_IN, PASSWORD, SECOND_FACTOR, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_limits")]

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
PAGE_METHODS = ("get", "post")


@dataclass(frozen=True)
class Address:
    """power: None for a third party's view that states none (settings.OPEN_VIEWS)."""

    name: str
    path: str
    power: str | None
    exempt: bool


@cache
def addresses() -> tuple[Address, ...]:
    """Every address, its arguments filled with an identifier that nothing has."""
    some = str(new_id())

    def walk(patterns: list[URLPattern | URLResolver], space: str, before: str) -> Iterator[Address]:
        for each in patterns:
            route = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, f"{space}{each.namespace}:" if each.namespace else space, route)
                continue
            filled = re.sub(r"<int:\w+>", "1", re.sub(r"<(uuid|slug|str|path):\w+>", some, route))
            assert "<" not in filled, f"teach this walk how to fill {route}"
            view = each.callback
            exempt = bool(getattr(view, "csrf_exempt", False))
            yield Address(f"{space}{each.name}", f"/{filled}", getattr(view, "power", None), exempt)

    return tuple(walk(get_resolver("amparo.wiring.urls").url_patterns, "", ""))


def for_systems(each: Address) -> bool:
    """Whether it is another system that asks here, by a key; no browser's session counts."""
    return each.name.startswith("hma:")


def power_needed() -> Iterator[tuple[Address, str]]:
    return ((each, method) for each in addresses() if each.power for method in PAGE_METHODS)


def test_the_walk_finds_every_room_s_pages() -> None:
    assert {each.name.split(":")[0] for each in addresses() if ":" in each.name} >= {
        "intake", "viewing", "matching", "exchange", "cases", "victims", "referrals", "outcomes", "oversight"
    }  # fmt: skip
    # Open to everybody: the line's public mail keys, a page of the demo; what other systems ask with a key of their own (below).
    opened = {each.name for each in addresses() if each.power == "" and not for_systems(each)}
    assert opened == {"intake:mail_key", "intake:mail_key_openpgp", "intake:mail_key_smime", "viewing:style"}


def test_nobody_opens_a_page_without_logging_in() -> None:
    client, wrong = Client(), []
    for each, method in power_needed():
        answer = getattr(client, method)(each.path)
        if not ((answer.status_code == 302 and answer.url.startswith(f"{LOG_IN}?next=")) or answer.status_code == 405):
            wrong.append(f"{method} {each.name}: {answer.status_code}")
    assert wrong == []


def test_the_way_in_is_all_that_stands_open() -> None:
    """What third-party views show to nobody: the log-in, or the way to it."""
    client, wrong = Client(), []
    for each in addresses():
        if each.power is None:
            answer = client.get(each.path)
            led_away = answer.status_code == 302 and answer.url.split("?")[0] in {LOG_IN, "/"}  # type: ignore[attr-defined]
            if not (each.path == LOG_IN or led_away or answer.status_code in {404, 405}):
                wrong.append(f"{each.name}: {answer.status_code}")
    assert wrong == []


def test_a_password_alone_opens_no_page(people: People) -> None:
    client, wrong = Client(), []
    assert client.post(LOG_IN, {"login": "vera", "password": PASSWORD}).url == SECOND_FACTOR  # type: ignore[attr-defined]
    for each, method in power_needed():
        answer = getattr(client, method)(each.path)
        if answer.status_code == 405 or (answer.status_code == 302 and answer.url.startswith(LOG_IN)):
            continue
        wrong.append(f"{method} {each.name}: {answer.status_code}")
    assert wrong == []


def test_an_officer_without_second_factor_is_led_to_setting_one_up_and_nowhere_else(people: People) -> None:
    client, wrong = Client(), []
    client.post(LOG_IN, {"login": "nils", "password": PASSWORD})
    assert "_auth_user_id" in client.session
    for each, method in power_needed():
        answer = getattr(client, method)(each.path)
        if answer.status_code == 405 or (answer.status_code == 302 and answer.url == "/second-factor/totp/activate/"):
            continue
        wrong.append(f"{method} {each.name}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize(("username", "roles"), [("olga", ("auditor",)), ("rosa", ())], ids=["auditor", "no role"])
def test_every_page_refuses_an_officer_without_its_power_and_says_so(
    people: People, username: str, roles: tuple[str, ...]
) -> None:
    powers, client, wrong = powers_of(roles), people.browser(getattr(people, username)), []
    for each, method in power_needed():
        answer = getattr(client, method)(each.path)
        refused = answer.status_code == 403 and b"hold the power for this" in answer.getvalue()
        if each.power in powers:
            if refused or answer.status_code >= 500:
                wrong.append(f"{method} {each.name}: {answer.status_code} although the power is held")
        elif not (refused or answer.status_code == 405):
            wrong.append(f"{method} {each.name}: {answer.status_code}")
    assert wrong == []


def without_power(request: HttpRequest) -> HttpResponse:
    return HttpResponse("never shown")


urlpatterns = [path("forgotten/", without_power, name="forgotten"), path("", include("amparo.wiring.urls"))]


@pytest.mark.urls(__name__)
def test_a_view_that_states_no_power_is_not_served(people: People) -> None:
    client = people.browser(people.vera)
    assert client.get("/what-i-have-seen/").status_code == 200
    answer = client.get("/forgotten/")
    assert answer.status_code == 404 and b"never shown" not in answer.content


def test_no_form_is_taken_without_the_token_that_its_page_gave(people: People) -> None:
    # An upload's handlers must be set before its form is read: these pages check the token themselves, and are asked below
    # (a case's that is there: cases/test_coin_pages.py).
    exempt = [each.name for each in addresses() if each.exempt and not for_systems(each)]
    assert exempt == ["matching:import", "cases:add_ledger", "cases:ledger_files"]
    outside, inside = Client(enforce_csrf_checks=True), people.browser(people.vera, enforce_csrf_checks=True)
    wrong = [
        f"{each.name}: {answer.status_code}"
        for each in addresses()
        if not for_systems(each)
        for client in ((inside,) if each.exempt else (outside, inside))
        if (answer := client.post(each.path)).status_code != 403 or b"hold the power" in answer.getvalue()
    ]
    assert wrong == []


def test_no_system_is_answered_without_a_key_of_its_own_not_even_beside_a_logged_in_officer(people: People) -> None:
    asked = [each for each in addresses() if for_systems(each) and not each.path.startswith("/hma/status")]
    assert len(asked) > 10
    wrong = [
        f"{each.name} {each.path}: {answer.status_code}"
        for each in asked
        for client in (Client(), people.browser(people.vera))
        for method in PAGE_METHODS
        if (answer := getattr(client, method)(each.path, headers={"Authorization": "Bearer guessed"})).status_code
        != 401
    ]
    assert wrong == []


RUNS_INLINE = re.compile(
    rb"<script(?![^>]*\bsrc=)(?![^>]*type=\"(application|text)/(json|plain)\")|<style|\sstyle=|\son[a-z]+=\"|javascript:"
)


def test_every_page_carries_the_whole_policy_and_nothing_inline(people: People) -> None:
    inside, outside, wrong = people.browser(people.vera), Client(), []
    pages = [(inside, each.path) for each in addresses() if each.name != "account_logout"]
    pages += [(inside, "/not/there/"), (outside, LOG_IN), (outside, "/not/there/"), (inside, "/log-out/")]
    for client, where in pages:
        answer = client.get(where)
        policy = set(answer.headers.get("Content-Security-Policy", "").split("; "))
        others = [answer.headers.get(name) for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")]
        if policy != POLICY or others != ["nosniff", "DENY", "same-origin"]:
            wrong.append(f"{where}: {policy ^ POLICY} {others}")
        if found := RUNS_INLINE.search(answer.getvalue()):
            wrong.append(f"{where}: {found[0]!r}")
    assert wrong == []


def test_error_pages_carry_the_policy_too() -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    for answer in (client.get("/", headers={"host": "elsewhere.example.org"}), client.post("/log-in/")):
        assert set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY, answer.status_code


def test_a_name_that_is_not_the_house_s_is_not_answered() -> None:
    """Host headers end up in links and limits."""
    assert Client().get(LOG_IN, headers={"host": "elsewhere.example.org"}).status_code == 400


def test_no_page_is_kept_by_the_browser_or_a_proxy(people: People) -> None:
    """After the log-out, the back button must show nothing."""
    client, wrong = people.browser(people.vera), []
    for each in addresses():
        if each.power:
            answer = client.get(each.path)
            if answer.status_code == 200 and "no-store" not in answer.headers.get("Cache-Control", ""):
                wrong.append(each.name)
    assert wrong == []


def test_an_address_elsewhere_is_never_the_way_on(people: People) -> None:
    client, elsewhere = Client(), "https://elsewhere.example.org/"
    client.post(LOG_IN, {"login": "rosa", "password": PASSWORD, "next": elsewhere})
    answer = client.post(SECOND_FACTOR, {"code": code_now(people.rosa.totp_secret), "next": elsewhere})
    assert answer.status_code == 302 and answer.url == "/"  # type: ignore[attr-defined]


def test_the_samples_page_is_not_there_in_a_real_house() -> None:
    assert Client().get("/style/").status_code == 404


def test_the_settings_that_close_the_doors_stand() -> None:
    assert settings.DEBUG is False
    assert settings.AUTHENTICATION_BACKENDS == ["allauth.account.auth_backends.AuthenticationBackend"]
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
