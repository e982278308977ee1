"""The table that Amparo itself writes (matching/formats/table.py): nothing of a list is lost in it.

    row,md5,sha1,sha256,pdq,reference,withdrawn,scheme,category

Lines of one row stand together and bear its number; a row of several hashes of one kind has several lines.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import BinaryIO

from amparo.sandbox.inside.frames import Facts
from amparo.sandbox.inside.hash_lists.lines import blocks, text_of
from amparo.sandbox.inside.hash_lists.records import DIGEST_BYTES, MOST_ROWS, Found, Hash, digest_of, not_a
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
        for line, data in enumerate(block.data.split(b"\n")[:-1], block.line):
            if not delimiter:
                delimiter = delimiter_of(text_of(data))
            elif data:
                try:
                    _take(found, next(csv.reader([text_of(data)], delimiter=delimiter)))
                except (ValueError, csv.Error) as problem:
                    found.problem(line, str(problem))
    return found.facts("csv", columns=sorted(found.kinds | ({"category"} if found.categories else set())))


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
