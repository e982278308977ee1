"""A row of a reply is taken whole, or told in a sentence what is wrong with it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from amparo.outcomes import rules
from amparo.outcomes.rules import PackageFacts, Row, judge

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
REASONS = ("no_offence_here", "person_not_here", "other")
COUNTRIES = frozenset({"ES", "IT", "UY"})
PACKAGE = PackageFacts(UUID(int=9), "AMP-2026-0007-ES", "ES", {"S-1": UUID(int=1), "S-2": UUID(int=2)}, 1)


def verdict(**cells: str) -> rules.Verdict:
    return judge([Row(2, {"subject": "S-1", **cells})], PACKAGE, NOW, REASONS, COUNTRIES)


def fault(**cells: str) -> str:
    found = verdict(**cells)
    assert not found.said
    assert found.state == "refused"
    return found.faults[0].sentence


def test_an_arrest_with_seizures_is_two_outcomes_of_one_person() -> None:
    said = verdict(
        outcome="arrested",
        date="2026-11-20",
        arrested_in="es",
        ordered_by="IT",
        age="15",
        devices_phone="2",
        devices_laptop="0",
    ).said
    assert [(each.kind, each.person) for each in said] == [("arrested", UUID(int=1)), ("devices_seized", UUID(int=1))]
    assert (said[0].at, said[0].arrested_in, said[0].ordered_by, said[0].age) == (date(2026, 11, 20), "ES", "IT", 15)
    assert said[1].counts == {"phone": 2}


def test_a_row_left_empty_says_nothing_and_is_no_fault() -> None:
    assert verdict() == rules.Verdict((), ())


def test_good_rows_are_taken_though_others_are_bad() -> None:
    rows = [Row(2, {"subject": "package", "outcome": "opened"}), Row(3, {"subject": "S-9", "outcome": "arrested"})]
    found = judge(rows, PACKAGE, NOW, REASONS, COUNTRIES)
    assert (found.state, len(found.said), [each.line for each in found.faults]) == ("partly", 1, [3])


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"subject": "S-9", "outcome": "arrested"}, "no subject of AMP-2026-0007-ES"),
        ({"subject": "", "outcome": "opened"}, "no subject"),
        ({"package_reference": "AMP-2026-0007-UY", "outcome": "opened"}, "its token belongs to"),
        ({"outcome": "arested"}, "is no outcome"),
        ({"subject": "package", "outcome": "arrested"}, "speaks of a person"),
        ({"outcome": "opened", "date": "03/04/2026"}, "is no date"),
        ({"outcome": "opened", "date": "2026-02-30"}, "is no date"),
        ({"outcome": "opened", "date": "2026-11-24"}, "in the future"),
        ({"outcome": "opened", "date": "1026-11-20"}, "too far back"),
        ({"outcome": "arrested", "age": "151"}, "no plausible age"),
        ({"outcome": "arrested", "age": "-1"}, "no plausible age"),
        ({"outcome": "arrested", "arrested_in": "Spain"}, "is no country"),
        ({"outcome": "arrested", "ordered_by": "ZZ"}, "is no country"),
        ({"outcome": "opened", "age": "34"}, "belongs to an arrest"),
        ({"outcome": "no_action"}, "needs its reason"),
        ({"outcome": "no_action", "reason": "because"}, "is no reason"),
        ({"outcome": "arrested", "devices_phone": "many"}, "no plausible number"),
        ({"outcome": "arrested", "devices_phone": "99999"}, "no plausible number"),
        ({"note": "nothing else"}, "has no outcome"),
    ],
)
def test_a_bad_row_is_refused_with_a_sentence(cells: dict[str, str], says: str) -> None:
    assert says in fault(**cells)


def test_somewhere_it_is_tomorrow_already() -> None:
    assert verdict(outcome="opened", date="2026-11-23").state == "taken"


def test_children_counts_alone_are_an_outcome_of_the_package() -> None:
    said = verdict(subject="package", children_identified="3", children_safeguarded="1").said
    assert [(each.kind, each.counts) for each in said] == [
        ("children_identified", {"children": 3}),
        ("children_safeguarded", {"children": 1}),
    ]


def test_somebody_elses_words_stay_short_and_on_one_line() -> None:
    assert len(rules.quoted("long " * 200 + "\n")) < 50


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["subject", "outcome", "date", "age", "reason", "devices_phone", "x"]), st.text(max_size=12)
        )
    )
)
def test_whatever_stands_in_a_reply_each_row_is_taken_or_named_or_empty(rows: list[dict[str, str]]) -> None:
    found = judge([Row(line, cells) for line, cells in enumerate(rows)], PACKAGE, NOW, REASONS, COUNTRIES)
    assert not {each.line for each in found.said} & {each.line for each in found.faults}
    assert all(each.kind in rules.KINDS for each in found.said)
