"""From address texts to countries by the unit's own table of ranges: each address is looked up once, not each event.

An IPv4 text without its last number names a block of 256; an IPv6 address counts as its /64, the half that a line is lent.
Blocks are few, so that they alone are read in Python. Ranges may lie within each other: the narrower one holds.
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

    def of(self, asked: np.ndarray) -> np.ndarray:
        """The place of each address (of IPv6, each upper half)."""
        if not len(self.first):
            return np.full(len(asked), -1, np.int16)
        held = np.maximum(np.searchsorted(self.first, asked, side="right").astype(np.int64) - 1, 0)
        inside = (self.first[held] <= asked) & (asked <= self.last[held])
        return np.where(inside, self.place[held], -1).astype(np.int16)


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
class Networks:
    """Every address that the base names. number: of each row of `address_texts`, -1 where it is none (texts of one address, or of
    one /64, have one number); its last item is -1, for no address. place: of each number its country, -1 none.
    """

    number: np.ndarray
    place: np.ndarray
    blocks: int
    unreadable: int


def networks(store: Store, places: dict[str, int]) -> Networks:
    """Makes the table `address_texts` of all addresses there are, each text once, and finds where they are."""
    store.run(
        "CREATE OR REPLACE TABLE address_texts AS SELECT DISTINCT address FROM "
        "(SELECT address FROM events UNION ALL SELECT address FROM payments) WHERE address IS NOT NULL"
    )
    block, last, texts = _cut(store)
    family, number = parsed(texts)
    order = np.lexsort((np.arange(len(texts)), number, family))
    fresh = np.ones(len(texts), np.bool_)
    fresh[1:] = (family[order][1:] != family[order][:-1]) | (number[order][1:] != number[order][:-1])
    held = np.empty(len(texts), np.int64)
    held[order] = np.cumsum(fresh) - 1
    unreadable = int((family == UNREADABLE).sum())
    readable = (last >= 0) & (family[block] != UNREADABLE) if len(texts) else np.zeros(len(last), np.bool_)
    key = np.where(readable, held[block] * 256 + last, -1) if len(texts) else last
    keys, code = np.unique(key, return_inverse=True)
    none = int(len(keys) > 0 and keys[0] < 0)
    family, number = family[order][fresh], number[order][fresh]
    four, six = ranges(store, places)
    found = _placed(family, number, keys[none:], four, six)
    return Networks(np.append(code - none, -1).astype(np.int32), found, int((family != UNREADABLE).sum()), unreadable)


def _cut(store: Store) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """By row of `address_texts`: the number of its block, and its last number (-1 none); and the blocks."""
    store.run(
        f"CREATE OR REPLACE TABLE address_cut AS SELECT {BLOCK.format('address')} AS block, "
        f"coalesce({LAST.format('address')}, -1)::SMALLINT AS last, rowid AS at FROM address_texts"
    )
    store.run(
        "CREATE OR REPLACE TABLE address_blocks AS SELECT block, row_number() OVER (ORDER BY block) - 1 AS number "
        "FROM (SELECT DISTINCT block FROM address_cut) ORDER BY block"
    )
    texts = [str(row[0]) for row in store.rows("SELECT block FROM address_blocks ORDER BY number")]
    found = store.arrays("SELECT c.at, c.last, b.number FROM address_cut c JOIN address_blocks b USING (block)")
    block, last = np.empty(len(found["at"]), np.int64), np.empty(len(found["at"]), np.int64)
    block[found["at"]], last[found["at"]] = found["number"], found["last"]
    for table in ("address_cut", "address_blocks"):
        store.run(f"DROP TABLE {table}")
    return block, last, texts


def _placed(family: np.ndarray, number: np.ndarray, keys: np.ndarray, four: Ranges, six: Ranges) -> np.ndarray:
    """The place of each key (block * 256 + last number; of IPv6 the block alone). family, number: of each block."""
    block, last = keys >> 8, (keys & 255).astype(np.uint64)
    found = np.full(len(keys), -1, np.int16)
    for each, where in ((V4, four), (V6, six)):
        mine = np.flatnonzero(family[block] == each)
        asked = number[block[mine]] + (last[mine] if each == V4 else np.uint64(0))
        found[mine] = where.of(asked)
    return found
