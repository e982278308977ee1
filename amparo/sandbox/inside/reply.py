"""A filled reply form (a package's reply.csv), as the other house or its spreadsheet saved it. Codes are checked by outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from amparo.sandbox.inside.frames import Facts, Sink, Unreadable
from amparo.sandbox.inside.tables import column_name, rows_of, text_table

ROWS = 10_000
COLUMNS = 60
# Without these two a row can't be laid beside a package.
NEEDED = ("reply_token", "subject")


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"columns", "rows": [{"line", "cells": {column: text}}], "errors": [{"line", "problem"}]}.

    Raises Unreadable where the header row lacks a column that every reply needs. Unknown columns pass through.
    """
    text, delimiter = text_table(data)
    columns: list[str] = []
    rows: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    for line, cells in rows_of(text, delimiter):
        if not columns:
            columns = _columns(cells)
        elif len(rows) >= ROWS:
            raise Unreadable("too_big", f"This reply has more than {ROWS:,} rows.")
        elif any(cells[len(columns) :]):
            errors.append({"line": line, "problem": "more cells than columns; a comma inside a note needs quotes"})
        else:
            filled = [_original(cell) for cell in cells] + [""] * len(columns)
            rows.append({"line": line, "cells": dict(zip(columns, filled, strict=False))})
    if not columns:
        raise Unreadable("malformed", "This reply is empty.")
    return {"columns": columns, "rows": rows, "errors": errors}


def _columns(cells: list[str]) -> list[str]:
    names = [column_name(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()  # a spreadsheet's empty columns at the right
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise Unreadable("malformed", f"This is not a reply form: the column {missing[0]} is missing.")
    if len(names) > COLUMNS:
        raise Unreadable("malformed", "This reply has more columns than any form.")
    return [name or f"column_{place}" for place, name in enumerate(names, 1)]


def _original(cell: str) -> str:
    """The cell as it was before the form's writer put an apostrophe before a sign that spreadsheets would run."""
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip()[:1] in tuple("=+-@") else cell
