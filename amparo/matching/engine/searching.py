"""One search over the parts of an index: how each query asks each part, so that the worst case stays a scan."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine.backend import Kernels, kernels
from amparo.matching.engine.cut import ROW_COST, SCAN_COST, Costs, buckets_within, cheapest
from amparo.matching.engine.rows import Hits, Numbers, Rows
from amparo.matching.engine.segment import Segment

# A band's table stays in the cache while so many queries pass it; what they need meanwhile stays small.
QUERIES_AT_ONCE = 8192
# Fewer queries are answered before a second thread has begun.
FEWEST_FOR_THREADS = 32
WIDEST_NEW_RADIUS = 3
PROBE_COST = 24

# map, or the same with threads behind it.
Run = Callable[..., Iterable[Any]]


class _Question(NamedTuple):
    """Queries asked together, by `shares` threads behind `run`."""

    asked: Rows
    within_bits: int
    gone: NDArray[np.uint8]
    run: Run
    shares: int

    def of(self, places: Numbers) -> _Question:
        """Some of the queries."""
        return self._replace(asked=self.asked[places])


def near(segments: Sequence[Segment], gone: NDArray[np.uint8], asked: Rows, within_bits: int, threads: int) -> Hits:
    """(query_row, entry, distance_bits) of every pair, ordered by all three."""
    starts = range(0, len(asked), QUERIES_AT_ONCE)

    def piece(start: int, run: Run = map, shares: int = 1) -> Hits:
        some = asked[start : start + QUERIES_AT_ONCE]
        query_row, entry, distance_bits = _answers(segments, _Question(some, within_bits, gone, run, shares))
        return query_row + start, entry, distance_bits

    if threads == 1 or len(asked) < FEWEST_FOR_THREADS:
        return _joined([piece(start) for start in starts])
    threads = min(threads, 4 * (os.cpu_count() or 1))
    # Made for one search and gone with it: no thread is left that a fork could lose.
    with ThreadPoolExecutor(threads) as pool:
        if len(starts) >= 2 * threads:
            return _joined(list(pool.map(piece, starts)))
        return _joined([piece(start, pool.map, threads) for start in starts])


def _answers(segments: Sequence[Segment], question: _Question) -> Hits:
    query_row, entry, distance_bits = _joined([_in_segment(each, question) for each in segments if len(each)])
    if len(entry) < 2:
        return query_row, entry, distance_bits
    # A pair occurs once: its distance needs no place in the order.
    order = np.lexsort((entry, query_row))
    return query_row[order], entry[order], distance_bits[order]


def _joined(parts: list[Hits]) -> Hits:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    query_row, entry, distance_bits = map(np.concatenate, zip(*parts, strict=True))
    return query_row, entry, distance_bits


def _in_segment(segment: Segment, question: _Question) -> Hits:
    if segment.bands is None:
        return _scanned(kernels(len(question.asked) * len(segment)), segment, question)
    loops, way = kernels(), segment.plan(question.within_bits)
    if way.radii is None:
        return _scanned(loops, segment, question)
    hits, tired = _banded(loops, segment, question, way.radii, way.most_cost)
    if not len(tired):
        return hits
    again = _for_the_tired(loops, segment, question.of(tired))
    return _joined([hits, (tired[again[0]], again[1], again[2])])


def _scanned(loops: Kernels, segment: Segment, question: _Question) -> Hits:
    """Every row looked at; each share has some of the queries."""
    size = -(-len(question.asked) // question.shares)

    def share(start: int) -> Hits:
        some = question.asked[start : start + size]
        query_row, entry, distance_bits = loops.near_by_scan(segment, some, question.within_bits, question.gone)
        return query_row + start, entry, distance_bits

    return _joined(list(question.run(share, range(0, len(question.asked), size))))


def _banded(
    loops: Kernels, segment: Segment, question: _Question, radii: Numbers, most_cost: int
) -> tuple[Hits, Numbers]:
    """As near_by_bands of all bands. Each share has some of the bands and all queries, so that a band's table is read once."""
    asked, within_bits, gone, shares = question.asked, question.within_bits, question.gone, question.shares
    assert segment.bands
    every = segment.bands.layout.every
    if shares == 1:
        return loops.near_by_bands(segment, asked, radii, every, within_bits, most_cost, gone)

    def share(first: int) -> tuple[Hits, Numbers]:
        searched = every[first::shares].copy()
        return loops.near_by_bands(segment, asked, radii, searched, within_bits, most_cost // shares, gone)

    found = list(question.run(share, range(min(shares, len(every)))))
    tired = np.unique(np.concatenate([weary for _, weary in found]))
    hits = _joined([each for each, _ in found])
    if len(tired):
        whole = ~np.isin(hits[0], tired)
        hits = (hits[0][whole], hits[1][whole], hits[2][whole])
    return hits, tired


def _for_the_tired(loops: Kernels, segment: Segment, question: _Question) -> Hits:
    """The hits of queries whose buckets are unusually full: bands that hold many are left out and others searched wider, or
    everything is scanned, whatever is least."""
    scan = SCAN_COST * len(segment)
    counts = loops.entries_within(segment, question.asked, WIDEST_NEW_RADIUS)
    radii, costs = cheapest(_costs(counts.astype(np.float64), segment), question.within_bits)
    by_bands = costs < scan
    parts = []
    if by_bands.any():
        places = np.flatnonzero(by_bands)
        hits, tired = _banded(loops, segment, question.of(places), radii[places], scan)
        parts.append((places[hits[0]], hits[1], hits[2]))
        by_bands[places[tired]] = False
    if not by_bands.all():
        places = np.flatnonzero(~by_bands)
        hits = _scanned(loops, segment, question.of(places))
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
