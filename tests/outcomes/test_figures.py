"""The figures come out right, whatever the order, however often something is told."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, strategies as st

from amparo.outcomes.counting import Arrest, OutcomeFacts, PackageState, arrests, country_rows, standing
from amparo.outcomes.figures import ChildrenFacts, Figure, figures, first_figures

START = datetime(2026, 11, 1, tzinfo=UTC)
AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
COUNTRIES = ("ES", "IT", "UY")
PEOPLE = tuple(UUID(int=number) for number in range(1, 7))


def told(kind: str, country: str = "ES", person: int | None = 1, hour: int = 0, **more: object) -> OutcomeFacts:
    who = UUID(int=person) if person else None
    uuid = UUID(int=random.getrandbits(120))
    return OutcomeFacts(uuid, f"AMP-1-{country}", country, who, kind, START + timedelta(hours=hour), **more)  # type: ignore[arg-type]


def package(country: str = "ES", *persons: int, **more: object) -> PackageState:
    people = tuple(UUID(int=person) for person in persons)
    state = PackageState(f"AMP-1-{country}", country, "sent", people, START)
    return replace(state, **more)  # type: ignore[arg-type]


def by_key(outcomes: list[OutcomeFacts], packages: tuple[PackageState, ...] = ()) -> dict[str, Figure]:
    found = figures(packages, outcomes, ChildrenFacts(3, 2, 1, 1), 1, AS_OF)
    return {each.key: each for each in found}


outcome = st.builds(
    lambda uuid, country, person, kind, hours, arrested_in, age, devices: OutcomeFacts(
        uuid,
        f"AMP-1-{country}",
        country,
        None if kind in ("acknowledged", "opened") else person,
        kind,
        START + timedelta(hours=hours),
        arrested_in=arrested_in if kind == "arrested" else "",
        age=age if kind == "arrested" else None,
        counts={"phone": devices} if kind == "devices_seized" else {},
    ),
    st.uuids(),
    st.sampled_from(COUNTRIES),
    st.sampled_from(PEOPLE),
    st.sampled_from(["acknowledged", "opened", "arrested", "identified", "no_action", "devices_seized"]),
    st.integers(0, 50),
    st.sampled_from(["", "ES", "IT"]),
    st.sampled_from([None, 15, 17, 18, 40]),
    st.integers(1, 5),
)
histories = st.lists(outcome, max_size=25, unique_by=lambda each: each.uuid)


def values(outcomes: list[OutcomeFacts]) -> list[tuple[str, int, tuple[tuple[str, int], ...]]]:
    packages = tuple(package(country, *(person.int for person in PEOPLE)) for country in COUNTRIES)
    return [(each.key, each.value, each.parts) for each in figures(packages, outcomes, ChildrenFacts(), 0, AS_OF)]


@given(histories, st.randoms())
def test_the_order_in_which_replies_arrive_in_the_table_does_not_matter(
    history: list[OutcomeFacts], draw: random.Random
) -> None:
    shuffled = draw.sample(history, len(history))
    assert values(shuffled) == values(history)
    packages = (package("ES", 1, 2), package("IT", 3))
    assert country_rows(packages, shuffled) == country_rows(packages, history)


@given(histories)
def test_a_repeated_reply_changes_no_figure(history: list[OutcomeFacts]) -> None:
    again = [
        replace(each, uuid=UUID(int=each.uuid.int ^ 1), received_at=each.received_at + timedelta(days=90))
        for each in standing(history)
    ]
    assert values([*history, *again]) == values(history)


@given(histories)
def test_an_arrest_counts_once_a_person_and_its_countries_add_up(history: list[OutcomeFacts]) -> None:
    found = {each.key: each for each in figures((), history, ChildrenFacts(), 0, AS_OF)}
    people = {each.person for each in standing(history) if each.kind == "arrested"}
    assert found["arrested"].value == len(people) == sum(count for _, count in found["arrested"].parts)
    assert found["under_18"].value <= found["arrested"].value
    assert sum(row.arrested for row in country_rows((), history)) == len(people)


@given(histories)
def test_the_first_figures_are_the_boards_own(history: list[OutcomeFacts]) -> None:
    packages = (package("ES", 1, 2), package("IT", 3, overdue="Not answered"), package("UY", acknowledged=True))
    now = standing(history)
    arrested = [each for each in now if each.kind == "arrested"]
    since = min((each.at or each.received_at.date() for each in now), default=None)
    first = first_figures(packages, arrested, len({each.reference for each in now}), since, AS_OF)
    board = by_key(history, packages)
    assert {each.key: each for each in first} == {each.key: board[each.key] for each in first}


@given(histories)
def test_every_figure_says_what_it_counts(history: list[OutcomeFacts]) -> None:
    for each in figures((package("ES", 1),), history, ChildrenFacts(), 1, AS_OF):
        assert each.unit and each.definition.endswith(".") and each.period and each.source and each.completeness


def test_two_countries_that_report_one_arrest_report_one_person() -> None:
    history = [
        told("arrested", "IT", hour=1, ordered_by="IT", arrested_in="ES"),
        told("arrested", "ES", hour=2, at=date(2026, 11, 3), age=34),
    ]
    (only,) = arrests(history)
    assert only == Arrest(
        PEOPLE[0], "ES", "IT", date(2026, 11, 3), 34, tuple(each.uuid for each in history), disputed=False
    )
    assert by_key(history)["ordered_elsewhere"].parts == (("IT-ES", 1),)


def test_without_a_stated_country_the_arrest_was_made_where_the_package_went() -> None:
    assert arrests([told("arrested", "UY")])[0].arrested_in == "UY"


def test_reports_that_name_different_countries_are_said_to_differ() -> None:
    history = [told("arrested", "IT", arrested_in="IT", hour=1), told("arrested", "ES", arrested_in="ES", hour=2)]
    assert arrests(history)[0].disputed
    assert "different countries" in by_key(history)["arrested"].completeness


def test_a_later_answer_replaces_what_the_same_country_said_of_the_same_person() -> None:
    history = [told("arrested", hour=1), told("no_action", hour=5, reason="person_not_here")]
    found = by_key(history)
    assert (found["arrested"].value, found["no_action"].value) == (0, 1)


def test_someone_arrested_in_one_country_is_not_also_counted_as_identified_in_another() -> None:
    assert by_key([told("identified", "IT"), told("arrested", "ES")])["identified"].value == 0


def test_an_age_nobody_stated_is_not_taken_for_adult_and_the_figure_says_so() -> None:
    found = by_key([told("arrested", age=17), told("arrested", person=2), told("arrested", person=3, age=18)])[
        "under_18"
    ]
    assert found.value == 1
    assert "2 of 3" in found.completeness
    assert found.parts == (("17", 1),)


def test_devices_are_added_up_by_sort_and_a_corrected_count_replaces() -> None:
    history = [
        told("devices_seized", hour=1, counts={"phone": 9}),
        told("devices_seized", hour=2, counts={"phone": 2, "laptop": 1}),
        told("devices_seized", "UY", person=2, counts={"phone": 1}),
    ]
    found = by_key(history)["devices"]
    assert found.value == 4
    assert dict(found.parts) == {"phone": 3, "tablet": 0, "laptop": 1, "desktop": 0, "storage": 0}


def test_an_arrest_elsewhere_answers_for_the_country_that_lost_the_person() -> None:
    italy, spain = country_rows((package("IT", 1), package("ES")), [told("arrested", "ES", arrested_in="ES")])[::-1]
    assert (italy.country, italy.unanswered, italy.arrested, italy.stage) == ("IT", 0, 0, "sent")
    assert (spain.country, spain.arrested) == ("ES", 1)


def test_an_arrest_in_a_country_without_a_package_has_its_row() -> None:
    rows = country_rows((package("ES", 1),), [told("arrested", "ES", arrested_in="FR")])
    assert [(row.country, row.arrested, row.reference) for row in rows] == [("FR", 1, ""), ("ES", 0, "AMP-1-ES")]


def test_a_country_that_acknowledged_but_said_nothing_more_is_no_further_than_that() -> None:
    (row,) = country_rows((package("ES", 1, 2),), [told("acknowledged", person=None)])
    assert (row.stage, row.unanswered) == ("acknowledged", 2)
