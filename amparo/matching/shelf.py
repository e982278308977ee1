"""Lists laid open to be asked: many items at once, from any process, without Django and without a database.

    shelf = Shelf.open(home, lists)
    found = shelf.lookup({"md5": ..., "sha1": ..., "sha256": ...}, looks)

Safe to share among threads. Processes that open the same lists share their pages in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from amparo.foundation.home import Home
from amparo.matching import strongest
from amparo.matching.looks import Looks, Rows, place_of
from amparo.matching.rules import NEAR_BITS, Found, HitKind, in_order
from amparo.matching.strongest import DIGEST_RANKS, NEAR_RANK, Hits
from amparo.matching.versions import Part, Version, opened

# What is kept of an item's hits in one list: the strongest. Of a much varied picture a list may know thousands of copies.
MOST_HITS = 100

# Looks searched at once: few at first, and fewer again where each is near to many.
_FEWEST_LOOKS, _MOST_LOOKS = 16, 4096
_HITS_AT_ONCE = 1 << 20

Bytes = NDArray[np.uint8]


class Shelf:
    """The versions of lists that are asked together."""

    def __init__(self, versions: Iterable[Version]) -> None:
        self.versions = tuple(versions)

    @classmethod
    def open(cls, home: Home, lists: Iterable[UUID]) -> Self:
        """The lists of that home, in the given order. Raises Broken where a file is missing or another than it was."""
        return cls(opened(home, lists))

    @property
    def lists(self) -> tuple[UUID, ...]:
        """The lists it was opened with."""
        return tuple(each.uuid for each in self.versions)

    def counting(self) -> tuple[UUID, ...]:
        """Those of its lists that have not been withdrawn since: the ones that `lookup` asks now."""
        return tuple(each.uuid for each in self.versions if not each.withdrawn)

    @property
    def looks_listed(self) -> bool:
        """Whether any of its lists holds a fingerprint, without which no look is compared."""
        return any(part.segments for version in self.versions for part in version.parts)

    def lookup(
        self,
        digests: Mapping[str, Bytes],
        looks: Sequence[Looks] = (),
        *,
        within_bits: int = NEAR_BITS,
        most: int = MOST_HITS,
        threads: int = 1,
        beyond: Mapping[UUID, UUID] | None = None,
    ) -> list[list[Found]]:
        """For each item what it is, or is near to: one answer a listed row, exact ones first, then by distance.

        digests: by kind ("md5", "sha1", "sha256"), uint8 of shape (items, size). looks: one for each item, or none at all.
        most: how many of an item's answers are kept in each list, the strongest. beyond: of these versions (keys) only what came
        after those that they are based on (values) is asked. Raises ValueError where the items aren't as many in each.
        """
        counts = {len(each) for each in (*digests.values(), *((looks,) if len(looks) else ()))}
        if len(counts) > 1:
            raise ValueError("every digest, and the looks, must be those of the same items")
        answers: list[list[Found]] = [[] for _ in range(max(counts, default=0))]
        asked = _Asked(looks)
        for version in self.versions:
            if version.withdrawn:
                continue
            parts = version.parts_after((beyond or {}).get(version.uuid))
            hits = list(_exact(version, parts, digests, most))
            hits += _near(version, parts, asked, within_bits, most, threads)
            for item, found in _found(version, strongest.kept(strongest.joined(hits), most)):
                answers[item].append(found)
        return [in_order(found) for found in answers] if len(self.versions) > 1 else answers


class _Asked:
    """The looks of all items as one array, with whose each is."""

    def __init__(self, looks: Sequence[Looks]) -> None:
        counts = [len(each) for each in looks]
        self.rows: Rows = np.concatenate([np.empty((0, 4), np.uint64), *(each.rows for each in looks)])
        self.items = np.repeat(np.arange(len(looks)), counts)
        nothing = np.empty(0, np.int64)
        self.places = np.concatenate([nothing, *(each.places for each in looks)])
        self.frames = np.concatenate([nothing, *(each.frames for each in looks)])
        self.at_ms = np.concatenate([nothing, *(_times(each) for each in looks)])
        # A look may not be parted from the others of its picture or frame.
        changes = (np.diff(self.items) != 0) | (np.diff(self.frames) != 0)
        self.ends = np.append(np.flatnonzero(changes) + 1, len(self.rows))

    def spans(self) -> Iterator[tuple[slice, list[int]]]:
        """Slices of about as many looks as can be searched at once. The caller adds to the list how many hits each span had."""
        start, size = 0, _FEWEST_LOOKS
        while start < len(self.rows):
            stop = int(self.ends[np.searchsorted(self.ends, min(start + size, len(self.rows)))])
            said: list[int] = []
            yield slice(start, stop), said
            hits_a_look = sum(said) / (stop - start)
            size = int(min(_MOST_LOOKS, size * 4, max(1, _HITS_AT_ONCE / max(hits_a_look, 1))))
            start = stop

    def cut_items(self, span: slice) -> NDArray[np.int64]:
        """The items of which some looks lie in this slice and some outside: at most two."""
        ends = [(span.start - 1, span.start), (span.stop - 1, span.stop)]
        return np.array(
            [
                self.items[inner]
                for inner, outer in ends
                if inner >= 0 and outer < len(self.items) and self.items[inner] == self.items[outer]
            ],
            dtype=np.int64,
        )


def _times(looks: Looks) -> NDArray[np.int64]:
    return looks.at_ms[looks.frames] if len(looks.at_ms) else np.full(len(looks), -1, np.int64)


def _exact(version: Version, parts: Sequence[Part], digests: Mapping[str, Bytes], most: int) -> Iterator[Hits]:
    for part in parts:
        for kind, rank in DIGEST_RANKS.items():
            table, values = part.tables.get(kind), digests.get(kind)
            if table is None or values is None:
                continue
            query, start, stop = table.find(values)
            alone = stop - start == 1
            singles = version.standing(table.rows[start[alone]])
            entries = [(query[alone][singles], start[alone][singles])]
            for place in np.flatnonzero(~alone):
                found = _first_standing(version, table.rows, int(start[place]), int(stop[place]), most)
                entries.append((np.full(len(found), query[place]), found))
            items, entry = (np.concatenate([each[column] for each in entries]) for column in (0, 1))
            yield strongest.hits_of(
                item=items,
                part=version.parts.index(part),
                row=table.rows[entry],
                category=table.categories[entry],
                rank=rank,
            )


def _first_standing(version: Version, rows: NDArray[Any], start: int, stop: int, most: int) -> NDArray[np.int64]:
    """Up to `most` entries between start and stop whose rows still stand."""
    found: list[NDArray[np.int64]] = []
    while start < stop and sum(map(len, found)) < most:
        end = min(stop, start + max(most, 4096))
        found.append(start + np.flatnonzero(version.standing(rows[start:end])))
        start = end
    return np.concatenate(found)[:most]


def _near(
    version: Version, parts: Sequence[Part], asked: _Asked, within_bits: int, most: int, threads: int
) -> Iterator[Hits]:
    segments = [(version.parts.index(part), segment) for part in parts for segment in part.segments]
    if not segments:
        return
    waiting: list[Hits] = []
    for span, said in asked.spans():
        for number, segment in segments:
            query, entry, bits = segment.search(asked.rows[span], within_bits, threads)
            said.append(len(query))
            standing = version.standing(segment.rows[entry])
            query, entry, bits = query[standing] + span.start, entry[standing], bits[standing]
            waiting.append(
                strongest.hits_of(
                    item=asked.items[query],
                    part=number,
                    row=segment.rows[entry],
                    category=segment.categories[entry],
                    rank=NEAR_RANK,
                    distance=bits,
                    place=asked.places[query],
                    frame=asked.frames[query],
                    at_ms=asked.at_ms[query],
                )
            )
        # All of this span's frames are whole here, so that each is counted once; then its item's frames add up.
        rows = strongest.one_a_row(strongest.one_a_frame(strongest.joined(waiting)))
        waiting.clear()
        cut = asked.cut_items(span)
        whole = ~np.isin(rows["item"], cut)
        yield strongest.kept(rows[whole], most)
        yield rows[~whole]


def _found(version: Version, hits: Hits) -> Iterator[tuple[int, Found]]:
    """(item, what it was found to be) of each hit."""
    names = ("item", "row", "part", "category", "rank", "distance", "place", "frames", "at_ms")
    for item, row, part, category, rank, distance, place, frames, at_ms in zip(
        *(hits[name].tolist() for name in names), strict=True
    ):
        scheme, code = version.parts[part].category(category)
        if rank < NEAR_RANK:
            digest = strongest.DIGESTS[rank]
            yield item, Found(version.uuid, row, HitKind.EXACT, digest, 0, "", "", None, 0, scheme, code)
        else:
            framing, turn = place_of(place)
            first, seen = (at_ms, frames) if at_ms >= 0 else (None, 0)
            yield (
                item,
                Found(version.uuid, row, HitKind.NEAR, "pdq", distance, framing, turn, first, seen, scheme, code),
            )
