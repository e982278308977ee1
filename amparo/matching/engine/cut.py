"""How 256 bits are cut into bands, and how far each band is searched: by what it costs, always losing nothing.

Lay the bands on a ring. Give band i a radius t_i of at least -1 (not searched) so that the sum of (t_i + 1) is r + 1. Of two
fingerprints at most r bits apart, let d_i bits differ in band i: the sum of d_i - (t_i + 1) is negative, so on some band of
the ring every sum that starts there is negative (the cycle lemma). On that band d_i <= t_i, and with the next one
d_i + d_j <= t_i + t_j + 1. The first says which buckets have to be looked into, the second which of their entries: an entry
carries 16 bits of its next band, its tag, so that nearly all of them are dismissed without reading their rows. The band that
starts after the greatest sum is unique: a hit is reported from there alone, and so once.

The pigeonhole of the bands is well known (multi-index hashing); the ring is from Qin and Xiao, "Pigeonring", VLDB 12 (2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, comb, log2

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine.rows import BITS, Numbers

Costs = NDArray[np.float64]

BUILT_FOR_BITS = 31
TAG_BITS = 16
WIDTHS = range(6, 25)
GREATEST_RADIUS = 5
# Beyond so many buckets a band a scan is cheaper at any size, and the list of their numbers would not fit a cache.
MOST_PROBES = 20_000

# Nanoseconds on one core, measured (x86-64, 2 MB second cache): what a probe costs and what each line of tags adds to it, near
# (in the last cache) and far (in memory); what reading one entry's row costs; what one row of a scan costs.
PROBE_NS = 1.7
LINE_NS = (3.0, 12.0)
ROW_NS = (40.0, 100.0)
SCAN_NS = 0.8
FAR_ROWS = 4_000_000
TAGS_A_LINE = 32
# A query's account: an entry whose tag is looked at is 1, an entry whose row is read so much, a row of a scan so much.
ROW_COST = 512
SCAN_COST = 8
# A query that costs so many times what an unrelated one costs is planned anew from what its own buckets hold.
TIRED_AFTER = 32


def buckets_within(width: int, radius: int) -> int:
    """How many numbers of `width` bits differ from a given one in at most `radius` bits."""
    return sum(comb(width, flips) for flips in range(radius + 1))


def _passing(next_width: int, most: int) -> float:
    """The share of unrelated entries whose tag is at most so many bits away."""
    bits = min(TAG_BITS, next_width)
    return sum(comb(bits, flips) for flips in range(min(bits, most) + 1)) / 2.0**bits


@lru_cache(maxsize=65_536)
def band_ns(rows: int, width: int, radius: int, next_width: int, next_radius: int) -> float:
    """What one query costs in one band of so many unrelated rows."""
    if radius < 0:
        return 0.0
    far = min(1.0, rows / FAR_ROWS)
    line_ns, row_ns = (near + far * (away - near) for near, away in (LINE_NS, ROW_NS))
    # The table of bucket starts leaves the caches too as it grows.
    probe_ns = PROBE_NS + 1.5 * max(0, width - 17)
    entries = rows / 2.0**width
    probes = buckets_within(width, radius) * (probe_ns + line_ns * (1 + entries / TAGS_A_LINE))
    passing = sum(
        comb(width, flips) * _passing(next_width, radius + next_radius + 1 - flips) for flips in range(radius + 1)
    )
    return probes + entries * passing * row_ns


@lru_cache(maxsize=256)
def widths_for(rows: int) -> tuple[int, ...]:
    """The cheapest cut for so many rows and a radius of 31 bits, by dynamic programming over (bits cut, budget spent)."""
    rows = 1 << max(12, round(log2(rows)))
    budget = BUILT_FOR_BITS + 1
    widths = [width for width in WIDTHS if width < rows.bit_length() - 1]
    radii = range(4)
    costs = np.array([[band_ns(rows, width, radius, width, radius) for width in widths] for radius in radii])
    best = np.full((BITS + 1, budget + 1), np.inf)
    best[0, 0] = 0
    taken = np.zeros((BITS + 1, budget + 1, 2), dtype=np.int64)
    for bits in range(1, BITS + 1):
        usable = [place for place, width in enumerate(widths) if width <= bits]
        if not usable:
            continue
        before = best[[bits - widths[place] for place in usable]]
        for radius in radii:
            total = before[:, : budget - radius] + costs[radius, usable][:, None]
            place = total.argmin(axis=0)
            least = total[place, np.arange(total.shape[1])]
            better = np.flatnonzero(least < best[bits, radius + 1 :])
            best[bits, radius + 1 + better] = least[better]
            taken[bits, radius + 1 + better] = np.stack(
                [np.array(widths)[np.array(usable)[place[better]]], np.full(len(better), radius)], axis=1
            )
    cut = []
    bits, spent = BITS, budget
    while bits:
        width, radius = map(int, taken[bits, spent])
        cut.append((radius, width))
        bits, spent = bits - width, spent - radius - 1
    return tuple(width for _, width in sorted(cut))


@lru_cache(maxsize=1024)
def radii_for(widths: tuple[int, ...], rows: int, within_bits: int) -> tuple[tuple[int, ...], float]:
    """The cheapest radii of these bands for a search, and its nanoseconds a query; infinite where no radii reach so far."""
    costs = np.full((1, len(widths), GREATEST_RADIUS + 2), np.inf)
    for band, width in enumerate(widths):
        for radius in range(-1, greatest_radius(width) + 1):
            costs[0, band, radius + 1] = band_ns(rows, width, radius, width, radius)
    radii, total = cheapest(costs, within_bits)
    return tuple(map(int, radii[0])), float(total[0])


def cheapest(costs: Costs, within_bits: int) -> tuple[Numbers, Costs]:
    """For each query its radii, whose sum of (t + 1) is within_bits + 1, and the least sum of costs[query, band, t + 1]."""
    queries, bands, options = costs.shape
    budget = within_bits + 1
    best = np.full((queries, budget + 1), np.inf)
    best[:, 0] = 0
    choices = np.zeros((bands, queries, budget + 1), dtype=np.int64)
    for band in range(bands):
        before = best
        best = np.full_like(before, np.inf)
        for spent in range(min(options, budget + 1)):
            total = before[:, : budget + 1 - spent] + costs[:, band, spent, None]
            better = total < best[:, spent:]
            best[:, spent:][better] = total[better]
            choices[band, :, spent:][better] = spent
    radii = np.empty((queries, bands), dtype=np.int64)
    left = np.full(queries, budget)
    for band in reversed(range(bands)):
        spent_here = choices[band, np.arange(queries), left]
        radii[:, band] = spent_here - 1
        left = left - spent_here
    return radii, best[:, budget]


def greatest_radius(width: int) -> int:
    """The greatest radius that a band of so many bits is searched with."""
    radius = 0
    while radius < min(GREATEST_RADIUS, width) and buckets_within(width, radius + 1) <= MOST_PROBES:
        radius += 1
    return radius


@dataclass(frozen=True)
class Layout:
    """A cut in numbers. bands: int64, one row a band, columns as named below; masks: what to flip in a band's number, fewest
    bits first, and how many each flips; probes[band, radius + 1]: how many of the band's masks belong to a radius;
    every: the bands' own numbers."""

    bands: Numbers
    masks: Numbers
    flips: Numbers
    probes: Numbers
    every: Numbers


START, WIDTH, TAG_START, TAG_WIDTH, OFFSETS_AT, MASKS_AT = range(6)


@lru_cache(maxsize=64)
def layout(widths: tuple[int, ...]) -> Layout:
    starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
    bands = np.zeros((len(widths), 6), dtype=np.int64)
    probes = np.zeros((len(widths), GREATEST_RADIUS + 2), dtype=np.int64)
    at: dict[int, int] = {}
    masks: list[NDArray[np.int64]] = []
    offsets_at = 0
    for band, width in enumerate(widths):
        if width not in at:
            at[width] = sum(map(len, masks))
            masks.append(_masks(width, greatest_radius(width)))
        following = (band + 1) % len(widths)
        bands[band] = (
            starts[band], width, starts[following], min(TAG_BITS, widths[following]), offsets_at, at[width]
        )  # fmt: skip
        for radius in range(GREATEST_RADIUS + 1):
            probes[band, radius + 1] = buckets_within(width, min(radius, greatest_radius(width)))
        offsets_at += (1 << width) + 1
    flipping = np.concatenate(masks)
    return Layout(bands, flipping, np.bitwise_count(flipping).astype(np.int64), probes, np.arange(len(widths)))


def _masks(width: int, radius: int) -> NDArray[np.int64]:
    """Every number of `width` bits with at most `radius` ones, fewest first."""
    found = [np.zeros(1, np.int64)]
    for _ in range(radius):
        low = found[-1] & -found[-1]
        low[low == 0] = 1 << width
        found.append(np.concatenate([found[-1][low > (1 << bit)] | (1 << bit) for bit in range(width)]))
    return np.concatenate(found)


@lru_cache(maxsize=256)
def lines_for(widths: tuple[int, ...], rows: int) -> Numbers:
    """How many lines of tags to ask for at once in each band's buckets: one more than they fill, since they start anywhere. The
    processor itself sees longer runs coming."""
    return np.array([min(8, 1 + ceil(rows / 2.0**width / TAGS_A_LINE + 0.3)) for width in widths], dtype=np.int64)


@dataclass(frozen=True)
class Plan:
    """How a query asks so many rows. radii: int64 of shape (1, bands), or none where a scan is cheaper; most_cost: the account at
    which a query is tired."""

    radii: Numbers | None
    most_cost: int


@lru_cache(maxsize=4096)
def plan(widths: tuple[int, ...], rows: int, within_bits: int) -> Plan:
    """The cheapest way."""
    radii, nanoseconds = radii_for(widths, rows, within_bits)
    if nanoseconds >= SCAN_NS * rows:
        return Plan(None, 0)
    expected = 0.0
    for band, (width, radius) in enumerate(zip(widths, radii, strict=True)):
        following = (band + 1) % len(widths)
        for flips in range(radius + 1):
            passing = _passing(widths[following], radius + radii[following] + 1 - flips)
            expected += comb(width, flips) * rows / 2.0**width * (1 + passing * ROW_COST)
    return Plan(np.array([radii], dtype=np.int64), min(SCAN_COST * rows, int(TIRED_AFTER * expected) + 4096))
