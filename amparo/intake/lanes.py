"""Lanes: a flood never makes others wait.

What comes in a flood is examined after everybody else's, and stands behind them in the queue. Danger lifts a report out, a few at
once, so that a flood of danger starves nobody either; a share drawn by lot is read as a sample among everybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat, Substr

from amparo.access.acts import Actor, act
from amparo.custody import prepared
from amparo.foundation import clock
from amparo.intake import months, rulings
from amparo.intake.models import Ranking, Report, ReportState, Sender, SenderMonth
from amparo.intake.triage import Placed, Rule
from amparo.intake.triage.draws import is_drawn

FLOOD, SERIAL = "flood", "serial"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS_A_MONTH = 30
MOST_COUNTED = 10_000
ASIDE = -10  # how far behind everybody else's the jobs of a flood stand
WORKER = Actor.of_process("worker")
_ARRIVED = """
    SELECT count(*) FROM (
        SELECT 1 FROM intake_arrival WHERE sender_id = %s AND received_at > %s AND received_at <= %s LIMIT %s
    ) AS counted
"""


@dataclass(frozen=True)
class Rates:
    """How many arrivals of a sender in the last hour and day, counted to the limits and one more; and the limits."""

    in_an_hour: int
    in_a_day: int
    most_an_hour: int
    most_a_day: int

    @property
    def flood(self) -> bool:
        return self.in_an_hour > self.most_an_hour or self.in_a_day > self.most_a_day

    @property
    def calm(self) -> bool:
        """Half of either limit, so that a lane doesn't open and close with every mail."""
        return self.in_an_hour * 2 <= self.most_an_hour and self.in_a_day * 2 <= self.most_a_day


def rates(sender: Sender, at: datetime, rule: Rule) -> Rates:
    """Costs as many index rows as the limit, however many arrived."""
    flood = rule.flood
    usual = _usual_a_day(sender, at) * flood.times_the_usual
    most_an_hour = sender.expected_an_hour or max(flood.in_an_hour, usual // 24)
    most_a_day = max(flood.in_a_day, usual, (sender.expected_an_hour or 0) * 24)
    return Rates(
        _arrived(sender, at - HOUR, at, most_an_hour + 1),
        _arrived(sender, at - DAY, at, most_a_day + 1),
        most_an_hour,
        most_a_day,
    )


def _arrived(sender: Sender, after: datetime, until: datetime, most: int) -> int:
    """How many of the sender's arrivals, counted to `most`."""
    with connection.cursor() as cursor:  # asked twice for every arrival
        cursor.execute(_ARRIVED, [sender.pk, *map(connection.ops.adapt_datetimefield_value, (after, until)), most])
        return int(cursor.fetchone()[0])


def _usual_a_day(sender: Sender, at: datetime) -> int:
    """Its reports a day in the month before, which a flood of this month hasn't changed yet."""
    before = (at.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    found = prepared.find(SenderMonth, sender=sender.pk, month=before)
    return (found.received if found else 0) // DAYS_A_MONTH


@dataclass(frozen=True)
class SenderFlooded:
    """aside: how many of its reports that waited, unread and without a floor, stand in the lane now."""

    sender: UUID
    in_an_hour: int
    in_a_day: int
    aside: int


@act("sender.flooded", power="reports.rank")
def open_lane(by: Actor, sender: UUID, found: Rates, at: datetime) -> SenderFlooded:
    """The sender's reports have a lane of their own until it sends less; those of the last day that nobody has read join it."""
    row = Sender.objects.get(uuid=sender)
    Sender.objects.filter(id=row.id).update(lane=FLOOD, lane_since=at, lane_by=None, lane_text="")
    waiting = Report.objects.filter(
        sender=row,
        state=ReportState.NEW,
        lane="",
        first_read_at=None,
        received_at__gt=at - DAY,
        place__startswith="1.0.",
    )
    return SenderFlooded(sender, found.in_an_hour, found.in_a_day, put_aside(waiting, FLOOD))


def put_aside(reports: QuerySet[Report], lane: str) -> int:
    """How many were put into the lane, in one statement. They are ranked, and without a floor."""
    return reports.update(lane=lane, place=Concat(Value("1.1."), Substr("place", 5)))


def put_back(reports: QuerySet[Report]) -> int:
    """How many stand among everybody's again, where their axes put them."""
    return reports.exclude(lane="").update(
        lane="", place=Concat(Substr("place", 1, 2), Value("0."), Substr("place", 5))
    )


@dataclass(frozen=True)
class SenderCalmed:
    sender: UUID


@act("sender.calmed", power="reports.rank")
def close_lane(by: Actor, sender: UUID) -> SenderCalmed:
    """What comes from the sender now stands among everybody's; what came in its flood stays in the lane until it is decided."""
    Sender.objects.filter(uuid=sender, lane=FLOOD).update(lane="", lane_since=None)
    return SenderCalmed(sender)


def arrived(sender: Sender | None, at: datetime) -> bool:
    """Whether what just arrived from this sender came in a flood; its lane is opened where one begins. Within its transaction."""
    if sender is None:
        return False
    if sender.lane:
        return True
    found = rates(sender, at, rulings.current())
    if found.flood:
        open_lane(WORKER, sender.uuid, found, at)
    return found.flood


def calm_down(at: datetime) -> int:
    """How many floods have ended: a duty of the worker."""
    rule = rulings.current()
    ended = [each for each in Sender.objects.filter(lane=FLOOD) if rates(each, at, rule).calm]
    for each in ended:
        close_lane(WORKER, each.uuid)
    return len(ended)


def placed_for(report: UUID, placed: Placed, rule: Rule) -> Placed:
    """The place in everybody's queue, or aside where its sender's lane is open. Once somebody has read a report it stays there.

    One with a floor is lifted out while few of its sender's stand so; behind them it waits above everything without a floor. Of the
    others some are drawn, a few a day: read among everybody's, they must not make the others wait.
    """
    row = Report.objects.select_related("sender").filter(uuid=report).first()
    if row is None or row.first_read_at or row.state != ReportState.NEW:
        return placed
    lane = row.lane or (row.sender.lane if row.sender and not row.place else "")
    if not lane:
        return placed
    if placed.floor:
        return placed if _lifted(row) < rule.flood.lifted_at_once else placed.aside(lane)
    limits = rule.flood if lane == FLOOD else rule.serial
    drawn = is_drawn(months.seed(row.received_at), row.uuid, limits.sampled_in_1000)
    return placed if drawn and _sampled(row) < limits.sampled_a_day else placed.aside(lane)


def _sampled(report: Report) -> int:
    """How many of its sender's reports of the day before it stand among everybody's, drawn since the lane was opened."""
    assert report.sender
    since = max(report.received_at - DAY, report.sender.lane_since or report.received_at)
    arrived = Report.objects.filter(sender=report.sender, received_at__gte=since, received_at__lte=report.received_at)
    return arrived.filter(lane="", place__startswith="1.0.").exclude(id=report.id)[:1001].count()


def _lifted(report: Report) -> int:
    """How many reports of its sender stand lifted and unread."""
    found = Report.objects.filter(sender=report.sender, state=ReportState.NEW, lane="", place__startswith="0.0.")
    return found.filter(first_read_at=None).exclude(id=report.id)[:1001].count()


def lift_next(row: Report) -> UUID | None:
    """After a lifted report was read: the next of its sender's that have a floor stands in everybody's queue. No act of its own."""
    if row.sender_id is None or not row.place.startswith("0."):
        return None
    waiting = Report.objects.filter(
        sender=row.sender_id, state=ReportState.NEW, first_read_at=None, place__startswith="0.1."
    )
    following = waiting.exclude(lane="").order_by("place", "received_at").first()
    if following is None:
        return None
    Report.objects.filter(id=following.id).update(lane="", place=f"0.0.{following.place[4:]}")
    Ranking.objects.filter(report=following, current=True).update(changes_at=clock.now())
    return following.uuid


def urgency(abouts: Sequence[dict[str, Any]]) -> list[int]:
    """For the followers: how much later than usual the work after each of these acts is done, by the lane of its report."""
    named = [str(about.get("report") or about.get("origin") or "") for about in abouts]
    rows = Report.objects.filter(uuid__in=[each for each in set(named) if each])
    aside = {
        str(uuid)
        for uuid, lane, of_sender, place in rows.values_list("uuid", "lane", "sender__lane", "place")
        if (lane or (of_sender and not place)) and not place.startswith("0.")
    }
    return [ASIDE if each in aside else 0 for each in named]


@dataclass(frozen=True)
class Lane:
    """How many reports stand in a kind of lane, and how many senders have such a lane now (one at least, whose flood is over)."""

    lane: str
    reports: int
    senders: int


def lanes() -> tuple[Lane, ...]:
    """Those in which something waits; counted to MOST_COUNTED and one more."""
    found = []
    for lane in (FLOOD, SERIAL):
        waiting = Report.objects.filter(state=ReportState.NEW, hidden=False, lane=lane).order_by()
        if many := waiting[: MOST_COUNTED + 1].count():
            found.append(Lane(lane, many, max(1, Sender.objects.filter(lane=lane).count())))
    return tuple(found)
