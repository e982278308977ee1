"""Which items may show the same thing: offered, never decided. Fingerprints compared, nothing looked at. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from amparo.victims.rules import distance_bits

# PDQ's own threshold for "the same picture": reference/hash-performance.md and the published algorithm's 31 of 256 bits.
WITHIN_BITS = 31


@dataclass(frozen=True)
class Proposal:
    """Items that lie near one another. nearest_bits, farthest_bits: to the item that brought each of them in."""

    items: tuple[UUID, ...]
    nearest_bits: int
    farthest_bits: int


@dataclass(frozen=True)
class Near:
    """An item that may belong to a series: nearest to which of its items, and how near."""

    item: UUID
    to: UUID
    distance_bits: int


def near(series: Mapping[UUID, str], others: Mapping[UUID, str], within_bits: int = WITHIN_BITS) -> tuple[Near, ...]:
    """Of the others, those within `within_bits` of an item of the series, nearest first. Both: item -> fingerprint."""
    found = []
    for item, fingerprint in others.items():
        best = min(((distance_bits(fingerprint, mine), own) for own, mine in series.items()), default=None)
        if best and best[0] <= within_bits:
            found.append(Near(item, best[1], best[0]))
    return tuple(sorted(found, key=lambda each: (each.distance_bits, str(each.item))))


def clusters(fingerprints: Mapping[UUID, str], within_bits: int = WITHIN_BITS) -> tuple[Proposal, ...]:
    """Sets of two or more items chained by nearness, largest first; in the order given inside each."""
    left = list(fingerprints)
    found = []
    while left:
        together, bits, queue = [left.pop(0)], [], []
        queue.extend(together)
        while queue:
            here = queue.pop(0)
            for other in list(left):
                distance = distance_bits(fingerprints[here], fingerprints[other])
                if distance <= within_bits:
                    left.remove(other)
                    together.append(other)
                    queue.append(other)
                    bits.append(distance)
        if bits:
            found.append(Proposal(tuple(together), min(bits), max(bits)))
    return tuple(sorted(found, key=lambda each: (-len(each.items), str(each.items[0]))))
