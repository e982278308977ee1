"""Which report a reporter's mailbox belongs to, and how to seal an answer to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from amparo.intake.models import ReporterMailbox


@dataclass(frozen=True)
class MailboxFacts:
    """public: what answers are sealed to."""

    mailbox: UUID
    public: bytes = field(repr=False)


def report_of(mailbox: UUID) -> UUID | None:
    """The uuid of the report; None where the code behind this mailbox was never sent anything with."""
    row = ReporterMailbox.objects.select_related("report").filter(mailbox=mailbox).first()
    return row.report.uuid if row else None


def mailbox_of(report: UUID) -> MailboxFacts | None:
    """None for a report whose reporter holds no code."""
    row = ReporterMailbox.objects.filter(report__uuid=report).first()
    return MailboxFacts(row.mailbox, bytes(row.public)) if row else None
