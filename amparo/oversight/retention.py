"""How long what is kept, and from when that counts. Pure; the defaults are starting points that each deployment decides on.

A class is named by every model (`retention = "case"`). Days count from the event named; None means as long as the house
stands. Sources are dated in docs/law.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta


@dataclass(frozen=True)
class Rule:
    """One class. days: after `counted_from`; None for never. reviewed_every_days: when a person looks again meanwhile."""

    name: str
    holds: str
    counted_from: str
    days: int | None
    reviewed_every_days: int | None
    basis: str


DEFAULTS: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "case",
            "Cases: people, groups, items, series, packages, outcomes",
            "the case's end",
            3650,
            1095,
            "Directive (EU) 2016/680, Article 5: the national law on police files sets the limit and the review.",
        ),
        Rule(
            "report",
            "Reports that no case took up, with their items and their sender's sealed identity",
            "the report's end",
            365,
            180,
            "Directive (EU) 2016/680, Article 4(1)(e): no longer than needed; a year lets late links be found.",
        ),
        Rule(
            "record",
            "The custody record: who did what, when and why; identifiers only",
            "the end of the last case that it tells of",
            None,
            None,
            "Directive (EU) 2016/680, Article 25; evidence needs its chain as long as it may be heard.",
        ),
        Rule(
            "officer",
            "Officers, their roles, their keys and what they had shown to them",
            "the day the officer leaves",
            1825,
            365,
            "Labour and service law; limitation of claims for harm to health.",
        ),
        Rule(
            "system",
            "Jobs, lists of known hashes, partners, settings",
            "the day the entry is replaced or done",
            90,
            None,
            "Operational need; holds no case content.",
        ),
    )
}

SHORTEST_DAYS = 1
LONGEST_DAYS = 36_500


@dataclass(frozen=True)
class Setting:
    """What a deployment decided on a class: days (None: never), the basis, and from when it is in force."""

    name: str
    days: int | None
    basis: str


def in_force(settings: Iterable[Setting]) -> dict[str, Rule]:
    """Every class with the deployment's own limit where it has one; the last setting of a class counts."""
    rules = dict(DEFAULTS)
    for each in settings:
        rules[each.name] = replace(rules[each.name], days=each.days, basis=each.basis)
    return rules


def obstacles_to_set(name: str, days: int | None, basis: str) -> tuple[str, ...]:
    found = []
    if name not in DEFAULTS:
        found.append(f"There is no retention class {name!r}.")
    if days is not None and not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        found.append(f"A limit lies between {SHORTEST_DAYS} and {LONGEST_DAYS} days.")
    if not basis.strip():
        found.append("Name the law or rule that the limit rests on.")
    if name == "record" and days is not None:
        found.append("The record is never cut: its chain proves all the rest. It holds identifiers only.")
    return tuple(found)


def ends_on(rule: Rule, counted_from: date) -> date | None:
    """The last day on which a row of this class is kept; None when nothing sets one."""
    return None if rule.days is None else counted_from + timedelta(days=rule.days)
