"""Reading bundles: what they hold, why each report belongs to one, who stands for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from amparo.foundation.errors import Missing
from amparo.intake.models import Bundle, BundleLink, BundleTrace, Report

PAGE = 100


@dataclass(frozen=True)
class BundleFacts:
    """members: at present. kinds: why they belong to it, by how many. named: how many different identifiers they name, by kind."""

    uuid: UUID
    reference: str
    made_at: datetime
    members: int
    unread: int
    lifted: int
    head: UUID | None
    head_reference: str
    kinds: dict[str, int]
    named: dict[str, int]
    unfolded_at: datetime | None
    unfolded_by: UUID | None
    unfolded_text: str


@dataclass(frozen=True)
class Member:
    """A report of a bundle. words: why it belongs to it; other: the reference of the report that it shares that with."""

    number: int
    report: UUID
    reference: str
    subject: str
    received_at: datetime
    state: str
    danger: str
    unread: bool
    stands: str
    kind: str
    words: str
    other: UUID | None
    other_reference: str
    says_more: bool
    left_at: datetime | None


def bundle(uuid: UUID) -> BundleFacts:
    """Raises Missing."""
    row = Bundle.objects.select_related("head").filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such bundle.", bundle=str(uuid))
    kinds = row.links.filter(left_at=None).order_by().values_list("kind").annotate(Count("id"))
    named = BundleTrace.objects.filter(bundle=row).order_by().values_list("kind").annotate(Count("id"))
    return BundleFacts(
        row.uuid,
        row.reference or "",
        row.made_at,
        row.members,
        Report.objects.filter(bundle=row, state="new", first_read_at=None).count(),
        row.lifted,
        row.head.uuid if row.head else None,
        (row.head.reference or "") if row.head else "",
        dict(kinds),
        dict(named),
        row.unfolded_at,
        row.unfolded_by,
        row.unfolded_text,
    )


def members(uuid: UUID, after: int = 0, limit: int = PAGE) -> tuple[Member, ...]:
    """The next members after number `after`, in the order in which they joined; those that left too, with when."""
    links = BundleLink.objects.filter(bundle__uuid=uuid, id__gt=after).select_related("report", "other", "bundle")
    links = links.defer("report__text", "report__search_text", "other__text", "other__search_text")
    return tuple(_member(each) for each in links.order_by("id")[:limit])


def of_report(report: UUID) -> tuple[BundleFacts, Member] | None:
    """The bundle that the report belongs to now, and why."""
    link = (
        BundleLink.objects.filter(report__uuid=report, left_at=None).select_related("report", "other", "bundle").first()
    )
    return (bundle(link.bundle.uuid), _member(link)) if link else None


def _member(link: BundleLink) -> Member:
    row = link.report
    stands = "first" if link.bundle.head_id == row.id else "behind" if row.hidden else "lifted"
    return Member(
        link.id,
        row.uuid,
        row.reference or "",
        row.subject,
        row.received_at,
        row.state,
        row.danger,
        row.first_read_at is None,
        stands,
        link.kind,
        link.words,
        link.other.uuid if link.other else None,
        (link.other.reference or "") if link.other else "",
        link.says_more,
        link.left_at,
    )
