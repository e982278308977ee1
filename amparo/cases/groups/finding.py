"""Circles: people who share groups with one another far oftener than chance would have it. Pure; numbers in, numbers out.

1. A tie: two people who share two groups or more, rarer than chance (ties.py).
2. A tie counts when a third person is tied to both; ties that touch may be a circle. How rare a tie must be is tried in steps from
   strict to lax, as far as there are fewer than 0.8 for a person; what one step finds stays, and the next looks at the others.
3. People keep to their own language, country, subject: two who share a group share another oftener than chance foresees. By
   how much is measured on everyone whom no circle claims (`crowding`), and each further shared group counts that much less.
4. The groups that tie a circle are those that hold more of its people than chance explains. Somebody stays in a circle, or
   comes into it, whose groups among these are likelier those of one of it than those of a stranger (standing.py).
5. What is left with four people or more, together rarer than chance among all sets of as many people and of as many groups, is a
   circle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amparo.cases.groups import counting
from amparo.cases.groups.chance import hypergeometric_log_tails, log_choose
from amparo.cases.groups.standing import GROWING, GROWING_LIKELIER, LIKELIER, ROUNDS, Crowd, Standing
from amparo.cases.groups.ties import LEVELS, ROOM, STEP, Memberships, Ties, find_ties, memberships, tie_limit

__all__ = ["Circles", "Memberships", "find_circles", "find_overlaps", "memberships", "warm"]

LEAST_PEOPLE = 4
LEAST_OVERLAP = 5  # members that two groups share
# Ties for each person who can have one. From one tie for two people on, ties by lot join most people into one component (Erdos and
# Renyi, 1960); since only those in triangles count, a little more can be borne, and beyond it nothing can be told any more.
MOST_EACH = 0.8
# Of one circle, among all sets of as many people: what chance foresees is rough where people differ.
CIRCLE_CHANCE = 1e-5

RULE = (
    "People of one circle share groups oftener than chance explains: chance is counted on the sizes of the groups and on in how "
    "many groups everybody is. A circle is a question, no finding about anybody: the accounts of one person, a family, a class "
    "are circles too."
)


@dataclass(frozen=True)
class Circles:
    """circle[member]: number from 0 by size, then lowest member; -1 outside. by_chance[member], as_one[member]: logs of the
    chance of being in just these of its tying groups, as a stranger and as one of it. tying: (circle, group, how many of its
    people are in it), by circle and group. circle_log_chance: of each circle, already corrected. crowding: how much oftener
    than by chance people outside the circles share a second group.
    """

    circle: np.ndarray
    by_chance: np.ndarray
    as_one: np.ndarray
    tying: np.ndarray
    circle_log_chance: np.ndarray
    ties: Ties
    tie_chance: float
    crowding: float

    @property
    def count(self) -> int:
        return len(self.circle_log_chance)


def find_circles(table: Memberships) -> Circles:
    """All circles of the table: step by step from the strictest limit of ties, each step among those in none so far."""
    ties, crowd = find_ties(table), Crowd(table)
    found = _numbered(crowd, _nobody(table), ties.only(np.zeros(len(ties), bool)))
    for level in reversed(range(LEVELS)):
        chance = ties.chance / STEP**level
        some = ties.only(ties.log_chance <= tie_limit(chance, table), chance)
        if level < LEVELS - 1 and len(some) > MOST_EACH * crowd.tied:
            break
        found = _grown(crowd, found, some)
    return found


def _grown(crowd: Crowd, found: Circles, ties: Ties) -> Circles:
    """The circles found so far, and those that begin with these ties of others."""
    firm = ties.only(counting.in_triangles(ties.one, ties.two, crowd.table.members))
    crowd.measure(found.ties)
    of, outside = found.circle.astype(np.int64), found.circle < 0
    new = firm.only(outside[firm.one] & outside[firm.two])
    tied = np.unique(np.concatenate((new.one, new.two)))
    if len(tied):
        roots = counting.components(new.one, new.two, crowd.table.members)
        of[tied] = found.count + np.unique(roots[tied], return_inverse=True)[1]
    # Beginnings of one circle may each have grown to a part of it: what fell is left to what stands.
    return _settled(crowd, _settled(crowd, of, firm).circle, firm)


def _settled(crowd: Crowd, of: np.ndarray, ties: Ties) -> Circles:
    """Round after round until everyone stands where they stood; of that, what is a circle."""
    standing = _nobody(crowd.table)
    for turn in range(ROUNDS):
        before, growing = of, turn < GROWING
        standing = crowd.settled(of, GROWING_LIKELIER if growing else LIKELIER)
        of = standing.circle if growing else _large(standing.circle)
        if not growing and np.array_equal(of, before):
            break
    return _numbered(crowd, standing, ties)


def _large(of: np.ndarray) -> np.ndarray:
    """Without the circles of too few."""
    size = np.bincount(of[of >= 0], minlength=int(of.max(initial=-1)) + 2)
    kept: np.ndarray = np.where(size[of] >= LEAST_PEOPLE, of, -1)
    return kept


def _nobody(table: Memberships) -> Standing:
    return Standing(np.full(table.members, -1, np.int64), np.zeros(table.members), np.zeros(table.members))


def _numbered(crowd: Crowd, standing: Standing, ties: Ties) -> Circles:
    """The circles of four and more that are rare as a whole, in the order of their size.

    The chance that just these people stand in just these groups, times how many sets of as many people and groups there are.
    """
    table, of, tying = crowd.table, standing.circle, crowd.tying(standing.circle)
    code, people = tying.code, tying.people
    count = int(of.max(initial=-1)) + 1
    size = np.bincount(of[of >= 0], minlength=count)
    tails = hypergeometric_log_tails(
        people, crowd.sizes[code % table.groups], size[code // table.groups], table.members, crowd.logs
    )
    groups = np.minimum(np.bincount(code // table.groups, minlength=count), crowd.small_groups)
    sets = log_choose(table.members, size, crowd.logs) + log_choose(crowd.small_groups, groups, crowd.logs)
    # Who is in one of its groups is likelier to be in another: so many memberships more than join people and groups to one at all.
    further = np.maximum(np.bincount(code // table.groups, people, count) - size - groups + 1, 0)
    together = np.bincount(code // table.groups, tails, count) + sets + further * np.log(crowd.crowding_of(of, tying))
    kept = np.flatnonzero((size >= LEAST_PEOPLE) & (together <= np.log(CIRCLE_CHANCE)))
    lowest = np.full(count, table.members, np.int64)
    np.minimum.at(lowest, of[of >= 0], np.flatnonzero(of >= 0))
    kept = kept[np.lexsort((lowest[kept], -size[kept]))]
    number = np.full(count + 1, -1, np.int64)
    number[kept] = np.arange(len(kept))
    circle = number[of]
    rows = number[code // table.groups] >= 0
    rows_of = np.column_stack((number[code // table.groups], code % table.groups, people))[rows]
    rows_of = rows_of[np.lexsort((rows_of[:, 1], rows_of[:, 0]))]
    same = (circle[ties.one] >= 0) & (circle[ties.one] == circle[ties.two])
    return Circles(
        circle,
        standing.by_chance,
        standing.as_one,
        rows_of,
        together[kept],
        ties.only(same),
        ties.chance,
        crowd.crowding,
    )


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
