from __future__ import annotations

from uuid import UUID

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from amparo.access.acts import Actor
from amparo.cases import actions, queries
from amparo.cases.actions import CaseOpened
from amparo.custody import queries as custody
from amparo.victims import actions as victims, queries as series_queries
from tests.cases import house
from tests.cases.house import ANA, DAN, EVA

pytestmark = pytest.mark.django_db(transaction=True)


def logged_in(actor: Actor) -> Client:
    officer = get_user_model().objects.get(uuid=actor.uuid)
    TOTP.activate(officer, generate_totp_secret())
    client = Client()
    client.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def case(ines: Actor) -> CaseOpened:
    return house.opened(ines, house.report())


def person(case: CaseOpened, name: str) -> UUID:
    return next(each.uuid for each in queries.people(case.case) if each.identifiers[0].raw == name)


def said(response: object) -> str:
    return " ".join(str(message) for message in response.context["messages"])  # type: ignore[attr-defined]


def test_every_page_of_a_case_answers_and_each_look_is_recorded(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    (group,) = queries.groups(case.case)
    parts = ["case", "people", "people_csv", "items", "network", "timeline", "evidence"]
    addresses = [reverse(f"cases:{part}", args=[case.case]) for part in parts]
    addresses += [
        reverse("cases:group", args=[case.case, group.uuid]),
        reverse("cases:messages", args=[case.case, group.uuid]),
    ]
    addresses += [reverse("cases:person", args=[case.case, person(case, ANA)])]
    for address in addresses:
        assert client.get(address).status_code == 200, address
    looks = [str(line.about["part"]) for line in custody.acts(kind="case.read").lines]
    assert set(looks) == {
        "overview",
        "people",
        "people.csv",
        "items",
        "network",
        "timeline",
        "evidence",
        "group",
        "messages",
        "person",
    }


def test_nothing_of_an_item_is_shown_on_any_page(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    for part in ("case", "items", "evidence"):
        page = client.get(reverse(f"cases:{part}", args=[case.case])).content.decode()
        assert "<img" not in page and "data:image" not in page


def test_a_case_of_others_is_refused_and_absent_from_the_list(case: CaseOpened) -> None:
    client = logged_in(house.officer("hugo", "investigator"))
    refused = client.get(reverse("cases:case", args=[case.case]))
    assert refused.status_code == 403 and "let in" in refused.content.decode()
    assert case.reference not in client.get(reverse("cases:list")).content.decode()


def test_a_person_of_another_case_is_not_found_through_ones_own(case: CaseOpened, ines: Actor) -> None:
    other = house.officer("hugo", "investigator")
    theirs = house.opened(other, house.report())
    client = logged_in(ines)
    assert client.get(reverse("cases:person", args=[case.case, person(theirs, ANA)])).status_code == 404
    decided = client.post(
        reverse("cases:decide", args=[case.case]),
        {
            "decide": "category",
            "person": str(person(theirs, ANA)),
            "category-category": "suspect",
            "category-reason": "because",
        },
        follow=True,
    )
    assert "let in" in said(decided)
    assert queries.person(person(theirs, ANA)).category == "contact"


def test_several_people_are_decided_at_once(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    chosen = [str(person(case, ANA)), str(person(case, house.BEA))]
    answer = client.post(
        reverse("cases:decide", args=[case.case]),
        {"decide": "category", "person": chosen, "category-category": "suspect", "category-reason": "Posted items."},
        follow=True,
    )
    assert "2 persons" in said(answer)
    assert {each.category for each in queries.people(case.case, mark="first")} == {"suspect"}


def test_a_decision_without_reason_is_refused_in_a_sentence(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    answer = client.post(
        reverse("cases:decide", args=[case.case]),
        {"decide": "category", "person": str(person(case, ANA)), "category-category": "suspect"},
        follow=True,
    )
    assert "Reason" in said(answer)
    assert queries.person(person(case, ANA)).category == "contact"


def test_suspecting_somebody_who_left_at_once_asks_once_more(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    sent = {
        "decide": "category",
        "person": [str(person(case, EVA)), str(person(case, DAN))],
        "category-category": "suspect",
        "category-reason": "In the group.",
    }
    asked = client.post(reverse("cases:decide", args=[case.case]), sent)
    page = asked.content.decode()
    assert asked.status_code == 200 and "left at once" in page and "Silence alone" in page
    assert queries.person(person(case, EVA)).category == "contact"
    client.post(reverse("cases:decide", args=[case.case]), {**sent, "confirmed": "yes"})
    assert queries.person(person(case, EVA)).category == "suspect"


def test_the_export_runs_as_no_formula(case: CaseOpened, ines: Actor) -> None:
    lines = logged_in(ines).get(reverse("cases:people_csv", args=[case.case])).content.decode().splitlines()
    assert len(lines) == 6 and lines[1].startswith("P-1,'+34")


def test_a_report_offers_the_case_and_the_form_opens_it(ines: Actor) -> None:
    report = house.report()
    client = logged_in(ines)
    assert "Open case" in client.get(reverse("intake:report", args=[report.uuid])).content.decode()
    missing = client.post(reverse("cases:open", args=[report.uuid]), {"title": "Grupo 21"})
    assert missing.status_code == 400 and not queries.cases_for(ines.uuid)  # type: ignore[arg-type]
    opened = client.post(
        reverse("cases:open", args=[report.uuid]), {"title": "Grupo 21", "legal_basis": "Order 21/2026"}, follow=True
    )
    assert opened.status_code == 200 and queries.cases_for(ines.uuid)[0].title == "Grupo 21"  # type: ignore[arg-type]
    assert (
        queries.cases_for(ines.uuid)[0].reference
        in client.get(reverse("intake:report", args=[report.uuid])).content.decode()
    )  # type: ignore[arg-type]


def test_zone_note_identifier_device_and_withdrawal_go_through_their_forms(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    (group,) = queries.groups(case.case)
    ana = person(case, ANA)
    client.post(
        reverse("cases:set_zone", args=[case.case, group.uuid]),
        {"zone-zone": "Europe/Madrid", "zone-basis": "The reporter's phone."},
    )
    client.post(reverse("cases:note", args=[case.case]), {"note-text": "Ask the desk.", "person": str(ana)})
    client.post(
        reverse("cases:add_identifier", args=[case.case, ana]),
        {"identifier-kind": "handle", "identifier-raw": "@faro_norte", "identifier-source": "line 6"},
    )
    client.post(
        reverse("cases:register_device", args=[case.case]),
        {
            "device-kind": "phone",
            "device-label": "Grey",
            "device-seal": "S-1",
            "device-seized_on": "2026-06-01",
            "device-place": "Example",
        },
    )
    pointer = queries.person(ana).attributions[0].uuid
    client.post(reverse("cases:withdraw", args=[case.case, pointer]), {"reason-reason": "A relative's number."})
    facts = queries.person(ana)
    assert queries.group(group.uuid).zone == "Europe/Madrid"
    assert [each.text for each in queries.notes(case.case, ana)] == ["Ask the desk."]
    assert [each.value for each in facts.identifiers] == ["+34749000010", "faro_norte"]
    assert [each.seal for each in queries.devices(case.case)] == ["S-1"]
    assert facts.candidates == ()


def test_children_are_shown_to_whoever_may_read_series_and_to_nobody_else(case: CaseOpened, ines: Actor) -> None:
    vera = house.officer("vera", "victim_specialist")
    actions.grant_case(ines, case.case, vera.uuid)  # type: ignore[arg-type]
    item = next(line.item.uuid for line in queries.items(case.case) if line.copies)
    series = victims.open_series(vera, case.case, (item,)).series
    overview = reverse("cases:case", args=[case.case])
    closed = logged_in(ines)
    assert "Children" not in closed.get(overview).content.decode()
    for part in ("cases:case", "cases:timeline", "cases:evidence"):
        assert "eries" not in closed.get(reverse(part, args=[case.case])).content.decode()
    client = logged_in(vera)
    assert "Children" in client.get(overview).content.decode()
    for address in (
        reverse("victims:list"),
        reverse("victims:case", args=[case.case]),
        reverse("victims:series", args=[series]),
    ):
        page = client.get(address)
        assert page.status_code == 200 and "<img" not in page.content.decode()
    moved = client.post(
        reverse("victims:move", args=[series]),
        {"move-status": "known_elsewhere_check", "move-basis": "Asked."},
        follow=True,
    )
    assert moved.status_code == 200 and series_queries.series(series).status == "known_elsewhere_check"
    refused = client.post(
        reverse("victims:move", args=[series]), {"move-status": "in_analysis", "move-basis": "Go."}, follow=True
    )
    assert "another unit" in said(refused)
