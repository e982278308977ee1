"""The inner loops in NumPy alone: what backend.Kernels asks for, the same answers without Numba."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine.cut import MASKS_AT, OFFSETS_AT, ROW_COST, START, TAG_START, TAG_WIDTH, WIDTH
from amparo.matching.engine.rows import Hits, Numbers, Rows
from amparo.matching.engine.segment import Segment, id_bytes_for, is_gone

# 64 Ki rows of two words are 1 MiB: a block and its XOR stay in a core's second cache.
BLOCK_ROWS = 65_536


def near_by_bands(
    segment: Segment,
    asked: Rows,
    radii: Numbers,
    searched: Numbers,
    within_bits: int,
    most_cost: int,
    gone: NDArray[np.uint8],
) -> tuple[Hits, Numbers]:
    tired = np.zeros(len(asked), dtype=np.bool_)
    parts = []
    for number, (query, radius) in enumerate(
        zip(asked, np.broadcast_to(radii, (len(asked), radii.shape[1])), strict=True)
    ):
        places = _near_tags(segment, query, radius, searched, most_cost)
        tired[number] = places is None
        if places is not None and len(places):
            bits, rows, bands = _near_rows(segment, query, places, within_bits)
            first_found = _starting_bands(segment, query, rows, radius) == bands
            parts.append(_hits(segment, number, rows[first_found], bits[first_found], gone))
    return _together(parts), np.flatnonzero(tired)


def _near_tags(segment: Segment, query: Rows, radii: Numbers, searched: Numbers, most_cost: int) -> Numbers | None:
    """Places in the bands' tags; None where looking costs too much."""
    bands = segment.bands
    assert bands
    plan = bands.layout
    begins, ends, tags, most = [], [], [], []
    for band in searched:
        cut = plan.bands[band]
        probes = slice(cut[MASKS_AT], cut[MASKS_AT] + plan.probes[band, radii[band] + 1])
        buckets = cut[OFFSETS_AT] + (_bits(query[None], cut[START], cut[WIDTH]) ^ plan.masks[probes])
        end = np.minimum(bands.offsets[buckets + 1].astype(np.int64), len(segment))
        begin = np.minimum(bands.offsets[buckets], end)
        begins.append(begin + band * len(segment))
        ends.append(end + band * len(segment))
        tags.append(np.broadcast_to(_bits(query[None], cut[TAG_START], cut[TAG_WIDTH]), len(buckets)))
        following = radii[(band + 1) % len(radii)]
        most.append(radii[band] + following + 1 - plan.flips[probes])
    begin, sizes = np.concatenate(begins), np.concatenate(ends) - np.concatenate(begins)
    entries = int(sizes.sum())
    if entries > most_cost:
        return None
    places = np.repeat(begin - np.cumsum(sizes) + sizes, sizes) + np.arange(entries)
    differing = np.bitwise_count(bands.tags[places] ^ np.repeat(np.concatenate(tags).astype(np.uint16), sizes))
    places = places[differing <= np.repeat(np.concatenate(most), sizes)]
    return None if entries + ROW_COST * len(places) > most_cost else places


def _near_rows(segment: Segment, query: Rows, places: Numbers, within_bits: int) -> tuple[Numbers, Numbers, Numbers]:
    """(distance_bits, row, band) of those of the entries that are near."""
    assert segment.bands
    rows = np.minimum(_ids(segment.bands.ids, places, id_bytes_for(len(segment))), len(segment) - 1)
    bits = np.bitwise_count(segment.front[rows] ^ query[:2]).sum(axis=1, dtype=np.int64)
    near = np.flatnonzero(bits <= within_bits)
    rows = rows[near]
    bits = bits[near] + np.bitwise_count(segment.back[rows] ^ query[2:]).sum(axis=1, dtype=np.int64)
    nearer = bits <= within_bits
    return bits[nearer], rows[nearer], places[near[nearer]] // len(segment)


def _ids(ids: NDArray[np.uint8], places: Numbers, id_bytes: int) -> Numbers:
    found = np.zeros(len(places), dtype=np.int64)
    for byte in range(id_bytes):
        found |= ids[places * id_bytes + byte].astype(np.int64) << (8 * byte)
    return found


def _starting_bands(segment: Segment, query: Rows, rows: Numbers, radii: Numbers) -> Numbers:
    """For each row the band that it is reported from: the one after the greatest sum of d - (t + 1) along the ring."""
    assert segment.bands
    difference = np.concatenate([segment.front[rows], segment.back[rows]], axis=1) ^ query
    bands = segment.bands.layout.bands
    apart = np.stack([np.bitwise_count(_bits(difference, cut[START], cut[WIDTH])) for cut in bands], axis=1)
    sums = np.cumsum(apart - (radii + 1), axis=1)
    last_greatest = len(bands) - 1 - sums[:, ::-1].argmax(axis=1)
    starting: Numbers = (last_greatest + 1) % len(bands)
    return starting


def near_by_scan(segment: Segment, asked: Rows, within_bits: int, gone: NDArray[np.uint8]) -> Hits:
    parts = []
    for number, query in enumerate(asked):
        for start in range(0, len(segment), BLOCK_ROWS):
            front, back = segment.front[start : start + BLOCK_ROWS], segment.back[start : start + BLOCK_ROWS]
            half = np.bitwise_count(front ^ query[:2])
            bits = half[:, 0] + half[:, 1]
            near = np.flatnonzero(bits <= within_bits)
            if len(near):
                whole = bits[near] + np.bitwise_count(back[near] ^ query[2:]).sum(axis=1, dtype=np.int64)
                hit = whole <= within_bits
                parts.append(_hits(segment, number, start + near[hit], whole[hit], gone))
    return _together(parts)


def _hits(segment: Segment, query: int, rows: Numbers, bits: Numbers, gone: NDArray[np.uint8]) -> Hits:
    entries = segment.numbers[rows] if len(segment.numbers) else segment.first_entry + rows
    known = (entries >= 0) & (entries >> 3 < len(gone))
    entries, bits = entries[known], bits[known]
    there = ~is_gone(entries, gone)
    return np.full(int(there.sum()), query, dtype=np.int64), entries[there], bits[there]


def _together(parts: list[Hits]) -> Hits:
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    query_row, entry, distance_bits = map(np.concatenate, zip(*parts, strict=True))
    return query_row, entry, distance_bits


def entries_within(segment: Segment, asked: Rows, radius: int) -> Numbers:
    assert segment.bands
    plan = segment.bands.layout
    counts = np.zeros((len(asked), len(plan.bands), radius + 2), dtype=np.int64)
    for band, cut in enumerate(plan.bands):
        masks = plan.masks[cut[MASKS_AT] : cut[MASKS_AT] + plan.probes[band, radius + 1]]
        buckets = cut[OFFSETS_AT] + (_bits(asked, cut[START], cut[WIDTH])[:, None] ^ masks)
        end = np.minimum(segment.bands.offsets[buckets + 1].astype(np.int64), len(segment))
        sizes = end - np.minimum(segment.bands.offsets[buckets], end)
        for each in range(radius + 1):
            counts[:, band, each + 1] = sizes[:, : plan.probes[band, each + 1]].sum(axis=1)
    return counts


def sort_band(
    segment: Segment,
    number_bits: tuple[int, int],
    tag_bits: tuple[int, int],
    table: tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint8]],
    records: NDArray[np.uint64],
) -> Generator[int, None, None]:
    offsets, tags, ids = table
    rows, id_bytes = len(segment), id_bytes_for(len(segment))
    numbers = _bits_of_rows(segment, *number_bits)
    offsets[1:] = np.bincount(numbers, minlength=1 << number_bits[1])
    np.cumsum(offsets, out=offsets)
    # NumPy sorts 16-bit numbers by radix: one pass, or two for wider ones.
    order = np.argsort((numbers & 0xFFFF).astype(np.uint16), kind="stable")
    if number_bits[1] > 16:
        order = order[np.argsort((numbers >> 16).astype(np.uint16)[order], kind="stable")]
    yield rows
    tags[:] = _bits_of_rows(segment, *tag_bits).astype(np.uint16)[order]
    for byte in range(id_bytes):
        ids[byte::id_bytes] = (order >> (8 * byte)).astype(np.uint8)
    yield rows


def _bits_of_rows(segment: Segment, start: int, width: int) -> Numbers:
    half = segment.front if start < 128 else segment.back
    if start < 128 < start + width:
        half = np.stack([segment.front[:, 1], segment.back[:, 0]], axis=1)
        return _bits(half, start - 64, width)
    return _bits(half, start & 127, width)


def _bits(words: Rows, start: int, width: int) -> Numbers:
    """`width` bits from bit `start` on (bit 0 is the highest of the first word) of each row of words."""
    first, over = int(start) >> 6, (int(start) & 63) + int(width) - 64
    mask = np.uint64((1 << int(width)) - 1)
    if over <= 0:
        return ((words[:, first] >> np.uint64(-over)) & mask).astype(np.int64)
    joined = (words[:, first] << np.uint64(over)) | (words[:, first + 1] >> np.uint64(64 - over))
    return (joined & mask).astype(np.int64)
