"""Which talk a mail belongs to, and what was said in it. By a relay address or by Message-IDs alone, never by subject or sender."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from amparo.foundation.errors import Missing
from amparo.intake import relay_rules as rules
from amparo.intake.mailbox_queries import MailboxFacts, mailbox_of
from amparo.intake.models import Arrival, ArrivalState, ArrivedMail, RelayAddress, Report, ReportState, TalkMessage
from amparo.intake.relay_letters import words

SHOWN = 200
OUTGOING = (rules.ANSWER, rules.RECEIPT)


@dataclass(frozen=True)
class Thread:
    """The talk that a mail belongs to. report: whose; `waits`: it is not read yet. about: the sent message that it answers."""

    report: UUID
    joined_by: str
    kind: str
    about: UUID | None = None
    waits: bool = False


def thread_of(arrival: UUID) -> Thread | None:
    """None for a mail that begins a report of its own."""
    mail = ArrivedMail.objects.select_related("arrival").filter(arrival__uuid=arrival).first()
    if mail is None or mail.apart:
        return None
    ours = _sent(mail.message_digest)
    kind = rules.kind_of(mail.signs, is_ours=ours is not None)
    return (
        (Thread(ours.report.uuid, "reference", kind, ours.uuid) if ours else None)
        or _by_address(mail.relay_digests, kind)
        or _by_reference(mail, kind)
    )


def _by_address(digests: Iterable[str], kind: str) -> Thread | None:
    """By the report's address, or by the one that a mail of ours comes back to."""
    for digest in digests:
        relay = RelayAddress.objects.select_related("report").filter(digest=digest).first()
        if relay and compare_digest(relay.digest, digest):
            return Thread(relay.report.uuid, "token", kind)
        sent = TalkMessage.objects.select_related("report").filter(return_digest=digest).first()
        if sent and sent.return_digest and compare_digest(sent.return_digest, digest):
            return Thread(sent.report.uuid, "token", kind, sent.uuid)
    return None


def _by_reference(mail: ArrivedMail, kind: str) -> Thread | None:
    """By the nearest mail it names that this house knows. A machine's mail answers ours, or stands alone.

    A platform's notices name each other, and each is a report.
    """
    for digest in mail.refers_to:
        if sent := _sent(digest):
            return Thread(sent.report.uuid, "reference", kind, sent.uuid)
        if kind == rules.PERSON and (earlier := _earlier(digest, mail.arrival_id)):
            return earlier
    return None


def _sent(digest: str) -> TalkMessage | None:
    """The message that went out under the Message-ID with this digest."""
    if not digest:
        return None
    return TalkMessage.objects.select_related("report").filter(message_digest=digest, kind__in=OUTGOING).first()


def _earlier(digest: str, other_than: int) -> Thread | None:
    """The talk of the first mail that came in under that Message-ID."""
    mails = ArrivedMail.objects.select_related("arrival").filter(message_digest=digest)
    earlier = mails.exclude(arrival_id=other_than).order_by("id").first()
    if earlier is None or earlier.arrival.state in (ArrivalState.REPLY, ArrivalState.AUTOMATIC):
        return None
    said = TalkMessage.objects.select_related("report").filter(arrival_id=earlier.arrival_id).first()
    if said:
        return Thread(said.report.uuid, "reference", rules.PERSON)
    waits = earlier.arrival.state == ArrivalState.TAKEN_IN
    return Thread(earlier.arrival.report_uuid, "reference", rules.PERSON, waits=waits)


# --- What was said ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MessageFacts:
    """One message of a talk; fields as models.TalkMessage says."""

    uuid: UUID
    report: UUID
    kind: str
    at: datetime
    arrival: UUID | None
    joined_by: str
    other_sender: bool | None
    subject: str
    text: str
    language: str
    items: tuple[UUID, ...]
    author: UUID | None
    answers: UUID | None
    state: str
    state_at: datetime | None
    reason: str

    @property
    def outgoing(self) -> bool:
        return self.kind in OUTGOING


def talk(report: UUID) -> tuple[MessageFacts, ...]:
    """What came after the report and what went back, oldest first; the newest SHOWN where there is more."""
    newest = (
        TalkMessage.objects.select_related("report", "arrival", "answers").filter(report__uuid=report).order_by("-id")
    )
    return tuple(_facts(each) for each in reversed(newest[:SHOWN]))


def messages_in_all(report: UUID) -> int:
    return TalkMessage.objects.filter(report__uuid=report).count()


def message(uuid: UUID) -> MessageFacts:
    """Raises Missing."""
    row = TalkMessage.objects.select_related("report", "arrival", "answers").filter(uuid=uuid).first()
    if row is None:
        raise Missing("There is no such message.", message=str(uuid))
    return _facts(row)


def _facts(row: TalkMessage) -> MessageFacts:
    return MessageFacts(
        row.uuid,
        row.report.uuid,
        row.kind,
        row.at,
        row.arrival.uuid if row.arrival else None,
        row.joined_by,
        row.other_sender,
        row.subject,
        row.text,
        row.language,
        tuple(UUID(each) for each in row.items),
        row.author,
        row.answers.uuid if row.answers else None,
        row.state,
        row.state_at,
        row.reason,
    )


def words_of(report: UUID) -> tuple[str, ...]:
    """What people wrote after the report, oldest first, without what they quote of ours: it counts as the report's text does."""
    said = TalkMessage.objects.filter(report__uuid=report).order_by("id").values_list("kind", "text", "language")
    by_people = [text for kind, text, _ in said if kind == rules.PERSON][:SHOWN]
    if not by_people:
        return ()
    ours = [piece for kind, text, language in said if kind in OUTGOING for piece in (text, "--", words(language).foot)]
    return tuple(rules.own_words(text, ours) for text in by_people)


@dataclass(frozen=True)
class Reachable:
    """An arrival to whose sender an answer can go. other_sender: as models.TalkMessage; None for the report itself."""

    arrival: UUID
    at: datetime
    is_report: bool
    other_sender: bool | None


def reachable(report: UUID) -> tuple[Reachable, ...]:
    """To whom an answer may go, the likeliest first: whoever wrote last from the report's own address, else who sent the report.

    A mail from another address never moves the answers by itself: who knows of the talk need not be who reported.
    """
    row = Report.objects.select_related("arrival").filter(uuid=report).first()
    if row is None:
        return ()
    if mailbox_of(report):
        return (Reachable(row.arrival.uuid, row.received_at, True, None),)
    said = TalkMessage.objects.filter(report=row, kind=rules.PERSON, arrival__isnull=False).select_related("arrival")
    mails = _with_return_letters([row.arrival_id, *(each.arrival_id for each in said if each.arrival_id)])
    own = [Reachable(row.arrival.uuid, row.received_at, True, None)] if row.arrival_id in mails else []
    later = [
        Reachable(each.arrival.uuid, each.at, False, each.other_sender)
        for each in said.order_by("-id")[:20]
        if each.arrival and each.arrival_id in mails
    ]
    same = [each for each in later if each.other_sender is False]
    return (*same[:1], *own, *(each for each in later if each.other_sender is not False))


def _with_return_letters(arrivals: list[int]) -> set[int]:
    found = ArrivedMail.objects.filter(arrival_id__in=arrivals).exclude(return_letter=b"")
    return set(found.values_list("arrival_id", flat=True))


@dataclass(frozen=True)
class MailFacts:
    """What is known of a report's mail besides its text; see models.ArrivedMail."""

    signs: tuple[str, ...]
    opened: str
    signed: str
    forwarded: tuple[dict[str, Any], ...]
    remarks: tuple[str, ...]


def mail_of(arrival: UUID) -> MailFacts | None:
    """None for an arrival that is no mail."""
    row = ArrivedMail.objects.filter(arrival__uuid=arrival).first()
    if row is None:
        return None
    return MailFacts(tuple(row.signs), row.opened, row.signed, tuple(row.forwarded), tuple(row.remarks))


@dataclass(frozen=True)
class Outgoing:
    """What the courier needs of a message that waits: whose talk, to whom, what. mailbox: of a reporter who holds a code."""

    message: UUID
    report: UUID
    arrival: UUID
    return_letter: bytes
    kind: str
    language: str
    text: str
    written_at: datetime
    tries: int
    mailbox: MailboxFacts | None = None


def outgoing(message: UUID) -> Outgoing | None:
    """None for a message that was sent, given up or never was to be sent."""
    row = TalkMessage.objects.select_related("report", "answers").filter(uuid=message).first()
    if row is None or row.state != rules.WAITING or row.answers is None:
        return None
    mail = ArrivedMail.objects.filter(arrival=row.answers).first()
    letter = bytes(mail.return_letter) if mail else b""
    return Outgoing(
        row.uuid,
        row.report.uuid,
        row.answers.uuid,
        letter,
        row.kind,
        row.language,
        row.text,
        row.at,
        row.tries,
        mailbox_of(row.report.uuid),
    )


def had_receipt(arrival: UUID, at: datetime) -> bool:
    """Whether somebody with this arrival's address was sent a receipt within RECEIPTS_APART before `at`, or it has no address."""
    row = Arrival.objects.filter(uuid=arrival).first()
    if row is None or row.sender_id is None:
        return True
    since: datetime = at - timedelta(seconds=rules.RECEIPTS_APART.total_seconds())
    return TalkMessage.objects.filter(kind=rules.RECEIPT, answers__sender_id=row.sender_id, at__gt=since).exists()


def is_a_report(uuid: UUID) -> bool:
    """Whether there is such a report, and it is none that holds a partner's reply."""
    return Report.objects.filter(uuid=uuid).exclude(state=ReportState.REPLY).exists()
