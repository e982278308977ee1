"""Builds a version of a list as a folder of files from a reading's records, in bounded memory, beside the lists that count.

Nothing is asked of what is built here until its folder is moved into its place, whole; and nothing counts until an act says so.
Whatever ends a build leaves a folder under `.building` that the next one removes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from amparo.foundation.durable import sync_folder, write_whole
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.matching import differences, rules
from amparo.matching.columns import ColumnsFile
from amparo.matching.fingerprints import SegmentsWriter, segments_of
from amparo.matching.records import KINDS, NO_CATEGORY, RECORD, VALUE_BYTES, WITHDRAWN, Records, check
from amparo.matching.tables import TABLE_BYTES, TableWriter
from amparo.matching.versions import (
    MANIFEST,
    REMOVED,
    REMOVED_COLUMNS,
    Manifest,
    Part,
    RowNumbers,
    Version,
    digests_of,
    folder_of,
    shelf_of,
    table_path,
)

# What is read of the records, or of another version's files, at a time.
PIECE_RECORDS = 1 << 20
HIGHEST_ROW = (1 << 32) - 1

# Told now and then: the stage ("checking", "sorting", "indexing", "comparing", "merging", "sealing"), how much of it is done, of
# how much.
Progress = Callable[[str, int, int], None]
Piece = tuple[str, NDArray[np.uint8], NDArray[Any], NDArray[Any]]
Categories = tuple[tuple[str, str], ...]


def quietly(stage: str, done: int, total: int) -> None:
    """No progress is told."""


@dataclass(frozen=True)
class Built:
    """A version whose folder lies in its place. files: SHA-256 by name. missing: rows to be removed that its base hasn't."""

    manifest: Manifest
    files: dict[str, str]
    added_rows: int
    removed_rows: int
    missing_rows: int


@dataclass(frozen=True)
class Source:
    """What a reading handed over: a file of records (records.py), and the (scheme, code) pairs that its numbers mean.

    withdrawals: all of them are taken back, whether they are marked so or not.
    """

    records: Path
    categories: Categories
    withdrawals: bool = False


def staging(home: Home, list_uuid: UUID) -> Path:
    """Where a version is built."""
    return shelf_of(home) / ".building" / str(list_uuid)


def build(
    home: Home,
    list_uuid: UUID,
    source: Source,
    base: Version | None = None,
    progress: Progress = quietly,
) -> Built:
    """The version's folder lies in its place, on the disk; with a base, as the difference to it or as a whole of its own.

    Raises ValueError for records of another form, Refused where the rows of all parts are too many to number.
    """
    workplace, place = staging(home, list_uuid), folder_of(home, list_uuid)
    discard(home, list_uuid)
    workplace.mkdir(mode=0o700, parents=True)
    own = _write_own(workplace / "own" / str(list_uuid), source, base, progress)
    parts = (*(base.parts if base else ()), own)
    gone = differences.taken_back(parts, base, source.records, withdrawals=source.withdrawals, progress=progress)
    manifest = _described(own, base, parts, gone)
    removed = _merged_rows(base.removed if base else None, gone.rows)
    folder = workplace / "own" / str(list_uuid)
    if rules.is_written_anew(
        parts=len(parts),
        base=_hashes(base.manifest.counts) if base else None,
        added=_hashes(own.manifest.own_counts),
        removed=_hashes(gone.counts),
    ) and (anew := _write_anew(workplace / "whole" / str(list_uuid), manifest, parts, removed, progress)):
        folder, manifest = workplace / "whole" / str(list_uuid), anew
    else:
        _write_removed(folder, removed)
        write_whole(folder / MANIFEST, manifest.written())
    files = _sealed(folder, progress)
    folder.rename(place)
    sync_folder(place.parent)
    shutil.rmtree(workplace, ignore_errors=True)
    return Built(manifest, files, own.manifest.rows, len(gone.rows), gone.missing)


def discard(home: Home, list_uuid: UUID) -> None:
    """Nothing is left of a version that will never count."""
    for path in (staging(home, list_uuid), folder_of(home, list_uuid)):
        shutil.rmtree(path, ignore_errors=True)


def _hashes(counts: dict[str, int]) -> int:
    return sum(counts.values())


def _sealed(folder: Path, progress: Progress) -> dict[str, str]:
    progress("sealing", 0, 0)
    sync_folder(folder)
    return digests_of(folder)


def mapped(path: Path) -> Records:
    """A file of records, mapped into memory."""
    if not path.stat().st_size:
        return np.empty(0, RECORD)
    records: Records = np.memmap(path, dtype=RECORD, mode="r")
    return records


# --- The records' own rows --------------------------------------------------------------------------------------------------


def _write_own(folder: Path, source: Source, base: Version | None, progress: Progress) -> Part:
    """The files of what the records add, as a part by itself; its rows are numbered after the base's."""
    records, categories = mapped(source.records), source.categories
    progress("checking", 0, len(records))
    with source.records.open("rb") as file:
        check(file, len(categories))
    records = records[:0] if source.withdrawals else records
    counts, rows, highest, rows_of = _surveyed(records, len(categories))
    after = base.manifest.highest_row if base else 0
    if after + highest > HIGHEST_ROW:
        raise Refused("This list has more rows than can be numbered. Import it whole, as a new version.")
    folder.mkdir(mode=0o700, parents=True)
    _write_entries(folder, counts, _pieces_of(records, after), progress)
    manifest = Manifest(
        uuid=UUID(folder.name),
        follows=(),
        parts=(UUID(folder.name),),
        rows=rows,
        highest_row=after + highest,
        counts=counts,
        categories=_with_rows(categories, rows_of),
        own_counts=counts,
        own_categories=categories,
        segments=segments_of(counts.get("pdq", 0)),
        removed_rows=0,
    )
    write_whole(folder / MANIFEST, manifest.written())
    return Part(folder)


def _with_rows(categories: Categories, rows_of: NDArray[np.int64]) -> tuple[tuple[str, str, int], ...]:
    """Each category once, with its rows, and those of none at the end."""
    numbered = zip((*categories, ("", "")), rows_of.tolist(), strict=True)
    return _added(((*category, rows) for category, rows in numbered))


def _added(categories: Iterable[tuple[str, str, int]]) -> tuple[tuple[str, str, int], ...]:
    found: dict[tuple[str, str], int] = {}
    for scheme, code, rows in categories:
        found[scheme, code] = found.get((scheme, code), 0) + rows
    return tuple((scheme, code, rows) for (scheme, code), rows in sorted(found.items()) if rows)


def _surveyed(records: Records, categories: int) -> tuple[dict[str, int], int, int, NDArray[np.int64]]:
    """(hashes by kind, rows, highest row, rows by category and at last of none) of what is added, not taken back."""
    counts, rows, highest, last = np.zeros(len(KINDS) + 1, np.int64), 0, 0, 0
    rows_of = np.zeros(categories + 1, np.int64)
    for block in _blocks(records):
        highest = int(block["row"][-1])
        piece = block[block["flags"] & WITHDRAWN == 0]
        if not len(piece):
            continue
        counts += np.bincount(piece["kind"], minlength=len(counts))
        new = np.append(piece["row"][0] != last, piece["row"][1:] != piece["row"][:-1])
        last = int(piece["row"][-1])
        rows += int(np.count_nonzero(new))
        rows_of += np.bincount(np.minimum(piece["category"][new], categories), minlength=len(rows_of))
    return {kind: int(counts[number]) for kind, number in KINDS.items() if counts[number]}, rows, highest, rows_of


def _blocks(records: Records) -> Iterator[Records]:
    for start in range(0, len(records), PIECE_RECORDS):
        yield np.asarray(records[start : start + PIECE_RECORDS])


def _pieces_of(records: Records, after: int) -> Iterator[Piece]:
    for block in _blocks(records):
        for kind, number in KINDS.items():
            of_kind = block[(block["kind"] == number) & (block["flags"] & WITHDRAWN == 0)]
            if len(of_kind):
                values = of_kind["value"][:, : VALUE_BYTES[number]]
                yield kind, values, of_kind["row"].astype(np.int64) + after, of_kind["category"]


def _write_entries(folder: Path, counts: dict[str, int], pieces: Iterable[Piece], progress: Progress) -> None:
    """Tables and segments of all pieces. counts: exactly how many hashes of each kind will come."""
    writers = {
        kind: TableWriter(table_path(folder, kind), kind, counts[kind], folder)
        for kind in TABLE_BYTES
        if counts.get(kind)
    }
    segments = SegmentsWriter(folder, counts.get("pdq", 0))
    taken = indexed = 0
    for kind, values, rows, categories in pieces:
        if kind == "pdq":
            words = np.ascontiguousarray(values).view(">u8").astype("<u8")
            for more in segments.add(words, rows, categories):
                indexed += more
                progress("indexing", indexed, counts["pdq"])
        else:
            writers[kind].add(values, rows, categories)
        taken += len(rows)
        progress("sorting", taken, _hashes(counts))
    for kind, writer in writers.items():
        for written in writer.finish():
            progress("merging", written, counts[kind])


# --- The version ------------------------------------------------------------------------------------------------------------


def _described(own: Part, base: Version | None, parts: tuple[Part, ...], gone: differences.TakenBack) -> Manifest:
    """What the version is: its base and what it adds, less what it takes back."""
    before, new = base.manifest if base else None, own.manifest
    counts = {
        kind: (before.counts.get(kind, 0) if before else 0) + new.counts.get(kind, 0) - gone.counts.get(kind, 0)
        for kind in KINDS
    }
    less = ((scheme, code, -rows) for scheme, code, rows in gone.categories)
    return Manifest(
        uuid=new.uuid,
        follows=(*before.follows, before.uuid) if before else (),
        parts=tuple(part.uuid for part in parts),
        rows=(before.rows if before else 0) + new.rows - len(gone.rows),
        highest_row=new.highest_row,
        counts={kind: count for kind, count in counts.items() if count},
        categories=_added((*(before.categories if before else ()), *new.categories, *less)),
        own_counts=new.own_counts,
        own_categories=new.own_categories,
        segments=new.segments,
        removed_rows=(before.removed_rows if before else 0) + len(gone.rows),
    )


def _merged_rows(before: RowNumbers | None, rows: RowNumbers) -> RowNumbers:
    return rows if before is None else np.union1d(before, rows).astype(np.uint32)


def _write_removed(folder: Path, removed: RowNumbers) -> None:
    if len(removed):
        with ColumnsFile(folder / REMOVED, "removed", REMOVED_COLUMNS, len(removed)) as file:
            file.append(row=removed)


def _write_anew(
    folder: Path, said: Manifest, parts: tuple[Part, ...], removed: RowNumbers, progress: Progress
) -> Manifest | None:
    """All that stands of these parts as one, its rows as numbered before. None where its categories are too many for that."""
    categories = tuple(dict.fromkeys(each for part in parts for each in part.manifest.own_categories))
    if len(categories) >= NO_CATEGORY:
        return None
    number_of = {category: number for number, category in enumerate(categories)}
    folder.mkdir(mode=0o700, parents=True)
    _write_entries(folder, said.counts, differences.standing_pieces(parts, removed, number_of), progress)
    whole = Manifest(
        uuid=said.uuid,
        follows=said.follows,
        parts=(said.uuid,),
        rows=said.rows,
        highest_row=said.highest_row,
        counts=said.counts,
        categories=said.categories,
        own_counts=said.counts,
        own_categories=categories,
        segments=segments_of(said.counts.get("pdq", 0)),
        removed_rows=0,
    )
    write_whole(folder / MANIFEST, whole.written())
    return whole
