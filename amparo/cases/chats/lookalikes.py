"""Items whose bytes differ and whose look is the same: by their fingerprints, through the search of known-hash lists. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from amparo.matching.engine import HashIndex


def near_families(looks: Sequence[np.ndarray], within_bits: int) -> list[tuple[int, ...]]:
    """Items that look alike, each family ascending; an item alone is in none.

    looks: of each item its fingerprints as rows (n, 4), the picture as it stands first, then its turns; empty where there is none.
    """
    there = [number for number, rows in enumerate(looks) if len(rows)]
    if len(there) < 2:
        return []
    index = HashIndex(np.stack([looks[number][0] for number in there]))
    queries = np.concatenate([looks[number] for number in there])
    owner = np.repeat(np.arange(len(there)), [len(looks[number]) for number in there])
    rows, entries, _ = index.search(queries, within_bits)
    parent = list(range(len(there)))

    def root(each: int) -> int:
        while parent[each] != each:
            parent[each] = parent[parent[each]]
            each = parent[each]
        return each

    for one, two in zip(owner[rows].tolist(), entries.tolist(), strict=True):
        low, high = sorted((root(one), root(two)))
        parent[high] = low
    families: dict[int, list[int]] = {}
    for each in range(len(there)):
        families.setdefault(root(each), []).append(there[each])
    return [tuple(family) for family in families.values() if len(family) > 1]
