"""Of many hits of items with listed rows, the strongest for each row: exact before near, near before far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The order in which an exact hit's evidence is named: the hardest to forge first.
DIGESTS = ("sha256", "sha1", "md5")
DIGEST_RANKS = {kind: rank for rank, kind in enumerate(DIGESTS)}
NEAR_RANK = len(DIGESTS)

# place: which version of the item's look (looks.py). frames: how many of its frames are near; at_ms: when the first is, or -1.
_HIT = np.dtype(
    [
        ("item", "i8"), ("row", "i8"), ("part", "i4"), ("category", "i4"), ("rank", "i4"), ("distance", "i4"), ("place", "i4"),
        ("frame", "i4"), ("frames", "i4"), ("at_ms", "i8"),
    ]
)  # fmt: skip

Hits = NDArray[np.void]


def hits_of(*, item: NDArray[Any], **columns: Any) -> Hits:
    """Hits from their columns: arrays as long as `item`, or one value for all. What isn't given is 0; at_ms is -1."""
    hits = np.zeros(len(item), dtype=_HIT)
    hits["item"], hits["at_ms"], hits["frames"] = item, -1, 1
    for name, values in columns.items():
        hits[name] = values
    return hits


def joined(hits: Sequence[Hits]) -> Hits:
    """All of them in one array."""
    return np.concatenate([np.empty(0, dtype=_HIT), *hits])


def _ordered(hits: Hits, *groups: str) -> tuple[Hits, NDArray[np.int64]]:
    """The hits by group, the strongest first in each, and where the groups begin."""
    strength = [hits[name] for name in ("at_ms", "place", "distance", "rank")]
    hits = hits[np.lexsort((*strength, *(hits[name] for name in reversed(groups))))]
    new = np.ones(len(hits), dtype=bool)
    if len(hits):
        new[1:] = np.any([hits[name][1:] != hits[name][:-1] for name in groups], axis=0)
    return hits, np.flatnonzero(new)


def one_a_frame(hits: Hits) -> Hits:
    """The strongest for each item, row and frame of the item."""
    hits, first = _ordered(hits, "item", "row", "frame")
    return hits[first]


def one_a_row(hits: Hits) -> Hits:
    """The strongest for each item and row; the frames of a near one add up, and its time is the earliest of them."""
    hits, first = _ordered(hits, "item", "row")
    best = hits[first]
    if len(best):
        best["frames"] = np.add.reduceat(hits["frames"], first)
        best["at_ms"] = np.minimum.reduceat(hits["at_ms"], first)
    return best


def kept(hits: Hits, most: int) -> Hits:
    """Of each item the strongest `most`, one a row, in that order."""
    best = one_a_row(hits)
    best = best[np.lexsort((best["row"], best["place"], best["distance"], best["rank"] == NEAR_RANK, best["item"]))]
    if not len(best):
        return best
    starts = np.flatnonzero(np.insert(best["item"][1:] != best["item"][:-1], 0, True))
    within = np.arange(len(best)) - np.repeat(starts, np.diff(np.append(starts, len(best))))
    return best[within < most]
