"""Tables as people send them: CSV of any delimiter, byte-order mark, charset, or as a spreadsheet saved it again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from amparo.sandbox.inside.decoding import text_of
from amparo.sandbox.inside.frames import Unreadable

DELIMITERS = (",", ";", "\t", "|")
CELL_CHARACTERS = 20_000


def text_table(data: bytes) -> tuple[str, str]:
    """The table's text and its delimiter: the one its own first line names or uses most, else a comma."""
    text, _ = text_of(data)
    if "\0" in text[:1000]:
        raise Unreadable("malformed", "This file is not a table of text.")
    first, _, rest = text.lstrip("\ufeff\r\n").partition("\n")
    if first.lower().startswith("sep=") and len(first.rstrip()) == 5:
        return rest, first[4]  # what a spreadsheet writes to name its delimiter
    return text.lstrip("\ufeff"), max(DELIMITERS, key=first.count)


def rows_of(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that isn't empty with the number of its last line, cells stripped. Raises Unreadable for one beyond reading."""
    csv.field_size_limit(CELL_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable("malformed", f"Line {reader.line_num} of this table cannot be read.") from error
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield reader.line_num, cells


def column_name(cell: str) -> str:
    """How columns are compared: lower case, one underscore for blanks and signs ("SHA-1" and "sha 1" are "sha_1")."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in cell.lower()).split())
