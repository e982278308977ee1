"""Who stands in a circle: whether somebody's groups look like the circle's, or like a stranger's who is there by chance. Pure.

Two answers are compared, for each person and circle, on the groups that tie the circle. *One of it* is in each of these groups
as often as the others of the circle are (counted without the person, by Laplace's rule of succession), and the chance of being
one of it at all is the circle's size among everyone. *A stranger* fell into just these groups by chance: by the places in each
that the circle does not hold, and by how many groups people join who are in as many others as this person (Robbins, 1956, An
empirical Bayes approach to statistics: of those met in n things, (n + 1) * h(n + 1) / h(n) more are foreseen, where h(n) were
met in n). Two groups of six in which all others are speak for a stranger; two of three, each small, for one of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amparo.cases.groups.chance import hypergeometric_log_tails, log_factorials
from amparo.cases.groups.ties import LARGEST_TYING, Memberships, Ties

GROUP_CHANCE = 0.1  # of one group, among all, to seem to tie a circle by chance
LIKELIER = 4.0  # times likelier one of the circle than a stranger: who stands in it
# In the first rounds more is let in, so that circles are whole when the rule is applied.
GROWING, GROWING_LIKELIER, ROUNDS = 3, 1.0, 10
LEAST_SHARED = 2  # groups
LEAST_JOINED = (
    0.25  # of the mean: who is in no other group is not held to join none (people in none at all are in no table)
)
MOST_OTHERS = 64  # groups: beyond, people joining more is told by the line through those below


@dataclass(frozen=True)
class Standing:
    """circle[member], -1 outside. by_chance[member], as_one[member]: logs of the chance of being in just these groups, as a
    stranger and as one of the circle; 0 outside.
    """

    circle: np.ndarray
    by_chance: np.ndarray
    as_one: np.ndarray


@dataclass(frozen=True)
class Tying:
    """Groups that tie a circle, a row each: code (circle * groups + group), its people in it, whether it ties without one."""

    code: np.ndarray
    people: np.ndarray
    without: np.ndarray

    def __len__(self) -> int:
        return len(self.code)


class Crowd:
    """Everyone in groups that can tie, and what chance does with them. tied: how many people can have ties."""

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
        self.first, self.further = joined_more(self.degree)

    def measure(self, ties: Ties) -> None:
        """How much oftener than by chance two people outside the circles who share a group share another; 1 at least.

        By chance one with d groups stands in two given ones, of s and t people, d * (d - 1) * s * t / M**2 of the times.
        """
        sizes = np.where((self.sizes <= LARGEST_TYING) & (self.sizes > 1), self.sizes, 0).astype(np.float64)
        pairs = sizes * (sizes - 1) / max(1, len(self.member)) ** 2
        people = float((self.degree * (self.degree - 1)).sum())
        foreseen = max(0.0, float(pairs.sum() ** 2 - (pairs**2).sum())) * people**2 / 4
        shared = ties.shared.astype(np.int64)
        found = ties.doubled - int((shared * (shared - 1) // 2).sum())
        self.crowding = max(1.0, found / foreseen) if foreseen > 0 else 1.0

    def crowded(self, shared: np.ndarray) -> np.ndarray:
        """What to add to the log chance of so many shared groups."""
        added: np.ndarray = (shared - 1) * np.log(self.crowding)
        return added

    def tying(self, of: np.ndarray) -> Tying:
        """The groups that hold more of a circle's people than chance explains, by circle and group."""
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
        return Tying(code[ties], people[ties], without[ties])

    def crowding_of(self, of: np.ndarray, tying: Tying) -> np.ndarray:
        """Of each circle, the crowding in its own groups: how often people outside it share two of them, beside chance.

        Where few are foreseen the crowding of everyone counts, as if one more were foreseen.
        """
        count = int(of.max(initial=-1)) + 1
        if not len(tying):
            return np.full(count, self.crowding)
        group, circle = tying.code % self.table.groups, tying.code // self.table.groups
        places = (self.sizes[group] - tying.people).astype(np.float64)
        pairs = (np.bincount(circle, places, count) ** 2 - np.bincount(circle, places**2, count)) / 2
        foreseen = pairs * float((self.degree * (self.degree - 1)).sum()) / max(1, len(self.member)) ** 2
        row, member = self._candidates(tying)
        outside = of[member] != circle[row]
        pair, shared = np.unique(circle[row][outside] * self.table.members + member[outside], return_counts=True)
        found = np.bincount(pair // self.table.members, shared * (shared - 1) / 2, count)
        crowding: np.ndarray = np.maximum(1.0, (found + self.crowding) / (foreseen + 1))
        return crowding

    def _candidates(self, tying: Tying) -> tuple[np.ndarray, np.ndarray]:
        """Everyone in each of these groups: (row of the group, member)."""
        group = tying.code % self.table.groups
        lengths = self.sizes[group]
        starts = np.repeat(self.table.g_starts[group] - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
        member = self.table.g_members[starts + np.arange(lengths.sum())].astype(np.int64)
        return np.repeat(np.arange(len(tying)), lengths), member

    def settled(self, of: np.ndarray, likelier: float = LIKELIER) -> Standing:
        """One round: everyone in the circle of which they are `likelier` times one than a stranger; where two, the likelier."""
        members, tying = self.table.members, self.tying(of)
        if not len(tying):
            return Standing(np.full(members, -1, np.int64), np.zeros(members), np.zeros(members))
        circle, member, shared, by_chance, as_one = self._compared(of, tying)
        people = np.bincount(of[of >= 0])[circle] - (of[member] == circle)
        gain = as_one - by_chance + np.log(np.maximum(people, 1)) - np.log(members)
        kept = (shared >= LEAST_SHARED) & (gain >= np.log(likelier))
        order = np.flatnonzero(kept)
        order = order[np.lexsort((circle[order], -gain[order], member[order]))]
        who, first = np.unique(member[order], return_index=True)
        best = order[first]
        found = Standing(np.full(members, -1, np.int64), np.zeros(members), np.zeros(members))
        found.circle[who], found.by_chance[who], found.as_one[who] = circle[best], by_chance[best], as_one[best]
        return found

    def _compared(self, of: np.ndarray, tying: Tying) -> tuple[np.ndarray, ...]:
        """Of everyone in a tying group, for its circle: circle, member, tying groups shared, log chance by chance and as one."""
        table, group, circle = self.table, tying.code % self.table.groups, tying.code // self.table.groups
        count = int(of.max(initial=-1)) + 1
        row, member = self._candidates(tying)
        own = of[member] == circle[row]
        stands = ~own | tying.without[row]
        others = np.bincount(of[of >= 0], minlength=count)[circle][row] - own  # of the circle, without the person
        inside = tying.people[row] - own
        share = (inside + 1) / (others + 2)
        # The chance of being in none of the circle's groups, for one of it and for somebody from outside.
        size = np.bincount(of[of >= 0], minlength=count)[circle]
        absent = np.array([np.bincount(circle, _log_absent(tying.people, size - mine), count) for mine in (0, 1)])
        away = _log_absent(tying.people[row], size[row] - own)
        places = np.log((self.sizes[group][row] - inside) / max(1, len(self.member)))
        pair, at = np.unique(circle[row] * table.members + member, return_inverse=True)
        shared = np.bincount(at, stands)
        of_pair, who = pair // table.members, pair % table.members
        as_one = np.bincount(at, np.where(stands, np.log(share), 0.0) - away)
        as_one += absent[(of[who] == of_pair).astype(np.int64), of_pair]
        by_chance = np.bincount(at, np.where(stands, places, 0.0))
        by_chance += self._joining(self.degree[who] - np.bincount(at), shared) + self.crowded(np.maximum(shared, 1))
        return of_pair, who, shared, np.minimum(by_chance, 0.0), as_one

    def _joining(self, others: np.ndarray, more: np.ndarray) -> np.ndarray:
        """Log of the product of what people in `others` groups are foreseen to join, for as many `more` as given."""
        total = np.zeros(len(others))
        for step in range(int(more.max(initial=0))):
            total += np.where(step < more, np.log(self.first + self.further * (others + step)), 0.0)
        return total


def _log_absent(inside: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Log of the chance that one of a circle is not in a group in which `inside` of `others` are; by the rule of succession."""
    absent: np.ndarray = np.log(np.maximum(others - inside + 1, 1) / (others + 2))
    return absent


def joined_more(degree: np.ndarray) -> tuple[float, float]:
    """(first, further): who is in n groups is foreseen to join first + further * n more, from how many people are in how many.

    A line through Robbins' (n + 1) * h(n + 1) / h(n), each point by its certainty. It is exact where people's liking for groups
    has a gamma distribution; those in no group are in no table, so n begins at 1. Where it falls or can't be drawn, the mean
    of all.
    """
    held = np.bincount(degree[degree > 0], minlength=2).astype(np.float64)
    mean = float((np.arange(len(held)) * held).sum() / max(1.0, held.sum()))
    n = np.arange(1, min(len(held) - 1, MOST_OTHERS))
    n = n[held[n] > 0]
    if len(n) < 2:
        return max(mean, 1e-9), 0.0
    here, next_ = held[n], held[n + 1]
    point = (n + 1) * next_ / here
    certain = 1 / ((n + 1) ** 2 * (next_ + 1) / here**2 * (1 + (next_ + 1) / here))
    centre = float((certain * n).sum() / certain.sum())
    height = float((certain * point).sum() / certain.sum())
    further = float((certain * (n - centre) * (point - height)).sum() / (certain * (n - centre) ** 2).sum())
    if further <= 0:
        return mean, 0.0
    return max(height - further * centre, LEAST_JOINED * mean), further
