"""CSV that a spreadsheet can open without being told to do anything: RFC 4180, UTF-8, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins with one of these is run as a formula by the usual spreadsheets (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(cell: object) -> str:
    """The cell's text; with an apostrophe before it where a spreadsheet would take it for a formula. None is empty."""
    text = "" if cell is None else str(cell)
    text = "".join(" " if character in "\0\x0b\x0c" else character for character in text)
    # A spreadsheet skips blanks before it looks for the sign, so we do as well.
    return "'" + text if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text


def original(cell: str) -> str:
    """What `neutral` was given: the reader's way back."""
    return cell[1:] if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The table as UTF-8 CSV with CRLF line ends; rows in the order given. Raises ValueError for a row of another length."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"{len(row)} cells in a table of {len(columns)} columns")
        writer.writerow([neutral(cell) for cell in row])
    return text.getvalue().encode("utf-8")
