"""Reading the queue, a report, what waits for a person, and the ledger of arrivals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from amparo.foundation.errors import Missing
from amparo.intake import relay_queries
from amparo.intake.models import (
    Arrival,
    ArrivalState,
    IdentityRequest,
    Ranking,
    Report,
    ReportState,
    SealedIdentity,
    WorkItem,
)
from amparo.intake.queue_queries import axes_of
from amparo.intake.triage import Axis


@dataclass(frozen=True)
class WorkItemFacts:
    uuid: UUID
    report: UUID
    report_reference: str
    item: UUID | None
    kind: str
    sentence: str
    opened_at: datetime
    settled_at: datetime | None
    settled_by: UUID | None
    settled_reason: str
    settled_text: str


@dataclass(frozen=True)
class ArrivalFacts:
    """An arrival's line in the ledger. original_sha256: of the whole original; content: the sealed item that holds its text."""

    uuid: UUID
    channel: str
    state: str
    original_sha256: str
    size_bytes: int
    deliveries: int
    received_at: datetime
    taken_in_at: datetime
    ended_at: datetime | None
    content: UUID | None
    header_bytes: int
    report: UUID
    has_identity: bool


@dataclass(frozen=True)
class RankingFacts:
    rule_version: str
    axes: dict[str, Axis]
    floor: str
    position: str
    band: str
    lane: str
    at: datetime


@dataclass(frozen=True)
class ReportFacts:
    uuid: UUID
    reference: str
    received_at: datetime
    channel: str
    subject: str
    text: str
    text_source: str
    language: str
    sent_raw: str
    fields: dict[str, Any]
    state: str
    attachments: int
    first_read_at: datetime | None
    first_read_by: UUID | None
    owner: UUID | None
    raised_by: UUID | None
    raised_text: str
    look_by: datetime | None
    decide_by: datetime | None
    escalated_at: datetime | None
    escalated_to: UUID | None
    decided_under: str
    case: UUID | None
    closed_at: datetime | None
    closed_by: UUID | None
    closed_reason: str
    closed_text: str
    arrival: ArrivalFacts
    ranking: RankingFacts | None
    work_items: tuple[WorkItemFacts, ...]
    later: tuple[str, ...] = ()  # what people wrote after it, in its talk

    @property
    def words(self) -> str:
        """All that was said: by it, and after it in its talk."""
        return "\n".join((self.said_heading, self.text, *self.later))

    @property
    def said_heading(self) -> str:
        """The heading where the sender wrote it; "" where the door made it of the platform's name and codes, which tell nothing."""
        made = "submission" in self.fields and self.fields.get("heading") != "given"
        return "" if made else self.subject

    @property
    def open_work_items(self) -> int:
        return sum(each.settled_at is None for each in self.work_items)


def report(uuid: UUID) -> ReportFacts:
    """Raises Missing."""
    found = Report.objects.select_related("arrival").filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such report.", report=str(uuid))
    return _report(found)


def _report(row: Report) -> ReportFacts:
    ranking = row.rankings.filter(current=True).first()
    return ReportFacts(
        row.uuid,
        row.reference or "",
        row.received_at,
        row.channel,
        row.subject,
        row.text,
        row.text_source,
        row.language,
        row.sent_raw,
        dict(row.fields),
        row.state,
        row.attachments,
        row.first_read_at,
        row.first_read_by,
        row.owner,
        row.raised_by,
        row.raised_text,
        row.look_by,
        row.decide_by,
        row.escalated_at,
        row.escalated_to,
        row.decided_under,
        row.case,
        row.closed_at,
        row.closed_by,
        row.closed_reason,
        row.closed_text,
        _arrival(row.arrival),
        _ranking(ranking) if ranking else None,
        tuple(_work_item(each, row) for each in row.work_items.order_by("id")),
        relay_queries.words_of(row.uuid),
    )


def _ranking(row: Ranking) -> RankingFacts:
    return RankingFacts(row.rule_version, axes_of(row.axes), row.floor, row.position, row.band, row.lane, row.at)


def _work_item(row: WorkItem, report: Report) -> WorkItemFacts:
    return WorkItemFacts(
        row.uuid,
        report.uuid,
        report.reference or "",
        row.item,
        row.kind,
        row.sentence,
        row.opened_at,
        row.settled_at,
        row.settled_by,
        row.settled_reason,
        row.settled_text,
    )


def _arrival(row: Arrival) -> ArrivalFacts:
    return ArrivalFacts(
        row.uuid,
        row.channel,
        row.state,
        row.digest or "",
        row.size_bytes,
        row.deliveries,
        row.received_at,
        row.taken_in_at,
        row.ended_at,
        row.content,
        row.header_bytes,
        row.report_uuid,
        SealedIdentity.objects.filter(arrival=row).exists(),
    )


# --- What waits for a person, and the ledger --------------------------------------------------------------------------------


def work_items(*, open_only: bool = True, kind: str = "", limit: int = 500) -> tuple[WorkItemFacts, ...]:
    """Work items of all reports, oldest first."""
    found = WorkItem.objects.select_related("report").order_by("id")
    if open_only:
        found = found.filter(settled_at=None)
    if kind:
        found = found.filter(kind=kind)
    return tuple(_work_item(each, each.report) for each in found[:limit])


@dataclass(frozen=True)
class Ledger:
    """Arrivals by state; `waiting` have no end state yet, the oldest since `waiting_since`. Their sum is everything that came."""

    states: dict[str, int]
    total: int
    waiting: int
    waiting_since: datetime | None


def _counted(found: QuerySet[Any], field: str) -> dict[str, int]:
    return dict(found.order_by().values_list(field).annotate(Count("id")).order_by("-id__count"))


def ledger() -> Ledger:
    states = {state.value: 0 for state in ArrivalState} | _counted(Arrival.objects.all(), "state")
    waiting = Arrival.objects.filter(state=ArrivalState.TAKEN_IN).order_by("taken_in_at").first()
    return Ledger(states, sum(states.values()), states[ArrivalState.TAKEN_IN], waiting.taken_in_at if waiting else None)


def arrival(uuid: UUID) -> ArrivalFacts:
    """Raises Missing."""
    found = Arrival.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such arrival.", arrival=str(uuid))
    return _arrival(found)


def reply_token_digest(arrival: UUID) -> str:
    """SHA-256 of the token to which the arrival replies; "" for a report."""
    return Arrival.objects.filter(uuid=arrival).values_list("reply_token_digest", flat=True).first() or ""


def arrival_known(uuid: UUID, digest: str) -> bool:
    """Whether this arrival, or the same original before it, stands in the ledger."""
    return Arrival.objects.filter(Q(uuid=uuid) | Q(digest=digest)).exists()


def expects_report(origin: UUID) -> bool:
    """Whether a report with this uuid will be, though it isn't there yet."""
    return Arrival.objects.filter(report_uuid=origin, state=ArrivalState.TAKEN_IN).exists()


def is_report(uuid: UUID) -> bool:
    return Report.objects.filter(uuid=uuid).exists()


def due_for_ranking(at: datetime, limit: int = 200) -> tuple[UUID, ...]:
    """New reports whose clock has moved since they were ranked."""
    due = Ranking.objects.filter(current=True, changes_at__lte=at, report__state=ReportState.NEW)
    return tuple(due.order_by("changes_at").values_list("report__uuid", flat=True)[:limit])


@dataclass(frozen=True)
class IdentityRequestFacts:
    uuid: UUID
    asked_by: UUID
    asked_at: datetime
    reason_code: str
    reason_text: str
    agreed_by: UUID | None
    agreed_at: datetime | None
    opened_at: datetime | None


def identity_requests(report: UUID) -> tuple[IdentityRequestFacts, ...]:
    """Who asked to learn the sender of this report, newest first."""
    return tuple(
        IdentityRequestFacts(
            each.uuid,
            each.asked_by,
            each.asked_at,
            each.reason_code,
            each.reason_text,
            each.agreed_by,
            each.agreed_at,
            each.opened_at,
        )
        for each in IdentityRequest.objects.filter(report__uuid=report).order_by("-id")
    )


def work_item_kinds() -> dict[str, int]:
    """Open work items by kind."""
    return _counted(WorkItem.objects.filter(settled_at=None), "kind")
