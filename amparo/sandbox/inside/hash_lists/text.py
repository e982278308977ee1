"""Tables and plain text: columns in any order, any delimiter, mark, charset and line end; or one hash a line.

Blocks of lines are read many lines at once (fast.py) for as long as the table is one in which cells are found by looking for
delimiters alone; from the first cell that goes over lines or misuses quotes on, line by line, as Python's csv has it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from itertools import chain
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from amparo.sandbox.inside.frames import Facts, Unreadable
from amparo.sandbox.inside.hash_lists.columns import Columns, columns_of, row_of
from amparo.sandbox.inside.hash_lists.fast import Bytes, Cells, Numbers, Truths
from amparo.sandbox.inside.hash_lists.lines import Block, blocks, text_of
from amparo.sandbox.inside.hash_lists.records import DIGEST_BYTES, KINDS, NO_CATEGORY, RECORD, Found, Hash
from amparo.sandbox.inside.tables import CELL_CHARACTERS, DELIMITERS


def read(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """options: `bare` says what a 64-digit hash without a column is: "sha256" (default) or "pdq"."""
    pdq_bare = options.get("bare") == "pdq"
    stream = blocks(source, found.problem)
    columns = Columns(bare=True)
    if opened := _opened(stream):
        first, delimiter = opened
        named = _named_columns(first, stream, delimiter, pdq_bare=pdq_bare)
        columns, rest = named or (Columns(bare=True, pdq_bare=pdq_bare), first)
        _take_all(found, columns, delimiter, chain([rest], stream))
    form = "text" if columns.bare else columns.form
    return found.facts(form, columns=sorted(found.kinds | ({"category"} if found.categories else set())))


def _opened(stream: Iterator[Block]) -> tuple[Block, str] | None:
    """The first block from its first line on that isn't empty, and the delimiter: the one that this line names or uses most."""
    for block in stream:
        if b"\0" in block.data[:1_000]:
            raise Unreadable("malformed", "This file is not a table of text.")
        data = block.data.lstrip(b"\n")
        if not data:
            continue
        line = block.line + len(block.data) - len(data)
        first, _, rest = data.partition(b"\n")
        text = text_of(first)
        if text.lower().startswith("sep=") and len(text.rstrip(" ")) == 5 and not text[4].isalnum() and text[4] != '"':
            return Block(line + 1, rest), text[4]  # what a spreadsheet writes to name its delimiter
        return Block(line, data), max(DELIMITERS, key=text.count)
    return None


def _named_columns(
    first: Block, stream: Iterator[Block], delimiter: str, *, pdq_bare: bool
) -> tuple[Columns, Block] | None:
    """The columns that the first line names, below comments, and what comes after it; None where it names none.

    A first line that opens a quote and doesn't close it names columns over lines: read as one.
    """
    line, data = first.line, first.data
    while data:
        head, _, data = data.partition(b"\n")
        text = text_of(head)
        line += 1
        while text.count('"') % 2 and data and len(text) < CELL_CHARACTERS:
            head, _, data = data.partition(b"\n")
            text += "\n" + text_of(head)
            line += 1
        cells = [cell.strip() for cell in next(csv.reader(StringIO(text, newline=""), delimiter=delimiter), [])]
        if not any(cells):
            continue
        comment = cells[0].startswith("#")
        try:
            columns = columns_of(cells, pdq_bare=pdq_bare)
        except Unreadable:
            if not comment:
                raise
            continue
        if columns:
            return columns, Block(line, data)
        if not comment:
            return None
    return None


def _take_all(found: Found, columns: Columns, delimiter: str, stream: Iterator[Block]) -> None:
    many = _ManyLines(found, columns, delimiter)
    for block in stream:
        if not many.take(block):
            _take_by_line(found, columns, delimiter, chain([block], stream))


def _take_by_line(found: Found, columns: Columns, delimiter: str, stream: Iterator[Block]) -> None:
    """The rest of the table, line by line. A cell that never ends costs the lines up to where the reader gives up on it."""
    offset = 0

    def texts() -> Iterator[str]:
        nonlocal offset
        read = 0
        for block in stream:
            offset = block.line - 1 - read  # a block that was cut short never stands inside a row
            for line in block.data.splitlines(keepends=True):
                read += 1
                yield text_of(line)

    csv.field_size_limit(CELL_CHARACTERS)
    reader = csv.reader(texts(), delimiter=delimiter)
    while True:
        before = reader.line_num
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            found.problem(
                offset + before + 1, f"a cell that doesn't end; up to line {offset + reader.line_num} nothing is read"
            )
            continue
        if any(cells) and (row := row_of(found, columns, offset + reader.line_num, cells)):
            found.add(*row)


class _ManyLines:
    """Takes blocks of whole lines whose cells can be found by delimiters alone."""

    def __init__(self, found: Found, columns: Columns, delimiter: str) -> None:
        self._found = found
        self._columns = columns
        self._delimiter = delimiter

    def take(self, block: Block) -> bool:
        """False, and nothing was read, for a block that must be read line by line."""
        if not self._delimiter.isascii() or "type" in self._columns.places:
            return False
        try:
            cells = Cells(block.data, self._delimiter.encode())
        except ValueError:
            return False
        clean, digests = self._digests(cells)
        singles = self._singles(cells, block.line, np.flatnonzero(~clean))
        categories = self._categories(cells, clean)
        for line, (_, category) in singles.items():
            clean[line], categories[line] = True, category
        rows = np.cumsum(clean) - 1
        parts = [self._part(rows, categories, kind, lines, values) for kind, lines, values in digests]
        parts += [
            self._part(rows, categories, kind, np.array([line]), np.frombuffer(digest, np.uint8)[None])
            for line, (hashes, _) in singles.items()
            for kind, digest in hashes
        ]
        records = np.concatenate(parts) if parts else np.zeros(0, RECORD)
        if len(parts) > 1:
            records = records[np.argsort(records["row"], kind="stable")]
        kinds = {kind for kind, lines, _ in digests if len(lines)}
        self._found.add_block(records, kinds | {kind for hashes, _ in singles.values() for kind, _ in hashes})
        return True

    def _digests(self, cells: Cells) -> tuple[Truths, list[tuple[str, Numbers, Bytes]]]:
        """Which lines are plainly good, and their digests: kind, the lines, the values."""
        clean = ~cells.perhaps_comments()
        some = np.zeros(cells.lines, np.bool_)
        found = []
        for kinds, place in self._columns.hashes():
            begin, end = cells.of(place)
            taken = begin == end
            for kind in kinds:
                good, values = cells.digests(begin, end, DIGEST_BYTES[kind])
                found.append((kind, good, values))
                some |= good
                taken |= good
            clean &= taken
        clean &= some
        if "photodna" in self._columns.places:
            filled, plain = cells.filled(*cells.of(self._columns.places["photodna"]))
            clean &= plain
            if count := int(np.count_nonzero(clean & filled)):
                self._found.unsupported("photodna", count)
        return clean, [(kind, np.flatnonzero(good & clean), values[clean[good]]) for kind, good, values in found]

    def _categories(self, cells: Cells, clean: Truths) -> Numbers:
        """Each line's category number; only those of clean lines mean anything."""
        numbers = np.full(cells.lines, NO_CATEGORY, np.int64)
        place = self._columns.category
        if place is None:
            return numbers
        begin, end = cells.of(place)
        there = clean & (begin < end)
        texts, which = cells.texts(begin[there], end[there])
        codes = [text_of(text).replace('""', '"').strip() for text in texts]
        known = np.array([self._found.category(self._columns.scheme, code) for code in codes], np.int64)
        numbers[there] = known[which] if len(known) else []
        return numbers

    def _singles(self, cells: Cells, line: int, numbers: Numbers) -> dict[int, tuple[list[Hash], int]]:
        """The lines that aren't plainly good, each by itself: those that are rows all the same. Faults are told."""
        rows = {}
        csv.field_size_limit(CELL_CHARACTERS)
        for number in numbers.tolist():
            try:
                row = next(csv.reader([text_of(cells.line(number))], delimiter=self._delimiter), [])
            except csv.Error:
                self._found.problem(line + number, f"a cell of more than {CELL_CHARACTERS:,} characters")
                continue
            stripped = [cell.strip() for cell in row]
            if any(stripped) and (taken := row_of(self._found, self._columns, line + number, stripped)):
                rows[number] = taken
        return rows

    @staticmethod
    def _part(rows: Numbers, categories: Numbers, kind: str, lines: Numbers, values: Bytes) -> NDArray[np.void]:
        records = np.zeros(len(lines), RECORD)
        records["row"] = rows[lines]
        records["category"] = categories[lines]
        records["kind"] = KINDS[kind]
        records["value"][:, : values.shape[1]] = values
        return records
