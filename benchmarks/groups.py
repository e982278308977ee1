"""Circles, overlaps and first posts of a platform, beside what one would take instead: SciPy, pandas, networkx, DuckDB's SQL.

    .venv/bin/python -m benchmarks.groups [--accounts 18000 180000 1800000] [--seed 7] [--repeats 3]
    .venv/bin/python -m benchmarks.groups --circles 7-26 --accounts 10000 [--shape chance|towns|large]

About half as many memberships as accounts. Each route answers the same question from the same arrays (who shares three
groups and more, groups of at most 500; which groups share five members and more; who posted each item first) in a process
of its own, which says its CPU seconds and its peak memory; what a route found is compared with ours. pandas and networkx
run up to 200 000 accounts. With --circles, only what is found of planted circles on the platforms of these seeds (circles.py).
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from amparo.cases.groups import finding, ties
from benchmarks import circles
from benchmarks.platforms import crowds, people

LEAST = 3
MOST_SLOW = 200_000  # accounts up to which the slow routes run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=[18_000, 180_000, 1_800_000])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--circles", type=_seeds, metavar="7-26", help="seeds of platforms whose planted circles are looked for"
    )
    parser.add_argument("--shape", choices=sorted(circles.SHAPES), default="chance")
    parser.add_argument("--route", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.route:
        print(json.dumps(_alone(asked.route, dict(np.load(asked.data)))))
        return 0
    for accounts in asked.accounts:
        if asked.circles:
            print(json.dumps(circles.scored(asked.shape, accounts, asked.circles), indent=2), flush=True)
            continue
        print(json.dumps(_size(accounts, asked.seed, asked.repeats), indent=2), flush=True)
    return 0


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def _size(accounts: int, seed: int, repeats: int) -> dict[str, Any]:
    folk = people.people(accounts, seed)
    made = crowds.crowds(folk, seed)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "platform.npz"
        np.savez(
            data, member=made.member, group=made.group, item=made.post_item, poster=made.post_account, at=made.post_at,
            planted=made.circle_account,
        )  # fmt: skip
        told: dict[str, Any] = {"accounts": accounts, "memberships": len(made.member), "posts": len(made.post_item)}
        for question, routes in QUESTIONS.items():
            found = {
                name: _median(f"{question}/{name}", data, repeats)
                for name in routes
                if accounts <= MOST_SLOW or name not in SLOW
            }
            ours = found["ours"]
            told[question] = {
                name: {
                    **each,
                    "times ours": round(each["cpu_s"] / max(ours["cpu_s"], 1e-4), 1),
                    "same answer": each["answer"] == ours["answer"],
                }
                for name, each in found.items()
            }
        told["circles"] = _median("circles/ours", data, repeats)
    return told


def _median(route: str, data: Path, repeats: int) -> dict[str, Any]:
    runs = []
    for _ in range(repeats):
        command = [sys.executable, "-m", "benchmarks.groups", "--route", route, "--data", str(data)]
        runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return {**runs[0], "cpu_s": round(statistics.median(run["cpu_s"] for run in runs), 4)}


def _alone(route: str, data: dict[str, np.ndarray]) -> dict[str, Any]:
    question, _, name = route.partition("/")
    run = {"circles": {"ours": _circles}, **QUESTIONS}[question][name]
    names, member = np.unique(data["member"], return_inverse=True)
    group = np.unique(data["group"], return_inverse=True)[1]
    data |= {
        "member": member.astype(np.int64),
        "group": group.astype(np.int64),
        "is_planted": np.isin(names, data["planted"]),
    }
    finding.warm()  # the kernels are there before the clock starts
    before = time.process_time()
    answer = run(data)
    return {
        "cpu_s": round(time.process_time() - before, 4),
        "peak_MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "answer": answer,
    }


def _table(data: dict[str, np.ndarray]) -> finding.Memberships:
    member, group = data["member"], data["group"]
    return finding.memberships(member, group, int(member.max()) + 1, int(group.max()) + 1)


def _small(data: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    inside = np.bincount(data["group"])[data["group"]] <= ties.LARGEST_TYING
    return data["member"][inside], data["group"][inside]


# ---- who shares groups: how many pairs share three and more, and the sum of what they share


def _ours_pairs(data: dict[str, np.ndarray]) -> list[int]:
    """The kernel that finds ties, without its chance: every pair that shares two and more, of which three and more count."""
    held, _ = ties.tying_table(_table(data))
    degrees, every = np.full((1, held.members), 2), np.array([4])
    weights, logs, limits = np.ones(held.groups, np.int32), np.zeros(8), np.full(held.members, np.inf)
    found, _ = ties.shared_counts(held, (weights, 20, degrees, every, logs, limits))
    counts = found[2][found[2] >= LEAST]
    return [len(counts), int(counts.sum())]


def _scipy_pairs(data: dict[str, np.ndarray]) -> list[int]:
    from scipy import sparse

    member, group = _small(data)
    table = sparse.csr_matrix((np.ones(len(member), np.int32), (member, group)))
    product = sparse.triu(table @ table.T, k=1, format="csr").data
    counts = product[product >= LEAST]
    return [len(counts), int(counts.sum())]


def _duckdb_pairs(data: dict[str, np.ndarray]) -> list[int]:
    con = duckdb.connect(config={"threads": 2})
    member, group = _small(data)
    con.register("given", {"m": member, "g": group})
    con.execute("CREATE TABLE t AS SELECT * FROM given").fetchall()
    found = con.execute(
        "SELECT count(*), sum(n)::BIGINT FROM (SELECT count(*) AS n FROM t a JOIN t b ON a.g = b.g AND a.m < b.m "
        f"GROUP BY a.m, b.m HAVING count(*) >= {LEAST})"
    ).fetchall()[0]
    return [int(found[0]), int(found[1] or 0)]


def _pandas_pairs(data: dict[str, np.ndarray]) -> list[int]:
    import pandas as pd

    member, group = _small(data)
    frame = pd.DataFrame({"m": member, "g": group})
    both = frame.merge(frame, on="g")
    counts = both[both.m_x < both.m_y].groupby(["m_x", "m_y"]).size()
    counts = counts[counts >= LEAST]
    return [len(counts), int(counts.sum())]


def _networkx_pairs(data: dict[str, np.ndarray]) -> list[int]:
    import networkx as nx
    from networkx.algorithms import bipartite

    member, group = _small(data)
    graph = nx.Graph()
    graph.add_edges_from(zip(member.tolist(), (-1 - group).tolist(), strict=True))
    shared = bipartite.weighted_projected_graph(graph, [node for node in graph if node >= 0])
    counts = [weight for _, _, weight in shared.edges(data="weight") if weight >= LEAST]
    return [len(counts), sum(counts)]


# ---- which groups share five members and more, channels too


def _ours_overlaps(data: dict[str, np.ndarray]) -> list[int]:
    shared = finding.find_overlaps(_table(data))[2]
    return [len(shared), int(shared.sum())]


def _scipy_overlaps(data: dict[str, np.ndarray]) -> list[int]:
    from scipy import sparse

    table = sparse.csr_matrix((np.ones(len(data["member"]), np.int32), (data["group"], data["member"])))
    product = sparse.triu(table @ table.T, k=1, format="csr").data
    counts = product[product >= finding.LEAST_OVERLAP]
    return [len(counts), int(counts.sum())]


def _duckdb_overlaps(data: dict[str, np.ndarray]) -> list[int]:
    con = duckdb.connect(config={"threads": 2})
    con.register("given", {"m": data["member"], "g": data["group"]})
    con.execute("CREATE TABLE t AS SELECT * FROM given").fetchall()
    found = con.execute(
        "SELECT count(*), sum(n)::BIGINT FROM (SELECT count(*) AS n FROM t a JOIN t b ON a.m = b.m AND a.g < b.g "
        f"GROUP BY a.g, b.g HAVING count(*) >= {finding.LEAST_OVERLAP})"
    ).fetchall()[0]
    return [int(found[0]), int(found[1] or 0)]


# ---- who posted first


def _ours_first(data: dict[str, np.ndarray]) -> list[int]:
    """The query of the engine's claim alone: an arg-min, without what speaks against it."""
    con = duckdb.connect(config={"threads": 2})
    con.register(
        "given",
        {"item": data["item"], "poster": data["poster"], "moment": data["at"], "row": np.arange(len(data["at"]))},
    )
    con.execute("CREATE TABLE t AS SELECT * FROM given").fetchall()
    found = con.execute(
        "SELECT count(*), sum(p)::BIGINT FROM (SELECT arg_min(poster, (moment, row)) AS p FROM t GROUP BY item)"
    ).fetchall()[0]
    return [int(found[0]), int(found[1])]


def _pandas_first(data: dict[str, np.ndarray]) -> list[int]:
    import pandas as pd

    frame = pd.DataFrame({"item": data["item"], "poster": data["poster"], "moment": data["at"]})
    first = frame.sort_values("moment", kind="stable").groupby("item").first()
    return [len(first), int(first.poster.sum())]


def _circles(data: dict[str, np.ndarray]) -> dict[str, Any]:
    """The whole of it, and how much of what was planted it found. Planted: accounts of a circle's people, used there or not."""
    found = finding.find_circles(_table(data))
    inside = found.circle >= 0
    right = int((inside & data["is_planted"]).sum())
    return {
        "circles": found.count,
        "accounts": int(inside.sum()),
        "precision": round(right / max(1, int(inside.sum())), 4),
        "recall": round(right / max(1, len(data["planted"])), 4),
    }


SLOW = {"pandas", "networkx"}
Route = Callable[[dict[str, np.ndarray]], Any]
QUESTIONS: dict[str, dict[str, Route]] = {
    "who shares three groups": {
        "ours": _ours_pairs, "SciPy": _scipy_pairs, "DuckDB": _duckdb_pairs, "pandas": _pandas_pairs,
        "networkx": _networkx_pairs,
    },
    "groups that share five members": {"ours": _ours_overlaps, "SciPy": _scipy_overlaps, "DuckDB": _duckdb_overlaps},
    "first posts": {"ours": _ours_first, "pandas": _pandas_first},
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
