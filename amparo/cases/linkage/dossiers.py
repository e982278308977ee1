"""Dossiers: a platform's accounts cut by country (or by person), each with its events and payments, ready to be handed over.

    with open_base(folder, mapping, tables=DOSSIER_TABLES) as base:
        write_dossiers(base, Path("dossiers.parquet"), links=None, countries=Path("countries.parquet"))

Accounts are numbered in the order of the dossiers, and rows are gathered by these numbers, so that a thousand dossiers cost little
more than one; the same inputs give the same bytes. Accounts and persons are counted apart, everywhere.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.cases.linkage import dossiers_tables as tables
from amparo.cases.linkage.countries import COUNTRY_TABLES, write_countries
from amparo.cases.linkage.dossiers_rows import Accounts, in_order, rows_at_once, sorted_apart
from amparo.cases.linkage.dossiers_tables import ACCOUNT_COLUMNS, EVENT_COLUMNS, NOBODY, PAYMENT_COLUMNS
from amparo.cases.tables.base import Base
from amparo.cases.tables.runs import as_json, beside, write_run
from amparo.cases.tables.store import PACKED, ROW_GROUP, Progress, Store, literal, silent
from amparo.foundation.durable import sync_folder, write_whole
from amparo.foundation.errors import Missing, Refused

VERSION = 1  # of the written columns
DOSSIER_TABLES = (*COUNTRY_TABLES, "items")
MOST_DOSSIERS = 10_000
MOST_CSV_EVENTS = 100_000  # what a spreadsheet still opens; the Parquet file holds them in any case
BY = ("country", "person")
MARK = "dossiers.json"
COLUMNS = {"accounts": ACCOUNT_COLUMNS, "events": EVENT_COLUMNS, "payments": PAYMENT_COLUMNS}


@dataclass(frozen=True)
class Dossier:
    """held: the numbers of its accounts. The rest are counts; persons is None where no links were given."""

    name: str
    held: Accounts
    accounts: int
    persons: int | None
    events: int
    payments: int


def write_dossiers(
    base: Base,
    out: Path,
    *,
    links: Path | None = None,
    countries: Path | None = None,
    by: str = "country",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Writes `out` and the folder beside it that holds the dossiers; returns the run. Same inputs, same bytes.

    countries: what `write_countries` wrote; made beside `out` where it is None. links: for persons; needed for by="person", which
    writes a dossier for each person of several accounts. Refused where there would be more than MOST_DOSSIERS.
    """
    if by not in BY:
        raise Refused(f"Dossiers are cut by {' or by '.join(BY)}, not by {by}.")
    if by == "person" and links is None:
        raise Missing("Dossiers by person need links: give the file that `amparo analyse links` wrote.")
    folder = beside(out, "dossiers")
    _may_replace(folder)
    if countries is None:
        countries = beside(out, "countries.parquet")
        write_countries(base, countries, progress=progress)
    store = base.store
    said = tables.number_accounts(store, countries, links, by)
    _of_this_base(store, countries)
    tables.event_table(store, base.names())
    tables.payment_table(store, base.names())
    progress("gathered events", int(store.one("SELECT count(*) FROM gathered_events")))
    tables.summarise(store, "gathered_events", "gathered_payments")
    tables.described_accounts(store, said)
    listed = ", ".join(f'"{name}"' for name in ACCOUNT_COLUMNS)
    count = store.parquet(f"SELECT dossier, {listed} FROM dossier_accounts", out)
    progress("written accounts", count)
    dossiers = _dossiers(store, by, linked=links is not None)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        entries = _cut(store, dossiers, fresh, by, base.platform, progress)
        listing = {"by": by, "platform": base.platform, "version": VERSION, "dossiers": entries}
        write_whole(fresh / MARK, as_json(listing))
        if folder.exists():
            shutil.rmtree(folder)
        fresh.replace(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    sync_folder(folder.parent)
    run = base.facts() | {
        "engine": "dossiers",
        "version": VERSION,
        "parameters": {"by": by, "links": _digest(links), "countries": _digest(countries)},
        "figures": _figures(store, linked=links is not None),
        "written": {"accounts": count, "dossiers": len(entries), "folder": folder.name},
    }
    return write_run(out, run)


def _may_replace(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not (folder / MARK).is_file()):
        raise Refused(f"{folder} is there and holds no dossiers. Move it away, or give another --out.")


def _of_this_base(store: Store, countries: Path) -> None:
    """Refused where the given answers leave out accounts of the base, which would then stand in no dossier."""
    lost = store.one("SELECT count(*) FROM accounts a ANTI JOIN dossier_numbers d ON d.account_id = a.account")
    if lost:
        raise Refused(
            f"{countries.name} says nothing of {lost} accounts of this base: it was made of another. Run `amparo analyse "
            "countries` on this one first."
        )


def _dossiers(store: Store, by: str, *, linked: bool) -> list[Dossier]:
    """In the order of their names. By person, accounts of nobody with several are in none."""
    rows = store.rows(
        "SELECT dossier, min(n), max(n), count(*), count(DISTINCT person), sum(events)::BIGINT, sum(payments)::BIGINT "
        "FROM dossier_accounts GROUP BY dossier ORDER BY dossier"
    )
    found = [
        Dossier(name, Accounts(first, last), accounts, persons if linked else None, events, payments)
        for name, first, last, accounts, persons, events, payments in rows
        if by == "country" or name != NOBODY
    ]
    if len(found) > MOST_DOSSIERS:
        raise Refused(f"There would be {len(found)} dossiers, more than {MOST_DOSSIERS}. Cut by country instead.")
    return found


def _cut(
    store: Store, dossiers: list[Dossier], folder: Path, by: str, platform: str, progress: Progress
) -> list[dict[str, Any]]:
    """Writes every dossier's folder; returns what the listing says of each."""
    entries = []
    told = {table: tables.told(store, f"dossier_{table}", columns) for table, columns in COLUMNS.items()}
    for number, dossier in enumerate(dossiers):
        place = (
            folder / f"{number:05}" if "/" in dossier.name or dossier.name.startswith(".") else folder / dossier.name
        )
        place.mkdir(parents=True, mode=0o700)
        sums: dict[str, str] = {}
        for table, rows in (("accounts", dossier.accounts), ("events", dossier.events), ("payments", dossier.payments)):
            if rows:
                sums |= _files(store, table, told[table], dossier.held, rows, place)
        entry = _entry(dossier, place.name)
        sums["README.txt"] = _text(place / "README.txt", _readme(dossier, platform, sums))
        manifest = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        entries.append(entry | {"manifest_sha256": _text(place / "manifest-sha256.txt", manifest)})
        progress(f"written {dossier.name}", number + 1)
    return entries


def _files(store: Store, table: str, told: str, held: Accounts, rows: int, place: Path) -> dict[str, str]:
    """Writes a dossier's rows of one table; the digests of the files by their names."""
    sums = {}
    files = {f"{table}.parquet": _quoted(COLUMNS[table]), f"{table}.csv": told}
    if table == "events" and rows > MOST_CSV_EVENTS:
        del files[f"{table}.csv"]
    for name, columns in files.items():
        sums[name] = _file(store, rows_of(store, table, columns, held, rows), place / name)
    return sums


def rows_of(store: Store, table: str, columns: str, held: Accounts, rows: int) -> str:
    """The query for these columns of the accounts' rows in `dossier_<table>`, in the order that a dossier has."""
    if table == "accounts":
        return f"SELECT {columns} FROM dossier_accounts WHERE n BETWEEN {held.first} AND {held.last}"
    if rows <= rows_at_once(store):
        return in_order(f"dossier_{table}", columns, held)
    return sorted_apart(store, f"dossier_{table}", columns, held, rows)


def _quoted(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _file(store: Store, query: str, target: Path) -> str:
    """The digest of the file that is written, readable by the owner alone."""
    made = store.work / "dossier-file"
    shape = f"FORMAT parquet, COMPRESSION {PACKED}, ROW_GROUP_SIZE {ROW_GROUP}"
    if target.suffix == ".csv":
        shape = "FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"'"
    store.run(f"COPY ({query}) TO {literal(str(made))} ({shape})")
    digest = hashlib.sha256()
    with (
        made.open("rb") as source,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written,
    ):
        while piece := source.read(1 << 20):
            digest.update(piece)
            written.write(piece)
    made.unlink()
    return digest.hexdigest()


def _text(target: Path, text: str) -> str:
    data = text.encode()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(data)
    return hashlib.sha256(data).hexdigest()


def _entry(dossier: Dossier, folder: str) -> dict[str, Any]:
    return {
        "dossier": dossier.name,
        "folder": folder,
        "accounts": dossier.accounts,
        "persons": dossier.persons,
        "events": dossier.events,
        "payments": dossier.payments,
    }


def _readme(dossier: Dossier, platform: str, files: dict[str, str]) -> str:
    entry = _entry(dossier, dossier.name)
    persons = "not counted: no links were given" if dossier.persons is None else f"{dossier.persons} (as linked)"
    about = "accounts that are not attributed to any country" if dossier.name == NOBODY else f"dossier {dossier.name}"
    lines = [
        f"{platform}: {about}",
        "",
        f"Accounts: {dossier.accounts}. Persons: {persons}. An account is not a person.",
        f"Events: {entry['events']}. Payments: {entry['payments']}.",
        "",
        "What is said of an account's country is an assessment with its confidence, not a fact about anybody. An address without",
        "port and exact second identifies nobody: see `complete`.",
        "Check the files with `sha256sum -c manifest-sha256.txt`. In the CSV files a cell that a spreadsheet would run as a",
        "formula begins with an apostrophe; lists are parted by semicolons. The Parquet files hold every text as it was.",
    ]
    if "events.parquet" in files and "events.csv" not in files:
        lines.append(f"There are more than {MOST_CSV_EVENTS} events: they are in the Parquet file only.")
    for name, columns in COLUMNS.items():
        if f"{name}.parquet" in files:
            lines += ["", f"{name}:", *(f"  {column}: {words}" for column, words in columns.items())]
    return "\n".join(lines) + "\n"


def _figures(store: Store, *, linked: bool) -> list[dict[str, Any]]:
    """By country, accounts and persons apart. A person with accounts in two countries counts in both."""
    rows = store.rows(
        "SELECT country, count(*), count(DISTINCT person), sum(events), sum(payments), sum(uploads), sum(address_events_complete), "
        "sum(address_events_incomplete) FROM dossier_accounts GROUP BY country ORDER BY country NULLS LAST"
    )
    names = (
        "country",
        "accounts",
        "persons",
        "events",
        "payments",
        "uploads",
        "address_events_complete",
        "address_events_incomplete",
    )
    figures = [dict(zip(names, (row[0], *map(int, row[1:])), strict=True)) for row in rows]
    return [figure | ({} if linked else {"persons": None}) for figure in figures]


def _digest(file: Path | None) -> dict[str, str] | None:
    if file is None:
        return None
    with file.open("rb") as opened:
        return {"name": file.name, "sha256": hashlib.file_digest(opened, "sha256").hexdigest()}
