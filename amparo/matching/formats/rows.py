"""Records as rows of text, the way all writers of lists go through them; and what they say when they are done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from amparo.matching.records import KIND_NAMES, VALUE_BYTES, WITHDRAWN, Records, whole_rows

Category = tuple[str, str]
NO_CATEGORY: Category = ("", "")
_DIGITS = 72  # of a record's value, 36 bytes
_WIDTHS = {number: size_bytes * 2 for number, size_bytes in VALUE_BYTES.items()}


class Row(NamedTuple):
    """One listed item: its hashes as (kind, lower-case hexadecimal digits), references among them."""

    number: int
    hashes: list[tuple[str, str]]
    category: Category
    withdrawn: bool


@dataclass
class Written:
    """What went out. left_out: what the format can't hold, in words, and how often."""

    rows: int = 0
    hashes: int = 0
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, what: str, count: int = 1) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + count


def rows_of(pieces: Iterable[Records], categories: Sequence[Category]) -> Iterator[Row]:
    """The rows, in order. One whose hashes differ in their category or in being withdrawn comes as several, side by side."""
    for piece in pieces:
        for records in whole_rows(piece):
            yield from _rows_of(records, categories)


def _rows_of(records: Records, categories: Sequence[Category]) -> Iterator[Row]:
    digits = records["value"].tobytes().hex()
    row = Row(0, [], NO_CATEGORY, False)
    last = None
    places = range(0, len(digits), _DIGITS)
    columns = (records[name].tolist() for name in ("row", "category", "flags", "kind"))
    for place, *key, kind in zip(places, *columns, strict=True):
        if key != last:
            if last is not None:
                yield row
            last = key
            number, category, flags = key
            named = categories[category] if category < len(categories) else NO_CATEGORY
            row = Row(number, [], named, bool(flags & WITHDRAWN))
        row.hashes.append((KIND_NAMES[kind], digits[place : place + _WIDTHS[kind]]))
    if last is not None:
        yield row
