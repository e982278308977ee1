"""What a list of differences takes back, and what stands after it.

Two rows speak of one item when they share a digest or the source's reference; where they have no kind of these in common, when
they share the fingerprint. A row that is taken back takes every earlier row with it that speaks of the same item, with all its
hashes: those of its base, and those that the same file added before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.matching.records import KINDS, RECORD, WITHDRAWN, Records, whole_rows
from amparo.matching.tables import TABLE_BYTES
from amparo.matching.versions import NO_CATEGORY, Part, RowNumbers, Version, among

# Entries of a version's files that are gone through at a time, and withdrawn fingerprints that are searched at a time.
SCANNED_ENTRIES = 1 << 22
SEARCHED_ROWS = 1024

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TakenBack:
    """rows: in order. counts: their hashes by kind. categories: (scheme, code, rows). missing: rows taken back that nothing is."""

    rows: RowNumbers
    counts: dict[str, int] = field(default_factory=dict)
    categories: tuple[tuple[str, str, int], ...] = ()
    missing: int = 0


def taken_back(
    parts: Sequence[Part], base: Version | None, records: Path, *, withdrawals: bool, progress: Progress
) -> TakenBack:
    """What the withdrawn ones of these records take back of these parts, whose own rows are the last.

    withdrawals: all of the records are, marked or not. Rows that the base removed before are not among what comes back.
    """
    withdrawn = _withdrawn(records, withdrawals)
    if not len(withdrawn):
        return TakenBack(np.empty(0, np.uint32))
    after = base.manifest.highest_row if base else 0
    search = _Search(parts, after, base.removed if base else np.empty(0, np.uint32))
    done = 0
    for piece in whole_rows(withdrawn):
        search.take(piece)
        done += len(piece)
        progress("comparing", done, len(withdrawn))
    rows, met = search.found()
    counts, categories = _of_rows(parts, rows)
    asked = int(np.count_nonzero(np.diff(withdrawn["row"], prepend=0)))
    return TakenBack(rows, counts, categories, asked - len(met))


def _withdrawn(records: Path, withdrawals: bool) -> Records:
    if not records.stat().st_size:
        return np.empty(0, RECORD)
    whole: Records = np.memmap(records, dtype=RECORD, mode="r")
    if withdrawals:
        return whole
    pieces = (np.asarray(whole[start : start + SCANNED_ENTRIES]) for start in range(0, len(whole), SCANNED_ENTRIES))
    found: Records = np.concatenate([piece[piece["flags"] & WITHDRAWN != 0] for piece in pieces])
    return found


@dataclass
class _Search:
    """Gathers the rows that are meant. gone, met: rows of the parts, and of the records, found so far."""

    parts: Sequence[Part]
    after: int
    removed: RowNumbers
    gone: list[NDArray[Any]] = field(default_factory=list)
    met: list[NDArray[Any]] = field(default_factory=list)
    alike: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = field(default_factory=list)

    def take(self, records: Records) -> None:
        """Withdrawn records, whole rows of them."""
        for kind in TABLE_BYTES:
            of_kind = records[records["kind"] == KINDS[kind]]
            for part in self.parts:
                if len(of_kind) and kind in part.tables:
                    self._same(part, kind, of_kind)
        self._alike(records)

    def _same(self, part: Part, kind: str, records: Records) -> None:
        table = part.tables[kind]
        query, start, stop = table.find(np.ascontiguousarray(records["value"][:, : TABLE_BYTES[kind]]))
        if not len(query):
            return
        # One digest may be taken back many times, and listed many times: each run of entries is gone through once.
        first, run_of = np.unique(start, return_index=True, return_inverse=True)[1:]
        latest = np.zeros(len(first), np.int64)
        np.maximum.at(latest, run_of, records["row"][query])
        widths = stop[first] - start[first]
        ends = np.cumsum(widths)
        entries = np.arange(ends[-1]) + np.repeat(start[first] - (ends - widths), widths)
        meant = self._note(np.asarray(table.rows[entries]), np.repeat(latest, widths))
        found = np.logical_or.reduceat(meant, ends - widths)
        self.met.append(np.unique(records["row"][query[found[run_of]]]))

    def _note(self, rows: NDArray[Any], by: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of these rows go: those before the record that takes them back, and not gone already."""
        meant: NDArray[np.bool_] = (rows.astype(np.int64) < by.astype(np.int64) + self.after) & ~among(
            rows, self.removed
        )
        self.gone.append(np.unique(rows[meant]))
        return meant

    def _alike(self, records: Records) -> None:
        """Rows with the same fingerprint wait until it is known which digests they have."""
        first = np.flatnonzero(np.diff(records["row"], prepend=0))
        kinds = np.repeat(
            np.bitwise_or.reduceat(1 << records["kind"].astype(np.int64), first), np.diff(first, append=len(records))
        )
        has_fingerprint = records["kind"] == KINDS["pdq"]
        asked, kinds = records[has_fingerprint], kinds[has_fingerprint]
        words = np.ascontiguousarray(asked["value"][:, :32]).view(">u8").astype(np.uint64)
        for start in range(0, len(asked), SEARCHED_ROWS):
            for segment in (each for part in self.parts for each in part.segments):
                query, entry, _ = segment.search(words[start : start + SEARCHED_ROWS], 0, 1)
                query = query + start
                self.alike.append((np.asarray(segment.rows[entry]), asked["row"][query], kinds[query]))

    def found(self) -> tuple[RowNumbers, NDArray[Any]]:
        """(rows that go, the records' rows that met one), in order, each once."""
        if self.alike:
            rows, by, kinds = (np.concatenate([each[column] for each in self.alike]) for column in range(3))
            candidates = np.unique(rows)
            theirs = _kinds_of(self.parts, candidates)[np.searchsorted(candidates, rows)]
            undecided = kinds & theirs == 0
            meant = self._note(rows[undecided], by[undecided])
            self.met.append(np.unique(by[undecided][meant]))
        nothing = np.empty(0, np.uint32)
        return (
            np.unique(np.concatenate([nothing, *self.gone])).astype(np.uint32),
            np.unique(np.concatenate([nothing, *self.met])),
        )


def _kinds_of(parts: Sequence[Part], rows: NDArray[Any]) -> NDArray[np.int64]:
    """For each of these rows, in order, the kinds of digests and references that it has, as bits."""
    kinds = np.zeros(len(rows), np.int64)
    for kind in TABLE_BYTES:
        for scanned, _, _ in _among(parts, kind, rows):
            np.bitwise_or.at(kinds, np.searchsorted(rows, scanned), 1 << KINDS[kind])
    return kinds


def _of_rows(parts: Sequence[Part], rows: RowNumbers) -> tuple[dict[str, int], tuple[tuple[str, str, int], ...]]:
    """(hashes by kind, (scheme, code, rows)) of these rows."""
    counts: dict[str, int] = {}
    category_of: dict[int, tuple[str, str]] = {}
    for kind in KINDS:
        for scanned, categories, part in _among(parts, kind, rows):
            counts[kind] = counts.get(kind, 0) + len(scanned)
            first = np.unique(scanned, return_index=True)[1]
            for row, category in zip(scanned[first].tolist(), categories[first].tolist(), strict=True):
                category_of.setdefault(row, part.category(category))
    totals: dict[tuple[str, str], int] = {}
    for category in category_of.values():
        totals[category] = totals.get(category, 0) + 1
    return counts, tuple((scheme, code, count) for (scheme, code), count in totals.items())


def _among(parts: Sequence[Part], kind: str, rows: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any], Part]]:
    """(rows, categories, part) of all hashes of one kind that belong to these rows, which are in order."""
    if not len(rows):
        return
    for part in parts:
        for all_rows, categories, _ in part.all_of(kind):
            for start in range(0, len(all_rows), SCANNED_ENTRIES):
                piece = np.asarray(all_rows[start : start + SCANNED_ENTRIES])
                places = np.flatnonzero(among(piece, rows))
                if len(places):
                    yield piece[places], np.asarray(categories[start + places]), part


def standing_pieces(
    parts: Iterable[Part], removed: RowNumbers, number_of: dict[tuple[str, str], int]
) -> Iterator[tuple[str, NDArray[np.uint8], NDArray[Any], NDArray[Any]]]:
    """(kind, values, rows, categories) of everything in these parts whose row was not removed; categories numbered anew."""
    for part in parts:
        numbers = np.array([number_of[each] for each in part.manifest.own_categories] + [NO_CATEGORY], np.int64)
        for kind in KINDS:
            for rows, categories, values in part.all_of(kind):
                for start in range(0, len(rows), SCANNED_ENTRIES):
                    stop = min(start + SCANNED_ENTRIES, len(rows))
                    piece = np.asarray(rows[start:stop])
                    standing = ~among(piece, removed)
                    if standing.any():
                        anew = numbers[np.minimum(categories[start:stop][standing], len(numbers) - 1)]
                        yield kind, values(slice(start, stop))[standing], piece[standing], anew
