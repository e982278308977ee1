"""A live platform's ledger with planted truth: FIFO beside plain Python and pandas, haircut beside graph tools', sessions.

    .venv/bin/python -m benchmarks.coins [--rows 10k,100k,1M,3M] [--repeats 3] [--seed 7] [--parts PARTS] [--no-peers]

Purchases, gifts in broadcasts (some overlap), spends and payouts; a part of the purchases is left out of the ledger, as platforms
lose rows. The order is kept, so the truth of every coin is known. CPU seconds of one process in turns, medians; ratios are the
result. Peak memory is that of the whole command in a process of its own; of single steps, what each adds to the ledger's arrays,
in a process forked for it.

PARTS, with commas, all if left out: `tracing` (FIFO and haircut), `placing` (gifts in broadcasts), `pairs` (hosts with payers in
common), `reading` (the ledger's), `coins` and `sessions` (the whole commands). pandas, SciPy and networkx are of
`pip install .[benchmarks]`; without them the script goes on. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amparo.cases.coins.tracing import warm
from benchmarks.coins.broadcasts import pairs, placing
from benchmarks.coins.commands import command, reading, sessions_scored
from benchmarks.coins.ledgers import Planted, make, write
from benchmarks.coins.tracing import tracing

IN_MEMORY = {"tracing": tracing, "placing": placing, "pairs": pairs}
ON_FILES = ("reading", "coins", "sessions")
PARTS = {*IN_MEMORY, *ON_FILES}


def main() -> int:
    asked = _arguments()
    warm()
    result: dict[str, Any] = {"benchmark": "coins", "machine": platform.machine(), "python": platform.python_version()}
    for rows in asked.rows:
        planted = make(rows, asked.seed)
        print(f"## {rows:,} rows\n")
        result[str(rows)] = {}
        for told in _measured(planted, asked):
            result[str(rows)] |= told
            for name, value in told.items():
                print(f"{name:<44} {value}", flush=True)
        print()
    print(json.dumps(result))
    return 0


def _measured(planted: Planted, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for part, measure in IN_MEMORY.items():
        if part in asked.parts:
            yield measure(planted, asked.repeats, peers=asked.peers)
    if not asked.parts & set(ON_FILES):
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(planted, folder)
        if "reading" in asked.parts:
            yield reading(folder, asked.repeats, peers=asked.peers)
        for engine in ("coins", "sessions"):
            if engine in asked.parts:
                yield command(engine, folder, asked.repeats)
        if "sessions" in asked.parts:
            yield sessions_scored(planted, folder / "sessions0.parquet")


def _parts(text: str) -> set[str]:
    if unknown := set(text.split(",")) - PARTS:
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}")
    return set(text.split(","))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="10k,100k", type=lambda text: [_number(each) for each in text.split(",")])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--parts", type=_parts, default=PARTS, help="some of " + ",".join((*IN_MEMORY, *ON_FILES)))
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="leave out pandas and networkx")
    return parser.parse_args()


def _number(text: str) -> int:
    return int(float(text.rstrip("kM")) * {"k": 1e3, "M": 1e6}.get(text[-1], 1))


if __name__ == "__main__":
    sys.exit(main())
