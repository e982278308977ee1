"""Hash lists, tables of any kind, reply forms and CyberTips."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from amparo.sandbox.readings.fields import Blobs, Fields, only_blob, plain_text, untrue

HASH_LIST_FORMATS = ("csv", "text", "icse", "ncmec", "vics", "threatexchange", "hma")
_RECORD = struct.Struct("<IHBB36s")
_DIGESTS = {1: ("md5", 16), 2: ("sha1", 20), 3: ("sha256", 32), 4: ("pdq", 32)}
_DEEPEST = 40


@dataclass(frozen=True)
class RowProblem:
    """A row that could not be taken, by its line in the file (1 is the first; 0 where lines mean nothing) or its element."""

    line: int
    problem: str
    element: str = ""


@dataclass(frozen=True)
class HashListReading:
    """What a list says, and its hashes as records (matching/records.py has their form, and checks them).

    records: empty where they went into a file of the caller's. categories: (scheme, code), by the number that records bear.
    unsupported: hashes that nothing here can compare, by kind. members: who reported how many, where the list says so.
    """

    format: str
    version: str
    source: str
    row_count: int
    hash_count: int
    categories: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    unsupported: dict[str, int]
    members: dict[str, int]
    problems: tuple[RowProblem, ...]
    problems_in_all: int
    records: bytes

    @cached_property
    def rows(self) -> tuple[dict[str, str], ...]:
        """The rows of a short list: dicts with md5, sha1, sha256, pdq (lower-case hex) and category, those the row has."""
        found: dict[int, dict[str, str]] = {}
        for row, category, kind, flags, value in _RECORD.iter_unpack(self.records):
            if kind in _DIGESTS and not flags:
                name, size_bytes = _DIGESTS[kind]
                cells = found.setdefault(row, {})
                cells[name] = value[:size_bytes].hex()
                if category < len(self.categories):
                    cells["category"] = self.categories[category][1]
        return tuple(found.values())


@dataclass(frozen=True)
class ReplyRow:
    """One row of a reply form: its line in the file, and its cells by column, as text."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class TableReading:
    """A table of any kind: its columns' names, and its rows as JSON lines.

    other_sheets: how many more sheets hold something; they weren't read.
    """

    columns: tuple[str, ...]
    row_count: int
    sheet: str
    other_sheets: int
    lines: bytes

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(the row's number in its file, its cells: one text for each column). Raises ExaminationFailed for another form."""
        for line in self.lines.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                raise untrue("rows") from None
            cells = row.get("cells") if isinstance(row, dict) else None
            if not isinstance(cells, list) or len(cells) != len(self.columns):
                raise untrue("rows")
            number = row.get("row")
            yield number if isinstance(number, int) else 0, [plain_text(cell, 20_000) for cell in cells]


@dataclass(frozen=True)
class Element:
    """An element of an XML document, without namespaces. text: its own, without blanks around it."""

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple[Element, ...]


@dataclass(frozen=True)
class CybertipReading:
    """A document in one of NCMEC's formats. form: report or file_details (XML), received (the JSON that police receive)."""

    form: str
    count: int
    lines: bytes

    def root(self) -> Element:
        """The one document of the XML forms. Raises ExaminationFailed for another form."""
        documents = self._documents()
        if self.form == "received" or len(documents) != 1:
            raise untrue("documents")
        return _element(documents[0], 0)

    def received(self) -> Iterator[dict[str, object]]:
        """Each report as an object of texts, truths, None, lists and objects. Raises ExaminationFailed for another form."""
        for document in self._documents():
            if self.form != "received" or not isinstance(document, dict):
                raise untrue("documents")
            yield cast("dict[str, object]", _plain(document, 0))

    def _documents(self) -> list[object]:
        try:
            return [json.loads(line) for line in self.lines.splitlines()]
        except (ValueError, RecursionError):
            raise untrue("documents") from None


@dataclass(frozen=True)
class ReplyReading:
    """A reply form's rows; what the codes mean is for outcomes to check."""

    columns: tuple[str, ...]
    rows: tuple[ReplyRow, ...]
    problems: tuple[RowProblem, ...]


def table_reading(facts: Fields, blobs: Blobs) -> TableReading:
    return TableReading(
        columns=facts.texts("columns", 100, 200),
        row_count=facts.number("rows"),
        sheet=facts.text("sheet", 100),
        other_sheets=facts.number("other_sheets"),
        lines=only_blob(blobs),
    )


def cybertip_reading(facts: Fields, blobs: Blobs) -> CybertipReading:
    lines = only_blob(blobs)
    count = facts.number("documents", 20_000)
    if count != lines.count(b"\n") or not count:
        raise untrue("documents")
    return CybertipReading(facts.code("form", "report", "file_details", "received"), count, lines)


def _element(value: object, depth: int) -> Element:
    if not isinstance(value, list) or len(value) != 4 or depth > _DEEPEST:
        raise untrue("element")
    name, attributes, text, children = value
    if not isinstance(attributes, dict) or len(attributes) > 100 or not isinstance(children, list):
        raise untrue("element")
    return Element(
        plain_text(name, 200),
        {plain_text(each, 200): plain_text(said, 20_000) for each, said in attributes.items()},
        plain_text(text, 1_000_000),
        tuple(_element(each, depth + 1) for each in children),
    )


def _plain(value: object, depth: int) -> object:
    if depth > _DEEPEST:
        raise untrue("documents")
    if isinstance(value, dict):
        return {plain_text(name, 200): _plain(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if value is None or isinstance(value, bool):
        return value
    return plain_text(value, 1_000_000)


def hash_list_reading(facts: Fields, blobs: Blobs) -> HashListReading:
    records = only_blob(blobs)
    if len(records) % _RECORD.size:
        raise untrue("records")
    return HashListReading(
        format=facts.code("format", *HASH_LIST_FORMATS),
        version=facts.text("version", 40),
        source=facts.text("source", 120),
        row_count=facts.number("rows"),
        hash_count=facts.number("hashes"),
        categories=facts.pairs("categories", 60, 65_000),
        columns=facts.texts("columns", 20, 20),
        unsupported=facts.counts("unsupported", 101),
        members=facts.counts("members", 1_000),
        problems=_problems(facts),
        problems_in_all=facts.number("errors_in_all"),
        records=records,
    )


def reply_reading(facts: Fields, blobs: Blobs) -> ReplyReading:
    rows = tuple(ReplyRow(entry.number("line"), entry.table("cells")) for entry in facts.entries("rows", 10_000))
    return ReplyReading(facts.texts("columns", 100, 100), rows, _problems(facts))


def _problems(facts: Fields) -> tuple[RowProblem, ...]:
    return tuple(
        RowProblem(entry.number("line"), entry.text("problem", 200), entry.text("element", 80))
        for entry in facts.entries("errors", 10_000)
    )
