"""Who had an item first anywhere in the exports held, and what speaks against it. Pure.

Lines of one export stand in their order. Between exports only clocks can say: one whose zone is known is exact, one whose zone
nobody has said lies up to 14 hours before and 12 hours after what it shows, and an undated line may lie anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import numpy as np

from amparo.matching.engine import HashIndex

EARLIEST, LATEST = timedelta(hours=14), timedelta(hours=12)  # zones reach from UTC+14 to UTC-12
NEVER, EVER = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Carried:
    """One post of an item. person, group: any numbers that tell them apart. wall: the export's clock as if UTC."""

    post: int
    person: int | None
    group: int
    line: int
    wall: datetime | None
    utc: datetime | None
    forwarded: bool = False

    @property
    def earliest(self) -> datetime:
        return self.utc or (self.wall - EARLIEST if self.wall else EVER)

    @property
    def latest(self) -> datetime:
        return self.utc or (self.wall + LATEST if self.wall else NEVER)


@dataclass(frozen=True)
class Claim:
    """first: the earliest post held. against: posts of others that may be as early. tied: those of them at the same instant.

    The claim is certain where nothing speaks against it; a forwarded first post was somewhere else before.
    """

    first: Carried
    against: tuple[Carried, ...]
    tied: int

    @property
    def certain(self) -> bool:
        return not self.against and not self.first.forwarded


def claim_of(posts: Iterable[Carried]) -> Claim:
    """The claim on one item. Raises ValueError for no post at all."""
    firsts = _first_of_each_group(posts)
    first = min(firsts, key=lambda each: (each.utc or each.wall or NEVER, each.forwarded, each.group, each.line))
    # Whoever posts it again in the same group comes later by the export's own order, whatever the clocks say.
    against = tuple(
        each
        for each in firsts
        if each.group != first.group
        and (each.person is None or each.person != first.person)
        and each.earliest <= first.latest
    )
    tied = sum(each.utc is not None and each.utc == first.utc for each in against)
    return Claim(first, against, tied)


def _first_of_each_group(posts: Iterable[Carried]) -> list[Carried]:
    in_lines = sorted(posts, key=lambda each: (each.group, each.line))
    return [next(same) for _, same in groupby(in_lines, key=lambda each: each.group)]


def near_families(looks: Sequence[np.ndarray], within_bits: int) -> list[tuple[int, ...]]:
    """Items that look alike, each family ascending; an item alone is in none.

    looks: of each item its fingerprints as rows (n, 4), the picture as it stands first, then its turns; empty where there is none.
    """
    there = [number for number, rows in enumerate(looks) if len(rows)]
    if len(there) < 2:
        return []
    index = HashIndex(np.stack([looks[number][0] for number in there]))
    queries = np.concatenate([looks[number] for number in there])
    owner = np.repeat(np.arange(len(there)), [len(looks[number]) for number in there])
    rows, entries, _ = index.search(queries, within_bits)
    parent = list(range(len(there)))

    def root(each: int) -> int:
        while parent[each] != each:
            parent[each] = parent[parent[each]]
            each = parent[each]
        return each

    for one, two in zip(owner[rows].tolist(), entries.tolist(), strict=True):
        low, high = sorted((root(one), root(two)))
        parent[high] = low
    families: dict[int, list[int]] = {}
    for each in range(len(there)):
        families.setdefault(root(each), []).append(there[each])
    return [tuple(family) for family in families.values() if len(family) > 1]
