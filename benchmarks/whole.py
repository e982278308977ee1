"""A seized platform from its files to its dossiers, engine after engine, beside a bare scan of its events.

    .venv/bin/python -m benchmarks.whole [--accounts 10k,100k,1.8M] [--seed 7] [--hidden] [--base DIR] [--repeats 1] [--work DIR]

Each step is the command that an officer gives, `amparo analyse NAME`, in a process of its own with its own settings: import reads
the files once; links, countries and dossiers read what it kept. Wall clock, CPU seconds (user and system, all threads) and peak
memory of the process, medians of the repeats. The limit is a scan: DuckDB reads every column of the events' Parquet files once and
counts by kind, nothing else. The goal for links, countries and dossiers together is 75 s by the clock on two quiet cores, 4 GiB,
and at most 60 times the CPU of the scan. A platform made before is taken with --base DIR. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ENGINES = ("links", "countries", "dossiers")
SCAN = """
import duckdb, sys
events = f"read_parquet('{sys.argv[1]}')"
columns = [row[0] for row in duckdb.sql(f"DESCRIBE FROM {events}").fetchall()]
most = ", ".join(f'max("{name}")' for name in columns)
duckdb.sql(f"SELECT kind, {most}, count(*) FROM {events} GROUP BY kind").fetchall()
"""
GOALS = {"wall_s": 75.0, "peak_gib": 4.0, "times_scan": 60.0}


def number(text: str) -> int:
    """10k, 1.8M or 10000."""
    unit = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 0)
    return round(float(text[:-1]) * unit) if unit else int(text)


def cost(command: list[str]) -> dict[str, float]:
    """What a process cost: wall clock, CPU seconds, peak GiB. SystemExit with what it said where it failed."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}\n{said.read().decode(errors='replace')[-2000:]}")
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"wall_s": time.monotonic() - began, "cpu_s": used.ru_utime + used.ru_stime, "peak_gib": peak / (1 << 30)}


def of(base: Path, work: Path, repeats: int) -> dict[str, dict[str, float]]:
    """Medians of every step on this platform, and of the three engines together."""
    amparo, kept = [sys.executable, "-m", "amparo.wiring.cli", "analyse"], work / "kept"
    runs: dict[str, list[dict[str, float]]] = {}
    for _ in range(repeats):
        shutil.rmtree(kept, ignore_errors=True)
        steps = {
            "scan": [sys.executable, "-c", SCAN, str(base / "platform" / "events-*.parquet")],
            "import": [
                *amparo,
                "import",
                "--in",
                str(base),
                "--mapping",
                str(base / "mapping.toml"),
                "--out",
                str(kept),
            ],
        }
        for name in ENGINES:
            more = ["--countries", str(work / "countries.parquet")] if name == "dossiers" else []
            steps[name] = [*amparo, name, "--in", str(kept), "--out", str(work / f"{name}.parquet"), *more]
        for name, command in steps.items():
            runs.setdefault(name, []).append(cost(command))
    told = {name: {key: statistics.median(run[key] for run in each) for key in each[0]} for name, each in runs.items()}
    engines = [told[name] for name in ENGINES]
    together = {key: sum(each[key] for each in engines) for key in ("wall_s", "cpu_s")}
    told["together"] = together | {"peak_gib": max(each["peak_gib"] for each in engines)}
    for each in told.values():
        each["times_scan"] = each["cpu_s"] / told["scan"]["cpu_s"]
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", default="10k,100k")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--hidden", action="store_true")
    parser.add_argument("--base", type=Path)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--work", type=Path)
    asked = parser.parse_args()
    told: dict[str, Any] = {}
    for accounts in [0] if asked.base else [number(each) for each in asked.accounts.split(",")]:
        with tempfile.TemporaryDirectory(dir=asked.work) as folder:
            work = Path(folder)
            base = asked.base or work / "base"
            if not asked.base:
                made = ["--accounts", str(accounts), "--seed", str(asked.seed), "--out", str(base)]
                cost([sys.executable, "-m", "benchmarks.platform", *made, *(["--hidden"] if asked.hidden else [])])
            name = str(asked.base) if asked.base else f"{accounts:,} accounts"
            told[name] = found = of(base, work, asked.repeats)
            print(f"\n{name}\n{'':12}{'clock s':>10}{'CPU s':>10}{'peak GiB':>10}{'x scan':>10}")
            for step, each in found.items():
                print(
                    f"{step:12}{each['wall_s']:10.1f}{each['cpu_s']:10.1f}{each['peak_gib']:10.2f}{each['times_scan']:10.1f}"
                )
    print("goals for the three together: " + ", ".join(f"{name} {value:g}" for name, value in GOALS.items()))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
