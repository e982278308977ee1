"""The hot loops of countries: events to days and hours, evidence to probabilities, hours of activity against a clock."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np

from amparo.cases.tables.compiling import compiled


@compiled
def days_of(key, standing, ported, source):
    """Rows (group, standing, days, events, with a port, first, last, source of the first) of events sorted by key.

    key: group << 32 | second. A day is of the least standing that its events have in the group; of exits, all days.
    """
    count = len(key)
    room = 0
    for e in range(count):
        if e == 0 or key[e] >> np.uint64(32) != key[e - 1] >> np.uint64(32):
            room += 4
    room = min(room, count)
    group, stands = np.empty(room, np.uint64), np.empty(room, np.int8)
    days, events, ports = np.zeros(room, np.int32), np.zeros(room, np.int32), np.zeros(room, np.int32)
    first, last, example = np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int64)
    own = np.zeros((4, 6), np.int64)
    write = e = 0
    while e < count:
        here = key[e] >> np.uint64(32)
        own[:] = 0
        today, least, exit_day = np.int64(-1), 9, np.int64(-1)
        while e < count and key[e] >> np.uint64(32) == here:
            second = np.int64(key[e] & np.uint64(0xFFFFFFFF))
            day, s = second // 86_400, standing[e]
            if day != today:
                if least < 3:
                    own[least, 0] += 1
                today, least = day, 9
            least = min(least, s)
            if s == 3 and day != exit_day:
                own[3, 0] += 1
                exit_day = day
            if own[s, 1] == 0:
                own[s, 3], own[s, 5] = second, source[e]
            elif second == own[s, 3]:
                own[s, 5] = min(own[s, 5], source[e])
            if own[s, 3] == 0 and second > 0:
                own[s, 3], own[s, 5] = second, source[e]
            own[s, 1] += 1
            own[s, 2] += ported[e]
            own[s, 4] = second
            e += 1
        if least < 3:
            own[least, 0] += 1
        for s in range(4):
            if own[s, 1] > 0:
                group[write], stands[write], days[write], events[write] = here, s, own[s, 0], own[s, 1]
                ports[write], first[write], last[write], example[write] = own[s, 2], own[s, 3], own[s, 4], own[s, 5]
                write += 1
    return (
        group[:write],
        stands[:write],
        days[:write],
        events[:write],
        ports[:write],
        first[:write],
        last[:write],
        example[:write],
    )


@compiled
def by_hour(account, hour, accounts):
    table = np.zeros((accounts, 24), np.uint16)
    for e in range(len(account)):
        if table[account[e], hour[e]] < 65_535:
            table[account[e], hour[e]] += 1
    return table


@compiled
def weighed(start, place, weight, prior, hour_row, hour_weight, clock):
    """For each row of evidence the probability of its place, for its account; and by account the three best.

    start: the accounts' first rows, and the end. weight: of each row in nats, not below 0. prior: of each place, sum 1.
    hour_row: of each account its row in hour_weight (row, clock), or -1; clock: of each place its column.
    What no evidence names has its prior alone. best, probability: (accounts, 3), -1 and 0 where there is none.
    """
    accounts = len(start) - 1
    post = np.zeros(len(place), np.float32)
    best = np.full((accounts, 3), -1, np.int16)
    chance = np.zeros((accounts, 3), np.float64)
    slot = np.full(len(prior), -1, np.int32)
    named = np.empty(len(prior), np.int32)
    sums = np.empty(len(prior), np.float64)
    for a in range(accounts):
        count = 0
        for e in range(start[a], start[a + 1]):
            p = place[e]
            if slot[p] < 0:
                slot[p], named[count], sums[count] = count, p, math.log(prior[p])
                if hour_row[a] >= 0:
                    sums[count] += hour_weight[hour_row[a], clock[p]]
                count += 1
            sums[slot[p]] += weight[e]
        if count == 0:
            continue
        known, top = 0.0, -1e300
        for c in range(count):
            known += prior[named[c]]
            top = max(top, sums[c])
        rest = max(1e-9, 1.0 - known)
        top = max(top, math.log(rest))
        total = rest * math.exp(-top)
        for c in range(count):
            sums[c] = math.exp(sums[c] - top)
            total += sums[c]
        for c in range(count):
            sums[c] /= total
            p = named[c]
            for b in range(3):
                if best[a, b] < 0 or sums[c] > chance[a, b] or (sums[c] == chance[a, b] and p < best[a, b]):
                    for later in range(2, b, -1):
                        best[a, later], chance[a, later] = best[a, later - 1], chance[a, later - 1]
                    best[a, b], chance[a, b] = p, sums[c]
                    break
        for e in range(start[a], start[a + 1]):
            post[e] = sums[slot[place[e]]]
        for c in range(count):
            slot[named[c]] = -1
    return post, best, chance


@compiled
def agreeing(account, number, standing_place, start, place, post, least, addresses):
    """For each shared address: how many of its accounts have evidence, and the sum of their chances of its place."""
    count, agree = np.zeros(addresses, np.float64), np.zeros(addresses, np.float64)
    for e in range(len(account)):
        a, wanted = account[e], standing_place[number[e]]
        if wanted < 0:
            continue
        known, here = 0.0, 0.0
        for r in range(start[a], start[a + 1]):
            fresh = True
            for before in range(start[a], r):
                if place[before] == place[r]:
                    fresh = False
                    break
            if fresh:
                known += post[r]
                if place[r] == wanted:
                    here = post[r]
        if known >= least:
            count[number[e]] += 1.0
            agree[number[e]] += here
    return count, agree


@compiled
def confirmed(start, place, family):
    """Of each row of evidence, whether a row of another family of the same account names the same place."""
    found = np.zeros(len(place), np.bool_)
    for a in range(len(start) - 1):
        for e in range(start[a], start[a + 1]):
            for other in range(start[a], start[a + 1]):
                if place[other] == place[e] and family[other] != family[e]:
                    found[e] = True
                    break
    return found
