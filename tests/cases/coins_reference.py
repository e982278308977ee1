"""What the tests hold the engine against: FIFO and haircut as anyone would write them, and FIFO as interval algebra."""

from __future__ import annotations

from collections import Counter, deque
from fractions import Fraction

import numpy as np

from amparo.cases.coins.tracing import REASONS, Moves

# A move as (giver, taker, amount, reason); -1 is the outside.
Plain = tuple[int, int, int, str]


def moves_from(rows: list[Plain], accounts: int) -> Moves:
    return Moves(
        giver=np.array([row[0] for row in rows], np.int32),
        taker=np.array([row[1] for row in rows], np.int32),
        amount=np.array([row[2] for row in rows], np.int64),
        row=np.arange(len(rows), dtype=np.int32),
        reason=np.array([REASONS.index(row[3]) for row in rows], np.uint8),
        accounts=tuple(f"account {number}" for number in range(accounts)),
    )


def plain_fifo(rows: list[Plain]) -> Counter[tuple[int, int, bool]]:
    """Coins by (move of entry, move of the end or -1 - account where they are left, whether the origin is known)."""
    queues: dict[int, deque[list]] = {}
    found: Counter[tuple[int, int, bool]] = Counter()
    for number, (giver, taker, wanted, reason) in enumerate(rows):
        amount = wanted
        taken = [[number, amount, reason != "unknown"]]
        if giver >= 0:
            taken = []
            queue = queues.setdefault(giver, deque())
            while amount and queue:
                part = min(amount, queue[0][1])
                taken.append([queue[0][0], part, queue[0][2]])
                queue[0][1] -= part
                amount -= part
                if not queue[0][1]:
                    queue.popleft()
            if amount:
                taken.append([number, amount, False])
        if taker >= 0:
            queues.setdefault(taker, deque()).extend(part for part in taken if part[1])
        else:
            for entry, part, known in taken:
                found[entry, number, known] += part
    for account, queue in queues.items():
        for entry, part, known in queue:
            found[entry, -1 - account, known] += part
    return +found


def interval_fifo(rows: list[Plain], accounts: int) -> Counter[tuple[int, int, bool]]:
    """The same without any queue: each account's j-th coin out is its j-th coin in, so a hop is an overlap of two lines."""
    coming: dict[int, list[tuple[int, int]]] = {account: [] for account in range(accounts)}  # (move, coins), in order
    going: dict[int, list[tuple[int, int]]] = {account: [] for account in range(accounts)}
    balance = dict.fromkeys(range(accounts), 0)
    for number, (giver, taker, amount, _) in enumerate(rows):
        if giver >= 0:
            lent = max(0, amount - balance[giver])
            if lent:
                coming[giver].append((-1 - number, lent))
                balance[giver] += lent
            going[giver].append((number, amount))
            balance[giver] -= amount
        if taker >= 0:
            coming[taker].append((number, amount))
            balance[taker] += amount
    # Each account's map: where on the line of what came in lies what went out in each move.
    inside: dict[int, list[tuple[int, int]]] = {}
    edges: dict[int, np.ndarray] = {}
    for account in range(accounts):
        edges[account] = np.cumsum([0, *(coins for _, coins in coming[account])])
        at = 0
        for number, coins in going[account]:
            inside.setdefault(number, []).append((at, at + coins))
            at += coins
    position: dict[int, int] = {}  # of each account, how far out the moves go; what lies beyond is left
    found: Counter[tuple[int, int, bool]] = Counter()

    def back(account: int, start: int, stop: int, end: int) -> None:
        """Composes the maps from an interval of one account's incoming line to entries."""
        todo = [(account, start, stop)]
        while todo:
            account, start, stop = todo.pop()
            line = edges[account]
            for place in range(int(np.searchsorted(line, start, "right")) - 1, len(line) - 1):
                low, high = max(start, int(line[place])), min(stop, int(line[place + 1]))
                if low >= high:
                    if line[place] >= stop:
                        break
                    continue
                number = coming[account][place][0]
                if number < 0:
                    found[-1 - number, end, False] += high - low
                elif rows[number][0] < 0:
                    found[number, end, rows[number][3] != "unknown"] += high - low
                else:
                    ((out_start, _),) = inside[number]
                    shift = out_start - int(line[place])
                    todo.append((rows[number][0], low + shift, high + shift))

    for account in range(accounts):
        position[account] = sum(coins for _, coins in going[account])
        back(account, position[account], int(edges[account][-1]), -1 - account)
    for number, (giver, taker, amount, _) in enumerate(rows):
        if giver >= 0 > taker and amount:
            ((start, stop),) = inside[number]
            back(giver, start, stop, number)
    return +found


def plain_haircut(rows: list[Plain], accounts: int, marked: set[int]) -> tuple[list[Fraction], list[Fraction]]:
    """The marked coins of each move and of each account at the end, in exact fractions."""
    balance, taint = [Fraction(0)] * accounts, [Fraction(0)] * accounts
    moved = []
    for giver, taker, amount, _ in rows:
        part = Fraction(0)
        if giver >= 0 and amount:
            there = balance[giver]
            share = taint[giver] / there if there else Fraction(0)
            part = Fraction(amount) if giver in marked else share * min(there, amount)
            balance[giver] = max(Fraction(0), there - amount)
            taint[giver] = balance[giver] if giver in marked else taint[giver] - part
        moved.append(part)
        if taker >= 0:
            balance[taker] += amount
            taint[taker] = balance[taker] if taker in marked else taint[taker] + part
    return moved, taint
