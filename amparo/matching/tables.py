"""Sorted tables of digests: any number of them looked up at once by binary search, without reading the table.

A digest is kept as its first eight bytes, as one number, and its rest. Entries are in the order of the whole digest. The search
goes by the number; only where that is there is the rest compared, by a second search where several digests begin alike (somebody
may have built a list in which millions do).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.matching.columns import Columns, ColumnsFile, column, open_columns
from amparo.matching.rules import DIGEST_BYTES

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]

# What a table may hold: digests of files, and the sources' own references of items (records.py), which no file is compared with.
TABLE_BYTES = {**DIGEST_BYTES, "reference": 32}
HEAD_BYTES = 8
# Entries sorted in memory at a time, and of each such run when runs are merged: about 100 MB and 1 MB for the longest digest.
RUN_ENTRIES = 2_000_000
MERGED_ENTRIES = 16_384


def _columns(kind: str) -> Columns:
    rest = TABLE_BYTES[kind] - HEAD_BYTES
    return {"head": column("<u8"), "rest": column("u1", rest), "row": column("<u4"), "category": column("<u2")}


def _heads(values: Bytes) -> NDArray[np.uint64]:
    """The first eight bytes of each, as numbers in whose order the bytes stand."""
    return np.ascontiguousarray(values[:, :HEAD_BYTES]).view(">u8")[:, 0].astype("<u8")


def _as_text(values: Bytes) -> NDArray[Any]:
    """The same bytes as one fixed-length string an entry: NumPy compares these byte by byte, as bytes."""
    return np.ascontiguousarray(values).view(f"S{values.shape[1]}")[:, 0]


class DigestTable:
    """The digests of one kind ("md5", "sha1", "sha256", "reference") of one list, with the row and category number of each."""

    def __init__(self, path: Path, kind: str) -> None:
        """Opens the file; nothing of it is read yet. Raises Broken."""
        columns = open_columns(path, kind, _columns(kind))
        self.kind = kind
        self.rows: NDArray[np.uint32] = columns["row"]
        self.categories: NDArray[np.uint16] = columns["category"]
        self._heads: NDArray[np.uint64] = columns["head"]
        self._rests: Bytes = columns["rest"]

    def __len__(self) -> int:
        return len(self._heads)

    def values(self, entries: slice | Numbers) -> Bytes:
        """The digests of these entries, uint8 of shape (n, size)."""
        heads = self._heads[entries].astype(">u8").view(np.uint8).reshape(-1, HEAD_BYTES)
        return np.concatenate([heads, self._rests[entries]], axis=1)

    def find(self, values: Bytes) -> tuple[Numbers, Numbers, Numbers]:
        """(query, start, stop): the entries from start up to stop equal that query; ordered by query, none is empty.

        values: uint8 of shape (n, size). A digest stands once for every listed row that has it.
        """
        if values.dtype != np.uint8 or values.shape[1:] != (TABLE_BYTES[self.kind],):
            raise ValueError(f"{self.kind} digests are uint8 of shape (n, {TABLE_BYTES[self.kind]})")
        heads = _heads(values)
        order = np.argsort(heads)  # neighbours in the table are read one after the other
        heads = heads[order]
        first = np.searchsorted(self._heads, heads, "left")
        there = np.flatnonzero(first < len(self))
        there = there[self._heads[first[there]] == heads[there]]
        queries, start = order[there], first[there]
        stop = np.searchsorted(self._heads, heads[there], "right")
        alone = stop - start == 1
        stop[alone] -= (self._rests[start[alone]] != values[queries[alone], HEAD_BYTES:]).any(axis=1)
        for place in np.flatnonzero(~alone):
            start[place], stop[place] = self._equal(values[queries[place]], int(start[place]), int(stop[place]))
        found = np.flatnonzero(stop > start)
        found = found[np.argsort(queries[found])]
        return queries[found], start[found], stop[found]

    def _equal(self, value: Bytes, start: int, stop: int) -> tuple[int, int]:
        """Where, among entries that begin like the value, those begin and end that equal it."""
        wanted, rests = _as_text(value[None, HEAD_BYTES:]), _as_text(self._rests[start:stop])
        left, right = np.searchsorted(rests, wanted, "left"), np.searchsorted(rests, wanted, "right")
        return start + int(left[0]), start + int(right[0])


class TableWriter:
    """Takes a list's digests of one kind in any order and writes them as one table, in bounded memory.

    What does not fit in memory is sorted in runs, put aside in `folder`, and merged.
    """

    def __init__(self, path: Path, kind: str, count: int, folder: Path) -> None:
        """count: how many entries will come, exactly. folder: where runs may lie meanwhile."""
        self._path, self._kind, self._count, self._folder = path, kind, count, folder
        size = TABLE_BYTES[kind]
        self._entry = np.dtype([("value", np.uint8, (size,)), ("row", "<u4"), ("category", "<u2")])
        self._waiting: list[NDArray[Any]] = []
        self._runs: list[Path] = []

    def add(self, values: Bytes, rows: NDArray[Any], categories: NDArray[Any]) -> None:
        """The next entries. values: uint8 (n, size); rows: 0 to 2^32 - 1; categories: 0 to 65,535."""
        piece = np.empty(len(values), dtype=self._entry)
        piece["value"], piece["row"], piece["category"] = values, rows, categories
        self._waiting.append(piece)
        if sum(map(len, self._waiting)) >= RUN_ENTRIES:
            self._put_aside()

    def _put_aside(self) -> None:
        path = self._folder / f"{self._kind}.run-{len(self._runs)}"
        _in_order(self._taken()).tofile(path)
        self._runs.append(path)

    def _taken(self) -> NDArray[Any]:
        taken = np.concatenate(self._waiting) if self._waiting else np.empty(0, dtype=self._entry)
        self._waiting.clear()
        return taken

    def finish(self) -> Iterator[int]:
        """Writes the table, and says after each piece how many entries stand in it. Runs are gone afterwards."""
        if self._runs and self._waiting:
            self._put_aside()
        pieces = self._merged() if self._runs else iter([_in_order(self._taken())])
        with ColumnsFile(self._path, self._kind, _columns(self._kind), self._count) as file:
            written = 0
            for piece in pieces:
                values = piece["value"]
                file.append(
                    head=_heads(values), rest=values[:, HEAD_BYTES:], row=piece["row"], category=piece["category"]
                )
                written += len(piece)
                yield written
        for run in self._runs:
            run.unlink()

    def _merged(self) -> Iterator[NDArray[Any]]:
        """All runs' entries in order. A round gives out what is certain: what isn't behind the end of any run's piece in hand."""
        runs = [np.memmap(path, dtype=self._entry, mode="r") for path in self._runs]
        given = [0] * len(runs)
        while True:
            pieces = [np.asarray(run[start : start + MERGED_ENTRIES]) for run, start in zip(runs, given, strict=True)]
            texts = [_as_text(piece["value"]) for piece in pieces]
            ends = [
                text[-1]
                for text, run, start in zip(texts, runs, given, strict=True)
                if len(text) and start + len(text) < len(run)
            ]
            # NumPy gives a bare string without its last zero bytes; as text of fixed length the two are compared as one.
            certain = [
                int(np.searchsorted(text, np.array([min(ends)], dtype=text.dtype), "right")[0]) if ends else len(text)
                for text in texts
            ]
            given = [start + taken for start, taken in zip(given, certain, strict=True)]
            if not any(certain):
                return
            yield _in_order(np.concatenate([piece[:taken] for piece, taken in zip(pieces, certain, strict=True)]))


def _in_order(entries: NDArray[Any]) -> NDArray[Any]:
    """The entries by their whole digest, equal ones by row."""
    heads = _heads(entries["value"])
    order = np.argsort(heads)
    tied = heads[order[1:]] == heads[order[:-1]]
    if tied.any():  # among digests that is chance or a forgery; only those are compared further
        places = np.flatnonzero(np.append(tied, False) | np.insert(tied, 0, False))
        alike = order[places]
        order[places] = alike[np.lexsort((entries["row"][alike], _as_text(entries["value"][alike])))]
    return entries[order]
