"""A base's events and payments by account and time, however many there are and however little memory there is.

Rows are read once and kept in runs, each sorted by account; a dossier's rows are then few enough to be sorted by themselves. A
sort of all rows at once costs as much, and what it needs beside the disk grows with the base: DuckDB 2.0 can't lay the texts of a
sort aside. How many rows go into a run changes no byte of what is written, since the order within a dossier is total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from amparo.cases.tables.store import Store

BYTES_A_ROW = 512  # that a sort of an event with its texts needs, generously; where it needs more, it is done by halves
FEWEST = 1024  # rows that are not halved any more
ORDER = "n, coalesce(at_utc, at_wall), file_number, row"

Span = tuple[tuple[int, int, int], ...]  # (file, first row, last row), in the order of the files
Whole = TypeVar("Whole")


def rows_at_once(store: Store) -> int:
    """How many rows may be sorted at once within the store's memory."""
    number, unit = str(store.one("SELECT current_setting('memory_limit')")).split()
    units = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
    return max(FEWEST, int(float(number) * units[unit]) // BYTES_A_ROW)


def within_memory(
    whole: Whole, do: Callable[[Whole], None], halves: Callable[[Whole], tuple[Whole, Whole] | None]
) -> None:
    """Does the whole, or its halves one after the other where the memory ends. `do` must leave nothing where it fails."""
    import duckdb

    try:
        do(whole)
    except duckdb.OutOfMemoryException:
        parts = halves(whole)
        if parts is None:
            raise
        for part in parts:
            within_memory(part, do, halves)


def gather(store: Store, table: str, columns: str) -> None:
    """Makes `gathered_<table>`: n of the account in `dossier_numbers`, these columns, file_number and row; in runs sorted by n."""
    joined = f"{table} t JOIN dossier_numbers z ON z.account_id = t.account"
    selected = f"SELECT z.n, {columns}, t.file AS file_number, t.row FROM {joined}"
    store.run(f"CREATE OR REPLACE TABLE gathered_{table} AS {selected} LIMIT 0")

    def keep(span: Span) -> None:
        store.run(f"INSERT INTO gathered_{table} {selected} WHERE {_within(span)} ORDER BY z.n")

    files = store.rows(f"SELECT file, min(row), max(row), count(*) FROM {table} GROUP BY file ORDER BY file")
    for span in _spans(files, rows_at_once(store)):
        within_memory(span, keep, _halved)


def _within(span: Span) -> str:
    """A file that the span doesn't name is not even opened: DuckDB knows each part's number."""
    return " OR ".join(f"(t.file = {file} AND t.row BETWEEN {first} AND {last})" for file, first, last in span)


def _spans(files: list[tuple[int, ...]], most: int) -> Iterator[Span]:
    """Files together up to so many rows; one of more rows by itself, in parts."""
    held: list[tuple[int, int, int]] = []
    rows = 0
    for file, first, last, count in files:
        if held and rows + count > most:
            yield tuple(held)
            held, rows = [], 0
        if count > most:
            edges = np.linspace(first, last + 1, -(-count // most) + 1).astype(int).tolist()
            yield from (((file, low, high - 1),) for low, high in pairwise(edges))
        else:
            held.append((file, first, last))
            rows += count
    if held:
        yield tuple(held)


def _halved(span: Span) -> tuple[Span, Span] | None:
    if len(span) > 1:
        return span[: len(span) // 2], span[len(span) // 2 :]
    ((file, first, last),) = span
    middle = (first + last) // 2
    return (((file, first, middle),), ((file, middle + 1, last),)) if last - first >= FEWEST else None


@dataclass(frozen=True)
class Accounts:
    """A range of accounts by their n, both ends in it."""

    first: int
    last: int

    def halved(self) -> tuple[Accounts, Accounts] | None:
        middle = (self.first + self.last) // 2
        return (Accounts(self.first, middle), Accounts(middle + 1, self.last)) if self.last > self.first else None


def pieces(accounts: Accounts, rows: int, most: int) -> list[Accounts]:
    """So many ranges that each has about `most` of the rows, as far as accounts have equally many."""
    count = min(-(-rows // most), accounts.last - accounts.first + 1)
    edges = np.linspace(accounts.first, accounts.last + 1, max(1, count) + 1).astype(int).tolist()
    return [Accounts(low, high - 1) for low, high in pairwise(edges)]


def in_order(table: str, columns: str, accounts: Accounts) -> str:
    """The query for these columns of `dossier_<table>` of the accounts, by account and time."""
    return f"SELECT {columns} FROM (SELECT * FROM {table} WHERE n BETWEEN {accounts.first} AND {accounts.last} ORDER BY {ORDER})"


def sorted_apart(store: Store, table: str, columns: str, accounts: Accounts, rows: int) -> str:
    """The query for the same where that may be too many rows to sort at once: of a table, filled a range of accounts at a time.

    What a range leaves half filled would show in the bytes of a Parquet file, as the ranges would then. So the rows are packed
    anew, a vector full each, which is what joining them by their places with a row of numbers does.
    """
    store.run(f"CREATE OR REPLACE TABLE sorted_in_ranges AS {in_order(table, columns, accounts)} LIMIT 0")

    def keep(some: Accounts) -> None:
        store.run(f"INSERT INTO sorted_in_ranges {in_order(table, columns, some)}")

    for piece in pieces(accounts, rows, rows_at_once(store)):
        within_memory(piece, keep, Accounts.halved)
    store.run(
        f"CREATE OR REPLACE TABLE sorted_apart AS SELECT s.* FROM range({rows}) r POSITIONAL JOIN sorted_in_ranges s"
    )
    store.run("DROP TABLE sorted_in_ranges")
    return "SELECT * FROM sorted_apart"
