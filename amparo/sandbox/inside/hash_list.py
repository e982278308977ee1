"""A list of known hashes: CSV with named columns in any order, or one hash a line. Wrong rows are named, never dropped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from amparo.sandbox.inside.frames import CHUNK_BYTES, Facts, Sink, Unreadable
from amparo.sandbox.inside.tables import column_name, rows_of, text_table

ROWS = 1_000_000
ERRORS = 1_000
_COLUMNS = {
    "md5": "md5", "md_5": "md5", "hash_md5": "md5",
    "sha1": "sha1", "sha_1": "sha1", "hash_sha1": "sha1",
    "sha256": "sha256", "sha_256": "sha256", "hash_sha256": "sha256",
    "pdq": "pdq", "pdq_hash": "pdq", "pdqhash": "pdq",
    "category": "category", "class": "category", "categoria": "category", "catégorie": "category", "categoría": "category",
}  # fmt: skip
_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "pdq": 64}
_HEX = re.compile(r"[0-9a-fA-F]+")
_CATEGORY_CHARACTERS = 60


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"rows", "errors": [{"line", "problem"}], "errors_in_all", "columns"} and one blob of JSON lines, a row each.

    options: `bare` says what a 64-digit hash without a column is: "sha256" (default) or "pdq".
    """
    text, delimiter = text_table(data)
    bare = "pdq" if options.get("bare") == "pdq" else "sha256"
    errors: list[dict[str, object]] = []
    columns: set[str] = set()
    count = errors_in_all = 0
    sink.begin(name="rows", type="application/x-ndjson")
    waiting: list[str] = []
    for line, row in _rows(text, delimiter, bare, columns):
        if isinstance(row, str):
            errors_in_all += 1
            if len(errors) < ERRORS:
                errors.append({"line": line, "problem": row})
            continue
        count += 1
        if count > ROWS:
            raise Unreadable("too_big", f"This list has more than {ROWS:,} rows. Split it and import the parts.")
        waiting.append(json.dumps(row, separators=(",", ":")))
        if len(waiting) * 100 > CHUNK_BYTES:
            sink.write(("\n".join(waiting) + "\n").encode())
            waiting.clear()
    if waiting:
        sink.write(("\n".join(waiting) + "\n").encode())
    return {"rows": count, "errors": errors, "errors_in_all": errors_in_all, "columns": sorted(columns)}


def _rows(text: str, delimiter: str, bare: str, columns: set[str]) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Line number with the row's hashes, or with what is wrong with it. `columns` is filled with those in use."""
    places: dict[int, str] | None = None
    for line, cells in rows_of(text, delimiter):
        if places is None:
            named = {
                place: _COLUMNS[name] for place, cell in enumerate(cells) if (name := column_name(cell)) in _COLUMNS
            }
            places = named
            columns.update(named.values())
            if named:
                if not set(named.values()) & set(_DIGITS):
                    raise Unreadable("malformed", "This list names no column of hashes: md5, sha1, sha256 or pdq.")
                continue
        if cells[0].startswith("#"):
            continue
        yield line, _named_row(cells, places) if places else _bare_row(cells, bare, columns)


def _named_row(cells: list[str], places: dict[int, str]) -> dict[str, str] | str:
    row = {column: cells[place] for place, column in places.items() if place < len(cells) and cells[place]}
    for column, value in row.items():
        if column in _DIGITS and (len(value) != _DIGITS[column] or not _HEX.fullmatch(value)):
            return f"{column} is not {_DIGITS[column]} hexadecimal digits"
    if not row.keys() & _DIGITS.keys():
        return "no hash in this row"
    return {
        column: value[:_CATEGORY_CHARACTERS] if column == "category" else value.lower() for column, value in row.items()
    }


def _bare_row(cells: list[str], bare: str, columns: set[str]) -> dict[str, str] | str:
    """A row without named columns: a hash, known by its length, and perhaps a category after it."""
    kinds = {32: "md5", 40: "sha1", 64: bare}
    kind = kinds.get(len(cells[0]))
    if kind is None or not _HEX.fullmatch(cells[0]):
        return "not a hash of 32, 40 or 64 hexadecimal digits"
    columns.add(kind)
    row = {kind: cells[0].lower()}
    if len(cells) > 1 and cells[1]:
        row["category"] = cells[1][:_CATEGORY_CHARACTERS]
    return row
