"""Memberships from both sides, and ties: two people whose shared groups are rarer than chance. Pure; numbers in, numbers out.

The chance is the hypergeometric tail of the shared count, given in how many groups each is; groups count as as many equal ones
as bring two memberships together as often (M * M / sum of squared sizes: a few large groups are worth few). It is asked among
small, middling and all groups, and corrected for that and for everyone that a person is compared with. Groups of more than 500
tie nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from amparo.cases.groups import counting
from amparo.cases.groups.chance import log_factorials
from amparo.foundation.errors import Refused

LARGEST_TYING = 500  # members: beyond it a group is a channel, and being in it says nothing of two people
TIERS = (16, 64, LARGEST_TYING)
# Ties to anybody at all that each person would have by chance: a tie is a question, a circle the answer. Tried in steps of STEP.
TIE_CHANCE, STEP, LEVELS = 35.0, 4.0, 6
ROOM = 1 << 22  # pairs held at once
MOST_TIES = 1 << 24


@dataclass(frozen=True)
class Memberships:
    """Who is in which group, each pair once, from both sides; numbers of members and groups count from 0."""

    m_starts: np.ndarray
    m_groups: np.ndarray
    g_starts: np.ndarray
    g_members: np.ndarray

    @property
    def members(self) -> int:
        return len(self.m_starts) - 1

    @property
    def groups(self) -> int:
        return len(self.g_starts) - 1

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(self.g_starts)


def memberships(member: np.ndarray, group: np.ndarray, members: int, groups: int) -> Memberships:
    """From pairs in any order, each once."""
    g_starts, held = counting.listed(group.astype(np.int32), member.astype(np.int32), groups)
    m_starts, m_groups = counting.turned(g_starts, held, members)
    g_starts, g_members = counting.turned(m_starts, m_groups, groups)
    return Memberships(m_starts, m_groups, g_starts, g_members)


@dataclass(frozen=True)
class Ties:
    """Pairs of people by their numbers, ascending: groups they share (of at most 500 members), and the log of the chance.

    doubled: how often any two people of the table share two groups, whether or not that is a tie. chance: the limit in use,
    lower than TIE_CHANCE where ties were too many to hold.
    """

    one: np.ndarray
    two: np.ndarray
    shared: np.ndarray
    log_chance: np.ndarray
    doubled: int
    chance: float

    def __len__(self) -> int:
        return len(self.one)

    def only(self, kept: np.ndarray, chance: float = 0.0) -> Ties:
        """These of them; chance: the limit that they keep to, if another."""
        found = (self.one[kept], self.two[kept], self.shared[kept], self.log_chance[kept])
        return Ties(*found, self.doubled, chance or self.chance)


def tying_table(table: Memberships) -> tuple[Memberships, np.ndarray]:
    """The memberships that can tie: in groups of at most 500, of people who are in two such. And each person's number before."""
    small = (table.sizes <= LARGEST_TYING) & (table.sizes > 1)
    holders = np.repeat(np.arange(table.members, dtype=np.int32), np.diff(table.m_starts))
    kept = small[table.m_groups]
    several = np.bincount(holders[kept], minlength=table.members) > 1
    kept &= several[holders]
    numbers = np.cumsum(several) - 1
    people = np.flatnonzero(several)
    return memberships(numbers[holders[kept]], table.m_groups[kept], len(people), table.groups), people


def find_ties(table: Memberships, chance: float = TIE_CHANCE) -> Ties:
    """Every tie, ascending. chance: how many such ties to anybody each person would have by chance."""
    held, people = tying_table(table)
    tier_of = np.searchsorted(TIERS, table.sizes)
    holders = np.repeat(np.arange(held.members), np.diff(held.m_starts))
    weights = np.zeros(table.groups, np.int64)
    degrees = np.zeros((len(TIERS), held.members), np.int64)
    every = np.ones(len(TIERS), np.int64)
    bits = 10 if np.diff(held.m_starts).max(initial=0) < 1 << 10 else 20
    for tier in range(len(TIERS)):
        inside = (tier_of <= tier) & (table.sizes > 1)
        weights[inside] += np.int64(1) << (tier * bits)
        degrees[tier] = np.bincount(holders[inside[held.m_groups]], minlength=held.members)
        total, squared = int(table.sizes[inside].sum()), int((table.sizes[inside].astype(np.int64) ** 2).sum())
        every[tier] = max(total * total // max(1, squared), 2 * int(degrees[tier].max(initial=1)))
    if degrees.max(initial=0) >= 1 << 20:
        raise Refused("One account is in more than a million groups: such a table is not one of memberships.")
    limits = np.full(held.members, tie_limit(chance, table))
    given = (
        weights.astype(np.int32 if bits == 10 else np.int64),
        bits,
        degrees,
        every,
        log_factorials(int(every.max())),
        limits,
    )
    found, doubled = shared_counts(held, given)
    if len(found[0]) > MOST_TIES:
        return find_ties(table, chance / STEP**LEVELS)
    one, two, packed, chances = found
    order = np.lexsort((two, one))
    shared = (packed >> ((len(TIERS) - 1) * bits)).astype(np.int32)
    return Ties(
        people[one[order]].astype(np.int32),
        people[two[order]].astype(np.int32),
        shared[order],
        chances[order],
        doubled,
        chance,
    )


def tie_limit(chance: float, table: Memberships) -> float:
    """The log chance that a tie may have, corrected for the tiers and for everyone whom a person is compared with."""
    return float(np.log(chance / len(TIERS) / max(1, table.members - 1)))


def shared_counts(held: Memberships, given: tuple[Any, ...]) -> tuple[list[np.ndarray], int]:
    """All pairs by `counting.ties`: one, two, packed, log chance, in no order; and how often two people share two groups."""
    count: Any = counting.ties if counting.COMPILED else counting.ties_plain
    parts: list[list[np.ndarray]] = [
        [np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64)]
    ]
    begin, doubled, pairs = 0, 0, 0
    while begin < held.members and pairs <= MOST_TIES:
        begin, twice, *found = count(
            held.m_starts, held.m_groups, held.g_starts, held.g_members, *given, begin, max(ROOM, held.members)
        )
        parts.append(found)
        doubled, pairs = doubled + int(twice), pairs + len(found[0])
    return [np.concatenate([part[each] for part in parts]) for each in range(4)], doubled
