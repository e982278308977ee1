"""Who sends how much of what: counts by sender and month. A person decides who is put aside; a machine only counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth

from amparo.access.acts import Actor, act
from amparo.custody import prepared
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import lanes, rulings
from amparo.intake.lanes import SERIAL
from amparo.intake.models import Report, ReportState, Sender, SenderMonth

# What became of a report, by why it was closed. A test message and "other" say nothing of its sender.
RESULTS = {
    "not_our_subject": "junk",
    "nothing_to_follow": "junk",
    "known_duplicate": "duplicate",
    "false_report": "false",
    "passed_on": "usable",
}


def of_tag(tag: str, kind: str) -> Sender | None:
    """The sender with this tag, known from now on; None for an arrival without one."""
    if not tag:
        return None
    known = prepared.find(Sender, tag=tag[:80])
    return known or Sender.objects.get_or_create(tag=tag[:80], defaults={"kind": kind[:20], "first_at": clock.now()})[0]


# --- Counting --------------------------------------------------------------------------------------------------------------


def count(reports: QuerySet[Report], what: str, times: int = 1) -> None:
    """These reports count as `what` for their senders, each in the month of its arrival; times=-1 takes that back.

    No act: whatever made them so is one.
    """
    by_month = reports.filter(sender__isnull=False).order_by().values("sender", month=TruncMonth("received_at"))
    for each in by_month.annotate(many=Count("id")):
        add(each["sender"], each["month"].date(), **{what: each["many"] * times})


def add(sender: int, day: date, **counts: int) -> None:
    """So many more of each count in the month of that day."""
    month = day.replace(day=1)
    if not prepared.add(SenderMonth, counts, sender=sender, month=month):
        SenderMonth.objects.get_or_create(sender_id=sender, month=month)
        prepared.add(SenderMonth, counts, sender=sender, month=month)


# --- Decided by people -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LaneSet:
    sender: UUID
    lane: str
    reports: int


@act("sender.lane_set", power="reports.triage")
def set_lane(by: Actor, sender: UUID, aside: bool, words: str) -> LaneSet:
    """The sender's reports get a lane of their own because they were false nearly always, or stand among everybody's again."""
    row = _sender(sender)
    if not words.strip():
        raise Refused("Say why, so that a colleague can understand it.", sender=str(sender))
    if by.uuid is None:
        raise Refused("Only a person puts a sender aside.", sender=str(sender))
    if aside == (row.lane == SERIAL):
        raise Refused("It stands so already.", sender=str(sender))
    Sender.objects.filter(id=row.id).update(
        lane=SERIAL if aside else "", lane_since=clock.now(), lane_by=by.uuid, lane_text=words.strip()[:500]
    )
    waiting = Report.objects.filter(sender=row, state=ReportState.NEW, first_read_at=None)
    plain = waiting.filter(lane="", place__startswith="1.0.")
    many = lanes.put_aside(plain, SERIAL) if aside else lanes.put_back(waiting)
    return LaneSet(sender, SERIAL if aside else "", many)


@dataclass(frozen=True)
class SenderNamed:
    sender: UUID
    expected_an_hour: int


@act("sender.named", power="reports.triage")
def name_sender(by: Actor, sender: UUID, name: str, expected_an_hour: int | None) -> SenderNamed:
    """What officers call this platform or partner, and how much of it is no flood. A reporter stays without a name."""
    row = _sender(sender)
    if name.strip() and row.kind == "mail":
        raise Refused(
            "Who writes mails to the line stays without a name here: open the identity with a reason instead."
        )
    if expected_an_hour is not None and not 1 <= expected_an_hour <= 1_000_000:
        raise Refused("Give how many an hour are usual, from 1 to 1,000,000, or nothing.")
    Sender.objects.filter(id=row.id).update(name=name.strip()[:120], expected_an_hour=expected_an_hour)
    return SenderNamed(sender, expected_an_hour or 0)


def _sender(uuid: UUID) -> Sender:
    row = Sender.objects.filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such sender.", sender=str(uuid))
    return row


# --- Reading ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quality:
    """A sender's month, or all of its months together. decided: those that somebody, not a machine, decided."""

    received: int = 0
    folded: int = 0
    usable: int = 0
    junk: int = 0
    duplicate: int = 0
    false: int = 0
    asked: int = 0
    given: int = 0

    @property
    def decided(self) -> int:
        return self.usable + self.junk + self.duplicate + self.false

    @property
    def complete_percent(self) -> int | None:
        return self.given * 100 // self.asked if self.asked else None

    def __add__(self, other: Quality) -> Quality:
        return Quality(*(mine + theirs for mine, theirs in zip(_counts(self), _counts(other), strict=True)))


def _counts(quality: Quality) -> tuple[int, ...]:
    return tuple(vars(quality).values())


@dataclass(frozen=True)
class SenderFacts:
    """proposed: its reports were false nearly always, so that an officer may want to put it aside."""

    uuid: UUID
    kind: str
    name: str
    first_at: datetime
    lane: str
    lane_since: datetime | None
    lane_by: UUID | None
    lane_text: str
    expected_an_hour: int | None
    waiting: int
    aside: int
    months: tuple[tuple[date, Quality], ...]
    proposed: bool

    @property
    def total(self) -> Quality:
        return sum((each for _, each in self.months), Quality())


def sender(uuid: UUID) -> SenderFacts:
    """Raises Missing."""
    return _facts([_sender(uuid)])[0]


def senders(month: date | None = None, limit: int = 200, kind: str = "") -> tuple[SenderFacts, ...]:
    """Those with a lane of their own first, then those who sent most in that month (the present one); of one kind, or of all."""
    day = (month or clock.now().date()).replace(day=1)
    months, apart = SenderMonth.objects.filter(month=day), Sender.objects.exclude(lane="")
    if kind:
        months, apart = months.filter(sender__kind=kind), apart.filter(kind=kind)
    most = months.order_by("-received").values_list("sender", flat=True)[:limit]
    aside = apart.values_list("id", flat=True)[:limit]
    order = list(dict.fromkeys((*aside, *most)))[:limit]
    rows = Sender.objects.in_bulk(order)
    return _facts([rows[each] for each in order])


def _facts(rows: Sequence[Sender]) -> tuple[SenderFacts, ...]:
    ids = [row.id for row in rows]
    found: dict[int, list[tuple[date, Quality]]] = {}
    for each in SenderMonth.objects.filter(sender__in=ids).order_by("-month"):
        counts = (
            each.received,
            each.folded,
            each.usable,
            each.junk,
            each.duplicate,
            each.false,
            each.asked,
            each.given,
        )
        found.setdefault(each.sender_id, []).append((each.month, Quality(*counts)))
    waiting = Report.objects.filter(sender__in=ids, state=ReportState.NEW).order_by()
    everywhere = dict(waiting.values_list("sender").annotate(Count("id")))
    aside = dict(waiting.exclude(lane="").values_list("sender").annotate(Count("id")))
    serial = rulings.current().serial
    made = []
    for row in rows:
        months_of = tuple(found.get(row.id, ()))
        total = sum((each for _, each in months_of), Quality())
        bad = total.false * 100 >= serial.proposed_from_percent * total.decided
        proposed = row.lane != SERIAL and total.decided >= serial.proposed_after and bad
        made.append(
            SenderFacts(
                row.uuid, row.kind, row.name, row.first_at, row.lane, row.lane_since, row.lane_by, row.lane_text,
                row.expected_an_hour, everywhere.get(row.id, 0), aside.get(row.id, 0), months_of, proposed,
            )
        )  # fmt: skip
    return tuple(made)


def result_of(row: Report) -> str:
    """What became of a decided report, as its sender's counts call it; "" where that says nothing of the sender."""
    return "usable" if row.state == ReportState.IN_CASE else RESULTS.get(row.closed_reason, "")
