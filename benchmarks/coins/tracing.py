"""FIFO and haircut in memory, beside plain Python, pandas, graph tools; every answer checked to the coin."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from amparo.cases.coins import kernels
from amparo.cases.coins.tracing import Moves, Trace
from benchmarks.coins.ledgers import Planted, kept
from benchmarks.coins.measuring import cpu, grown, has
from benchmarks.coins.peers import frame_fifo, graph_haircut, networkx_haircut, pandas_fifo, plain_fifo


def tracing(planted: Planted, repeats: int, *, peers: bool) -> dict[str, Any]:
    """Seconds and memory of each route in turns, their ratios, and whether all answers are one."""
    moves = kept(planted)
    hosts = int(planted.host.max()) + 1
    flagged = np.zeros(len(moves.accounts), np.bool_)
    flagged[hosts : hosts + 200] = True
    routes = _routes(moves, flagged, peers=peers)
    told: dict[str, Any] = {
        f"{name}, MiB": grown(route) for name, route in routes.items() if "with entries" not in name
    }
    times: dict[str, list[float]] = {name: [] for name in routes}
    answers: dict[str, Any] = {}
    for _ in range(repeats):
        for name, route in routes.items():
            answers.pop(name, None)  # what was found before is not held beside what is found again
            seconds, answers[name] = cpu(route)
            times[name].append(seconds)
    median = {name: statistics.median(each) for name, each in times.items()}
    told = {f"{name}, CPU s": round(seconds, 4) for name, seconds in median.items()} | _ratios(times, median) | told
    return told | _checked(moves, answers) | _reached(moves, np.flatnonzero(flagged))


def _routes(moves: Moves, flagged: np.ndarray, *, peers: bool) -> dict[str, Callable[[], Any]]:
    lists = [moves.giver.tolist(), moves.taker.tolist(), moves.amount.tolist()]
    marked, nothing = set(np.flatnonzero(flagged).tolist()), np.zeros(len(moves.amount))
    arrays, accounts = (moves.giver, moves.taker, moves.amount), len(moves.accounts)
    routes: dict[str, Callable[[], Any]] = {
        "plain": lambda: plain_fifo(*lists),
        "ours": lambda: kernels.fifo(*arrays, accounts, 1 << 28),
        "ours with entries and ends": lambda: Trace(moves).ends(),
        "graph haircut": lambda: graph_haircut(moves, marked),
        "our haircut": lambda: kernels.haircut_forward(*arrays, accounts, flagged, nothing, 0.0),
    }
    if len(moves.amount) <= 20_000:  # its time grows with the square of what a host holds
        routes["data frame"] = lambda: frame_fifo(moves)
    if peers and has("pandas") and len(moves.amount) <= 400_000:  # a minute a million
        routes["pandas"] = lambda: pandas_fifo(moves)
    if peers and has("networkx") and len(moves.amount) <= 400_000:  # a kilobyte an edge
        routes["networkx haircut"] = lambda: networkx_haircut(moves, marked)
    return routes


RATIOS = {
    "FIFO, times plain Python": ("plain", "ours"),
    "FIFO with entries and ends, times plain Python": ("plain", "ours with entries and ends"),
    "FIFO, times data frame": ("data frame", "ours"),
    "FIFO, times pandas": ("pandas", "ours"),
    "haircut, times networkx": ("networkx haircut", "our haircut"),
    "haircut, times graph tool": ("graph haircut", "our haircut"),
}


def _ratios(times: dict[str, list[float]], median: dict[str, float]) -> dict[str, Any]:
    """Of the medians; of FIFO also of the least of each, which other work on the machine weighs on least."""
    told: dict[str, Any] = {
        name: round(median[peer] / median[ours], 1) if peer in median else "not run"
        for name, (peer, ours) in RATIOS.items()
    }
    return told | {"FIFO, times plain Python, by the least": round(min(times["plain"]) / min(times["ours"]), 1)}


def _checked(moves: Moves, answers: dict[str, Any]) -> dict[str, Any]:
    ends = answers["ours with entries and ends"]
    exact = all(np.array_equal(one, two) for one, two in zip(answers["ours"][:3], answers["plain"], strict=True))
    for other in answers.keys() & {"data frame", "pandas"}:
        exact &= dict(answers[other]) == as_plain(moves, ends)
    moved, _ = answers["our haircut"]
    haircut = float(moved[moves.taker < 0].sum())
    return {
        "parts": len(ends.coins),
        "exact to the coin": exact,
        "haircut agrees": abs(haircut - answers["graph haircut"]) <= 1e-6 * max(1.0, haircut),
        "coins in = out + left": int(ends.coins.sum()) == entered(moves),
        "origin unknown, coins": int(ends.coins[~ends.known].sum()),
    }


def _reached(moves: Moves, marked: np.ndarray) -> dict[str, Any]:
    """How many accounts the coins of these end at, by both rules."""
    through = Trace(moves).through([moves.accounts[number] for number in marked.tolist()])
    return {
        "accounts reached by FIFO": len({each.account for each in through.ends if each.fifo_coins}),
        "accounts reached by haircut": len({each.account for each in through.ends if each.haircut_coins > 0}),
    }


def entered(moves: Moves) -> int:
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


def as_plain(moves: Moves, ends: Any) -> dict[tuple[int, int], int]:
    gone = ~ends.stands
    entry = np.where(ends.known, ends.entry, -1 - ends.entry.astype(np.int64))[gone].tolist()
    found: dict[tuple[int, int], int] = defaultdict(int)
    for one, two, coins in zip(entry, ends.end[gone].tolist(), ends.coins[gone].tolist(), strict=True):
        found[one, two] += coins
    return dict(found)
