from __future__ import annotations

from datetime import date

import pytest

from amparo.cases import rules

TODAY = date(2026, 6, 1)


def test_unknown_age_is_treated_as_a_childs() -> None:
    assert rules.minors_track("unknown") and rules.minors_track("child") and not rules.minors_track("adult")


@pytest.mark.parametrize(
    ("status", "age", "born"),
    [("adult", 15, None), ("adult", None, date(2008, 6, 2)), ("child", None, date(2008, 6, 1))],
)
def test_an_age_that_contradicts_its_status_is_refused(status: str, age: int | None, born: date | None) -> None:
    assert rules.obstacles_to_age(status, age, born, "passport", today=TODAY)


def test_an_age_needs_its_basis() -> None:
    assert rules.obstacles_to_age("adult", None, None, " ", today=TODAY)
    assert not rules.obstacles_to_age("child", 15, None, "stated in a partner's answer", today=TODAY)


def test_a_person_without_category_or_reason_cannot_be_kept() -> None:
    assert rules.obstacles_to_category("", "because", human=True)
    assert rules.obstacles_to_category("suspect", "", human=True)
    assert rules.obstacles_to_category("suspect", "because", human=False)
    assert not rules.obstacles_to_category("suspect", "because", human=True)


def test_a_country_needs_its_evidence() -> None:
    assert rules.obstacles_to_country("ES", "", "officer", "assessment")
    assert rules.obstacles_to_country("Spain", "words", "officer", "assessment")


def test_a_phone_prefix_is_never_a_fact() -> None:
    assert rules.obstacles_to_country("ES", "prefix +34", "phone_prefix", "fact")
    assert not rules.obstacles_to_country("ES", "prefix +34", "phone_prefix", "assessment")


def test_whoever_left_at_once_raises_a_caution_before_being_called_a_suspect() -> None:
    assert rules.cautions_on_category("suspect", left_at_once=["P-3"], silent=[])
    assert not rules.cautions_on_category("witness", left_at_once=["P-3"], silent=["P-3"])


def test_a_case_is_closed_to_whoever_was_not_let_in() -> None:
    assert rules.obstacles_to_entering(member=False, process=False)
    assert not rules.obstacles_to_entering(member=True, process=False)
