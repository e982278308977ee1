"""From address texts to countries by the unit's own table of ranges: blocks are looked up, not addresses.

An IPv4 text without its last number names a block of 256; an IPv6 address counts as its /64, the half that a line is lent.
Both are few beside the events, so that a table of ranges is searched once a block. Where a range ends inside a block of 256,
each address of that block is looked up alone. Ranges may lie within each other: the narrower one holds.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import numpy as np

from amparo.cases.tables.store import Store

HALF = 1 << 64
UNREADABLE, V4, V6 = 0, 4, 6
# What BLOCK and LAST are of an address {0}. One regular expression for both families: it is a third of the cost of cutting.
BLOCK = "coalesce(nullif(regexp_extract({0}, '^([0-9]+[.][0-9]+[.][0-9]+[.]|([0-9a-f]{{1,4}}:){{4}})'), ''), {0})"
LAST = "coalesce(try_cast(split_part({0}, '.', 4) AS UTINYINT), CASE WHEN contains({0}, ':') THEN 0 END)"


@dataclass(frozen=True)
class Ranges:
    """Ranges of one family in order, none within another. place: a number of the country, -1 for none."""

    first: np.ndarray
    last: np.ndarray
    place: np.ndarray

    def of(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The place of each span low..high, and whether the span lies in one range (or in one gap) as a whole."""
        if not len(self.first):
            return np.full(len(low), -1, np.int16), np.ones(len(low), np.bool_)
        at = np.searchsorted(self.first, low, side="right").astype(np.int64) - 1
        ends = np.searchsorted(self.first, high, side="right").astype(np.int64) - 1
        held = np.maximum(at, 0)
        inside = (at >= 0) & (low <= self.last[held])
        place = np.where(inside, self.place[held], -1).astype(np.int16)
        one = np.where(inside, high <= self.last[held], at == ends)
        return place, one


def ranges(store: Store, places: dict[str, int]) -> tuple[Ranges, Ranges]:
    """The table `networks`: IPv4 by address, IPv6 by upper half. Codes that are no country have no place."""
    found = store.arrays(
        f"SELECT (first // {HALF}::UHUGEINT)::UBIGINT AS first_high, (first % {HALF}::UHUGEINT)::UBIGINT AS first_low, "
        f"(last // {HALF}::UHUGEINT)::UBIGINT AS last_high, (last % {HALF}::UHUGEINT)::UBIGINT AS last_low, "
        "coalesce(upper(country), '') AS country FROM networks WHERE first <= last ORDER BY first, last DESC, country"
    )
    names, code = np.unique(found["country"].astype(str), return_inverse=True)
    place = np.array([places.get(str(name), -1) for name in names] or [-1], np.int16)[code]
    four = (found["last_high"] == 0) & (found["last_low"] < 1 << 32)
    one = np.uint64(1)
    # Only whole /64: a range that begins or ends inside one says nothing about the rest of it.
    begins = found["first_high"] + (found["first_low"] > 0).astype(np.uint64)
    stops = found["last_high"] - (found["last_low"] < np.uint64(HALF - 1)).astype(np.uint64) * one
    six = ~four & (begins <= stops) & (found["last_high"] > 0)
    return (
        flat(found["first_low"][four], found["last_low"][four], place[four]),
        flat(begins[six], stops[six], place[six]),
    )


def flat(first: np.ndarray, last: np.ndarray, place: np.ndarray) -> Ranges:
    """Ranges that may lie within each other as ranges that don't: the narrower holds; two countries for one range are none."""
    rows: dict[tuple[int, int], int] = {}
    if not _in_order(first, last):
        for begin, end, where in zip(first.tolist(), last.tolist(), place.tolist(), strict=True):
            rows[begin, end] = where if rows.get((begin, end), where) == where else -1
        first, last, place = _swept(sorted((begin, -end, where) for (begin, end), where in rows.items()))
    return Ranges(first.astype(np.uint64), last.astype(np.uint64), place.astype(np.int16))


def _in_order(first: np.ndarray, last: np.ndarray) -> bool:
    return bool((first[1:] > last[:-1]).all())


def _swept(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """rows: first, last with its sign changed (so that the wider comes first), place."""
    cut: list[tuple[int, int, int]] = []
    around: list[tuple[int, int]] = []  # last and place of the ranges that are open, the narrowest at the end
    at = 0
    for begin, minus_end, where in [*rows, (1 << 64, 0, -1)]:
        while around and around[-1][0] < begin:
            end, held = around.pop()
            if at <= end:
                cut.append((at, end, held))
                at = end + 1
        if around and at < begin:
            cut.append((at, begin - 1, around[-1][1]))
        at = begin
        around.append((-minus_end, where))
    columns = np.array(cut, dtype=object).reshape(-1, 3)
    return columns[:, 0].astype(np.uint64), columns[:, 1].astype(np.uint64), columns[:, 2].astype(np.int16)


def parsed(blocks: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Of each block its family (UNREADABLE, V4 or V6) and number: the first address of 256, or the upper half."""
    family, number = np.zeros(len(blocks), np.int8), np.zeros(len(blocks), np.uint64)
    for each, block in enumerate(blocks):
        if block[-1:] == ":" and len(groups := block[:-1].split(":")) == 4 and all(groups):
            high = 0
            for group in groups:
                high = high << 16 | int(group, 16)
            number[each], family[each] = high, V6
            continue
        try:
            if ":" not in block:
                number[each], family[each] = int(ipaddress.IPv4Address(block + "0")), V4
            else:
                number[each], family[each] = int(ipaddress.IPv6Address(block)) >> 64, V6
        except ValueError:
            continue
    return family, number


@dataclass(frozen=True)
class Blocks:
    """place[block]: its country; -1 none; -2 where its addresses differ, then `inside[row[block], last number]`."""

    place: np.ndarray
    row: np.ndarray
    inside: np.ndarray
    unreadable: int

    def of(self, key: np.ndarray) -> np.ndarray:
        """The place of each address, given as block * 256 + last number; -1 where the key is below 0."""
        block = np.maximum(key >> 8, 0)
        found = self.place[block]
        differ = np.flatnonzero(found == -2)
        found[differ] = self.inside[self.row[block[differ]], key[differ] & 255]
        found[key < 0] = -1
        return np.asarray(found)


def blocks(store: Store, places: dict[str, int]) -> Blocks:
    """Makes the table `address_blocks` (block, number; one number for all texts of one block) of all addresses there are."""
    told = " UNION ".join(
        f"SELECT DISTINCT {BLOCK.format('address')} AS block FROM {table} WHERE address IS NOT NULL"
        for table in ("events", "payments")
    )
    texts = [str(row[0]) for row in store.rows(f"SELECT block FROM ({told}) ORDER BY block")]
    family, number = parsed(texts)
    order = np.lexsort((np.arange(len(texts)), number, family))
    fresh = np.ones(len(texts), np.bool_)
    fresh[1:] = (family[order][1:] != family[order][:-1]) | (number[order][1:] != number[order][:-1])
    held = np.empty(len(texts), np.int64)
    held[order] = np.cumsum(fresh) - 1
    family, number = family[order][fresh], number[order][fresh]
    readable = np.flatnonzero(family[held] != UNREADABLE) if texts else np.empty(0, np.int64)
    store.run("CREATE OR REPLACE TABLE address_blocks (block VARCHAR, number BIGINT)")
    if len(readable):
        store.table(
            "address_blocks",
            {"block": np.array(texts, dtype=object)[readable], "number": held[readable].astype(np.int64)},
        )
    four, six = ranges(store, places)
    place, row, inside = _placed(family, number, four, six)
    return Blocks(place, row, inside, len(texts) - len(readable))


def _placed(
    family: np.ndarray, number: np.ndarray, four: Ranges, six: Ranges
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    place, row = np.full(max(1, len(family)), -1, np.int16), np.zeros(max(1, len(family)), np.int32)
    is_four, is_six = np.flatnonzero(family == V4), np.flatnonzero(family == V6)
    place[is_six] = six.of(number[is_six], number[is_six])[0]
    found, one = four.of(number[is_four], number[is_four] + np.uint64(255))
    place[is_four] = np.where(one, found, -2)
    differ = is_four[~one]
    row[differ] = np.arange(len(differ))
    each = (number[differ][:, None] + np.arange(256, dtype=np.uint64)[None, :]).ravel()
    return place, row, four.of(each, each)[0].reshape(-1, 256)
