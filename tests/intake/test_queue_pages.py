"""The pages officers meet first, as they are served: what they show, what they never show, what they record."""

from __future__ import annotations

import re
from pathlib import Path

import intake_house as house
import pytest
from django.test import Client
from django.urls import reverse

from amparo.access import doors
from amparo.access.acts import Actor
from amparo.access.models import Officer
from amparo.custody import queries as custody
from amparo.foundation.home import Home
from amparo.intake import actions, queries
from amparo.intake.queries import ReportFacts
from amparo.intake.rules import Finding
from amparo.vault import queries as vault
from amparo.vault.keys import COOKIE, SESSION_FIELD
from amparo.viewing import queries as exposures

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(doors, "is_mfa_enabled", lambda _: True)
    return house.new_house(tmp_path, monkeypatch)


def browser(home: Home, *roles: str) -> Client:
    """A browser in which an officer with these roles has logged in, their keys open."""
    actor, keys = house.officer(home, *roles)
    client = Client()
    client.actor = actor  # type: ignore[attr-defined]
    client.force_login(
        Officer.objects.get(uuid=actor.uuid), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    session = client.session
    session[SESSION_FIELD], client.cookies[COOKIE] = keys.for_session()
    session.save()
    return client


def page(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def quiet(home: Home) -> ReportFacts:
    return house.arrived(home, house.mail("Les escribo por un mensaje que me llegó ayer.", "Duda"))


def pressing(home: Home) -> ReportFacts:
    return house.arrived(
        home, house.mail("Una niña está en peligro ahora en el grupo <b>.", "Grupo", a=("a.jpg", house.picture()))
    )


def test_the_pressing_report_stands_first_with_its_reasons_in_words(home: Home) -> None:
    quiet(home)
    pressing(home)
    shown = page(browser(home, "analyst"), "/")
    assert shown.index("Grupo") < shown.index("Duda")
    assert "A child is said to be in danger now (en peligro" in shown
    assert "peligro ahora en el grupo &lt;b&gt;" in shown
    assert not re.search(r"<img|<video|<audio|data:image", shown)


def test_search_ignores_case_and_accents_and_filters_narrow(home: Home) -> None:
    quiet(home)
    pressing(home)
    client = browser(home, "analyst")
    assert "Duda" in page(client, "/", q="LLEGO ayer")
    assert "Grupo" not in page(client, "/", q="LLEGO ayer")
    assert "Duda" not in page(client, "/", danger="high")
    assert "No report fits these filters" in page(client, "/", q="nothing like it")


def test_the_live_queue_answers_nothing_while_nothing_has_changed(home: Home) -> None:
    quiet(home)
    client = browser(home, "analyst")
    address = re.search(r'hx-get="([^"]+)"', page(client, "/"))
    assert address
    asked = address[1].replace("&amp;", "&")
    assert client.get(asked, headers={"HX-Request": "true"}).status_code == 204
    pressing(home)
    fresh = client.get(asked, headers={"HX-Request": "true"})
    assert fresh.status_code == 200
    assert b"Grupo" in fresh.content
    assert b"<html" not in fresh.content


def test_an_empty_house_says_what_will_come(home: Home) -> None:
    assert "No reports are waiting" in page(browser(home, "analyst"), "/")


def test_the_export_is_recorded_and_runs_no_formula(home: Home) -> None:
    house.arrived(home, house.mail("Les escribo por un mensaje.", "=1+1"))
    answer = browser(home, "analyst").get(reverse("intake:export"))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "'=1+1" in answer.content.decode()
    assert custody.acts(kind="queue.exported").total == 1


def test_reading_a_report_is_recorded_and_stops_its_clock(home: Home) -> None:
    report = pressing(home)
    client = browser(home, "analyst")
    shown = page(client, reverse("intake:report", args=[report.uuid]))
    assert "Una niña está en peligro" in shown
    assert "reporter@example.org" not in shown
    assert not re.search(r"<img|<video|data:image", shown)
    assert [line.kind for line in custody.story(report.uuid) if line.actor_kind == "officer"] == ["report.read"]
    assert queries.report(report.uuid).first_read_at


def test_an_auditor_sees_neither_queue_nor_reports(home: Home) -> None:
    report = quiet(home)
    client = browser(home, "auditor")
    assert client.get("/").status_code == 403
    assert client.get(reverse("intake:report", args=[report.uuid])).status_code == 403


def test_a_report_with_an_open_work_item_cannot_be_closed_and_says_why(home: Home) -> None:
    report = quiet(home)
    actions.open_work_item(WORKER, report.uuid, Finding("no_text", "There is nothing to read."))
    client = browser(home, "analyst")
    shown = page(client, reverse("intake:report", args=[report.uuid]))
    assert "settle it first" in shown
    closing = reverse("intake:close", args=[report.uuid])
    assert client.post(closing, {"reason_code": "test"}).status_code == 403
    (item,) = queries.report(report.uuid).work_items
    client.post(reverse("intake:settle", args=[item.uuid]), {"reason_code": "read_by_hand", "reason_text": "by phone"})
    assert client.post(closing, {"reason_code": "test"}).status_code == 302
    assert queries.report(report.uuid).state == "closed"
    client.post(reverse("intake:reopen", args=[report.uuid]))
    assert queries.report(report.uuid).state == "new"


def test_other_reasons_need_words(home: Home) -> None:
    report = quiet(home)
    client = browser(home, "analyst")
    answer = client.post(reverse("intake:close", args=[report.uuid]), {"reason_code": "other"})
    assert "Say in words" in answer.content.decode()
    assert queries.report(report.uuid).state == "new"


def test_settling_never_sends_the_officer_to_another_site(home: Home) -> None:
    report = quiet(home)
    actions.open_work_item(WORKER, report.uuid, Finding("no_text", "There is nothing to read."))
    (item,) = queries.report(report.uuid).work_items
    said = {"reason_code": "not_needed", "back": "https://elsewhere.example/"}
    answer = browser(home, "analyst").post(reverse("intake:settle", args=[item.uuid]), said)
    assert answer.headers["Location"] == reverse("intake:report", args=[report.uuid])


def test_a_picture_is_shown_only_by_post_with_a_reason_and_the_look_is_counted(home: Home) -> None:
    report = pressing(home)
    item = next(each for each in vault.items_of_origin(report.uuid) if each.name == "a.jpg")
    client = browser(home, "analyst")
    assert "data:image" not in page(client, reverse("intake:item", args=[report.uuid, item.uuid]))
    reveal = reverse("intake:reveal", args=[report.uuid, item.uuid])
    assert client.get(reveal).status_code == 405
    assert client.post(reveal, {"reason_code": ""}).status_code == 403
    assert exposures.times_seen(item.uuid) == 0
    answer = client.post(reveal, {"reason_code": "categorise"})
    assert answer.status_code == 200
    assert b"data:image/png;base64," in answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    assert exposures.times_seen(item.uuid) == 1


def test_an_item_is_shown_only_within_its_own_report(home: Home) -> None:
    report, other = pressing(home), quiet(home)
    item = vault.items_of_origin(report.uuid)[0]
    client = browser(home, "analyst")
    assert client.get(reverse("intake:item", args=[other.uuid, item.uuid])).status_code == 404


def test_the_identity_opens_with_a_reason_and_a_second_person_and_only_once(home: Home) -> None:
    report = quiet(home)
    vera, sofia = browser(home, "supervisor"), browser(home, "supervisor")
    vera.post(reverse("intake:ask_identity", args=[report.uuid]), {"reason_code": "child_in_danger"})
    (asked,) = queries.identity_requests(report.uuid)
    opening, agreeing = (reverse(f"intake:{name}_identity", args=[asked.uuid]) for name in ("open", "agree"))
    assert vera.post(opening).status_code == 403
    assert vera.post(agreeing).status_code == 403, "whoever asked can't be the second person"
    assert sofia.post(agreeing).status_code == 302
    assert sofia.post(opening).status_code == 403, "only whoever asked opens it"
    opened = vera.post(opening)
    assert b"reporter@example.org" in opened.content
    assert opened.headers["Cache-Control"] == "no-store"
    assert vera.post(opening).status_code == 403, "once"
    kinds = [
        line.kind for line in custody.story(report.uuid) if line.kind.startswith("identity.") and line.ended == "done"
    ]
    assert kinds == ["identity.asked", "identity.agreed", "identity.opened"]


def test_an_analyst_cannot_even_ask_who_reported(home: Home) -> None:
    report = quiet(home)
    client = browser(home, "analyst")
    assert "Ask to open" not in page(client, reverse("intake:report", args=[report.uuid]))
    asking = reverse("intake:ask_identity", args=[report.uuid])
    assert client.post(asking, {"reason_code": "witness"}).status_code == 403


def test_without_their_keys_an_officer_is_told_to_log_in_again(home: Home) -> None:
    report = pressing(home)
    item = next(each for each in vault.items_of_origin(report.uuid) if each.name == "a.jpg")
    client = browser(home, "analyst")
    del client.cookies[COOKIE]
    answer = client.post(reverse("intake:reveal", args=[report.uuid, item.uuid]), {"reason_code": "identify"})
    assert answer.status_code == 403
    assert "Log out and in again" in answer.content.decode()
    assert exposures.times_seen(item.uuid) == 0


def test_the_ledger_adds_up_on_the_page_of_work_items(home: Home) -> None:
    house.arrived(home, house.mail("", a=("a.zip", house.locked_zip())))
    shown = page(browser(home, "analyst"), reverse("intake:work_items"))
    assert "There is no text" in shown
    assert "locked by a password" in shown
    assert "Became a report" in shown
