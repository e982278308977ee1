"""The door of intake: what happens to a report, from its arrival to its end. Who may learn its sender: identities.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.custody import prepared
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.ids import new_id
from amparo.intake import folding, lanes, notices, rules, rulings, second_look, senders
from amparo.intake.models import Arrival, ArrivalState, Report, ReportState, SealedIdentity, WorkItem
from amparo.intake.rules import Finding
from amparo.intake.standing import clocks_moved, rank, rank_by
from amparo.intake.triage.signals import fold

__all__ = [
    "attach_to_case", "clocks_moved", "close_report", "open_work_item", "rank", "rank_by", "read_report", "record_export",
    "record_reading", "record_reply", "reopen_report", "return_reply", "settle_work_item", "take_in",
]  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """What the collector knows of an arrival: nothing of its sender, whose letter stays sealed.

    sender: a tag that tells one sender from another and names nobody (models.Sender); empty where there is none. report: the uuid
    that its report will have, where the door needs it before; else a new one.
    """

    arrival: UUID
    channel: str
    received_at: datetime
    digest: str | None
    size_bytes: int
    header_bytes: int
    reply_token_digest: str
    identity_letter: bytes
    sender: str = ""
    report: UUID | None = None


@dataclass(frozen=True)
class ArrivalTaken:
    """repeated: its original was there before. aside: it came in a flood, and is examined after everybody else's."""

    arrival: UUID
    report: UUID
    content: UUID | None
    channel: str
    size_bytes: int
    repeated: bool
    aside: bool = False


@act("arrival.taken_in", power="arrivals.take", savepoint=False)
def take_in(by: Actor, letter: Letter, content: UUID | None) -> ArrivalTaken:
    """The arrival stands in the ledger. The same original delivered again counts on its first line and makes no second one."""
    earlier = prepared.find(Arrival, digest=letter.digest) if letter.digest else None
    earlier = earlier or prepared.find(Arrival, uuid=letter.arrival)
    if earlier:
        if earlier.uuid != letter.arrival:
            earlier.deliveries += 1
            earlier.save(update_fields=["deliveries"])
        return ArrivalTaken(
            earlier.uuid, earlier.report_uuid, earlier.content, earlier.channel, earlier.size_bytes, True
        )
    arrival = prepared.write(
        Arrival(
            uuid=letter.arrival,
            channel=letter.channel,
            digest=letter.digest,
            size_bytes=letter.size_bytes,
            received_at=letter.received_at,
            taken_in_at=clock.now(),
            content=content,
            header_bytes=letter.header_bytes,
            reply_token_digest=letter.reply_token_digest,
            report_uuid=letter.report or new_id(),
            sender=senders.of_tag(letter.sender, letter.channel),
        )
    )
    if letter.identity_letter:
        SealedIdentity.objects.create(arrival=arrival, letter=letter.identity_letter)
    aside = lanes.arrived(arrival.sender, letter.received_at)
    return ArrivalTaken(arrival.uuid, arrival.report_uuid, content, letter.channel, letter.size_bytes, False, aside)


@dataclass(frozen=True)
class Text:
    """What was read of an arrival. sent_raw: when it says it was sent, as written. fields: what a form or platform states."""

    subject: str = ""
    body: str = ""
    source: str = "none"
    language: str = "unknown"
    sent_raw: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportReadOut:
    report: UUID
    arrival: UUID
    items: tuple[UUID, ...]
    work_items: int
    readable: bool


@act("report.read_out", power="reports.examine", savepoint=False)
def record_reading(
    by: Actor,
    arrival: UUID,
    text: Text,
    items: tuple[UUID, ...],
    findings: Iterable[Finding],
    ended: str = ArrivalState.REPORT,
) -> ReportReadOut:
    """The arrival is a report in the queue, with a work item for whatever could not be read. Refused if it has ended.

    ended: "report"; "unreadable" or "set_aside" where nothing could be read and a finding says why.
    """
    row = _unended(arrival)
    report = _new_report(row, text, len(items), ReportState.NEW)
    opened = [_open(report, finding) for finding in findings]
    row.state, row.ended_at = ended, clock.now()
    prepared.change(row, "state", "ended_at")
    return ReportReadOut(report.uuid, row.uuid, items, len(opened), ended == ArrivalState.REPORT)


@dataclass(frozen=True)
class ReplyArrived:
    """token_digest: SHA-256 of the lower-cased token of reply+TOKEN@. items: the reply's attachments, report: its text."""

    arrival: UUID
    report: UUID
    token_digest: str
    items: tuple[UUID, ...]


@act("reply.arrived", power="replies.take")
def record_reply(
    by: Actor, arrival: UUID, text: Text, items: tuple[UUID, ...], findings: Iterable[Finding]
) -> ReplyArrived:
    """The arrival is a reply to a package, kept off the queue and handed on; `return_reply` puts it there if nobody knows it."""
    row = _unended(arrival)
    report = _new_report(row, text, len(items), ReportState.REPLY)
    for finding in findings:
        _open(report, finding)
    row.state, row.ended_at = ArrivalState.REPLY, clock.now()
    prepared.change(row, "state", "ended_at")
    return ReplyArrived(row.uuid, report.uuid, row.reply_token_digest, items)


@dataclass(frozen=True)
class ReplyReturned:
    report: UUID


@act("reply.returned", power="replies.take")
def return_reply(by: Actor, report: UUID, sentence: str) -> ReplyReturned:
    """A reply that no package knows, or that can't be read, stands in the queue with a work item that says so."""
    row = _report(report)
    _open(row, Finding("unknown_reply", sentence[:500]))
    if row.state == ReportState.REPLY:
        row.state = ReportState.NEW
        row.save(update_fields=["state"])
    return ReplyReturned(row.uuid)


def _unended(arrival: UUID) -> Arrival:
    row = prepared.find(Arrival, uuid=arrival)
    if not row:
        raise Missing("There is no such arrival.", arrival=str(arrival))
    if row.state != ArrivalState.TAKEN_IN:
        raise Refused("This arrival has been read already.", arrival=str(arrival))
    return row


def _new_report(arrival: Arrival, text: Text, attachments: int, state: ReportState) -> Report:
    report = prepared.write(
        Report(
            uuid=arrival.report_uuid,
            arrival=arrival,
            received_at=arrival.received_at,
            channel=arrival.channel,
            sent_raw=text.sent_raw[:200],
            subject=text.subject[:500],
            text=text.body,
            text_source=text.source,
            language=text.language[:10],
            fields=dict(text.fields),
            sender_id=arrival.sender_id,
            attachments=attachments,
            state=state,
            drawn=second_look.is_drawn(arrival.report_uuid, arrival.received_at),
        )
    )
    report.reference = f"R-{report.received_at:%Y}-{report.pk:06d}"
    report.search_text = fold(f"{report.reference}\n{report.subject}\n{report.text}")
    prepared.change(report, "reference", "search_text")
    if arrival.sender_id is not None and state == ReportState.NEW:
        senders.add(arrival.sender_id, report.received_at.date(), received=1)
    return report


def _report(uuid: UUID) -> Report:
    row = Report.objects.filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such report.", report=str(uuid))
    return row


def _open(report: Report, finding: Finding) -> tuple[WorkItem, bool]:
    facts = {"sentence": finding.sentence[:500], "opened_at": clock.now()}
    if finding.item is None:
        return WorkItem.objects.create(report=report, kind=finding.kind, **facts), True
    return WorkItem.objects.get_or_create(report=report, item=finding.item, kind=finding.kind, defaults=facts)


@dataclass(frozen=True)
class WorkItemOpened:
    work_item: UUID
    report: UUID
    item: UUID | None
    kind: str


@act("work_item.opened", power="reports.examine")
def open_work_item(by: Actor, report: UUID, finding: Finding) -> WorkItemOpened:
    """A person has something to look at in this report; the same finding about the same item is opened once."""
    row, _ = _open(_report(report), finding)
    return WorkItemOpened(row.uuid, report, row.item, row.kind)


@dataclass(frozen=True)
class WorkItemSettled:
    work_item: UUID
    report: UUID
    reason: str


@act("work_item.settled", power="reports.triage")
def settle_work_item(by: Actor, work_item: UUID, reason: str, words: str = "") -> WorkItemSettled:
    """The work item is settled, and says how and by whom."""
    row = WorkItem.objects.select_related("report").filter(uuid=work_item).first()
    if not row:
        raise Missing("There is no such work item.", work_item=str(work_item))
    obstacles = rules.obstacles_to_reason(reason, words, rules.SETTLING)
    if row.settled_at:
        obstacles = ("This work item is settled already.",)
    if obstacles:
        raise Refused(*obstacles, work_item=str(work_item))
    row.settled_at, row.settled_by, row.settled_reason, row.settled_text = clock.now(), by.uuid, reason, words.strip()
    row.save()
    return WorkItemSettled(row.uuid, row.report.uuid, reason)


@dataclass(frozen=True)
class ReportRead:
    report: UUID
    first: bool


@act("report.read", power="reports.read")
def read_report(by: Actor, report: UUID) -> ReportRead:
    """That this officer reads the report; the first to do so stops its clock."""
    row = _report(report)
    first = row.first_read_at is None and by.uuid is not None
    if first:
        row.first_read_at, row.first_read_by = clock.now(), by.uuid
        row.save(update_fields=["first_read_at", "first_read_by"])
        lanes.lift_next(row)
    notices.saw(by.uuid, report)
    return ReportRead(row.uuid, first)


@dataclass(frozen=True)
class ReportClosed:
    """rule: the version of the rule in force, under which the report stood where it stood. folded: closed with it, behind it."""

    report: UUID
    reason: str
    rule: str
    folded: int


@act("report.closed", power="reports.close")
def close_report(by: Actor, report: UUID, reason: str, words: str = "") -> ReportClosed:
    """The report leaves the queue, with its reason, and so do those that were folded behind it; each can be opened again."""
    row = _report(report)
    obstacles = rules.obstacles_to_closing(row.state, row.work_items.filter(settled_at=None).count())
    obstacles += rules.obstacles_to_reason(reason, words, rules.CLOSING)
    if obstacles:
        raise Refused(*obstacles, report=str(report))
    row.state, row.closed_at, row.closed_by = ReportState.CLOSED, clock.now(), by.uuid
    row.closed_reason, row.closed_text = reason, words.strip()
    row.decided_under = rulings.current().version
    behind = folding.behind(row)
    if counted := senders.RESULTS.get(reason):
        senders.count(behind | Report.objects.filter(id=row.id), counted)
    folded = behind.update(
        state=row.state,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        closed_reason=reason,
        closed_text=row.closed_text,
        decided_under=row.decided_under,
    )
    row.save()
    folding.after_leaving(row)
    second_look.draw_closed(row)
    return ReportClosed(row.uuid, reason, row.decided_under, folded)


@dataclass(frozen=True)
class ReportReopened:
    report: UUID


@act("report.reopened", power="reports.close")
def reopen_report(by: Actor, report: UUID) -> ReportReopened:
    """A closed report is in the queue again."""
    row = _report(report)
    if row.state != ReportState.CLOSED:
        raise Refused("Only a closed report can be opened again.", report=str(report))
    if counted := senders.RESULTS.get(row.closed_reason):
        senders.count(Report.objects.filter(id=row.id), counted, -1)
    row.state, row.closed_at, row.closed_by, row.closed_reason, row.closed_text = ReportState.NEW, None, None, "", ""
    row.decided_under = ""
    # Whoever opens it again wants to see it: it stands by itself, whatever stood for it before.
    row.hidden, row.stands_alone = False, True
    row.save()
    return ReportReopened(row.uuid)


@dataclass(frozen=True)
class ReportTakenUp:
    report: UUID
    case: UUID
    rule: str
    folded: int


@act("report.taken_up", power="cases.open")
def attach_to_case(by: Actor, report: UUID, case: UUID) -> ReportTakenUp:
    """The report is part of the case and leaves the queue with those folded behind it; its open work items stay visible."""
    row = _report(report)
    if obstacles := rules.obstacles_to_taking_up(row.state, same_case=row.case == case):
        raise Refused(*obstacles, report=str(report))
    under, again = rulings.current().version, row.state == ReportState.IN_CASE
    if not again:
        senders.count(Report.objects.filter(id=row.id), "usable")
    folded = folding.behind(row).update(state=ReportState.IN_CASE, case=case, decided_under=under)
    row.state, row.case, row.decided_under = ReportState.IN_CASE, case, under
    row.save(update_fields=["state", "case", "decided_under"])
    folding.after_leaving(row)
    return ReportTakenUp(row.uuid, case, row.decided_under, folded)


@dataclass(frozen=True)
class QueueExported:
    rows: int


@act("queue.exported", power="reports.read")
def record_export(by: Actor, rows: int) -> QueueExported:
    """That this officer took a copy of the queue's rows out of the house."""
    return QueueExported(rows)
