"""Gifts placed in broadcasts, and pairs of hosts with common payers, in memory: beside pandas and SciPy."""

from __future__ import annotations

import itertools
import statistics
from typing import Any

import numpy as np

from amparo.cases.coins import kernels
from benchmarks.coins.ledgers import Planted
from benchmarks.coins.measuring import cpu, grown, has


def placing(planted: Planted, repeats: int, *, peers: bool) -> dict[str, Any]:
    """Gifts to broadcasts in memory: ours beside an as-of join of pandas."""
    routes = {"place, ours": our_placing} | ({"place, pandas": pandas_placing} if peers and has("pandas") else {})
    truth = planted.stream[~planted.lost & (planted.moves.reason == 2)]
    times: dict[str, list[float]] = {name: [] for name in routes}
    told: dict[str, Any] = {}
    our_placing(planted)  # compiled, or read from where that is kept
    for _ in range(repeats):
        for name, route in routes.items():
            seconds, answer = cpu(lambda each=route: each(planted))  # type: ignore[misc]
            times[name].append(seconds)
            told[f"{name}, right"] = round(float((answer == truth).mean()), 5)
    median = {name: statistics.median(each) for name, each in times.items()}
    told |= {f"{name}, CPU s": round(seconds, 4) for name, seconds in median.items()}
    if "place, pandas" in median:
        told["place, times pandas"] = round(median["place, pandas"] / median["place, ours"], 1)
    return told


def pairs(planted: Planted, repeats: int, *, peers: bool) -> dict[str, Any]:
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

    routes = {"pairs of hosts, ours": ours} | ({"pairs of hosts, scipy": scipy} if peers and has("scipy") else {})
    ours()
    taken = {name: [cpu(route) for _ in range(repeats)] for name, route in routes.items()}
    told: dict[str, Any] = {
        f"{name}, CPU s": round(statistics.median(each[0] for each in runs), 4) for name, runs in taken.items()
    }
    told |= {f"{name}, MiB": grown(route) for name, route in routes.items()}
    if len(routes) > 1:
        told["pairs of hosts, times scipy"] = round(
            statistics.median(each[0] for each in taken["pairs of hosts, scipy"])
            / max(1e-9, statistics.median(each[0] for each in taken["pairs of hosts, ours"])),
            1,
        )
        told["pairs of hosts agree"] = taken["pairs of hosts, ours"][0][1] == taken["pairs of hosts, scipy"][0][1]
    return told


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
