"""The pages of a seized platform: the first from rows alone, the others from sealed tables with the officer's own key."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from amparo.access.acts import Actor
from amparo.cases import queries
from amparo.cases.actions import CaseOpened
from amparo.custody import queries as custody
from amparo.vault import actions as vault
from amparo.vault.keys import COOKIE, SESSION_FIELD
from tests.cases import house, platforms
from tests.cases.test_pages import logged_in, said

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def case(ines: Actor) -> CaseOpened:
    return platforms.case_of(ines)


@pytest.fixture
def platform(ines: Actor, case: CaseOpened, tmp_path: Path) -> UUID:
    folder = platforms.lay_files(tmp_path / "seized", 60)
    rows = (folder / "accounts.csv").read_text() + "a061,Maple_3,maple3@example.org,+34749000003\n"
    (folder / "accounts.csv").write_text(rows)
    found = platforms.registered(ines, case, folder)
    platforms.worked(found)
    return found


def with_keys(actor: Actor) -> Client:
    client = logged_in(actor)
    assert actor.uuid
    session = client.session
    session[SESSION_FIELD], client.cookies[COOKIE] = vault.unlock_for_session(actor.uuid, house.PASSWORD)
    session.save()
    return client


def test_every_page_answers_with_what_the_base_holds(ines: Actor, case: CaseOpened, platform: UUID) -> None:
    client = with_keys(ines)

    def shown(name: str, query: str = "", *more: str) -> str:
        response = client.get(reverse(f"cases:{name}", args=[case.case, platform, *more]) + query)
        assert response.status_code == 200, (name, query)
        found = b"".join(response) if response.streaming else response.content
        return found.decode()

    first = shown("platform")
    assert "61" in first and "persons as linked" in first and "accounts.csv" in first
    assert client.get(reverse("cases:platforms", args=[case.case])).status_code == 302
    assert "a001" in shown("platform_accounts") and "a050" not in shown("platform_accounts", "?search=maple7@")
    assert shown("platform_accounts", "?page=2").count("a061") and "a051" not in shown("platform_accounts")
    assert "No account fits" in shown("platform_accounts", "?search=%27%3B%20DROP")
    assert shown("platform_csv", "?did=uploaded", "accounts").count("\n") == 7
    assert shown("platform_csv", "?search=MAPLE7%40", "accounts").count(",a007,") == 1
    assert shown("platform_csv", "", "countries").startswith("country,accounts,accounts_sure,persons_as_linked")
    assert "maple3@example.org" in shown("platform_csv", "", "links") or "a003" in shown(
        "platform_csv", "", "questions"
    )
    assert shown("platform_csv", "", "overlaps").startswith("account,kind,value")
    dossiers = shown("platform_dossiers")
    assert "Spain" in dossiers and "Persons as linked" in dossiers
    whole, spanish = shown("platform_csv", "", "dossiers"), shown("platform_csv", "?country=ES", "dossiers")
    assert whole == spanish and whole.count("\n") == 62 and "R10-1; R10-2; R10-3" in spanish
    assert shown("platform_csv", "?country=FR", "dossiers").count("\n") == 1
    assert client.get(reverse("cases:platform_csv", args=[case.case, platform, "everything"])).status_code == 404
    account = shown("platform_account", "?name=a010")
    assert "3" in account and "No proof" in account.replace("no proof", "No proof")
    side = shown("platform_links", "?a=a003&b=a061")
    assert "maple3@example.org" in side and "Held by accounts" in side
    assert "share no identifier" in shown("platform_links", "?a=a001&b=a002")
    assert "Name two different accounts" in shown("platform_links", "?a=a001&b=nobody")
    assert "Nothing the house knows" in shown("platform_overlaps")
    assert "platform-steps" in shown("platform_progress")
    gone = client.get(reverse("cases:platform_account", args=[case.case, platform]) + "?name=nobody")
    assert gone.status_code == 404


def test_the_first_page_opens_no_table(ines: Actor, case: CaseOpened, platform: UUID) -> None:
    client = with_keys(ines)
    before = custody.acts(kind="item.opened").total
    assert client.get(reverse("cases:platform", args=[case.case, platform])).status_code == 200
    assert custody.acts(kind="item.opened").total == before
    client.get(reverse("cases:platform_accounts", args=[case.case, platform]))
    assert custody.acts(kind="item.opened").total == before + 1


def test_without_a_key_or_outside_the_case_nothing_of_the_base_is_shown(
    ines: Actor, case: CaseOpened, platform: UUID
) -> None:
    locked = logged_in(ines)
    answer = locked.get(reverse("cases:platform_accounts", args=[case.case, platform]))
    assert answer.status_code == 403 and b"a001" not in answer.content
    otto = with_keys(house.officer("otto", "investigator"))
    for name in ("platform", "platform_accounts", "platform_links", "platform_overlaps", "platform_progress"):
        assert otto.get(reverse(f"cases:{name}", args=[case.case, platform])).status_code in (403, 404), name
    assert otto.post(reverse("cases:platform_take", args=[case.case, platform]), {"paid": 1}).status_code in (403, 404)


def test_people_are_seen_before_they_are_taken_and_a_word_on_a_link_is_kept(
    ines: Actor, case: CaseOpened, platform: UUID
) -> None:
    client = with_keys(ines)
    told = {
        "paid": "3",
        "uploaded": "1",
        "card_country": "on",
        "confidence": "",
        "countries": "",
        "reason": "They paid.",
    }
    seen = client.post(reverse("cases:platform_take", args=[case.case, platform]), told)
    assert b"Whom the rule chooses now" in seen.content and queries.platform(platform).taken == 0
    done = client.post(reverse("cases:platform_take", args=[case.case, platform]), told | {"confirmed": "1"})
    assert done.status_code == 302 and queries.platform(platform).taken == 6
    again = client.post(reverse("cases:platform_take", args=[case.case, platform]), told | {"confirmed": "1"})
    assert again.status_code == 400 and "already" in again.content.decode()
    word = {"account_a": "a003", "account_b": "a061", "verdict": "different", "reason": "Two people, seen."}
    kept = client.post(reverse("cases:platform_judge", args=[case.case, platform]), word)
    assert kept.status_code == 302 and "a=a003" in kept["Location"] and queries.platform(platform).judged == 1
    assert (
        client.post(reverse("cases:platform_again", args=[case.case, platform]), {"step": ["links"]}).status_code == 302
    )
    assert queries.platform(platform).step("links").state == "waiting"


@pytest.mark.parametrize(
    ("wrong", "sentence", "status"),
    [
        ({"countries": "es Spain"}, "&#x27;SPAIN&#x27; is no country", 400),
        ({"paid": "", "card_country": ""}, "State what the accounts did", 400),
        ({"paid": "1000000"}, "Nobody fits this rule", 200),
    ],
)
def test_a_rule_that_is_refused_or_chooses_nobody_stays_on_the_page_and_takes_nobody(
    ines: Actor, case: CaseOpened, platform: UUID, wrong: dict[str, str], sentence: str, status: int
) -> None:
    told = {"paid": "1", "card_country": "on", "reason": "They paid, as the ledger says."} | wrong
    told = {name: value for name, value in told.items() if value}
    answer = with_keys(ines).post(reverse("cases:platform_take", args=[case.case, platform]), told)
    page = answer.content.decode()
    assert answer.status_code == status and sentence in page and "They paid, as the ledger says." in page
    assert "Take them into the case" not in page and queries.platform(platform).taken == 0


def test_a_folder_in_the_drop_folder_is_brought_in_from_the_page(
    ines: Actor, case: CaseOpened, settings: object
) -> None:
    from django.conf import settings as house_settings

    folder = platforms.lay_files(house_settings.HOME.path / "platforms" / "seized-one")
    (folder / "mapping.toml").write_text(platforms.MAPPING)
    client = with_keys(ines)
    assert b"seized-one" in client.get(reverse("cases:platforms", args=[case.case])).content
    told = {"name": "Sample", "folder": "seized-one"}
    assert client.post(reverse("cases:register_platform", args=[case.case]), told).status_code == 302
    (found,) = queries.platforms(case.case)
    assert (found.name, found.is_at_work) == ("Sample", True)
    outside = client.post(
        reverse("cases:register_platform", args=[case.case]), told | {"folder": "../../etc"}, follow=True
    )
    assert "valid choice" in said(outside) and len(queries.platforms(case.case)) == 1
