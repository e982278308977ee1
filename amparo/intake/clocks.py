"""Clocks: how long a report may wait, who takes it, and who is told by name when its time is over. Nothing expires in silence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from amparo.access import queries as access
from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import notices, rulings
from amparo.intake.models import Duty, Ranking, Report, ReportState, Sender
from amparo.intake.triage import Band, Rule
from amparo.intake.triage.axes import in_words

SUPERVISOR = "supervisor"
LANE_TOLD_EVERY = timedelta(days=1)
MOST_AT_ONCE = 100
WORKER = Actor.of_process("worker")


# --- Who has a report ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReportGiven:
    report: UUID
    officer: UUID | None


@act("report.given", power="reports.triage")
def give(by: Actor, report: UUID, officer: UUID | None) -> ReportGiven:
    """This officer has the report from now on: what changes about it is told them. None: nobody has it again."""
    row = _report(report)
    if row.state != ReportState.NEW:
        raise Refused("This report is decided: nobody has to have it.", report=str(report))
    if officer is not None:
        facts = access.officer(officer)
        if not facts.active:
            raise Refused(f"{facts.name} no longer works here.", report=str(report))
    if row.owner == officer:
        raise Refused("It is so already.", report=str(report))
    Report.objects.filter(id=row.id).update(owner=officer)
    if officer is not None and officer != by.uuid:
        notices.tell(officer, "given", report=row)
    return ReportGiven(report, officer)


# --- Who is told ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DutySet:
    officer: UUID


@act("duty.set", power="officers.manage")
def set_duty(by: Actor, officer: UUID) -> DutySet:
    """This officer is told, by name, when a time is over, wherever the rule names nobody else."""
    facts = access.officer(officer)
    if not facts.active:
        raise Refused(f"{facts.name} no longer works here.")
    if "reports.read" not in access.officer_actor(officer).powers:
        raise Refused(f"{facts.name} may not read reports.")
    Duty.objects.create(officer=officer, since=clock.now(), set_by=by.uuid)
    return DutySet(officer)


def on_duty() -> UUID | None:
    """The officer on duty; else the first supervisor; None where there is neither, which the page Clocks says aloud."""
    active = {each.uuid: each for each in access.officers() if each.active}
    chosen = Duty.objects.values_list("officer", flat=True).first()
    if chosen in active:
        return chosen
    return next((uuid for uuid, each in active.items() if SUPERVISOR in each.roles), None)


def told_for(band: Band | None) -> UUID | None:
    """Whom this band's reports are escalated to: the officer that the rule names, while they work here, else whoever is on duty."""
    if band is not None and band.escalate_to != SUPERVISOR:
        try:
            named = access.officer_named(band.escalate_to)
        except Missing:
            return on_duty()
        return named.uuid if named.active else on_duty()
    return on_duty()


def band_of(name: str, rule: Rule) -> Band | None:
    """The band of that name; None for one of another rule."""
    return next((band for band in rule.bands if band.name == name), None)


# --- When a time is over ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReportEscalated:
    """to: None where nobody could be told. clock: "unread" or "undecided". times: how often so far."""

    report: UUID
    to: UUID | None
    band: str
    clock: str
    times: int


@act("report.escalated", power="reports.rank")
def escalate(by: Actor, report: UUID, at: datetime) -> ReportEscalated:
    """A named person is told that this report's time is over; and again after the same time, until somebody acts."""
    row = _report(report)
    band = band_of(row.band, rulings.current())
    to, unread = told_for(band), row.first_read_at is None
    within = (band.look_within if unread else band.decide_within) if band else timedelta(days=1)
    Report.objects.filter(id=row.id).update(
        escalated_at=at, escalated_to=to, escalations=row.escalations + 1, escalate_at=at + within
    )
    words = f"{'Unread' if unread else 'Undecided'} for {in_words(at - row.received_at)}; {in_words(within)} allowed"
    notices.tell(to, "unread" if unread else "undecided", report=row, words=words)
    return ReportEscalated(report, to, row.band, "unread" if unread else "undecided", row.escalations + 1)


def late(at: datetime) -> tuple[UUID, ...]:
    """Reports whose time is over and of whom nobody was told for it yet, the longest over first."""
    due = Report.objects.filter(state=ReportState.NEW, escalate_at__lte=at, hidden=False, lane="")
    return tuple(due.order_by("escalate_at").values_list("uuid", flat=True)[:MOST_AT_ONCE])


def next_at(row: Report, look_by: datetime | None, decide_by: datetime | None) -> datetime | None:
    """When somebody is told next, after the report was ranked: its limit, or later where that was told already."""
    limit = look_by if row.first_read_at is None else decide_by
    told = row.escalated_at is not None and limit is not None and row.escalated_at >= limit
    return row.escalate_at if told else limit


@dataclass(frozen=True)
class LaneEscalated:
    sender: UUID
    to: UUID | None
    reports: int


@act("lane.escalated", power="reports.rank")
def escalate_lane(by: Actor, sender: UUID, at: datetime) -> LaneEscalated:
    """A named person is told once a day what a lane holds that nobody has read: its reports have no clocks of their own."""
    row = Sender.objects.get(uuid=sender)
    waiting = _aside().filter(sender=row)
    found = waiting.aggregate(many=Count("id"), since=Min("received_at"))
    to = on_duty()
    Sender.objects.filter(id=row.id).update(told_at=at)
    words = f"{found['many']} unread, the oldest for {in_words(at - found['since'])}" if found["since"] else ""
    notices.tell(to, "lane", sender=row, words=words)
    return LaneEscalated(sender, to, found["many"])


def untold_lanes(at: datetime) -> tuple[UUID, ...]:
    """Senders in whose lanes something has waited unread for a day, and of which nobody was told for a day."""
    before = at - LANE_TOLD_EVERY
    holding = _aside().filter(received_at__lte=before).values("sender")
    untold = Sender.objects.filter(Q(told_at=None) | Q(told_at__lte=before), id__in=holding)
    return tuple(untold.values_list("uuid", flat=True)[:MOST_AT_ONCE])


def _aside() -> QuerySet[Report]:
    return Report.objects.filter(state=ReportState.NEW, hidden=False, first_read_at=None).exclude(lane="")


# --- Reading ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BandFacts:
    """A band of the rule in force: how many reports wait in it, and how many of those are late."""

    name: str
    look_within: timedelta
    decide_within: timedelta
    told: UUID | None
    waiting: int
    unread: int
    late: int


def bands(at: datetime) -> tuple[BandFacts, ...]:
    """In the rule's order."""
    rule = rulings.current()
    waiting = Report.objects.filter(state=ReportState.NEW, hidden=False, lane="").order_by()
    unread = Q(first_read_at=None)
    over = (unread & Q(look_by__lte=at)) | (~unread & Q(decide_by__lte=at))
    counted = waiting.values("band").annotate(
        waiting=Count("id"), unread=Count("id", filter=unread), late=Count("id", filter=over)
    )
    found = {each["band"]: (each["waiting"], each["unread"], each["late"]) for each in counted}
    return tuple(
        BandFacts(band.name, band.look_within, band.decide_within, told_for(band), *found.get(band.name, (0, 0, 0)))
        for band in rule.bands
    )


@dataclass(frozen=True)
class Escalation:
    report: UUID
    reference: str
    subject: str
    band: str
    at: datetime
    to: UUID | None
    times: int
    unread: bool


def escalations(limit: int = 100) -> tuple[Escalation, ...]:
    """Reports of which somebody was told and that still wait, the last told first."""
    rows = Report.objects.filter(state=ReportState.NEW, escalated_at__isnull=False).order_by("-escalated_at")
    return tuple(
        Escalation(
            row.uuid, row.reference or "", row.subject, row.band, row.escalated_at, row.escalated_to, row.escalations,
            row.first_read_at is None,
        )
        for row in rows.only(
            "uuid", "reference", "subject", "band", "escalated_at", "escalated_to", "escalations", "first_read_at"
        )[:limit]
        if row.escalated_at
    )  # fmt: skip


def owned_by(officer: UUID) -> tuple[Report, ...]:
    """What this officer has, as it stands in the queue."""
    rows = Report.objects.filter(owner=officer, state=ReportState.NEW).defer("text", "search_text")
    return tuple(rows.order_by("place", "received_at")[:200])


def raised(before: Ranking | None, after: dict[str, str]) -> list[str]:
    """The axes but the clock that stand higher than before. after: axis to level."""
    if before is None:
        return []
    levels = ("high", "some", "unknown", "none")
    was = {"danger": before.danger, "actionable": before.actionable, "new": before.novelty}
    return [name for name, level in was.items() if levels.index(after[name]) < levels.index(level)]


def _report(uuid: UUID) -> Report:
    row = Report.objects.filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such report.", report=str(uuid))
    return row
