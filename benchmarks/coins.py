"""A live platform's ledger with planted truth: FIFO beside plain Python and pandas, haircut beside graph tools', sessions.

    .venv/bin/python -m benchmarks.coins [--rows 10k,100k,1M,3M] [--repeats 3] [--seed 7] [--no-command] [--no-peers]

Purchases, gifts in broadcasts (some overlap), spends and payouts; a part of the purchases is left out of the ledger, as platforms
lose rows. The order is kept, so the truth of every coin is known. CPU seconds of one process in turns, medians; ratios are the
result. Peak memory is that of the whole command in a process of its own; of single steps, what each adds to the ledger's arrays,
in a process forked for it. pandas, SciPy and networkx are of `pip install .[benchmarks]`; without them the script goes on. The
last line is one JSON object.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from amparo.cases.coins import kernels
from amparo.cases.coins.tracing import REASONS, Moves, Trace, warm
from benchmarks.coins_reading import peak_mib

MAPPING = """\
platform = "benchmark"
sequence = "platform"
[time]
format = "epoch_us"
[[source]]
files = "purchases.csv"
event = "purchase"
columns = { time = "at", account = "user", coins = "coins", money = "cents", currency = "currency", sequence = "no" }
[[source]]
files = "gifts.parquet"
event = "gift"
columns = { time = "at", account = "sender", counterparty = "host", coins = "coins", sequence = "no" }
[[source]]
files = "others.jsonl"
columns = { event = "what", time = "at", account = "user", coins = "coins", sequence = "no" }
[source.events]
PAYOUT = "payout"
GOODS = "spend/goods"
REACH = "spend/reach"
[[source]]
files = "streams.csv"
event = "broadcast"
columns = { stream = "stream", host = "host", time = "began", end = "ended" }
[[rate]]
since = 2025-01-01
coins = 100
money_minor = 105
currency = "EUR"
"""


@dataclass(frozen=True)
class Planted:
    """A ledger in its true order. stream: the broadcast in which a gift was made (-1: none). lost: rows the ledger lost."""

    moves: Moves
    at_us: np.ndarray
    stream: np.ndarray
    lost: np.ndarray
    began: np.ndarray
    ended: np.ndarray
    host: np.ndarray


def main() -> int:
    asked = _arguments()
    warm()
    result: dict[str, Any] = {"benchmark": "coins", "machine": platform.machine(), "python": platform.python_version()}
    for rows in asked.rows:
        planted = make(rows, asked.seed)
        print(f"## {rows:,} rows\n")
        parts = [_tracing, _placing, _pairs, *([_command] if asked.command else [])]
        result[str(rows)] = {}
        for part in parts:
            told = part(planted, asked.repeats, peers=asked.peers)
            result[str(rows)] |= told
            for name, value in told.items():
                print(f"{name:<44} {value}", flush=True)
        print()
    print(json.dumps(result))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="10k,100k", type=lambda text: [_number(each) for each in text.split(",")])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--no-command", dest="command", action="store_false", help="the kernels alone")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="leave out pandas and networkx")
    return parser.parse_args()


def _number(text: str) -> int:
    return int(float(text.rstrip("kM")) * {"k": 1e3, "M": 1e6}.get(text[-1], 1))


def make(rows: int, seed: int) -> Planted:
    """A ledger of about `rows` rows: payers, hosts of whom some give on, broadcasts of an hour and a half, some overlapping."""
    random = np.random.default_rng(seed)
    payers, hosts = max(20, rows // 30), max(5, rows // 600)
    broadcasts = max(10, rows // 120)
    host = random.integers(0, hosts, broadcasts)
    began = np.sort(random.integers(0, 180 * 86_400, broadcasts)) * 1_000_000 + 1_767_225_600_000_000
    ended = began + random.integers(1_200, 9_000, broadcasts) * 1_000_000
    gifts = int(rows * 0.62)
    stream = random.integers(0, broadcasts, gifts)
    gift_at = (began[stream] + (ended[stream] - began[stream]) * random.random(gifts)).astype(np.int64)
    # A few are booked after the end: the payment took its time.
    late = random.random(gifts) < 0.01
    gift_at[late] = ended[stream[late]] + random.integers(1, 110, int(late.sum())) * 1_000_000
    weights = np.cumsum(random.lognormal(0, 1.5, payers))
    giver = hosts + np.searchsorted(weights, random.random(gifts) * weights[-1])
    giver = np.where(random.random(gifts) < 0.03, random.integers(0, hosts, gifts), giver)
    giver = np.where(giver == host[stream], hosts, giver)
    gift_coins = random.choice([1, 5, 10, 20, 50, 100, 500], gifts, p=[0.3, 0.2, 0.2, 0.12, 0.1, 0.06, 0.02])
    # Each payer buys shortly before needing coins, in packs.
    bought = random.choice(gifts, int(rows * 0.28), replace=False)
    others = rows - gifts - len(bought)
    kinds = np.concatenate([np.full(gifts, 2), np.full(len(bought), 0), random.choice([3, 4], others, p=[0.6, 0.4])])
    pay_at = random.integers(began.min(), ended.max(), others)
    who = np.where(
        kinds[gifts + len(bought) :] == 3, random.integers(0, hosts, others), hosts + random.integers(0, payers, others)
    )
    at = np.concatenate([gift_at, gift_at[bought] - random.integers(1, 600, len(bought)) * 1_000_000, pay_at])
    givers = np.concatenate([giver, np.full(len(bought), -1), who])
    takers = np.concatenate([host[stream], giver[bought], np.full(others, -1)])
    coins = np.concatenate(
        [gift_coins, random.choice([70, 350, 700, 1400, 3500], len(bought)), random.integers(1, 400, others)]
    )
    # Hosts cash out most of what they were given, in as many parts as they have payouts.
    income = np.bincount(host[stream], weights=gift_coins, minlength=hosts)
    cashing = kinds[gifts + len(bought) :] == 3
    times = np.bincount(who[cashing], minlength=hosts)
    share = income[who[cashing]] * random.uniform(0.7, 0.95, int(cashing.sum())) / times[who[cashing]]
    coins[gifts + len(bought) :][cashing] = np.maximum(1, share.astype(np.int64))
    streams = np.concatenate([stream, np.full(len(bought) + others, -1)])
    order = np.lexsort((np.arange(len(at)), at))
    lost = np.zeros(len(at), np.bool_)
    lost[random.random(len(at)) < 0.002] = True
    lost &= kinds[order] == 0
    moves = Moves(
        givers[order].astype(np.int32),
        takers[order].astype(np.int32),
        coins[order].astype(np.int64),
        np.arange(len(at), dtype=np.int32),
        kinds[order].astype(np.uint8),
        tuple(f"u{number}" for number in range(hosts + payers)),
    )
    return Planted(moves, at[order], streams[order], lost, began, ended, host)


def kept(planted: Planted) -> Moves:
    """What the ledger holds."""
    here, moves = ~planted.lost, planted.moves
    rows = np.arange(int(here.sum()), dtype=np.int32)
    return Moves(moves.giver[here], moves.taker[here], moves.amount[here], rows, moves.reason[here], moves.accounts)


def plain_fifo(giver: list[int], taker: list[int], amount: list[int]) -> tuple[list[int], list[int], list[int]]:
    """The kernel's own answer (each bundle's parent, move and coins) as one writes it without any library: a deque an account."""
    queues: dict[int, deque[int]] = defaultdict(deque)
    parents: list[int] = []
    moves: list[int] = []
    coins: list[int] = []
    standing: list[int] = []

    def made(parent: int, move: int, some: int, target: int) -> int:
        parents.append(parent)
        moves.append(move)
        coins.append(some)
        standing.append(some)
        if target >= 0:
            queues[target].append(len(parents) - 1)
        return len(parents) - 1

    for number, (source, target, wanted) in enumerate(zip(giver, taker, amount, strict=True)):
        left = wanted
        if source < 0:
            made(-1, number, left, target)
            continue
        queue = queues[source]
        while left and queue:
            first = queue[0]
            part = min(left, standing[first])
            made(first, number, part, target)
            left -= part
            standing[first] -= part
            if not standing[first]:
                queue.popleft()
        if left:
            made(made(-2, number, left, -1), number, left, target)
    return parents, moves, coins


def frame_fifo(moves: Moves) -> dict[tuple[int, int], int]:
    """As it is written over a data frame: row by row over arrays, lists of lots, a new list at every sale."""
    lots: dict[int, list[tuple[int, int]]] = {}
    found: dict[tuple[int, int], int] = defaultdict(int)
    for number in range(len(moves.amount)):
        source, target, left = int(moves.giver[number]), int(moves.taker[number]), int(moves.amount[number])
        taken = [(number, left)] if source < 0 else []
        if source >= 0:
            held = lots.get(source, [])
            ends = np.cumsum([coins for _, coins in held]) if held else np.empty(0, np.int64)
            whole = int(np.searchsorted(ends, left, "right"))
            taken = held[:whole]
            rest = left - (int(ends[whole - 1]) if whole else 0)
            held = held[whole:]
            if rest and held:
                taken = [*taken, (held[0][0], rest)]
                held = [(held[0][0], held[0][1] - rest), *held[1:]]
            elif rest:
                taken = [*taken, (-1 - number, rest)]
            lots[source] = held
        if target >= 0:
            lots[target] = lots.get(target, []) + taken
        else:
            for entry, part in taken:
                found[entry, number] += part
    return found


def graph_haircut(moves: Moves, flagged: set[int]) -> float:
    """Haircut as graph tools do it: address by address, a dictionary of balance and taint; what reaches payouts."""
    balance: dict[int, float] = defaultdict(float)
    taint: dict[int, float] = defaultdict(float)
    out = 0.0
    for source, target, coins in zip(moves.giver.tolist(), moves.taker.tolist(), moves.amount.tolist(), strict=True):
        part = 0.0
        if source >= 0:
            if source in flagged:
                part = coins
            elif balance[source]:
                part = taint[source] * min(1.0, coins / balance[source])
            balance[source] = max(0.0, balance[source] - coins)
            taint[source] = balance[source] if source in flagged else max(0.0, taint[source] - part)
        if target >= 0:
            balance[target] += coins
            taint[target] = balance[target] if target in flagged else taint[target] + part
        else:
            out += part
    return out


def pandas_fifo(moves: Moves) -> dict[tuple[int, int], int]:
    """As it is written with pandas: a frame, its rows one by one, a deque of lots for each account."""
    import pandas as pd

    frame = pd.DataFrame({"giver": moves.giver, "taker": moves.taker, "coins": moves.amount})
    lots: dict[int, deque[list[int]]] = defaultdict(deque)
    found: dict[tuple[int, int], int] = defaultdict(int)
    for row in frame.itertuples():
        left, taken = int(row.coins), []
        if row.giver < 0:
            taken.append([row.Index, left])
        else:
            queue = lots[row.giver]
            while left and queue:
                part = min(left, queue[0][1])
                taken.append([queue[0][0], part])
                queue[0][1] -= part
                left -= part
                if not queue[0][1]:
                    queue.popleft()
            if left:
                taken.append([-1 - row.Index, left])
        if row.taker >= 0:
            lots[row.taker].extend(taken)
        else:
            for entry, part in taken:
                found[entry, row.Index] += part
    return found


def networkx_haircut(moves: Moves, flagged: set[int]) -> float:
    """Over a graph of payments as graph tools hold them: an edge each, followed in the order of time; what reaches payouts."""
    import networkx as nx

    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(-1, len(moves.accounts)), balance=0.0, taint=0.0)
    graph.add_edges_from(
        (source, target, {"order": order, "coins": coins})
        for order, (source, target, coins) in enumerate(
            zip(moves.giver.tolist(), moves.taker.tolist(), moves.amount.tolist(), strict=True)
        )
    )
    out, node = 0.0, graph.nodes
    for source, target, edge in sorted(graph.edges(data=True), key=lambda each: each[2]["order"]):
        coins, part = edge["coins"], 0.0
        if source >= 0:
            there = node[source]
            if source in flagged:
                part = coins
            elif there["balance"]:
                part = there["taint"] * min(1.0, coins / there["balance"])
            there["balance"] = max(0.0, there["balance"] - coins)
            there["taint"] = there["balance"] if source in flagged else max(0.0, there["taint"] - part)
        if target >= 0:
            there = node[target]
            there["balance"] += coins
            there["taint"] = there["balance"] if target in flagged else there["taint"] + part
        else:
            out += part
    return out


def our_placing(planted: Planted) -> np.ndarray:
    """The broadcast of each gift of the ledger, as sessions.py places it; the first of two that fit."""
    here = ~planted.lost & (planted.moves.reason == 2)
    order = np.lexsort((planted.ended, planted.began, planted.host))
    host, began, ended = planted.host[order], planted.began[order], planted.ended[order]
    paid_to = planted.moves.taker[here]
    # As the database gives them to sessions.py: each host's range, and the latest end so far within it.
    ends = np.cumsum(np.bincount(host, minlength=int(paid_to.max()) + 1))
    begins = np.concatenate([[0], ends[:-1]])
    furthest = ended.copy()
    for first, last in itertools.pairwise((0, *(np.flatnonzero(np.diff(host)) + 1).tolist(), len(host))):
        furthest[first:last] = np.maximum.accumulate(ended[first:last])
    low, high = begins[paid_to], ends[paid_to]
    found, counts = np.zeros(len(paid_to), np.int32), np.zeros(len(paid_to), np.int64)
    given = (planted.at_us[here], order.astype(np.int32), began, ended, furthest, low, high, 120_000_000, found)
    flat = np.empty(len(counts) + len(counts) // 4 + 16, np.int32)
    if (total := kernels.place(*given, flat, counts)) > len(flat):
        flat = np.empty(total, np.int32)
        kernels.place(*given, flat, counts)
    answer = np.full(len(paid_to), -1)
    answer[counts > 0] = flat[(np.cumsum(counts) - counts)[counts > 0]]
    return answer


def pandas_placing(planted: Planted) -> np.ndarray:
    """The same by an as-of join: each gift with the broadcast of its host that began last before it, if that still ran."""
    import pandas as pd

    here = ~planted.lost & (planted.moves.reason == 2)
    gifts = pd.DataFrame({"at": planted.at_us[here], "host": planted.moves.taker[here]}).sort_values("at")
    streams = pd.DataFrame(
        {
            "host": planted.host.astype(np.int32),
            "began": planted.began,
            "ended": planted.ended,
            "n": np.arange(len(planted.host)),
        }
    )
    joined = pd.merge_asof(gifts, streams.sort_values("began"), left_on="at", right_on="began", by="host")
    joined.index = gifts.index
    joined = joined.sort_index()
    answer: np.ndarray = joined["n"].where(joined["ended"] + 120_000_000 >= joined["at"], -1).fillna(-1).to_numpy(int)
    return answer


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _grown(call: Callable[[], Any]) -> int:
    """MiB by which a process grows that does this and nothing else."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        ctypes.CDLL(None).malloc_trim(0)  # what was freed before would hold it unseen
        Path("/proc/self/clear_refs").write_text("5")  # what it held at most begins anew
        before = peak_mib()
        call()
        os.write(write, str(peak_mib() - before).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return int(said or -1)


def _placing(planted: Planted, repeats: int, *, peers: bool) -> dict[str, Any]:
    """Gifts to broadcasts in memory: ours beside an as-of join of pandas."""
    routes = {"place, ours": our_placing} | ({"place, pandas": pandas_placing} if peers and _has("pandas") else {})
    truth = planted.stream[~planted.lost & (planted.moves.reason == 2)]
    times: dict[str, list[float]] = {name: [] for name in routes}
    told: dict[str, Any] = {}
    our_placing(planted)  # compiled, or read from where that is kept
    for _ in range(repeats):
        for name, route in routes.items():
            seconds, answer = _cpu(lambda each=route: each(planted))  # type: ignore[misc]
            times[name].append(seconds)
            told[f"{name}, right"] = round(float((answer == truth).mean()), 5)
    median = {name: statistics.median(each) for name, each in times.items()}
    told |= {f"{name}, CPU s": round(seconds, 4) for name, seconds in median.items()}
    if "place, pandas" in median:
        told["place, times pandas"] = round(median["place, pandas"] / median["place, ours"], 1)
    return told


def _pairs(planted: Planted, repeats: int, *, peers: bool) -> dict[str, Any]:
    """Pairs of hosts with three payers in common: ours beside SciPy's sparse product, which is how one asks without a kernel."""
    here = ~planted.lost & (planted.moves.reason == 2)
    paid = np.unique(np.stack([planted.moves.giver[here], planted.moves.taker[here]]).astype(np.int32), axis=1)
    payer = np.unique(paid[0], return_inverse=True)[1].astype(np.int32)
    host = np.unique(paid[1], return_inverse=True)[1].astype(np.int32)

    def ours() -> int:
        by_host = np.argsort(host, kind="stable")
        tally, none = np.zeros(int(payer.max()) + 2, np.int64), np.empty(0, np.int32)
        ends = [np.cumsum(np.bincount(each)) for each in (payer, host)]
        kernels.common(host, ends[0], payer[by_host], ends[1], 3, 100, tally, none, none, none, none)
        return int(tally[3:].sum())

    def scipy() -> int:
        from scipy.sparse import csr_array, triu

        matrix = csr_array((np.ones(len(payer), np.int32), (payer, host)))
        return int((triu(matrix.T @ matrix, 1).data >= 3).sum())

    routes = {"pairs of hosts, ours": ours} | ({"pairs of hosts, scipy": scipy} if peers and _has("scipy") else {})
    ours()
    taken = {name: [_cpu(route) for _ in range(repeats)] for name, route in routes.items()}
    told: dict[str, Any] = {
        f"{name}, CPU s": round(statistics.median(each[0] for each in runs), 4) for name, runs in taken.items()
    }
    told |= {f"{name}, MiB": _grown(route) for name, route in routes.items()}
    if len(routes) > 1:
        told["pairs of hosts, times scipy"] = round(
            statistics.median(each[0] for each in taken["pairs of hosts, scipy"])
            / max(1e-9, statistics.median(each[0] for each in taken["pairs of hosts, ours"])),
            1,
        )
        told["pairs of hosts agree"] = taken["pairs of hosts, ours"][0][1] == taken["pairs of hosts, scipy"][0][1]
    return told


def _reading(base: Path, repeats: int, *, peers: bool) -> dict[str, Any]:
    """The ledger read and put in order, each row checked: beside DuckDB's bare read of the same files, and that with its order."""
    taken: dict[str, list[list[float]]] = {"ours": [], **({"bare": [], "ordered": []} if peers else {})}
    for _ in range(repeats):
        for how, runs in taken.items():
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.coins_reading", str(base), how],
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


def _cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    answer = call()
    return time.process_time() - started, answer


def _tracing(planted: Planted, repeats: int, *, peers: bool) -> dict[str, Any]:
    moves = kept(planted)
    lists = [moves.giver.tolist(), moves.taker.tolist(), moves.amount.tolist()]
    flagged = np.zeros(len(moves.accounts), np.bool_)
    hosts = int(planted.host.max()) + 1
    flagged[hosts : hosts + 200] = True
    marked = set(np.flatnonzero(flagged).tolist())
    nothing = np.zeros(len(moves.amount))
    accounts = len(moves.accounts)
    routes: dict[str, Callable[[], Any]] = {
        "plain": lambda: plain_fifo(*lists),
        "ours": lambda: kernels.fifo(moves.giver, moves.taker, moves.amount, accounts, 1 << 28),
        "ours with entries and ends": lambda: Trace(moves).ends(),
        "graph haircut": lambda: graph_haircut(moves, marked),
        "our haircut": lambda: kernels.haircut_forward(
            moves.giver, moves.taker, moves.amount, accounts, flagged, nothing, 0.0
        ),
    }
    if len(moves.amount) <= 20_000:  # its time grows with the square of what a host holds
        routes["data frame"] = lambda: frame_fifo(moves)
    if peers and _has("pandas") and len(moves.amount) <= 400_000:  # a minute a million
        routes["pandas"] = lambda: pandas_fifo(moves)
    if peers and _has("networkx") and len(moves.amount) <= 400_000:  # a kilobyte an edge
        routes["networkx haircut"] = lambda: networkx_haircut(moves, marked)
    grown = {f"{name}, MiB": _grown(route) for name, route in routes.items() if "with entries" not in name}
    times: dict[str, list[float]] = {name: [] for name in routes}
    answers: dict[str, Any] = {}
    for _ in range(repeats):
        for name, route in routes.items():
            seconds, answers[name] = _cpu(route)
            times[name].append(seconds)
    median = {name: statistics.median(each) for name, each in times.items()}
    ends = answers["ours with entries and ends"]
    exact = all(np.array_equal(one, two) for one, two in zip(answers["ours"][:3], answers["plain"], strict=True))
    if "data frame" in answers:
        exact &= dict(answers["data frame"]) == _as_plain(moves, ends)
    if "pandas" in answers:
        exact &= dict(answers["pandas"]) == _as_plain(moves, ends)
    moved, _ = answers["our haircut"]
    haircut = float(moved[moves.taker < 0].sum())
    through = Trace(moves).through([moves.accounts[number] for number in sorted(marked) if number < accounts])
    return {
        "parts": len(ends.coins),
        **{f"{name}, CPU s": round(seconds, 4) for name, seconds in median.items()},
        "FIFO, times plain Python": round(median["plain"] / median["ours"], 1),
        "FIFO with entries and ends, times plain Python": round(
            median["plain"] / median["ours with entries and ends"], 1
        ),
        "FIFO, times data frame": round(median["data frame"] / median["ours"], 1)
        if "data frame" in median
        else "not run",
        "FIFO, times pandas": round(median["pandas"] / median["ours"], 1) if "pandas" in median else "not run",
        "haircut, times networkx": round(median["networkx haircut"] / median["our haircut"], 1)
        if "networkx haircut" in median
        else "not run",
        **grown,
        "haircut, times graph tool": round(median["graph haircut"] / median["our haircut"], 1),
        "exact to the coin": exact,
        "haircut agrees": abs(haircut - answers["graph haircut"]) <= 1e-6 * max(1.0, haircut),
        "coins in = out + left": int(ends.coins.sum()) == _entered(moves),
        "origin unknown, coins": int(ends.coins[~ends.known].sum()),
        "accounts reached by FIFO": len({each.account for each in through.ends if each.fifo_coins}),
        "accounts reached by haircut": len({each.account for each in through.ends if each.haircut_coins > 0}),
    }


def _entered(moves: Moves) -> int:
    """Coins bought, and coins given beyond what was there, counted without the kernel."""
    balance = [0] * len(moves.accounts)
    total = 0
    for giver, taker, coins in zip(moves.giver.tolist(), moves.taker.tolist(), moves.amount.tolist(), strict=True):
        if giver < 0:
            total += coins
        else:
            lent = max(0, coins - balance[giver])
            total += lent
            balance[giver] -= coins - lent
        if taker >= 0:
            balance[taker] += coins
    return total


def _as_plain(moves: Moves, ends: Any) -> dict[tuple[int, int], int]:
    gone = ~ends.stands
    entry = np.where(ends.known, ends.entry, -1 - ends.entry.astype(np.int64))[gone].tolist()
    found: dict[tuple[int, int], int] = defaultdict(int)
    for one, two, coins in zip(entry, ends.end[gone].tolist(), ends.coins[gone].tolist(), strict=True):
        found[one, two] += coins
    return dict(found)


def write(planted: Planted, folder: Path) -> None:
    """The ledger as a platform would hand it over: three shapes and the broadcasts."""
    moves, here = planted.moves, ~planted.lost
    con = duckdb.connect()
    con.register(
        "m",
        {
            "no": np.arange(len(here))[here],
            "at": planted.at_us[here],
            "giver": moves.giver[here],
            "taker": moves.taker[here],
            "coins": moves.amount[here],
            "reason": moves.reason[here].astype(np.int32),
        },
    )
    con.register(
        "s",
        {
            "n": np.arange(len(planted.began)),
            "host": planted.host,
            "began": planted.began,
            "ended": planted.ended,
        },
    )
    name = "('u' || {0})".format
    spent = REASONS.index("spend")
    for file, query in {
        "purchases.csv": f'SELECT no, "at", {name("taker")} AS "user", coins, coins * 105 // 100 AS cents, \'EUR\' AS currency '
        "FROM m WHERE reason = 0 ORDER BY no",
        "gifts.parquet": f'SELECT no, "at", {name("giver")} AS sender, {name("taker")} AS host, coins FROM m '
        "WHERE reason = 2 ORDER BY no",
        "others.jsonl": f'SELECT no, "at", {name("giver")} AS "user", coins, '
        f"CASE WHEN reason = {spent} THEN 'GOODS' ELSE 'PAYOUT' END "
        "AS what FROM m WHERE reason > 2 ORDER BY no",
        "streams.csv": f"SELECT 's' || n AS stream, {name('host')} AS host, began, ended FROM s ORDER BY n",
    }.items():
        shape = {"csv": "CSV, HEADER", "parquet": "PARQUET", "jsonl": "JSON"}[file.partition(".")[2]]
        con.execute(f"COPY ({query}) TO '{folder / file}' (FORMAT {shape})").fetchall()
    con.close()


def _command(planted: Planted, repeats: int, *, peers: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as made:
        base = Path(made)
        (base / "in").mkdir()
        write(planted, base / "in")
        (base / "m.toml").write_text(MAPPING)
        told = _reading(base, repeats, peers=peers)
        for engine in ("coins", "sessions"):
            runs = [_run(engine, base, f"{engine}{turn}.parquet") for turn in range(min(2, repeats))]
            told[f"{engine}, whole command, CPU s"] = round(min(run[0] for run in runs), 2)
            told[f"{engine}, peak MiB"] = max(run[1] for run in runs)
            if len(runs) > 1:
                told[f"{engine}, same bytes twice"] = runs[0][2] == runs[1][2]
        return told | _sessions_scored(planted, base / "sessions0.parquet")


def _run(engine: str, base: Path, out: str) -> tuple[float, int, list[str]]:
    """CPU seconds and peak memory of the command in a process of its own, and the digests of what it wrote."""
    program = (
        "import runpy, sys; from benchmarks.coins_reading import peak_mib; sys.argv = sys.argv[1:]\n"
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


def _sessions_scored(planted: Planted, out: Path) -> dict[str, Any]:
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


if __name__ == "__main__":
    sys.exit(main())
