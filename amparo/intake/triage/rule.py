"""The order of the queue: a stated, versioned rule over the four axes. Floors first; nothing lowers them.

A place is a row of steps, compared from the left: the floor (0 has one), the lane (1 stands aside), then each axis' level in the
rule's order. No step is added to another, so there is no score.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from amparo.intake.triage import axes
from amparo.intake.triage.axes import Axis, Times
from amparo.intake.triage.facts import Facts
from amparo.intake.triage.rulebook import CURRENT, FLOORS, Band, Rule, read_rule, shipped_rule

__all__ = ["CURRENT", "FLOORS", "Band", "Placed", "Rule", "place", "read_rule", "shipped_rule"]


@dataclass(frozen=True)
class Placed:
    """Where a report stands and why. position sorts as text, first comes first; changes_at: when to ask again at the latest.

    band: how long it may wait, with its two limits. lane: "" in everybody's queue, else "flood" or "serial".
    """

    rule_version: str
    axes: dict[str, Axis]
    floor: str
    position: str
    changes_at: datetime | None
    band: str = ""
    look_by: datetime | None = None
    decide_by: datetime | None = None
    lane: str = ""

    def aside(self, lane: str) -> Placed:
        """The same place in a lane of its own: behind everything that has a floor or stands in the queue, whichever it has."""
        floor, _, steps = self.position.split(".", 2)
        return replace(self, lane=lane, position=f"{floor}.1.{steps}")


def place(facts: Facts, at: datetime, by: Rule) -> Placed:
    """The report's four axes at the moment `at`, and its place by the rule."""
    found = {
        "danger": axes.danger(facts),
        "actionable": axes.actionable(facts, by.kinds_for_high),
        "new": axes.new(facts),
    }
    said = {reason.code for axis in found.values() for reason in axis.reasons}
    floor = next((code for code in by.floors if code in said), "")
    band = next(band for band in by.bands if _fits(band, found, floor, facts))
    times = Times(band.look_within, band.decide_within, by.remind_after)
    found["clock"] = axes.clock(facts, at, times)
    steps = [str(by.levels.index(found[name].level)) for name in by.order]
    return Placed(
        by.version,
        found,
        floor,
        ".".join(["0" if floor else "1", "0", *steps]),
        axes.clock_changes_at(facts, at, times),
        band.name,
        facts.received_at + band.look_within,
        facts.received_at + band.decide_within,
    )


def _fits(band: Band, found: dict[str, Axis], floor: str, facts: Facts) -> bool:
    return any(
        condition == "always"
        or (condition == "floor" and bool(floor))
        or (condition == "perishing" and bool(facts.signals.of("perishing")))
        or _has_level(condition, found)
        for condition in band.when
    )


def _has_level(condition: str, found: dict[str, Axis]) -> bool:
    name, _, level = condition.partition(" ")
    return name in found and found[name].level == level
