"""Lists written for other systems: one file a format, streamed from records, so that a list of any length goes out in one pass.

What a format can't hold is left out and counted, never bent: a category is written where its scheme is the format's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from amparo.matching.formats import hma, table, threatexchange, vics
from amparo.matching.formats.rows import Category, Written
from amparo.matching.records import Records

__all__ = ["FORMATS", "Written", "write"]

Writer = Callable[[Iterable[Records], Sequence[Category], BinaryIO], Written]
FORMATS: dict[str, Writer] = {
    "csv": table.write,
    "vics": vics.write,
    "hma": hma.write,
    "threatexchange": threatexchange.write,
}


def write(form: str, pieces: Iterable[Records], categories: Sequence[Category], into: BinaryIO) -> Written:
    """Writes a list in one of FORMATS.

    pieces: arrays of records that cut no row in two, in the order of their rows. categories: the (scheme, code) pairs that the
    records' numbers mean.
    """
    return FORMATS[form](pieces, categories, into)
