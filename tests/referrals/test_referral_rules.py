"""Who is competent, what each gets, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from amparo.foundation.ids import new_id
from amparo.referrals import rules
from amparo.referrals.rules import PackageFacts, PartnerFacts, PersonFacts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUILDER, OTHER = new_id(), new_id()
PARTNER = PartnerFacts("UY", "Unidad de Ejemplo", "es", openpgp=True, age=False)
PACKAGE = PackageFacts("UY", rules.PLANNED, 1, None, "normal", "", ("H1",), "")


def person(
    number: int = 1, country: str = "UY", category: str = "suspect", age: str = "adult", *, minors_track: bool = False
) -> PersonFacts:
    return PersonFacts(UUID(int=number), f"P-{number}", category, age, minors_track, country)


def obstacles(*persons: PersonFacts, partner: PartnerFacts | None = PARTNER, **changes: object) -> str:
    return " ".join(rules.obstacles_to_build(replace(PACKAGE, **changes), persons, partner))  # type: ignore[arg-type]


def test_a_country_without_a_confirmed_person_is_not_competent() -> None:
    persons = [person(1, "ES"), person(2, ""), person(3, "UY"), person(4, "ES")]
    assert rules.competent_countries(persons) == ("ES", "UY")


@pytest.mark.parametrize("category", ["witness", "contact", "reporter"])
def test_who_only_met_the_case_is_sent_nowhere(category: str) -> None:
    assert rules.competent_countries([person(category=category)]) == ()
    assert rules.part_for("UY", [person(1), person(2, category=category)]).persons == (UUID(int=1),)


people = st.lists(
    st.builds(
        PersonFacts,
        st.uuids(),
        st.just("P"),
        st.sampled_from(["suspect", "victim", "witness", "contact", ""]),
        st.sampled_from(["adult", "child", "unknown"]),
        st.booleans(),
        st.sampled_from(["", "ES", "UY", "IT", "GB"]),
    ),
    unique_by=lambda each: each.uuid,
)


@given(people)
def test_each_sent_person_is_in_exactly_one_countrys_part(persons: list[PersonFacts]) -> None:
    parts = [rules.part_for(country, persons) for country in rules.competent_countries(persons)]
    placed = [uuid for part in parts for uuid in part.persons]
    assert sorted(placed) == sorted(each.uuid for each in persons if each.country and rules.is_sent(each))


@given(people)
def test_of_other_countries_a_part_knows_counts_and_no_person(persons: list[PersonFacts]) -> None:
    for country in rules.competent_countries(persons):
        part = rules.part_for(country, persons)
        assert country not in dict(part.elsewhere)
        assert sum(count for _, count in part.elsewhere) + len(part.persons) == sum(
            1 for each in persons if each.country and rules.is_sent(each)
        )


def test_a_whole_package_has_no_obstacle() -> None:
    assert obstacles(person()) == ""


def test_a_person_without_category_stops_the_build() -> None:
    assert "P-1 has no legal category" in obstacles(person(category=""))


@pytest.mark.parametrize("age", ["child", "unknown"])
def test_a_suspect_not_known_to_be_an_adult_needs_the_minors_track(age: str) -> None:
    assert "minors' track" in obstacles(person(age=age))
    assert obstacles(person(age=age, minors_track=True)) == ""


def test_a_country_without_partner_or_key_can_get_nothing() -> None:
    assert "No partner authority is registered for UY" in obstacles(person(), partner=None)
    assert "has no key" in obstacles(person(), partner=replace(PARTNER, openpgp=False))


@pytest.mark.parametrize(
    ("codes", "text", "received", "permission", "says"),
    [
        ((), "", (), "", "at least one"),
        (("H0", "H1"), "", (), "", "can't stand beside"),
        (("H3",), " ", (), "", "needs the text"),
        (("H9",), "", (), "", "no handling code"),
        (("H1",), "", ("H2",), "", "permission"),
        (("H0",), "", ("H1",), "", "must carry H1"),
    ],
)
def test_a_handling_code_that_does_not_fit_is_an_obstacle(
    codes: tuple[str, ...], text: str, received: tuple[str, ...], permission: str, says: str
) -> None:
    assert says in " ".join(rules.obstacles_of_handling(codes, text, received, permission))


def test_permission_on_file_lets_h2_pass_on() -> None:
    assert not list(rules.obstacles_of_handling(("H1",), "", ("H2",), "Letter of 3 May, file 12"))


def test_an_urgent_package_says_why() -> None:
    assert "why the package is urgent" in obstacles(person(), urgency="danger_now")


def test_nobody_approves_what_they_built() -> None:
    built = replace(PACKAGE, state=rules.BUILT, built_by=BUILDER)
    assert "another officer" in rules.obstacles_to_approve(built, BUILDER)[0]
    assert rules.obstacles_to_approve(built, OTHER) == ()


def test_a_process_approves_nothing() -> None:
    assert rules.obstacles_to_approve(replace(PACKAGE, state=rules.BUILT, built_by=BUILDER), None)


@pytest.mark.parametrize("state", [state for state in rules.STATES if state != rules.APPROVED])
def test_only_an_approved_package_is_sent(state: str) -> None:
    assert rules.obstacles_to_send(replace(PACKAGE, state=state), NOW)


def test_a_package_that_asks_for_an_answer_in_the_past_is_not_sent() -> None:
    approved = replace(PACKAGE, state=rules.APPROVED, answer_by=NOW - timedelta(seconds=1))
    assert "correct it" in rules.obstacles_to_send(approved, NOW)[0]


def test_who_moved_is_seen_from_the_package_last_sent() -> None:
    moved, stayed = person(1, "ES"), person(2, "IT")
    found = rules.moves({moved.uuid: "IT", stayed.uuid: "IT"}, [moved, stayed, person(3, "ES")])
    assert found == (rules.Move(moved.uuid, "IT", "ES"),)


def test_a_correction_tells_what_changed() -> None:
    before: dict[str, dict[str, object]] = {"P-1": {"age_status": "adult"}, "P-2": {"category": "suspect"}, "P-10": {}}
    after: dict[str, dict[str, object]] = {"P-1": {"age_status": "child"}, "P-10": {}, "P-11": {}}
    assert rules.differences(before, after) == (
        "P-1: age status changed.",
        "P-2 is no longer in this package.",
        "P-11 is new.",
    )


@pytest.mark.parametrize(
    ("state", "acknowledged", "answered", "says"),
    [
        (rules.SENT_STATE, False, False, "Not acknowledged"),
        (rules.ACKNOWLEDGED, True, False, "Not answered"),
        (rules.ACKNOWLEDGED, True, True, ""),
        (rules.APPROVED, False, False, ""),
        (rules.WITHDRAWN, False, False, ""),
    ],
)
def test_what_is_late_is_said_and_only_of_what_is_out(
    state: str, acknowledged: bool, answered: bool, says: str
) -> None:
    past = NOW - timedelta(days=1)
    found = rules.overdue(state, past if acknowledged else None, past if answered else None, past, past, NOW)
    assert found == says
