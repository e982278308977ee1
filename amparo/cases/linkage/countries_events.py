"""From events to days: on how many days each account was seen in each country, by how many accounts share its addresses.

A day counts once for a country, by the least shared of its addresses. `located` holds every event of the base as numbers:
account, key (of the address, -1 none), second (of UTC, else of the wall clock; 0 where there is no time), utc, logged (the
country that the platform's log states, -1 none), port (is there one), file, row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from amparo.cases.linkage.countries_kernels import by_hour, days_of
from amparo.cases.linkage.countries_networks import BLOCK, LAST, Blocks
from amparo.cases.tables.store import Store

OWN, COMMON, MIXED, EXIT = range(4)  # how an address counts; the least shared first
FEW = 3  # accounts at an address that may be one home
SLICE = 1 << 18  # accounts at a time: an account, a country and a second fit into 63 bits
DAY_S = 86_400
LEAST_HOURS = 30  # events of an account, from which on its hours say something (reference: measured)


@dataclass(frozen=True)
class Seen:
    """Evidence by account: place, kind (0 by address, 1 as the log says), standing of the addresses, days, and what it was.

    first, last: seconds, 0 where no time is known. file, row: of the first event.
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
    file: np.ndarray
    row: np.ndarray


def locate(store: Store) -> int:
    """Makes `located`, by account; returns the number of events. Needs `numbered` (account, n), `address_blocks`, `place_codes`."""
    parts = [
        'SELECT account, address, at_utc, at_wall, country, port IS NOT NULL AS ported, file, "row" FROM events',
        'SELECT account, address, at_utc, at_wall, NULL, false, file, "row" FROM payments WHERE address IS NOT NULL',
    ]
    store.run(
        "CREATE OR REPLACE TABLE located AS SELECT n.n AS account, "
        f"coalesce(b.number * 256 + {LAST.format('e.address')}, -1) AS key, "
        "greatest(coalesce(epoch(coalesce(e.at_utc, e.at_wall)), 0), 0)::UINTEGER AS second, e.at_utc IS NOT NULL AS utc, "
        'e.ported, coalesce(c.place, -1)::SMALLINT AS logged, e.file, e."row" '
        f"FROM ({' UNION ALL '.join(parts)}) e JOIN numbered n ON n.account = e.account "
        f"LEFT JOIN address_blocks b ON b.block = {BLOCK.format('e.address')} LEFT JOIN place_codes c ON c.code = upper(e.country)"
    )
    return int(store.one("SELECT count(*) FROM located"))


def shared(store: Store) -> dict[str, np.ndarray]:
    """Addresses of more than FEW accounts: key, accounts. Makes `shared_addresses` (key, number, accounts)."""
    store.run(
        'CREATE OR REPLACE TABLE shared_addresses AS SELECT "key", row_number() OVER (ORDER BY "key") - 1 AS number, accounts '
        'FROM (SELECT "key", count(*) AS accounts FROM (SELECT DISTINCT "key", account FROM located WHERE "key" >= 0) '
        f'GROUP BY "key" HAVING count(*) > {FEW}) ORDER BY "key"'
    )
    return store.arrays('SELECT "key", accounts FROM shared_addresses ORDER BY number')


def users(store: Store, accounts: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Who uses which shared address, each pair once: account, number of the address."""
    for low in range(0, max(1, accounts), SLICE * 4):
        found = store.arrays(
            "SELECT DISTINCT l.account, s.number FROM located l JOIN shared_addresses s ON s.key = l.key "
            f"WHERE l.account >= {low} AND l.account < {low + SLICE * 4}"
        )
        yield found["account"], found["number"]


def seen(store: Store, where: Blocks, accounts: int, standing: np.ndarray | None) -> Seen:
    """What the events say. standing: of each shared address; others are OWN. None: of others alone."""
    parts = []
    wanted = "" if standing is not None else " AND s.number IS NULL"
    for low in range(0, max(1, accounts), SLICE):
        found = store.arrays(
            "SELECT l.account, l.key, coalesce(s.number, -1)::INTEGER AS number, l.second, l.logged, l.ported, "
            f"l.file, l.row FROM located l LEFT JOIN shared_addresses s ON s.key = l.key "
            f"WHERE l.account >= {low} AND l.account < {low + SLICE} AND (l.key >= 0 OR l.logged >= 0){wanted}"
        )
        if not len(found["account"]):
            continue
        place = where.of(found["key"])
        logged = (place < 0) & (found["logged"] >= 0)
        place = np.where(logged, found["logged"], place)
        counts = np.full(len(place), OWN, np.int8)
        held = found["number"] >= 0
        if standing is not None:
            counts[held] = standing[found["number"][held]]
        parts.append(_slice(found, low, place, logged, counts))
    return _joined(parts)


def _slice(
    found: dict[str, np.ndarray], low: int, place: np.ndarray, logged: np.ndarray, standing: np.ndarray
) -> tuple[np.ndarray, ...]:
    there = np.flatnonzero(place >= 0)
    local = (found["account"][there] - low).astype(np.uint64)
    group = (
        (local << np.uint64(11)) | (place[there].astype(np.uint64) << np.uint64(1)) | logged[there].astype(np.uint64)
    )
    key = (group << np.uint64(32)) | found["second"][there].astype(np.uint64)
    order = np.argsort(key)
    at = there[order]
    source = (found["file"].astype(np.int64) << 40) | found["row"].astype(np.int64)
    rows = days_of(key[order], standing[at], found["ported"][at], source[at])
    group = rows[0].astype(np.int64)
    return ((group >> 11) + low, (group >> 1) & 1023, group & 1, *rows[1:])


def _joined(parts: list[tuple[np.ndarray, ...]]) -> Seen:
    def column(each: int, kind: type) -> np.ndarray:
        return np.concatenate([part[each] for part in parts]).astype(kind) if parts else np.empty(0, kind)

    source = column(9, np.int64)
    return Seen(
        account=column(0, np.int32),
        place=column(1, np.int16),
        logged=column(2, np.int8),
        standing=column(3, np.int8),
        days=column(4, np.int32),
        events=column(5, np.int32),
        ported=column(6, np.int32),
        first=column(7, np.int64),
        last=column(8, np.int64),
        file=(source >> 40).astype(np.int32),
        row=source & ((1 << 40) - 1),
    )


def hours(store: Store, accounts: int) -> tuple[np.ndarray, np.ndarray]:
    """Accounts with LEAST_HOURS events of a known UTC or more, and their events by hour of UTC: n, (n, 24)."""
    numbers, tables = [], []
    for low in range(0, max(1, accounts), SLICE * 4):
        found = store.arrays(
            f"SELECT account - {low} AS account, ((second // 3600) % 24)::UTINYINT AS hour FROM located "
            f"WHERE account >= {low} AND account < {low + SLICE * 4} AND utc AND second > 0"
        )
        table = by_hour(found["account"], found["hour"], min(SLICE * 4, max(0, accounts - low)))
        enough = np.flatnonzero(table.sum(axis=1) >= LEAST_HOURS)
        numbers.append(enough + low)
        tables.append(table[enough])
    return np.concatenate(numbers), np.concatenate(tables)
