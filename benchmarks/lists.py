"""Known-hash lists: from records to a list that counts, and asked in it; by CPU time and memory, at growing sizes.

    .venv/bin/python -m benchmarks.lists                          100,000 and 400,000 listed items
    .venv/bin/python -m benchmarks.lists 1000000 10000000 --kinds md5,sha1,pdq

Each size is built by a process of its own, whose peak memory is told, and asked by another one.
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
from pathlib import Path
from uuid import UUID

import numpy as np

from amparo.foundation.home import Home
from amparo.matching import building
from amparo.matching.looks import looks_of
from amparo.matching.records import KINDS, NO_CATEGORY, RECORD, VALUE_BYTES
from amparo.matching.rules import DIGEST_BYTES
from amparo.matching.shelf import Shelf
from amparo.matching.versions import folder_of

LIST = UUID(int=1)
AT_ONCE = 200_000
ASKED, REPEATS = 1000, 9


def write_records(path: Path, rows: int, kinds: list[str]) -> None:
    """Random digests, a row's one after the other, as a reading hands them over."""
    chance = np.random.default_rng(7)
    with path.open("wb") as file:
        for start in range(0, rows, AT_ONCE):
            count = min(AT_ONCE, rows - start)
            records = np.zeros((count, len(kinds)), RECORD)
            records["row"] = (start + 1 + np.arange(count))[:, None]
            records["category"] = NO_CATEGORY
            for place, kind in enumerate(kinds):
                size = VALUE_BYTES[KINDS[kind]]
                records["kind"][:, place] = KINDS[kind]
                records["value"][:, place, :size] = chance.integers(0, 256, (count, size), dtype=np.uint8)
            records.tofile(file)


def build(home: Home) -> None:
    """Builds the list of the home's records, and prints what it took."""
    stages: dict[str, float] = {}
    began = since = time.process_time()
    under_way = "checking"

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal since, under_way
        now = time.process_time()
        stages[under_way] = stages.get(under_way, 0.0) + now - since
        since, under_way = now, stage

    done = building.build(home, LIST, building.Source(home.path / "records", ()), None, progress)
    told = {
        "hashes": sum(done.manifest.counts.values()),
        "cpu_s": time.process_time() - began,
        "stages": {name: round(seconds, 2) for name, seconds in stages.items()},
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        / (1 << 20 if sys.platform == "darwin" else 1024),
    }
    print(json.dumps(told))


def ask(home: Home, rows: int, kinds: list[str]) -> None:
    """Asks the list, half of it for what it has; prints medians in milliseconds of CPU."""
    began = time.process_time()
    shelf = Shelf.open(home, [LIST])
    told = {"open_ms": (time.process_time() - began) * 1e3}
    records = np.memmap(home.path / "records", RECORD, "r").reshape(rows, len(kinds))
    chance = np.random.default_rng(8)
    for place, kind in enumerate(kinds):
        if kind not in (*DIGEST_BYTES, "pdq"):
            continue
        size = VALUE_BYTES[KINDS[kind]]
        spent = []
        for _ in range(REPEATS):
            there = np.array(records["value"][chance.integers(0, rows, ASKED // 2), place, :size])
            values = np.concatenate([there, chance.integers(0, 256, (ASKED // 2, size), dtype=np.uint8)])
            began = time.process_time()
            if kind == "pdq":
                found = shelf.lookup({}, [looks_of([bytes(value)]) for value in values])
            else:
                found = shelf.lookup({kind: values})
            spent.append((time.process_time() - began) * 1e3)
            assert [bool(each) for each in found] == [True] * (ASKED // 2) + [False] * (ASKED // 2)
        told[f"{kind}_{ASKED}_ms"] = statistics.median(spent)
        told[f"{kind}_worst_ms"] = max(spent)
    print(json.dumps(told))


def measured(rows: int, kinds: list[str]) -> dict[str, object]:
    """One size, in a home of its own."""
    folder = tempfile.mkdtemp(prefix="amparo-lists-")
    try:
        home = Home(Path(folder))
        write_records(home.path / "records", rows, kinds)
        found: dict[str, object] = {"rows": rows}
        for step in ("build", "ask"):
            command = [
                sys.executable,
                "-m",
                "benchmarks.lists",
                str(rows),
                "--kinds",
                ",".join(kinds),
                "--step",
                step,
                folder,
            ]
            found |= json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        size = sum(path.stat().st_size for path in folder_of(home, LIST).iterdir())
        return found | {"bytes_a_hash": size / (rows * len(kinds))}
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 400_000])
    parser.add_argument("--kinds", default="md5,pdq", help="each row's hashes: md5, sha1, sha256, pdq (md5,pdq)")
    parser.add_argument("--step", nargs=2, metavar=("STEP", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    kinds = given.kinds.split(",")
    if given.step:
        step, home = given.step[0], Home(Path(given.step[1]))
        return build(home) if step == "build" else ask(home, given.rows[0], kinds)
    for rows in given.rows:
        found = measured(rows, kinds)
        hashes, seconds = int(str(found["hashes"])), float(str(found["cpu_s"]))
        print(f"{rows:,} rows, {hashes:,} hashes ({given.kinds})")
        print(
            f"  built       {seconds:.2f} CPU s, {hashes / seconds:,.0f} hashes/s; peak memory {found['peak_mib']:.0f} MiB"
        )
        print(f"              by stage {found['stages']}")
        print(f"  on the disk {found['bytes_a_hash']:.0f} bytes a hash")
        print(f"  opened      {found['open_ms']:.1f} ms")
        for kind in kinds:
            median, worst = found[f"{kind}_{ASKED}_ms"], found[f"{kind}_worst_ms"]
            print(
                f"  {ASKED} {kind:<7} {median:.1f} ms, at worst {worst:.1f}; half of them listed, every one found, no other"
            )
    return None


if __name__ == "__main__":
    main()
