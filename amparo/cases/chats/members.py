"""The members of a group over time, a page at a time: filtered, searched and sorted by the database, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from amparo.cases import rules
from amparo.cases.chats.talk import membership_facts
from amparo.cases.facts import MembershipFacts
from amparo.cases.models import Group, Identifier, Membership, Post

MARKS = (
    ("posted", "Posted"),
    ("first", "Posted an item first"),
    ("admin", "Admin"),
    ("added_others", "Added others"),
    ("silent", "Silent in the export"),
    ("left_at_once", "Added, left at once"),
    ("went", "Left or removed"),
    ("there", "Still there"),
    ("minors", "Minors' track"),
)
_SORTS = {
    "person": "person__number",
    "came": "came_line",
    "went": "went_line",
    "present": "seconds",
    "messages": "messages",
    "firsts": "firsts",
}
CHUNK = 500


@dataclass(frozen=True)
class MemberLine:
    """One stay with what its person did in the group. firsts: items nobody put there earlier; added: people they brought in."""

    stay: MembershipFacts
    firsts: int
    added: int
    category: str
    age_status: str

    @property
    def minors_track(self) -> bool:
        return rules.minors_track(self.age_status)


def member_lines(
    group: UUID, *, search: str = "", mark: str = "", sort: str = "", offset: int = 0, limit: int = 100
) -> tuple[tuple[MemberLine, ...], int]:
    """A page of the stays, in the order of the lines that open them unless told, and how many there are with this filter."""
    rows = _filtered(group, search, mark)
    return tuple(map(_line, _sorted(_counted(rows), sort)[offset : offset + limit])), rows.count()


def every_member_line(group: UUID, *, search: str = "", mark: str = "") -> Iterator[MemberLine]:
    """All of them, for an export, without holding them."""
    rows = _sorted(_counted(_filtered(group, search, mark)), "")
    return map(_line, rows.iterator(chunk_size=CHUNK))


def last_line(group: UUID) -> int:
    """The last line of the export that the group's stays and messages know; 1 at least."""
    stays = Membership.objects.filter(group__uuid=group).aggregate(came=Max("came_line"), went=Max("went_line"))
    posted = Post.objects.filter(group__uuid=group).aggregate(last=Max("line"))["last"]
    return max(stays["came"] or 0, stays["went"] or 0, posted or 0, 1)


def counts(group: UUID) -> dict[str, int]:
    """How many stays each mark has, in one statement for each."""
    return {mark: _filtered(group, "", mark).count() for mark, _ in MARKS}


def _filtered(group: UUID, search: str, mark: str) -> QuerySet[Membership]:
    # The group's number first: a join for each row would be asked for otherwise.
    row = Group.objects.filter(uuid=group).values_list("id", flat=True).first() or 0
    rows = Membership.objects.filter(group_id=row)
    if words := search.strip():
        number = words.upper().removeprefix("P-")
        by_number = Q(person__number=int(number)) if number.isdigit() and len(number) < 7 else Q(pk=None)
        named = Identifier.objects.filter(person=OuterRef("person")).filter(
            Q(value__icontains="".join(words.split())) | Q(raw__icontains=words)
        )
        rows = rows.filter(Q(person__handle__icontains=words) | by_number | Exists(named))
    posts = Post.objects.filter(group_id=row, person=OuterRef("person"), first=True)
    match mark:
        case "posted":
            rows = rows.filter(messages__gt=0)
        case "first":
            rows = rows.filter(Exists(posts))
        case "admin":
            rows = rows.exclude(admin_line=None)
        case "added_others":
            rows = rows.filter(
                Exists(Membership.objects.filter(group_id=row, came_by=OuterRef("person"), came="added"))
            )
        case "silent":
            rows = rows.filter(silent=True)
        case "left_at_once":
            rows = rows.filter(left_at_once=True)
        case "went":
            rows = rows.exclude(went="")
        case "there":
            rows = rows.filter(went="")
        case "minors":
            rows = rows.exclude(person__age_status="adult")
    return rows


def _counted(rows: QuerySet[Membership]) -> QuerySet[Any]:
    def counted(of: QuerySet[Any], key: str) -> Coalesce:
        return Coalesce(
            Subquery(of.order_by().values(key).annotate(n=Count("id")).values("n"), output_field=IntegerField()), 0
        )

    firsts = Post.objects.filter(group=OuterRef("group"), person=OuterRef("person"), first=True)
    added = Membership.objects.filter(group=OuterRef("group"), came_by=OuterRef("person"), came="added")
    return rows.select_related("group", "person", "came_by", "went_by").annotate(
        firsts=counted(firsts, "person"), added=counted(added, "came_by")
    )


def _sorted(rows: QuerySet[Any], sort: str) -> QuerySet[Any]:
    column = _SORTS.get(sort.removeprefix("-"))
    if not column:
        return rows.order_by("came_line", "id")
    key = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return rows.order_by(key, "id")


def _line(row: Any) -> MemberLine:
    return MemberLine(membership_facts(row), row.firsts, row.added, row.person.category, row.person.age_status)
