"""The second look: a share of low and closed reports, drawn by lot, is read again by somebody else. It finds what was missed.

Whether a report is drawn is settled at its arrival by its month's secret seed (months.py), so nobody can close it because it isn't;
when the month is over the seed stands in the record, and anybody can check who was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from uuid import UUID

from django.db.models import Count, Q

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.intake import months, rulings
from amparo.intake.models import Report, ReportState, SecondLook
from amparo.intake.triage.draws import Share, is_drawn as is_in_the_lot, share_of

AGREED, HIGHER, DANGER_NOW = "agreed", "higher", "danger_now"
FOUND = {
    AGREED: "It was right as it was",
    HIGHER: "It should have stood higher",
    DANGER_NOW: "A child was in danger now, and it was left low",
}
MOST_AT_ONCE = 200
WORKER = Actor.of_process("worker")


def is_drawn(report: UUID, received_at: datetime) -> bool:
    """Whether the lot draws this report, should it be closed or left low."""
    return is_in_the_lot(months.seed(received_at), report, rulings.current().second_look.share_in_1000)


@dataclass(frozen=True)
class SecondLooksDrawn:
    kind: str
    reports: tuple[UUID, ...]


@act("second_look.drawn", power="reports.rank")
def _draw(by: Actor, kind: str, rows: Sequence[Report], at: datetime) -> SecondLooksDrawn:
    """These reports wait for somebody else to read them again."""
    SecondLook.objects.bulk_create(
        [
            SecondLook(
                report=row,
                month=row.received_at.date().replace(day=1),
                kind=kind,
                drawn_at=at,
                first_by=row.closed_by or row.first_read_by,
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )
    return SecondLooksDrawn(kind, tuple(row.uuid for row in rows))


def draw_closed(row: Report) -> None:
    """After a report was closed: it and those closed with it that the lot had drawn wait to be read again."""
    closed = Q(id=row.id)
    if row.bundle_id is not None:
        closed |= Q(bundle=row.bundle_id, closed_at=row.closed_at)
    drawn = Report.objects.filter(closed, drawn=True, state=ReportState.CLOSED, second_look=None)
    if rows := list(drawn.defer("text", "search_text")[:MOST_AT_ONCE]):
        _draw(WORKER, "closed", rows, clock.now())


def draw_low(at: datetime) -> int:
    """How many that still wait unread after so long, and have no floor, were drawn: a duty of the worker."""
    since = at - rulings.current().second_look.low_after
    drawn = Report.objects.filter(
        drawn=True, state=ReportState.NEW, received_at__lte=since, first_read_at=None, floored_at=None, second_look=None
    )
    rows = list(drawn.order_by("received_at").defer("text", "search_text")[:MOST_AT_ONCE])
    if rows:
        _draw(WORKER, "low", rows, at)
    return len(rows)


def obstacles_to_look(first_by: UUID | None, by: UUID | None, read_at: datetime | None) -> tuple[str, ...]:
    """Why this officer can't be the second reader; empty when they can."""
    if read_at:
        return ("It has been read a second time already.",)
    if by is None:
        return ("Only a person reads a second time.",)
    return ("You closed it or read it first: somebody else reads it again.",) if first_by == by else ()


# --- Reading ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DueLook:
    report: UUID
    reference: str
    subject: str
    kind: str
    drawn_at: datetime
    first_by: UUID | None


def due(limit: int = 100) -> tuple[DueLook, ...]:
    """What waits to be read again, the longest first."""
    rows = SecondLook.objects.filter(read_at=None).select_related("report").defer("report__text", "report__search_text")
    return tuple(
        DueLook(row.report.uuid, row.report.reference or "", row.report.subject, row.kind, row.drawn_at, row.first_by)
        for row in rows.order_by("id")[:limit]
    )


def due_count() -> int:
    return SecondLook.objects.filter(read_at=None).count()


@dataclass(frozen=True)
class LookFacts:
    kind: str
    drawn_at: datetime
    first_by: UUID | None
    read_at: datetime | None
    read_by: UUID | None
    found: str
    words: str


def of_report(report: UUID) -> LookFacts | None:
    row = SecondLook.objects.filter(report__uuid=report).first()
    return (
        LookFacts(row.kind, row.drawn_at, row.first_by, row.read_at, row.read_by, row.found, row.words) if row else None
    )


@dataclass(frozen=True)
class MissFigures:
    """Of one month's arrivals, or of all: how many were drawn and read again, and what share had been missed."""

    month: date | None
    drawn: int
    missed: Share
    too_low: Share


def miss_rate(since: date | None = None) -> tuple[MissFigures, tuple[MissFigures, ...]]:
    """(all together, month by month with the newest first). since: the first month that counts."""
    rows = SecondLook.objects.filter(month__gte=since) if since else SecondLook.objects.all()
    read = ~Q(found="")
    counted = (
        rows.order_by()
        .values("month")
        .annotate(
            drawn=Count("id"),
            read=Count("id", filter=read),
            missed=Count("id", filter=Q(found=DANGER_NOW)),
            low=Count("id", filter=Q(found__in=(HIGHER, DANGER_NOW))),
        )
    )
    by_month = sorted(counted, key=lambda each: each["month"], reverse=True)
    each_month = tuple(
        MissFigures(
            each["month"], each["drawn"], share_of(each["missed"], each["read"]), share_of(each["low"], each["read"])
        )
        for each in by_month
    )
    total = {name: sum(each[name] for each in by_month) for name in ("drawn", "read", "missed", "low")}
    together = MissFigures(
        None, total["drawn"], share_of(total["missed"], total["read"]), share_of(total["low"], total["read"])
    )
    return together, each_month


@dataclass(frozen=True)
class FirstLooks:
    """Minutes from arrival to the first human look at reports with a floor. waiting: those that nobody has read yet."""

    month: date | None
    reports: int
    waiting: int
    median_minutes: float | None
    ninth_tenth_minutes: float | None
    longest_minutes: float | None
    in_time: Share


def first_looks(since: datetime) -> tuple[FirstLooks, tuple[FirstLooks, ...]]:
    """(all together, month by month with the newest first), of reports that were first ranked with a floor since then.

    What was folded behind another is left out: the other one was looked at. One that nobody read counts as late once its time is
    over.
    """
    rows = Report.objects.filter(floored_at__gte=since, hidden=False).exclude(state=ReportState.REPLY)
    found = list(rows.values_list("received_at", "first_read_at", "look_by"))
    at = clock.now()
    by_month: dict[date, list[tuple[datetime, datetime | None, datetime | None]]] = {}
    for each in found:
        by_month.setdefault(each[0].date().replace(day=1), []).append(each)
    return _looks(None, found, at), tuple(
        _looks(month, by_month[month], at) for month in sorted(by_month, reverse=True)
    )


def _looks(
    month: date | None, rows: Sequence[tuple[datetime, datetime | None, datetime | None]], at: datetime
) -> FirstLooks:
    minutes = sorted((read - arrived) / timedelta(minutes=1) for arrived, read, _ in rows if read)
    over = [limit for _, read, limit in rows if limit and (read or at >= limit)]
    in_time = sum(1 for _, read, limit in rows if limit and read and read <= limit)
    return FirstLooks(
        month,
        len(rows),
        len(rows) - len(minutes),
        round(median(minutes), 1) if minutes else None,
        round(minutes[min(len(minutes) - 1, int(len(minutes) * 0.9))], 1) if minutes else None,
        round(minutes[-1], 1) if minutes else None,
        share_of(in_time, len(over)),
    )
