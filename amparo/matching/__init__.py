"""Known-hash lists, the index over them, and hits that explain themselves.

As a library, without Django and loaded when first asked for:

    from amparo.matching import HashIndex, pdq, pdq_of_file

    index = HashIndex(rows)                                    # uint64 of shape (n, 4), the 64 hex digits 16 to a word
    query_row, entry, distance_bits = index.search(queries, within_bits=31)
    row, quality = pdq(luma)                                   # uint8 of shape (height, width)
    found = pdq_of_file("picture.jpg")                         # decoded in the sandbox; found.row, found.quality, found.looks
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amparo.matching.engine import HashIndex
    from amparo.matching.files import pdq_of_file
    from amparo.matching.frames import pdq

__all__ = ["HashIndex", "pdq", "pdq_of_file"]

_PLACES = {
    "HashIndex": "amparo.matching.engine",
    "pdq": "amparo.matching.frames",
    "pdq_of_file": "amparo.matching.files",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
