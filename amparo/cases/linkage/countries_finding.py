"""From a base's tables to a chance for each country of each account, in numbers: the steps of `countries`, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amparo.cases.linkage import countries_events as events, countries_linked as linked, hours
from amparo.cases.linkage.calibration import Calibration
from amparo.cases.linkage.countries_chances import in_order
from amparo.cases.linkage.countries_events import COMMON, EXIT, FEW, MIXED, OWN, Located, Seen
from amparo.cases.linkage.countries_named import codes, named, place_codes
from amparo.cases.linkage.countries_networks import networks
from amparo.cases.linkage.countries_weighing import Evidence, Weighed, no_clocks, weigh
from amparo.cases.tables.base import Base
from amparo.cases.tables.store import Progress, Store, silent

MANY = 400  # accounts at one address (reference: measured): it must be vouched for, or it is an exit
SOME = 12  # accounts; up to here an address of which nothing else is known may still be an office's
VOUCHED, DOUBTED = 0.75, 0.45  # mean chance, by all else, that an address's accounts are where it is
KINDS_OF_COLUMNS = {
    "account": np.int32, "place": np.int16, "kind": np.int8, "amount": np.float32, "events": np.int32, "ported": np.int32,
    "first": np.int64, "last": np.int64, "source": np.int64,
}  # fmt: skip
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


def find(base: Base, calibration: Calibration, links: Path | None = None, progress: Progress = silent) -> Found:
    """Makes `numbered` and others in the store; the base's tables stay as they are."""
    store = base.store
    located = _located(base, progress)
    accounts, none = located.accounts, no_clocks(located.accounts, len(codes()))
    by_name = named(store, accounts)
    progress("read what names a country", sum(len(each["account"]) for each in by_name.values()))
    standing, shared = _standing(located, calibration, by_name)
    progress("looked at shared addresses", int(shared.sum()))
    seen = events.seen(located, standing)
    hours_account, table = events.hours(located)
    year = events.year(located)
    located.done()
    rows = _rows(calibration, by_name, seen, accounts)
    evidence = _evidence(rows, accounts)
    weighed = weigh(evidence, calibration, len(codes()), none)
    if links:
        by_name["accounts of the person"] = linked.said(
            linked.persons(store, links), weighed.best[:, 0], weighed.chance[:, 0]
        )
        rows = _rows(calibration, by_name, seen, accounts)
        evidence = _evidence(rows, accounts)
        weighed = weigh(evidence, calibration, len(codes()), none)
    del seen, by_name
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
        located.count,
        located.networks.blocks,
        located.networks.unreadable,
        int(shared.sum()),
        *(int((standing[shared] == each).sum()) for each in (COMMON, MIXED, EXIT)),
    )
    return Found(accounts, rows, weight, weighed, told, len(hours_account), trust)


def _located(base: Base, progress: Progress) -> Located:
    """The events by account. Makes `numbered` and `place_codes`. Whether events name accounts that nothing else does is told by
    the one look at them; only then they are looked at again."""
    store, most = base.store, base.counts["events"] + base.counts["payments"]
    place_codes(store)
    where = networks(store, dict(zip(codes(), range(len(codes())), strict=True)))
    stated = store.one("SELECT count(*) FROM accounts") > 0
    accounts = _number(store, ("identifiers", "payments") if stated else ("identifiers", "payments", "events"))
    located = Located(store, where, accounts, most)
    if located.strangers:
        located = Located(store, where, _number(store, ("identifiers", "payments", "events")), most)
    progress("placed events", located.count)
    return located


def _number(store: Store, others: Sequence[str]) -> int:
    """Makes `numbered`: every account that the table of accounts or the others name, by its name's order."""
    more = " UNION ALL ".join(f"SELECT account FROM {table}" for table in others)
    store.run(
        "CREATE OR REPLACE TABLE account_names AS SELECT account FROM accounts WHERE account IS NOT NULL UNION ALL "
        f"SELECT DISTINCT account FROM ({more}) ANTI JOIN accounts USING (account) WHERE account IS NOT NULL ORDER BY account"
    )
    store.run("CREATE OR REPLACE VIEW numbered AS SELECT account, rowid::INTEGER AS n FROM account_names")
    return int(store.one("SELECT count(*) FROM account_names"))


def _standing(
    located: Located, calibration: Calibration, by_name: dict[str, dict[str, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """How each address counts, and which are shared: by whether its accounts, by all else known of them, are where it is."""
    holders = events.holders(located)
    shared = holders > FEW
    standing = np.full(len(shared), OWN, np.int8)
    if not shared.any():
        return standing, shared
    without = events.seen(located, events.uncounted(shared))
    weighing = _merged(calibration, by_name, without, located.accounts, ("account", "place", "kind", "amount"))
    del without
    evidence = _weighing(**weighing, accounts=located.accounts)
    del weighing
    post = weigh(evidence, calibration, len(codes()), no_clocks(located.accounts, len(codes()))).post
    known, agree = events.agreement(located, shared, evidence.start, evidence.place, post, 0.5)
    known, agree, many = known[shared], agree[shared], holders[shared]
    share = (agree + 1.0) / (known + 2.0)
    found = np.where(share >= VOUCHED, COMMON, np.where(share >= DOUBTED, MIXED, EXIT))
    unknown = known < np.maximum(2, 0.02 * many)
    found = np.where(unknown, np.where(many <= SOME, MIXED, EXIT), found)
    standing[shared] = np.where((many > MANY) & (found == MIXED), EXIT, found)
    return standing, shared


def _rows(calibration: Calibration, by_name: dict[str, dict[str, np.ndarray]], seen: Seen, accounts: int) -> Rows:
    return Rows(**_merged(calibration, by_name, seen, accounts, tuple(Rows.__dataclass_fields__)))


def _merged(
    calibration: Calibration,
    by_name: dict[str, dict[str, np.ndarray]],
    seen: Seen,
    accounts: int,
    names: tuple[str, ...],
) -> dict[str, np.ndarray]:
    """These columns of Rows, of what the addresses and all else say. One after another, since there are many rows."""
    parts = [_of_addresses(calibration, seen)]
    for name, each in by_name.items():
        kind = np.full(len(each["account"]), calibration.number(name), np.int8)
        parts.append({**each, "kind": kind, "amount": each["count"], "ported": np.zeros(len(kind), np.int32)})

    def whole(name: str) -> np.ndarray:
        return np.concatenate([part[name] for part in parts], dtype=KINDS_OF_COLUMNS[name], casting="same_kind")

    given = {name: whole(name) for name in ("account", "place", "kind", "source")}
    order = in_order(given["account"], given["place"], given["kind"], given["source"], accounts)
    found = {}
    for name in names:
        found[name] = (given.pop(name) if name in given else whole(name)).take(order)
        for part in parts:
            del part[name]
    return found


def _of_addresses(calibration: Calibration, seen: Seen) -> dict[str, np.ndarray]:
    """What weighs, and exits. Without a day stands what was only seen on days that count for a less shared address."""
    number = np.array([*(calibration.number(name) for name in STANDINGS), -1], np.int8)
    kind = np.where(
        (seen.logged > 0) & (seen.standing < EXIT), np.int8(calibration.number("logged country")), number[seen.standing]
    )
    columns = {
        name: getattr(seen, name) for name in ("account", "place", "events", "ported", "first", "last", "source")
    }
    columns |= {"kind": kind, "amount": seen.days}
    held = (seen.days > 0) | (seen.standing == OWN) | (seen.standing == EXIT)
    return columns if held.all() else {name: column[held] for name, column in columns.items()}


def _evidence(rows: Rows, accounts: int) -> Evidence:
    return _weighing(rows.account, rows.place, rows.kind, rows.amount, accounts)


def _weighing(account: np.ndarray, place: np.ndarray, kind: np.ndarray, amount: np.ndarray, accounts: int) -> Evidence:
    """The rows that weigh: without exits."""
    held = np.flatnonzero(kind >= 0)
    return Evidence(accounts, account.take(held), place.take(held), kind.take(held), amount.take(held))
