"""A list as threatexchange's local file of signals: a type and a hash on each line, and nothing else of the list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from amparo.matching.formats.hma import SIGNALS
from amparo.matching.formats.rows import Category, Written, rows_of
from amparo.matching.records import Records


def write(pieces: Iterable[Records], categories: Sequence[Category], into: BinaryIO) -> Written:
    """Left out: SHA-1, which has no type there, categories, and rows that are withdrawn."""
    written = Written()
    last = 0
    for row in rows_of(pieces, categories):
        signals = [(SIGNALS[kind], digits) for kind, digits in row.hashes if kind in SIGNALS]
        if row.withdrawn:
            written.leave_out("withdrawn rows")
            continue
        if sha1 := sum(kind == "sha1" for kind, _ in row.hashes):
            written.leave_out("SHA-1, which has no type there", sha1)
        if row.category[1]:
            written.leave_out("categories")
        if signals:
            into.write("".join(f"{name} {digits}\n" for name, digits in signals).encode())
            written.hashes += len(signals)
            written.rows += row.number != last
            last = row.number
    return written
