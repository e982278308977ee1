"""From a base's tables to a chance for each country of each account, in numbers: the steps of `countries`, in order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amparo.cases.linkage import countries_events as events, countries_linked as linked, hours
from amparo.cases.linkage.calibration import Calibration
from amparo.cases.linkage.countries_events import COMMON, EXIT, MIXED, OWN, Seen
from amparo.cases.linkage.countries_kernels import agreeing
from amparo.cases.linkage.countries_named import codes, named
from amparo.cases.linkage.countries_networks import Blocks, blocks
from amparo.cases.linkage.countries_weighing import Evidence, Weighed, no_clocks, weigh
from amparo.cases.tables.store import Progress, Store, silent

MANY = 400  # accounts at one address (reference: measured): it must be vouched for, or it is an exit
SOME = 12  # accounts; up to here an address of which nothing else is known may still be an office's
VOUCHED, DOUBTED = 0.75, 0.45  # mean chance, by all else, that an address's accounts are where it is
STANDINGS = ("address", "common address", "mixed address")


@dataclass(frozen=True)
class Rows:
    """All evidence, by account, place, kind. kind -1: exits, which weigh nothing. weight in nats; times in seconds, 0 unknown."""

    account: np.ndarray
    place: np.ndarray
    kind: np.ndarray
    amount: np.ndarray
    events: np.ndarray
    ported: np.ndarray
    first: np.ndarray
    last: np.ndarray
    source: np.ndarray

    def __len__(self) -> int:
        return len(self.account)

    def taken(self, where: np.ndarray) -> Rows:
        return Rows(*(getattr(self, name)[where] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Addresses:
    """How many were read, and how the shared ones stand."""

    events: int
    blocks: int
    unreadable_blocks: int
    shared: int
    common: int
    mixed: int
    exits: int


@dataclass(frozen=True)
class Found:
    """weight: of each row, by the weights of `weighed`; hours: how far they are trusted."""

    accounts: int
    rows: Rows
    weight: np.ndarray
    weighed: Weighed
    addresses: Addresses
    hours_of: int
    hours_trust: float


def find(store: Store, calibration: Calibration, links: Path | None = None, progress: Progress = silent) -> Found:
    """Makes `numbered`, `located` and others in the store; the base's tables stay as they are."""
    accounts = _number(store)
    by_name = named(store)
    progress("read what names a country", sum(len(each["account"]) for each in by_name.values()))
    where = blocks(store, dict(zip(codes(), range(len(codes())), strict=True)))
    count = events.locate(store)
    progress("placed events", count)
    shared = events.shared(store)
    standing = _standing(store, calibration, by_name, where, shared, accounts)
    progress("looked at shared addresses", len(standing))
    seen = events.seen(store, where, accounts, standing)
    rows = _rows(calibration, by_name, seen)
    evidence = _evidence(rows, accounts)
    weighed = weigh(evidence, calibration, len(codes()), no_clocks(accounts, len(codes())))
    if links:
        by_name["accounts of the person"] = linked.said(
            linked.persons(store, links), weighed.best[:, 0], weighed.chance[:, 0]
        )
        rows = _rows(calibration, by_name, seen)
        evidence = _evidence(rows, accounts)
        weighed = weigh(evidence, calibration, len(codes()), no_clocks(accounts, len(codes())))
    hours_account, table = events.hours(store, accounts)
    year = int(store.one("SELECT coalesce(year(to_timestamp(median(second))), 2020) FROM located WHERE second > 0"))
    for done in ("located", "shared_addresses", "address_blocks"):
        store.run(f"DROP TABLE {done}")
    telling = hours.telling(weighed.chance[hours_account, 0])
    hours_account, table = hours_account[telling], table[telling]
    clocks, trust = hours.clocks(
        hours_account, table, weighed.best[:, 0], weighed.chance[:, 0], weighed.weights.mix, year
    )
    if trust > 0:
        weighed = weigh(evidence, calibration, len(codes()), clocks, since=weighed.weights)
    progress("weighed", len(rows))
    weight = np.zeros(len(rows))
    weight[rows.kind >= 0] = weighed.row
    told = Addresses(
        count,
        len(where.place),
        where.unreadable,
        len(standing),
        *(int((standing == each).sum()) for each in (COMMON, MIXED, EXIT)),
    )
    return Found(accounts, rows, weight, weighed, told, len(hours_account), trust)


def _number(store: Store) -> int:
    """Every account that any table names, by its name's order."""
    known = "SELECT account FROM accounts WHERE account IS NOT NULL"
    others = " UNION ALL ".join(
        f"SELECT account FROM {table} ANTI JOIN ({known}) USING (account)"
        for table in ("identifiers", "events", "payments")
    )
    store.run(
        "CREATE OR REPLACE TABLE numbered AS SELECT account, (row_number() OVER (ORDER BY account) - 1)::INTEGER AS n "
        f"FROM (SELECT DISTINCT account FROM ({known} UNION ALL ({others})) WHERE account IS NOT NULL) ORDER BY account"
    )
    return int(store.one("SELECT count(*) FROM numbered"))


def _standing(
    store: Store,
    calibration: Calibration,
    by_name: dict[str, dict[str, np.ndarray]],
    where: Blocks,
    shared: dict[str, np.ndarray],
    accounts: int,
) -> np.ndarray:
    """How each shared address counts: by whether its accounts, by all else that is known of them, are where it is."""
    count = len(shared["key"])
    if not count:
        return np.empty(0, np.int8)
    without = events.seen(store, where, accounts, None)
    rows = _rows(calibration, by_name, without)
    evidence = _evidence(rows, accounts)
    post = weigh(evidence, calibration, len(codes()), no_clocks(accounts, len(codes()))).post
    place = where.of(shared["key"])
    known, agree = np.zeros(count), np.zeros(count)
    for account, number in events.users(store, accounts):
        some, together = agreeing(account, number, place, evidence.start, evidence.place, post, 0.5, count)
        known, agree = known + some, agree + together
    share = (agree + 1.0) / (known + 2.0)
    found = np.where(share >= VOUCHED, COMMON, np.where(share >= DOUBTED, MIXED, EXIT))
    unknown = known < np.maximum(2, 0.02 * shared["accounts"])
    found = np.where(unknown, np.where(shared["accounts"] <= SOME, MIXED, EXIT), found)
    return np.where((shared["accounts"] > MANY) & (found == MIXED), EXIT, found).astype(np.int8)


def _rows(calibration: Calibration, by_name: dict[str, dict[str, np.ndarray]], seen: Seen) -> Rows:
    numbers = [calibration.number(name) for name in STANDINGS] + [-1]
    kind = np.where(
        (seen.logged > 0) & (seen.standing < EXIT),
        calibration.number("logged country"),
        np.array(numbers)[seen.standing],
    )
    parts = [
        Rows(
            seen.account, seen.place, kind.astype(np.int8), seen.days.astype(np.float32), seen.events, seen.ported,
            seen.first, seen.last, (seen.file.astype(np.int64) << 40) | seen.row,
        )
    ]  # fmt: skip
    parts[0] = parts[0].taken((seen.days > 0) | (seen.standing == OWN) | (seen.standing == EXIT))
    for name, each in by_name.items():
        some = len(each["account"])
        parts.append(
            Rows(
                each["account"].astype(np.int32), each["place"].astype(np.int16), np.full(some, calibration.number(name), np.int8),
                each["count"].astype(np.float32), each["events"].astype(np.int32), np.zeros(some, np.int32),
                each["first"].astype(np.int64), each["last"].astype(np.int64), each["source"].astype(np.int64),
            )
        )  # fmt: skip
    whole = Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__dataclass_fields__))
    order = np.lexsort((whole.source, whole.kind, whole.place, whole.account))
    return whole.taken(order)


def _evidence(rows: Rows, accounts: int) -> Evidence:
    """The rows that weigh: without exits."""
    held = rows.taken(rows.kind >= 0)
    return Evidence(accounts, held.account, held.place, held.kind, held.amount)
