"""Whom to look at first in a case: the reasons that hold of each, the rows behind them, and everyone of whom nothing is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from amparo.cases.chats.items_across import Across, items_across
from amparo.cases.chats.talk import ref
from amparo.cases.facts import PersonRef
from amparo.cases.groups import order as rule
from amparo.cases.groups.order import MINORS, TRACKS, VICTIMS
from amparo.cases.models import Group, Membership, Notice, Person, PersonReason, Post, ReadingOrder
from amparo.matching.rules import State

MOST_ROWS = 4  # behind one reason, on the page; the person's own page has them all
STEP = 500


@dataclass(frozen=True)
class OrderFacts:
    """The order that holds. version 0: the one that Amparo comes with, which nobody of the house has set."""

    version: int
    reasons: tuple[str, ...]
    why: str
    by_name: str
    at: datetime | None

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(rule.REASONS[each] for each in self.reasons)


@dataclass(frozen=True)
class Row:
    """A line behind a reason: in which group, at which line, what stands there."""

    words: str
    group: UUID | None
    group_name: str
    line: int | None


@dataclass(frozen=True)
class ReasonLine:
    reason: str
    words: str
    rows: tuple[Row, ...]
    more: int


@dataclass(frozen=True)
class Look:
    """Somebody in the order of reading. reasons: those that hold, in the unit's order, each with the rows behind it."""

    person: PersonRef
    category: str
    age_status: str
    reasons: tuple[ReasonLine, ...]


@dataclass(frozen=True)
class Looks:
    """A page of the order on one track. counts: placed people by track. nothing_known: people without any reason, never placed.

    left_at_once: added by somebody and gone at once, never placed for being there.
    """

    order: OrderFacts
    track: str
    looks: tuple[Look, ...]
    counts: dict[str, int]
    nothing_known: int
    left_at_once: int

    @property
    def tracks(self) -> tuple[tuple[str, str, int], ...]:
        return tuple((key, words, self.counts.get(key, 0)) for key, words in TRACKS.items())


@dataclass(frozen=True)
class EnteredReason:
    """A reason that an officer entered on somebody."""

    uuid: UUID
    reason: str
    words: str
    by_name: str
    at: datetime
    withdrawn_at: datetime | None
    withdrawn_by_name: str
    withdrawn_why: str

    @property
    def name(self) -> str:
        return rule.ENTERED.get(self.reason, self.reason)


def reading_order() -> OrderFacts:
    return reading_orders()[0]


def reading_orders() -> tuple[OrderFacts, ...]:
    """Every order that ever held, newest first; the one that Amparo comes with last."""
    kept = (
        OrderFacts(each.version, tuple(each.reasons), each.why, each.by_name, each.at)
        for each in ReadingOrder.objects.all()
    )
    return (*kept, OrderFacts(0, rule.DEFAULT, "The order that Amparo comes with.", "", None))


def entered_reasons(person: UUID) -> tuple[EnteredReason, ...]:
    return tuple(
        EnteredReason(
            each.uuid, each.reason, each.words, each.by_name, each.at, each.withdrawn_at, each.withdrawn_by_name,
            each.withdrawn_why,
        )
        for each in PersonReason.objects.filter(person__uuid=person)
    )  # fmt: skip


def first_looks(case: UUID, track: str = "", *, offset: int = 0, limit: int = 50) -> Looks:
    """Whom to look at first. track: of `TRACKS`; without one the first on which somebody stands."""
    order, items = reading_order(), items_across(case)
    held = _held(case, items)
    numbers, tracks = {}, {}
    known = Person.objects.filter(case__uuid=case).values_list("id", "number", "category", "age_status")
    for each, number, category, age_status in known.iterator(chunk_size=5000):
        numbers[each] = number
        if each in held:
            tracks[each] = rule.track(category, age_status)
    placed = rule.in_order({each: held[each] for each in tracks}, numbers, order.reasons)
    by_track: dict[str, list[int]] = {each: [] for each in TRACKS}
    for each in placed:
        by_track[tracks[each]].append(each)
    asked = track if track in TRACKS else next((each for each in TRACKS if by_track[each] and each != VICTIMS), MINORS)
    shown = by_track[asked][offset : offset + limit]
    people = _people(shown)
    behind = _Behind(case, shown, items)
    looks = tuple(
        Look(
            PersonRef(people[each].uuid, people[each].reference, people[each].handle),
            people[each].category,
            people[each].age_status,
            tuple(behind.line(each, reason) for reason in order.reasons if reason in held[each]),
        )
        for each in shown
    )
    at_once = (
        Membership.objects.filter(group__case__uuid=case, left_at_once=True).order_by().values_list("person", flat=True)
    )
    return Looks(
        order,
        asked,
        looks,
        {each: len(found) for each, found in by_track.items()},
        len(numbers) - len(placed),
        len(set(at_once.distinct()) - set(held)),
    )


def _people(placed: Sequence[int]) -> dict[int, Person]:
    found: dict[int, Person] = {}
    for start in range(0, len(placed), STEP):
        found |= Person.objects.in_bulk(placed[start : start + STEP])
    return found


def _held(case: UUID, items: Iterable[Across]) -> dict[int, set[str]]:
    """Each person's reasons, by the person's row; a few statements however large the case is."""
    held: dict[int, set[str]] = defaultdict(set)
    stays = Membership.objects.filter(
        group__case__uuid=case
    ).order_by()  # else DISTINCT would hold the order's columns too
    for item in items:
        if item.claim.first.person is not None and not item.sticker:
            state = item.verdict.state
            if state in (State.NO_HIT, State.HIT):
                held[item.claim.first.person].add("new_first" if state is State.NO_HIT else "known_first")
    asked: list[tuple[str, Iterable[int | None]]] = [
        (
            "first",
            Post.objects.filter(group__case__uuid=case, first=True, sticker=False)
            .order_by()
            .values_list("person", flat=True)
            .distinct(),
        ),
        ("admin", stays.exclude(admin_line=None).values_list("person", flat=True)),
        ("admin", Notice.objects.filter(group__case__uuid=case, type="admin_granted").values_list("actor", flat=True)),
        ("created", stays.filter(came="created").values_list("person", flat=True)),
        ("added", stays.filter(came="added").values_list("came_by", flat=True).distinct()),
        (
            "several",
            stays.filter(messages__gt=0)
            .values("person")
            .annotate(groups=Count("group", distinct=True))
            .filter(groups__gt=1)
            .values_list("person", flat=True),
        ),
    ]
    for reason, persons in asked:
        for person in persons:
            if person is not None:
                held[person].add(reason)
    entered = PersonReason.objects.filter(person__case__uuid=case, withdrawn_at=None).values_list("person", "reason")
    for person, reason in entered:
        held[person].add(reason)
    return dict(held)


class _Behind:
    """The rows behind the reasons of a page of people."""

    def __init__(self, case: UUID, people: Collection[int], items: Iterable[Across]) -> None:
        self.rows: dict[tuple[int, str], list[Row]] = defaultdict(list)
        self.totals: dict[tuple[int, str], int] = {}
        wanted = set(people)
        groups = {each.id: each for each in Group.objects.filter(case__uuid=case)}
        for item in items:
            person, state = item.claim.first.person, item.verdict.state
            if person in wanted and not item.sticker and person is not None and state in (State.NO_HIT, State.HIT):
                reason = "new_first" if state is State.NO_HIT else "known_first"
                doubt = f" ({item.why_not_certain})" if not item.claim.certain else ""
                first = item.first
                self._add(
                    person, reason, Row(f"item {item.sha256[:12]}{doubt}", first.group, first.group_name, first.line)
                )
        posts = Post.objects.filter(person_id__in=wanted, first=True, sticker=False)
        for post in self._some(posts, "person", "first", ("group_id", "line")):
            self._group_row(post.person_id, "first", groups[post.group_id], post.media_name or "an item", post.line)
        stays = Membership.objects.filter(group__case__uuid=case)
        for stay in stays.filter(person_id__in=wanted):
            group = groups[stay.group_id]
            if stay.admin_line:
                self._group_row(stay.person_id, "admin", group, "made an admin", stay.admin_line)
            if stay.came == "created":
                self._group_row(stay.person_id, "created", group, "created the group", stay.came_line)
            if stay.messages:
                self._group_row(stay.person_id, "several", group, f"{stay.messages} messages", None)
        added = stays.filter(came="added", came_by_id__in=wanted).select_related("person")
        for stay in self._some(added, "came_by", "added", ("group_id", "came_line")):
            self._group_row(
                stay.came_by_id, "added", groups[stay.group_id], f"added {ref(stay.person)}", stay.came_line
            )
        for notice in Notice.objects.filter(group__case__uuid=case, type="admin_granted", actor_id__in=wanted):
            words = f"made {', '.join(notice.targets)} an admin"
            self._group_row(notice.actor_id, "admin", groups[notice.group_id], words, notice.line)
        for each in PersonReason.objects.filter(person_id__in=wanted, withdrawn_at=None):
            self._add(each.person_id, each.reason, Row(f"{each.words} ({each.by_name})", None, "", None))

    def _some(self, rows: QuerySet[Any], by: str, reason: str, order: tuple[str, ...]) -> QuerySet[Any]:
        """The first rows of each person, by the database, and how many there are: somebody may have added ten thousand."""
        for person, count in rows.order_by().values_list(by).annotate(count=Count("id")):
            self.totals[person, reason] = count
        numbered = rows.annotate(place=Window(RowNumber(), partition_by=[F(by)], order_by=[F(each) for each in order]))
        some: QuerySet[Any] = numbered.filter(place__lte=MOST_ROWS)
        return some

    def _group_row(self, person: int | None, reason: str, group: Group, words: str, line: int | None) -> None:
        if person is not None:
            self._add(person, reason, Row(words, group.uuid, group.name, line))

    def _add(self, person: int, reason: str, row: Row) -> None:
        self.rows[person, reason].append(row)

    def line(self, person: int, reason: str) -> ReasonLine:
        rows = self.rows[person, reason]
        total = self.totals.get((person, reason), len(rows))
        return ReasonLine(reason, rule.REASONS[reason], tuple(rows[:MOST_ROWS]), max(0, total - MOST_ROWS))
