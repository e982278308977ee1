"""Which links become persons: a link is refused where it would melt people together, and becomes a question for an officer.

Pure. The order in which links and accounts are given never matters, nor what the accounts are called: links of one weight are
weighed together, and where they can't all stand, none of them does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from amparo.cases.linkage.components import components

Key = TypeVar("Key", bound=Hashable)

MOST_ACCOUNTS = 12  # of one person, unless officers joined them

BRIDGE = "the only link between two groups of accounts, and a weak one"
SIZE = f"it would make one person of more than {MOST_ACCOUNTS} accounts"
DIFFERENT = "it contradicts a judgement: different"
UNSURE = "an officer was unsure"


@dataclass(frozen=True)
class Links:
    """Links between accounts, by their numbers, a < b, each pair once. bits: its weight; at least `threshold`.

    strong_bits: from here on one link alone may join two groups of accounts.
    """

    a: np.ndarray
    b: np.ndarray
    bits: np.ndarray
    strong_bits: float


@dataclass(frozen=True)
class Decided:
    """What officers decided, by the accounts' numbers, a < b. same: oldest first, in classes of one moment."""

    same: Sequence[Sequence[tuple[int, int]]] = ()
    different: frozenset[tuple[int, int]] = frozenset()
    unsure: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Guarded:
    """person: for each account the smallest number among its person's accounts. refused: link number -> why.

    contradicted: judged pairs ("same") that can't stand beside an earlier "different".
    """

    person: np.ndarray
    refused: dict[int, str]
    contradicted: tuple[tuple[int, int], ...]


def guarded(count: int, links: Links, decided: Decided | None = None) -> Guarded:
    """Joins `count` accounts by links and judgements. Only what hangs together and needs it is looked at link by link."""
    decided = decided or Decided()
    same = [pair for moment in decided.same for pair in moment]
    a = np.concatenate([links.a, np.array([each[0] for each in same], np.int64)]).astype(np.int32)
    b = np.concatenate([links.b, np.array([each[1] for each in same], np.int64)]).astype(np.int32)
    person = components(count, a, b)
    sizes = np.bincount(person, minlength=count)
    # Up to three accounts nothing but a judgement can refuse a link: no two groups of two are joined.
    suspicious = sizes > 3
    judged = (*same, *decided.different, *decided.unsure)
    suspicious[person[np.array([node for pair in judged for node in pair], np.int64)]] = True
    refused: dict[int, str] = {}
    contradicted: list[tuple[int, int]] = []
    for part in _parts(person, suspicious, links, decided):
        part.join()
        for node, root in part.root.items():
            person[node] = root
        refused |= part.refused
        contradicted += part.contradicted
    return Guarded(person, dict(sorted(refused.items())), tuple(sorted(contradicted)))


def _parts(person: np.ndarray, suspicious: np.ndarray, links: Links, decided: Decided) -> Iterable[_Part]:
    """What hangs together, each with its own links and judgements."""
    root = person[links.a]
    chosen = np.flatnonzero(suspicious[root])
    chosen = chosen[np.argsort(root[chosen], kind="stable")]
    edges: dict[int, list[int]] = defaultdict(list)
    for number, its in zip(chosen.tolist(), root[chosen].tolist(), strict=True):
        edges[its].append(number)
    same: dict[int, list[list[tuple[int, int]]]] = defaultdict(list)
    for moment in decided.same:
        by_root: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for pair in moment:
            by_root[int(person[pair[0]])].append(pair)
        for its, pairs in by_root.items():
            same[its].append(pairs)
    different: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair in decided.different:
        if person[pair[0]] == person[pair[1]]:
            different[int(person[pair[0]])].append(pair)
    for its in sorted(edges.keys() | same.keys()):
        yield _Part(links, edges[its], same[its], different[its], decided.unsure)


class _Part:
    """Accounts that hang together, joined step by step: judgements first, then links from the heaviest down."""

    def __init__(
        self,
        links: Links,
        numbers: list[int],
        same: list[list[tuple[int, int]]],
        different: list[tuple[int, int]],
        unsure: frozenset[tuple[int, int]],
    ) -> None:
        self.links, self.same, self.different = links, same, different
        self.ends = {each: (int(links.a[each]), int(links.b[each])) for each in numbers}
        self.refused: dict[int, str] = {}
        self.contradicted: list[tuple[int, int]] = []
        apart = frozenset(different)
        for each, pair in self.ends.items():
            if pair in apart:
                self.refused[each] = DIFFERENT
            elif pair in unsure:
                self.refused[each] = UNSURE
        nodes = {node for pair in self.ends.values() for node in pair}
        nodes |= {node for moment in same for pair in moment for node in pair}
        self.root = {node: node for node in nodes}
        self.members = {node: [node] for node in nodes}
        self.touching: dict[int, list[int]] = defaultdict(list)
        for each, pair in self.ends.items():
            if each not in self.refused:
                for node in pair:
                    self.touching[node].append(each)

    def join(self) -> None:
        """The accounts are joined as far as the guard lets them."""
        for moment in self.same:
            for group in self._groups({pair: pair for pair in moment}):
                if self._contradicts(group):
                    self.contradicted += group
                else:
                    self._unite(group)
        classes: dict[float, list[int]] = defaultdict(list)
        for each in self.ends:
            if each not in self.refused:
                classes[float(self.links.bits[each])].append(each)
        for bits in sorted(classes, reverse=True):
            self._class(classes[bits], bits < self.links.strong_bits)
        # What is refused as a link but joined by others needs no answer.
        for each in list(self.refused):
            a, b = self.ends[each]
            if self.root[a] == self.root[b] and self.refused[each] in (BRIDGE, SIZE):
                del self.refused[each]

    def _class(self, numbers: list[int], weak: bool) -> None:
        """Links of one weight, together: those that may, join; of a group that may not, none does."""
        fit = {}
        for each in numbers:
            a, b = self.ends[each]
            if self.root[a] == self.root[b]:
                continue
            if weak and self._only_bridge(self.root[a], self.root[b]):
                self.refused[each] = BRIDGE
            else:
                fit[each] = (a, b)
        for group in self._groups(fit):
            pairs = [fit[each] for each in group]
            together = {self.root[node] for pair in pairs for node in pair}
            why = ""
            if self._contradicts(pairs):
                why = DIFFERENT
            elif weak and self._chained(pairs):
                why = BRIDGE
            elif sum(len(self.members[root]) for root in together) > MOST_ACCOUNTS:
                why = SIZE
            if why:
                self.refused |= dict.fromkeys(group, why)
            else:
                self._unite(pairs)

    def _groups(self, pairs: dict[Key, tuple[int, int]]) -> list[list[Key]]:
        """The links by what they would join, in the order of the smallest account that it holds."""
        parent: dict[int, int] = {}

        def top(root: int) -> int:
            while parent.setdefault(root, root) != root:
                root = parent[root]
            return root

        for a, b in pairs.values():
            one, other = sorted((top(self.root[a]), top(self.root[b])))
            parent[other] = one
        found: dict[int, list[Key]] = defaultdict(list)
        for key, (a, _) in pairs.items():
            found[top(self.root[a])].append(key)
        return [found[root] for root in sorted(found)]

    def _contradicts(self, pairs: list[tuple[int, int]]) -> bool:
        together = {self.root[node] for pair in pairs for node in pair}
        return any(self.root[a] in together and self.root[b] in together for a, b in self.different)

    def _only_bridge(self, one: int, other: int) -> bool:
        """Whether two groups of at least two accounts share a single link, of whatever weight."""
        if min(len(self.members[one]), len(self.members[other])) < 2:
            return False
        small, large = sorted((one, other), key=lambda root: len(self.members[root]))
        crossing = set()
        for node in self.members[small]:
            for each in self.touching[node]:
                if any(self.root[end] == large for end in self.ends[each]):
                    crossing.add(each)
        return len(crossing) == 1

    def _chained(self, pairs: list[tuple[int, int]]) -> bool:
        """Whether groups of at least two accounts would be joined only through single accounts, each by a weak link."""
        direct: dict[int, set[int]] = {}
        for a, b in pairs:
            ends = [root for root in (self.root[a], self.root[b]) if len(self.members[root]) > 1]
            for root in ends:
                direct.setdefault(root, set()).update(ends)
        reached: set[int] = set()
        ahead = [min(direct)] if direct else []
        while ahead:
            root = ahead.pop()
            if root not in reached:
                reached.add(root)
                ahead += direct[root]
        return len(reached) < len(direct)

    def _unite(self, pairs: Iterable[tuple[int, int]]) -> None:
        for a, b in pairs:
            one, other = sorted((self.root[a], self.root[b]))
            if one == other:
                continue
            for node in self.members[other]:
                self.root[node] = one
            self.members[one] += self.members.pop(other)
