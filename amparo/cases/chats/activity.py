"""When a case's groups were busy: messages and first items by day and by hour, each group by its own clock or all by one zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

from amparo.cases.chats.talk import by_hour, zone_of
from amparo.cases.models import Group, Post
from amparo.foundation.errors import Refused


@dataclass(frozen=True)
class GroupClock:
    """A group and its clock. moved: whether its hours could be turned into the asked zone."""

    uuid: UUID
    name: str
    zone: str
    messages: int
    moved: bool


@dataclass(frozen=True)
class Activity:
    """zone: the asked one; empty for the exports' own clocks. days, hours: (messages, first items). undated: without any time.

    left_out: groups whose clock nobody has placed, so that their hours fit into no zone; shown by their own clocks only.
    """

    zone: str
    days: dict[date, tuple[int, int]]
    hours: tuple[tuple[int, int], ...]
    week: dict[tuple[int, int], int]
    clocks: tuple[GroupClock, ...]
    undated: int

    @property
    def left_out(self) -> tuple[GroupClock, ...]:
        return tuple(each for each in self.clocks if not each.moved)

    @property
    def messages(self) -> int:
        return sum(messages for messages, _ in self.days.values())


def activity(case: UUID, zone: str = "", groups: Iterable[UUID] = ()) -> Activity:
    """Counted by the database in hours, then moved: a few rows for each hour, however many messages there are.

    zone: an IANA name or an offset; empty for each export's own wall clock. Raises Refused for what is no zone.
    """
    target = _zone(zone)
    rows = Group.objects.filter(case__uuid=case)
    if wanted := list(groups):
        rows = rows.filter(uuid__in=wanted)
    held = {each.id: each for each in rows}
    days: dict[date, list[int]] = {}
    hours = [[0, 0] for _ in range(24)]
    week: Counter[tuple[int, int]] = Counter()
    totals: Counter[int] = Counter()
    for group, hour, messages, firsts in by_hour(held):
        totals[group] += messages
        at = _moved(hour, held[group].zone, target)
        if at is None:
            continue
        for slot in (days.setdefault(at.date(), [0, 0]), hours[at.hour]):
            slot[0] += messages
            slot[1] += firsts
        week[at.weekday(), at.hour] += messages
    clocks = tuple(
        GroupClock(each.uuid, each.name, each.zone, totals[each.id], target is None or bool(each.zone))
        for each in held.values()
    )
    return Activity(
        zone,
        {day: (days[day][0], days[day][1]) for day in sorted(days)},
        tuple((messages, firsts) for messages, firsts in hours),
        dict(week),
        clocks,
        Post.objects.filter(group_id__in=list(held), wall=None).count(),
    )


def _zone(name: str) -> tzinfo | None:
    if not name:
        return None
    try:
        return zone_of(name)
    except ValueError as error:
        raise Refused(
            f"{name!r} is no time zone: give a name such as Europe/Madrid, or an offset such as +02:00."
        ) from error


def _moved(hour: datetime, zone: str, target: tzinfo | None) -> datetime | None:
    """The hour on the asked clock; None where the group's own clock is not known. Halves and quarters keep to their hour."""
    if target is None:
        return hour
    if not zone:
        return None
    return hour.replace(tzinfo=zone_of(zone)).astimezone(target)


def by_step(days: dict[date, tuple[int, int]]) -> list[tuple[str, int, int]]:
    """(label, messages, first items) by day, by week beyond five weeks, by month beyond a year; no gap is left out."""
    if not days:
        return []
    first, last = min(days), max(days)
    span = (last - first).days
    found: dict[str, list[int]] = {}
    for step in range(span + 1):
        day = first + timedelta(days=step)
        monday = day - timedelta(days=day.weekday())
        label = str(day) if span <= 35 else f"{monday}" if span <= 366 else f"{day:%Y-%m}"
        slot = found.setdefault(label, [0, 0])
        messages, firsts = days.get(day, (0, 0))
        slot[0] += messages
        slot[1] += firsts
    return [(label, messages, firsts) for label, (messages, firsts) in found.items()]
