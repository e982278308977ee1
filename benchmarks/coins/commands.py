"""`amparo analyse coins|sessions` on the ledger's files, in processes of their own; its reading beside DuckDB's bare one."""

from __future__ import annotations

import hashlib
import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.coins.ledgers import Planted


def command(engine: str, folder: Path, repeats: int) -> dict[str, Any]:
    """The whole of `amparo analyse ENGINE`, twice, so that its bytes can be compared; it writes ENGINE0.parquet, ENGINE1 ..."""
    runs = [_run(engine, folder, f"{engine}{turn}.parquet") for turn in range(min(2, repeats))]
    told: dict[str, Any] = {
        f"{engine}, whole command, CPU s": round(min(run[0] for run in runs), 2),
        f"{engine}, peak MiB": max(run[1] for run in runs),
    }
    return told | ({f"{engine}, same bytes twice": runs[0][2] == runs[1][2]} if len(runs) > 1 else {})


def reading(base: Path, repeats: int, *, peers: bool) -> dict[str, Any]:
    """The ledger read and put in order, each row checked: beside DuckDB's bare read of the same files, and that with its order."""
    taken: dict[str, list[list[float]]] = {"ours": [], **({"bare": [], "ordered": []} if peers else {})}
    for _ in range(repeats):
        for how, runs in taken.items():
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.coins.reading", str(base), how],
                check=True,
                capture_output=True,
                text=True,
            )
            runs.append(json.loads(done.stdout))
    median = {how: statistics.median(run[0] for run in runs) for how, runs in taken.items()}
    told: dict[str, Any] = {f"ledger read, {how}, CPU s": round(seconds, 2) for how, seconds in median.items()}
    told |= {f"ledger read, {how}, peak MiB": max(run[1] for run in runs) for how, runs in taken.items()}
    if not peers:
        return told
    return told | {
        "ledger read, times duckdb's bare read": round(median["ours"] / median["bare"], 1),
        "ledger read, times duckdb's with order": round(median["ours"] / median["ordered"], 1),
    }


def _run(engine: str, base: Path, out: str) -> tuple[float, int, list[str]]:
    """CPU seconds and peak memory of the command in a process of its own, and the digests of what it wrote."""
    program = (
        "import runpy, sys; from benchmarks.coins.measuring import peak_mib; sys.argv = sys.argv[1:]\n"
        "try: runpy.run_module('amparo.wiring.cli', run_name='__main__')\n"
        "finally: print('PEAK', peak_mib(), file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, "amparo", "analyse", engine, "--in", str(base / "in")]
    command += ["--mapping", str(base / "m.toml"), "--out", str(base / out)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    files = sorted(base.glob(out.replace(".parquet", ".*")))
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return seconds, int(done.stderr.rpartition("PEAK ")[2]), digests


def sessions_scored(planted: Planted, out: Path) -> dict[str, Any]:
    """Right of those placed (precision) and right of all gifts (recall); an either is right if the truth is among the named."""
    rows = duckdb.sql(
        f"SELECT at_raw, payer, host, coins, found, streams FROM read_parquet('{out}') WHERE file = 'gifts.parquet' ORDER BY row"
    )
    here = ~planted.lost & (planted.moves.reason == 2)
    truth = planted.stream[here].tolist()
    answers = rows.fetchall()
    right = sum(f"s{true}" in row[5] for true, row in zip(truth, answers, strict=True))
    one = [(true, row) for true, row in zip(truth, answers, strict=True) if row[4] in {"inside", "grace"}]
    alone = sum(row[5] == [f"s{true}"] for true, row in one)
    placed = sum(row[4] != "none" for row in answers)
    either = sum(row[4] == "either" for row in answers)
    return {
        "sessions, precision": round(right / max(1, placed), 5),
        "sessions, recall": round(right / max(1, len(truth)), 5),
        "sessions, precision where one is named": round(alone / max(1, len(one)), 5),
        "sessions, either": round(either / max(1, len(truth)), 5),
    }
