"""Reading groups, stays, messages and notices of a case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, TextField
from django.db.models.functions import Cast, Substr, TruncHour

from amparo.cases.facts import GroupFacts, MembershipFacts, NoticeFacts, PersonRef, PostFacts
from amparo.cases.models import Group, Membership, Notice, Person, Post
from amparo.foundation.errors import Missing
from amparo.foundation.times import Moment


def ref(person: Person | None) -> PersonRef | None:
    return PersonRef(person.uuid, person.reference, person.handle) if person else None


def moment(group: Group, raw: str, wall: datetime | None) -> Moment:
    """The export's clock as a Moment: UTC only once somebody said (or the export states) what zone it shows."""
    if not group.zone or wall is None:
        return Moment(raw, None, "", "")
    return Moment(raw, wall.replace(tzinfo=zone_of(group.zone)).astimezone(UTC), group.zone, group.zone_assumed_by)


def zone_of(name: str) -> tzinfo | None:
    """An IANA name or an offset such as "+02:00" as a tzinfo. Raises ValueError for neither."""
    if name[:1] in "+-":
        return datetime.strptime(name.replace(":", ""), "%z").tzinfo
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone") from error


def membership_facts(row: Membership) -> MembershipFacts:
    group = row.group
    return MembershipFacts(
        group=group.uuid,
        group_name=group.name,
        platform=group.platform,
        person=PersonRef(row.person.uuid, row.person.reference, row.person.handle),
        came=row.came,
        came_at=moment(group, row.came_raw, row.came_wall),
        came_line=row.came_line,
        came_by=ref(row.came_by),
        went=row.went,
        went_at=moment(group, row.went_raw, row.went_wall) if row.went else None,
        went_line=row.went_line,
        went_by=ref(row.went_by),
        seconds=row.seconds,
        messages=row.messages,
        admin_line=row.admin_line,
        silent=row.silent,
        left_at_once=row.left_at_once,
    )


def post_facts(row: Post) -> PostFacts:
    return PostFacts(
        row.group.uuid, ref(row.person), row.line, moment(row.group, row.raw, row.wall), row.kind, row.text,
        row.media_name, row.media_type, row.media_omitted, row.sticker, row.item, row.sha256, row.first,
    )  # fmt: skip


def groups(case: UUID) -> tuple[GroupFacts, ...]:
    return tuple(_group(each) for each in Group.objects.filter(case__uuid=case).select_related("case"))


def group(uuid: UUID) -> GroupFacts:
    """Raises Missing."""
    found = Group.objects.filter(uuid=uuid).select_related("case").first()
    if not found:
        raise Missing("There is no such group.", group=str(uuid))
    return _group(found)


def counts_of(row: Group) -> dict[str, int]:
    """members, silent, left_at_once, messages, media: as kept with the import, else counted now."""
    if row.counted:
        return dict(row.counted)
    stays, posted = Membership.objects.filter(group=row), Post.objects.filter(group=row)
    return {
        "members": stays.values("person").distinct().count(),
        "silent": stays.filter(silent=True).values("person").distinct().count(),
        "left_at_once": stays.filter(left_at_once=True).values("person").distinct().count(),
        "messages": posted.count(),
        "media": posted.exclude(media_name="").count(),
    }


def _group(row: Group) -> GroupFacts:
    return GroupFacts(
        uuid=row.uuid,
        case=row.case.uuid,
        name=row.name,
        platform=row.platform,
        item=row.item,
        exporter=row.export_name,
        date_order=row.date_order,
        alternatives=tuple(row.alternatives),
        zone=row.zone,
        zone_assumed_by=row.zone_assumed_by,
        zone_basis=row.zone_basis,
        first=moment(row, row.first_raw, row.first_wall) if row.first_raw else None,
        last=moment(row, row.last_raw, row.last_wall) if row.last_raw else None,
        unsupported_count=row.unsupported_count,
        unsupported_lines=tuple(row.unsupported_lines),
        importing=None if row.posts_written is None else (row.posts_written, row.posts_in_all),
        **counts_of(row),
    )


def memberships(group: UUID) -> tuple[MembershipFacts, ...]:
    rows = Membership.objects.filter(group__uuid=group).select_related("group", "person", "came_by", "went_by")
    return tuple(membership_facts(each) for each in rows)


def posts(
    group: UUID,
    *,
    person: UUID | None = None,
    search: str = "",
    kind: str = "",
    first: bool = False,
    offset: int = 0,
    limit: int = 200,
) -> tuple[tuple[PostFacts, ...], int]:
    """Messages of a group in the export's order, and how many there are with this filter."""
    rows = Post.objects.filter(group__uuid=group).select_related("group", "person")
    if person:
        rows = rows.filter(person__uuid=person)
    if search:
        rows = rows.filter(Q(text__icontains=search) | Q(media_name__icontains=search))
    if kind:
        rows = rows.filter(kind=kind)
    if first:
        rows = rows.filter(first=True)
    return tuple(post_facts(each) for each in rows[offset : offset + limit]), rows.count()


def posts_before(group: UUID, line: int) -> int:
    """How many messages of a group stand before this line of the export."""
    return Post.objects.filter(group__uuid=group, line__lt=line).count()


def notices(group: UUID, types: Iterable[str] = ()) -> tuple[NoticeFacts, ...]:
    """What the service wrote, in the export's order; types: only these."""
    rows = Notice.objects.filter(group__uuid=group).select_related("group", "actor")
    if wanted := list(types):
        rows = rows.filter(type__in=wanted)
    return tuple(
        NoticeFacts(
            each.line,
            moment(each.group, each.raw, each.wall),
            each.type,
            ref(each.actor),
            tuple(each.targets),
            each.value,
        )
        for each in rows
    )


def by_hour(groups: Iterable[int]) -> Iterator[tuple[int, datetime, int, int]]:
    """(group's row, hour of its own clock as if UTC, messages, items first posted): counted by the database, in no order."""
    dated = Post.objects.filter(group_id__in=list(groups)).exclude(wall=None).order_by()
    counts = {"messages": Count("id"), "firsts": Count("id", filter=Q(first=True))}
    if connection.vendor == "sqlite":  # which would call Python for each row to cut a time
        cut = (
            dated.annotate(hour=Substr(Cast("wall", TextField()), 1, 13))
            .values_list("group_id", "hour")
            .annotate(**counts)
        )
        for group, hour, messages, firsts in cut:
            yield group, datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC), messages, firsts
    else:
        yield from dated.annotate(hour=TruncHour("wall", tzinfo=UTC)).values_list("group_id", "hour").annotate(**counts)


def messages_by_day(case: UUID) -> tuple[tuple[date, int, int], ...]:
    """Days of the export's own clock: (day, messages, items first posted), in order."""
    days: dict[date, list[int]] = {}
    for _, hour, messages, firsts in by_hour(Group.objects.filter(case__uuid=case).values_list("id", flat=True)):
        slot = days.setdefault(hour.date(), [0, 0])
        slot[0] += messages
        slot[1] += firsts
    return tuple((day, days[day][0], days[day][1]) for day in sorted(days))
