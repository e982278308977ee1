"""One search over the parts of an index: how each query asks each part, so that the worst case stays a scan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine.backend import Kernels, kernels
from amparo.matching.engine.cut import ROW_COST, SCAN_COST, Costs, buckets_within, cheapest, plan
from amparo.matching.engine.rows import Hits, Rows
from amparo.matching.engine.segment import Segment

# A band's table stays in the cache while so many queries pass it; what they need meanwhile stays small.
QUERIES_AT_ONCE = 2048
WIDEST_NEW_RADIUS = 3
PROBE_COST = 24


def near(segments: Sequence[Segment], gone: NDArray[np.uint8], asked: Rows, within_bits: int, threads: int) -> Hits:
    """(query_row, entry, distance_bits) of every pair, ordered by all three."""
    size = max(1, min(QUERIES_AT_ONCE, -(-len(asked) // (4 * threads)) if threads > 1 else QUERIES_AT_ONCE))
    starts = range(0, len(asked), size)

    def piece(start: int) -> Hits:
        some = asked[start : start + size]
        found = [_in_segment(segment, gone, some, within_bits) for segment in segments if len(segment)]
        query_row, entry, distance_bits = _joined(found)
        if len(entry) < 2:
            return query_row + start, entry, distance_bits
        # A pair occurs once: its distance needs no place in the order.
        order = np.lexsort((entry, query_row))
        return query_row[order] + start, entry[order], distance_bits[order]

    if threads == 1 or len(starts) < 2:
        return _joined([piece(start) for start in starts])
    # Made for one search and gone with it: no thread is left that a fork could lose.
    with ThreadPoolExecutor(min(threads, len(starts), 4 * (os.cpu_count() or 1))) as pool:
        return _joined(list(pool.map(piece, starts)))


def _joined(parts: list[Hits]) -> Hits:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    query_row, entry, distance_bits = map(np.concatenate, zip(*parts, strict=True))
    return query_row, entry, distance_bits


def _in_segment(segment: Segment, gone: NDArray[np.uint8], asked: Rows, within_bits: int) -> Hits:
    if segment.bands is None:
        return kernels(len(asked) * len(segment)).near_by_scan(segment, asked, within_bits, gone)
    loops, way = kernels(), plan(segment.bands.widths, len(segment), within_bits)
    if way.radii is None:
        return loops.near_by_scan(segment, asked, within_bits, gone)
    hits, tired = loops.near_by_bands(segment, asked, way.radii, within_bits, way.most_cost, gone)
    if not len(tired):
        return hits
    again = _for_the_tired(loops, segment, gone, asked[tired], within_bits)
    return _joined([hits, (tired[again[0]], again[1], again[2])])


def _for_the_tired(loops: Kernels, segment: Segment, gone: NDArray[np.uint8], asked: Rows, within_bits: int) -> Hits:
    """The hits of queries whose buckets are unusually full: bands that hold many are left out and others searched wider, or
    everything is scanned, whatever is least."""
    assert segment.bands
    scan = SCAN_COST * len(segment)
    counts = loops.entries_within(segment, asked, WIDEST_NEW_RADIUS)
    radii, costs = cheapest(_costs(counts.astype(np.float64), segment), within_bits)
    by_bands = costs < scan
    parts = []
    if by_bands.any():
        places = np.flatnonzero(by_bands)
        hits, tired = loops.near_by_bands(segment, asked[places], radii[places], within_bits, scan, gone)
        parts.append((places[hits[0]], hits[1], hits[2]))
        by_bands[places[tired]] = False
    if not by_bands.all():
        places = np.flatnonzero(~by_bands)
        hits = loops.near_by_scan(segment, asked[places], within_bits, gone)
        parts.append((places[hits[0]], hits[1], hits[2]))
    return _joined(parts)


def _costs(counts: Costs, segment: Segment) -> Costs:
    """costs[query, band, t + 1] in a query's account. What a bucket holds beyond its due are near copies of one another: if one
    passes for its tag, all may."""
    assert segment.bands
    costs = counts.copy()
    for band, width in enumerate(segment.bands.widths):
        for radius in range(counts.shape[2] - 1):
            probes = buckets_within(width, radius)
            due = 4 * probes * len(segment) / 2.0**width
            surplus = np.maximum(0.0, counts[:, band, radius + 1] - due)
            costs[:, band, radius + 1] += probes * PROBE_COST + surplus * ROW_COST / 4
    return costs
