"""From events to days: on how many days each account was seen in each country, by how many accounts share its addresses.

A day counts once for a country, by the least shared of its addresses. The events are read once, as numbers, and put by account;
only where there are more of them than fit they are kept by DuckDB, which spills, and looked at for some accounts at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from amparo.cases.linkage.countries_chances import agreeing
from amparo.cases.linkage.countries_kernels import (
    PORTED,
    UNCOUNTED,
    UTC,
    by_hour,
    count_accounts,
    count_days,
    counted,
    days_of,
    put,
    put_accounts,
)
from amparo.cases.linkage.countries_named import places
from amparo.cases.linkage.countries_networks import Networks
from amparo.cases.tables.store import THREADS, Store, literal

OWN, COMMON, MIXED, EXIT = range(4)  # how an address counts; the least shared first
FEW = 3  # accounts at an address that may be one home
AT_ONCE = 1 << 25  # events in memory: 19 bytes each
BATCH = 4_000_000  # events that are read at a time
HEAP_BITS = 6  # at most 64 heaps of neighbouring accounts
COLUMNS = {"address": np.int32, "second": np.uint32, "logged": np.int16, "flags": np.uint8, "source": np.int64}
LEAST_HOURS = 30  # events of an account, from which on its hours say something (reference: measured)
SOURCE = 40  # bits of a row's number; the file's stands above them


@dataclass(frozen=True)
class Seen:
    """Evidence by account: place, logged (0 by address, 1 as the log says), standing of the addresses, days, and what it was.

    first, last: seconds, 0 where no time is known. source: of the first event, file << 40 | row.
    """

    account: np.ndarray
    place: np.ndarray
    logged: np.ndarray
    standing: np.ndarray
    days: np.ndarray
    events: np.ndarray
    ported: np.ndarray
    first: np.ndarray
    last: np.ndarray
    source: np.ndarray


@dataclass(frozen=True)
class Events:
    """Of the accounts from `low` on, by account: where each one's begin (and the end), and what is known of each.

    address: its number in Networks, -1 none. second: of UTC, else of the wall clock, 0 unknown. logged: the country that the
    platform's log states, -1 none. flags: PORTED, UTC. source: file << 40 | row.
    """

    low: int
    start: np.ndarray
    address: np.ndarray
    second: np.ndarray
    logged: np.ndarray
    flags: np.ndarray
    source: np.ndarray

    def shares(self, many: int) -> list[Events]:
        """The same in about equal shares, each of some accounts after those of others."""
        ends = np.searchsorted(self.start, [len(self.address) * each // many for each in range(many + 1)])
        ends[0], ends[-1] = 0, len(self.start) - 1
        found = []
        for low, high in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            begin, end = self.start[low], self.start[high]
            columns = (self.address, self.second, self.logged, self.flags, self.source)
            cut = (column[begin:end] for column in columns)
            found.append(Events(self.low + low, self.start[low : high + 1] - begin, *cut))
        return found


class Located:
    """Every event of the base. strangers: some name an account that `numbered` does not have."""

    def __init__(self, store: Store, networks: Networks, accounts: int, most: int, at_once: int = AT_ONCE) -> None:
        """Needs `numbered` (account, n). most: there are no more events and payments."""
        self.store, self.networks, self.accounts = store, networks, accounts
        self.slices = max(1, -(-most // at_once))
        self.whole: Events | None = None
        batches = _batches(store)
        if self.slices == 1 and max(rows for _, rows in batches) <= 2 * BATCH:
            self._gather([_placed(networks.mark, files) for files, _ in batches])
            return
        store.run(f"CREATE OR REPLACE TABLE located AS {_placed(networks.mark, 'true')}")
        self.count = int(store.one("SELECT count(*) FROM located"))
        self.strangers = bool(store.one("SELECT coalesce(min(account), 0) < 0 FROM located"))
        if self.slices == 1:
            turns = range(0, self.count, BATCH)
            self._gather([f"SELECT * FROM located WHERE rowid >= {at} AND rowid < {at + BATCH}" for at in turns])
            store.run("DROP TABLE located")

    def _gather(self, queries: Sequence[str]) -> None:
        gathered = Gathered(self.accounts)
        for query in queries:
            found = self.store.arrays(query)
            if len(found["account"]) and found["account"].min() < 0:
                self.count, self.strangers = 0, True
                return
            found["address"] = self.networks.found(found["address"])
            gathered.take(found)
        self.strangers, self.count = False, gathered.count
        self.whole = Events(0, *gathered.in_order())

    def parts(self) -> Iterator[Events]:
        """The events of some accounts after those of others, all of one account together."""
        if self.whole:
            yield self.whole
            return
        size = -(-self.accounts // self.slices)
        for low in range(0, self.accounts, size):
            high = min(low + size, self.accounts)
            found = self.store.arrays(f"SELECT * FROM located WHERE account >= {low} AND account < {high}")
            found["address"], found["account"] = self.networks.found(found["address"]), found["account"] - np.int32(low)
            gathered = Gathered(high - low)
            gathered.take(found)
            yield Events(low, *gathered.in_order())

    def done(self) -> None:
        """The events are let go."""
        self.whole = None
        self.store.run("DROP TABLE IF EXISTS located")


def _batches(store: Store) -> list[tuple[str, int]]:
    """Which files are read together, as a condition, and how many rows they have: about BATCH, where no file has more."""
    rows = store.rows(
        "SELECT file, count(*) FROM (SELECT file FROM events UNION ALL SELECT file FROM payments) GROUP BY file ORDER BY file"
    )
    found: list[tuple[str, int]] = []
    first, held = 0, 0
    for at, (file, count) in enumerate(rows):
        first, held = (file, count) if not held else (first, held + count)
        if at + 1 == len(rows) or held + rows[at + 1][1] > BATCH:
            found.append((f"file BETWEEN {first} AND {file}", held))
            held = 0
    return found or [("false", 0)]


def _placed(mark: str, which: str) -> str:
    """The events of the files of which `which` is true: account, mark of the address (0: none), second and others."""
    codes = ", ".join(literal(code) for code in places())
    numbers = ", ".join(str(place) for place in places().values())
    marked = f"CASE WHEN address IS NULL THEN 0 ELSE {mark.format('address')} END::UBIGINT AS address"
    second = "greatest(coalesce(epoch(coalesce(at_utc, at_wall)), 0), 0)::UINTEGER AS second"
    source = f'(file::BIGINT << {SOURCE}) + "row" AS source'
    known = f"(at_utc IS NOT NULL)::UTINYINT * {UTC}"
    return f"""
        SELECT coalesce(n.n, -1)::INTEGER AS account, e.address, e.second, e.logged, e.flags, e.source
        FROM (
            SELECT account, {marked}, {second}, coalesce([{numbers}][list_position([{codes}], upper(country))], -1)::SMALLINT
                   AS logged, ((port IS NOT NULL)::UTINYINT * {PORTED} + {known})::UTINYINT AS flags, {source}
            FROM events WHERE {which} AND account IS NOT NULL
            UNION ALL
            SELECT account, {marked}, {second}, -1::SMALLINT, ({known})::UTINYINT, {source}
            FROM payments WHERE {which} AND account IS NOT NULL AND address IS NOT NULL
        ) e LEFT JOIN numbered n ON n.account = e.account
    """


class Gathered:
    """Events as they come, put by account: first to heaps of neighbouring accounts, since what is near is put faster."""

    def __init__(self, accounts: int) -> None:
        self.accounts, self.count = accounts, 0
        self.shift = max(0, accounts.bit_length() - HEAP_BITS)
        self.heaps: list[list[tuple[np.ndarray, ...]]] = [[] for _ in range((accounts >> self.shift) + 1)]

    def take(self, found: dict[str, np.ndarray]) -> None:
        """Events of accounts below `accounts`."""
        account, given = found["account"], tuple(found[name] for name in COLUMNS)
        self.count += len(account)
        start = counted(account, 0, self.shift, len(self.heaps))
        whole = tuple(np.empty(len(account), kind) for kind in (np.int32, *COLUMNS.values()))
        put(account, 0, self.shift, start[:-1].copy(), given, whole[1:])
        put_accounts(account, self.shift, start[:-1].copy(), whole[0])
        for heap, begin, end in zip(self.heaps, start[:-1].tolist(), start[1:].tolist(), strict=True):
            if begin < end:
                heap.append(tuple(column[begin:end].copy() for column in whole))

    def in_order(self) -> tuple[np.ndarray, ...]:
        """Where each account's events begin (and the end), and the columns of Events; what was taken is let go."""
        start = np.zeros(self.accounts + 1, np.int64)
        whole = tuple(np.empty(self.count, kind) for kind in COLUMNS.values())
        for number in range(len(self.heaps)):
            pieces, self.heaps[number] = self.heaps[number], []
            low = number << self.shift
            high = max(low, min(low + (1 << self.shift), self.accounts))
            start[low + 1 : high + 1] = start[low]
            for account, *_ in pieces:
                start[low : high + 1] += counted(account, low, 0, high - low)
            ahead = start[low:high].copy()
            for account, *given in pieces:
                put(account, low, 0, ahead, tuple(given), whole)
        return (start, *whole)


def holders(located: Located) -> np.ndarray:
    """By address, how many accounts were there."""
    count = np.zeros(len(located.networks.place), np.int32)
    for part in located.parts():
        count_accounts(part.start, part.address, count)
    return count


def agreement(
    located: Located, shared: np.ndarray, start: np.ndarray, place: np.ndarray, post: np.ndarray, least: float
) -> tuple[np.ndarray, np.ndarray]:
    """For each address that is shared: how many of its accounts have evidence, and the sum of their chances of its place.

    start, place, post: of the accounts' evidence, its places and their chances.
    """
    networks = located.networks
    count, agree = np.zeros(len(shared)), np.zeros(len(shared))
    for part in located.parts():
        mine = start[part.low : part.low + len(part.start)]
        some, together = agreeing(part.start, part.address, shared, networks.place, mine, place, post, least)
        count, agree = count + some, agree + together
    return count, agree


def seen(located: Located, standing: np.ndarray) -> Seen:
    """What the events say. standing: of each address; what happened at UNCOUNTED ones is passed over."""

    def of(part: Events) -> list[np.ndarray]:
        columns = (part.address, part.second, part.logged, part.flags, part.source)
        account, *rest = days_of(part.start, *columns, located.networks.place, standing)
        return [account + np.int32(part.low), *rest]

    parts: list[list[np.ndarray]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for part in located.parts():
            parts += pool.map(of, part.shares(THREADS))
    found = []
    while parts[0]:
        found.append(np.concatenate([part.pop() for part in parts]))
    return Seen(*reversed(found))


def uncounted(shared: np.ndarray) -> np.ndarray:
    """The standings by which what happened at shared addresses is passed over."""
    return np.where(shared, UNCOUNTED, OWN).astype(np.int8)


def hours(located: Located) -> tuple[np.ndarray, np.ndarray]:
    """Accounts with LEAST_HOURS events of a known UTC or more, and their events by hour of UTC: n, (n, 24)."""
    numbers, tables = [np.empty(0, np.int64)], [np.empty((0, 24), np.uint16)]
    for part in located.parts():
        some, table = by_hour(part.start, part.second, part.flags, LEAST_HOURS)
        numbers.append(some + part.low)
        tables.append(table)
    return np.concatenate(numbers), np.concatenate(tables)


def year(located: Located) -> int:
    """In which the middle one of all events lies; 2020 where no event has a time."""
    days = np.zeros((1 << 32) // 86_400 + 1, np.int64)
    for part in located.parts():
        count_days(part.second, days)
    if not days.any():
        return 2020
    middle = int(np.searchsorted(np.cumsum(days), (int(days.sum()) + 1) // 2))
    return int(np.datetime64(middle, "D").astype("datetime64[Y]").astype(int)) + 1970
