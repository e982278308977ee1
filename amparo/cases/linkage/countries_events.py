"""From events to days: on how many days each account was seen in each country, by how many accounts share its addresses.

A day counts once for a country, by the least shared of its addresses. The events are read once, as numbers, and put by account;
only where there are more of them than fit they are kept by DuckDB, which spills, and looked at for some accounts at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from amparo.cases.linkage.countries_chances import agreeing
from amparo.cases.linkage.countries_kernels import (
    PORTED,
    UNCOUNTED,
    UTC,
    by_account,
    by_hour,
    count_accounts,
    count_days,
    days_of,
)
from amparo.cases.linkage.countries_networks import Networks
from amparo.cases.tables.store import Store

OWN, COMMON, MIXED, EXIT = range(4)  # how an address counts; the least shared first
FEW = 3  # accounts at an address that may be one home
AT_ONCE = 1 << 25  # events in memory: 27 bytes each
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


class Located:
    """Every event of the base. strangers: some name an account that `numbered` does not have."""

    def __init__(self, store: Store, networks: Networks, accounts: int, most: int, at_once: int = AT_ONCE) -> None:
        """Needs `numbered` (account, n), `address_texts`, `place_codes`. most: there are no more events and payments."""
        self.store, self.networks, self.accounts = store, networks, accounts
        self.slices = max(1, -(-most // at_once))
        self.whole: Events | None = None
        if self.slices == 1:
            found = store.arrays(_EVENTS)
            self.count, self.strangers = len(found["account"]), bool((found["account"] < 0).any())
            if not self.strangers:
                self.whole = _by_account(found, 0, accounts, networks)
            return
        store.run(f"CREATE OR REPLACE TABLE located AS {_EVENTS}")
        self.count = int(store.one("SELECT count(*) FROM located"))
        self.strangers = bool(store.one("SELECT coalesce(min(account), 0) < 0 FROM located"))

    def parts(self) -> Iterator[Events]:
        """The events of some accounts after those of others, all of one account together."""
        if self.whole:
            yield self.whole
            return
        size = -(-self.accounts // self.slices)
        for low in range(0, self.accounts, size):
            high = min(low + size, self.accounts)
            found = self.store.arrays(f"SELECT * FROM located WHERE account >= {low} AND account < {high}")
            yield _by_account(found, low, high, self.networks)

    def done(self) -> None:
        """The events are let go."""
        self.whole = None
        self.store.run("DROP TABLE IF EXISTS located")


_EVENTS = f"""
    SELECT coalesce(n.n, -1)::INTEGER AS account, coalesce(t.rowid, -1)::INTEGER AS address,
           greatest(coalesce(epoch(coalesce(e.at_utc, e.at_wall)), 0), 0)::UINTEGER AS second,
           coalesce(c.place, -1)::SMALLINT AS logged,
           ((e.port IS NOT NULL)::UTINYINT * {PORTED} + (e.at_utc IS NOT NULL)::UTINYINT * {UTC})::UTINYINT AS flags,
           (e.file::BIGINT << {SOURCE}) + e."row" AS source
    FROM (
        SELECT account, address, at_utc, at_wall, country, port, file, "row" FROM events
        UNION ALL
        SELECT account, address, at_utc, at_wall, NULL, NULL, file, "row" FROM payments WHERE address IS NOT NULL
    ) e LEFT JOIN numbered n ON n.account = e.account LEFT JOIN address_texts t ON t.address = e.address
    LEFT JOIN place_codes c ON c.code = upper(e.country)
    WHERE e.account IS NOT NULL
"""


def _by_account(found: dict[str, np.ndarray], low: int, high: int, networks: Networks) -> Events:
    start, order = by_account(found.pop("account") - low, high - low)
    columns = {name: found.pop(name)[order] for name in ("second", "logged", "flags", "source")}
    return Events(low, start, address=networks.number[found.pop("address")[order]], **columns)


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
    parts = []
    for part in located.parts():
        rows = days_of(
            part.start,
            part.address,
            part.second,
            part.logged,
            part.flags,
            part.source,
            located.networks.place,
            standing,
        )
        parts.append((rows[0] + np.int32(part.low), *rows[1:]))
    if len(parts) == 1:
        return Seen(*parts[0])
    return Seen(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


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
