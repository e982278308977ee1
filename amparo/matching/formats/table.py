"""A list as the table of Amparo itself: nothing is lost in it, people and spreadsheets read it, and Amparo reads it back.

    row,md5,sha1,sha256,pdq,reference,withdrawn,scheme,category

A row of several hashes of one kind has several lines, which stand together. `sandbox/inside/hash_lists/own.py` reads it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import BinaryIO

from amparo.matching.formats.rows import Category, Row, Written, rows_of
from amparo.matching.records import Records

HEADER = ("row", "md5", "sha1", "sha256", "pdq", "reference", "withdrawn", "scheme", "category")
_KINDS = HEADER[1:6]
# Spreadsheets take a cell that begins so for a formula; an apostrophe before it makes it text, and is taken off when read.
_FORMULA = ("=", "+", "-", "@", "'")


def write(pieces: Iterable[Records], categories: Sequence[Category], into: BinaryIO) -> Written:
    """Writes all of the list; nothing is left out."""
    written = Written()
    text = io.TextIOWrapper(into, "utf-8", newline="", write_through=False)
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADER)
    last = 0
    for row in rows_of(pieces, categories):
        table.writerows(_lines(row))
        written.rows += row.number != last
        written.hashes += sum(kind != "reference" for kind, _ in row.hashes)
        last = row.number
    text.detach()
    return written


def _lines(row: Row) -> Iterator[list[str]]:
    columns = [[digits for kind, digits in row.hashes if kind == wanted] for wanted in _KINDS]
    more = ["withdrawn" if row.withdrawn else "", *(_harmless(text) for text in row.category)]
    for digests in zip_longest(*columns, fillvalue=""):
        yield [str(row.number), *digests, *more]


def _harmless(text: str) -> str:
    cell = " ".join(text.split())
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
