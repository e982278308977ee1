"""A changed rule tried on the past: who would have moved up, who down, by how much, before it counts. No Django.

Every report is placed twice at the same moment, by the rule in force and by the changed one, from what was known of it then; both
orders are taken as if all of them waited together. Parts of a rule that act on what arrives (flood, fold, second look) can't be
replayed and are named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from amparo.intake.triage.axes import AXES
from amparo.intake.triage.facts import Facts
from amparo.intake.triage.rule import Placed, place
from amparo.intake.triage.rulebook import Rule

SHOWN = 50
NOT_REPLAYED = ("flood", "serial", "fold", "second_look")


@dataclass(frozen=True)
class Past:
    """A report as it was known when it was ranked at `at`."""

    report: UUID
    reference: str
    facts: Facts
    at: datetime


@dataclass(frozen=True)
class Move:
    """before, after: places in the two orders, from 1. why: what the changed rule says otherwise of it."""

    report: UUID
    reference: str
    before: int
    after: int
    why: str

    @property
    def by(self) -> int:
        """How many places up; down where negative."""
        return self.before - self.after


@dataclass(frozen=True)
class Difference:
    """up, down: the furthest first, at most SHOWN of each. bands: (before, after) to how many, where they differ."""

    reports: int
    moved_up: int
    moved_down: int
    up: tuple[Move, ...]
    down: tuple[Move, ...]
    floors_gained: int
    floors_lost: int
    bands: tuple[tuple[str, str, int], ...]
    unreplayed: tuple[str, ...]

    @property
    def unmoved(self) -> int:
        return self.reports - self.moved_up - self.moved_down


def compare(past: Sequence[Past], old: Rule, new: Rule) -> Difference:
    """The two orders of these reports laid beside each other."""
    before = [place(each.facts, each.at, old) for each in past]
    after = [place(each.facts, each.at, new) for each in past]
    first, then = _order(past, before), _order(past, after)
    moves = [
        Move(each.report, each.reference, first[number], then[number], _why(before[number], after[number]))
        for number, each in enumerate(past)
    ]
    up = sorted((move for move in moves if move.by > 0), key=lambda move: (-move.by, move.after))
    down = sorted((move for move in moves if move.by < 0), key=lambda move: (move.by, move.before))
    bands = Counter((one.band, other.band) for one, other in zip(before, after, strict=True) if one.band != other.band)
    return Difference(
        len(past),
        len(up),
        len(down),
        tuple(up[:SHOWN]),
        tuple(down[:SHOWN]),
        sum(bool(other.floor) > bool(one.floor) for one, other in zip(before, after, strict=True)),
        sum(bool(other.floor) < bool(one.floor) for one, other in zip(before, after, strict=True)),
        tuple((one, other, many) for (one, other), many in bands.most_common()),
        tuple(part for part in NOT_REPLAYED if getattr(old, part) != getattr(new, part)),
    )


def _order(past: Sequence[Past], placed: Sequence[Placed]) -> list[int]:
    """Each report's place from 1, as the queue would show them."""
    ordered = sorted(
        range(len(past)), key=lambda each: (placed[each].position, past[each].facts.received_at, past[each].report)
    )
    places = [0] * len(past)
    for number, each in enumerate(ordered, start=1):
        places[each] = number
    return places


def _why(before: Placed, after: Placed) -> str:
    said = []
    if before.floor != after.floor:
        said.append(f"floor {after.floor or 'none'}, was {before.floor or 'none'}")
    said += [
        f"{name} {after.axes[name].level}, was {before.axes[name].level}"
        for name in AXES
        if after.axes[name].level != before.axes[name].level
    ]
    if before.band != after.band:
        said.append(f"band {after.band}, was {before.band}")
    return "; ".join(said) or "the others moved, or the axes are ordered otherwise"
