"""Every row has a class, every class a limit or a reason for none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from amparo.access.acts import ACTS, Actor
from amparo.access.rules import powers_of
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.oversight import actions, queries, retention, words

SUPERVISOR = Actor("officer", "vera", new_id(), powers_of(["supervisor"]))


def test_every_model_of_every_room_says_how_long_it_is_kept() -> None:
    assert len(queries.house_models()) > 20
    without = [
        f"{model.__module__}.{model.__name__}"
        for model in queries.house_models()
        if getattr(model, "retention", "") not in retention.DEFAULTS
    ]
    assert without == []


def test_every_class_has_a_limit_or_says_why_not() -> None:
    for rule in retention.DEFAULTS.values():
        assert rule.basis and rule.counted_from
        assert rule.days or rule.name == "record"


def test_every_act_has_words() -> None:
    import amparo.wiring.urls  # noqa: F401 - brings in every room, and with it every act

    assert sorted(kind for kind in ACTS if kind not in words.WORDS and not kind.startswith("test.")) == []


def test_every_group_of_acts_holds_some() -> None:
    assert [prefix for prefix in words.GROUPS if not any(kind.startswith(prefix) for kind in words.WORDS)] == []


@pytest.mark.django_db(transaction=True)
def test_a_deployments_limit_replaces_the_default_and_the_last_one_counts() -> None:
    actions.set_schedule(SUPERVISOR, "report", 200, "Order 3 of 2026")
    actions.set_schedule(SUPERVISOR, "report", 180, "Order 4 of 2026")
    assert queries.schedules()["report"] == replace(retention.DEFAULTS["report"], days=180, basis="Order 4 of 2026")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "days", "basis", "says"),
    [
        ("report", 0, "x", "between"),
        ("report", 10, " ", "law or rule"),
        ("nothing", 10, "x", "no retention class"),
        ("record", 10, "x", "never cut"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(name: str, days: int, basis: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        actions.set_schedule(SUPERVISOR, name, days, basis)


def test_a_limit_counts_whole_days() -> None:
    rule = replace(retention.DEFAULTS["report"], days=1)
    assert retention.ends_on(rule, date(2028, 2, 28)) == date(2028, 2, 29)
    assert retention.ends_on(retention.DEFAULTS["record"], date(2028, 2, 28)) is None
