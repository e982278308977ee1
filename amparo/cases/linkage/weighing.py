"""What each agreement is worth, learned from the platform itself by expectation maximisation over three kinds of pairs.

Two accounts are of one person, of two people of one household (one line, one device, one card or a number handed on), or of
strangers. Splink's own training knows the first and the last only, can't learn how rare a shared mailbox is from random pairs
(none coincide: analytics.md B2), and takes couples for one person. What comes out is a Fellegi-Sunter model as splink has it,
and beside it, for each pattern of agreement, how likely a household explains it. Deterministic: NumPy on counts of patterns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amparo.cases.linkage.model import Field

ROUNDS = 600
PULL_PAIRS = 12.0  # so many pairs of one person weigh as much as what model.py says
PULL_STRANGERS = 1e6
LEAST = 1e-12
PLACE_FIELD = "place"
MOST_UNSEEN = 4.0  # times those seen: what nobody sees is not made up without end


@dataclass(frozen=True)
class Totals:
    """Counts over all pairs of the platform's accounts, candidates or not.

    pairs: how many there are; by field those of which both state it. level: (field, level) -> pairs that agree so, where it is
    known for all pairs and not only for candidates.
    """

    pairs: float
    stated: dict[str, float]
    level: dict[tuple[str, str], float]


@dataclass(frozen=True)
class Weights:
    """Chances by field and level ("" = no agreement). same_pairs, household_pairs: how many of all pairs are such."""

    same: dict[str, dict[str, float]]
    chance: dict[str, dict[str, float]]
    household: dict[str, dict[str, float]]
    same_share: float
    household_share: float

    def bits(self, field: str, level: str) -> float:
        """What this agreement speaks for one person, against chance."""
        return float(np.log2(self.same[field][level] / self.chance[field][level]))


def learn(
    fields: tuple[Field, ...], patterns: np.ndarray, counts: np.ndarray, totals: Totals, accounts: int
) -> Weights:
    """The weights. patterns: (patterns, fields) int8; -1 nothing is stated, 0 no agreement, else the level from the last
    (1) to the first. counts: candidate pairs of each pattern."""
    model = [_Chances(field, patterns[:, at], totals) for at, field in enumerate(fields)]
    # Who is seen at one address, or pays by cards of one issuer, is of one country too: chance is learned among such pairs.
    place = [field.name for field in fields].index(PLACE_FIELD)
    near = (patterns[:, place] > 0).astype(np.float64)
    expected = 0.023 / max(accounts, 2)  # share of all pairs that is of one person, before any data
    same_share, household_share = expected, expected / 3
    for _ in range(ROUNDS):
        same, household, strangers = (
            np.full(len(patterns), np.log(max(share, LEAST**2)))
            for share in (same_share, household_share, 1 - same_share - household_share)
        )
        for each in model:
            same += np.log(each.same)[each.index]
            household += np.log(each.household)[each.index]
            strangers += np.log(each.chance)[each.index]
        most = np.maximum(np.maximum(same, household), strangers)
        parts = [np.exp(each - most) for each in (same, household, strangers)]
        total = sum(parts)
        one, two, rest = (counts * part / total for part in parts)
        unseen = _unseen(model, float(one.sum()))
        for each in model:
            each.learn(one, two, rest, rest * near, unseen)
        same_share = float((one.sum() + unseen + 1) / (totals.pairs + 1 / expected))
        household_share = float((two.sum() + 1 / 3) / (totals.pairs + 1 / expected))
    same_chances, chances, household_chances = (
        {field.name: each.by_name(which) for field, each in zip(fields, model, strict=True)} for which in range(3)
    )
    return Weights(same_chances, chances, household_chances, _rounded(same_share), _rounded(household_share))


def household_bits(fields: tuple[Field, ...], patterns: np.ndarray, weights: Weights) -> np.ndarray:
    """For each pattern what has to be taken off because a household would look the same: log2(1 + household / strangers)."""
    log = np.full(len(patterns), np.log2(weights.household_share / (1 - weights.same_share - weights.household_share)))
    for at, field in enumerate(fields):
        names = ["", *(level.name for level in reversed(field.levels))]
        ratio = np.log2(
            [weights.household[field.name][name] / weights.chance[field.name][name] for name in names] + [1.0]
        )
        log += ratio[patterns[:, at]]  # -1, nothing stated, is the last: no ratio
    found: np.ndarray = np.logaddexp2(0, log)
    return found


def _unseen(model: list[_Chances], seen: float) -> float:
    """How many pairs of one person share nothing that would have brought them together, if each field went its own way."""
    apart = 1.0
    for each in model:
        apart *= each.passed_over()
    return min(seen * apart / (1 - apart), MOST_UNSEEN * seen) if apart < 1 else 0.0


class _Chances:
    """The three chances of one field's levels, in the order of the pattern's numbers: none, weakest ... strongest, missing."""

    def __init__(self, field: Field, column: np.ndarray, totals: Totals) -> None:
        self.field = field
        levels = tuple(reversed(field.levels))
        self.names = ["", *(level.name for level in levels)]
        self.index = np.where(column < 0, len(self.names), column)
        self.prior_same = _whole([level.same for level in levels])
        self.prior_chance = _whole([level.chance for level in levels])
        self.prior_household = _whole(
            [level.chance if level.household is None else level.household for level in levels]
        )
        self.same, self.chance, self.household = (
            np.append(each, 1.0) for each in (self.prior_same, self.prior_chance, self.prior_household)
        )
        self.finds = np.array([False, *(level.finds for level in levels)])
        self.missing = 0.0
        self.stated = totals.stated.get(field.name, totals.pairs)
        self.known = {at: totals.level.get((field.name, name)) for at, name in enumerate(self.names) if name}

    def passed_over(self) -> float:
        """The chance that two accounts of one person don't meet by this field."""
        return self.missing + (1 - self.missing) * float(self.same[:-1][~self.finds].sum())

    def learn(self, one: np.ndarray, two: np.ndarray, rest: np.ndarray, near: np.ndarray, unseen: float) -> None:
        """The chances after so many candidate pairs of each pattern fell to one person, a household, strangers.

        near: strangers of one place. unseen: pairs of one person beside the candidates, which agree in nothing that finds.
        """
        size = len(self.names) + 1
        same, household, strangers = (np.bincount(self.index, each, size) for each in (one, two, near))
        self.missing = float(same[-1] / same.sum()) if same.sum() else 0.0
        same, household, strangers = same[:-1], household[:-1], strangers[:-1]
        free = np.where(self.finds, 0.0, self.prior_same)  # how they differ otherwise nobody sees
        known = same + unseen * (1 - self.missing) * free / free.sum()
        self.same[:-1] = _pulled(known, self.prior_same, PULL_PAIRS)
        chance = np.empty(len(self.names))
        for at in range(1, len(self.names)):
            known = self.known[at]
            if known is None:  # only candidates are known: as often as among strangers; what none of few has isn't rare
                chance[at] = (strangers[at] + 0.5) / (strangers.sum() + 1)
            else:
                left = max(known - same[at] - household[at], 0.0)
                chance[at] = (left + PULL_STRANGERS * self.prior_chance[at]) / (self.stated + PULL_STRANGERS)
        self.chance[1:-1] = np.maximum(chance[1:], LEAST)
        self.chance[0] = max(1 - self.chance[1:-1].sum(), LEAST)
        if self.field.personal:
            self.household[:-1] = self.chance[:-1]
        else:
            self.household[:-1] = _pulled(household, self.prior_household, PULL_PAIRS)

    def by_name(self, which: int) -> dict[str, float]:
        """The chances by the level's name: 0 of one person, 1 of strangers, 2 of a household."""
        values = (self.same, self.chance, self.household)[which]
        return {name: _rounded(float(value)) for name, value in zip(self.names, values[:-1], strict=True)}


def _whole(levels: list[float]) -> np.ndarray:
    return np.array([1 - sum(levels), *levels])


def _pulled(counts: np.ndarray, prior: np.ndarray, pull: float) -> np.ndarray:
    found: np.ndarray = np.maximum((counts + pull * prior) / (counts.sum() + pull), LEAST)
    return found


def _rounded(value: float) -> float:
    """Nine digits, so that the last bits of a sum, which threads may add in any order, reach no result."""
    return float(f"{value:.9g}")
