"""What `find_circles` finds of circles that were planted, platform by platform: for benchmarks.groups.

Beside it, what could be found: people in two of their circle's groups or more; and what somebody would find at a precision of 0.99
who is told every circle's groups and people and asks only, of everyone in two of the groups, whether they look like one of it or
like a stranger. It is the most one can expect of the table alone, as far as a stranger's chances (standing.py) are the platform's.

Three shapes of platform. `chance`: benchmarks/platforms, circles of 5 to 12 persons in small groups, the other groups by chance.
`towns`: people live in towns with an open channel each, in families, school classes and teams with chats of their own, which are
circles in the sense of statistics. `large`: circles of 15 to 40, of whom some are in two circles, in more and larger groups.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from amparo.cases.groups import finding
from amparo.cases.groups.standing import Crowd
from amparo.cases.groups.ties import LARGEST_TYING
from benchmarks.platforms import crowds, people

PRECISION = 0.99
TOGETHER = 3  # people of a circle in a group, that it counts as one of the circle's


@dataclass(frozen=True)
class Made:
    """A table and who belongs together in it: sets[kind] are arrays of members. planted: how many were planted, seen or not."""

    table: finding.Memberships
    sets: dict[str, list[np.ndarray]]
    planted: int


def by_chance(accounts: int, seed: int) -> Made:
    """The platform that `benchmarks.platform` writes. Planted: accounts of a circle's people, used in its groups or not."""
    made = crowds.crowds(people.people(accounts, seed), seed)
    names, member = np.unique(made.member, return_inverse=True)
    circles = [made.circle_account[made.circle == number] for number in np.unique(made.circle)]
    sets = [np.searchsorted(names, each[np.isin(each, names)]) for each in circles]
    return Made(_table(member, made.group), {"planted": sets}, len(made.circle_account))


def towns(accounts: int, seed: int) -> Made:
    """Towns of some three hundred; everybody in a family and some in a class and a team, each with one to three chats."""
    random = np.random.default_rng([seed, 21])
    homes = np.sort(random.integers(0, max(2, accounts // 300), accounts))
    rows: list[tuple[np.ndarray, int]] = []
    sets: dict[str, list[np.ndarray]] = {"families": [], "classes": [], "teams": [], "planted": []}

    def chats(kind: str, who: np.ndarray, count: int, share: float, strangers: int) -> None:
        sets[kind].append(who)
        for _ in range(count):
            also = random.integers(0, accounts, int(random.integers(0, strangers + 1)))
            rows.append((np.unique(np.concatenate([who[random.random(len(who)) < share], also])), len(rows)))

    for town in np.unique(homes):
        here = random.permutation(np.flatnonzero(homes == town))
        rows.append((np.sort(here[: int(0.6 * len(here))]), len(rows)))
        for kind, least, most, part in (("families", 3, 7, 0.8), ("classes", 18, 29, 0.3), ("teams", 9, 17, 0.2)):
            there, at = random.permutation(here)[: int(part * len(here))], 0
            while at + most <= len(there):
                size = int(random.integers(least, most))
                chats(kind, there[at : at + size], int(random.integers(1, 4)), 0.9, 2)
                at += size
    for size in np.clip(random.lognormal(3.2, 0.8, accounts // 60), 3, 400).astype(np.int64):
        rows.append((np.unique(random.integers(0, accounts, size)), len(rows)))
    who, at = random.permutation(accounts), 0
    for _ in range(max(3, accounts // 1500)):
        size = int(random.integers(5, 13))
        chats("planted", who[at : at + size], int(random.integers(4, 7)), 0.74, 15)
        at += size
    return _made(rows, sets)


def large(accounts: int, seed: int) -> Made:
    """Circles of 15 to 40 in eight to twelve groups, each in half of them; a sixth of each circle is in the next one too."""
    random = np.random.default_rng([seed, 22])
    liking = random.gamma(0.7, 1.0, accounts)
    rows: list[tuple[np.ndarray, int]] = []
    for size in np.clip(random.lognormal(3.0, 1.1, accounts // 40), 3, 900).astype(np.int64):
        rows.append((np.unique(random.choice(accounts, size, p=liking / liking.sum())), len(rows)))
    sets, order, at = list[np.ndarray](), random.permutation(accounts), 0
    for _ in range(max(3, accounts // 1500)):
        size = int(random.integers(15, 41))
        sets.append(order[at : at + size])
        at += size - size // 6
        for _ in range(int(random.integers(8, 13))):
            inside = sets[-1][random.random(size) < 0.5]
            also = random.integers(0, accounts, int(random.integers(5, 60)))
            rows.append((np.unique(np.concatenate([inside, also])), len(rows)))
    return _made(rows, {"planted": sets})


SHAPES = {"chance": by_chance, "towns": towns, "large": large}


def scored(shape: str, accounts: int, seeds: list[int]) -> dict[str, Any]:
    """Of all platforms together: recall, precision, what could be found, CPU seconds of a platform."""
    finding.warm()
    planted = right = reachable = inside = 0
    seconds, told, odds = 0.0, dict[str, list[int]](), list[tuple[float, bool]]()
    for seed in seeds:
        made = SHAPES[shape](accounts, seed)
        began = time.process_time()
        found = finding.find_circles(made.table)
        seconds += time.process_time() - began
        planted += made.planted
        belonging = _belonging(found, made)
        inside += int((found.circle >= 0).sum())
        right += int((belonging >= 0).sum())
        for kind, sets in made.sets.items():
            everyone = np.unique(np.concatenate(sets)) if sets else np.empty(0, np.int64)
            some = told.setdefault(kind, [0, 0])
            some[0] += int((found.circle[everyone] >= 0).sum())
            some[1] += made.planted if kind == "planted" else len(everyone)
        candidates, may = _told_everything(made)
        odds += candidates
        reachable += may
    bound = _best(odds, planted)
    return {
        "shape": shape, "accounts": accounts, "platforms": len(seeds), "planted": planted,
        "recall": round(told["planted"][0] / max(1, planted), 4), "precision": round(right / max(1, inside), 4),
        "strangers": inside - right, "could be found": round(reachable / max(1, planted), 4),
        "found at precision 0.99 by who is told the circles": bound, "CPU s a platform": round(seconds / len(seeds), 3),
        **{f"in circles, of {kind}": f"{some} of {every}" for kind, (some, every) in told.items() if kind != "planted"},
    }  # fmt: skip


def _made(rows: list[tuple[np.ndarray, int]], sets: dict[str, list[np.ndarray]]) -> Made:
    member = np.concatenate([who for who, _ in rows])
    names, numbers = np.unique(member, return_inverse=True)
    held = {kind: [np.searchsorted(names, each[np.isin(each, names)]) for each in some] for kind, some in sets.items()}
    group = np.repeat([number for _, number in rows], [len(who) for who, _ in rows])
    return Made(_table(numbers, group), held, len(np.unique(np.concatenate(sets["planted"]))))


def _table(member: np.ndarray, group: np.ndarray) -> finding.Memberships:
    groups = np.unique(group, return_inverse=True)[1]
    return finding.memberships(member.astype(np.int64), groups, int(member.max()) + 1, int(groups.max()) + 1)


def _belonging(found: finding.Circles, made: Made) -> np.ndarray:
    """For each member in a circle that belongs to the set of which the circle has most, the circle; else -1."""
    belonging = np.full(len(found.circle), -1)
    sets = [each for some in made.sets.values() for each in some]
    for number in range(found.count):
        inside = np.flatnonzero(found.circle == number)
        shared = [np.intersect1d(inside, each, assume_unique=True) for each in sets]
        best = max(shared, key=len)
        if len(best) >= 2:
            belonging[best] = number
    return belonging


def _told_everything(made: Made) -> tuple[list[tuple[float, bool]], int]:
    """Of everyone in two groups of a planted circle: how much likelier one of it than a stranger, and whether they are; and how
    many of the planted are in two groups.
    """
    table, crowd = made.table, Crowd(made.table)
    planted = np.unique(np.concatenate(made.sets["planted"]))
    odds, may = list[tuple[float, bool]](), set[int]()
    for circle in made.sets["planted"]:
        theirs = np.concatenate([table.m_groups[table.m_starts[x] : table.m_starts[x + 1]] for x in circle.tolist()])
        group, count = np.unique(theirs, return_counts=True)
        own = (count >= max(TOGETHER, 0.3 * len(circle))) & (table.sizes[group] <= LARGEST_TYING)
        group, count = group[own], count[own]
        share = float(count.mean() / len(circle)) if len(group) else 0.0
        held: dict[int, list[int]] = {}
        for at, each in enumerate(group.tolist()):
            for member in table.g_members[table.g_starts[each] : table.g_starts[each + 1]].tolist():
                held.setdefault(member, []).append(at)
        for member, at_groups in held.items():
            one, k = bool(np.isin(member, circle)), len(at_groups)
            if k < 2 or (not one and np.isin(member, planted)):
                continue
            places = (table.sizes[group[at_groups]] - count[at_groups] + one) / len(crowd.member)
            others = crowd.degree[member] - k + np.arange(k)
            by_chance = np.log(places).sum() + np.log(crowd.first + crowd.further * others).sum()
            as_one = k * np.log(share) + (len(group) - k) * np.log1p(-min(share, 0.999))
            odds.append((float(as_one - by_chance + np.log(len(circle) / table.members)), one))
            may |= {member} if one else set()
    return odds, len(may)


def _best(odds: list[tuple[float, bool]], planted: int) -> float:
    """The highest recall with which a limit of these odds keeps the precision."""
    best = right = 0
    for place, (_, one) in enumerate(sorted(odds, key=lambda each: -each[0]), 1):
        right += one
        if right >= PRECISION * place:
            best = right
    return round(best / max(1, planted), 4)
