"""A platform's ledger: different shapes, same events, in one order, each with its file and row; what is wrong is listed.

    with open_ledger(folder, load(mapping_file)) as ledger:
        ledger.count, ledger.bad, ledger.store.rows("SELECT * FROM ledger ORDER BY n")

The table `ledger` (in the store, one row an event, n from 0 in ledger order): n, event, at_raw, at_utc (NULL where no zone is
known or the wall clock stood twice), at_wall, end_utc, account, counterparty, host, stream, coins, received, balance,
money_minor, currency, detail, reference, country, sequence, file, row. Coins and money are integers in minor units.
The table `bad`: file, row, problem, kept (whether the event stands in the ledger all the same), raw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from amparo.cases.coins import parsing
from amparo.cases.coins.mapping import IGNORED, Mapping
from amparo.cases.tables import reading
from amparo.cases.tables.store import MEMORY, Progress, Store, literal, opened, silent
from amparo.foundation.errors import Refused

LARGEST_SUM = 1 << 61  # so that no sum of coins leaves 64 bits, whatever the order


@dataclass(frozen=True)
class Ledger:
    """An open ledger. `bad_rows` are not in it, `doubts` are in it with a problem listed beside."""

    store: Store
    mapping: Mapping
    folder: reading.Folder
    count: int
    bad_rows: int
    doubts: int
    ignored: int
    without_utc: int

    def names(self) -> tuple[str, ...]:
        """The file names, by the number that `ledger.file` holds."""
        return tuple(file.name for file in self.folder.files)


@contextmanager
def open_ledger(
    place: Path | reading.Folder,
    mapping: Mapping,
    *,
    memory: str = MEMORY,
    spill: Path | None = None,
    progress: Progress = silent,
) -> Iterator[Ledger]:
    """The ledger in this folder, while the block runs. Refused or Missing, with what to do, where it can't be read."""
    found = place if isinstance(place, reading.Folder) else reading.folder(place, mapping)
    with opened((file.read_from for file in found.files), spill, memory=memory) as store:
        yield read_into(store, found, mapping, progress)


def read_into(store: Store, found: reading.Folder, mapping: Mapping, progress: Progress = silent) -> Ledger:
    """The ledger of these files, in a store that may read them."""
    store.run(f"CREATE TABLE events ({parsing.EVENT_COLUMNS})")
    store.run("CREATE TABLE bad (file INTEGER, row BIGINT, problem VARCHAR, kept BOOLEAN, raw VARCHAR)")
    rows = 0
    for number, file in enumerate(found.files):
        source = mapping.sources[file.source]
        query = partial(parsing.events, number, file.source, mapping, source)
        bad = reading.read(store, file, source, partial(_insert, store, query))
        for each in bad:
            store.run("INSERT INTO bad VALUES (?, ?, ?, false, ?)", [number, each.row, each.problem, each.raw])
        before, rows = rows, int(store.one("SELECT count(*) FROM events"))
        if not bad:
            reading.refuse_empty(file, source, rows - before)
        progress(f"read {file.name}", rows)
    store.run(
        "INSERT INTO bad SELECT file, row, coalesce(why, doubt), why IS NULL, raw FROM events "
        "WHERE why IS NOT NULL OR doubt IS NOT NULL ORDER BY file, row"
    )
    return _ordered(store, found, mapping, progress)


def _insert(store: Store, query: Callable[[reading.Rows], str], rows: reading.Rows) -> None:
    store.run(f"INSERT INTO events {query(rows)}")


def _ordered(store: Store, found: reading.Folder, mapping: Mapping, progress: Progress) -> Ledger:
    """Ledger order: the time, then the platform's own sequence if it has one, then source, file and row."""
    store.run(
        "CREATE TABLE ledger AS SELECT (row_number() OVER () - 1)::INTEGER AS n, "
        "* EXCLUDE (order_us, source, why, doubt, raw) FROM "
        f"(SELECT * FROM events WHERE why IS NULL AND event <> '{IGNORED}' "
        "ORDER BY order_us, sequence NULLS FIRST, source, file, row)"
    )
    ignored = int(store.one(f"SELECT count(*) FROM events WHERE event = '{IGNORED}'"))
    store.run("DROP TABLE events")
    moved = store.one("SELECT coalesce(sum(coins), 0) FROM ledger")
    if moved >= LARGEST_SUM:
        raise Refused(
            "The coins of this ledger sum to more than any platform ever sold: check coins.digits in the mapping."
        )
    store.run(
        "INSERT INTO bad SELECT file, row, 'the same event, account and reference as row ' || first_row || ' of file ' || "
        "(first_file + 1), true, reference FROM (SELECT file, row, reference, n, first_value(row) OVER same AS first_row, "
        "first_value(file) OVER same AS first_file, first_value(n) OVER same AS first_n FROM ledger "
        "WHERE reference IS NOT NULL AND coins IS NOT NULL "
        "WINDOW same AS (PARTITION BY event, account, reference ORDER BY n)) WHERE n <> first_n"
    )
    count = int(store.one("SELECT count(*) FROM ledger"))
    progress("put in order", count)
    return Ledger(
        store=store,
        mapping=mapping,
        folder=found,
        count=count,
        bad_rows=int(store.one("SELECT count(*) FROM bad WHERE NOT kept")),
        doubts=int(store.one("SELECT count(*) FROM bad WHERE kept")),
        ignored=ignored,
        without_utc=int(store.one("SELECT count(*) FROM ledger WHERE at_utc IS NULL")),
    )


def evidence_columns(ledger: Ledger) -> None:
    """Makes the table `files`: number, name. Joined wherever a row's evidence is written."""
    values = ", ".join(f"({number}, {literal(name)})" for number, name in enumerate(ledger.names()))
    ledger.store.run(f"CREATE OR REPLACE TABLE files AS SELECT * FROM (VALUES {values}) AS f(number, name)")
