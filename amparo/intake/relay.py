"""The talk with a reporter by mail: what comes in is added to its report, what an officer writes goes out by the courier.

The reporter never sees an officer's address, nor the officer the reporter's: what is written here names messages and arrivals, and
the courier alone opens the address behind one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import relay_queries as queries, relay_rules as rules
from amparo.intake.actions import Text
from amparo.intake.models import (
    Arrival,
    ArrivalState,
    ArrivedMail,
    RelayAddress,
    Report,
    ReportState,
    Sender,
    TalkMessage,
    WorkItem,
)
from amparo.intake.postmarks import Postmarks
from amparo.intake.relay_queries import Thread
from amparo.intake.rules import Finding
from amparo.intake.triage.signals import fold


def note_mail(arrival: UUID, postmarks: Postmarks, relay_digests: Iterable[str], return_letter: bytes) -> None:
    """The mail stands among mails, from the moment it is taken in. No act: the arrival's own says it."""
    ArrivedMail.objects.create(
        arrival=Arrival.objects.get(uuid=arrival),
        message_digest=postmarks.message,
        refers_to=list(postmarks.refers_to),
        relay_digests=list(relay_digests),
        signs=list(postmarks.signs),
        delivery=[list(each) for each in postmarks.delivery],
        return_letter=return_letter,
    )


def note_reading(
    arrival: UUID, *, opened: str, signed: str, forwarded: Iterable[dict[str, Any]], remarks: Iterable[str]
) -> None:
    """What reading the mail found besides its text. No act: it stands in the transaction of the reading's own."""
    ArrivedMail.objects.filter(arrival__uuid=arrival).update(
        opened=opened, signed=signed, forwarded=list(forwarded), remarks=list(remarks)
    )


# --- What comes in -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FollowUpAdded:
    """kind, joined_by: as models.TalkMessage says. reopened: the report was closed, and stands in the queue again."""

    arrival: UUID
    report: UUID
    message: UUID
    items: tuple[UUID, ...]
    kind: str
    joined_by: str
    work_items: int
    reopened: bool


@act("follow_up.added", power="reports.examine")
def add_follow_up(
    by: Actor, arrival: UUID, thread: Thread, text: Text, items: tuple[UUID, ...], findings: Iterable[Finding]
) -> FollowUpAdded:
    """The arrival is part of a report's talk; a person's words open it again and wait for a person. Refused if it has ended."""
    row, report = _unended(arrival), _report(thread.report)
    person = thread.kind == rules.PERSON
    about = TalkMessage.objects.filter(uuid=thread.about).first() if thread.about else None
    made = TalkMessage.objects.create(
        report=report,
        kind=thread.kind,
        at=row.received_at,
        arrival=row,
        joined_by=thread.joined_by,
        other_sender=_is_other(row, report),
        subject=text.subject[:500],
        text=text.body,
        language=text.language[:10],
        sent_raw=text.sent_raw[:200],
        items=[str(each) for each in items],
        about=about,
    )
    opened = [_open(report, finding) for finding in findings]
    reopened = False
    if person:
        opened += _wait_for_a_person(report)
        reopened = _reopen(report)
        said = fold(f"{made.subject}\n{made.text}")
        report.search_text = f"{report.search_text}\n{said}"
    report.attachments += len(items)
    report.save()
    if thread.kind == rules.BOUNCE and about:
        opened += _note_bounce(row, report, made, about)
    row.state = ArrivalState.FOLLOW_UP if person else ArrivalState.AUTOMATIC
    row.ended_at = clock.now()
    row.save(update_fields=["state", "ended_at"])
    return FollowUpAdded(row.uuid, report.uuid, made.uuid, items, thread.kind, thread.joined_by, len(opened), reopened)


def _open(report: Report, finding: Finding) -> WorkItem:
    """A work item for the finding; the same about the same item is opened once."""
    facts = {"sentence": finding.sentence[:500], "opened_at": clock.now()}
    if finding.item is None:
        return WorkItem.objects.create(report=report, kind=finding.kind, **facts)
    return WorkItem.objects.get_or_create(report=report, item=finding.item, kind=finding.kind, defaults=facts)[0]


def _is_other(arrival: Arrival, report: Report) -> bool | None:
    """Whether it was sent from another address than the report; None where either has none."""
    first = report.arrival.sender_id
    return None if arrival.sender_id is None or first is None else arrival.sender_id != first


def _wait_for_a_person(report: Report) -> list[WorkItem]:
    """One work item, however often a reporter writes before somebody reads."""
    if report.work_items.filter(kind="follow_up", settled_at=None).exists():
        return []
    return [_open(report, Finding("follow_up", "The reporter wrote again: read the talk."))]


def _reopen(report: Report) -> bool:
    """A closed report stands in the queue again, by itself; one folded behind another comes out from there."""
    report.hidden, report.stands_alone = False, report.stands_alone or report.hidden
    if report.state != ReportState.CLOSED:
        return False
    report.state, report.closed_at, report.closed_by = ReportState.NEW, None, None
    report.closed_reason, report.closed_text, report.stands_alone = "", "", True
    return True


def _note_bounce(arrival: Arrival, report: Report, bounce: TalkMessage, sent: TalkMessage) -> list[WorkItem]:
    """The message that came back says so; an officer's answer that is lost waits for a person."""
    mail = ArrivedMail.objects.filter(arrival=arrival).first()
    lost, status = rules.outcome_of_bounce([(each[0], each[1]) for each in mail.delivery] if mail else ())
    bounce.reason = rules.why_returned(status)
    bounce.save(update_fields=["reason"])
    if not lost or sent.state not in (rules.SENT, rules.WAITING):
        return []
    sent.state, sent.state_at, sent.reason = rules.RETURNED, clock.now(), bounce.reason
    sent.save(update_fields=["state", "state_at", "reason"])
    if sent.kind == rules.RECEIPT:
        return []
    return [_open(report, Finding("answer_lost", f"An answer to the reporter came back: {bounce.reason}."))]


@dataclass(frozen=True)
class MachineMailKept:
    arrival: UUID
    report: UUID


@act("machine_mail.kept", power="reports.examine")
def keep_machine_mail(by: Actor, arrival: UUID) -> MachineMailKept:
    """A delivery report about no mail of ours is kept, sealed, and nothing more: somebody else's mail bore our address."""
    row = _unended(arrival)
    row.state, row.ended_at = ArrivalState.AUTOMATIC, clock.now()
    row.save(update_fields=["state", "ended_at"])
    return MachineMailKept(row.uuid, row.report_uuid)


@dataclass(frozen=True)
class MessageSetApart:
    message: UUID
    arrival: UUID
    report: UUID
    own_report: UUID


@act("message.set_apart", power="reports.triage")
def set_apart(by: Actor, message: UUID) -> MessageSetApart:
    """What was taken for a part of this talk is read again as a report of its own; it stays visible here, too."""
    row = TalkMessage.objects.select_related("report", "arrival").filter(uuid=message).first()
    if row is None or row.arrival is None:
        raise Missing("There is no such message.", message=str(message))
    mail = ArrivedMail.objects.filter(arrival=row.arrival).first()
    if mail is None or mail.apart or row.kind != rules.PERSON:
        raise Refused("This message can't be set apart: it is no mail of a person, or was set apart before.")
    mail.apart = True
    mail.save(update_fields=["apart"])
    row.arrival.state, row.arrival.ended_at = ArrivalState.TAKEN_IN, None
    row.arrival.save(update_fields=["state", "ended_at"])
    return MessageSetApart(row.uuid, row.arrival.uuid, row.report.uuid, row.arrival.report_uuid)


# --- What goes out ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AnswerWritten:
    message: UUID
    report: UUID
    to: UUID


@act("answer.written", power="reports.answer")
def answer(by: Actor, report: UUID, words: str, language: str, to: UUID | None = None) -> AnswerWritten:
    """The courier will send these words to whoever sent the arrival `to`, else to the likeliest. Refused with every reason."""
    row, choices = _report(report), queries.reachable(report)
    obstacles = rules.obstacles_to_answering(words, state=row.state, reachable=bool(choices))
    chosen = next((each for each in choices if to in (None, each.arrival)), None)
    if not chosen and not obstacles:
        obstacles = ("Choose to whom the answer goes.",)
    if obstacles or chosen is None:
        raise Refused(*obstacles, report=str(report))
    made = _to_be_sent(row, rules.ANSWER, chosen.arrival, words.strip(), language, by.uuid)
    return AnswerWritten(made.uuid, row.uuid, chosen.arrival)


@dataclass(frozen=True)
class ReceiptAsked:
    message: UUID
    report: UUID


@act("receipt.asked", power="receipts.ask")
def ask_receipt(by: Actor, report: UUID, words: str, language: str) -> ReceiptAsked:
    """The reporter will be told that the mail arrived. Refused where a machine wrote it, or the address had one within the hour."""
    row = _report(report)
    # Two reports of one sender, read by two workers at once: the second waits here and then sees the first's receipt.
    Sender.objects.select_for_update().filter(arrivals=row.arrival).first()
    mail = queries.mail_of(row.arrival.uuid)
    choices = queries.reachable(report)
    if mail is None or not choices or not rules.may_be_receipted(mail.signs):
        raise Refused("This report gets no receipt: no person is known to wait for one.", report=str(report))
    if queries.had_receipt(row.arrival.uuid, clock.now()):
        raise Refused("This address had a receipt within the hour.", report=str(report))
    made = _to_be_sent(row, rules.RECEIPT, row.arrival.uuid, words, language, None)
    return ReceiptAsked(made.uuid, row.uuid)


def _to_be_sent(report: Report, kind: str, to: UUID, words: str, language: str, author: UUID | None) -> TalkMessage:
    return TalkMessage.objects.create(
        report=report,
        kind=kind,
        at=clock.now(),
        text=words,
        language=language[:10],
        author=author,
        answers=Arrival.objects.get(uuid=to),
        state=rules.WAITING,
        state_at=clock.now(),
    )


def prepare(message: UUID, relay_digest: str, back_digest: str, message_digest: str) -> None:
    """Afterwards an answer to this message is known by each of the three. To be committed before the mail leaves.

    No act: nothing has left yet.
    """
    with transaction.atomic():
        row = TalkMessage.objects.select_related("report").get(uuid=message)
        kept = {"digest": relay_digest}
        RelayAddress.objects.update_or_create(
            report=row.report, defaults=kept, create_defaults={**kept, "made_at": clock.now()}
        )
        row.return_digest, row.message_digest = back_digest, message_digest
        row.tries += 1
        row.save(update_fields=["return_digest", "message_digest", "tries"])


@dataclass(frozen=True)
class AnswerSent:
    message: UUID
    report: UUID
    kind: str


@act("answer.sent", power="answers.deliver")
def record_sent(by: Actor, message: UUID) -> AnswerSent:
    """The house's mail server has taken it."""
    row = _waiting(message)
    row.state, row.state_at, row.reason = rules.SENT, clock.now(), ""
    row.save(update_fields=["state", "state_at", "reason"])
    return AnswerSent(row.uuid, row.report.uuid, row.kind)


@dataclass(frozen=True)
class AnswerFailed:
    message: UUID
    report: UUID
    kind: str


@act("answer.failed", power="answers.deliver")
def record_failed(by: Actor, message: UUID, sentence: str) -> AnswerFailed:
    """It could not be sent, and is not tried again; an officer's answer waits for a person."""
    row = _waiting(message)
    row.state, row.state_at, row.reason = rules.FAILED, clock.now(), sentence[:300]
    row.save(update_fields=["state", "state_at", "reason"])
    if row.kind == rules.ANSWER:
        _open(row.report, Finding("answer_lost", f"An answer to the reporter could not be sent. {sentence}"[:500]))
    return AnswerFailed(row.uuid, row.report.uuid, row.kind)


def _waiting(message: UUID) -> TalkMessage:
    row = TalkMessage.objects.select_related("report").filter(uuid=message).first()
    if row is None:
        raise Missing("There is no such message.", message=str(message))
    if row.state != rules.WAITING:
        raise Refused("This message waits no more.", message=str(message))
    return row


def _unended(arrival: UUID) -> Arrival:
    row = Arrival.objects.select_for_update().filter(uuid=arrival).first()
    if row is None:
        raise Missing("There is no such arrival.", arrival=str(arrival))
    if row.state != ArrivalState.TAKEN_IN:
        raise Refused("This arrival has been read already.", arrival=str(arrival))
    return row


def _report(uuid: UUID) -> Report:
    row = Report.objects.select_for_update().select_related("arrival").filter(uuid=uuid).first()
    if row is None:
        raise Missing("There is no such report.", report=str(uuid))
    return row
