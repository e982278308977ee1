"""The hot loops of countries over evidence: put in order, weighed to chances, learned from, summed by account."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202

from __future__ import annotations

import math

import numpy as np

from amparo.cases.tables.compiling import compiled


@compiled
def in_order(account, place, kind, source, accounts):
    """The rows in the order of account, place, kind, source, else as they stand."""
    start = np.zeros(accounts + 1, np.int64)
    for e in range(len(account)):
        start[account[e] + 1] += 1
    for a in range(accounts):
        start[a + 1] += start[a]
    filled = start[:-1].copy()
    order = np.empty(len(account), np.int64)
    for e in range(len(account)):
        a = account[e]
        here = filled[a]
        while here > start[a]:
            other = order[here - 1]
            if place[other] != place[e]:
                if place[other] < place[e]:
                    break
            elif kind[other] != kind[e]:
                if kind[other] < kind[e]:
                    break
            elif source[other] <= source[e]:
                break
            order[here] = other
            here -= 1
        order[here] = e
        filled[a] += 1
    return order


@compiled
def logarithms(prior):
    found = np.empty(len(prior), np.float64)
    for p in range(len(prior)):
        found[p] = math.log(prior[p])
    return found


@compiled
def _of_account(begin, end, place, weight, prior, log_prior, hours, clock, slot, named, sums):
    """Fills `named` and `sums` with the places that the rows name and their chances; returns how many. slot: of each place its
    number there, left as it was found by the caller. hours: of the account by clock, or none."""
    count = 0
    for e in range(begin, end):
        p = place[e]
        if slot[p] < 0:
            slot[p], named[count], sums[count] = count, p, log_prior[p]
            if len(hours):
                sums[count] += hours[clock[p]]
            count += 1
        sums[slot[p]] += weight[e]
    if count == 0:
        return 0
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
    return count


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
    log_prior, no_hours = logarithms(prior), np.empty(0, np.float64)
    slot, named, sums = (
        np.full(len(prior), -1, np.int32),
        np.empty(len(prior), np.int32),
        np.empty(len(prior), np.float64),
    )
    for a in range(accounts):
        hours = hour_weight[hour_row[a]] if hour_row[a] >= 0 else no_hours
        count = _of_account(start[a], start[a + 1], place, weight, prior, log_prior, hours, clock, slot, named, sums)
        for c in range(count):
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
def expected(start, place, kind, weight, learning, prior, hour_row, hour_weight, clock, kinds):
    """Of the accounts that are learned from: by kind the sum of its rows' probabilities, and by kind and place of the rest to 1."""
    agree, wrong = np.zeros(kinds, np.float64), np.zeros((kinds, len(prior)), np.float64)
    log_prior, no_hours = logarithms(prior), np.empty(0, np.float64)
    slot, named, sums = (
        np.full(len(prior), -1, np.int32),
        np.empty(len(prior), np.int32),
        np.empty(len(prior), np.float64),
    )
    for a in range(len(start) - 1):
        if not learning[a]:
            continue
        hours = hour_weight[hour_row[a]] if hour_row[a] >= 0 else no_hours
        count = _of_account(start[a], start[a + 1], place, weight, prior, log_prior, hours, clock, slot, named, sums)
        for e in range(start[a], start[a + 1]):
            held = np.float64(np.float32(sums[slot[place[e]]]))
            agree[kind[e]] += held
            wrong[kind[e], place[e]] += 1.0 - held
        for c in range(count):
            slot[named[c]] = -1
    return agree, wrong


@compiled
def agreeing(events_start, address, shared, place_of, start, place, post, least):
    """For each shared address: how many of its accounts have evidence, and the sum of their chances of its place."""
    count, agree = np.zeros(len(shared), np.float64), np.zeros(len(shared), np.float64)
    seen_by = np.full(len(shared), -1, np.int32)
    for a in range(len(events_start) - 1):
        known, looked = 0.0, False
        for e in range(events_start[a], events_start[a + 1]):
            there = address[e]
            if there < 0 or not shared[there] or seen_by[there] == a or place_of[there] < 0:
                continue
            seen_by[there] = a
            if not looked:
                looked = True
                for r in range(start[a], start[a + 1]):
                    if r == start[a] or place[r] != place[r - 1]:
                        known += post[r]
            if known >= least:
                count[there] += 1.0
                for r in range(start[a], start[a + 1]):
                    if place[r] == place_of[there]:
                        agree[there] += post[r]
                        break
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


@compiled
def bits_of(account, bit, used, accounts):
    """By account the bits of the rows that are used."""
    found = np.zeros(accounts, np.int64)
    for e in range(len(account)):
        if used[e]:
            found[account[e]] |= bit[e]
    return found


@compiled
def noted(account, place, kind, amount, first, last, weight, best, networks, bits):
    """For each row what to think of, as bits; and by account, of the evidence for its best place: the kinds as bits, days,
    first and last (0 unknown); and the bits of all its rows.

    networks: kinds up to this one are of addresses or the log. bits: exits, one day, travel, moved, foreign, weightless.
    """
    exits, one_day, travel, moved, foreign, weightless = bits
    accounts = len(best)
    found = np.zeros(len(account), np.int32)
    why, days, noted_of = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    begun, ended = np.full(accounts, np.iinfo(np.int64).max), np.zeros(accounts, np.int64)
    first_of, last_of = np.full(accounts, np.iinfo(np.int64).max), np.zeros(accounts, np.int64)
    for e in range(len(account)):
        a = account[e]
        if place[e] == best[a] and kind[e] >= 0 and first[e] > 0:
            first_of[a], last_of[a] = min(first_of[a], first[e]), max(last_of[a], last[e])
            if kind[e] <= networks:
                begun[a], ended[a] = min(begun[a], first[e]), max(ended[a], last[e])
    for e in range(len(account)):
        a, note = account[e], 0
        network, own = 0 <= kind[e] <= networks, place[e] == best[a]
        if kind[e] < 0:
            note |= exits
        elif weight[e] <= 0:
            note |= weightless
        if network and amount[e] <= 1:
            note |= one_day
        if best[a] >= 0 and not own:
            note |= foreign
        if network and not own and first[e] > 0 and ended[a] > 0:
            if first[e] >= begun[a] and last[e] <= ended[a]:
                note |= travel
            if (last[e] < begun[a] or first[e] > ended[a]) and amount[e] >= 3:
                note |= moved
        found[e] = note
        if own and kind[e] >= 0:
            noted_of[a] |= note & ~one_day
            if weight[e] > 0:
                why[a] |= 1 << kind[e]
            if network:
                days[a] += np.int64(amount[e])
        elif weight[e] > 0:
            noted_of[a] |= note & (travel | moved | foreign)
        else:
            noted_of[a] |= note & exits
    for a in range(accounts):
        if last_of[a] <= 0:
            first_of[a] = 0
    return found, why, days, first_of, last_of, noted_of
