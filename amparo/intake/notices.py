"""Word for one officer: what they took has changed, or its time is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from amparo.foundation import clock
from amparo.intake.models import Notice, Report, Sender

CODES = {
    "unread": "Nobody has read this report in its time",
    "undecided": "This report is undecided beyond its time",
    "late_fact": "Something new about this report",
    "answer": "The reporter has answered",
    "given": "This report was given to you",
    "drift": "A sender’s reports lost fields that they had",
    "lane": "A lane holds reports that nobody has read",
}


def tell(
    officer: UUID | None, code: str, *, report: Report | None = None, sender: Sender | None = None, words: str = ""
) -> None:
    """Word for this officer, once until they have seen it: a newer one about the same takes its place. No act of its own."""
    if officer is None:
        return
    unseen = Notice.objects.filter(officer=officer, code=code, report=report, sender=sender, seen_at=None)
    if not unseen.update(words=words[:300], at=clock.now()):
        Notice.objects.create(
            officer=officer, code=code, report=report, sender=sender, words=words[:300], at=clock.now()
        )


def tell_owner(report: UUID, code: str, words: str = "") -> None:
    """Word for whoever has the report, else for whoever read it first."""
    row = Report.objects.filter(uuid=report).first()
    if row is not None:
        tell(row.owner or row.first_read_by, code, report=row, words=words)


@dataclass(frozen=True)
class NoticeFacts:
    uuid: UUID
    code: str
    words: str
    at: datetime
    seen: bool
    report: UUID | None
    reference: str
    subject: str
    sender: UUID | None


def for_officer(officer: UUID, limit: int = 100) -> tuple[NoticeFacts, ...]:
    """What nobody but this officer was told, the unseen first, then the newest."""
    rows = (
        Notice.objects.filter(officer=officer)
        .select_related("report", "sender")
        .defer("report__text", "report__search_text")
    )
    newest = [*rows.filter(seen_at=None)[:limit], *rows.exclude(seen_at=None)[:limit]][:limit]
    return tuple(
        NoticeFacts(
            each.uuid,
            each.code,
            each.words,
            each.at,
            each.seen_at is not None,
            each.report.uuid if each.report else None,
            (each.report.reference or "") if each.report else "",
            each.report.subject if each.report else "",
            each.sender.uuid if each.sender else None,
        )
        for each in newest
    )


def unseen(officer: UUID | None) -> int:
    """How many; counted to 100."""
    return Notice.objects.filter(officer=officer, seen_at=None)[:100].count() if officer else 0


def saw(officer: UUID | None, report: UUID) -> None:
    """The officer has the report before them: what they were told of it is seen. No act: that they read it is one."""
    if officer:
        Notice.objects.filter(officer=officer, report__uuid=report, seen_at=None).update(seen_at=clock.now())
