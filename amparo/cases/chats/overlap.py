"""What groups and cases share: members and items between groups, identifiers and items between cases; and the whole as a picture.

The picture is gathered first (groups, and how many members each two share) and opened on demand, so that it is never more than a
few hundred nodes, whatever the case holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, overload
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Count, Max, Q

from amparo.cases.chats.columns import fetched
from amparo.cases.chats.items_across import Across
from amparo.cases.facts import PersonRef
from amparo.cases.models import Case, Group, Membership, Person, Post

if TYPE_CHECKING:
    from amparo.cases.groups.finding import Circles, Memberships


MOST_GROUPS = 120  # drawn; the table has them all
MOST_SHARED = 400  # edges drawn
MOST_PEOPLE = 120
MOST_OPENED = 60
MOST_CIRCLES = 40
STEP = 5000

Href = Callable[[str, object], str]
Drawing = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class GroupLine:
    """A group with how many people were in it."""

    id: int
    uuid: UUID
    name: str
    members: int


@dataclass(frozen=True)
class SharedMembers:
    """Two groups and how many people were in both; by_chance: as many as would be if people fell into groups by lot."""

    one: GroupLine
    two: GroupLine
    members: int
    items: int
    by_chance: float


@dataclass(frozen=True)
class Pairs(Sequence[SharedMembers]):
    """Two groups each, as numbers until somebody looks: a large case has millions of such pairs."""

    lines: tuple[GroupLine, ...]
    one: np.ndarray
    two: np.ndarray
    members: np.ndarray
    items: np.ndarray
    people: int

    def __len__(self) -> int:
        return len(self.one)

    @overload
    def __getitem__(self, part: int) -> SharedMembers: ...
    @overload
    def __getitem__(self, part: slice) -> tuple[SharedMembers, ...]: ...
    def __getitem__(self, part: int | slice) -> SharedMembers | tuple[SharedMembers, ...]:
        if isinstance(part, int):
            return self[part : part + 1][0]
        columns = (each[part].tolist() for each in (self.one, self.two, self.members, self.items))
        return tuple(self._shared(*row) for row in zip(*columns, strict=True))

    def __iter__(self) -> Iterator[SharedMembers]:
        for start in range(0, len(self), STEP):
            yield from self[start : start + STEP]

    def _shared(self, one: int, two: int, members: int, items: int) -> SharedMembers:
        left, right = self.lines[one], self.lines[two]
        return SharedMembers(left, right, members, items, left.members * right.members / max(1, self.people))

    def of(self, wanted: Collection[int], *, both: bool) -> Pairs:
        """Those of which one of these groups, or both, are a part. wanted: as the database numbers groups."""
        there = np.array([line.id in wanted for line in self.lines], np.bool_)
        kept = there[self.one] & there[self.two] if both else there[self.one] | there[self.two]
        one, two, members, items = (each[kept] for each in (self.one, self.two, self.members, self.items))
        return Pairs(self.lines, one, two, members, items, self.people)

    def named(self, words: str) -> Pairs:
        """Those with a group whose name holds these words."""
        looked = words.strip().casefold()
        return (
            self.of({line.id for line in self.lines if looked in line.name.casefold()}, both=False) if looked else self
        )


@dataclass(frozen=True)
class Overlaps:
    """groups: most members first. shared: most members first. circles: of the case's people, over all its groups."""

    groups: tuple[GroupLine, ...]
    shared: Pairs
    people: int
    memberships: int
    persons: np.ndarray
    circles: Circles | None


@dataclass(frozen=True)
class CircleLine:
    """People of the case who share groups oftener than chance explains. A question, no finding about anybody."""

    number: int
    people: tuple[PersonRef, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class ElsewhereLine:
    """Another case in which exact identifiers of this case's people stand too, counted; and who opened it, to be asked."""

    case: UUID
    reference: str
    identifiers: int
    people: int
    opened_by: UUID


@dataclass(frozen=True)
class _Counted:
    """What the stays alone say; the same as long as no stay is added."""

    lines: tuple[GroupLine, ...]
    table: Memberships
    persons: np.ndarray
    shared: tuple[np.ndarray, np.ndarray, np.ndarray]
    circles: Circles | None


def overlaps(case: UUID, items: Sequence[Across] = ()) -> Overlaps:
    """Read once, counted by the engine of circles: seconds at a million memberships, and kept until a stay is added."""
    groups = Group.objects.filter(case__uuid=case).values("id")
    stays = Membership.objects.filter(group__in=groups).aggregate(count=Count("id"), last=Max("id"))
    counted = _counted(case, stays["count"], stays["last"] or 0)
    place = {line.uuid: number for number, line in enumerate(counted.lines)}
    carried: Counter[tuple[int, int]] = Counter()
    for item in items:
        carried.update(combinations(sorted(place[uuid] for uuid, _ in item.groups), 2))
    return Overlaps(
        tuple(sorted(counted.lines, key=lambda each: (-each.members, each.name))),
        _with_items(counted, carried),
        len(counted.persons),
        len(counted.table.m_groups),
        counted.persons,
        counted.circles,
    )


def _with_items(counted: _Counted, carried: Mapping[tuple[int, int], int]) -> Pairs:
    """Pairs that share members or items, most members first, then most items."""
    groups = max(1, len(counted.lines))
    one, two, members = (each.astype(np.int64) for each in counted.shared)
    codes, wanted = one * groups + two, np.array(sorted(a * groups + b for a, b in carried), np.int64)
    every = np.union1d(codes, wanted)
    shared, items = np.zeros(len(every), np.int64), np.zeros(len(every), np.int64)
    shared[np.searchsorted(every, codes)] = members
    items[np.searchsorted(every, wanted)] = [carried[code // groups, code % groups] for code in wanted.tolist()]
    order = np.lexsort((every, -items, -shared))
    every = every[order]
    return Pairs(counted.lines, every // groups, every % groups, shared[order], items[order], len(counted.persons))


@lru_cache(maxsize=2)
def _counted(case: UUID, count: int, last: int) -> _Counted:
    from amparo.cases.groups.finding import (  # compiled loops, which few pages need
        find_circles,
        find_overlaps,
        memberships,
    )

    groups = {each.id: each for each in Group.objects.filter(case__uuid=case).only("id", "uuid", "name")}
    pairs = _pairs(case)
    order = np.array(sorted(groups), np.int64)
    persons, member = np.unique(pairs[:, 0], return_inverse=True)
    codes = np.unique(member.astype(np.int64) * max(1, len(order)) + np.searchsorted(order, pairs[:, 1]))
    table = memberships(codes // max(1, len(order)), codes % max(1, len(order)), len(persons), len(order))
    sizes = table.sizes.tolist()
    lines = tuple(
        GroupLine(each, groups[each].uuid, groups[each].name, sizes[n]) for n, each in enumerate(order.tolist())
    )
    circles = find_circles(table) if len(codes) else None
    return _Counted(lines, table, persons, find_overlaps(table, 1), circles)


def _pairs(case: UUID) -> np.ndarray:
    """(person, group) of every stay, as the database numbers them."""
    groups = Group.objects.filter(case__uuid=case).values("id")
    return fetched(Membership.objects.filter(group__in=groups).order_by().values_list("person", "group"), 2)


def circle_lines(found: Overlaps) -> tuple[CircleLine, ...]:
    """The circles with their people and the groups that tie them."""
    if not found.circles or not found.circles.count:
        return ()
    by_id = {each.id: each for each in found.groups}
    in_order = sorted(by_id)
    inside = np.flatnonzero(found.circles.circle >= 0)
    people = {each.id: each for each in Person.objects.filter(id__in=found.persons[inside].tolist()[:20_000])}
    lines = []
    for number in range(found.circles.count):
        rows = [people[int(each)] for each in found.persons[found.circles.circle == number] if int(each) in people]
        tying = found.circles.tying[found.circles.tying[:, 0] == number, 1]
        lines.append(
            CircleLine(
                number + 1,
                tuple(
                    PersonRef(each.uuid, each.reference, each.handle)
                    for each in sorted(rows, key=lambda row: row.number)
                ),
                tuple(by_id[in_order[int(each)]].name for each in tying),
            )
        )
    return tuple(lines)


def people_elsewhere(case: UUID) -> tuple[ElsewhereLine, ...]:
    """Other cases that know exact identifiers of this case's people; names as shown identify nobody and are left out."""
    row = Case.objects.filter(uuid=case).values_list("id", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.case_id, COUNT(DISTINCT i.value), COUNT(DISTINCT i.person_id) FROM cases_identifier i "
            "JOIN cases_person p ON p.id = i.person_id AND p.case_id = %s "
            "JOIN cases_identifier o ON o.kind = i.kind AND o.value = i.value "
            "JOIN cases_person q ON q.id = o.person_id AND q.case_id <> %s WHERE i.kind <> 'name' GROUP BY q.case_id",
            [row, row],
        )
        counted = {other: (identifiers, persons) for other, identifiers, persons in cursor.fetchall()}
    cases = Case.objects.filter(id__in=list(counted))
    found = (ElsewhereLine(each.uuid, each.reference, *counted[each.id], each.opened_by) for each in cases)
    return tuple(sorted(found, key=lambda each: (-each.identifiers, each.reference)))


# ---- the picture


def gathered(found: Overlaps, href: Href) -> Drawing:
    """Groups by their members, joined where they share any; and circles. What is left out, the table has."""
    groups = found.groups[:MOST_GROUPS]
    drawn = {each.id for each in groups}
    largest = max((each.members for each in groups), default=1) or 1
    nodes = [
        {
            "id": f"g{each.uuid}",
            "label": f"{each.name} ({each.members:,})",
            "kind": "group",
            "href": href("open_group", each.uuid),
            "note": f"{each.members:,} members. Open to see them.",
            "size": round(18 + 42 * (each.members / largest) ** 0.5),
        }
        for each in groups
    ]
    edges = [
        {
            "source": f"g{each.one.uuid}",
            "target": f"g{each.two.uuid}",
            "label": _both(each.members, each.items),
        }
        for each in found.shared.of(drawn, both=True)[:MOST_SHARED]
    ]
    by_name = {each.name: each for each in groups}
    for circle in circle_lines(found)[:MOST_CIRCLES]:
        key = f"k{circle.number}"
        nodes.append(
            {
                "id": key,
                "label": f"Circle of {len(circle.people)}",
                "kind": "account",
                "href": href("circle", circle.number),
                "note": "People who share groups oftener than chance explains: a question, no finding.",
            }
        )
        edges += [
            {"source": key, "target": f"g{by_name[name].uuid}", "label": "shares"}
            for name in circle.groups
            if name in by_name
        ]
    return {"nodes": nodes, "edges": edges}


def _both(members: int, items: int) -> str:
    people = "one member" if members == 1 else f"{members:,} members"
    carried = "" if not items else ", one item" if items == 1 else f", {items:,} items"
    return f"{people} in both{carried}"


def opened_group(case: UUID, group: UUID, href: Href) -> tuple[Drawing, int, int]:
    """A group's people one by one, with their other groups: the drawing, how many are drawn, how many there are.

    Where there are too many: those who created it, are admin, posted an item first or added others, then the others by number.
    """
    row = Group.objects.filter(uuid=group, case__uuid=case).first()
    if row is None:
        return {"nodes": [], "edges": []}, 0, 0
    stays = Membership.objects.filter(group=row)
    total = stays.values("person").distinct().count()
    speaking = Q(came="created") | ~Q(admin_line=None)
    first = list(stays.filter(speaking).values_list("person", flat=True)[:MOST_PEOPLE])
    posted = Post.objects.filter(group=row, first=True).order_by().values_list("person", flat=True).distinct()
    first += list(posted[:MOST_PEOPLE])
    first += list(stays.filter(came="added").order_by().values_list("came_by", flat=True).distinct()[:MOST_PEOPLE])
    others = stays.order_by("person__number").values_list("person", flat=True)[: 2 * MOST_PEOPLE]
    chosen = [each for each in dict.fromkeys([*first, *others]) if each is not None][:MOST_PEOPLE]
    return _people_and_groups(chosen, row.id, href), len(chosen), total


def opened_person(case: UUID, person: UUID, href: Href) -> Drawing:
    """Somebody's groups, whom they added and who added them."""
    row = Person.objects.filter(uuid=person, case__uuid=case).first()
    if row is None:
        return {"nodes": [], "edges": []}
    around = Membership.objects.filter(Q(came_by=row) | Q(person=row)).exclude(came_by=None)
    near = around.values_list("person", "came_by")[:MOST_OPENED]
    chosen = list(dict.fromkeys([row.id, *(each for pair in near for each in pair)]))[:MOST_OPENED]
    drawing = _people_and_groups(chosen, None, href)
    uuids = dict(Person.objects.filter(id__in=chosen).values_list("id", "uuid"))
    for who, by in near:
        if who in uuids and by in uuids and who != by:
            drawing["edges"].append({"source": f"p{uuids[by]}", "target": f"p{uuids[who]}", "label": "added"})
    return drawing


def _people_and_groups(chosen: Sequence[int], kept: int | None, href: Href) -> Drawing:
    people = {each.id: each for each in Person.objects.filter(id__in=list(chosen))}
    stays = (
        Membership.objects.filter(person_id__in=list(people)).order_by("group_id", "came_line").select_related("group")
    )
    counted = Counter(stay.group_id for stay in stays)
    groups = {each for each, _ in counted.most_common(MOST_OPENED)} | ({kept} if kept else set())
    nodes = [
        {
            "id": f"p{each.uuid}",
            "label": each.reference,
            "kind": "person",
            "href": href("person", each.uuid),
            "note": ", ".join((each.handle, each.get_category_display(), each.get_age_status_display().lower())),
            "tone": "info" if each.category in ("victim", "possible_victim") else "",
        }
        for each in people.values()
    ]
    edges, seen, drawn = [], set(), {}
    for stay in stays:
        if stay.group_id in groups and (stay.person_id, stay.group_id) not in seen:
            seen.add((stay.person_id, stay.group_id))
            drawn[stay.group_id] = stay.group
            how = "created" if stay.came == "created" else "admin of" if stay.admin_line else "member of"
            edges.append({"source": f"p{people[stay.person_id].uuid}", "target": f"g{stay.group.uuid}", "label": how})
    nodes += [
        {
            "id": f"g{each.uuid}",
            "label": each.name,
            "kind": "group",
            "href": href("open_group", each.uuid),
            "note": each.platform,
        }
        for each in drawn.values()
    ]
    return {"nodes": nodes, "edges": edges}
