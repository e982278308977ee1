"""Countries of a platform's accounts against planted truth, beside what is usually done, and the fit of the shipped weights.

    .venv/bin/python -m benchmarks.countries [--accounts 10000,100000] [--seeds 7,8,9] [--hidden] [--no-peers] [--keep DIR]
    .venv/bin/python -m benchmarks.countries --fit [--accounts 50000] [--seeds 11,12,13]

Of each platform: how often the best guess and what is said are right (said nothing is not right), the sure share and how often it
is right, the calibration gap (mean distance of confidence from right over ten bands), the reliability table, each kind of evidence
by itself, and "the country of the last address" as pandas (merge_asof), polars (join_asof) and DuckDB (ASOF) find it. CPU seconds
and peak memory of processes of their own; those of the peers are for the address join alone, ours for the whole step.

--fit makes amparo/cases/linkage/calibration.toml new: platforms of other seeds than are scored, each also with its evidence
thinned and spoilt in the ways of VARIANTS, so that what is said holds on platforms that look otherwise.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from amparo.cases.linkage.calibration import SURE, gap, reliability
from amparo.cases.linkage.countries import COUNTRY_TABLES, write_countries
from amparo.cases.tables.base import open_base
from amparo.cases.tables.base_mapping import load_base_mapping
from benchmarks.platform import make


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", default="")
    parser.add_argument("--seeds", default="")
    parser.add_argument("--hidden", action="store_true", help="platforms without addresses, phones and zones only")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--keep", type=Path, help="where platforms are made, and looked for")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "PLATFORM", "OUT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(ENGINES[asked.one[0]](Path(asked.one[1]), Path(asked.one[2]))))
        return 0
    sizes = [int(each) for each in (asked.accounts or ("50000" if asked.fit else "10000,100000")).split(",")]
    seeds = [int(each) for each in (asked.seeds or ("11,12,13" if asked.fit else "7,8,9")).split(",")]
    with tempfile.TemporaryDirectory() as made:
        place = asked.keep or Path(made)
        if asked.fit:
            from benchmarks.countries_fit import fit

            fit(place, sizes[0], seeds)
            return 0
        rows = [
            scored(place, accounts, seed, hidden=hidden, peers=asked.peers)
            for accounts in sizes
            for seed in seeds
            for hidden in ((True,) if asked.hidden else (False, True))
        ]
    print(json.dumps(rows))
    return 0


def platform(place: Path, accounts: int, seed: int, *, hidden: bool) -> Path:
    """The folder of a made platform; made now if it is not there."""
    folder = place / f"{'hidden' if hidden else 'open'}-{accounts}-{seed}"
    if not (folder / "mapping.toml").exists():
        make(folder, accounts, seed, hidden=hidden)
    return folder


def scored(place: Path, accounts: int, seed: int, *, hidden: bool, peers: bool) -> dict[str, Any]:
    """Everything of one platform, told on the screen as it is found."""
    folder = platform(place, accounts, seed, hidden=hidden)
    out = folder / "countries.parquet"
    ours = apart("amparo", folder, out)
    found = {"accounts": accounts, "seed": seed, "hidden": hidden} | ours | quality(folder, out)
    if peers and not hidden:
        for engine in ("pandas", "polars", "duckdb"):
            found[f"last address, {engine}"] = apart(engine, folder, out)
    told = {key: value for key, value in found.items() if key != "reliability"}
    print(json.dumps(told), flush=True)
    return found


def apart(engine: str, folder: Path, out: Path) -> dict[str, Any]:
    """What an engine tells, with the peak memory of its own process."""
    command = [sys.executable, "-m", "benchmarks.countries", "--one", engine, str(folder), str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def quality(folder: Path, out: Path) -> dict[str, Any]:
    """How right the written answers are."""
    truth = f"'{folder}/truth/countries.parquet'"
    found = duckdb.sql(
        f"SELECT c.best_guess IS NOT DISTINCT FROM t.country AS guessed, coalesce(c.country = t.country, false) AS said_right, "
        f"c.country IS NOT NULL AS said, c.confidence, t.country IN (c.best_guess, c.runner_up) AS in_two "
        f"FROM '{out}' c JOIN {truth} t ON t.account = c.account_id"
    ).fetchnumpy()
    guessed, said, confidence = found["guessed"].astype(bool), found["said"].astype(bool), found["confidence"]
    sure = confidence >= SURE
    return {
        "right, best guess": _share(guessed.mean()),
        "right, of all (nothing said is not right)": _share(found["said_right"].astype(bool).mean()),
        "said": _share(said.mean()),
        "right, of what is said": _share(guessed[said].mean()),
        "sure": _share(sure.mean()),
        "right, of the sure": _share(guessed[sure].mean() if sure.any() else 0),
        "in the best two": _share(np.ma.filled(found["in_two"], False).astype(bool).mean()),
        "calibration gap": _share(gap(confidence, guessed)),
        "reliability": reliability(confidence, guessed),
        "single evidence": singles(out, truth),
    }


def singles(out: Path, truth: str) -> dict[str, dict[str, float]]:
    """Each kind by itself: accounts that have it, and how often its heaviest row is right there."""
    evidence = out.with_name(f"{out.stem}.evidence.parquet")
    rows = duckdb.sql(
        f"WITH best AS (SELECT account_id, kind, arg_max(country, weight_bits + 1e-3 * coalesce(days, 0)) AS country "
        f"FROM '{evidence}' GROUP BY ALL) "
        f"SELECT kind, count(*) / (SELECT count(*) FROM {truth}), avg((b.country = t.country)::INT) "
        f"FROM best b JOIN {truth} t ON t.account = b.account_id GROUP BY kind ORDER BY kind"
    ).fetchall()
    return {kind: {"covers": _share(covers), "right": _share(right)} for kind, covers, right in rows}


def _share(number: Any) -> float:
    return round(float(number), 5)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _amparo(folder: Path, out: Path) -> dict[str, Any]:
    mapping = load_base_mapping(folder / "mapping.toml")
    began, wall = _cpu(), time.monotonic()
    with open_base(folder / "platform", mapping, tables=COUNTRY_TABLES) as base:
        opened, events = _cpu() - began, base.counts["events"]
        began = _cpu()
        write_countries(base, out)
        step = _cpu() - began
    return {
        "events": events,
        "opening, CPU s": round(opened, 2),
        "countries, CPU s": round(step, 2),
        "wall s": round(time.monotonic() - wall, 1),
        "peak GiB": _peak(),
    }


def _peak() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 2)


def _last_address(folder: Path, country_of: Callable[..., dict[str, str | None]]) -> dict[str, Any]:
    """country_of(events glob, ranges as (first, country) with gaps) -> country by account."""
    began = _cpu()
    found = country_of(str(folder / "platform" / "events-*.parquet"), *_ranges(folder))
    used = _cpu() - began
    truth = dict(duckdb.sql(f"FROM '{folder}/truth/countries.parquet'").fetchall())
    named = {account: country for account, country in found.items() if country}
    right = sum(truth.get(account) == country for account, country in named.items())
    return {
        "CPU s": round(used, 2),
        "peak GiB": _peak(),
        "covers": _share(len(named) / len(truth)),
        "right": _share(right / max(1, len(named))),
    }


def _ranges(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """IPv4 only, as peers' joins know one kind of number: first address and country, "" for gaps."""
    rows = duckdb.sql(
        f"FROM read_csv('{folder}/unit/networks.csv', all_varchar=true) WHERE NOT contains(first, ':')"
    ).fetchall()
    spans = sorted((_number(first), _number(last), country) for first, last, country in rows)
    firsts: list[int] = []
    names: list[str] = []
    for first, last, country in spans:
        firsts += [first, last + 1]
        names += [country, ""]
    keep = dict(zip(firsts, names, strict=True)) | {s[0]: s[2] for s in spans}
    return np.array(sorted(keep), np.int64), np.array([keep[each] for each in sorted(keep)], dtype=object)


def _number(address: str) -> int:
    parts = [int(each) for each in address.split(".")]
    return (parts[0] << 24) | (parts[1] << 16) | (parts[2] << 8) | parts[3]


_AS_NUMBER = (
    "split_part(ip, '.', 1)::BIGINT * 16777216 + split_part(ip, '.', 2)::BIGINT * 65536 "
    "+ split_part(ip, '.', 3)::BIGINT * 256 + split_part(ip, '.', 4)::BIGINT"
)


def _duckdb(events: str, first: np.ndarray, country: np.ndarray) -> dict[str, str | None]:
    con = duckdb.connect(config={"threads": 2})
    con.register("ranges", {"first": first, "country": country})
    rows = con.sql(
        f"WITH e AS (SELECT user_id, \"at\", {_AS_NUMBER} AS number FROM '{events}' WHERE ip <> '' AND NOT contains(ip, ':')) "
        'SELECT user_id, arg_max(country, "at") FROM e ASOF JOIN ranges r ON e.number >= r.first GROUP BY user_id'
    ).fetchall()
    return dict(rows)


def _pandas(events: str, first: np.ndarray, country: np.ndarray) -> dict[str, str | None]:
    import pandas as pd

    frame = duckdb.sql(
        f"SELECT user_id, \"at\", {_AS_NUMBER} AS number FROM '{events}' WHERE ip <> '' AND NOT contains(ip, ':')"
    ).df()
    ranges = pd.DataFrame({"number": first, "country": country})
    joined = pd.merge_asof(frame.sort_values("number"), ranges, on="number")
    last = joined.sort_values("at").groupby("user_id")["country"].last()
    return dict(last)


def _polars(events: str, first: np.ndarray, country: np.ndarray) -> dict[str, str | None]:
    import polars as pl

    frame = (
        pl.scan_parquet(events)
        .select("user_id", "at", "ip")
        .filter((pl.col("ip") != "") & ~pl.col("ip").str.contains(":"))
    )
    parts = pl.col("ip").str.split_exact(".", 3).struct
    number = sum(parts.field(f"field_{each}").cast(pl.Int64) * (1 << (24 - 8 * each)) for each in range(4))
    ranges = pl.DataFrame({"number": first, "country": country.astype(str)}).lazy()
    joined = frame.with_columns(number.alias("number")).sort("number").join_asof(ranges, on="number")
    last = joined.group_by("user_id").agg(pl.col("country").sort_by("at").last()).collect()
    return dict(last.iter_rows())


ENGINES: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
    "amparo": _amparo,
    "pandas": lambda folder, _: _last_address(folder, _pandas),
    "polars": lambda folder, _: _last_address(folder, _polars),
    "duckdb": lambda folder, _: _last_address(folder, _duckdb),
}

if __name__ == "__main__":
    sys.exit(main())
