from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from amparo.access.acts import Actor
from amparo.cases import actions, jobs, queries
from amparo.cases.actions import CaseOpened
from amparo.cases.sections import sections
from amparo.custody import queries as custody
from amparo.foundation.errors import Refused
from tests.cases import house
from tests.cases.house import ANA, BEA, CAI, DAN, EVA, message, notice
from tests.cases.test_pages import logged_in, said

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ines() -> Actor:
    house.lay()
    return house.officer("ines", "investigator")


@pytest.fixture
def case(ines: Actor) -> CaseOpened:
    """Two groups. The second, whose clock nobody has placed, carries an item of the first, and shares a member with it: a name
    as shown identifies nobody."""
    opened = house.opened(ines, house.report())
    second = house.reading() | {
        "members": [BEA, CAI],
        "items": [
            notice(1, "group_created", BEA, value="Grupo 22"),
            notice(2, "member_added", BEA, (CAI,)),
            message(3, CAI, media="IMG-1.jpg"),
            message(4, BEA, "hola") | {"forwarded_from": "a channel"},
        ],
    }
    report = house.report(second)
    actions.add_report(ines, opened.case, report.uuid)
    jobs.gather_report.func("", {"case": str(opened.case), "report": str(report.uuid)})
    return opened


def person(case: CaseOpened, name: str) -> UUID:
    return next(each.uuid for each in queries.people(case.case) if each.identifiers[0].raw == name)


def groups(case: CaseOpened) -> dict[str, UUID]:
    return {each.name: each.uuid for each in queries.groups(case.case)}


def test_an_items_first_post_is_told_across_groups_and_is_certain_once_the_clocks_are_placed(
    case: CaseOpened, ines: Actor
) -> None:
    first = next(each for each in queries.items_across(case.case) if len(each.groups) == 2)
    assert not first.claim.certain and first.why_not_certain == "a clock's zone is not known"
    actions.set_zone(ines, groups(case)["Grupo 21"], "+02:00", "the phone was in Madrid")
    actions.set_zone(ines, groups(case)["Grupo 22"], "-03:00", "the phone was in Montevideo")
    placed = next(each for each in queries.items_across(case.case) if len(each.groups) == 2)
    assert placed.claim.certain and placed.first.person and placed.first.person.uuid == person(case, ANA)


def test_what_was_not_examined_is_told_apart_from_no_match(case: CaseOpened) -> None:
    question = queries.first_question(case.case)
    assert (question.new, question.known, question.not_examined) == (0, 0, 2) and question.asked == 2


def test_overlaps_count_members_and_items_in_both_groups(case: CaseOpened) -> None:
    found = queries.overlaps(case.case, queries.items_across(case.case))
    (pair,) = found.shared
    assert not len(found.shared.named("no such group")) and len(found.shared.named("grupo 22")) == 1
    assert (pair.members, pair.items) == (1, 1) and {pair.one.name, pair.two.name} == {"Grupo 21", "Grupo 22"}


def test_a_case_not_open_to_an_officer_is_told_as_a_number_and_whom_to_ask(case: CaseOpened, ines: Actor) -> None:
    hugo = house.officer("hugo", "investigator")
    theirs = house.opened(hugo, house.report(), "A title that stays theirs")
    page = logged_in(ines).get(reverse("cases:overlaps", args=[case.case])).content.decode()
    assert theirs.reference in page and "Hugo, Unit 3" in page and "Not open to you" in page
    assert "A title that stays theirs" not in page and str(theirs.case) not in page


def test_nobody_and_no_group_of_another_case_is_reached_through_ones_own(case: CaseOpened, ines: Actor) -> None:
    theirs = house.opened(house.officer("hugo", "investigator"), house.report())
    client, group = logged_in(ines), queries.groups(theirs.case)[0].uuid
    dan = person(theirs, DAN)
    for query in ({"group": str(group)}, {"person": str(dan)}):
        assert client.get(reverse("cases:network", args=[case.case]), query).status_code == 404
    for name in ("group", "members_csv", "messages"):
        assert client.get(reverse(f"cases:{name}", args=[case.case, group])).status_code == 404
    client.post(
        reverse("cases:enter_reason", args=[case.case, dan]),
        {"person-reason-reason": "other", "person-reason-words": "in a case that is not mine"},
    )
    assert not queries.entered_reasons(dan)


def test_members_are_filtered_sorted_and_exported_by_what_they_did(case: CaseOpened, ines: Actor) -> None:
    client, group = logged_in(ines), groups(case)["Grupo 21"]
    address = reverse("cases:group", args=[case.case, group])
    lines, count = queries.member_lines(group, mark="left_at_once")
    assert count == 1 and lines[0].stay.person.uuid == person(case, EVA)
    first, _ = queries.member_lines(group, sort="-messages", limit=1)
    assert first[0].stay.person.uuid == person(case, ANA) and (first[0].firsts, first[0].added) == (1, 3)
    assert queries.member_lines(group, mark="added_others")[1] == 1
    assert queries.member_lines(group, mark="minors")[1] == 5
    page = client.get(address, {"search": DAN}).content.decode()
    rows = page.split("<tbody>")[1].split("</tbody>")[0]
    assert rows.count("<tr>") == 1 and queries.person(person(case, DAN)).reference in rows
    csv = b"".join(client.get(reverse("cases:members_csv", args=[case.case, group])).streaming_content).decode()  # type: ignore[attr-defined]
    assert len(csv.splitlines()) == 6 and "'+34" in csv
    assert {"group", "members.csv"} <= {str(line.about["part"]) for line in custody.acts(kind="case.read").lines}


def test_looks_follow_the_reasons_and_whoever_left_at_once_is_not_placed_for_being_there(
    case: CaseOpened, ines: Actor
) -> None:
    found = queries.first_looks(case.case, "minors")
    placed = [look.person.uuid for look in found.looks]
    # Both posted first, created a group and are admin; then only one of them posted in several groups.
    assert (
        placed[:2] == [person(case, BEA), person(case, ANA)]
        and person(case, EVA) not in placed
        and person(case, DAN) not in placed
    )
    assert found.left_at_once == 1 and found.nothing_known == 3
    why = {line.reason: line.rows for line in found.looks[1].reasons}
    assert {"first", "created", "added", "admin"} <= set(why) and why["first"][0].line == 4


def test_an_officers_reason_places_somebody_until_it_is_withdrawn(case: CaseOpened, ines: Actor) -> None:
    dan = person(case, DAN)
    with pytest.raises(Refused):
        actions.enter_reason(ines, dan, "new_first", "this one comes by itself")
    entered = actions.enter_reason(ines, dan, "meetings", "Line 12 of another export: asked to meet.")
    assert queries.first_looks(case.case, "minors").looks[0].person.uuid == dan
    actions.withdraw_reason(ines, entered.entry, "It was somebody else's line.")
    assert dan not in [look.person.uuid for look in queries.first_looks(case.case, "minors").looks]
    assert queries.entered_reasons(dan)[0].withdrawn_why == "It was somebody else's line."


def test_possible_victims_and_adults_leave_for_their_own_tracks(case: CaseOpened, ines: Actor) -> None:
    actions.set_category(ines, (person(case, BEA),), "possible_victim", "She writes that she is made to.")
    actions.set_age(ines, person(case, ANA), "adult", "Identity card", 34)
    tracks = {
        key: {look.person.uuid for look in queries.first_looks(case.case, key).looks}
        for key in ("adults", "minors", "victims")
    }
    assert tracks["adults"] == {person(case, ANA)} and tracks["victims"] == {person(case, BEA)}
    assert not tracks["minors"] & (tracks["adults"] | tracks["victims"])


def test_the_unit_sets_its_order_in_versions_and_an_investigator_does_not(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    address = reverse("cases:set_reading_order")
    assert client.post(address, {"place-added": "1", "why": "because"}).status_code == 403
    eva = logged_in(house.officer("eva", "supervisor"))
    eva.post(address, {"place-added": "1", "place-first": "2", "why": "Whoever brings people in matters most here."})
    order = queries.reading_order()
    assert (order.version, order.reasons, order.by_name) == (1, ("added", "first"), "Eva")
    assert {look.reasons[0].reason for look in queries.first_looks(case.case, "minors").looks} <= {"added", "first"}
    twice = eva.post(address, {"place-added": "1", "place-first": "1", "why": "x"}, follow=True)
    assert "same place" in said(twice) and queries.reading_order().version == 1
    assert len(queries.reading_orders()) == 2


def test_every_new_page_answers_and_its_export_is_recorded(case: CaseOpened, ines: Actor) -> None:
    client = logged_in(ines)
    pages = (
        "across",
        "across_csv",
        "overlaps",
        "overlaps_csv",
        "network",
        "activity",
        "activity_csv",
        "first_looks",
        "first_looks_csv",
    )
    for name in pages:
        answer = client.get(reverse(f"cases:{name}", args=[case.case]))
        assert answer.status_code == 200, name
        assert b"<img" not in (b"".join(answer.streaming_content) if answer.streaming else answer.content)  # type: ignore[attr-defined]
    parts = {str(line.about["part"]) for line in custody.acts(kind="case.read").lines}
    assert {"across.csv", "overlaps.csv", "activity.csv", "first_looks.csv"} <= parts
    assert client.get(reverse("cases:reading_order")).status_code == 200
    for query in ({"group": str(groups(case)["Grupo 22"])}, {"person": str(person(case, ANA))}, {"group": "no uuid"}):
        assert client.get(reverse("cases:network", args=[case.case]), query).status_code == 200


def test_the_gathered_picture_is_groups_and_what_they_share(case: CaseOpened, ines: Actor) -> None:
    answer = logged_in(ines).get(reverse("cases:network_data", args=[case.case]))
    drawn = json.loads(answer.content)
    assert [node["kind"] for node in drawn["nodes"]] == ["group", "group"]
    assert [edge["label"] for edge in drawn["edges"]] == ["one member in both, one item"]


def test_activity_leaves_out_the_groups_whose_clock_is_not_known_and_says_so(case: CaseOpened, ines: Actor) -> None:
    actions.set_zone(ines, groups(case)["Grupo 21"], "+02:00", "the phone was in Madrid")
    own = queries.activity(case.case)
    assert own.hours[21][0] == own.messages == 8 and not own.left_out
    moved = queries.activity(case.case, "UTC")
    assert moved.hours[19][0] == moved.messages == 6 and [each.name for each in moved.left_out] == ["Grupo 22"]
    page = logged_in(ines).get(reverse("cases:activity", args=[case.case]), {"other": "Nowhere/Town"}, follow=True)
    assert "is no time zone" in said(page)


def test_a_line_opens_the_page_of_messages_on_which_it_stands(case: CaseOpened, ines: Actor) -> None:
    client: Client = logged_in(ines)
    address = reverse("cases:messages", args=[case.case, groups(case)["Grupo 21"]])
    assert 'id="line-10"' in client.get(address, {"line": "10"}).content.decode()


def test_every_list_of_groups_is_searched_and_taken_out_and_each_export_is_recorded(
    case: CaseOpened, ines: Actor
) -> None:
    client = logged_in(ines)

    def csv(name: str, **asked: str) -> list[str]:
        answer = client.get(reverse(f"cases:{name}", args=[case.case]), asked)
        return b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]

    assert len(csv("groups_csv")) == 3 and len(csv("groups_csv", search="grupo 22")) == 2
    assert len(csv("groups_csv", open="no_zone")) == 3 and len(csv("groups_csv", open="ambiguous")) == 1
    assert len(csv("items_csv")) == len(queries.items(case.case)) + 1 and len(csv("items_csv", verdict="hit")) == 1
    assert len(csv("overlaps_csv")) == 2 and len(csv("overlaps_csv", part="circles")) == 1
    assert len(csv("overlaps_csv", part="cases")) == 1
    parts = {str(line.about["part"]) for line in custody.acts(kind="case.read").lines}
    assert {"groups.csv", "items.csv", "overlaps.csv", "overlaps.circles.csv", "overlaps.cases.csv"} <= parts
    page = client.get(reverse("cases:groups", args=[case.case]), {"sort": "name"}).content.decode()
    assert page.index("Grupo 21</a>") < page.index("Grupo 22</a>")


def test_a_page_of_a_case_stands_in_one_section_and_the_overview_in_none_of_the_others(
    case: CaseOpened, ines: Actor
) -> None:
    facts, group = queries.case(case.case), queries.groups(case.case)[0]
    for name, more, section in (
        ("case", [], "Overview"), ("first_looks", [], "People"), ("across", [], "Groups"), ("network", [], "Groups"),
        ("messages", [group.uuid], "Groups"), ("evidence", [], "Items"), ("add_ledger", [], "Coins"),
    ):  # fmt: skip
        path = reverse(f"cases:{name}", args=[case.case, *more])
        assert [each.label for each in sections(facts, path, group) if each.here] == [section]
