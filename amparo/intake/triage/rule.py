"""The order of the queue: a stated, versioned rule over the four axes. Floors first; nothing lowers them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from amparo.intake.triage import axes
from amparo.intake.triage.axes import AXES, Axis, Facts

CURRENT = "rule-1"
FLOORS = frozenset({"child_in_danger_now", "child_in_crisis", "broadcast_under_way"})
LEVELS = frozenset({"high", "some", "unknown", "none"})


@dataclass(frozen=True)
class Rule:
    version: str
    floors: tuple[str, ...]
    order: tuple[str, ...]
    levels: tuple[str, ...]
    read_within: timedelta
    remind_after: timedelta
    kinds_for_high: int


@dataclass(frozen=True)
class Placed:
    """Where a report stands and why. position sorts as text, first comes first; changes_at: when to ask again at the latest."""

    rule_version: str
    axes: dict[str, Axis]
    floor: str
    position: str
    changes_at: datetime | None


@cache
def rule(version: str = CURRENT) -> Rule:
    """The rule of that version, as its file states it."""
    return read_rule((Path(__file__).parent / f"{version}.toml").read_text(encoding="utf-8"))


def read_rule(text: str) -> Rule:
    """A rule from TOML. Raises ValueError for one that leaves out an axis, a level or a floor: floors are not a unit's to drop."""
    stated = tomllib.loads(text)
    if missing := FLOORS - set(stated["floors"]):
        raise ValueError(f"a rule may not leave out the floor {', '.join(sorted(missing))}")
    if (
        sorted(stated["order"]) != sorted(AXES)
        or set(stated["levels"]) != LEVELS
        or len(stated["levels"]) != len(LEVELS)
    ):
        raise ValueError("a rule orders all four axes and all four levels, each once")
    return Rule(
        stated["version"],
        tuple(stated["floors"]),
        tuple(stated["order"]),
        tuple(stated["levels"]),
        timedelta(hours=stated["clock"]["read_within_hours"]),
        timedelta(hours=stated["clock"]["remind_after_hours"]),
        stated["actionable"]["kinds_for_high"],
    )


def place(facts: Facts, at: datetime, by: Rule) -> Placed:
    """The report's four axes at the moment `at`, and its place by the rule."""
    found = {
        "danger": axes.danger(facts),
        "actionable": axes.actionable(facts, by.kinds_for_high),
        "new": axes.new(facts),
        "clock": axes.clock(facts, at, by.read_within, by.remind_after),
    }
    said = {reason.code for axis in found.values() for reason in axis.reasons}
    floor = next((code for code in by.floors if code in said), "")
    steps = [str(by.levels.index(found[name].level)) for name in by.order]
    position = ".".join(["0" if floor else "1", *steps])
    return Placed(by.version, found, floor, position, axes.clock_changes_at(facts, at, by.read_within, by.remind_after))
