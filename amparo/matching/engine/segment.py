"""A run of entries that never changes: their rows, and their bands once those are built."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine.backend import Kernels
from amparo.matching.engine.cut import (
    OFFSETS_AT,
    START,
    TAG_START,
    TAG_WIDTH,
    TAGS_A_LINE,
    WIDTH,
    Layout,
    Plan,
    layout,
    lines_for,
    plan,
    widths_for,
)
from amparo.matching.engine.rows import Numbers, Rows

# A segment's rows and bucket starts are numbered in 32 bits.
MOST_ROWS = (1 << 32) - 1
COPIED_AT_ONCE = 65_536
DENSE: Numbers = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Bands:
    """Per band, one after the other: where each bucket starts (2^width + 1 of them), and in the buckets' order each entry's tag
    and row in the segment (`id_bytes` bytes, little-endian). Behind the last tag and id is room for reading on."""

    widths: tuple[int, ...]
    offsets: NDArray[np.uint32]
    tags: NDArray[np.uint16]
    ids: NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        return self.offsets.nbytes + self.tags.nbytes + self.ids.nbytes

    @cached_property
    def layout(self) -> Layout:
        return layout(self.widths)


def id_bytes_for(rows: int) -> int:
    return 3 if rows <= 1 << 24 else 4


def shape_of_bands(widths: tuple[int, ...], rows: int) -> tuple[int, int, int]:
    """The lengths of offsets, tags and ids."""
    entries = rows * len(widths)
    return sum((1 << width) + 1 for width in widths), entries + TAGS_A_LINE, entries * id_bytes_for(rows) + 4


@dataclass(frozen=True)
class Segment:
    """front and back: the two halves of each row, uint64 of shape (n, 2), so that a search that needs one reads one.

    numbers: the entries' numbers in ascending order where some are missing between them; else empty, and they count from
    `first_entry` on.
    """

    front: Rows
    back: Rows
    first_entry: int
    numbers: Numbers
    bands: Bands | None = None

    def __len__(self) -> int:
        return len(self.front)

    @property
    def nbytes(self) -> int:
        return self.front.nbytes + self.back.nbytes + self.numbers.nbytes + (self.bands.nbytes if self.bands else 0)

    @cached_property
    def halves(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """front and back, word after word."""
        return self.front.reshape(-1), self.back.reshape(-1)

    @cached_property
    def lines(self) -> Numbers:
        """How many lines of tags to ask for at once in each band's buckets."""
        return lines_for(self.bands.widths, len(self)) if self.bands else DENSE

    def plan(self, within_bits: int) -> Plan:
        """How a query asks the bands, as far as it should."""
        if within_bits not in self._plans:
            self._plans[within_bits] = plan(self.bands.widths, len(self), within_bits) if self.bands else Plan(None, 0)
        return self._plans[within_bits]

    @cached_property
    def _plans(self) -> dict[int, Plan]:
        return {}

    @property
    def end(self) -> int:
        """The first entry number behind this segment's last."""
        return int(self.numbers[-1]) + 1 if len(self.numbers) else self.first_entry + len(self)

    def entries(self) -> Numbers:
        return self.numbers if len(self.numbers) else np.arange(self.first_entry, self.end, dtype=np.int64)

    def rows(self, entries: Numbers) -> Rows:
        """The rows of entries that are in this segment."""
        places = np.searchsorted(self.numbers, entries) if len(self.numbers) else entries - self.first_entry
        return np.concatenate([self.front[places], self.back[places]], axis=1)


def segment_of(rows: Rows, first_entry: int) -> Segment:
    """The rows, copied, without bands."""
    return Segment(np.ascontiguousarray(rows[:, :2]), np.ascontiguousarray(rows[:, 2:]), first_entry, DENSE)


def merged(segments: Sequence[Segment], gone: NDArray[np.uint8], kernels: Kernels) -> Generator[int, None, Segment]:
    """One banded segment of these neighbours' entries, less those that are gone. Comes in instalments: after each the work done is
    said, in rows moved once."""
    if len(segments) == 1 and not removed_of(segments[0], gone):
        together = segments[0]
    else:
        together = yield from _copied(segments, gone)
    if not len(together):
        return together
    bands = yield from _banded(together, kernels)
    return replace(together, bands=bands)


def removed_of(segment: Segment, gone: NDArray[np.uint8]) -> int:
    """How many of its entries were removed."""
    if len(segment.numbers):
        return int(is_gone(segment.numbers, gone).sum())
    first, end = segment.first_entry, segment.end
    low, high = min(-(-first // 8) * 8, end), max(end // 8 * 8, first)
    edges = np.concatenate([np.arange(first, low), np.arange(max(high, low), end)])
    inside: np.int64 = np.bitwise_count(gone[low // 8 : max(high, low) // 8]).sum(dtype=np.int64)
    return int(inside) + int(is_gone(edges, gone).sum())


def is_gone(entries: Numbers, gone: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of these entries, all of them given at some time, were removed."""
    removed: NDArray[np.bool_] = (gone[entries >> 3] >> (entries & 7).astype(np.uint8)) & 1 != 0
    return removed


def _copied(segments: Sequence[Segment], gone: NDArray[np.uint8]) -> Generator[int, None, Segment]:
    kept = []
    for segment in segments:
        entries = segment.entries()
        kept.append(np.flatnonzero(~is_gone(entries, gone)))
        yield len(segment)
    total = sum(map(len, kept))
    front, back = np.empty((total, 2), np.uint64), np.empty((total, 2), np.uint64)
    numbers = np.empty(total, np.int64)
    there = 0
    for segment, places in zip(segments, kept, strict=True):
        for start in range(0, len(places), COPIED_AT_ONCE):
            some = places[start : start + COPIED_AT_ONCE]
            end = there + len(some)
            front[there:end], back[there:end] = segment.front[some], segment.back[some]
            numbers[there:end] = segment.numbers[some] if len(segment.numbers) else segment.first_entry + some
            there = end
            yield len(some)
    first = int(numbers[0]) if total else segments[0].first_entry
    dense = not total or int(numbers[-1]) - first == total - 1
    return Segment(front, back, first, DENSE if dense else numbers)


def _banded(segment: Segment, kernels: Kernels) -> Generator[int, None, Bands]:
    widths = widths_for(len(segment))
    offsets_length, tags_length, ids_length = shape_of_bands(widths, len(segment))
    bands = Bands(
        widths,
        np.zeros(offsets_length, np.uint32),
        np.empty(tags_length, np.uint16),
        np.empty(ids_length, np.uint8),
    )
    bands.tags[-TAGS_A_LINE:] = 0
    bands.ids[-4:] = 0
    records = np.empty(len(segment), np.uint64)
    id_bytes = id_bytes_for(len(segment))
    for band, cut in enumerate(layout(widths).bands):
        first, end = band * len(segment), (band + 1) * len(segment)
        offsets = bands.offsets[cut[OFFSETS_AT] : cut[OFFSETS_AT] + (1 << cut[WIDTH]) + 1]
        table = offsets, bands.tags[first:end], bands.ids[first * id_bytes : end * id_bytes]
        number_bits, tag_bits = (cut[START], cut[WIDTH]), (cut[TAG_START], cut[TAG_WIDTH])
        yield from kernels.sort_band(segment, number_bits, tag_bits, table, records)
    return bands
