"""Dossiers of a planted platform beside DuckDB's bare partitioned copy, a loop of queries, and pandas.

    .venv/bin/python -m benchmarks.dossiers [--accounts 10000,100000] [--seed 7] [--repeats 2] [--keep DIR]

All write the same columns of accounts, events and payments by country, as zstd Parquet. Ours also sorts them, writes the CSV
files, the READMEs and the manifests; "cutting" is the gathering, the sort and the Parquet files alone. The bare copy (COPY ...
PARTITION_BY) joins and cuts, unsorted. CPU seconds of processes of their own, the lowest of the repeats; the ratio is the
result. Byte stability is of two runs. What all need alike (opening the base, countries) is not counted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amparo.cases.linkage import dossiers
from amparo.cases.linkage.countries import write_countries
from amparo.cases.linkage.dossiers import COLUMNS, DOSSIER_TABLES, write_dossiers
from amparo.cases.linkage.dossiers_tables import ACCOUNT_COLUMNS, account_table
from amparo.cases.tables.base import Base, open_base
from amparo.cases.tables.base_mapping import load_base_mapping
from amparo.cases.tables.store import Store, literal
from benchmarks.countries import platform


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", default="10000,100000")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="where platforms are made, and looked for")
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "PLATFORM", "OUT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one[0], Path(asked.one[1]), Path(asked.one[2]))))
        return 0
    rows = []
    with tempfile.TemporaryDirectory() as made:
        for accounts in map(int, asked.accounts.split(",")):
            folder = platform(asked.keep or Path(made), accounts, asked.seed, hidden=False)
            with opened(folder) as base:
                write_countries(base, folder / "countries.parquet")
            rows.append({"accounts": accounts, "seed": asked.seed} | compared(folder, asked.repeats))
            print(json.dumps(rows[-1]), flush=True)
    print(json.dumps(rows))
    return 0


def opened(folder: Path) -> Any:
    return open_base(folder / "platform", load_base_mapping(folder / "mapping.toml"), tables=DOSSIER_TABLES)


def compared(folder: Path, repeats: int) -> dict[str, Any]:
    """Every engine's lowest CPU, its peak, and ours as ratios of the bare copy."""
    found: dict[str, Any] = {}
    for engine in ENGINES:
        runs = []
        for _ in range(repeats):
            with tempfile.TemporaryDirectory(dir=folder) as out:
                command = [sys.executable, "-m", "benchmarks.dossiers", "--one", engine, str(folder), out]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                runs.append(json.loads(done.stdout.splitlines()[-1]))
        found[engine] = {
            "CPU s": min(run["CPU s"] for run in runs),
            "peak GiB": max(run["peak GiB"] for run in runs),
            "files": runs[0]["files"],
            "same bytes": len({run["bytes"] for run in runs}) == 1,
        }
    bare = found["DuckDB PARTITION_BY"]["CPU s"]
    return found | {"ratio to bare": {engine: round(found[engine]["CPU s"] / bare, 2) for engine in ENGINES}}


def one(engine: str, folder: Path, out: Path) -> dict[str, Any]:
    """One run of one engine into `out`."""
    with opened(folder) as base:
        if engine != "amparo":  # its own step makes the table that others are given
            account_table(base.store, folder / "countries.parquet", None, "country")
        began = _cpu()
        place = ENGINES[engine](base, folder, out)
        used = _cpu() - began
        return _told(place, used)


def _told(place: Path, used: float) -> dict[str, Any]:
    files = sorted(path for path in place.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(place).as_posix().encode())
        digest.update(file.read_bytes())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    return {"CPU s": round(used, 2), "peak GiB": round(peak, 2), "files": len(files), "bytes": digest.hexdigest()}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _ours(base: Base, folder: Path, out: Path) -> Path:
    write_dossiers(base, out / "d.parquet", countries=folder / "countries.parquet")
    return out / "d.dossiers"


def _cutting(base: Base, folder: Path, out: Path) -> Path:
    """Ours without the tables that all are given, and without what the bare copy does not write."""
    store = base.store
    dossiers.tables.event_table(store, base.names())
    dossiers.tables.payment_table(store, base.names())
    for dossier in dossiers._dossiers(store, "country", linked=False):  # noqa: SLF001
        (out / dossier.name).mkdir()
        for table, rows in (("accounts", dossier.accounts), ("events", dossier.events), ("payments", dossier.payments)):
            if rows:
                query = dossiers.rows_of(store, table, _quoted(COLUMNS[table]), dossier.held, rows)
                dossiers._file(store, query, out / dossier.name / f"{table}.parquet")  # noqa: SLF001
    return out


def _quoted(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _selected(base: Base, table: str) -> str:
    """The rows of a table with their dossier, unsorted."""
    if table == "accounts":
        return f"SELECT {_quoted(ACCOUNT_COLUMNS)}, dossier FROM dossier_accounts"
    key = "e" if table == "events" else "p"
    names = ", ".join(literal(name) for name in base.names())
    given = {
        "account_id": f"{key}.account AS account_id",
        "file": f"[{names}][{key}.file + 1] AS file",
        "row": f'{key}."row"',
    }
    given |= {"complete": "address IS NOT NULL AND port IS NOT NULL AND at_utc IS NOT NULL AS complete"}
    given |= {"logged_country": f"{key}.country AS logged_country"}
    columns = ", ".join(given.get(name, f'{key}."{name}"') for name in COLUMNS[table])
    return f"SELECT {columns}, a.dossier FROM {table} {key} JOIN dossier_accounts a ON a.account_id = {key}.account"


def _bare(base: Base, folder: Path, out: Path) -> Path:
    for table in COLUMNS:
        _copy(base.store, _selected(base, table), table, "PARTITION_BY (dossier), OVERWRITE_OR_IGNORE, ")
    return base.store.work / "bare"


def _loop(base: Base, folder: Path, out: Path) -> Path:
    """A sorted query for each country and table."""
    for (name,) in base.store.rows("SELECT DISTINCT dossier FROM dossier_accounts ORDER BY 1"):
        for table in COLUMNS:
            order = "account_id" if table == "accounts" else "account_id, at_utc"
            query = f"SELECT * FROM ({_selected(base, table)}) WHERE dossier = {literal(name)} ORDER BY {order}"
            _copy(base.store, query, f"{name}-{table}.parquet", "")
    return base.store.work / "bare"


def _copy(store: Store, query: str, name: str, how: str) -> None:
    (store.work / "bare").mkdir(exist_ok=True)
    target = literal(str(store.work / "bare" / name))
    store.run(f"COPY ({query}) TO {target} (FORMAT parquet, {how}COMPRESSION zstd, COMPRESSION_LEVEL 1)")


def _pandas(base: Base, folder: Path, out: Path) -> Path:
    for table in COLUMNS:
        frame = base.store.con.execute(_selected(base, table)).df()
        order = ["account_id"] if table == "accounts" else ["account_id", "at_utc"]
        for name, some in frame.groupby("dossier"):
            some.sort_values(order).to_parquet(out / f"{name}-{table}.parquet", compression="zstd", compression_level=1)
    return out


ENGINES: dict[str, Callable[[Base, Path, Path], Path]] = {
    "DuckDB PARTITION_BY": _bare,
    "amparo, cutting": _cutting,
    "amparo": _ours,
    "DuckDB, a query a country": _loop,
    "pandas": _pandas,
}

if __name__ == "__main__":
    sys.exit(main())
