"""Dossiers: a platform's accounts cut by country (or by person), each with its events and payments, ready to be handed over.

    with open_base(folder, mapping, tables=DOSSIER_TABLES) as base:
        write_dossiers(base, Path("dossiers.parquet"), links=None, countries=Path("countries.parquet"))

Everything is sorted once and cut by its place in that order, so that a thousand dossiers cost little more than one, and the same
inputs give the same bytes. Accounts and persons are counted apart, everywhere.
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
from amparo.cases.linkage.dossiers_tables import ACCOUNT_COLUMNS, EVENT_COLUMNS, NOBODY, PAYMENT_COLUMNS
from amparo.cases.tables.base import Base
from amparo.cases.tables.runs import as_json, beside, write_run
from amparo.cases.tables.store import ROW_GROUP, Progress, Store, literal, silent
from amparo.foundation.durable import sync_folder, write_whole
from amparo.foundation.errors import Missing, Refused

VERSION = 1  # of the written columns
DOSSIER_TABLES = (*COUNTRY_TABLES, "items")
MOST_DOSSIERS = 10_000
MOST_CSV_EVENTS = 100_000  # what a spreadsheet still opens; the Parquet file holds them in any case
BY = ("country", "person")
MARK = "dossiers.json"


@dataclass(frozen=True)
class Dossier:
    """first, last: places of its accounts. events, payments: places of its rows, and whether there are any."""

    name: str
    first: int
    last: int
    accounts: int
    persons: int | None
    events: tuple[int, int] | None
    payments: tuple[int, int] | None


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
    tables.account_table(store, countries, links, by)
    _of_this_base(store, countries)
    listed = ", ".join(f'"{name}"' for name in ACCOUNT_COLUMNS)
    count = store.parquet(f"SELECT dossier, {listed} FROM dossier_accounts ORDER BY n", out)
    progress("written accounts", count)
    tables.event_table(store, base.names())
    tables.payment_table(store, base.names())
    progress("sorted events", int(store.one("SELECT count(*) FROM dossier_events")))
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
    lost = store.one("SELECT count(*) FROM accounts a ANTI JOIN dossier_accounts d ON d.account_id = a.account")
    if lost:
        raise Refused(
            f"{countries.name} says nothing of {lost} accounts of this base: it was made of another. Run `amparo analyse "
            "countries` on this one first."
        )


def _dossiers(store: Store, by: str, *, linked: bool) -> list[Dossier]:
    """In the order of their names. By person, accounts of nobody with several are in none."""
    rows = store.rows(
        "WITH e AS (SELECT a.dossier, min(e.rowid) AS low, max(e.rowid) AS high FROM dossier_events e JOIN dossier_accounts a "
        "ON a.n = e.n GROUP BY a.dossier), p AS (SELECT a.dossier, min(p.rowid) AS low, max(p.rowid) AS high "
        "FROM dossier_payments p JOIN dossier_accounts a ON a.n = p.n GROUP BY a.dossier) "
        "SELECT a.dossier, min(a.n), max(a.n), count(*), count(DISTINCT a.person), any_value(e.low), any_value(e.high), "
        "any_value(p.low), any_value(p.high) FROM dossier_accounts a LEFT JOIN e ON e.dossier = a.dossier "
        "LEFT JOIN p ON p.dossier = a.dossier GROUP BY a.dossier ORDER BY a.dossier"
    )
    found = [
        Dossier(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4] if linked else None,
            None if row[5] is None else (row[5], row[6]),
            None if row[7] is None else (row[7], row[8]),
        )
        for row in rows
        if by == "country" or row[0] != NOBODY
    ]
    if len(found) > MOST_DOSSIERS:
        raise Refused(f"There would be {len(found)} dossiers, more than {MOST_DOSSIERS}. Cut by country instead.")
    return found


def _cut(
    store: Store, dossiers: list[Dossier], folder: Path, by: str, platform: str, progress: Progress
) -> list[dict[str, Any]]:
    """Writes every dossier's folder; returns what the listing says of each."""
    accounts = {
        "accounts.parquet": _quoted(ACCOUNT_COLUMNS),
        "accounts.csv": tables.told(store, "dossier_accounts", ACCOUNT_COLUMNS),
    }
    events = {
        "events.parquet": _quoted(EVENT_COLUMNS),
        "events.csv": tables.told(store, "dossier_events", EVENT_COLUMNS),
    }
    payments = {
        "payments.parquet": _quoted(PAYMENT_COLUMNS),
        "payments.csv": tables.told(store, "dossier_payments", PAYMENT_COLUMNS),
    }
    entries = []
    for number, dossier in enumerate(dossiers):
        place = (
            folder / f"{number:05}" if "/" in dossier.name or dossier.name.startswith(".") else folder / dossier.name
        )
        place.mkdir(parents=True, mode=0o700)
        sums = {}
        spans = [("dossier_accounts", (dossier.first, dossier.last), accounts)]
        if dossier.events:
            few = dossier.events[1] - dossier.events[0] < MOST_CSV_EVENTS
            spans.append(
                ("dossier_events", dossier.events, events if few else {"events.parquet": events["events.parquet"]})
            )
        if dossier.payments:
            spans.append(("dossier_payments", dossier.payments, payments))
        for table, (low, high), files in spans:
            for name, columns in files.items():
                sums[name] = _file(
                    store, f"SELECT {columns} FROM {table} WHERE rowid BETWEEN {low} AND {high}", place / name
                )
        entry = _entry(dossier, place.name)
        sums["README.txt"] = _text(place / "README.txt", _readme(dossier, platform, sums))
        manifest = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        entries.append(entry | {"manifest_sha256": _text(place / "manifest-sha256.txt", manifest)})
        progress(f"written {dossier.name}", number + 1)
    return entries


def _quoted(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _file(store: Store, query: str, target: Path) -> str:
    """The digest of the file that is written, readable by the owner alone."""
    made = store.work / "dossier-file"
    shape = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP}"
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
    def rows(span: tuple[int, int] | None) -> int:
        return span[1] - span[0] + 1 if span else 0

    return {
        "dossier": dossier.name,
        "folder": folder,
        "accounts": dossier.accounts,
        "persons": dossier.persons,
        "events": rows(dossier.events),
        "payments": rows(dossier.payments),
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
    for name, columns in (("accounts", ACCOUNT_COLUMNS), ("events", EVENT_COLUMNS), ("payments", PAYMENT_COLUMNS)):
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
