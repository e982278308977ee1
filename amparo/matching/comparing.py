"""Items laid beside the lists: anew, or again after lists came and went.

Again, only what changed is asked. What was found in a list that still counts stands. Where a version took the place of the one
it is based on, what was found there stands too, in rows that were not removed; beyond it only the new parts are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from amparo.matching import rules
from amparo.matching.known import shelf_with
from amparo.matching.looks import Looks, strength
from amparo.matching.rules import Found, State
from amparo.matching.shelf import MOST_HITS, Bytes, Shelf
from amparo.matching.versions import Version


@dataclass(frozen=True)
class Subject:
    """What of an item is compared. digests: by kind. kind, examination: what the sandbox took it for, and in which state it is.

    look_count: how many looks it has. A video's are left out where there is nothing to compare them with.
    """

    item: UUID
    origin: UUID
    digests: dict[str, bytes]
    looks: Looks
    look_count: int
    kind: str
    examination: str


@dataclass(frozen=True)
class Answer:
    state: State
    found: tuple[Found, ...]


@dataclass(frozen=True)
class Earlier:
    """What an item was found to be. lists: those it was compared with."""

    state: State
    lists: tuple[UUID, ...]
    found: tuple[Found, ...]


def compared(subjects: Sequence[Subject], lists: Sequence[UUID]) -> list[Answer]:
    """Each item's answer, from these lists."""
    found = shelf_with(lists).lookup(_digests(subjects), [each.looks for each in subjects])
    return [_answer(subject, hits, lists) for subject, hits in zip(subjects, found, strict=True)]


def _digests(subjects: Sequence[Subject]) -> dict[str, Bytes]:
    return {
        kind: np.frombuffer(b"".join(each.digests[kind] for each in subjects), np.uint8).reshape(-1, size)
        for kind, size in rules.DIGEST_BYTES.items()
    }


def _answer(subject: Subject, found: Iterable[Found], lists: Sequence[UUID]) -> Answer:
    hits = tuple(rules.in_order(list(found)))
    state = rules.state_of(
        hits=len(hits),
        lists=len(lists),
        examination=subject.examination,
        kind=subject.kind,
        fingerprint=subject.look_count > 0,
    )
    return Answer(state, hits)


@dataclass(frozen=True)
class Plan:
    """What is to be asked after lists changed.

    shelf: the lists that are asked; beyond: of these, the versions whose files they share and that were asked before. carried:
    by the list of an earlier hit, the one in which it stands now without being asked. moved: by version, the one that came from
    it, so that what is found in the one is the same answer as before in the other.
    """

    lists: tuple[UUID, ...]
    shelf: Shelf
    beyond: dict[UUID, UUID]
    carried: dict[UUID, Version]
    moved: dict[UUID, UUID]

    @property
    def looks_needed(self) -> bool:
        """Whether what is asked holds any fingerprint."""
        return any(
            part.segments
            for version in self.shelf.versions
            for part in version.parts_after(self.beyond.get(version.uuid))
        )


def planned(before: Sequence[UUID], lists: Sequence[UUID]) -> Plan:
    """How items that were compared with the lists `before` come to the answer from `lists`."""
    versions = {each.uuid: each for each in shelf_with(lists).versions}
    carried = {uuid: versions[uuid] for uuid in before if uuid in versions}
    asked = [versions[uuid] for uuid in lists if uuid not in carried]
    beyond: dict[UUID, UUID] = {}
    moved: dict[UUID, UUID] = {}
    for version in asked:
        earlier = [
            each for each in version.manifest.follows if each in before and each not in carried and each not in moved
        ]
        if earlier:
            moved[earlier[-1]] = version.uuid
            if earlier[-1] in version.manifest.parts:
                beyond[version.uuid], carried[earlier[-1]] = earlier[-1], version
    return Plan(tuple(lists), Shelf(asked), beyond, carried, moved)


def compared_again(plan: Plan, subjects: Sequence[Subject], earlier: Sequence[Earlier]) -> list[tuple[Answer, bool]]:
    """Each item's answer from the plan's lists, and whether it is what was known before, said of the lists that count now."""
    full = {number for number, each in enumerate(earlier) if _may_have_lost_some(each)}
    anew = compared([subjects[number] for number in sorted(full)], plan.lists) if full else []
    found = plan.shelf.lookup(_digests(subjects), [each.looks for each in subjects], beyond=plan.beyond)
    answers = []
    whole = iter(anew)
    for number, (subject, was, more) in enumerate(zip(subjects, earlier, found, strict=True)):
        stays = _carried(plan, was.found)
        answer = next(whole) if number in full else _answer(subject, _strongest([*stays, *more]), plan.lists)
        before = {replace(each, list=plan.moved.get(each.list, each.list)) for each in was.found}
        same = answer.state == was.state and set(answer.found) == before
        answers.append((answer, same))
    return answers


def _may_have_lost_some(was: Earlier) -> bool:
    """Whether more was found in some list than is kept: then what stays isn't all that there is."""
    counts: dict[UUID, int] = {}
    for each in was.found:
        counts[each.list] = counts.get(each.list, 0) + 1
    return any(count >= MOST_HITS for count in counts.values())


def _carried(plan: Plan, found: Sequence[Found]) -> list[Found]:
    stays = []
    for each in found:
        version = plan.carried.get(each.list)
        if version and bool(version.standing(np.array([each.row]))[0]):
            stays.append(replace(each, list=version.uuid))
    return stays


def _strongest(found: Iterable[Found]) -> list[Found]:
    """In each list as many as a look-up keeps, the same ones."""
    kept: dict[UUID, list[Found]] = {}
    for each in sorted(found, key=strength):
        kept.setdefault(each.list, []).append(each)
    return [each for of_list in kept.values() for each in of_list[:MOST_HITS]]
