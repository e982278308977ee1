"""A seized platform with planted truth and planted traps, as raw files with a mapping: nothing in it is anybody.

    .venv/bin/python -m benchmarks.platform --accounts 10000 --seed 7 --out DIR [--hidden] [--csv | --jsonl]

At 1,800,000 accounts: about 20 million events, 600 thousand payments, 91 thousand items, a million memberships, 60 countries.
Persons with several accounts share mailboxes, phones, devices, cards and handles, or nothing (careful people). Traps: exits and
carriers that thousands share, addresses that move between homes, couples with one device, fingerprints of tens of accounts,
vouchers sold on to thousands, devices and numbers handed to others, placeholders, false countries, journeys, foreign SIMs.
The same numbers give the same bytes. DIR/platform holds the files, DIR/unit the unit's tables, DIR/truth what is so.
Names come from syllables; addresses, domains and numbers are ones that nobody has.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.platforms import activity, crowds, mapping, nets, people, writing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hidden", action="store_true", help="no addresses, devices, phones, zones: a hidden service")
    shapes = parser.add_mutually_exclusive_group()
    shapes.add_argument("--csv", dest="shape", action="store_const", const="csv", default="mixed")
    shapes.add_argument("--jsonl", dest="shape", action="store_const", const="jsonl")
    asked = parser.parse_args()
    if asked.accounts < 1000:
        parser.error("--accounts is at least 1000: below that nothing can be planted")
    print(json.dumps(make(asked.out, asked.accounts, asked.seed, hidden=asked.hidden, shape=asked.shape)))
    return 0


def make(out: Path, accounts: int, seed: int = 7, *, hidden: bool = False, shape: str = "mixed") -> dict[str, Any]:
    """Writes the platform below `out`; returns the counts."""
    began = time.process_time()
    writer = writing.Writer(out, shape, hidden)
    folk = people.people(accounts, seed)
    net = nets.nets(folk, seed)
    writing.accounts(writer, folk, net, seed)
    found = crowds.crowds(folk, seed)
    writing.groups(writer, folk, found)
    paid, issuers = activity.payments(folk, net, hidden, seed)
    writing.payments(writer, folk, paid)
    writing.unit(writer, nets.table(net, seed), issuers)
    made = activity.events(folk, net, len(found.uploader), seed)
    writing.events(writer, folk, made)
    writing.truth(writer, folk, found)
    (out / "mapping.toml").write_text(mapping.text(shape, hidden))
    counts = np.bincount(folk.person)
    told = {
        "accounts": accounts,
        "persons": folk.persons,
        "pairs": int((counts * (counts - 1) // 2).sum()),
        "careful_persons": int(folk.careful.sum()),
        "events": len(made.at_s),
        "payments": len(paid.at_s),
        "items": len(found.uploader),
        "memberships": len(found.member),
        "posts": len(found.post_at),
        "circles": int(found.circle.max()) + 1,
        "seed": seed,
        "hidden": hidden,
    }
    writing.facts(writer, told)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return told | {"cpu_s": round(time.process_time() - began, 1), "peak_gib": round(peak, 2)}


if __name__ == "__main__":
    raise SystemExit(main())
