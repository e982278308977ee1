"""The table that Amparo itself writes (matching/formats/table.py): nothing of a list is lost in it.

    row,md5,sha1,sha256,pdq,reference,withdrawn,scheme,category

Lines of one row stand together and bear its number; a row of several hashes of one kind has several lines.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from amparo.sandbox.inside.frames import Facts
from amparo.sandbox.inside.hash_lists.fast import Bytes, Cells, Numbers, Truths
from amparo.sandbox.inside.hash_lists.lines import Block, blocks, text_of
from amparo.sandbox.inside.hash_lists.records import (
    DIGEST_BYTES,
    KINDS,
    MOST_ROWS,
    RECORD,
    Found,
    Hash,
    digest_of,
    not_a,
)
from amparo.sandbox.inside.tables import CELL_CHARACTERS, DELIMITERS

_NAMES = ["row", "md5", "sha1", "sha256", "pdq", "reference", "withdrawn", "scheme", "category"]
_KINDS = (*DIGEST_BYTES, "reference")


def delimiter_of(first: str) -> str:
    """The delimiter of a table whose first line this is: Amparo's comma, or what a spreadsheet made of it; "" for another table."""
    for delimiter in DELIMITERS:
        if [cell.strip(' "') for cell in first.strip().split(delimiter)] == _NAMES:
            return delimiter
    return ""


def read(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """Rows keep their numbers. A line that falls back behind the row before it, or is otherwise wrong, is told and left out."""
    csv.field_size_limit(CELL_CHARACTERS)
    delimiter = ""
    for block in blocks(source, found.problem):
        rest = block
        while not delimiter and rest.data:
            first, _, data = rest.data.partition(b"\n")
            delimiter, rest = delimiter_of(text_of(first)), Block(rest.line + 1, data)
        if rest.data and not _take_many(found, rest.data, delimiter):
            for line, data in enumerate(rest.data.split(b"\n")[:-1], rest.line):
                if data:
                    try:
                        _take(found, next(csv.reader([text_of(data)], delimiter=delimiter)))
                    except (ValueError, csv.Error) as problem:
                        found.problem(line, str(problem))
    return found.facts("csv", columns=sorted(found.kinds | ({"category"} if found.categories else set())))


def _take_many(found: Found, data: bytes, delimiter: str) -> bool:
    """Takes lines that are all as they should be, many at once; False, and nothing was taken, for others."""
    try:
        cells = Cells(data, delimiter.encode())
    except ValueError:
        return False
    rows, numbered = cells.numbers(*cells.of(0))
    withdrawn, flagged = cells.words(*cells.of(6), b"withdrawn")
    good = numbered & flagged & (cells.counts == len(_NAMES))
    parts, some = [], np.zeros(cells.lines, np.bool_)
    for place, kind in enumerate(_KINDS, 1):
        begin, end = cells.of(place)
        there, values = cells.digests(begin, end, DIGEST_BYTES.get(kind, 32))
        good &= there | (begin == end)
        some |= there
        parts.append((kind, np.flatnonzero(there), values))
    if not (
        np.all(good & some)
        and max(found.last_row, 1) <= rows[0]
        and rows[-1] <= MOST_ROWS
        and np.all(rows[1:] >= rows[:-1])
    ):
        return False
    categories = _categories(found, cells)
    records = np.concatenate(
        [_part(kind, values, rows[at], categories[at], withdrawn[at]) for kind, at, values in parts]
    )
    records = records[np.argsort(np.concatenate([at for _, at, _ in parts]), kind="stable")]
    found.add_numbered(records, {kind for kind, at, _ in parts if len(at) and kind != "reference"})
    return True


def _part(kind: str, values: Bytes, rows: Numbers, categories: Numbers, withdrawn: Truths) -> NDArray[np.void]:
    records = np.zeros(len(rows), RECORD)
    records["row"], records["category"], records["kind"], records["flags"] = rows, categories, KINDS[kind], withdrawn
    records["value"][:, : values.shape[1]] = values
    return records


def _categories(found: Found, cells: Cells) -> Numbers:
    """Each line's category number, from its scheme and code."""
    schemes, of_scheme = cells.texts(*cells.of(7))
    codes, of_code = cells.texts(*cells.of(8))
    pairs, of_pair = np.unique(of_scheme * len(codes) + of_code, return_inverse=True)
    numbers = [
        found.category(_plain(schemes[pair // len(codes)]), _plain(codes[pair % len(codes)])) for pair in pairs.tolist()
    ]
    return np.array(numbers, np.int64)[of_pair]


def _plain(cell: bytes) -> str:
    """The text of a cell, without the apostrophe that kept a spreadsheet from taking it for a formula."""
    return text_of(cell).replace('""', '"').removeprefix("'")


def _take(found: Found, cells: list[str]) -> None:
    if len(cells) != 9:
        raise ValueError(f"{len(cells)} cells instead of 9")
    row = int(cells[0]) if cells[0].isascii() and cells[0].isdigit() and len(cells[0]) <= 10 else 0
    if not max(found.last_row, 1) <= row <= MOST_ROWS:
        raise ValueError("its row is no number, or comes before the row above it")
    hashes: list[Hash] = []
    for kind, cell in zip(_KINDS, cells[1:6], strict=True):
        if cell:
            digest = digest_of("sha256" if kind == "reference" else kind, cell)
            if digest is None:
                raise ValueError(not_a(kind) if kind != "reference" else "reference is not 64 hexadecimal digits")
            hashes.append((kind, digest))
    if not hashes:
        raise ValueError("no hash in this row")
    if cells[6] not in {"", "withdrawn"}:
        raise ValueError("withdrawn is neither empty nor the word")
    scheme, code = (
        cell.removeprefix("'") for cell in cells[7:]
    )  # which kept a spreadsheet from taking it for a formula
    found.add(hashes, found.category(scheme, code), withdrawn=bool(cells[6]), row=row)
