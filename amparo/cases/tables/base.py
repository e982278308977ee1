"""A platform's whole base: accounts, identifiers, events, payments, items, memberships and posts, of whatever shape they came in.

    with open_base(folder, load_base_mapping(mapping_file), tables=("accounts", "events")) as base:
        base.counts, base.store.rows("SELECT account, at_utc, file, row FROM events")

Tables and columns: docs/formats/platforms.md. Every row ends with its file (a number of `base.names()`) and its row there. What
could not be read stands in `bad`: file, row, problem, kept (whether the record stands all the same), raw.
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from amparo.cases.tables import reading
from amparo.cases.tables.base_mapping import BaseMapping, UnitTable
from amparo.cases.tables.base_record import RECORD, Held, Record, read_record
from amparo.cases.tables.networks import built_on, read_issuers, read_networks
from amparo.cases.tables.parts import make_part, part_rows
from amparo.cases.tables.shapes import EVERY, TABLES, UNIT_TABLES, columns_of
from amparo.cases.tables.store import MEMORY, Progress, Store, literal, opened, silent
from amparo.foundation.errors import Refused

OLD_DAYS = 366  # an address table older than the newest event by more is refused unless told


@dataclass(frozen=True)
class Base:
    """An open base. bad: rows of the table `bad`; lost of them are no records. lost_files: left out whole, with the reason."""

    store: Store
    mapping: BaseMapping
    files: tuple[reading.SourceFile, ...]
    left_out: tuple[tuple[str, str], ...]
    counts: dict[str, int]
    bad: int
    lost: int
    units: dict[str, dict[str, str]]

    @property
    def platform(self) -> str:
        return self.mapping.platform

    def names(self) -> tuple[str, ...]:
        """The file names, by the number that each row's `file` holds."""
        return tuple(file.name for file in self.files)

    def facts(self) -> dict[str, Any]:
        """What every run's JSON says of its inputs. Nothing in it depends on when or where it ran."""
        import duckdb

        return {
            "platform": self.platform,
            "mapping_sha256": self.mapping.digest,
            "files": [
                {"name": each.name, "sha256": each.sha256, "size_bytes": each.size_bytes, "source": each.source + 1}
                for each in self.files
                if each.sha256
            ],
            "left_out": [{"name": name, "why": why} for name, why in self.left_out],
            "rows": dict(sorted(self.counts.items())),
            "rows_left_out": self.lost,
            "rows_with_a_doubt": self.bad - self.lost,
            "unit_tables": self.units,
            "tools": {"python": platform.python_version(), "duckdb": duckdb.__version__},
        }


@contextmanager
def open_base(
    place: Path | reading.Folder,
    mapping: BaseMapping | None,
    *,
    tables: Collection[str] = EVERY,
    memory: str = MEMORY,
    spill: Path | None = None,
    progress: Progress = silent,
) -> Iterator[Base]:
    """The base in this folder, while the block runs; files that feed none of `tables` are not opened.

    mapping: None for a folder that import_base made. Refused or Missing, with what to do, where it can't be read.
    """
    if other := sorted(set(tables) - set(EVERY)):
        raise Refused(f"A base has no table {other[0]}; there are: {', '.join(EVERY)}.")
    if isinstance(place, Path) and (place / RECORD).is_file():
        with _imported(place, mapping, tables, memory, spill) as base:
            yield base
        return
    if mapping is None:
        raise Refused(
            "Give the platform's mapping: --mapping FILE. Only a folder made by amparo analyse import needs none."
        )
    wanted = {number for number, source in enumerate(mapping.sources) if source.table in tables}
    found = place if isinstance(place, reading.Folder) else reading.folder(place, mapping, wanted)
    unit = [each.file for each in (mapping.addresses, mapping.issuers) if each]
    readable = [file.read_from for file in found.files if file.source in wanted]
    with opened([*readable, *unit], spill, memory=memory) as store:
        held = []
        rows = 0
        for number, file in enumerate(found.files):
            if file.source in wanted:
                part = make_part(store, file, mapping.sources[file.source], store.work / f"part-{number}.parquet")
                held.append(Held(number, mapping.sources[file.source].table, part))
                rows += part.rows
                progress(f"read {file.name}", rows)
        yield assembled(store, mapping, found, held, tables)


@contextmanager
def _imported(
    place: Path, mapping: BaseMapping | None, tables: Collection[str], memory: str, spill: Path | None
) -> Iterator[Base]:
    """The base that import_base left in `place`: its parts where they lie."""
    record = read_record(place)
    if mapping and mapping.digest != record.mapping.digest:
        raise Refused(
            f"{place} was imported by another mapping ({record.mapping.digest[:12]}). Leave out --mapping, or import again."
        )
    held = [each for each in record.held if each.table in tables]
    files = [each.part.place for each in held] + [each.part.unread for each in held if each.part.unread]
    with opened([*files, *record.units.values()], spill, memory=memory) as store:
        # What is not opened is no input of this run.
        used = {each.file for each in held}
        of_run = tuple(file if at in used else replace(file, sha256="") for at, file in enumerate(record.folder.files))
        found = reading.Folder(of_run, record.folder.left_out)
        yield assembled(store, record.mapping, found, held, tables, record)


def assembled(
    store: Store,
    mapping: BaseMapping,
    found: reading.Folder,
    held: Sequence[Held],
    tables: Collection[str],
    record: Record | None = None,
) -> Base:
    """The base of these parts: views over them, the table `bad`, and the unit's own tables (from the record, if imported)."""
    bad, lost = _bad_table(store, held)
    counts = {}
    for table in TABLES:
        mine = [each for each in held if each.table == table]
        _view(store, table, mine)
        counts[table] = sum(each.part.rows - each.part.lost for each in mine)
    if counts["accounts"]:
        counts["accounts"], more = _once(store, counts["accounts"])
        counts["identifiers"] += more
    if record:
        units = _kept_tables(store, record, tables)
    else:
        units = unit_tables(store, mapping, tables, newest(store) if counts["events"] else None)
    for table in UNIT_TABLES:
        counts[table] = int(store.one(f"SELECT count(*) FROM {table}"))
    return Base(store, mapping, found.files, found.left_out, counts, bad, lost, units)


def _kept_tables(store: Store, record: Record, tables: Collection[str]) -> dict[str, dict[str, str]]:
    for table, columns in UNIT_TABLES.items():
        kept = record.units.get(table) if table in tables else None
        if kept:
            store.run(
                f"CREATE VIEW {table} AS SELECT * FROM read_parquet({literal(str(kept))}, hive_partitioning=false)"
            )
        else:
            store.run(f'CREATE TABLE {table} ({columns}, file INTEGER, "row" BIGINT)')
    return {name: told for name, told in record.told.items() if name in tables}


def newest(store: Store) -> date | None:
    """The day of the newest event."""
    found = store.one("SELECT CAST(max(coalesce(at_utc, at_wall)) AS DATE) FROM events")
    return found if isinstance(found, date) else None


def unit_tables(
    store: Store, mapping: BaseMapping, tables: Collection[str], newest_event: date | None
) -> dict[str, dict[str, str]]:
    """Makes `networks` and `issuers`; returns what is said of each in every run. Refused where the addresses are too old."""
    told = {}
    for table, columns in UNIT_TABLES.items():
        store.run(f'CREATE TABLE {table} ({columns}, file INTEGER, "row" BIGINT)')
    if mapping.addresses and "networks" in tables:
        check_age(mapping.addresses, newest_event)
        told["networks"] = read_networks(store, mapping.addresses)
    if mapping.issuers and "issuers" in tables:
        told["issuers"] = read_issuers(store, mapping.issuers)
    return told


def check_age(addresses: UnitTable, newest_event: date | None) -> None:
    """Refused where the addresses are older than the newest event by more than a year, and the mapping doesn't accept that."""
    unit = built_on(addresses)
    if newest_event and newest_event - unit.day > timedelta(days=OLD_DAYS) and not unit.accept_old:
        raise Refused(
            f"The address table {unit.name!r} is of {unit.day}, the newest event of {newest_event}: addresses have "
            "moved since. Give a newer table in [addresses], or say accept_old = true there to go on with this one."
        )


def _view(store: Store, table: str, held: Sequence[Held]) -> None:
    names = ", ".join(f'"{name}"' for name, _ in columns_of(table))
    parts = [
        f'SELECT {names}, {each.file}::INTEGER AS file, "row" FROM ({part_rows(each.part.place, table, each.part.numbered)})'
        + (" WHERE _lost IS NULL" if each.part.lost else "")
        for each in held
    ]
    if not parts:
        typed = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns_of(table))
        parts = [f'SELECT {typed}, 0::INTEGER AS file, 0::BIGINT AS "row" WHERE false']
    store.run(f"CREATE VIEW {table} AS {' UNION ALL '.join(parts)}")


def _bad_table(store: Store, held: Sequence[Held]) -> tuple[int, int]:
    store.run('CREATE TABLE bad (file INTEGER, "row" BIGINT, problem VARCHAR, kept BOOLEAN, raw VARCHAR)')
    for each in held:
        if each.part.lost or each.part.doubts:
            store.run(
                f'INSERT INTO bad SELECT {each.file}, "row", coalesce(_lost, _doubt), _lost IS NULL, _raw FROM '
                f"({part_rows(each.part.place, each.table, each.part.numbered)}) "
                'WHERE _lost IS NOT NULL OR _doubt IS NOT NULL ORDER BY "row"'
            )
        if each.part.unread:
            store.run(
                f'INSERT INTO bad SELECT {each.file}, "row", problem, false, raw FROM '
                f'read_parquet({literal(str(each.part.unread))}) ORDER BY "row"'
            )
    lost, every = store.rows("SELECT count(*) FILTER (NOT kept), count(*) FROM bad")[0]
    return int(every), int(lost)


_FURTHER = (("email", "email"), ("phone", "phone"), ("handle", "handle"))


def _once(store: Store, count: int) -> tuple[int, int]:
    """Each account stands once, by its first row; what its other rows say otherwise becomes further identifiers.

    Returns the number of accounts and of such identifiers.
    """
    if int(store.one("SELECT count(DISTINCT account) FROM accounts")) == count:
        return count, 0
    store.run(
        'CREATE TABLE account_rows AS SELECT *, row_number() OVER (PARTITION BY account ORDER BY file, "row") AS nth '
        "FROM accounts"
    )
    store.run("ALTER VIEW identifiers RENAME TO stated_identifiers")
    store.run("DROP VIEW accounts")
    store.run('CREATE TABLE accounts AS SELECT * EXCLUDE (nth) FROM account_rows WHERE nth = 1 ORDER BY file, "row"')
    more = " UNION ALL ".join(
        f"SELECT m.account, '{kind}' AS kind, m.{column} AS value, m.created_utc, m.created_wall, NULL::TIMESTAMP, "
        f'NULL::TIMESTAMP, m.file, m."row" FROM account_rows m JOIN accounts a USING (account) '
        f"WHERE m.nth > 1 AND m.{column} IS DISTINCT FROM a.{column} AND m.{column} IS NOT NULL"
        for column, kind in _FURTHER
    )
    store.run(f'CREATE TABLE further AS SELECT * FROM ({more}) ORDER BY file, "row", kind')
    store.run("DROP TABLE account_rows")
    store.run("CREATE VIEW identifiers AS SELECT * FROM stated_identifiers UNION ALL SELECT * FROM further")
    return int(store.one("SELECT count(*) FROM accounts")), int(store.one("SELECT count(*) FROM further"))


def evidence_files(base: Base) -> None:
    """Makes the table `files`: number, name. Joined wherever a row's evidence is written."""
    values = ", ".join(f"({number}, {literal(name)})" for number, name in enumerate(base.names())) or "(0, '')"
    base.store.run(f"CREATE OR REPLACE TABLE files AS SELECT * FROM (VALUES {values}) AS f(number, name)")


def write_bad_rows(base: Base, out: Path) -> int:
    """Writes every row that is no record, or stands with a doubt, with its file; returns how many."""
    evidence_files(base)
    return base.store.parquet(
        'SELECT f.name AS file, b."row", b.problem, b.kept, b.raw FROM bad b JOIN files f ON f.number = b.file '
        'ORDER BY b.file, b."row", b.problem',
        out,
    )
