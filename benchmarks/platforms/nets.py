"""The invented internet: homes whose addresses move, carriers and exits that thousands share, offices, journeys.

IPv4 in 240.0.0.0/4 (homes), 100.64.0.0/10 (carriers), 198.18.0.0/15 (exits), 10.0.0.0/8 (offices); IPv6 in 2001:db8::/32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.platforms.lands import codes, lands, shares
from benchmarks.platforms.people import FULL, People

LEASES = np.array([1, 3, 14, 90, 3650])  # days that a home keeps its address
LEASE_SHARES = (0.15, 0.15, 0.25, 0.25, 0.2)
HOMES, CARRIERS, EXITS, OFFICES = 240 << 24, (100 << 24) | (64 << 16), (198 << 24) | (18 << 16), 10 << 24
V6 = 1 << 40  # an address above this is the upper half of an IPv6 one below 2001:db8::/32
NONE = -1
WRONG = 0.012  # of the unit's table


@dataclass(frozen=True)
class Nets:
    """By account: line (its home), mobile, exit, office shares of its events, abroad (days of a journey, where to)."""

    line: np.ndarray
    pool: np.ndarray
    rank: np.ndarray
    v6: np.ndarray
    sizes: np.ndarray
    blocks: np.ndarray
    block_start: np.ndarray
    carrier_start: np.ndarray
    exit_country: np.ndarray
    exit_weight: np.ndarray
    mobile: np.ndarray
    exits: np.ndarray
    sim: np.ndarray
    office: np.ndarray
    office_country: np.ndarray
    journey_from: np.ndarray
    journey_to: np.ndarray
    journey_days: np.ndarray


def nets(folk: People, seed: int) -> Nets:
    """The network of every account."""
    random = np.random.default_rng([seed, 2])
    accounts, land_count = folk.accounts, len(lands())
    # A line a person; careful people one an account; couples one for both.
    line = folk.person.astype(np.int64)
    own = folk.careful[folk.person] & (folk.place > 0)
    line[own] = folk.persons + np.flatnonzero(own)
    partner = folk.couple[folk.person] >= 0
    line[partner] = folk.couple[folk.person[partner]]
    unique, line = np.unique(line, return_inverse=True)
    country = np.zeros(len(unique), dtype=np.int64)
    country[line] = folk.home()
    pool = country * len(LEASES) + random.choice(len(LEASES), len(unique), p=LEASE_SHARES)
    counts = np.bincount(pool, minlength=land_count * len(LEASES))
    order = np.argsort(pool, kind="stable")
    rank = np.empty(len(unique), dtype=np.int64)
    rank[order] = np.arange(len(unique)) - np.repeat(np.cumsum(counts) - counts, counts)
    sizes = np.maximum(8, (counts * 1.12).astype(np.int64))
    blocks = -(-sizes // 256)
    carriers = np.maximum(1, np.round(shares() * 420 * accounts / FULL).astype(np.int64))
    exit_count = max(4, round(1900 * accounts / FULL))
    hosts = random.choice([0, 1, 4, 10, 19, 26, 43, 54], exit_count, p=[0.2, 0.25, 0.1, 0.2, 0.05, 0.1, 0.05, 0.05])
    weight = 1 / np.arange(3, exit_count + 3) ** 0.6
    offices = max(2, accounts // 300)
    office_country = random.choice(land_count, offices, p=shares())
    return Nets(
        line=line,
        pool=pool,
        rank=rank,
        v6=random.random(len(unique)) < 0.16,
        sizes=sizes,
        blocks=random.permutation(int(blocks.sum())).astype(np.int64),
        block_start=np.cumsum(blocks) - blocks,
        carrier_start=np.concatenate([[0], np.cumsum(carriers)]),
        exit_country=hosts,
        exit_weight=np.cumsum(weight) / weight.sum(),
        mobile=random.choice([0.0, 0.25, 0.8, 1.0], accounts, p=[0.45, 0.35, 0.15, 0.05]),
        exits=_exits(folk, random),
        sim=np.where(random.random(accounts) < 0.02, random.choice(land_count, accounts, p=shares()), folk.home()),
        office=_offices(folk, office_country, random),
        office_country=office_country,
        journey_from=random.integers(0, 700, accounts).astype(np.int32),
        journey_to=random.choice(land_count, accounts, p=shares()),
        journey_days=np.where(random.random(accounts) < 0.2, random.integers(4, 40, accounts), 0).astype(np.int32),
    )


def _exits(folk: People, random: np.random.Generator) -> np.ndarray:
    """How much of each account goes through exits: most none, some a little, some nearly all; careful ones more often."""
    dice = random.random(folk.accounts)
    found = np.where(dice < 0.13, 0.9, np.where(dice < 0.24, 0.15, 0.0))
    careful = folk.careful[folk.person]
    return np.where(careful, np.where(dice < 0.5, 0.9, 0.0), found)


def _offices(folk: People, country: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The office (or school, or hotel) from which some people also come: one address each, tens of accounts; else -1."""
    by_country = [np.flatnonzero(country == each) for each in range(len(lands()))]
    counts = np.array([max(1, len(each)) for each in by_country])
    starts = np.cumsum(counts) - counts
    flat = np.concatenate([each if len(each) else [-1] for each in by_country])
    home = folk.home()
    found = flat[starts[home] + (random.random(folk.accounts) * counts[home]).astype(np.int64)]
    found[(random.random(folk.accounts) > 0.1) | folk.careful[folk.person]] = -1
    return found


def addresses(net: Nets, account: np.ndarray, day: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Where each event came from: IPv4 as a number, V6 + the upper half of an IPv6, or NONE."""
    line = net.line[account]
    pool = net.pool[line]
    period = day // LEASES[pool % len(LEASES)]
    place = (net.rank[line] + period * 7919) % net.sizes[pool]
    found = HOMES + (net.blocks[net.block_start[pool] + (place >> 8)] << 8) + (place & 255)
    dice = random.random(len(account))
    six = net.v6[line] & (dice < 0.6)
    found[six] = V6 + ((pool[six] // len(LEASES)) << 26) + ((pool[six] % len(LEASES)) << 23) + place[six]
    _set(found, _carrier(net, account, random), random.random(len(account)) < net.mobile[account])
    office = net.office[account]
    _set(found, OFFICES + office * 251 + 7, (office >= 0) & (random.random(len(account)) < 0.25))
    journey = day - net.journey_from[account]
    away = (journey >= 0) & (journey < net.journey_days[account])
    there = net.journey_to[account] * len(LEASES) + len(LEASES) - 1
    guest = (account * 31 + net.journey_from[account]) % net.sizes[there]
    _set(found, HOMES + (net.blocks[net.block_start[there] + (guest >> 8)] << 8) + (guest & 255), away)
    _set(found, _exit(net, account, random), random.random(len(account)) < net.exits[account])
    found[random.random(len(account)) < 0.03] = NONE
    return found


def _set(found: np.ndarray, other: np.ndarray, where: np.ndarray) -> None:
    np.copyto(found, other, where=where)


def _carrier(net: Nets, account: np.ndarray, random: np.random.Generator) -> np.ndarray:
    start = net.carrier_start[net.sim[account]]
    count = net.carrier_start[net.sim[account] + 1] - start
    # Each account is seen behind few of its carrier's addresses.
    chosen = (account * 13 + random.integers(0, 3, len(account))) % count
    return CARRIERS + start + chosen


def _exit(net: Nets, account: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An exit: everybody has a few that they use, and big ones are used by more."""
    turn = random.integers(0, 4, len(account)).astype(np.uint64)
    mixed = (account.astype(np.uint64) * np.uint64(4) + turn) * np.uint64(0x9E3779B97F4A7C15)
    share = (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return EXITS + np.minimum(np.searchsorted(net.exit_weight, share), len(net.exit_country) - 1)


def table(net: Nets, seed: int) -> list[tuple[str, str, str]]:
    """The unit's address table: first, last, country; a few ranges name the wrong country, as such tables do."""
    random = np.random.default_rng([seed, 3])
    land, names = len(lands()), codes()
    owner = np.zeros(len(net.blocks), dtype=np.int64)
    per_pool = np.diff([*net.block_start, len(net.blocks)])
    owner[net.blocks] = np.repeat(np.arange(len(net.sizes)) // len(LEASES), per_pool)
    spans = [_span(HOMES, start, stop, 256, owner[start]) for start, stop in _runs(owner)]
    spans += [_span(CARRIERS, net.carrier_start[each], net.carrier_start[each + 1], 1, each) for each in range(land)]
    spans += [_span(EXITS, start, stop, 1, net.exit_country[start]) for start, stop in _runs(net.exit_country)]
    spans += [_span(OFFICES, start, stop, 251, net.office_country[start]) for start, stop in _runs(net.office_country)]
    wrong = random.random(len(spans)) < WRONG
    said = [int(random.integers(land)) if bad else where for bad, (_, _, where) in zip(wrong, spans, strict=True)]
    rows = [(_v4(a), _v4(b), str(names[where])) for where, (a, b, _) in zip(said, spans, strict=True)]
    for each in range(land):
        low, high = each << 26, ((each + 1) << 26) - 1
        rows.append((f"2001:db8:{low >> 16:x}:{low & 65535:x}::", _v6_end(high), str(names[each])))
    return rows


def _runs(owner: np.ndarray) -> list[tuple[int, int]]:
    cuts = np.flatnonzero(np.diff(owner)) + 1
    return list(zip([0, *cuts.tolist()], [*cuts.tolist(), len(owner)], strict=True))


def _span(base: int, start: int, stop: int, step: int, where: int) -> tuple[int, int, int]:
    return base + int(start) * step, base + int(stop) * step - 1, int(where)


def _v4(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def _v6_end(high: int) -> str:
    return f"2001:db8:{high >> 16:x}:{high & 65535:x}:ffff:ffff:ffff:ffff"


def country_of(net: Nets, address: np.ndarray) -> np.ndarray:
    """The country in which each address is; -1 for NONE."""
    found = np.full(len(address), -1, dtype=np.int16)
    owner = np.zeros(len(net.blocks), dtype=np.int16)
    owner[net.blocks] = np.repeat(
        np.arange(len(net.sizes)) // len(LEASES), np.diff([*net.block_start, len(net.blocks)])
    )
    six, home = address >= V6, (address >= HOMES) & (address < V6)
    found[six] = (address[six] - V6) >> 26
    found[home] = owner[(address[home] - HOMES) >> 8]
    carrier = (address >= CARRIERS) & (address < CARRIERS + (1 << 22))
    found[carrier] = np.searchsorted(net.carrier_start, address[carrier] - CARRIERS, side="right") - 1
    leaves = (address >= EXITS) & (address < EXITS + (1 << 17))
    found[leaves] = net.exit_country[address[leaves] - EXITS]
    work = (address >= OFFICES) & (address < OFFICES + (1 << 24))
    found[work] = net.office_country[(address[work] - OFFICES) // 251]
    return found
