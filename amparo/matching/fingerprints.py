"""A list's fingerprints (PDQ), in segments: each a saved index, and beside it the row and category number of each entry.

A segment is as large as can be indexed in about three gigabytes of memory, so that a list of any length is imported in as much.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from amparo.foundation.errors import Broken
from amparo.matching.columns import ColumnsFile, column, open_columns
from amparo.matching.engine import WORDS, HashIndex

SEGMENT_ENTRIES = 1 << 24
_COLUMNS = {"row": column("<u4"), "category": column("<u2")}

Rows = NDArray[np.uint64]
Numbers = NDArray[np.int64]


def segments_of(count: int) -> int:
    """How many segments so many fingerprints make."""
    return -(-count // SEGMENT_ENTRIES)


def _paths(folder: Path, number: int) -> tuple[Path, Path]:
    return folder / f"pdq-{number}.columns", folder / f"pdq-{number}.index"


class Segment:
    """One saved index of a list."""

    def __init__(self, folder: Path, number: int) -> None:
        """Opens it; next to nothing is read yet. Raises Broken."""
        columns_at, index_at = _paths(folder, number)
        columns = open_columns(columns_at, "pdq", _COLUMNS)
        self.rows: NDArray[np.uint32] = columns["row"]
        self.categories: NDArray[np.uint16] = columns["category"]
        try:
            self._index = HashIndex.open(index_at)
        except OSError as error:
            raise Broken(f"A file of a known-hash list is missing: {index_at}") from error
        if len(self._index) != len(self.rows):
            raise Broken(f"A file of a known-hash list is not what it should be: {index_at}")

    def __len__(self) -> int:
        return len(self.rows)

    def search(self, queries: Rows, within_bits: int, threads: int) -> tuple[Numbers, Numbers, Numbers]:
        """(query_row, entry, distance_bits), as HashIndex.search gives them."""
        return self._index.search(queries, within_bits, threads)

    def values(self, entries: slice | Numbers) -> NDArray[np.uint8]:
        """The fingerprints of these entries, uint8 of shape (n, 32), as their hexadecimal digits are written."""
        numbers = np.arange(*entries.indices(len(self))) if isinstance(entries, slice) else entries
        return self._index.rows(numbers).astype(">u8").view(np.uint8).reshape(-1, 32)


class SegmentsWriter:
    """Takes a list's fingerprints in their order and writes segments."""

    def __init__(self, folder: Path, count: int) -> None:
        """count: how many will come, exactly."""
        self._folder, self._left = folder, count
        self._number = self._there = 0
        self._columns: ColumnsFile | None = None
        self._words: BinaryIO | None = None

    def add(self, words: Rows, rows: NDArray[Any], categories: NDArray[Any]) -> Iterator[int]:
        """The next entries. Says 0 before it indexes a segment that they filled, and then how many entries that has."""
        while len(words):
            if self._columns is None:
                size = min(self._left, SEGMENT_ENTRIES)
                self._columns = ColumnsFile(_paths(self._folder, self._number)[0], "pdq", _COLUMNS, size)
                self._words = (self._folder / "words").open("w+b")
            assert self._words
            room = self._columns.count - self._there
            self._columns.append(row=rows[:room], category=categories[:room])
            np.ascontiguousarray(words[:room], dtype="<u8").tofile(self._words)
            self._there += len(words[:room])
            words, rows, categories = words[room:], rows[room:], categories[room:]
            if self._there == self._columns.count:
                yield 0
                yield self._indexed(self._columns, self._words)

    def _indexed(self, columns: ColumnsFile, words: BinaryIO) -> int:
        columns.finish()
        words.close()
        path = self._folder / "words"
        HashIndex(np.memmap(path, dtype="<u8", mode="r").reshape(-1, WORDS)).save(_paths(self._folder, self._number)[1])
        path.unlink()
        indexed = self._there
        self._left -= indexed
        self._number, self._there, self._columns, self._words = self._number + 1, 0, None, None
        return indexed
