"""When parts of an index are joined: rarely enough that adding stays cheap, often enough that a search meets few of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

# What was just added is scanned; from so many rows on it becomes a part of its own and gets bands.
TAIL_ROWS = 16_384
# A part at most so many times as large as all behind it is joined with them: each row then moves about log(n) times.
RATIO = 2


class Part(Protocol):
    def __len__(self) -> int: ...

    @property
    def bands(self) -> object | None: ...


def due(parts: Sequence[Part], removed: Sequence[int]) -> slice | None:
    """The neighbours to be made one banded part, or none. removed: how many of each part's rows don't count any more."""
    first = next((place for place, part in enumerate(parts) if part.bands is None), None)
    if first is not None:
        behind = sum(map(len, parts[first:]))
        while first and len(parts[first - 1]) <= RATIO * behind:
            first -= 1
            behind += len(parts[first])
        return slice(first, len(parts))
    for place, part in enumerate(parts):
        if 2 * removed[place] > len(part):
            return slice(place, place + 1)
    return None
