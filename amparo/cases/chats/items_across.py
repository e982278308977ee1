"""The items that groups of a case carried, each once by its bytes: who had it first, where else it went, what looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, TypeVar
from uuid import UUID

import numpy as np
from django.db.models import Count, Max, Q

from amparo.cases.chats.lookalikes import near_families
from amparo.cases.chats.talk import moment, zone_of
from amparo.cases.facts import PersonRef
from amparo.cases.groups.across import Carried, Claim, claim_of
from amparo.cases.models import Case, Group, Person, Post, Sighting
from amparo.foundation.times import Moment
from amparo.matching import queries as matching
from amparo.matching.looks import QUALITY_FLOOR, picture_looks
from amparo.matching.queries import Verdict
from amparo.matching.rules import NEAR_BITS, State
from amparo.sandbox import queries as sandbox
from amparo.vault import queries as vault
from amparo.vault.queries import ItemFacts

STEP = 5000  # of a list of variables in one statement; SQLite takes 32,766

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class FirstPost:
    """Whose post it was, in which group, at which line and moment."""

    person: PersonRef | None
    group: UUID
    group_name: str
    line: int
    at: Moment
    forwarded: bool


@dataclass(frozen=True)
class Across:
    """An item that groups carried. groups: names by uuid, in the order of their numbers.

    against: first posts of other groups that may be as early.
    """

    item: UUID
    sha256: str
    state: State
    claim: Claim
    first: FirstPost
    against: tuple[FirstPost, ...]
    groups: tuple[tuple[UUID, str], ...]
    posts: int
    people: int
    sticker: bool

    @property
    def new(self) -> bool:
        """Posted, compared, and on no list."""
        return self.state is State.NO_HIT

    @property
    def why_not_certain(self) -> str:
        """What speaks against the first post, in words; empty where nothing does."""
        said = []
        if self.first.forwarded:
            said.append("marked as forwarded: it was somewhere else before")
        if self.claim.tied:
            said.append("posted at the same second in another group")
        if len(self.against) > self.claim.tied:
            unknown = not self.first.at.utc or any(not each.at.utc for each in self.against)
            said.append("a clock's zone is not known" if unknown else "another group may have had it as early")
        return "; ".join(said)


@dataclass(frozen=True)
class FirstQuestion:
    """Of the items that groups of the case carried, stickers apart, how many lists know and how many nobody has answered for.

    new: compared and on no list, so possibly new, so perhaps of a child in danger now. unanswered: not examined, or too plain.
    """

    new: int
    known: int
    not_examined: int
    too_plain: int
    stickers: int
    first_posters: tuple[PersonRef, ...]

    @property
    def asked(self) -> int:
        return self.new + self.known + self.not_examined + self.too_plain


class _Row(NamedTuple):
    """A post that carried bytes, as the database gives it."""

    id: int
    group: int
    person: int | None
    line: int
    raw: str
    wall: datetime | None
    sticker: bool
    item: UUID | None
    sha256: str
    forwarded: bool


def items_across(case: UUID) -> tuple[Across, ...]:
    """Every item that a group carried: possibly new ones first, then in the order of their first post.

    Kept until a post comes in, an item is compared or a clock is placed: several parts of one page ask for them.
    """
    groups = Group.objects.filter(case__uuid=case).order_by("id")
    posts = Post.objects.filter(group__in=groups.order_by().values("id")).exclude(sha256="")
    held = posts.aggregate(count=Count("id"), last=Max("id"))
    zones = tuple(groups.values_list("id", "zone", "zone_assumed_by"))
    return _items_across(case, (held["count"], held["last"], matching.newest_check(), zones))


@lru_cache(maxsize=2)
def _items_across(case: UUID, as_of: tuple[object, ...]) -> tuple[Across, ...]:
    by_bytes = {digest: posts for digest, posts in _carried(case).items() if posts[0].item}
    groups = {each.id: each for each in Group.objects.filter(case__uuid=case)}
    claims = {digest: _claim(posts, groups) for digest, posts in by_bytes.items()}
    states = _in_steps(matching.states, [posts[0].item for posts in by_bytes.values() if posts[0].item])
    people = _people(each.person for claim in claims.values() for each in (claim.first, *claim.against))
    found = []
    for digest, posts in by_bytes.items():
        claim, by_id, item = claims[digest], {each.id: each for each in posts}, posts[0].item
        assert item is not None  # by_bytes holds no other
        first, *against = (_first_post(by_id[each.post], groups, people) for each in (claim.first, *claim.against))
        where = dict.fromkeys(each.group for each in posts)
        found.append(
            Across(
                item, digest, states.get(item, State.NOT_EXAMINED), claim, first, tuple(against),
                tuple((groups[each].uuid, groups[each].name) for each in sorted(where)),
                len(posts), len({each.person for each in posts}), any(each.sticker for each in posts),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda each: (not each.new, each.claim.first.latest, each.first.line, each.sha256)))


def first_question(case: UUID, found: Sequence[Across] | None = None) -> FirstQuestion:
    """The case's first question, from what `items_across` gave."""
    found = items_across(case) if found is None else found
    asked = [each for each in found if not each.sticker]
    states = [each.state for each in asked]
    firsts = {each.first.person.uuid: each.first.person for each in asked if each.new and each.first.person}
    return FirstQuestion(
        states.count(State.NO_HIT),
        states.count(State.HIT),
        states.count(State.NOT_EXAMINED),
        states.count(State.TOO_PLAIN),
        len(found) - len(asked),
        tuple(firsts.values()),
    )


def item_facts(items: Iterable[UUID]) -> dict[UUID, ItemFacts]:
    """The vault's facts of a page of items."""
    return vault.items(items)


def item_verdicts(items: Iterable[UUID]) -> dict[UUID, Verdict]:
    """The lists' answers for a page of items, with every hit."""
    return matching.verdicts(items)


def _carried(case: UUID) -> dict[str, list[_Row]]:
    rows = (
        Post.objects.filter(group__in=Group.objects.filter(case__uuid=case).values("id"))
        .exclude(sha256="")
        .order_by("group_id", "line", "id")
        .values_list("id", "group_id", "person_id", "line", "raw", "wall", "sticker", "item", "sha256", "forwarded")
    )
    by_bytes: dict[str, list[_Row]] = {}
    for each in map(_Row._make, rows.iterator(chunk_size=2000)):
        by_bytes.setdefault(each.sha256, []).append(each)
    return by_bytes


def _claim(posts: list[_Row], groups: dict[int, Group]) -> Claim:
    """Inside one group the export's own order says who was first; clocks are asked only between groups."""
    alone = posts[0].group == posts[-1].group
    return claim_of(_as_carried(each, groups[each.group]) for each in (posts[:1] if alone else posts))


def _people(rows: Iterable[int | None]) -> dict[int, PersonRef]:
    wanted = sorted({each for each in rows if each is not None})
    found: dict[int, PersonRef] = {}
    for start in range(0, len(wanted), STEP):
        told = Person.objects.filter(id__in=wanted[start : start + STEP]).order_by()
        found |= {row: PersonRef(uuid, f"P-{number}", handle) for row, uuid, number, handle in
                  told.values_list("id", "uuid", "number", "handle")}  # fmt: skip
    return found


def _as_carried(post: _Row, group: Group) -> Carried:
    utc = post.wall.replace(tzinfo=zone_of(group.zone)).astimezone(UTC) if post.wall and group.zone else None
    return Carried(post.id, post.person, post.group, post.line, post.wall, utc, post.forwarded)


def _first_post(post: _Row, groups: dict[int, Group], people: dict[int, PersonRef]) -> FirstPost:
    group = groups[post.group]
    person = people.get(post.person) if post.person else None
    return FirstPost(person, group.uuid, group.name, post.line, moment(group, post.raw, post.wall), post.forwarded)


# ---- look-alikes


def look_alikes(found: Iterable[Across]) -> dict[str, tuple[str, ...]]:
    """The digests of each item's look-alikes: other bytes, PDQ fingerprints at most NEAR_BITS apart, turned or not."""
    shown = {each.sha256: each.item for each in found}
    examined = _in_steps(sandbox.examinations, list(shown.values()))
    looks = []
    for item in shown.values():
        there = examined.get(item)
        picture = (
            there is not None and there.kind == "picture" and int(there.facts.get("quality") or 0) >= QUALITY_FLOOR
        )
        looks.append(picture_looks(there.facts).rows if picture and there else np.empty((0, 4), np.uint64))
    digests, alike = list(shown), dict[str, tuple[str, ...]]()
    for family in _families(_Looks(tuple(looks))):
        names = [digests[each] for each in family]
        alike |= {name: tuple(other for other in names if other != name) for name in names}
    return alike


class _Looks:
    """Fingerprints that are equal where their bytes are, so that the same ones are compared with one another once."""

    def __init__(self, rows: tuple[np.ndarray, ...]) -> None:
        self.rows = rows
        counts = np.array([len(each) for each in rows], np.int64)
        self.digest = blake2b(
            counts.tobytes() + np.concatenate([np.empty((0, 4), np.uint64), *rows]).tobytes()
        ).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Looks) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=2)
def _families(looks: _Looks) -> list[tuple[int, ...]]:
    return near_families(looks.rows, NEAR_BITS)


def _in_steps(ask: Callable[[Iterable[UUID]], dict[UUID, Answer]], wanted: list[UUID]) -> dict[UUID, Answer]:
    """SQLite refuses longer lists of variables in one statement."""
    found: dict[UUID, Answer] = {}
    for start in range(0, len(wanted), STEP):
        found |= ask(wanted[start : start + STEP])
    return found


# ---- overlaps with other cases


@dataclass(frozen=True)
class SharedItems:
    """Another case in which bytes of this case's items stand too: how many of them, and of groups' items, and who asks there."""

    case: UUID
    reference: str
    items: int
    opened_by: UUID


def items_elsewhere(case: UUID) -> tuple[SharedItems, ...]:
    """Other cases that sighted the same bytes, most first; of each only the number."""
    mine = Sighting.objects.filter(case__uuid=case).values("sha256")
    rows = (
        Sighting.objects.filter(sha256__in=mine)
        .exclude(Q(case__uuid=case) | Q(sha256=""))
        .values("case_id")
        .annotate(items=Count("sha256", distinct=True))
    )
    counted = {row["case_id"]: row["items"] for row in rows}
    cases = Case.objects.filter(id__in=list(counted))
    found = (SharedItems(each.uuid, each.reference, counted[each.id], each.opened_by) for each in cases)
    return tuple(sorted(found, key=lambda each: (-each.items, each.reference)))
