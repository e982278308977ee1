"""What the sealed tables of a ledger answer: lists with search, order and bounds; a broadcast's room; an account's coins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amparo.access.acts import Actor
from amparo.cases import queries
from amparo.cases.ledgers.queries import LedgerFacts
from amparo.cases.sealed_tables import opened_tables
from amparo.cases.tables.store import Store
from amparo.foundation.errors import Missing, Refused
from amparo.vault.keys import Unlock

if TYPE_CHECKING:
    from amparo.cases.coins.tracing import Through

PAGE = 100
EXPORT_ROWS = 200_000  # of one file; more of them is no list that anybody reads
EVIDENCE = 20


@contextmanager
def opened_ledger(by: Actor, ledger: LedgerFacts, names: Sequence[str], unlock: Unlock) -> Iterator[Store]:
    """A store with these tables of the ledger. Refused without key, or before the ledger was read."""
    if not ledger.tables:
        raise Refused("This ledger has not been read yet: choose its mapping, and have it read.")
    purpose = f"coins:{queries.case(ledger.case).reference}"
    with opened_tables(by, {name: ledger.tables[name] for name in names}, purpose=purpose, unlock=unlock) as store:
        yield store


@dataclass(frozen=True)
class Column:
    """One column of a list. kind: text, coins, number, money (with "currency"), when, account, broadcast, rows."""

    name: str
    head: str
    kind: str = "text"
    sortable: bool = True


@dataclass(frozen=True)
class Listing:
    """A list over a ledger's tables. query: selects the columns' names, and may hold {extra}. order: without another choice."""

    title: str
    text: str
    tables: tuple[str, ...]
    query: str
    columns: tuple[Column, ...]
    order: str
    search: tuple[str, ...]
    choice: tuple[str, str] | None = None  # (column, label) by which it is filtered


@dataclass(frozen=True)
class Asked:
    """What of a list is wanted. sort: a column's name, "-" before it for downwards."""

    search: str = ""
    chosen: str = ""
    sort: str = ""
    offset: int = 0
    limit: int = PAGE


def listed(store: Store, listing: Listing, asked: Asked) -> tuple[list[tuple[Any, ...]], int, list[tuple[str, int]]]:
    """(rows, how many fit in all, the choices of its filter with their counts)."""
    where, values = _where(listing, asked)
    base = f"({listing.query})"
    count = int(store.one(f"SELECT count(*) FROM {base} WHERE {where}", values))
    names = ", ".join(f'"{each.name}"' for each in listing.columns)
    rows = store.rows(
        f"SELECT {names} FROM {base} WHERE {where} ORDER BY {_order(listing, asked)} LIMIT {int(asked.limit)} "
        f"OFFSET {int(asked.offset)}",
        values,
    )
    choices: list[tuple[str, int]] = []
    if listing.choice:
        column = f'"{listing.choice[0]}"'
        found = store.rows(
            f"SELECT CAST({column} AS VARCHAR), count(*) FROM {base} WHERE {column} IS NOT NULL "
            "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 40"
        )
        choices = [(str(value), int(number)) for value, number in found]
    return rows, count, choices


def _where(listing: Listing, asked: Asked) -> tuple[str, list[Any]]:
    parts, values = ["true"], list[Any]()
    if words := asked.search.strip():
        found = " OR ".join(
            f'contains(lower(CAST("{name}" AS VARCHAR)), lower(${len(values) + 1}))' for name in listing.search
        )
        parts.append(f"({found})")
        values.append(words[:200])
    if asked.chosen and listing.choice:
        values.append(asked.chosen)
        parts.append(f'CAST("{listing.choice[0]}" AS VARCHAR) = ${len(values)}')
    return " AND ".join(parts), values


def _order(listing: Listing, asked: Asked) -> str:
    name = asked.sort.removeprefix("-")
    if name in {each.name for each in listing.columns if each.sortable}:
        return f'"{name}" {"DESC" if asked.sort.startswith("-") else "ASC"} NULLS LAST, {listing.order}'
    return listing.order


# ---- one broadcast


@dataclass(frozen=True)
class Stay:
    """An account's time in a room, with what it paid meanwhile. Seconds are those of the broadcast's own clock."""

    account: str
    entered_at: Any
    left_at: Any
    seconds: int | None
    closed_by: str
    coins: int
    payments: int
    overlapping: int
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Room:
    """A broadcast: its row, who was there, and each payment placed in it, whether or not the payer's entry stands in the ledger."""

    stream: str
    host: str
    began: Any
    ended: Any
    basis: str
    crosses: tuple[str, ...]
    stays: tuple[Stay, ...]
    payments: tuple[tuple[Any, ...], ...]
    stay_count: int
    payment_count: int
    payers: int
    coins: int
    stays_found: int
    payments_found: int


@dataclass(frozen=True)
class RoomAsked:
    """Which rows of a broadcast. search: in the accounts' names. only: "paid", "present" (without a payment), or everybody."""

    search: str = ""
    only: str = ""
    offset: int = 0
    limit: int = PAGE


def room(store: Store, stream: str, host: str, asked: RoomAsked = RoomAsked()) -> Room:
    """Raises Missing. The counts are of the whole broadcast, stays_found and payments_found of what was asked for."""
    found = store.rows(
        "SELECT stream, host, began, ended, basis, crosses FROM broadcasts WHERE stream = $1 AND host = $2",
        [stream, host],
    )
    if not found:
        raise Missing("There is no such broadcast in this ledger.")
    name, of, began, ended, basis, crosses = found[0]
    there = (
        "FROM presence WHERE stream = $1 AND host = $2 AND contains(lower(account), lower($3)) "
        "AND ($4 = '' OR ($4 = 'paid') = (payments > 0))"
    )
    cut = f"LIMIT {int(asked.limit)} OFFSET {int(asked.offset)}"
    stays = store.rows(
        "SELECT account, entered_at, left_at, seconds, closed_by, coins, payments, overlapping, enter_file, enter_row, exit_file, "
        f"exit_row {there} ORDER BY coins DESC, entered_at, account, enter_row {cut}",
        [stream, host, asked.search, asked.only],
    )
    paid, some = "FROM payments WHERE host = $2 AND list_contains(streams, $1)", "AND contains(lower(payer), lower($3))"
    payments = store.rows(
        "SELECT payer, coalesce(at_utc, try_cast(at_raw AS TIMESTAMP)), at_raw, coins, money_minor, currency, found, len(streams), "
        f"reference, file, row {paid} {some} ORDER BY 2, file, row {cut}",
        [stream, host, asked.search],
    )
    count, payers, coins = store.rows(
        f"SELECT count(*), count(DISTINCT payer), coalesce(sum(coins), 0)::BIGINT {paid}", [stream, host]
    )[0]
    return Room(
        stream=name,
        host=of,
        began=began,
        ended=ended,
        basis=basis,
        crosses=tuple(crosses),
        stays=tuple(_stay(row) for row in stays),
        payments=tuple(payments),
        stay_count=int(store.one("SELECT count(*) FROM presence WHERE stream = $1 AND host = $2", [stream, host])),
        payment_count=int(count),
        payers=int(payers),
        coins=int(coins),
        stays_found=int(store.rows(f"SELECT count(*) {there}", [stream, host, asked.search, asked.only])[0][0]),
        payments_found=int(store.rows(f"SELECT count(*) {paid} {some}", [stream, host, asked.search])[0][0]),
    )


def _stay(row: Sequence[Any]) -> Stay:
    account, entered_at, left_at, seconds, closed_by, coins, payments, overlapping, *places = row
    return Stay(account, entered_at, left_at, seconds, closed_by, coins, payments, overlapping, _rows(places))


def _rows(places: Sequence[Any]) -> tuple[str, ...]:
    pairs = zip(places[::2], places[1::2], strict=True)
    return tuple(f"{file}:{row}" for file, row in pairs if file is not None)


# ---- one account


@dataclass(frozen=True)
class AccountCoins:
    """What a ledger says of one account. money: {currency: (bought, paid out)}. direct: one hop."""

    name: str
    rows: int
    bought: int
    given: int
    got: int
    spent: int
    paid_out: int
    first_at: Any
    last_at: Any
    money: dict[str, tuple[int, int]]
    direct: tuple[tuple[str, str, int, int], ...]
    hosts: tuple[tuple[str, int, int], ...]
    countries: tuple[tuple[str, int, tuple[str, ...]], ...]
    notes: tuple[tuple[Any, ...], ...]


ACCOUNT_TABLES = ("accounts", "events", "payments", "countries", "indicators", "moves", "names")


def account(store: Store, name: str) -> AccountCoins:
    """Raises Missing."""
    found = store.rows(
        "SELECT account, rows, bought, given, got, spent, paid_out, first_at, last_at, money FROM accounts WHERE account = $1",
        [name],
    )
    if not found:
        raise Missing("No row of this ledger names that account.")
    of, rows, bought, given, got, spent, paid_out, first_at, last_at, money = found[0]
    direct = store.rows(
        "SELECT 'to', counterparty, sum(coins)::BIGINT, count(*) FROM events WHERE account = $1 AND event = 'gift' "
        "GROUP BY counterparty UNION ALL SELECT 'from', account, sum(received)::BIGINT, count(*) FROM events "
        "WHERE counterparty = $1 AND event = 'gift' GROUP BY account ORDER BY 3 DESC, 2 LIMIT 40",
        [name],
    )
    hosts = store.rows(
        "SELECT host, sum(coins)::BIGINT, count(*) FROM payments WHERE payer = $1 GROUP BY host ORDER BY 2 DESC, 1 LIMIT 40",
        [name],
    )
    notes = store.rows(
        "SELECT title, possible_victim, payments, coins, words, source, year, evidence FROM indicators WHERE account = $1 "
        "ORDER BY title, counterparty LIMIT 40",
        [name],
    )
    return AccountCoins(
        name=of,
        rows=rows,
        bought=bought,
        given=given,
        got=got,
        spent=spent,
        paid_out=paid_out,
        first_at=first_at,
        last_at=last_at,
        money={each["currency"]: (int(each["bought_minor"]), int(each["paid_out_minor"])) for each in money},
        direct=tuple(direct),
        hosts=tuple(hosts),
        countries=countries_of(store, name),
        notes=tuple(notes),
    )


def countries_of(store: Store, name: str) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """The countries that the platform's columns state of an account, each with in how many rows, and the first of them."""
    stated = store.rows(
        "SELECT country, stated_in, evidence FROM countries WHERE account = $1 ORDER BY stated_in DESC, country", [name]
    )
    return tuple((country, count, tuple(places[:EVIDENCE])) for country, count, places in stated)


def traced(store: Store, names: Sequence[str]) -> Through | None:
    """Where the coins that these accounts ever held came from and went, by both rules; None where no coin of theirs moved."""
    from amparo.cases.coins.tracing import Moves, Trace  # compiled loops, which few pages need

    columns = store.arrays("SELECT giver, taker, amount, row, reason FROM moves")
    known = tuple(str(row[0]) for row in store.rows("SELECT name FROM names ORDER BY number"))
    moves = Moves(**columns, accounts=known)
    wanted = [each for each in names if each in set(known)]
    return Trace(moves).through(wanted) if wanted else None


def evidence_of(store: Store, rows: Sequence[int], most: int = EVIDENCE) -> tuple[str, ...]:
    """The files and rows behind these rows of the ledger, the first of them."""
    wanted = sorted(rows)[:most]
    if not wanted:
        return ()
    listed_ns = ", ".join(str(int(each)) for each in wanted)
    return tuple(
        f"{file}:{row}" for file, row in store.rows(f"SELECT file, row FROM events WHERE n IN ({listed_ns}) ORDER BY n")
    )
