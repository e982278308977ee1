"""A table of any kind that offices send: CSV of any delimiter, XLSX, XLS, ODS, JSON. Cells come out as the text they show."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice

from python_calamine import CalamineError, load_workbook

from amparo.sandbox.inside.decoding import text_of
from amparo.sandbox.inside.frames import CHUNK_BYTES, Facts, Sink, Unreadable
from amparo.sandbox.inside.tables import CELL_CHARACTERS, rows_of, text_table

ROWS = 20_000
SHEET_ROWS = 1_048_576  # as many as a sheet of XLSX can have
COLUMNS = 200
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def warm() -> None:
    """Afterwards the library has tried every format once, so that nothing is loaded later."""
    for start in (_ZIP, _OLE, b"x"):
        try:
            load_workbook(io.BytesIO(start))
        except (CalamineError, ValueError, OSError):
            continue


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"columns": [name], "rows": count, "sheet": name, "other_sheets": count} and one blob: a JSON line {"row", "cells"} a row.

    row: its number as a spreadsheet shows it; the first one with cells names the columns. Raises Unreadable.
    options: rows, how many at most (ROWS); sheet, the one of this name and not the first that holds something; decimal, the sign
    that parts a number's whole from its rest ("."), since a sheet's numbers have none of their own.
    """
    most = min(int(str(options.get("rows") or ROWS)), SHEET_ROWS)
    sheet, others, rows = _table(data, most, str(options.get("sheet") or ""), str(options.get("decimal") or "."))
    columns: list[str] = []
    count = waiting_bytes = 0
    waiting: list[bytes] = []
    sink.begin(name="rows", type="application/x-ndjson")
    for number, cells in rows:
        if not any(cells):
            continue
        if not columns:
            columns = _named(cells)
            continue
        count += 1
        if count > most:
            raise Unreadable("too_big", f"This table has more than {most:,} rows. Split it and import the parts.")
        filled = (cells + [""] * len(columns))[: len(columns)]
        line = json.dumps({"row": number, "cells": filled}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        waiting.append(line)
        waiting_bytes += len(line)
        if waiting_bytes > CHUNK_BYTES:
            sink.write(b"".join(waiting))
            waiting, waiting_bytes = [], 0
    sink.write(b"".join(waiting))
    if not columns:
        raise Unreadable("malformed", "This table is empty.")
    return {"columns": columns, "rows": count, "sheet": sheet, "other_sheets": others}


def _named(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > COLUMNS:
        raise Unreadable("too_big", f"This table has more than {COLUMNS} columns.")
    return [cell[:100] or f"column {place}" for place, cell in enumerate(cells, 1)]


def _table(data: bytes, most: int, sheet: str, decimal: str) -> tuple[str, int, Iterator[tuple[int, list[str]]]]:
    """(sheet's name, how many other sheets hold something, its rows)."""
    if data.startswith((_ZIP, _OLE)):
        return _workbook(data, most, sheet, decimal)
    if sheet:
        raise Unreadable("malformed", "This file is no spreadsheet, so it has no sheets.")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
        return "", 0, _objects(data)
    text, delimiter = text_table(data)
    return "", 0, rows_of(text, delimiter)


def _workbook(data: bytes, most: int, wanted: str, decimal: str) -> tuple[str, int, Iterator[tuple[int, list[str]]]]:
    try:
        book = load_workbook(io.BytesIO(data))
        sheets = [book.get_sheet_by_index(place) for place in range(len(book.sheet_names))]
    except MemoryError:
        raise
    except Exception as error:  # the library's errors are of many kinds, its panics too
        raise Unreadable("malformed", "This spreadsheet cannot be read. Save it again as XLSX or CSV.") from error
    filled = [each for each in sheets if each.height]
    if not filled:
        raise Unreadable("malformed", "This spreadsheet is empty.")
    chosen = next((each for each in filled if not wanted or each.name == wanted), None)
    if chosen is None:
        there = ", ".join(each.name[:40] for each in filled[:10])
        raise Unreadable(
            "malformed", f"This spreadsheet has no sheet of that name that holds anything. It has: {there}."
        )
    rows = islice(chosen.iter_rows(), most + 1_000)  # one by one: a million rows at once would not fit
    shown = ((number, [_shown(cell, decimal) for cell in row[:COLUMNS]]) for number, row in enumerate(rows, 1))
    return chosen.name, len(filled) - 1, shown


def _shown(cell: object, decimal: str) -> str:
    """A cell as text. Whole numbers without a decimal point: phone numbers and account numbers are often stored so."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < 2**53
        return str(int(cell)) if whole else str(cell).replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="milliseconds" if cell.microsecond else "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell).strip()[:CELL_CHARACTERS]


def _objects(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows of a JSON array of objects, of an object that holds one, or of JSON lines; the first row names the columns."""
    text, _ = text_of(data)
    found = _parsed(text.lstrip("\ufeff"))
    columns = list(dict.fromkeys(name for each in found for name in each))
    yield 0, columns
    for number, each in enumerate(found, 1):
        yield number, [_flat(each.get(name)) for name in columns]


def _parsed(text: str) -> list[dict[str, object]]:
    try:
        try:
            value = json.loads(text)
        except ValueError:
            value = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise Unreadable("malformed", "This JSON cannot be read.") from error
    if isinstance(value, dict):
        value = next((each for each in value.values() if isinstance(each, list)), [value])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Unreadable("malformed", "This JSON is no list of reports: an array of objects is needed.")
    return value


def _flat(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()[:CELL_CHARACTERS]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False)[:CELL_CHARACTERS]
