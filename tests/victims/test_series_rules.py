from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from amparo.foundation.ids import new_id
from amparo.victims import rules
from amparo.victims.proposals import clusters, near

TODAY = date(2026, 6, 1)
READY = {"known_elsewhere": "no", "place": "ES", "place_evidence": "a label", "review_on": None, "today": TODAY}


def obstacles(now: str, to: str, basis: str = "an answer", **given: object) -> tuple[str, ...]:
    return rules.obstacles_to_move(now, to, basis, **{**READY, **given})  # type: ignore[arg-type]


def test_the_whole_way_can_be_walked() -> None:
    for now, to in zip(rules.CHAIN, rules.CHAIN[1:], strict=False):
        assert obstacles(now, to) == ()


@pytest.mark.parametrize(
    ("now", "to"),
    [
        ("new", "safeguarded"),
        ("new", "closed"),
        ("in_analysis", "safeguarded"),
        ("located", "closed"),
        ("not_a_child", "located"),
    ],
)
def test_an_illegal_move_is_refused_with_the_legal_ones(now: str, to: str) -> None:
    (said,) = obstacles(now, to)
    assert rules.STATUSES[rules.NEXT[now][0]].lower() in said


@given(st.sampled_from(list(rules.STATUSES)), st.sampled_from(list(rules.STATUSES)))
def test_no_move_outside_the_table_is_ever_legal(now: str, to: str) -> None:
    assert (to in rules.NEXT[now]) or obstacles(now, to, review_on=date(2027, 1, 1))


def test_every_status_can_be_reached_and_none_but_the_end_is_a_trap() -> None:
    assert {to for ways in rules.NEXT.values() for to in ways} == set(rules.STATUSES) - {"new"}
    assert all(rules.NEXT[status] for status in rules.STATUSES)


def test_a_move_needs_its_basis() -> None:
    assert obstacles("new", "known_elsewhere_check", " ")


def test_nobody_analyses_before_another_units_answer() -> None:
    assert obstacles("known_elsewhere_check", "in_analysis", known_elsewhere="asked")
    assert not obstacles("known_elsewhere_check", "in_analysis", known_elsewhere="yes_open")


def test_closing_needs_the_place_or_unknown_said_out_loud() -> None:
    assert obstacles("support_in_place", "closed", place="", place_evidence="")
    assert obstacles("support_in_place", "closed", place="unknown", place_evidence="")
    assert not obstacles("support_in_place", "closed", place="unknown", place_evidence="Three desks asked, no answer.")


def test_a_likely_country_is_not_unknown() -> None:
    assert obstacles("in_analysis", "country_likely", place="unknown")


def test_a_dead_end_is_looked_at_again_on_a_day_in_the_future() -> None:
    assert obstacles("in_analysis", "dead_end", review_on=None)
    assert obstacles("in_analysis", "dead_end", review_on=TODAY)
    assert not obstacles("in_analysis", "dead_end", review_on=date(2026, 12, 1))


def test_code_names_are_neutral_and_never_used_twice() -> None:
    assert rules.next_codename([]) == "Alder"
    assert rules.next_codename(rules.CODENAMES) == "Alder 2"
    assert rules.obstacles_to_codename("Alder", ["Alder"]) and rules.obstacles_to_codename("the girl in red", [])


HASH = st.integers(min_value=0, max_value=2**256 - 1).map(lambda number: f"{number:064x}")


def flipped(fingerprint: str, bits: int) -> str:
    return f"{int(fingerprint, 16) ^ ((1 << bits) - 1):064x}"


@given(st.lists(HASH, max_size=12))
def test_every_item_stands_in_at_most_one_proposal(hashes: list[str]) -> None:
    prints: dict[UUID, str] = {new_id(): each for each in hashes}
    items = [item for found in clusters(prints) for item in found.items]
    assert len(items) == len(set(items))


@given(HASH, st.integers(0, 60))
def test_two_items_are_proposed_together_exactly_when_they_lie_within_31_bits(fingerprint: str, bits: int) -> None:
    one, other = new_id(), new_id()
    found = clusters({one: fingerprint, other: flipped(fingerprint, bits)})
    assert bool(found) == (bits <= 31)
    assert bool(near({one: fingerprint}, {other: flipped(fingerprint, bits)})) == (bits <= 31)
