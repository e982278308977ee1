"""Circles: people who share groups with one another far oftener than chance would have it. Pure; numbers in, numbers out.

1. A tie: two people who share two groups or more, rarer than chance. The chance is the hypergeometric tail of the shared
   count, given in how many groups each is; groups count as as many equal ones as bring two memberships together as often
   (M * M / sum of squared sizes: a few large groups are worth few). It is asked among small, middling and all groups, and
   corrected for that and for everyone that a person is compared with. Groups of more than 500 tie nobody.
2. A tie counts when a third person is tied to both; ties that touch make a circle. How rare a tie must be is tried in steps, as far
   as there are fewer than one for two people; the step under which most people stand in circles counts.
3. People keep to their own language, country, subject: two who share a group share another oftener than chance foresees. By
   how much is measured on everyone whom no circle claims (`crowding`), and each further shared group counts that much less.
4. The groups that tie a circle are those that hold more of its people than chance explains. Somebody stays in a circle, or
   comes into it, who stands in at least two groups that tie the others, rarer than chance, corrected for people and circles.
5. What is left with four people or more, together rarer than chance among all sets of as many people and of as many groups, is a
   circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from amparo.cases.groups import counting
from amparo.cases.groups.chance import binomial_log_tails, hypergeometric_log_tails, log_choose, log_factorials
from amparo.foundation.errors import Refused

LARGEST_TYING = 500  # members: beyond it a group is a channel, and being in it says nothing of two people
TIERS = (16, 64, LARGEST_TYING)
LEAST_PEOPLE = 4
LEAST_OVERLAP = 5  # members that two groups share
# Ties to anybody at all that each person would have by chance: a tie is a question, a circle the answer. Tried in steps of STEP.
TIE_CHANCE, STEP, LEVELS = 35.0, 4.0, 6
# Ties for each person who can have one. From one tie for two people on, ties by lot join most people into one component (Erdos and
# Renyi, 1960), and nothing can be told any more.
MOST_EACH = 0.5
GROUP_CHANCE = 0.1  # of one group, among all, to seem to tie a circle by chance
STRANGERS = 0.005  # of the people in circles, those expected to be there by chance
CIRCLE_CHANCE = 0.01  # of one circle, among all sets of as many people
LEAST_STRANGERS = 1.0  # person: below it the share of few people would ask for the impossible
SHARES = 64  # steps of a factor of two in which circles are alike, where strangers are foreseen
GROWING, ROUNDS = 3, 8  # in the first rounds more is let in, so that circles are whole when the rule is applied
GROWING_FACTOR = 20.0
ROOM = 1 << 22  # pairs held at once
MOST_TIES = 1 << 24
MOST_SHARED = 12  # groups that tie a circle, as far as chance is counted one by one


RULE = (
    "People of one circle share groups oftener than chance explains: chance is counted on the sizes of the groups and on in how "
    "many groups everybody is. A circle is a question, no finding about anybody: the accounts of one person, a family, a class "
    "are circles too."
)


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


@dataclass(frozen=True)
class Circles:
    """circle[member]: number from 0 by size, then lowest member; -1 outside. member_log_chance: of standing in its tying
    groups. tying: (circle, group, how many of its people are in it), by circle and group. circle_log_chance: of each circle,
    already corrected. crowding: how much oftener than by chance people outside the circles share a second group.
    """

    circle: np.ndarray
    member_log_chance: np.ndarray
    tying: np.ndarray
    circle_log_chance: np.ndarray
    ties: Ties
    tie_chance: float
    crowding: float

    @property
    def count(self) -> int:
        return len(self.circle_log_chance)


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
    limits = np.full(held.members, _tie_limit(chance, table))
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


def _tie_limit(chance: float, table: Memberships) -> float:
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


def find_circles(table: Memberships) -> Circles:
    """All circles of the table, with the limit of ties under which most people stand in one; the strictest of those alike."""
    ties, search = find_ties(table), _Search(table)
    best = search.circles(ties.only(np.zeros(len(ties), bool)))
    for level in reversed(range(LEVELS)):
        chance = ties.chance / STEP**level
        some = ties.only(ties.log_chance <= _tie_limit(chance, table), chance)
        if level < LEVELS - 1 and len(some) > MOST_EACH * search.tied:
            break
        found = search.circles(some)
        if (found.circle >= 0).sum() > (best.circle >= 0).sum():
            best = found
    return best


class _Search:
    """What stays the same between the rounds. tied: how many people can have ties."""

    def __init__(self, table: Memberships) -> None:
        self.table = table
        small = (table.sizes <= LARGEST_TYING) & (table.sizes > 1)
        holders = np.repeat(np.arange(table.members, dtype=np.int64), np.diff(table.m_starts))
        kept = small[table.m_groups]
        self.member, self.group = holders[kept], table.m_groups[kept].astype(np.int64)
        self.degree = np.bincount(self.member, minlength=table.members)
        self.tied = int((self.degree > 1).sum())
        self.sizes = table.sizes.astype(np.int64)
        self.small_groups = max(1, int(small.sum()))
        self.crowding = 1.0
        self.logs = log_factorials(max(table.members, self.small_groups, int(self.degree.max(initial=1))) + 1)

    def circles(self, ties: Ties) -> Circles:
        """Those that begin with these ties."""
        table, firm = self.table, ties.only(counting.in_triangles(ties.one, ties.two, self.table.members))
        self.crowding = self._crowding(firm)
        of, log_chance = np.full(table.members, -1, np.int64), np.zeros(table.members)
        roots = counting.components(firm.one, firm.two, table.members)
        tied = np.unique(np.concatenate((firm.one, firm.two)))
        if len(tied):
            of[tied] = np.unique(roots[tied], return_inverse=True)[1]
        for turn in range(ROUNDS):
            before, growing = of, turn < GROWING
            of, log_chance = self.settled(of, GROWING_FACTOR if growing else 1.0)
            if not growing and np.array_equal(of, before):
                break
        return _numbered(self, of, log_chance, firm)

    def _crowding(self, ties: Ties) -> float:
        """How much oftener than by chance two people outside the circles who share a group share another; 1 at least.

        By chance one with d groups stands in two given ones, of s and t people, d * (d - 1) * s * t / M**2 of the times.
        """
        sizes = np.where((self.sizes <= LARGEST_TYING) & (self.sizes > 1), self.sizes, 0).astype(np.float64)
        pairs = sizes * (sizes - 1) / max(1, len(self.member)) ** 2
        people = float((self.degree * (self.degree - 1)).sum())
        foreseen = max(0.0, float(pairs.sum() ** 2 - (pairs**2).sum())) * people**2 / 4
        shared = ties.shared.astype(np.int64)
        found = ties.doubled - int((shared * (shared - 1) // 2).sum())
        return max(1.0, found / foreseen) if foreseen > 0 else 1.0

    def tying(self, of: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(circle * groups + group, its people in it, whether it ties even without one of them) of every tying group."""
        inside = of[self.member] >= 0
        code, people = np.unique(of[self.member[inside]] * self.table.groups + self.group[inside], return_counts=True)
        circle, group = code // self.table.groups, code % self.table.groups
        size_of = np.bincount(of[of >= 0], minlength=int(of.max(initial=-1)) + 1)
        limit = np.log(GROUP_CHANCE / self.small_groups)

        def rare(count: np.ndarray, all_of: np.ndarray) -> np.ndarray:
            tails = hypergeometric_log_tails(count, self.sizes[group], all_of, self.table.members, self.logs)
            enough: np.ndarray = (count >= 2) & (tails + self.crowded(count) <= limit)
            return enough

        ties = rare(people, size_of[circle])
        without = ties & rare(people - 1, np.maximum(size_of[circle] - 1, 1))
        return code[ties], people[ties], without[ties]

    def crowded(self, shared: np.ndarray) -> np.ndarray:
        """What to add to the log chance of so many shared groups."""
        added: np.ndarray = (shared - 1) * np.log(self.crowding)
        return added

    def settled(self, of: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray]:
        """Everyone in the circle whose groups they share, if rarer than chance: one round, with `factor` times the strangers."""
        code, people, without = self.tying(of)
        table, count = self.table, int(of.max(initial=-1)) + 1
        if not len(code):
            return np.full(table.members, -1, np.int64), np.zeros(table.members)
        # The places that the circle's people hold are taken: chance has the others, and the one that is asked about.
        places = self.sizes[code % table.groups] - people + 1
        share = np.bincount(code // table.groups, places, count) / max(1, len(self.member))
        # Every member of a tying group is a candidate for its circle.
        circle, group = code // table.groups, code % table.groups
        lengths = self.sizes[group]
        starts = np.repeat(table.g_starts[group] - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        member = table.g_members[starts + np.arange(lengths.sum())].astype(np.int64)
        candidate = np.repeat(circle, lengths)
        own = of[member] == candidate
        stands = ~own | np.repeat(without, lengths)
        pair, shared = np.unique(candidate[stands] * table.members + member[stands], return_counts=True)
        circle, member = pair // table.members, pair % table.members
        enough = shared >= 2
        circle, member, shared = circle[enough], member[enough], shared[enough]
        chance = binomial_log_tails(shared, self.degree[member], np.minimum(share[circle], 1.0), self.logs)
        chance = np.minimum(0.0, chance + self.crowded(shared))
        strangers = factor * max(STRANGERS * int((of >= 0).sum()), LEAST_STRANGERS)
        rare = chance <= self.limit(np.minimum(share[np.unique(of[of >= 0])], 1.0), strangers)
        circle, member, chance = circle[rare], member[rare], chance[rare]
        order = np.lexsort((circle, of[member] != circle, chance, member))
        member, first = np.unique(member[order], return_index=True)
        settled, log_chance = np.full(table.members, -1, np.int64), np.zeros(table.members)
        settled[member], log_chance[member] = circle[order][first], chance[order][first]
        return settled, log_chance

    def limit(self, shares: np.ndarray, strangers: float) -> float:
        """The highest log chance with which people come in, so that by chance no more than `strangers` do.

        Everyone is tried in every circle. What chance brings is counted exactly: with d groups one can share 2, 3, ..., each
        with a chance of its own, and comes in with the most probable of those that lie below the limit.
        """
        degrees, people = np.unique(self.degree[self.degree >= 2], return_counts=True)
        steps, circles = np.unique(np.ceil(np.log2(shares[shares > 0]) * SHARES), return_counts=True)
        most = int(min(MOST_SHARED, degrees.max(initial=2)))
        d, s, k = (
            each.ravel()
            for each in np.meshgrid(degrees, 2.0 ** (steps / SHARES), np.arange(2, most + 2), indexing="ij")
        )
        tails = binomial_log_tails(k, d, np.minimum(s, 1.0), self.logs) + self.crowded(k)
        tails = np.minimum(0.0, tails).reshape(len(degrees), len(steps), most)
        counted = np.exp(tails) * (people[:, None] * circles[None, :])[:, :, None]
        added = counted[:, :, :-1] - counted[:, :, 1:]
        added[:, :, -1] = counted[:, :, -2]
        order = np.argsort(tails[:, :, :-1], axis=None, kind="stable")
        below = np.cumsum(added.ravel()[order])
        within = int(np.searchsorted(below, strangers, "right"))
        return float(tails[:, :, :-1].ravel()[order][within - 1]) if within else -np.inf


def _numbered(search: _Search, of: np.ndarray, log_chance: np.ndarray, ties: Ties) -> Circles:
    """The circles of four and more that are rare as a whole, in the order of their size.

    The chance that just these people stand in just these groups, times how many sets of as many people and groups there are.
    """
    table = search.table
    code, people, _ = search.tying(of)
    count = int(of.max(initial=-1)) + 1
    size = np.bincount(of[of >= 0], minlength=count)
    tails = hypergeometric_log_tails(
        people, search.sizes[code % table.groups], size[code // table.groups], table.members, search.logs
    )
    groups = np.minimum(np.bincount(code // table.groups, minlength=count), search.small_groups)
    sets = log_choose(table.members, size, search.logs) + log_choose(search.small_groups, groups, search.logs)
    together = np.bincount(code // table.groups, tails, count) + sets
    kept = np.flatnonzero((size >= LEAST_PEOPLE) & (together <= np.log(CIRCLE_CHANCE)))
    lowest = np.full(count, table.members, np.int64)
    np.minimum.at(lowest, of[of >= 0], np.flatnonzero(of >= 0))
    kept = kept[np.lexsort((lowest[kept], -size[kept]))]
    number = np.full(count + 1, -1, np.int64)
    number[kept] = np.arange(len(kept))
    circle = number[of]
    rows = number[code // table.groups] >= 0
    tying = np.column_stack((number[code // table.groups], code % table.groups, people))[rows]
    tying = tying[np.lexsort((tying[:, 1], tying[:, 0]))]
    same = (circle[ties.one] >= 0) & (circle[ties.one] == circle[ties.two])
    return Circles(circle, log_chance, tying, together[kept], ties.only(same), ties.chance, search.crowding)


def warm() -> None:
    """Compiles the kernels, or finds them compiled: afterwards a process may lose the right to write beside its code."""
    member = np.repeat(np.arange(6), 4)
    table = memberships(member, np.tile(np.arange(4), 6), 6, 4)
    find_circles(table)
    find_overlaps(table)


def find_overlaps(table: Memberships, least: int = LEAST_OVERLAP) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of groups, channels too, that share `least` members or more: one, two, shared; ascending."""
    begin, parts = 0, []
    while begin < table.groups:
        begin, *found = counting.overlaps(
            table.m_starts, table.m_groups, table.g_starts, table.g_members, least, begin, max(ROOM, table.groups)
        )
        parts.append(found)
    none = np.empty(0, np.int32)
    one, two, shared = (np.concatenate([none, *(part[each] for part in parts)]) for each in range(3))
    return one, two, shared
