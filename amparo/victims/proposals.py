"""Which items may show the same thing: offered, never decided. Fingerprints compared, nothing looked at. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from amparo.matching.engine import HashIndex, as_rows
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
    items = list(fingerprints)
    beside = _beside([fingerprints[each] for each in items], within_bits)
    found, seen = [], set[int]()
    for first in range(len(items)):
        if first in seen or first not in beside:
            continue
        seen.add(first)
        together, bits = [first], []
        for here in together:  # which grows meanwhile
            for other, distance in beside[here]:
                if other not in seen:
                    seen.add(other)
                    together.append(other)
                    bits.append(distance)
        if bits:
            found.append(Proposal(tuple(items[each] for each in together), min(bits), max(bits)))
    return tuple(sorted(found, key=lambda each: (-len(each.items), str(each.items[0]))))


def _beside(prints: Sequence[str], within_bits: int) -> dict[int, list[tuple[int, int]]]:
    """Under each that has any: (the other, their distance in bits), in the order given."""
    rows = as_rows([bytes.fromhex(each) for each in prints])
    found: dict[int, list[tuple[int, int]]] = {}
    for one, other, distance in zip(
        *(each.tolist() for each in HashIndex(rows).search(rows, within_bits)), strict=True
    ):
        if one != other:
            found.setdefault(one, []).append((other, distance))
    return found
