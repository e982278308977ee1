"""One file of a platform becomes one Parquet part of one table: every record in its place, with what is wrong with it.

A part holds the table's columns and `_bad`: why the record is none, or what is wrong with one that stands all the same, and the
start of such a record; one column, since each costs as much to write where it is empty. Its rows stand as in the file, so that
a row's place is its number, or it has a column `row`. One pass reads, parses and writes; nothing is held in memory.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from amparo.cases.tables.base_mapping import BaseSource
from amparo.cases.tables.csv_rows import BadRecord
from amparo.cases.tables.reading import Rows, SourceFile, read
from amparo.cases.tables.records import DOUBT, LOST, RecordQuery, parquet_file, restored, what_is_bad
from amparo.cases.tables.shapes import columns_of
from amparo.cases.tables.store import PACKED, ROW_GROUP, Store, literal

SAMPLE = 4096  # rows


@dataclass(frozen=True)
class Part:
    """numbered: whether it has a column `row`. lost, doubts: of its rows. unread: a Parquet file of the records that are not
    even in it (row, problem, raw), None if there are none."""

    place: Path
    numbered: bool
    rows: int
    lost: int
    doubts: int
    unread: Path | None


def make_part(store: Store, file: SourceFile, source: BaseSource, out: Path, compression: str = "snappy") -> Part:
    """Writes the file's records to `out`, which lies in the store's work folder."""
    numbered = False

    def take(rows: Rows) -> None:
        nonlocal numbered
        # A Parquet file's own numbers are its places.
        numbered = bool(rows.number) and source.format != "parquet"
        query = RecordQuery(source, rows, numbered)
        # Trimming every cell costs half as much again as all the rest, and most files need none: it is done where the first
        # rows need it, and a file in which a later one does is read a second time.
        sample = f"(SELECT * FROM {rows.query} LIMIT {SAMPLE})"
        query.trims = numbered or _has_tabs(file, source) or query.is_ragged(store, sample)
        query.write(store, out, compression)
        if not query.trims and query.left_ragged(store, out):
            query.trims = True
            query.write(store, out, compression)

    bad = read(store, file, source, take)
    counted = ", ".join(f"count(*) FILTER (starts_with(_bad, '{each}'))" for each in (LOST, DOUBT))
    count, lost, doubts = store.rows(f"SELECT count(*), {counted} FROM {parquet_file(out)}")[0]
    return Part(out, numbered, count, lost, doubts, _unread(store, bad, out.with_suffix(".unread.parquet")))


def _unread(store: Store, bad: Sequence[BadRecord], out: Path) -> Path | None:
    if not bad:
        return None
    texts = {name: np.array([getattr(each, name) for each in bad], dtype=object) for name in ("problem", "raw")}
    store.table("given_bad", {"row": np.array([each.row for each in bad], dtype=np.int64)} | texts)
    store.run(f'COPY (SELECT * FROM given_bad ORDER BY "row") TO {literal(str(out))} (FORMAT parquet)')
    store.run("DROP TABLE given_bad")
    return out


def in_time(store: Store, part: Part, table: str, out: Path) -> Part:
    """The part with its rows in the order of their time: itself where they stand so, else another, at `out`."""
    place = parquet_file(part.place)
    moment = "coalesce(at_utc, at_wall)"
    if store.one(
        f"SELECT coalesce(bool_and(a >= b), true) FROM (SELECT {moment} AS a, lag({moment}) OVER () AS b FROM {place})"
    ):
        return part
    every = "* EXCLUDE (file_row_number)" + ("" if part.numbered else ', file_row_number + 1 AS "row"')
    store.run(
        f'COPY (SELECT {every} FROM {parquet_file(part.place, "file_row_number=true, ")} ORDER BY {moment} NULLS LAST, "row") '
        f"TO {literal(str(out))} (FORMAT parquet, COMPRESSION {PACKED}, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    part.place.unlink()
    return replace(part, place=out, numbered=True)


def newest_day(store: Store, part: Part) -> date | None:
    """The day of the newest event in the part."""
    found = store.one(f"SELECT CAST(max(coalesce(at_utc, at_wall)) AS DATE) FROM {parquet_file(part.place)}")
    return found if isinstance(found, date) else None


def part_rows(place: Path, table: str, numbered: bool) -> str:
    """The query for a part's records and what is wrong with them, with their numbers."""
    names = ", ".join(restored(name) for name, _ in columns_of(table))
    number = '"row"' if numbered else "file_row_number + 1"
    return f'SELECT {names}, {number} AS "row", {what_is_bad()} FROM {parquet_file(place, "file_row_number=true, ")}'


_TABS = {"csv": (b"\t",), "json": (rb"\t", rb"\u0009"), "jsonl": (rb"\t", rb"\u0009")}  # as a cell can hold one


def _has_tabs(file: SourceFile, source: BaseSource) -> bool:
    """Whether a cell of a CSV or JSON file may hold a tab: cheaper to ask of its bytes than of every cell."""
    if source.format not in _TABS or not file.size_bytes:
        return False
    with file.path.open("rb") as data, mmap.mmap(data.fileno(), 0, access=mmap.ACCESS_READ) as held:
        return any(held.find(each) >= 0 for each in _TABS[source.format])
