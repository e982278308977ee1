"""Small platforms for the tests of links: rows to files, a mapping, an open base; and the groups that came out."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from amparo.cases.tables.base import Base, open_base
from amparo.cases.tables.base_mapping import load_base_mapping

COLUMNS = {
    "accounts": ("account", "created", "handle", "name", "email", "phone", "locale", "zone", "country"),
    "identifiers": ("account", "kind", "value", "first", "last"),
    "events": ("account", "at", "kind", "address", "device", "country"),
    "payments": ("account", "at", "token", "issuer"),
}
Row = dict[str, str]


def write_platform(place: Path, tables: dict[str, Sequence[Row]]) -> None:
    """CSV files below place/in and place/mapping.toml, with only the tables and the columns that are used."""
    (place / "in").mkdir(parents=True, exist_ok=True)
    mapping = [
        'platform = "p"',
        "[time]",
        'zone = "UTC"',
        "[[mailbox]]",
        'domains = ["example.org"]',
        "dots = false",
        'tag = "+"',
    ]
    for table, rows in tables.items():
        used = [name for name in COLUMNS[table] if any(name in row for row in rows)] or list(COLUMNS[table])
        with (place / "in" / f"{table}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, [*used, "note"])
            writer.writeheader()
            writer.writerows({name: row.get(name, "") for name in used} | {"note": "x"} for row in rows)
        columns = ", ".join(f'{name} = "{name}"' for name in used)
        mapping += ["[[source]]", f'files = "{table}.csv"', f'table = "{table}"', f"columns = {{ {columns} }}"]
    (place / "mapping.toml").write_text("\n".join(mapping))


@contextmanager
def opened(place: Path, tables: dict[str, Sequence[Row]]) -> Iterator[Base]:
    write_platform(place, tables)
    with open_base(
        place / "in",
        load_base_mapping(place / "mapping.toml"),
        tables=("accounts", "identifiers", "events", "payments"),
    ) as base:
        yield base


def persons(out: Path) -> dict[str, str]:
    return dict(duckdb.sql(f"SELECT account_id, person FROM '{out}'").fetchall())


def groups(out: Path) -> set[frozenset[str]]:
    """The persons of more than one account."""
    by: dict[str, set[str]] = {}
    for account, person in persons(out).items():
        by.setdefault(person, set()).add(account)
    return {frozenset(each) for each in by.values() if len(each) > 1}


def table(out: Path, what: str) -> list[dict[str, object]]:
    """The rows of a table beside `out`."""
    found = duckdb.sql(f"SELECT * FROM '{out.with_name(f'{out.stem}.{what}.parquet')}'")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
