"""Packages as one line each, for pages and rooms that count: thousands in one question, with nothing of what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from amparo.foundation import clock
from amparo.referrals import rules
from amparo.referrals.models import Package


@dataclass(frozen=True)
class PackageLine:
    """One version of one country's package. overdue: in words, empty while nothing is."""

    uuid: UUID
    reference: str
    case: UUID
    country: str
    version: int
    state: str
    sent_at: datetime | None
    acknowledged_at: datetime | None
    overdue: str

    @property
    def is_out(self) -> bool:
        return self.state in rules.OUT


_COLUMNS = (
    "uuid", "reference", "case", "country", "version", "state", "sent_at", "acknowledged_at", "answered_at", "acknowledge_by",
    "answer_by",
)  # fmt: skip


def lines(case: UUID | None = None, now: datetime | None = None) -> tuple[PackageLine, ...]:
    """The newest version for each country, of one case or of all, by reference; which `queries.packages` gives whole."""
    newest = {each.reference: each for each in _lines(_of(case), now)}
    return tuple(newest.values())


def standing_lines(case: UUID, now: datetime | None = None) -> tuple[PackageLine, ...]:
    """For each country the version that counts, by reference; which `queries.standing` gives whole."""
    return counting(_lines(_of(case), now))


class _Version(Protocol):
    @property
    def reference(self) -> str: ...

    @property
    def is_out(self) -> bool: ...


AVersion = TypeVar("AVersion", bound=_Version)


def counting(found: Iterable[AVersion]) -> tuple[AVersion, ...]:
    """Of versions in order, for each reference the one that counts: the last that went out, else the newest."""
    best: dict[str, AVersion] = {}
    for each in found:
        if each.is_out or not (each.reference in best and best[each.reference].is_out):
            best[each.reference] = each
    return tuple(best.values())


def anything_sent(case: UUID) -> bool:
    """Whether a country's package was ever sent; then the case has a board."""
    return Package.objects.filter(case=case, sent_at__isnull=False).exists()


def cases_with_packages() -> tuple[UUID, ...]:
    """The cases that have a package in any state."""
    return tuple(Package.objects.order_by("case").values_list("case", flat=True).distinct())


def _of(case: UUID | None) -> QuerySet[Package]:
    return Package.objects.all() if case is None else Package.objects.filter(case=case)


def _lines(rows: QuerySet[Package], now: datetime | None) -> Iterable[PackageLine]:
    now = now or clock.now()
    for row in rows.order_by("reference", "version").values_list(*_COLUMNS):
        (
            uuid,
            reference,
            of,
            country,
            version,
            state,
            sent_at,
            acknowledged_at,
            answered_at,
            acknowledge_by,
            answer_by,
        ) = row
        late = rules.overdue(state, acknowledged_at, answered_at, acknowledge_by, answer_by, now)
        yield PackageLine(uuid, reference, of, country, version, state, sent_at, acknowledged_at, late)
