"""FIFO and haircut as one writes them without the engine: plain Python, over frames, pandas, as graph tools do, networkx."""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np

from amparo.cases.coins.tracing import Moves


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
