"""What every account did, as numbers: read once from the events and payments, and all that links ask of them is answered here.

Kept are, by account, its distinct places by day, its first and last day, and the devices that another account uses too. Places and
devices are hashes of 64 bits; what a device is called is read again for the few that are shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from amparo.cases.linkage.log_kernels import (
    NO_DAY,
    by_account,
    count_there,
    distinct_days,
    distinct_values,
    numbered,
    places_met,
    used_by_several,
    were_there,
)
from amparo.cases.tables.store import Store

AT_ONCE = 1 << 25  # events in memory: 24 bytes each

# An IPv6 address changes below its /64, so that is what is compared; an IPv4 address is taken whole. Most state their first four
# groups in full; only the others are taken apart.
_IN_FULL = "regexp_extract(address, '^(?:(?:0|[1-9a-f][0-9a-f]*):){4}')"
_GROUPS = "string_split(split_part(lower(address), '::', 1), ':')"
_AFTER = "string_split(split_part(lower(address), '::', 2), ':')"
_NETWORK = f"""
    coalesce(nullif({_IN_FULL}, '') || ':/64', array_to_string(list_transform(
        CASE WHEN strpos(address, '::') = 0 THEN {_GROUPS}[1:4]
             ELSE ({_GROUPS} || list_transform(range(8 - len({_GROUPS}) - len({_AFTER})), lambda x: '0') || {_AFTER})[1:4] END,
        lambda part: coalesce(nullif(ltrim(part, '0'), ''), '0')), ':') || '::/64')
"""
PLACE = f"CASE WHEN strpos(address, ':') = 0 THEN address ELSE {_NETWORK} END"


def day_of(moment: str) -> str:
    """SQL: the day of a moment, counted from 1970."""
    return f"CAST(epoch({moment}) // 86400 AS INTEGER)"


def device_number(device: str) -> str:
    """SQL: a device as a number of 64 bits, however its letters are written; 0 where there is none."""
    return f"CASE WHEN {device} IS NULL THEN 0::UBIGINT ELSE hash(lower({device})) END"


def place_number(address: str) -> str:
    """SQL: a PLACE as a number of 64 bits."""
    return f"hash({address})"


# IPv4 is hashed as it stands: of the two the far more frequent, and nothing is to be written anew.
_PLACED = f"CASE WHEN strpos(address, ':') = 0 THEN {place_number('address')} ELSE {place_number(_NETWORK)} END"
_DONE = f"""
    SELECT coalesce(k.n, -1)::INTEGER AS n, coalesce(day, {int(NO_DAY)})::INTEGER AS day,
           CASE WHEN address IS NULL OR day IS NULL THEN 0::UBIGINT ELSE place END AS place, device
    FROM (
        SELECT account, {day_of("coalesce(at_utc, at_wall)")} AS day, address, {_PLACED} AS place,
               {device_number("device")} AS device FROM events
        UNION ALL
        SELECT account, {day_of("coalesce(at_utc, at_wall)")}, address, {_PLACED}, 0::UBIGINT FROM payments
        UNION ALL
        SELECT account, NULL, NULL, 0::UBIGINT, {device_number("value")} FROM identifiers WHERE kind = 'device'
    ) e LEFT JOIN known k USING (account) WHERE e.account IS NOT NULL
"""


@dataclass(frozen=True)
class Log:
    """Rows (place, day) by account, sorted, each once; `start` says where each account's begin (and the end).

    since, until: each account's first and last day, NO_DAY where none is known. users, devices: which account uses which of the
    devices that several accounts use.
    """

    start: np.ndarray
    place: np.ndarray
    day: np.ndarray
    since: np.ndarray
    until: np.ndarray
    users: np.ndarray
    devices: np.ndarray

    def active(self, accounts: np.ndarray) -> dict[str, np.ndarray]:
        """Those of the accounts that did anything on a known day: n, since, until."""
        some = accounts[self.since[accounts] != NO_DAY]
        return {"n": some.astype(np.int32), "since": self.since[some], "until": self.until[some]}

    def at_home(self, a: np.ndarray, b: np.ndarray, most_day: int, most_ever: int) -> dict[str, np.ndarray]:
        """Rows n, address, day, holders: addresses that the two of some pair share on one day, or ever, where few others are.

        Rows are of every account in a pair. day: NO_DAY for "ever". holders: accounts of the whole platform that were there on
        that day (at most `most_day`), or ever (`most_ever`). Addresses of exits, offices and carriers, which tens or thousands
        share, are left out by counting who else was there.
        """
        met = places_met(self.start, self.place, self.day, a, b)
        places = np.unique(self.place[met > 0])
        days_of, days = _days_by_place(places, self.place[met > 1], self.day[met > 1])
        index = (*numbered(places), days_of, days)
        ever, on_day = count_there(self.start, self.place, self.day, *index)
        chosen = np.unique(np.concatenate((a, b)))
        who, where, when = were_there(
            chosen, self.start, self.place, self.day, *index, ever <= most_ever, on_day <= most_day
        )
        is_day = when >= 0
        day, holders = np.full(len(who), NO_DAY, np.int32), ever[where]
        day[is_day], holders[is_day] = days[when[is_day]], on_day[when[is_day]]
        return {"n": who, "address": places[where], "day": day, "holders": holders}


def _days_by_place(places: np.ndarray, place: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each place's days begin, and the days, sorted and each once."""
    first = int(NO_DAY)
    both = np.unique((np.searchsorted(places, place).astype(np.int64) << 32) + (day.astype(np.int64) - first))
    return np.searchsorted(both >> 32, np.arange(len(places) + 1)), ((both & 0xFFFFFFFF) + first).astype(np.int32)


def warm() -> None:
    """Compiles the loops, or finds them compiled: afterwards a process may lose the right to write beside its code."""
    n, day = np.array([0, 1, 1], np.int32), np.array([2, 2, int(NO_DAY)], np.int32)
    log = _by_account(
        {"n": n, "day": day, "place": np.array([1, 1, 0], np.uint64), "device": np.ones(3, np.uint64)}, 0, 2
    )
    used_by_several(log.devices)
    log.at_home(n[:1], n[1:2], 1, 1)


def read_log(store: Store, accounts: int, rows: int, at_once: int = AT_ONCE) -> Log | None:
    """Needs `known` (n, account); None where the events name an account that it does not have. rows: there are no more."""
    parts = []
    for low, high, found in _slices(store, accounts, max(1, -(-rows // at_once))):
        if len(found["n"]) and found["n"].min() < low:
            return None
        parts.append(_by_account(found, low, high))
    whole = parts[0] if len(parts) == 1 else _joined(parts)
    several = used_by_several(whole.devices)
    return replace(whole, users=whole.users[several], devices=whole.devices[several])


def _joined(parts: Sequence[Log]) -> Log:
    ends = np.cumsum([0, *(part.start[-1] for part in parts)])
    start = np.concatenate([*(part.start[:-1] + end for part, end in zip(parts, ends, strict=False)), ends[-1:]])
    columns = ("place", "day", "since", "until", "users", "devices")
    return Log(start, *(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def _slices(store: Store, accounts: int, count: int) -> Iterator[tuple[int, int, dict[str, np.ndarray]]]:
    """What was done, for some accounts after others: the first and the last of them, and the rows. An unknown account is -1.

    Where there is more than fits, it is kept by DuckDB, which spills.
    """
    if count == 1:
        yield 0, accounts, store.arrays(_DONE)
        return
    store.run(f"CREATE OR REPLACE TABLE done AS {_DONE}")
    size = max(1, -(-accounts // count))
    for low in range(0, max(accounts, 1), size):
        high = min(low + size, accounts)
        unknown = " OR n < 0" if not low else ""
        yield low, high, store.arrays(f"SELECT * FROM done WHERE (n >= {low} AND n < {high}){unknown}")
    store.run("DROP TABLE done")


def _by_account(found: dict[str, np.ndarray], low: int, high: int) -> Log:
    """The log of one slice, with all its devices."""
    start, order = by_account(found.pop("n") - np.int32(low), high - low)
    device = found.pop("device")[order]
    devices_of = distinct_values(start, device)
    device = device[: devices_of[-1]].copy()
    users = np.repeat(np.arange(low, high, dtype=np.int32), np.diff(devices_of))
    place, day = found.pop("place")[order], found.pop("day")[order]
    del order
    start, since, until = distinct_days(start, place, day)
    return Log(start, place[: start[-1]].copy(), day[: start[-1]].copy(), since, until, users, device)
