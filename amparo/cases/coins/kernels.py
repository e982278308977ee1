"""The hot loops: FIFO by a linked queue for each account, haircut forwards and backwards, payments into broadcasts.

A move takes `amount` coins from account `giver` to account `taker`; OUTSIDE is where coins are bought and where they end.
What an account gives beyond what the ledger brought in is of unknown origin, in every method alike.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

from typing import Any

import numpy as np

from amparo.cases.tables.compiling import compiled

OUTSIDE = -1
BOUGHT, UNKNOWN = -1, -2  # what stands for a parent at a bundle that has none
index = (
    np.uint64
)  # a place in an array: without a sign, so that compiled code need not ask whether it counts from the end


def fifo(giver: np.ndarray, taker: np.ndarray, amount: np.ndarray, accounts: int, most: int) -> tuple[Any, ...]:
    """Bundles of coins: parent, move, coins, how many of them still stand in their account; and whether they are over `most`.

    Each account's bundles queue in the order in which they came. The j-th coin out is the j-th coin in. None of it if over.
    Coins are of 32 bits where every amount fits, of which no bundle holds more: a third less memory is written for the first time.
    """
    room = min(len(amount) + len(amount) // 2 + 16, most)
    links = [np.empty(room, np.int32) for _ in range(3)]  # parent, move, follower
    narrow = amount.max(initial=0) < 1 << 31
    sums = [np.empty(room, np.int32 if narrow else np.int64) for _ in range(2)]  # coins, standing
    head, tail = np.full(accounts, -1, np.int32), np.full(accounts, -1, np.int32)
    balance = np.zeros(accounts, np.int64)
    move, left, lent, count = 0, -1, 0, 0
    while True:
        # A loop of its own: arrays that are replaced inside it would be counted at every turn.
        move, left, lent, count = _advance(
            giver, taker, amount, *links, *sums, head, tail, balance, move, left, lent, count
        )
        if move == len(amount):
            parent, moved, _ = links
            return parent[:count], moved[:count], sums[0][:count], sums[1][:count], False
        if room >= most:
            return links[0][:0], links[1][:0], sums[0][:0], sums[1][:0], True
        room = min(room + room // 2, most)
        links, sums = ([_longer(each, room) for each in some] for some in (links, sums))


def _longer(array, room):
    longer = np.empty(room, array.dtype)
    longer[: len(array)] = array
    return longer


@compiled
def _advance(giver, taker, amount, parent, move, follower, coins, standing, head, tail, balance, m, left, lent, count):
    """Goes on from move `m`, of which `left` coins have yet to go (-1: not begun), until the end or until the room is full."""
    room, moves = len(parent), len(amount)
    while m < moves:
        source, target = giver[index(m)], taker[index(m)]
        if left < 0:
            left = amount[index(m)]
            lent = 0
            if source >= 0:
                there = balance[index(source)]
                lent = max(0, left - there)
                balance[index(source)] = there - (left - lent)
            if target >= 0:
                balance[index(target)] += left
        while left > 0:
            if count + 2 > room:
                return m, left, lent, count
            if source < 0:
                origin, taken = BOUGHT, left
            elif left > lent:
                origin = np.int64(head[index(source)])
                there = standing[index(origin)]
                taken = min(left - lent, there)
                standing[index(origin)] = there - taken
                if there == taken:
                    head[index(source)] = follower[index(origin)]
            else:  # coins that the ledger never brought in: a bundle of their own, which moves on at once
                new = index(count)
                parent[new], move[new], coins[new], standing[new] = UNKNOWN, m, left, 0
                origin, taken = count, left
                count += 1
            left -= taken
            new = index(count)
            parent[new], move[new], coins[new] = origin, m, taken
            if target >= 0:
                standing[new], follower[new] = taken, -1
                if head[index(target)] < 0:
                    head[index(target)] = count
                else:
                    follower[index(tail[index(target)])] = count
                tail[index(target)] = count
            else:
                standing[new] = 0
            count += 1
        left = -1
        m += 1
    return m, left, lent, count


@compiled
def ancestry(parent, held):
    """For each bundle: its first ancestor, how many moves lie between, and whether it or an ancestor is `held`."""
    count = len(parent)
    root, depth, through = np.empty(count, np.int32), np.empty(count, np.int32), held.copy()
    for b in range(count):
        above = parent[b]
        if above < 0:
            root[b], depth[b] = b, 0
        else:
            root[b], depth[b] = root[above], depth[above] + 1
            through[b] = through[b] or through[above]
    return root, depth, through


@compiled
def haircut_forward(giver, taker, amount, accounts, marked, entering, unknown):
    """Of each move, how many coins are marked if coins mix evenly; and of what stands in each account at the end.

    marked: accounts whose every coin is marked. entering[m]: the marked share of coins bought in move m. unknown: that of
    coins of unknown origin.
    """
    moved, taint, balance = np.zeros(len(amount)), np.zeros(accounts), np.zeros(accounts, np.int64)
    for m in range(len(amount)):
        some, source, target = amount[m], giver[m], taker[m]
        if some == 0:
            continue
        if source < 0:
            part = entering[m] * some
        else:
            there = balance[source]
            if marked[source]:
                part = float(some)
            elif some >= there:
                part = taint[source] + unknown * (some - there)
            else:
                part = taint[source] * (some / there)
            balance[source] = max(np.int64(0), there - some)
            taint[source] = max(0.0, taint[source] - part) if balance[source] > 0 else 0.0
        moved[m] = part
        if target >= 0:
            balance[target] += some
            taint[target] += part
            if marked[target]:
                taint[target] = float(balance[target])
    return moved, taint


@compiled
def haircut_backward(giver, taker, amount, accounts, marked):
    """Of the coins that enter in each move (bought, or of unknown origin), how many are ever held by a marked account.

    The same mixing read from the end to the beginning: the sum over all entries is what haircut_forward finds at all ends.
    """
    moves = len(amount)
    lent, balance = np.zeros(moves, np.int64), np.zeros(accounts, np.int64)
    for m in range(moves):
        source, target = giver[m], taker[m]
        if source >= 0:
            lent[m] = max(np.int64(0), amount[m] - balance[source])
            balance[source] -= amount[m] - lent[m]
        if target >= 0:
            balance[target] += amount[m]
    reach, entered = np.zeros(accounts), np.zeros(moves)
    for account in range(accounts):
        if marked[account]:
            reach[account] = 1.0
    for m in range(moves - 1, -1, -1):
        some, source, target = amount[m], giver[m], taker[m]
        if some == 0:
            continue
        ahead = 0.0
        if target >= 0:
            balance[target] -= some
            ahead = reach[target]
        if source < 0:
            entered[m] = ahead * some
            continue
        balance[source] += some - lent[m]
        if not marked[source]:
            part = some / (balance[source] + lent[m])
            reach[source] = (1.0 - part) * reach[source] + part * ahead
        entered[m] = reach[source] * lent[m]
    return entered


@compiled
def via(parent, move, bundles, gifts, stands, most):
    """The gifts through which each part came, as (part, place in the chain, move): the last `most` before its end."""
    total = 0
    for p in range(len(bundles)):
        total += min(gifts[p], most)
    part, place, at = np.empty(total, np.int64), np.empty(total, np.int32), np.empty(total, np.int64)
    write = 0
    for p in range(len(bundles)):
        bundle = np.int64(bundles[p])
        if not stands[p]:
            bundle = np.int64(parent[bundle])
        some = min(gifts[p], most)
        for step in range(some):
            part[write], place[write], at[write] = p, some - step, move[bundle]
            write += 1
            bundle = np.int64(parent[bundle])
    return part, place, at


@compiled
def place(times, ids, began, ended, furthest, first, last, grace, found, flat, counts):
    """For each payment the broadcasts that fit, as positions in `flat` (`counts` a payment); returns their number in all.

    began, ended: by host, then begin. furthest: the running maximum of ended within the host. first, last: a payment's host's
    range. What has no room in `flat` is only counted: call it again with as much room as it returns.
    """
    total, room = 0, len(flat)
    for p in range(len(times)):
        at, kind, here = times[p], 0, 0
        for reach in (0, grace):
            if kind != 0:
                break
            low, high = first[p], last[p]
            while low < high:  # the first that begins after at + reach
                middle = (low + high) // 2
                if began[middle] <= at + reach:
                    low = middle + 1
                else:
                    high = middle
            b = low - 1
            while b >= first[p] and furthest[b] >= at - reach:
                if ended[b] >= at - reach:
                    if total + here < room:
                        flat[total + here] = ids[b]
                    here += 1
                b -= 1
            if here:
                kind = 3 if here > 1 else (1 if reach == 0 else 2)
        found[p], counts[p] = kind, here
        total += here
    return total


@compiled
def common(hosts, host_ends, payers, payer_ends, least, most, tally, first, second, number, names):
    """Pairs of hosts with `least` payers in common or more, and some of the payers of each (`most` a pair).

    hosts: of each payer in ascending order, the ends of each payer's part in host_ends; payers, payer_ends: of each host
    likewise. tally[k] grows by the pairs with k payers. Written, for pairs in ascending order: first and second host, number of
    payers, and in `names` the lowest of them. With an empty `first` it only counts. Time: the pairs within each payer's hosts;
    memory: the number of hosts.
    """
    count = len(payer_ends)
    seen, room, slot = np.zeros(count, np.int32), np.zeros(count, np.int32), np.zeros(count, np.int64)
    touched = np.empty(count, np.int32)
    pairs, named, begin = 0, 0, 0
    for one in range(count):
        here = payers[begin : payer_ends[one]]
        begin = payer_ends[one]
        reached = 0
        for payer in here:
            h = host_ends[payer] - 1
            while hosts[h] > one:  # the one itself is among them
                other = hosts[h]
                if seen[other] == 0:
                    touched[reached] = other
                    reached += 1
                seen[other] += 1
                h -= 1
        if len(first) == 0:
            for other in touched[:reached]:
                tally[seen[other]] += 1
                seen[other] = 0
            continue
        before = pairs
        for other in np.sort(touched[:reached]):
            if seen[other] >= least:
                first[pairs], second[pairs], number[pairs] = one, other, seen[other]
                room[other], slot[other] = min(seen[other], most), named
                pairs += 1
                named += min(seen[other], most)
            seen[other] = 0
        if pairs == before:
            continue
        for payer in here:
            h = host_ends[payer] - 1
            while hosts[h] > one:
                other = hosts[h]
                if room[other] > 0:
                    names[slot[other]] = payer
                    slot[other] += 1
                    room[other] -= 1
                h -= 1
