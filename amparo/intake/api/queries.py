"""What the pages and the command line are told of platforms: keys, how much came, how complete it was, month by month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import TruncMonth

from amparo.foundation import clock
from amparo.foundation.errors import Missing
from amparo.intake.models import ApiKey, ApiReport, ApiUpload, SenderDrift

COUNTED_DAYS = 30
MONTHS = 12
LACKS_READ = 2_000


@dataclass(frozen=True)
class PlatformKey:
    """score: how complete its reports of the last days were on average; None for none. drifts: fields that they lost."""

    uuid: UUID
    name: str
    test: bool
    scopes: tuple[str, ...]
    reports_a_second: int
    made_at: datetime
    made_by: UUID | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    sender: UUID
    reports: int
    score: int | None
    drifts: int


@dataclass(frozen=True)
class PlatformMonth:
    month: date
    reports: int
    score: int


@dataclass(frozen=True)
class LackCount:
    """How many of its reports that should have the field lack it."""

    field: str
    grade: str
    lacking: int
    expected: int

    @property
    def percent(self) -> int:
        return self.lacking * 100 // self.expected if self.expected else 0


@dataclass(frozen=True)
class Drift:
    """A field that a sender's reports lost; "" where it is the share of all fields."""

    uuid: UUID
    sender: UUID
    sender_name: str
    field: str
    before_percent: int
    now_percent: int
    reports: int
    seen_at: datetime
    told: UUID | None
    ended_at: datetime | None


@dataclass(frozen=True)
class PlatformFigures:
    key: PlatformKey
    months: tuple[PlatformMonth, ...]
    lacks: tuple[LackCount, ...]
    drifts: tuple[Drift, ...]
    files: dict[str, int] = field(default_factory=dict)
    retracted: int = 0


def platform_keys() -> tuple[PlatformKey, ...]:
    """Those that count first, by name; then the revoked, the newest first."""
    rows = ApiKey.objects.select_related("sender")
    valid = list(rows.filter(revoked_at=None).order_by("name", "test"))
    return _keys([*valid, *rows.exclude(revoked_at=None).order_by("-revoked_at")[:100]])


def keys_of_sender(sender: UUID) -> tuple[PlatformKey, ...]:
    """The keys by which this sender reports, those that count first; none for whoever is no platform."""
    rows = ApiKey.objects.select_related("sender").filter(sender__uuid=sender)
    return _keys(rows.order_by(F("revoked_at").asc(nulls_first=True), "name")[:100])


def _keys(rows: Iterable[ApiKey]) -> tuple[PlatformKey, ...]:
    rows = list(rows)
    since = clock.now() - timedelta(days=COUNTED_DAYS)
    counted = ApiReport.objects.filter(key__in=rows, received_at__gte=since).order_by().values("key")
    counts = {
        each["key"]: (each["many"], round(each["score"]))
        for each in counted.annotate(many=Count("id"), score=Avg("score"))
    }
    open_drifts = SenderDrift.objects.filter(ended_at=None, sender__in=[row.sender_id for row in rows]).order_by()
    drifts = dict(open_drifts.values_list("sender").annotate(Count("id")))
    return tuple(
        PlatformKey(
            row.uuid, row.name, row.test, tuple(row.scopes), row.reports_a_second, row.made_at, row.made_by,
            row.revoked_at, row.last_used_at, row.sender.uuid, *counts.get(row.id, (0, None)), drifts.get(row.sender_id, 0),
        )
        for row in rows
    )  # fmt: skip


def figures(key: UUID) -> PlatformFigures:
    """One key's figures. Raises Missing."""
    row = ApiKey.objects.select_related("sender").filter(uuid=key).first()
    if not row:
        raise Missing("There is no such key.", key=str(key))
    reports = ApiReport.objects.filter(key=row).order_by()
    by_month = reports.values(month=TruncMonth("received_at")).annotate(many=Count("id"), score=Avg("score"))
    months = tuple(
        PlatformMonth(each["month"].date(), each["many"], round(each["score"]))
        for each in by_month.order_by("-month")[:MONTHS]
    )
    uploads = ApiUpload.objects.filter(key=row).order_by().values_list("state").annotate(Count("id"))
    return PlatformFigures(
        _keys([row])[0],
        months,
        _lacks(row),
        drifts(Q(sender=row.sender)),
        dict(uploads),
        reports.exclude(retracted_at=None).count(),
    )


def _lacks(row: ApiKey) -> tuple[LackCount, ...]:
    """What its newest reports lack, the most frequent first."""
    expected: dict[str, int] = {}
    lacking: dict[str, int] = {}
    grades: dict[str, str] = {}
    newest = ApiReport.objects.filter(key=row).order_by("-received_at").values_list("expected", "missing")[:LACKS_READ]
    for fields, missing in newest:
        for name in fields:
            expected[name] = expected.get(name, 0) + 1
        for name, _, grade in missing:
            lacking[name], grades[name] = lacking.get(name, 0) + 1, grade
    found = [LackCount(name, grades[name], many, expected.get(name, many)) for name, many in lacking.items()]
    return tuple(sorted(found, key=lambda each: (-each.percent, each.field)))


@dataclass(frozen=True)
class PlatformReport:
    """What a platform said of its report, and was told of it. blocking: fields whose lack blocks a follow-up."""

    key: UUID
    platform: str
    own_reference: str
    score: int
    blocking: tuple[str, ...]
    retracted_at: datetime | None


def of_report(report: UUID) -> PlatformReport | None:
    """None for a report that came by another door."""
    row = ApiReport.objects.select_related("key").filter(uuid=report).first()
    if row is None:
        return None
    blocking = tuple(name for name, _, grade in row.missing if grade == "blocks")
    return PlatformReport(row.key.uuid, row.key.name, row.own_reference, row.score, blocking, row.retracted_at)


def drifts(where: Q | None = None) -> tuple[Drift, ...]:
    """Those that are not over first, then the newest."""
    rows = SenderDrift.objects.select_related("sender")
    rows = rows.filter(where) if where is not None else rows
    newest = [*rows.filter(ended_at=None)[:100], *rows.exclude(ended_at=None)[:20]]
    return tuple(
        Drift(
            each.uuid, each.sender.uuid, str(each.sender), each.field, each.before_percent, each.now_percent,
            each.reports, each.seen_at, each.told, each.ended_at,
        )
        for each in newest
    )  # fmt: skip
