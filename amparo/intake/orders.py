"""What would be asked about a line: only from whole events, never from one alone, and never by one person alone.

The text is made by machine from the tables, to be copied and never typed: transposed digits have sent police to the wrong door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.clock import as_text
from amparo.foundation.errors import Missing, Refused
from amparo.intake import moments
from amparo.intake.models import AddressOrder, IpEvent, Report
from amparo.intake.moments import EventFacts

# Two events of one session are one piece of evidence (IPCO 2017: ask for several events, not for one).
INDEPENDENT_AFTER = timedelta(minutes=30)


def obstacles_to_draft(events: Sequence[EventFacts], evidence: str) -> tuple[str, ...]:
    """Why these events can't be asked about yet, in sentences; empty when they can."""
    if not events:
        return ("Choose the events to be asked about.",)
    found = [f"{each.address}: {sentence}" for each in events for sentence in each.missing]
    if not found and not evidence.strip() and not independent(events):
        found.append(
            "One event alone, or several within half an hour, may be a slip: take another one, or say what else points "
            "to this line."
        )
    return tuple(found)


def independent(events: Sequence[EventFacts]) -> bool:
    """Whether two of these lie so far apart that they are two pieces of evidence."""
    at = sorted(each.time.moment.utc for each in events if each.time and each.time.moment.utc)
    return len(at) > 1 and at[-1] - at[0] >= INDEPENDENT_AFTER


@dataclass(frozen=True)
class OrderDrafted:
    order: UUID
    report: UUID
    events: tuple[UUID, ...]


@act("order.drafted", power="reports.triage")
def draft(by: Actor, report: UUID, events: Sequence[UUID], evidence: str = "") -> OrderDrafted:
    """These events, to be checked by a second person beside their sources. Refused with everything that is missing."""
    row = Report.objects.filter(uuid=report).first()
    if not row:
        raise Missing("There is no such report.", report=str(report))
    chosen = [each for each in moments.events(report) if each.uuid in set(events)]
    obstacles = obstacles_to_draft(chosen, evidence)
    if by.uuid is None:
        obstacles = ("Only a person drafts an order.",)
    if obstacles or by.uuid is None:
        raise Refused(*obstacles, report=str(report))
    order = AddressOrder.objects.create(
        report=row, evidence=evidence.strip(), drafted_by=by.uuid, drafted_at=clock.now()
    )
    order.events.set(IpEvent.objects.filter(uuid__in=[each.uuid for each in chosen]))
    return OrderDrafted(order.uuid, report, tuple(each.uuid for each in chosen))


@dataclass(frozen=True)
class OrderChecked:
    order: UUID
    report: UUID
    drafted_by: UUID


@act("order.checked", power="reports.triage")
def check(by: Actor, order: UUID) -> OrderChecked:
    """A second person has laid the events beside their sources: the text may be used."""
    row = _order(order)
    facts = _facts(row)
    obstacles = list(obstacles_to_check(row.drafted_by, by.uuid, row.checked_at))
    obstacles += obstacles_to_draft(facts.events, facts.evidence)  # a time may have been settled otherwise since
    if obstacles:
        raise Refused(*obstacles, order=str(order))
    row.checked_by, row.checked_at = by.uuid, clock.now()
    row.save()
    return OrderChecked(row.uuid, row.report.uuid, row.drafted_by)


def obstacles_to_check(drafted_by: UUID, by: UUID | None, checked_at: datetime | None) -> tuple[str, ...]:
    if checked_at:
        return ("It has been checked already.",)
    if by is None:
        return ("Only a person checks it.",)
    return (
        ("Whoever drafted it can't check it: another officer lays it beside the sources.",) if drafted_by == by else ()
    )


@dataclass(frozen=True)
class OrderFacts:
    """text: to be copied, once it was checked and while nothing in it is doubtful; else empty."""

    uuid: UUID
    report: UUID
    events: tuple[EventFacts, ...]
    evidence: str
    drafted_by: UUID
    drafted_at: datetime
    checked_by: UUID | None
    checked_at: datetime | None
    text: str


def of_report(report: UUID) -> tuple[OrderFacts, ...]:
    return tuple(_facts(row) for row in AddressOrder.objects.filter(report__uuid=report).prefetch_related("events"))


def _facts(row: AddressOrder) -> OrderFacts:
    chosen = set(row.events.values_list("uuid", flat=True))
    events = tuple(each for each in moments.events(row.report.uuid) if each.uuid in chosen)
    usable = row.checked_at is not None and not obstacles_to_draft(events, row.evidence)
    text = text_of(row.report.reference or "", events) if usable else ""
    return OrderFacts(
        row.uuid,
        row.report.uuid,
        events,
        row.evidence,
        row.drafted_by,
        row.drafted_at,
        row.checked_by,
        row.checked_at,
        text,
    )


def text_of(reference: str, events: Sequence[EventFacts]) -> str:
    """One line an event: address, port, UTC to the second, and what was written, so that the receiver can check our reading."""
    lines = [f"Reference: {reference}", "Address | source port | UTC | as written | zone, assumed by"]
    for each in events:
        if each.time and each.time.moment.utc:
            moment = each.time.moment
            utc = as_text(each.time.moment.utc)
            lines.append(f"{each.address} | {each.port} | {utc} | {moment.raw} | {moment.zone}, {moment.assumed_by}")
    return "\n".join(lines)


def _order(uuid: UUID) -> AddressOrder:
    row = AddressOrder.objects.select_related("report").filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such order.", order=str(uuid))
    return row
