"""From address texts to countries by the unit's own table of ranges: each address is looked up once, not each event.

An IPv4 text without its last number names a block of 256; an IPv6 address counts as its /64, the half that a line is lent.
Blocks are few, so that they alone are read in Python. Ranges may lie within each other: the narrower one holds.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from amparo.cases.linkage.countries_marks import OTHER as UNREADABLE, V4, V6, found_by, read_marked, table_of
from amparo.cases.tables.store import Store
from amparo.foundation.errors import Broken

HALF = 1 << 64
TEXTS = 400_000  # addresses that are read at a time
# An event's address is found by a mark of 64 bits, which costs a fifth of a join by its text. Held against every address there
# is: where two share a mark, another is taken. The later ones begin with a letter, as no address does.
MARKS = ("hash({0})", *(f"hash('{letter}' || {{0}})" for letter in "ghijklmnop"))
# What BLOCK and LAST are of an address {0}. One regular expression for both families: it is a third of the cost of cutting.
BLOCK = "coalesce(nullif(regexp_extract({0}, '^([0-9]+[.][0-9]+[.][0-9]+[.]|([0-9a-f]{{1,4}}:){{4}})'), ''), {0})"
FOUR_GROUPS = re.compile("([0-9a-fA-F]{1,4}:){4}")
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
        if FOUR_GROUPS.fullmatch(block):
            number[each], family[each] = int("".join(group.zfill(4) for group in block[:-1].split(":")), 16), V6
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
    """Every address that the base names. place: of each number its country, -1 none.

    mark: SQL of an address {0}'s mark, a number not 0 that no other address of the base has; `found` knows them.
    """

    place: np.ndarray
    blocks: int
    unreadable: int
    mark: str
    _table: np.ndarray
    _marks: np.ndarray
    _number: np.ndarray

    def found(self, marks: np.ndarray) -> np.ndarray:
        """The address's number by its mark; -1 where it is none. Texts of one address, or of one /64, have one number."""
        numbers: np.ndarray = found_by(marks, self._table, self._marks, self._number)
        return numbers


@dataclass(frozen=True)
class _Read:
    """Each text of an address as read. number: the first of its block of 256, or the upper half; last: -1 where it has none."""

    mark: np.ndarray
    family: np.ndarray
    number: np.ndarray
    last: np.ndarray
    unreadable: int


def networks(store: Store, places: dict[str, int], marks: Sequence[str] = MARKS) -> Networks:
    """Looks up all addresses there are, each text once. marks: tried one after another until no two addresses share one."""
    store.run(
        "CREATE OR REPLACE TABLE address_texts AS SELECT DISTINCT address FROM "
        "(SELECT address FROM events UNION ALL SELECT address FROM payments) WHERE address IS NOT NULL"
    )
    for mark in marks:
        read = _read(store, mark)
        table, alike = table_of(read.mark, 1 << max(4, (2 * len(read.mark)).bit_length()))
        if not alike and read.mark.all():
            break
    else:
        raise Broken("Addresses of this base can't be told from each other by any mark. Report this, with the base.")
    store.run("DROP TABLE address_texts")
    four, six = ranges(store, places)
    number, blocks = np.full(len(read.mark), -1, np.int32), 0
    place: list[np.ndarray] = []
    for family, where in ((V4, four), (V6, six)):
        mine = np.flatnonzero((read.family == family) & (read.last >= 0))
        asked, code = _each_once(family, read.number[mine], read.last[mine])
        number[mine] = code + sum(len(each) for each in place)
        place.append(where.of(asked))
        there = asked >> np.uint64(8) << np.uint64(8) if family == V4 else asked
        broken = read.number[(read.family == family) & (read.last < 0)]
        blocks += len(np.unique(np.concatenate([there[np.flatnonzero(np.diff(there, prepend=~there[:1]))], broken])))
    return Networks(np.concatenate(place), blocks, read.unreadable, mark, table, read.mark, number)


def _each_once(family: int, number: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The addresses that are asked for, in order, and of each given one its number among them."""
    if family == V4 or not last.any():
        return np.unique(number + last.astype(np.uint64), return_inverse=True)
    halves, half = np.unique(number, return_inverse=True)
    keys, code = np.unique(half * 256 + last, return_inverse=True)
    return halves[keys >> 8], code


def _read(store: Store, mark: str) -> _Read:
    """`address_texts`, read: almost all by one loop over their bytes; what is written otherwise by Python."""
    count = int(store.one("SELECT count(*) FROM address_texts"))
    found = _Read(
        np.zeros(count, np.uint64), np.zeros(count, np.int8), np.zeros(count, np.uint64), np.zeros(count, np.int16), 0
    )
    other: list[int] = []
    texts: list[str] = []
    for low in range(0, count, TEXTS):
        high = min(low + TEXTS, count)
        lines = store.one(
            f"SELECT string_agg({mark.format('address')} || ' ' || replace(address, chr(10), ''), chr(10)) "
            f"FROM address_texts WHERE rowid >= {low} AND rowid < {high}"
        ).encode()
        begin, end = np.empty(high - low, np.int64), np.empty(high - low, np.int64)
        columns = (found.mark[low:high], found.family[low:high], found.number[low:high])
        read_marked(np.frombuffer(lines, np.uint8), *columns, begin, end)
        here = np.flatnonzero(columns[1] == UNREADABLE)
        other += (here + low).tolist()
        texts += [lines[begin[each] : end[each]].decode() for each in here.tolist()]
    four = found.family == V4
    found.last[four] = (found.number[four] & np.uint64(255)).astype(np.int16)
    found.number[four] &= ~np.uint64(255)
    return _read_slowly(store, found, np.array(other, np.int64), texts) if texts else found


def _read_slowly(store: Store, found: _Read, at: np.ndarray, texts: list[str]) -> _Read:
    """With what stands at `at`, of these texts: other ways to write an address, and what is none."""
    block, last, blocks = _cut(store, texts)
    family, number = parsed(blocks)
    found.family[at], found.number[at], found.last[at] = family[block], number[block], last
    return replace(found, unreadable=int((family == UNREADABLE).sum()))


def _cut(store: Store, texts: list[str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Of each text the number of its block, and its last number (-1 none); and the blocks."""
    store.table("address_texts_given", {"address": np.array(texts, dtype=object)})
    store.run(
        f"CREATE OR REPLACE TABLE address_cut AS SELECT {BLOCK.format('address')} AS block, "
        f"coalesce({LAST.format('address')}, -1)::SMALLINT AS last, rowid AS at FROM address_texts_given"
    )
    store.run(
        "CREATE OR REPLACE TABLE address_blocks AS SELECT block, row_number() OVER (ORDER BY block) - 1 AS number "
        "FROM (SELECT DISTINCT block FROM address_cut) ORDER BY block"
    )
    blocks = [str(row[0]) for row in store.rows("SELECT block FROM address_blocks ORDER BY number")]
    found = store.arrays("SELECT c.at, c.last, b.number FROM address_cut c JOIN address_blocks b USING (block)")
    block, last = np.empty(len(found["at"]), np.int64), np.empty(len(found["at"]), np.int64)
    block[found["at"]], last[found["at"]] = found["number"], found["last"]
    for table in ("address_texts_given", "address_cut", "address_blocks"):
        store.run(f"DROP TABLE {table}")
    return block, last, blocks
