"""From a platform's CSV to checked Parquet, and what a new file costs, beside DuckDB's own copy, pandas and polars.

    .venv/bin/python -m benchmarks.base [--accounts 10k,100k] [--shapes csv,jsonl,parquet] [--repeats 3] [--seed 7] [--work DIR]

Every measurement is a process of its own, in turns; CPU seconds (user and system, all threads), medians, and the ratio of the
least, which a busy machine disturbs less; peak memory of the process. The peers copy the events alone, unchecked: no bad rows, no
evidence, no order; DuckDB into the same types as ours, told beforehand, in the same row groups, as zstd of its own level (3) and
of ours (1). "ours" reads, checks and keeps the same files with their digests. Of JSON lines and Parquet, DuckDB's copy alone
stands beside. The last line is one JSON object. At 1.8M accounts the events are 1.6 GB as CSV.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amparo.cases.tables.store import PACKED

TURNS = ("ours", "ours, all tables", "duckdb", "duckdb, packed as ours", "polars", "pandas")
SHAPES = {"csv": ["--csv"], "jsonl": ["--jsonl"], "parquet": []}  # how benchmarks.platform is asked for each
TYPES = dict.fromkeys(("user_id", "kind", "ip", "device", "country", "item"), "VARCHAR")


def main() -> int:
    asked = _arguments()
    if asked.measure:
        print(json.dumps(_measured(asked.measure, asked.work)))
        return 0
    result: dict[str, Any] = {"benchmark": "base", "seed": asked.seed}
    for accounts in asked.accounts:
        result[str(accounts)] = {}
        for shape in asked.shapes:
            with tempfile.TemporaryDirectory(dir=asked.work, prefix="base-") as made:
                _make(Path(made), accounts, asked.seed, shape)
                measured = _whole if shape == "csv" else _events_alone
                result[str(accounts)] |= measured(Path(made), shape, asked.repeats)
        print(f"## {accounts:,} accounts\n")
        for name, value in result[str(accounts)].items():
            print(f"{name:<50} {value}")
        print(flush=True)
    print(json.dumps(result))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", default="10k,100k", type=lambda text: [_number(each) for each in text.split(",")])
    parser.add_argument("--shapes", default="csv", type=lambda text: text.split(","))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--work", type=Path, help="a folder with room")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    return parser.parse_args()


def _number(text: str) -> int:
    return int(float(text.rstrip("kM")) * {"k": 1e3, "M": 1e6}.get(text[-1], 1))


def _make(place: Path, accounts: int, seed: int, shape: str) -> None:
    # In a process of its own: a child's peak begins at its parent's.
    asked = ["--accounts", str(accounts), "--seed", str(seed), "--out", str(place / "raw"), *SHAPES[shape]]
    subprocess.run([sys.executable, "-m", "benchmarks.platform", *asked], check=True, capture_output=True)


def _events(place: Path) -> list[Path]:
    return sorted((place / "raw" / "platform").glob("events-*"))


def _turns(place: Path, names: tuple[str, ...], repeats: int) -> dict[str, list[dict[str, float]]]:
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            taken[name].append(_in_a_process(name, place))
    return taken


def _least(taken: dict[str, list[dict[str, float]]], name: str, other: str) -> float:
    return round(min(each["cpu_s"] for each in taken[name]) / min(each["cpu_s"] for each in taken[other]), 2)


def _told(taken: dict[str, list[dict[str, float]]], before: str = "") -> tuple[dict[str, float], dict[str, Any]]:
    cpu = {name: statistics.median(each["cpu_s"] for each in runs) for name, runs in taken.items()}
    peak = {name: max(each["peak_gib"] for each in runs) for name, runs in taken.items()}
    return cpu, {f"{before}{name}": f"{cpu[name]:.2f} CPU s, {peak[name]:.2f} GiB" for name in taken}


def _events_alone(place: Path, shape: str, repeats: int) -> dict[str, Any]:
    taken = _turns(place, ("ours", "duckdb"), repeats)
    cpu, told = _told(taken, f"{shape}: ")
    size_mb = sum(each.stat().st_size for each in _events(place)) / 1e6
    return (
        {f"{shape}: events_mb": round(size_mb, 1)}
        | told
        | {
            f"{shape}: ours / duckdb's own copy": round(cpu["ours"] / cpu["duckdb"], 2),
            f"{shape}: the same, least of each": _least(taken, "ours", "duckdb"),
        }
    )


def _whole(place: Path, shape: str, repeats: int) -> dict[str, Any]:
    events = _events(place)
    size_mb = sum(each.stat().st_size for each in events) / 1e6
    taken = _turns(place, TURNS, repeats)
    # A new file of a hundredth: the last lines of the last one, once more under another name.
    _in_a_process("ours, kept", place)
    count = int(_in_a_process("open", place)["rows"])
    lines = events[-1].read_text().splitlines(keepends=True)
    new = events[-1].with_name("events-new.csv")
    new.write_text("".join([lines[0], *lines[-max(1, count // 100) :]]))
    again = _in_a_process("ours, kept", place)
    opened = _in_a_process("open", place)
    cpu, told = _told(taken)
    told = {"events": count, "events_mb": round(size_mb, 1)} | told
    told["ours / duckdb's own copy (goal 1.3)"] = round(cpu["ours"] / cpu["duckdb"], 2)
    told["the same, least of each"] = _least(taken, "ours", "duckdb")
    told["ours / duckdb's copy packed as ours"] = round(cpu["ours"] / cpu["duckdb, packed as ours"], 2)
    told["ours / polars"] = round(cpu["ours"] / cpu["polars"], 2)
    told["ours / pandas"] = round(cpu["ours"] / cpu["pandas"], 2)
    told["MB a CPU second (goal 100)"] = round(size_mb / cpu["ours"], 1)
    told["DuckDB's copy, MB a CPU second"] = round(size_mb / cpu["duckdb"], 1)
    told["all tables, MB a CPU second"] = round(taken["ours, all tables"][0]["mb"] / cpu["ours, all tables"], 1)
    told["a new file of 1 %: of a whole import (goal 0.05)"] = round(again["cpu_s"] / cpu["ours, all tables"], 3)
    told["open an import, count its events' accounts"] = f"{opened['cpu_s']:.2f} CPU s, {opened['peak_gib']:.2f} GiB"
    return told


def _in_a_process(name: str, place: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.base", "--measure", name, "--work", str(place)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(name: str, place: Path) -> dict[str, float]:
    """Imports are done before the clock starts."""
    raw = place / "raw"
    work: Callable[[], int | None] = {
        "ours": lambda: _ours(raw, place / "out", ("events",)),
        "ours, all tables": lambda: _ours(raw, place / "out", ()),
        "ours, kept": lambda: _ours(raw, place / "kept", ()),
        "duckdb": lambda: _duckdb(raw, place / "out"),
        "duckdb, packed as ours": lambda: _duckdb(raw, place / "out", PACKED),
        "polars": lambda: _polars(raw, place / "out"),
        "pandas": lambda: _pandas(raw, place / "out"),
        "open": lambda: _open(place / "kept"),
    }[name]
    shutil.rmtree(place / "out", ignore_errors=True)
    (place / "out").mkdir()
    for module in {"polars": ("polars",), "pandas": ("pandas", "pyarrow.parquet")}.get(
        name, ("duckdb", "numpy", "amparo.cases.tables.base_import")
    ):
        __import__(module)
    began = time.process_time()
    rows = work()
    taken = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    files = [each.stat().st_size for each in (raw / "platform").iterdir()]
    return {"cpu_s": taken, "peak_gib": peak, "mb": sum(files) / 1e6, "rows": rows or 0}


def _ours(raw: Path, out: Path, tables: tuple[str, ...]) -> None:
    from dataclasses import replace

    from amparo.cases.tables.base_import import import_base
    from amparo.cases.tables.base_mapping import load_base_mapping

    mapping = load_base_mapping(raw / "mapping.toml")
    if tables:
        wanted = tuple(each for each in mapping.sources if each.table in tables)
        mapping = replace(mapping, sources=wanted, addresses=None, issuers=None)
    import_base(raw / "platform", mapping, out)


def _duckdb(raw: Path, out: Path, compression: str = "zstd") -> None:
    import duckdb

    con = duckdb.connect(config={"threads": 2, "memory_limit": "2GiB", "temp_directory": str(out / "spill")})
    for file in _events(raw.parent):
        told = ", ".join(
            f"'{name}': '{(TYPES | {'at': 'TIMESTAMP', 'port': 'INTEGER'})[name]}'" for name in _columns(file)
        )
        read = {
            ".csv": f"read_csv('{file}', auto_detect=false, header=true, delim=',', columns={{{told}}})",
            ".jsonl": f"read_json('{file}', format='newline_delimited', columns={{{told}}})",
            ".parquet": f"read_parquet('{file}')",
        }[file.suffix]
        con.execute(
            f"COPY (SELECT * FROM {read}) TO '{out / file.stem}.parquet' "
            f"(FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE 122880)"
        ).fetchall()


def _columns(file: Path) -> list[str]:
    """The columns in the file's order; a Parquet file tells its own."""
    if file.suffix == ".parquet":
        return []
    with file.open() as lines:
        first = next(lines)
    return list(json.loads(first)) if file.suffix == ".jsonl" else first.strip().split(",")


def _polars(raw: Path, out: Path) -> None:
    import polars as pl

    for file in _events(raw.parent):
        pl.scan_csv(file, try_parse_dates=True).sink_parquet(out / f"{file.stem}.parquet", compression="zstd")


def _pandas(raw: Path, out: Path) -> None:
    import pandas as pd

    for file in _events(raw.parent):
        pd.read_csv(file, parse_dates=["at"], dtype={"port": "Int32"}).to_parquet(
            out / f"{file.stem}.parquet", compression="zstd", index=False
        )


def _open(kept: Path) -> int:
    from amparo.cases.tables.base import open_base

    with open_base(kept, None, tables=("events",)) as base:
        base.store.one("SELECT count(DISTINCT account) FROM events")
        return base.counts["events"]


if __name__ == "__main__":
    raise SystemExit(main())
