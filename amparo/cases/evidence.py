"""The items of a case, what is known of each, and each one's custody story."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from amparo.cases.chats.talk import moment, ref
from amparo.cases.facts import ItemLine, SightingFacts
from amparo.cases.models import CaseReport, Post, Sighting
from amparo.custody import queries as custody
from amparo.custody.queries import ActLine
from amparo.matching import queries as matching
from amparo.matching.queries import Verdict
from amparo.sandbox import queries as sandbox
from amparo.sandbox.queries import ExaminationFacts
from amparo.vault import queries as vault
from amparo.vault.queries import ItemFacts

STEP = 500


def items(case: UUID) -> tuple[ItemLine, ...]:
    """The items of the case, each once by its bytes, those that a group carried first and in the order of posting."""
    sighted = list(
        Sighting.objects.filter(case__uuid=case).select_related("post__group", "post__person").order_by("id")
    )
    by_bytes: dict[str, list[Sighting]] = {}
    for each in sighted:
        by_bytes.setdefault(each.sha256, []).append(each)
    facts = _facts({each.item for each in sighted})
    groups = [found for found in by_bytes.values() if any(each.item in facts for each in found)]
    shown = {id(found): next(each.item for each in found if each.item in facts) for found in groups}
    verdicts = _verdicts(sorted(shown.values()))
    examined = _examinations(sorted(shown.values()))
    lines = [
        _line(facts[shown[id(found)]], found, verdicts[shown[id(found)]], examined.get(shown[id(found)]))
        for found in groups
        if not facts[shown[id(found)]].derived
    ]
    return tuple(sorted(lines, key=_order))


def _order(line: ItemLine) -> tuple[bool, str, int]:
    first = next((each for each in line.sightings if each.group), None)
    return (first is None, str(first.group) if first else "", first.line or 0 if first else 0)


def _facts(wanted: set[UUID]) -> dict[UUID, ItemFacts]:
    """The vault's facts of these items; one erased by a retention rule is absent, though its sightings outlive it."""
    found: dict[UUID, ItemFacts] = {}
    for part in _in_steps(sorted(wanted)):
        found |= vault.items(part)
    return found


def _in_steps(uuids: list[UUID]) -> Iterable[list[UUID]]:
    """SQLite refuses long lists of variables in one statement."""
    return (uuids[start : start + STEP] for start in range(0, len(uuids), STEP))


def _verdicts(wanted: list[UUID]) -> dict[UUID, Verdict]:
    found: dict[UUID, Verdict] = {}
    for part in _in_steps(wanted):
        found |= matching.verdicts(part)
    return found


def _examinations(wanted: list[UUID]) -> dict[UUID, ExaminationFacts]:
    found: dict[UUID, ExaminationFacts] = {}
    for part in _in_steps(wanted):
        found |= sandbox.examinations(part)
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
