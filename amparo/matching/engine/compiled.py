"""The inner loops in Numba: what backend.Kernels asks for, over kernels.py."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine import kernels
from amparo.matching.engine.rows import Hits, Numbers, Rows
from amparo.matching.engine.segment import Segment, id_bytes_for

LEAST_ROOM, MOST_FIRST_ROOM = 1024, 1 << 22
ROWS_AT_ONCE = 65_536
PART_ROWS = 32_768
MOST_PART_BITS = 11


def near_by_bands(
    segment: Segment,
    asked: Rows,
    radii: Numbers,
    searched: Numbers,
    within_bits: int,
    most_cost: int,
    gone: NDArray[np.uint8],
) -> tuple[Hits, Numbers]:
    bands = segment.bands
    assert bands
    plan = bands.layout
    # Behind the queries' marks stands how many of them are set.
    tired = np.empty(len(asked) + 1, dtype=np.int64)

    def search(room: Hits) -> int:
        found: int = kernels.near_by_bands(
            asked.reshape(-1), radii, searched, *segment.halves, bands.offsets, bands.tags, bands.ids,
            id_bytes_for(len(segment)), plan.bands, plan.probes, plan.masks, plan.flips, segment.lines,
            within_bits, most_cost, gone, segment.first_entry, segment.numbers, *room, tired,
        )  # fmt: skip
        return found

    hits = _with_room(search, len(asked))
    if not tired[-1]:
        return hits, _NONE
    whole = tired[hits[0]] == 0
    return (hits[0][whole], hits[1][whole], hits[2][whole]), np.flatnonzero(tired[:-1])


def near_by_scan(segment: Segment, asked: Rows, within_bits: int, gone: NDArray[np.uint8]) -> Hits:
    def search(room: Hits) -> int:
        found: int = kernels.near_by_scan(
            asked.reshape(-1), *segment.halves, within_bits, gone, segment.first_entry, segment.numbers, *room
        )
        return found

    return _with_room(search, len(asked))


_NONE: Numbers = np.empty(0, dtype=np.int64)
_hits_a_query = 4.0


def _with_room(search: Callable[[Hits], int], queries: int) -> Hits:
    """The hits of a search that says how many it has and writes what there is room for: asked again where it wasn't enough. The
    room is what the last search needed, since searches beside one another are alike."""
    global _hits_a_query  # noqa: PLW0603 - a guess, right enough from whichever thread
    room = max(LEAST_ROOM, min(int(queries * _hits_a_query), MOST_FIRST_ROOM))
    while True:
        hits = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
        found = search(hits)
        if found <= room:
            if 8 * found < room:
                _hits_a_query = max(4.0, _hits_a_query / 2)
            return hits[0][:found], hits[1][:found], hits[2][:found]
        room = found
        _hits_a_query = max(4.0, 1.5 * found / queries)


def entries_within(segment: Segment, asked: Rows, radius: int) -> Numbers:
    assert segment.bands
    plan = segment.bands.layout
    counts = np.zeros((len(asked), len(plan.bands), radius + 2), dtype=np.int64)
    kernels.entries_within(
        asked.reshape(-1), segment.bands.offsets, len(segment), plan.bands, plan.probes, plan.masks, counts
    )
    return counts


def sort_band(
    segment: Segment,
    number_bits: tuple[int, int],
    tag_bits: tuple[int, int],
    table: tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint8]],
    records: NDArray[np.uint64],
) -> Generator[int, None, None]:
    """Two passes, each with few enough places to write to that they stay in the caches: into parts, then into buckets."""
    offsets, tags, ids = table
    rows, width = len(segment), number_bits[1]
    number, tag = _source(segment, *number_bits), _source(segment, *tag_bits)
    for start in range(0, rows, ROWS_AT_ONCE):
        end = min(rows, start + ROWS_AT_ONCE)
        kernels.count(start, end, *number, offsets)
        yield (end - start) // 2
    np.cumsum(offsets, out=offsets)
    part_bits = min(max(0, (rows // PART_ROWS).bit_length()), MOST_PART_BITS, width)
    part_bits = max(part_bits, width - 16)
    fine_bits = width - part_bits
    edges = offsets[:: 1 << fine_bits].astype(np.int64)
    nexts = edges.copy()
    for start in range(0, rows, ROWS_AT_ONCE):
        end = min(rows, start + ROWS_AT_ONCE)
        kernels.part(start, end, *number, *tag, fine_bits, nexts, records)
        yield end - start
    places, done = offsets.copy(), 0
    for each in range(len(edges) - 1):
        start, end = int(edges[each]), int(edges[each + 1])
        kernels.settle(start, end, each << fine_bits, records, places, tags, ids, id_bytes_for(rows))
        if end - done >= ROWS_AT_ONCE:
            yield end - done
            done = end


def _source(
    segment: Segment, start: int, width: int
) -> tuple[NDArray[np.uint64], int, NDArray[np.uint64], int, int, int]:
    """Where kernels.count and kernels.part find `width` bits from bit `start` on of each row."""
    first = start >> 6
    following = min(first + 1, 3)
    return (
        segment.halves[first >> 1],
        first & 1,
        segment.halves[following >> 1],
        following & 1,
        (start & 63) + width - 64,
        width,
    )
