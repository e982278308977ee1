"""Whom to look at first in a case: the reasons that hold of each, the rows behind them, and everyone of whom nothing is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Count, F, Max, QuerySet, Window
from django.db.models.functions import RowNumber

from amparo.cases.chats.columns import fetched
from amparo.cases.chats.items_across import Across, items_across
from amparo.cases.chats.talk import ref
from amparo.cases.facts import PersonRef
from amparo.cases.groups import order as rule
from amparo.cases.groups.order import MINORS, TRACKS, VICTIMS
from amparo.cases.models import Group, Membership, Notice, Person, PersonReason, Post, ReadingOrder
from amparo.matching.rules import State

OF_STATE = {State.NO_HIT: "new_first", State.HIT: "known_first"}
NOBODY = np.empty(0, np.int64)
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
    held, everyone = _held(case, items), _by_track(case)
    placed = {each: rule.in_order(held, people, order.reasons) for each, people in everyone.items()}
    asked = (
        track if track in TRACKS else next((each for each in TRACKS if len(placed[each]) and each != VICTIMS), MINORS)
    )
    shown = placed[asked][offset : offset + limit].tolist()
    reasons = {each: set(np.intersect1d(held[each], shown).tolist()) for each in order.reasons if each in held}
    people, behind = _people(shown), _Behind(case, shown, items)
    looks = tuple(
        Look(
            PersonRef(people[each].uuid, people[each].reference, people[each].handle),
            people[each].category,
            people[each].age_status,
            tuple(behind.line(each, reason) for reason, persons in reasons.items() if each in persons),
        )
        for each in shown
    )
    at_once = _persons(_stays(case).filter(left_at_once=True).values_list("person"))
    counts = {each: len(found) for each, found in placed.items()}
    nothing = sum(map(len, everyone.values())) - sum(counts.values())
    return Looks(
        order, asked, looks, counts, nothing, len(np.setdiff1d(at_once, np.concatenate([NOBODY, *held.values()])))
    )


def _people(placed: Sequence[int]) -> dict[int, Person]:
    found: dict[int, Person] = {}
    for start in range(0, len(placed), STEP):
        found |= Person.objects.in_bulk(placed[start : start + STEP])
    return found


def _by_track(case: UUID) -> dict[str, np.ndarray]:
    """Everyone's row under the track on which they are read about, by their number."""
    found: dict[str, list[np.ndarray]] = {each: [NOBODY] for each in TRACKS}
    rows = Person.objects.filter(case__uuid=case)
    for category, age_status in rows.order_by().values_list("category", "age_status").distinct():
        theirs = rows.filter(category=category, age_status=age_status).order_by()
        found[rule.track(category, age_status)].append(fetched(theirs.values_list("number", "id"), 2))
    numbered = {each: np.concatenate([part.reshape(-1, 2) for part in parts]) for each, parts in found.items()}
    return {each: rows[np.argsort(rows[:, 0], kind="stable"), 1] for each, rows in numbered.items()}


def _stays(case: UUID) -> QuerySet[Membership]:
    """Without an order, else DISTINCT would hold its columns too; without a join for each stay."""
    return Membership.objects.filter(group__in=Group.objects.filter(case__uuid=case).values("id")).order_by()


def _persons(rows: QuerySet[Any, Any]) -> np.ndarray:
    return np.unique(fetched(rows.distinct(), 1))


def _held(case: UUID, items: Iterable[Across]) -> dict[str, np.ndarray]:
    """Under each reason the rows of those of whom it holds; a few statements however large the case is."""
    held = _told_by_exports(case, *_newest(case))
    firsts: dict[str, set[int]] = {"new_first": set(), "known_first": set()}
    for item in items:
        person, reason = item.claim.first.person, OF_STATE.get(item.state)
        if person is not None and reason and not item.sticker:
            firsts[reason].add(person)
    held = held | {reason: np.array(sorted(persons), np.int64) for reason, persons in firsts.items()}
    entered = PersonReason.objects.filter(person__case__uuid=case, withdrawn_at=None).order_by()
    for reason in set(entered.values_list("reason", flat=True)):
        held[reason] = _persons(entered.filter(reason=reason).values_list("person"))
    return held


def _newest(case: UUID) -> tuple[int, int, int]:
    """What changes whenever an export adds anything: its rows never change."""
    groups = Group.objects.filter(case__uuid=case).values("id")
    stays = Membership.objects.filter(group__in=groups).aggregate(count=Count("id"), last=Max("id"))
    return stays["count"], stays["last"] or 0, Post.objects.filter(group__in=groups).count()


@lru_cache(maxsize=2)
def _told_by_exports(case: UUID, stays_in_all: int, last_stay: int, posts_in_all: int) -> dict[str, np.ndarray]:
    """The reasons that rest on nothing but the exports; kept until one is added."""
    groups, stays = Group.objects.filter(case__uuid=case).values("id"), _stays(case)
    posts = Post.objects.filter(group__in=groups, first=True, sticker=False).exclude(person=None).order_by()
    granted = Notice.objects.filter(group__in=groups, type="admin_granted").exclude(actor=None).order_by()
    writers = stays.filter(messages__gt=0).values("person").annotate(groups=Count("group", distinct=True))
    admins = _persons(stays.exclude(admin_line=None).values_list("person"))
    return {
        "first": _persons(posts.values_list("person")),
        "admin": np.union1d(admins, _persons(granted.values_list("actor"))),
        "created": _persons(stays.filter(came="created").values_list("person")),
        "added": _persons(stays.filter(came="added").exclude(came_by=None).values_list("came_by")),
        "several": _persons(writers.filter(groups__gt=1).values_list("person")),
    }


class _Behind:
    """The rows behind the reasons of a page of people."""

    def __init__(self, case: UUID, people: Collection[int], items: Iterable[Across]) -> None:
        self.rows: dict[tuple[int, str], list[Row]] = defaultdict(list)
        self.totals: dict[tuple[int, str], int] = {}
        wanted = set(people)
        groups = {each.id: each for each in Group.objects.filter(case__uuid=case)}
        for item in items:
            person = item.claim.first.person
            if person in wanted and not item.sticker and person is not None and (reason := OF_STATE.get(item.state)):
                doubt = f" ({item.why_not_certain})" if not item.claim.certain else ""
                first = item.first
                self._add(
                    person, reason, Row(f"item {item.sha256[:12]}{doubt}", first.group, first.group_name, first.line)
                )
        posts = Post.objects.filter(person_id__in=wanted, first=True, sticker=False)
        for post in self._some(posts, "person", "first", ("group_id", "line")):
            self._group_row(post.person_id, "first", groups[post.group_id], post.media_name or "an item", post.line)
        stays = Membership.objects.all()  # of people of this case, so of its groups
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
        for notice in Notice.objects.filter(type="admin_granted", actor_id__in=wanted):
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
