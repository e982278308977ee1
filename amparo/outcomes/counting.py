"""What was told, told once: the last word on each matter, each arrested person once, and one row a country.

Pure: outcomes in, facts out, in whatever order they arrived. An arrest is counted once for each person, in the country
where it was made, however many countries report it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

UNDER_AGE = 18
RESULTS = frozenset({"arrested", "identified", "no_action"})


@dataclass(frozen=True)
class OutcomeFacts:
    """One outcome as it is kept. reference: the package's, all versions alike; country: whom that package was sent to.

    received_at: when the answer reached us; a later answer of the same country on the same matter replaces an earlier.
    """

    uuid: UUID
    reference: str
    country: str
    person: UUID | None
    kind: str
    received_at: datetime
    at: date | None = None
    arrested_in: str = ""
    ordered_by: str = ""
    age: int | None = None
    reason: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    source: str = "form"


@dataclass(frozen=True)
class PackageState:
    """Where one country's package stands. overdue: what should have come by now, in words."""

    reference: str
    country: str
    state: str
    persons: tuple[UUID, ...]
    sent_at: datetime | None = None
    acknowledged: bool = False
    overdue: str = ""


@dataclass(frozen=True)
class Arrest:
    """One arrested person. reports: every outcome that tells of it. disputed: the reports name different countries."""

    person: UUID
    arrested_in: str
    ordered_by: str
    at: date | None
    age: int | None
    reports: tuple[UUID, ...]
    disputed: bool

    @property
    def under_18(self) -> bool:
        return self.age is not None and self.age < UNDER_AGE

    @property
    def ordered_elsewhere(self) -> bool:
        return bool(self.ordered_by) and self.ordered_by != self.arrested_in


def _rank(outcome: OutcomeFacts) -> tuple[datetime, str]:
    return outcome.received_at, str(outcome.uuid)


def _matter(outcome: OutcomeFacts) -> tuple[str, UUID | None, str]:
    """What an outcome speaks of. The results of one person exclude each other, so they are one matter."""
    return outcome.reference, outcome.person, "result" if outcome.kind in RESULTS else outcome.kind


def standing(outcomes: Iterable[OutcomeFacts]) -> tuple[OutcomeFacts, ...]:
    """The last word of each country on each matter, in the order received; it doesn't matter in which order they are given."""
    newest: dict[tuple[str, UUID | None, str], OutcomeFacts] = {}
    for outcome in outcomes:
        matter = _matter(outcome)
        if matter not in newest or _rank(newest[matter]) < _rank(outcome):
            newest[matter] = outcome
    return tuple(sorted(newest.values(), key=_rank))


def arrests(outcomes: Iterable[OutcomeFacts]) -> tuple[Arrest, ...]:
    """Each arrested person once, in order of country and day. Where reports differ, the last to state a thing is believed."""
    reports: dict[UUID, list[OutcomeFacts]] = defaultdict(list)
    for outcome in standing(outcomes):
        if outcome.kind == "arrested" and outcome.person:
            reports[outcome.person].append(outcome)
    found = [_arrest(person, told) for person, told in reports.items()]
    return tuple(sorted(found, key=lambda each: (each.arrested_in, each.at or date.max, str(each.person))))


def _arrest(person: UUID, told: Sequence[OutcomeFacts]) -> Arrest:
    """told: in the order received, at least one."""
    stated = [each.arrested_in for each in told if each.arrested_in]
    ages = [each.age for each in told if each.age is not None]
    days = [each.at for each in told if each.at]
    orders = [each.ordered_by for each in told if each.ordered_by]
    return Arrest(
        person,
        stated[-1] if stated else told[-1].country,
        orders[-1] if orders else "",
        min(days) if days else None,
        ages[-1] if ages else None,
        tuple(each.uuid for each in told),
        len(set(stated)) > 1,
    )


@dataclass(frozen=True)
class CountryRow:
    """One country on the board. referred: persons sent to it; arrested: persons arrested there, whoever reports it."""

    country: str
    reference: str
    state: str
    stage: str
    referred: int
    arrested: int
    identified: int
    no_action: int
    need_more: int
    unanswered: int
    devices: int
    sent_at: datetime | None
    last_heard_at: datetime | None
    overdue: str


def country_rows(packages: Sequence[PackageState], outcomes: Sequence[OutcomeFacts]) -> tuple[CountryRow, ...]:
    """A row for every package, and for every country in which somebody was arrested without one; most arrests first."""
    now = standing(outcomes)
    caught = Counter(each.arrested_in for each in arrests(now))
    own: dict[str, list[OutcomeFacts]] = defaultdict(list)
    for each in now:
        own[each.reference].append(each)
    # Elsewhere's arrest answers the question too: nobody waits for word on someone who is found.
    found = {each.person for each in now if each.person and each.kind == "arrested"}
    rows = [
        _country_row(package, own[package.reference], found, caught.pop(package.country, 0)) for package in packages
    ]
    rows += [
        CountryRow(code, "", "", "arrested", 0, count, 0, 0, 0, 0, 0, None, None, "") for code, count in caught.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.arrested, -row.referred, row.country)))


def _country_row(package: PackageState, own: Sequence[OutcomeFacts], found: set[UUID], arrested: int) -> CountryRow:
    """own: what this country said, the last word on each matter. found: everybody whom any country arrested."""
    by_kind: dict[str, set[UUID]] = defaultdict(set)
    for each in own:
        if each.person:
            by_kind[each.kind].add(each.person)
    answered = found.union(*(by_kind[kind] for kind in RESULTS))
    ended = any(each.kind == "no_action" and each.person is None for each in own)
    unanswered = 0 if ended else len(set(package.persons) - answered)
    return CountryRow(
        package.country,
        package.reference,
        package.state,
        _stage(package, own, arrested, unanswered),
        len(package.persons),
        arrested,
        len(by_kind["identified"]),
        len(by_kind["no_action"]),
        sum(1 for each in own if each.kind == "need_more"),
        unanswered,
        sum(sum(each.counts.values()) for each in own if each.kind == "devices_seized"),
        package.sent_at,
        max((each.received_at for each in own), default=None),
        package.overdue,
    )


def _stage(package: PackageState, own: Sequence[OutcomeFacts], arrested: int, unanswered: int) -> str:
    """How far this country's work is, as far as it told us."""
    kinds = {each.kind for each in own}
    if package.state not in ("sent", "acknowledged"):
        return package.state
    if kinds & RESULTS or arrested:  # a result for some persons, or for all
        return "results" if unanswered else "answered"
    if "need_more" in kinds:
        return "need_more"
    if "opened" in kinds:
        return "opened"
    return "acknowledged" if package.acknowledged or "acknowledged" in kinds else "sent"
