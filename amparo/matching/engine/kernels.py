"""The inner loops, compiled by Numba: without the interpreter's lock, and kept on disk between processes.

Every place that is read from an index's own tables is held to its bounds first: an index file whose contents were altered may
answer wrongly (its checksums say so when asked), but never reads outside its arrays.
"""

# Numba takes its types from the signatures.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: ignore-errors

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path

import numba
import numpy as np

from amparo.matching.engine import cut, simd
from amparo.matching.engine.compiling import array, kept
from amparo.matching.engine.cut import MASKS_AT, OFFSETS_AT, ROW_COST, START, TAG_START, TAG_WIDTH, TAGS_A_LINE, WIDTH
from amparo.matching.engine.simd import at, fetch, first_one, halves_near, ones, put, put_bytes, tags_near

WAITING = 1024
SCAN_BLOCK_ROWS = 1024


_U8, _U16, _U32, _U64, _I64 = (getattr(numba.types, name) for name in ("uint8", "uint16", "uint32", "uint64", "int64"))
_WORDS, _NUMBERS, _TABLE = array(_U64), array(_I64), array(_I64, 2)
_OUT = array(_I64, written=True)


# What else is compiled into the loops goes into the names of their cache's files.
_STAMP = sha256(b"".join(Path(each.__file__).read_bytes() for each in (cut, simd))).hexdigest()[:12]
compiled = partial(kept, stamp=_STAMP)


# Part of the loop that calls it. Not cached by itself: what comes from a cache can't be inlined.
inner = numba.njit(nogil=True)


@inner
def bits_of(words, at_word, start, width):
    """`width` bits from bit `start` on (bit 0 is the highest of the first word) of the four words at `at_word`."""
    place = at_word + (start >> 6)
    over = (start & 63) + width - 64
    mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    if over <= 0:
        return np.int64((at(words, place) >> np.uint64(-over)) & mask)
    return np.int64(((at(words, place) << np.uint64(over)) | (at(words, place + 1) >> np.uint64(64 - over))) & mask)


@inner
def _counts(gone, entry):
    """Whether an entry exists and was not removed."""
    place = entry >> 3
    return 0 <= place < len(gone) and (np.int64(at(gone, place)) >> (entry & 7)) & 1 == 0


@inner
def _starting_band(difference, before, band_ends, budgets, at_budget):
    """The band that a hit is reported from: the one after the greatest sum of d - (t + 1) along the ring. before[i]: how many
    bits differ in the words before the i-th; budgets[at_budget + i]: the sum of (t + 1) over the bands up to the i-th."""
    greatest, found = -1_000_000, 0
    for band in range(len(band_ends)):
        end = at(band_ends, band)
        apart = at(before, end >> 6) + ones((at(difference, end >> 6) >> np.uint64(1)) >> np.uint64(63 - (end & 63)))
        total = apart - at(budgets, at_budget + band)
        found = band if total >= greatest else found
        greatest = max(greatest, total)
    return found + 1 if found + 1 < len(band_ends) else 0


@inner
def _verify(
    waiting, found_at, found_query, asked, front, back, ids, id_bytes, band_ends, budgets, within_bits,
    gone, first_entry, numbers, difference, before, hit_query, hit_entry, hit_bits, hits,
):  # fmt: skip
    """Lays the waiting entries' rows beside their queries; the number of hits afterwards, written or only counted."""
    rows = len(front) >> 1
    id_mask = (np.int64(1) << (8 * id_bytes)) - 1
    for each in range(waiting):
        fetch(ids, id_bytes * at(found_at, each))
    for each in range(waiting):
        place = id_bytes * at(found_at, each)
        row = np.int64(at(ids, place)) | np.int64(at(ids, place + 1)) << 8 | np.int64(at(ids, place + 2)) << 16
        row = min((row | np.int64(at(ids, place + 3)) << 24) & id_mask, rows - 1)
        put(found_at, each, row + (at(found_at, each) // rows << 32))
        fetch(front, 2 * row)
    left = 0
    for each in range(waiting):
        row, query = at(found_at, each) & 0xFFFFFFFF, at(found_query, each)
        bits = ones(at(front, 2 * row) ^ at(asked, 4 * query))
        bits += ones(at(front, 2 * row + 1) ^ at(asked, 4 * query + 1))
        if bits <= within_bits:
            fetch(back, 2 * row)
            put(found_at, left, at(found_at, each))
            put(found_query, left, query)
            left += 1
    for each in range(left):
        row, band = at(found_at, each) & 0xFFFFFFFF, at(found_at, each) >> 32
        query = at(found_query, each)
        for word in range(4):
            half = front if word < 2 else back
            put(difference, word, at(half, 2 * row + (word & 1)) ^ at(asked, 4 * query + word))
            put(before, word + 1, at(before, word) + ones(at(difference, word)))
        bits = at(before, 4)
        if bits > within_bits:
            continue
        at_budget = query * len(band_ends) if len(budgets) > len(band_ends) else 0
        if _starting_band(difference, before, band_ends, budgets, at_budget) != band:
            continue
        entry = numbers[row] if len(numbers) else first_entry + row
        if not _counts(gone, entry):
            continue
        if hits < len(hit_query):
            hit_query[hits], hit_entry[hits], hit_bits[hits] = query, entry, bits
        hits += 1
    return hits


@inner
def _budgets(radii):
    """For each row of radii the sums of (t + 1) over the bands up to each, one row after the other."""
    budgets = np.empty(radii.size, np.int64)
    for row in range(radii.shape[0]):
        budget = 0
        for band in range(radii.shape[1]):
            budget += radii[row, band] + 1
            budgets[row * radii.shape[1] + band] = budget
    return budgets


@inner
def _following(place, query, queries):
    """The next step: each query in a band, then the next band."""
    return (place, query + 1) if query + 1 < queries else (place + 1, 0)


@inner
def _call_starts(query, band, asked, radii, offsets, bands, probes, masks):
    """The starts of a query's buckets in one band are on their way."""
    number = bits_of(asked, 4 * query, bands[band, START], bands[band, WIDTH])
    table, mask = bands[band, OFFSETS_AT], bands[band, MASKS_AT]
    for probe in range(probes[band, radii[min(query, len(radii) - 1), band] + 1]):
        fetch(offsets, table + (number ^ at(masks, mask + probe)))


@inner
def _look_up(query, band, asked, radii, offsets, tags, rows, bands, probes, masks, lines, slot, begins, ends, tag):
    """Where the entries of a query's buckets in one band lie, and their tags on their way; the number of entries."""
    radius = radii[min(query, len(radii) - 1), band]
    number = bits_of(asked, 4 * query, bands[band, START], bands[band, WIDTH])
    tag[slot] = bits_of(asked, 4 * query, bands[band, TAG_START], bands[band, TAG_WIDTH])
    table, mask, first = bands[band, OFFSETS_AT], bands[band, MASKS_AT], band * rows
    at_slot = slot * (len(begins) >> 1)
    entries = 0
    for probe in range(probes[band, radius + 1]):
        bucket = table + (number ^ at(masks, mask + probe))
        end = min(np.int64(at(offsets, bucket + 1)), rows)
        begin = min(np.int64(at(offsets, bucket)), end)
        entries += end - begin
        put(begins, at_slot + probe, first + begin)
        put(ends, at_slot + probe, first + end)
        for line in range(at(lines, band)):
            fetch(tags, first + begin + line * TAGS_A_LINE)
    return entries


_BY_BANDS = _I64(
    _WORDS, _TABLE, _NUMBERS, _WORDS, _WORDS, array(_U32), array(_U16), array(_U8), _I64, _TABLE, _TABLE, _NUMBERS, _NUMBERS,
    _NUMBERS, _I64, _I64, array(_U8), _I64, _NUMBERS, _OUT, _OUT, _OUT, _OUT,
)  # fmt: skip


@compiled(_BY_BANDS)
def near_by_bands(
    asked, radii, searched, front, back, offsets, tags, ids, id_bytes, bands, probes, masks, flips,
    lines, within_bits, most_cost, gone, first_entry, numbers, hit_query, hit_entry, hit_bits, tired,
):  # fmt: skip
    """The number of hits from the bands `searched`; as many as there is room for are written. A query whose account exceeds
    `most_cost` is marked as tired: its hits are not whole and have to be dropped. Goes band by band, so that a band's table stays
    in the cache, in three steps at once: one query's bucket starts are called for, the next one's are read and its tags called
    for, this one's tags are read."""
    queries, rows = len(asked) >> 2, len(front) >> 1
    most_probes = probes[:, radii.max() + 1].max()
    begins, ends = np.empty(2 * most_probes, np.int64), np.empty(2 * most_probes, np.int64)
    tag, cost, difference = np.empty(2, np.int64), np.zeros(queries, np.int64), np.zeros(5, np.uint64)
    before, band_ends = np.zeros(5, np.int64), bands[:, START] + bands[:, WIDTH]
    budgets = _budgets(radii)
    found_at, found_query = np.empty(WAITING, np.int64), np.empty(WAITING, np.int64)
    waiting = hits = 0
    tired[:] = 0
    place, query = 0, -2
    next_place, next_query = 0, -1
    far_place, far_query = 0, 0
    while place < len(searched):
        if far_place < len(searched):
            _call_starts(far_query, searched[far_place], asked, radii, offsets, bands, probes, masks)
            far_place, far_query = _following(far_place, far_query, queries)
        if next_query >= 0 and next_place < len(searched) and not tired[next_query]:
            cost[next_query] += _look_up(
                next_query, searched[next_place], asked, radii, offsets, tags, rows, bands, probes, masks, lines,
                next_place * queries + next_query & 1, begins, ends, tag,
            )  # fmt: skip
            if cost[next_query] > most_cost:
                tired[next_query] = 1
        next_place, next_query = _following(next_place, next_query, queries)
        if query < 0:
            place, query = _following(place, query, queries)
            continue
        band, slot = searched[place], place * queries + query & 1
        radius, mask = radii[min(query, len(radii) - 1), band], bands[band, MASKS_AT]
        most_bits = radius + radii[min(query, len(radii) - 1), (band + 1) % len(bands)] + 1
        near_tag = np.uint16(tag[slot])
        for probe in range(slot * most_probes, slot * most_probes + probes[band, radius + 1]):
            if tired[query]:
                break
            end, entry = at(ends, probe), at(begins, probe)
            most = np.uint16(most_bits - at(flips, mask + probe - slot * most_probes))
            while entry < end and not tired[query]:
                near = tags_near(tags, entry, near_tag, most)
                near &= np.uint64(0xFFFFFFFF) >> np.uint64(TAGS_A_LINE - min(end - entry, TAGS_A_LINE))
                while near:
                    put(found_at, waiting, entry + first_one(near))
                    put(found_query, waiting, query)
                    near &= near - np.uint64(1)
                    waiting += 1
                    cost[query] += ROW_COST
                entry += TAGS_A_LINE
                if waiting > WAITING - TAGS_A_LINE:
                    if cost[query] > most_cost:
                        tired[query] = 1
                    hits = _verify(
                        waiting, found_at, found_query, asked, front, back, ids, id_bytes, band_ends, budgets, within_bits,
                        gone, first_entry, numbers, difference, before, hit_query, hit_entry, hit_bits, hits,
                    )  # fmt: skip
                    waiting = 0
        place, query = _following(place, query, queries)
    tired[queries] = tired[:queries].sum()
    return _verify(
        waiting, found_at, found_query, asked, front, back, ids, id_bytes, band_ends, budgets, within_bits,
        gone, first_entry, numbers, difference, before, hit_query, hit_entry, hit_bits, hits,
    )  # fmt: skip


_ENTRIES = numba.types.void(_WORDS, array(_U32), _I64, _TABLE, _TABLE, _NUMBERS, array(_I64, 3, written=True))


@compiled(_ENTRIES)
def entries_within(asked, offsets, rows, bands, probes, masks, counts):
    """counts[query, band, radius + 1]: how many entries lie in the buckets of that radius, as far as the last axis goes."""
    for query in range(len(asked) >> 2):
        for band in range(len(bands)):
            number = bits_of(asked, 4 * query, bands[band, START], bands[band, WIDTH])
            table, mask = bands[band, OFFSETS_AT], bands[band, MASKS_AT]
            entries = probe = 0
            for radius in range(counts.shape[2] - 1):
                while probe < probes[band, radius + 1]:
                    bucket = table + (number ^ at(masks, mask + probe))
                    end = min(np.int64(at(offsets, bucket + 1)), rows)
                    entries += end - min(np.int64(at(offsets, bucket)), end)
                    probe += 1
                counts[query, band, radius + 1] = entries


_BY_SCAN = _I64(_WORDS, _WORDS, _WORDS, _I64, array(_U8), _I64, _NUMBERS, _OUT, _OUT, _OUT)


@compiled(_BY_SCAN)
def near_by_scan(asked, front, back, within_bits, gone, first_entry, numbers, hit_query, hit_entry, hit_bits):
    """The number of hits, of which as many are written as there is room for. Every query is laid beside a block of rows' first
    halves while the block is in the nearest cache; the second half is read where the first leaves a hope."""
    rows, hits = len(front) >> 1, 0
    most = np.uint64(min(within_bits, 128))
    for block in range(0, rows, SCAN_BLOCK_ROWS):
        end = min(rows, block + SCAN_BLOCK_ROWS)
        for query in range(len(asked) >> 2):
            first, second = at(asked, 4 * query), at(asked, 4 * query + 1)
            third, fourth = at(asked, 4 * query + 2), at(asked, 4 * query + 3)
            for start in range(block, end, 4):
                if start + 4 <= end:
                    near = halves_near(front, 2 * start, first, second, most)
                else:
                    near = np.uint64(0x55) >> np.uint64(2 * (4 - (end - start)))
                near &= np.uint64(0x55)
                while near:
                    row = start + (first_one(near) >> 1)
                    near &= near - np.uint64(1)
                    bits = ones(at(front, 2 * row) ^ first) + ones(at(front, 2 * row + 1) ^ second)
                    bits += ones(at(back, 2 * row) ^ third) + ones(at(back, 2 * row + 1) ^ fourth)
                    entry = numbers[row] if len(numbers) else first_entry + row
                    if bits > within_bits or not _counts(gone, entry):
                        continue
                    if hits < len(hit_query):
                        hit_query[hits], hit_entry[hits], hit_bits[hits] = query, entry, bits
                    hits += 1
    return hits


_COUNT = numba.types.void(_I64, _I64, _WORDS, _I64, _WORDS, _I64, _I64, _I64, array(_U32, written=True))


@inner
def _cut_out(high, high_at, low, low_at, row, over, width):
    """The same as bits_of, from rows whose halves lie apart."""
    mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    word = at(high, 2 * row + high_at)
    if over <= 0:
        return np.int64((word >> np.uint64(-over)) & mask)
    return np.int64(((word << np.uint64(over)) | (at(low, 2 * row + low_at) >> np.uint64(64 - over))) & mask)


@compiled(_COUNT)
def count(start, end, high, high_at, low, low_at, over, width, counts):
    """Adds these rows to the sizes of a band's buckets; counts[number + 1]."""
    for row in range(start, end):
        number = _cut_out(high, high_at, low, low_at, row, over, width)
        put(counts, number + 1, at(counts, number + 1) + np.uint32(1))


_PART = numba.types.void(
    _I64, _I64, _WORDS, _I64, _WORDS, _I64, _I64, _I64, _WORDS, _I64, _WORDS, _I64, _I64, _I64,
    _I64, _OUT, array(_U64, written=True),
)  # fmt: skip


@compiled(_PART)
def part(
    start, end, high, high_at, low, low_at, over, width,
    tag_high, tag_high_at, tag_low, tag_low_at, tag_over, tag_width, fine_bits, nexts, records,
):  # fmt: skip
    """Puts these rows' (fine number, tag, id) into their part of the band: few enough parts that writing stays in the caches."""
    fine = (np.int64(1) << fine_bits) - 1
    for row in range(start, end):
        number = _cut_out(high, high_at, low, low_at, row, over, width)
        tag = _cut_out(tag_high, tag_high_at, tag_low, tag_low_at, row, tag_over, tag_width)
        place = at(nexts, number >> fine_bits)
        put(nexts, number >> fine_bits, place + 1)
        put(records, place, np.uint64(row | tag << 32 | (number & fine) << 48))


_SETTLE = numba.types.void(
    _I64, _I64, _I64, array(_U64), array(_U32, written=True), array(_U16, written=True), array(_U8, written=True),
    _I64,
)  # fmt: skip


@compiled(_SETTLE)
def settle(start, end, first_number, records, nexts, tags, ids, id_bytes):
    """Puts one part's records into their buckets, in the order of their rows."""
    for each in range(start, end):
        record = at(records, each)
        number = first_number + np.int64(record >> np.uint64(48))
        place = np.int64(at(nexts, number))
        put(nexts, number, np.uint32(place + 1))
        put(tags, place, np.uint16(record >> np.uint64(32)))
        if id_bytes == 3:
            put_bytes(ids, 3 * place, np.uint16(record))
            put_bytes(ids, 3 * place + 2, np.uint8(record >> np.uint64(16)))
        else:
            put_bytes(ids, 4 * place, np.uint32(record))
