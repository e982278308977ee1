"""The items of a case, what is known of each, and each one's custody story."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Count, Max

from amparo.cases.chats.talk import moment, ref
from amparo.cases.facts import ItemLine, ItemMark, SightingFacts
from amparo.cases.models import CaseReport, Post, Sighting
from amparo.custody import queries as custody
from amparo.custody.queries import ActLine
from amparo.matching import queries as matching
from amparo.matching.queries import Verdict
from amparo.matching.rules import State
from amparo.sandbox import queries as sandbox
from amparo.sandbox.queries import ExaminationFacts
from amparo.vault import queries as vault
from amparo.vault.queries import ItemFacts, ItemName

STEP = 5000  # of a list of variables in one statement; SQLite takes 32,766

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class _Sighted(NamedTuple):
    item: UUID
    sha256: str
    group: UUID | None
    line: int | None
    first: bool | None
    wall: datetime | None
    person: UUID | None


def item_marks(case: UUID) -> tuple[ItemMark, ...]:
    """Every item of the case, those that a group carried first and in the order of posting; a few statements for any number.

    Kept until an item is sighted, compared, sealed or erased: several parts of one page ask for them.
    """
    sighted = Sighting.objects.filter(case__uuid=case).aggregate(count=Count("id"), last=Max("id"))
    return _item_marks(case, (sighted["count"], sighted["last"], matching.newest_check(), vault.item_count()))


@lru_cache(maxsize=2)
def _item_marks(case: UUID, as_of: tuple[object, ...]) -> tuple[ItemMark, ...]:
    rows = Sighting.objects.filter(case__uuid=case).order_by("id")
    by_bytes: dict[str, list[_Sighted]] = {}
    for each in map(
        _Sighted._make,
        rows.values_list(
            "item", "sha256", "post__group__uuid", "post__line", "post__first", "post__wall", "post__person__uuid"
        ).iterator(chunk_size=2000),
    ):
        by_bytes.setdefault(each.sha256, []).append(each)
    names = _steps(vault.item_names, {each.item for found in by_bytes.values() for each in found})
    shown = {
        digest: item
        for digest, found in by_bytes.items()
        if (item := next((each.item for each in found if each.item in names), None)) and not names[item].derived
    }
    states = _steps(matching.states, set(shown.values()))
    marks = (
        _mark(item, states.get(item, State.NOT_EXAMINED), names[item], by_bytes[digest])
        for digest, item in shown.items()
    )
    return tuple(sorted(marks, key=lambda mark: mark.place))


def _mark(item: UUID, state: State, name: ItemName, found: list[_Sighted]) -> ItemMark:
    posted = [each for each in found if each.group]
    first = min((each for each in posted if each.first), key=_posted_at, default=None)
    place = (False, str(posted[0].group), posted[0].line or 0) if posted else (True, "", 0)
    said = f"{name.name} {name.reference} {name.sha256} {name.md5} {name.sha1}".casefold()
    return ItemMark(item, found[0].sha256, state, first.person if first else None, len(posted), said, place)


def _posted_at(each: _Sighted) -> tuple[bool, str, int]:
    return each.wall is None, each.wall.isoformat() if each.wall else "", each.line or 0


def items(case: UUID, marks: Sequence[ItemMark] | None = None) -> tuple[ItemLine, ...]:
    """The items of the case with all that is known of each, in their order. marks: only these, as `item_marks` gave them."""
    wanted = item_marks(case) if marks is None else marks
    sighted: dict[str, list[Sighting]] = {}
    for some in _in_steps([each.sha256 for each in wanted]):
        rows = Sighting.objects.filter(case__uuid=case, sha256__in=some)
        for row in rows.select_related("post__group", "post__person").order_by("id"):
            sighted.setdefault(row.sha256, []).append(row)
    shown = [each.item for each in wanted]
    facts, verdicts = _steps(vault.items, shown), _steps(matching.verdicts, shown)
    examined = _steps(sandbox.examinations, shown)
    return tuple(
        _line(facts[each.item], sighted[each.sha256], verdicts[each.item], examined.get(each.item)) for each in wanted
    )


def posted_items(case: UUID, person: UUID) -> tuple[ItemLine, ...]:
    """Those that this person posted."""
    posts = Post.objects.filter(person__uuid=person).exclude(sha256="").order_by()
    theirs = set(posts.values_list("sha256", flat=True))
    return items(case, [each for each in item_marks(case) if each.sha256 in theirs]) if theirs else ()


def _in_steps(wanted: Sequence[Asked]) -> Iterable[Sequence[Asked]]:
    """SQLite refuses longer lists of variables in one statement."""
    return (wanted[start : start + STEP] for start in range(0, len(wanted), STEP))


def _steps(ask: Callable[[Iterable[UUID]], dict[UUID, Answer]], wanted: Iterable[UUID]) -> dict[UUID, Answer]:
    found: dict[UUID, Answer] = {}
    for part in _in_steps(list(wanted)):
        found |= ask(part)
    return found


def _line(item: ItemFacts, sighted: list[Sighting], verdict: Verdict, examination: ExaminationFacts | None) -> ItemLine:
    posted = [each.post for each in sighted if each.post]
    first = min((each for each in posted if each.first), key=_when, default=None)
    return ItemLine(
        item=item,
        verdict=verdict,
        examination=examination,
        first_poster=ref(first.person) if first else None,
        first_at=moment(first.group, first.raw, first.wall) if first else None,
        sightings=tuple(_sighting(each) for each in sighted),
        copies=len(posted),
        sticker=any(each.sticker for each in posted),
        same=tuple(dict.fromkeys(each.item for each in sighted)),
    )


def _when(post: Post) -> tuple[bool, str, int]:
    return post.wall is None, post.wall.isoformat() if post.wall else "", post.line


def _sighting(row: Sighting) -> SightingFacts:
    post = row.post
    if not post:
        return SightingFacts(row.item, row.report, None, "", None, None, None)
    at = moment(post.group, post.raw, post.wall)
    return SightingFacts(row.item, None, post.group.uuid, post.group.name, post.line, ref(post.person), at)


@dataclass(frozen=True)
class CustodyOfItem:
    """An item and every act of the record about it, in order."""

    line: ItemLine
    acts: tuple[ActLine, ...]


def evidence(case: UUID, lines: Iterable[ItemLine] | None = None) -> tuple[CustodyOfItem, ...]:
    """Each item's custody story. lines: only these, as `items` gave them (a page of many)."""
    return tuple(
        CustodyOfItem(line, custody.story(line.item.uuid)) for line in (items(case) if lines is None else lines)
    )


def story(case: UUID, *, but: Collection[str] = (), newest: int | None = None) -> tuple[ActLine, ...]:
    """Every act about the case itself or its reports, in order; or the `newest` of them. but: beginnings of kinds to leave out."""
    reports = CaseReport.objects.filter(case__uuid=case).values_list("report", flat=True)
    found = custody.story(case, *reports, newest_first=newest is not None, but=but, most=newest)
    return tuple(reversed(found)) if newest is not None else found
