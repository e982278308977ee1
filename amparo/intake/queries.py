"""Reading the queue, a report, what waits for a person, and the ledger of arrivals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Left

from amparo.foundation.errors import Missing
from amparo.intake import relay_queries
from amparo.intake.models import (
    Arrival,
    ArrivalState,
    Bundle,
    IdentityRequest,
    Ranking,
    Report,
    ReportState,
    SealedIdentity,
    WorkItem,
)
from amparo.intake.triage import AXES, Axis, Reason
from amparo.intake.triage.signals import fold

EXCERPT_CHARACTERS = 180


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
        return "\n".join((self.subject, self.text, *self.later))

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
    return RankingFacts(row.rule_version, _axes(row.axes), row.floor, row.position, row.band, row.lane, row.at)


def _axes(stored: dict[str, Any]) -> dict[str, Axis]:
    return {
        name: Axis(
            stored[name]["level"],
            tuple(Reason(each["code"], each["words"], tuple(each["found"])) for each in stored[name]["reasons"]),
        )
        for name in AXES
    }


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


# --- The queue -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueueFilter:
    """What of the queue is asked for; empty fields filter nothing. order: "rank", "received" or "-received"."""

    state: str = ReportState.NEW
    danger: str = ""
    language: str = ""
    channel: str = ""
    search: str = ""
    work_items: bool = False
    lane: str = ""
    sender: UUID | None = None
    order: str = "rank"


@dataclass(frozen=True)
class QueueRow:
    """members: of the bundle that it stands for or belongs to; 0 without one. lifted: it belongs to one, but stands by itself."""

    uuid: UUID
    reference: str
    received_at: datetime
    channel: str
    subject: str
    excerpt: str
    language: str
    state: str
    attachments: int
    open_work_items: int
    unread: bool
    axes: dict[str, Axis]
    floor: str
    band: str
    look_by: datetime | None
    decide_by: datetime | None
    lane: str
    bundle: UUID | None
    bundle_reference: str
    members: int
    lifted: bool
    owner: UUID | None


def queue(wanted: QueueFilter) -> QuerySet[Report]:
    """The reports asked for, in order, not fetched yet: count it, cut it into pages, hand a piece to `rows`."""
    # Replies to packages are not reports; they are here only when asked for, or when nobody knew them.
    found = (
        Report.objects.filter(state=wanted.state) if wanted.state else Report.objects.exclude(state=ReportState.REPLY)
    )
    # A search looks behind the rows too; else a bundle is one row, and a flood stands in its own lane.
    if wanted.state == ReportState.NEW and not wanted.search and not wanted.sender:
        found = found.filter(hidden=False, lane=wanted.lane)
    elif wanted.lane:
        found = found.filter(lane=wanted.lane)
    if wanted.sender:
        found = found.filter(sender__uuid=wanted.sender)
    if wanted.danger:
        found = found.filter(danger=wanted.danger)
    if wanted.language:
        found = found.filter(language=wanted.language)
    if wanted.channel:
        found = found.filter(channel=wanted.channel)
    for word in fold(wanted.search).split():
        found = found.filter(search_text__contains=word)
    if wanted.work_items:
        found = found.filter(Exists(WorkItem.objects.filter(report=OuterRef("pk"), settled_at=None)))
    # A report that waits for its first ranking comes first ("" before any place): nobody knows yet what it says.
    orders = {
        "rank": ("place", "received_at", "id"),
        "received": ("received_at", "id"),
        "-received": ("-received_at", "-id"),
    }
    order = orders.get(wanted.order, orders["rank"])
    # A text can be a million characters long; a row shows its beginning.
    found = found.defer("text", "search_text").annotate(beginning=Left("text", EXCERPT_CHARACTERS * 3))
    return found.order_by(*order)


def rows(reports: Iterable[Report]) -> tuple[QueueRow, ...]:
    """The rows of a piece of the queue, in its order."""
    piece = list(reports)
    waiting = WorkItem.objects.filter(report__in=[row.id for row in piece], settled_at=None)
    open_work_items = dict(waiting.order_by().values_list("report_id").annotate(Count("id")))
    rankings = {
        each.report_id: each for each in Ranking.objects.filter(report__in=[row.id for row in piece], current=True)
    }
    bundles = {
        each.id: each for each in Bundle.objects.filter(id__in=[row.bundle_id for row in piece if row.bundle_id])
    }
    return tuple(
        _row(each, rankings.get(each.id), open_work_items.get(each.id, 0), bundles.get(each.bundle_id or 0))
        for each in piece
    )


def _row(row: Report, ranking: Ranking | None, open_work_items: int, bundle: Bundle | None) -> QueueRow:
    excerpt = " ".join(str(getattr(row, "beginning", "")).split())
    return QueueRow(
        row.uuid,
        row.reference or "",
        row.received_at,
        row.channel,
        row.subject,
        excerpt if len(excerpt) <= EXCERPT_CHARACTERS else excerpt[: EXCERPT_CHARACTERS - 1].rstrip() + "…",
        row.language,
        row.state,
        row.attachments,
        open_work_items,
        row.first_read_at is None,
        _axes(ranking.axes) if ranking else {},
        ranking.floor if ranking else "",
        row.band,
        row.look_by,
        row.decide_by,
        row.lane,
        bundle.uuid if bundle else None,
        (bundle.reference or "") if bundle else "",
        bundle.members if bundle else 0,
        bool(bundle and bundle.head_id != row.id),
        row.owner,
    )


@dataclass(frozen=True)
class QueueCounts:
    """How many reports there are in each state; of the new ones, how many by danger, language and channel, and unread ones."""

    states: dict[str, int]
    danger: dict[str, int]
    languages: dict[str, int]
    channels: dict[str, int]
    unread: int
    work_items: int


def counts() -> QueueCounts:
    new = Report.objects.filter(state=ReportState.NEW)
    return QueueCounts(
        _counted(Report.objects.all(), "state"),
        _counted(new.exclude(danger=""), "danger"),
        _counted(Report.objects.all(), "language"),
        _counted(Report.objects.all(), "channel"),
        new.filter(first_read_at=None).count(),
        WorkItem.objects.filter(settled_at=None).count(),
    )


def _counted(found: QuerySet[Any], field: str) -> dict[str, int]:
    return dict(found.order_by().values_list(field).annotate(Count("id")).order_by("-id__count"))


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
