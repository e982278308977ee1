"""The hot loops behind circles: who shares groups with whom and how rare that is, triangles, components.

A membership table is held twice, each as (starts, values): each member's groups ascending, each group's members ascending.
`tiers`: a group counts in its own tier and all wider ones; a shared count packs all tiers into one integer of `bits` each (of
32 bits where that holds them, which caches like), so that one addition counts them all. Where Numba has no build, `ties_plain`
does with NumPy what `ties` does.
"""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201

from __future__ import annotations

import math

import numpy as np

from amparo.cases.tables.compiling import compiled, numba

COMPILED = numba is not None


@compiled
def listed(rows, values, count):
    """(starts, places): for each of `count` rows its values, in the order in which they come. One pass, no sort."""
    starts = np.zeros(count + 1, np.int64)
    for row in rows:
        starts[row + 1] += 1
    for row in range(count):
        starts[row + 1] += starts[row]
    at, held = starts[:-1].copy(), np.empty(len(values), np.int32)
    for place in range(len(rows)):
        row = rows[place]
        held[at[row]] = values[place]
        at[row] += 1
    return starts, held


@compiled
def turned(starts, values, count):
    """The same pairs from the other side: for each of `count` values the rows that hold it, ascending."""
    turned_starts = np.zeros(count + 1, np.int64)
    for value in values:
        turned_starts[value + 1] += 1
    for value in range(count):
        turned_starts[value + 1] += turned_starts[value]
    at, held = turned_starts[:-1].copy(), np.empty(len(values), np.int32)
    for row in range(len(starts) - 1):
        for place in range(starts[row], starts[row + 1]):
            value = values[place]
            held[at[value]] = row
            at[value] += 1
    return turned_starts, held


@compiled
def log_tail(shared, one, two, every, logs):
    """Log of the chance that two draws of `one` and `two` out of `every` share `shared` or more: the hypergeometric tail.

    logs: logarithms of the factorials up to `every`.
    """
    most = min(one, two)
    if shared > most:
        return -np.inf
    base = logs[one] + logs[every - one] + logs[two] + logs[every - two] - logs[every]
    first, total = 0.0, 0.0
    for k in range(shared, most + 1):
        if every - one - two + k < 0:
            continue
        term = base - logs[k] - logs[one - k] - logs[two - k] - logs[every - one - two + k]
        if total == 0.0:
            first, total = term, 1.0
        else:
            part = math.exp(term - first)
            total += part
            if part < 1e-12 * total:
                break
    return min(0.0, first + math.log(total)) if total else 0.0


@compiled
def ties(m_starts, m_groups, g_starts, g_members, weights, bits, degrees, every, logs, limits, begin, room):
    """Pairs of people whose shared groups are rarer than their limit, from member `begin` on: one, two, packed, log chance.

    Stops before the member whose pairs might not fit into `room`; the first answer says where, the second how often two
    people share two groups (each pair of people and of groups once), kept or not. degrees[t][member]: groups
    of tier t; every[t]: as many equal groups as tier t is worth; limits[member]: the highest log chance that is kept.
    """
    members, tiers = len(m_starts) - 1, len(every)
    packed, touched = np.zeros(members, weights.dtype), np.empty(members, np.int32)
    mask = (1 << bits) - 1
    ones, twos = np.empty(room, np.int32), np.empty(room, np.int32)
    shared, chances = np.empty(room, np.int64), np.empty(room, np.float64)
    wide = (tiers - 1) * bits
    at, found, doubled = begin, 0, 0
    done = g_starts.copy()  # members up to here come before `at`: pairs are met once
    for group in range(len(g_starts) - 1):
        while done[group] < g_starts[group + 1] and g_members[done[group]] < begin:
            done[group] += 1
    while at < members:
        met = 0
        for place in range(m_starts[at], m_starts[at + 1]):
            group = m_groups[place]
            weight = weights[group]
            if weight == 0:
                continue
            for other in range(done[group] + 1, g_starts[group + 1]):
                two = g_members[other]
                if packed[two] == 0:
                    touched[met] = two
                    met += 1
                packed[two] += weight
        if found + met > room:
            for each in range(met):
                packed[touched[each]] = 0
            break
        for place in range(m_starts[at], m_starts[at + 1]):
            done[m_groups[place]] += 1
        for each in range(met):
            two = touched[each]
            count = np.int64(packed[two])
            packed[two] = 0
            both = count >> wide
            if both < 2:
                continue
            doubled += both * (both - 1) // 2
            least = 0.0
            for tier in range(tiers):
                here = (count >> (tier * bits)) & mask
                if here >= 2:
                    least = min(least, log_tail(here, degrees[tier, at], degrees[tier, two], every[tier], logs))
            if least <= min(limits[at], limits[two]):
                ones[found], twos[found], shared[found], chances[found] = at, two, count, least
                found += 1
        at += 1
    return at, doubled, ones[:found], twos[:found], shared[:found], chances[:found]


def ties_plain(m_starts, m_groups, g_starts, g_members, weights, bits, degrees, every, logs, limits, begin, room):
    """`ties` by NumPy: candidate pairs of a slice of members, sorted and summed."""
    members = len(m_starts) - 1
    lengths = np.diff(g_starts)
    holders = np.repeat(np.arange(members), np.diff(m_starts))
    costs = np.cumsum(np.where(weights[m_groups] > 0, lengths[m_groups], 0))
    end = begin + 1
    spent = costs[m_starts[begin] - 1] if m_starts[begin] else 0
    reach = np.searchsorted(costs, spent + max(room, int(lengths.max(initial=1))), "right")
    end = max(end, int(holders[reach]) if reach < len(holders) else members)
    part = slice(m_starts[begin], m_starts[end])
    groups, people = m_groups[part], holders[part]
    there = weights[groups] > 0
    groups, people = groups[there], people[there]
    counts = lengths[groups]
    offsets = np.repeat(g_starts[groups] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    twos = g_members[offsets + np.arange(counts.sum())]
    ones, weight = np.repeat(people, counts), np.repeat(weights[groups], counts)
    later = twos > ones
    codes, weight = ones[later].astype(np.int64) * members + twos[later], weight[later]
    order = np.argsort(codes, kind="stable")
    codes, weight = codes[order], weight[order]
    fresh = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1]))) if len(codes) else np.empty(0, np.int64)
    packed = np.add.reduceat(weight, fresh) if len(fresh) else np.empty(0, np.int64)
    codes = codes[fresh]
    packed = packed.astype(np.int64)
    enough = (packed >> ((len(every) - 1) * bits)) >= 2
    codes, packed = codes[enough], packed[enough]
    both = packed >> ((len(every) - 1) * bits)
    doubled = int((both * (both - 1) // 2).sum())
    ones, twos = codes // members, codes % members
    chances = np.zeros(len(codes))
    for tier in range(len(every)):
        here = (packed >> (tier * bits)) & ((1 << bits) - 1)
        for place in np.flatnonzero(here >= 2):
            told = log_tail(here[place], degrees[tier, ones[place]], degrees[tier, twos[place]], every[tier], logs)
            chances[place] = min(chances[place], told)
    kept = chances <= np.minimum(limits[ones], limits[twos])
    return end, doubled, ones[kept].astype(np.int32), twos[kept].astype(np.int32), packed[kept], chances[kept]


@compiled
def in_triangles(ones, twos, members):
    """Which ties stand in a triangle of ties that all stand in one: round after round until none falls."""
    standing = np.ones(len(ones), np.bool_)
    starts = np.zeros(members + 1, np.int64)
    for tie in range(len(ones)):
        starts[ones[tie] + 1] += 1
        starts[twos[tie] + 1] += 1
    for member in range(members):
        starts[member + 1] += starts[member]
    at = starts[:-1].copy()
    others, by = np.empty(2 * len(ones), np.int32), np.empty(2 * len(ones), np.int64)
    for tie in range(len(ones)):
        for here, there in ((ones[tie], twos[tie]), (twos[tie], ones[tie])):
            others[at[here]], by[at[here]] = there, tie
            at[here] += 1
    seen = np.full(members, -1, np.int64)
    fell = True
    while fell:
        fell = False
        for one in range(members):
            if starts[one] == starts[one + 1]:
                continue
            for place in range(starts[one], starts[one + 1]):
                if standing[by[place]]:
                    seen[others[place]] = one
            for place in range(starts[one], starts[one + 1]):
                two = others[place]
                if two < one or not standing[by[place]]:
                    continue
                third = False
                for further in range(starts[two], starts[two + 1]):
                    if standing[by[further]] and seen[others[further]] == one:
                        third = True
                        break
                if not third:
                    standing[by[place]] = False
                    seen[two] = -1
                    fell = True
            for place in range(starts[one], starts[one + 1]):
                seen[others[place]] = -1
    return standing


@compiled
def components(ones, twos, members):
    """For each member the lowest member that ties lead to: union-find with halved paths."""
    parent = np.arange(members)
    for tie in range(len(ones)):
        one, two = ones[tie], twos[tie]
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        while parent[two] != two:
            parent[two] = parent[parent[two]]
            two = parent[two]
        if one < two:
            parent[two] = one
        elif two < one:
            parent[one] = two
    for member in range(members):
        parent[member] = parent[parent[member]]
    return parent


@compiled
def overlaps(m_starts, m_groups, g_starts, g_members, least, begin, room):
    """Pairs of groups that share `least` members or more, from group `begin` on: where it stopped, one, two, shared."""
    groups = len(g_starts) - 1
    counts, touched = np.zeros(groups, np.int32), np.empty(groups, np.int32)
    ones, twos, shared = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    at, found = begin, 0
    while at < groups:
        met = 0
        for place in range(g_starts[at], g_starts[at + 1]):
            member = g_members[place]
            for other in range(m_starts[member + 1] - 1, m_starts[member] - 1, -1):
                two = m_groups[other]
                if two <= at:
                    break
                if counts[two] == 0:
                    touched[met] = two
                    met += 1
                counts[two] += 1
        if found + met > room:
            for each in range(met):
                counts[touched[each]] = 0
            break
        touched[:met].sort()
        for each in range(met):
            two = touched[each]
            if counts[two] >= least:
                ones[found], twos[found], shared[found] = at, two, counts[two]
                found += 1
            counts[two] = 0
        at += 1
    return at, ones[:found], twos[:found], shared[:found]
