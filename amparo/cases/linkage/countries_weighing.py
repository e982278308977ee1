"""Evidence of many kinds to one chance for each country of an account: log-odds, added.

A row of evidence names a place. Its weight is log(right / ((1 - right) * by_chance)): how much likelier the row is if the
account is of that place than if it is not. `right` is how often a kind is right, `by_chance` how often its wrong rows name that
place: a locale that half of a platform has by default weighs next to nothing. Both begin with what the calibration ships, fitted
on accounts whose country is known, and follow what the platform's own kinds say of each other (expectation-maximisation over
accounts with two kinds or more), within bounds. A weight is never below 0: no evidence speaks against the place that it names.
Each doubling of the days (cards, numbers) adds the kind's `slope`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from amparo.cases.linkage.calibration import Calibration
from amparo.cases.linkage.countries_chances import bits_of, confirmed, expected, weighed

TURNS = 12  # of the expectation-maximisation; the weights stand still before
STILL = 1e-3
MOST_DOUBLINGS = 5.0
SPREAD = 30.0  # accounts' worth of the assumption that a kind's wrong rows name places as the platform's mix has them
MIX_SPREAD = 100.0  # accounts' worth of the assumption that all named places are alike


@dataclass
class Evidence:
    """Rows by account. kind: a number in Calibration.kinds. amount: days, or different values; at least 1."""

    accounts: int
    account: np.ndarray
    place: np.ndarray
    kind: np.ndarray
    amount: np.ndarray
    start: np.ndarray = field(init=False)
    doublings: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.start = np.searchsorted(self.account, np.arange(self.accounts + 1)).astype(np.int64)
        self.doublings = np.minimum(np.log2(np.maximum(self.amount, 1.0)), MOST_DOUBLINGS)


@dataclass(frozen=True)
class Clocks:
    """Hours of activity, where there are any. row: of each account in weight, or -1. clock: of each place its column."""

    row: np.ndarray
    weight: np.ndarray
    clock: np.ndarray


@dataclass(frozen=True)
class Weights:
    """right: by kind. by_chance: (kind, place), each kind's sum 1. mix: by place, sum 1. slope: by kind."""

    right: np.ndarray
    by_chance: np.ndarray
    mix: np.ndarray
    slope: np.ndarray

    def of(self, evidence: Evidence) -> np.ndarray:
        """The weight of each row, in nats."""
        odds = np.log(self.right / (1 - self.right))
        first = np.maximum(odds[:, None] - np.log(self.by_chance), 0.0)
        return np.asarray(first[evidence.kind, evidence.place] + self.slope[evidence.kind] * evidence.doublings)


@dataclass(frozen=True)
class Weighed:
    """post: the chance of each row's place. best, chance: (accounts, 3). weights: those that were used; row: each row's."""

    post: np.ndarray
    best: np.ndarray
    chance: np.ndarray
    weights: Weights
    row: np.ndarray
    turns: int


def no_clocks(accounts: int, places: int) -> Clocks:
    """No hours at all."""
    return Clocks(np.full(accounts, -1, np.int32), np.zeros((1, 1)), np.zeros(places, np.int64))


def weigh(
    evidence: Evidence, calibration: Calibration, places: int, clocks: Clocks, *, since: Weights | None = None
) -> Weighed:
    """The chances by the platform's own weights. since: weights to go on from, where the evidence is nearly the same."""
    bits = families(evidence, calibration, np.ones(len(evidence.account), np.bool_))
    learning = (bits & (bits - 1)) != 0
    weights = since or first_weights(evidence, calibration, learning, places)
    count = np.bincount(evidence.kind[learning[evidence.account]], minlength=len(weights.right))
    turns, change = 0, 1.0
    while turns < TURNS and change >= STILL:
        fresh = _learned(evidence, *_expected(evidence, weights, clocks, learning), count, calibration, weights)
        change = float(np.abs(fresh.right - weights.right).max())
        weights = fresh
        turns += 1
    found = weighed_with(evidence, weights, clocks)
    return Weighed(found.post, found.best, found.chance, weights, found.row, turns)


def weighed_with(evidence: Evidence, weights: Weights, clocks: Clocks) -> Weighed:
    """The chances by these weights."""
    post, best, chance = _chances(evidence, weights, clocks)
    return Weighed(post, best, chance, weights, weights.of(evidence), 0)


def first_weights(evidence: Evidence, calibration: Calibration, learning: np.ndarray, places: int) -> Weights:
    """What holds before chances are known: the shipped reliabilities; rows that no other family confirms name by chance.

    So a country that is set where nobody chose has no weight from the start: nothing else ever confirms it. The mix is that of
    accounts of which two families name one place; it stays, so that a common mistake can't feed itself.
    """
    agreed = confirmed(evidence.start, evidence.place, calibration.families[evidence.kind])
    even = _even(evidence, places)
    account, place = evidence.account[agreed], evidence.place[agreed]
    once = np.ones(len(account), np.bool_)  # of each account, each place
    once[1:] = (account[1:] != account[:-1]) | (place[1:] != place[:-1])
    mix = np.bincount(place[once], minlength=places) + MIX_SPREAD * even
    mix = mix / mix.sum()
    weights = Weights(calibration.right, np.tile(even, (len(calibration.right), 1)), mix, calibration.slope)
    rows = learning[evidence.account]
    kind, place, wrong = evidence.kind[rows], evidence.place[rows], ~agreed[rows]
    count = np.bincount(kind, minlength=len(calibration.right))
    strays = np.bincount(kind[wrong].astype(np.int64) * places + place[wrong], minlength=len(count) * places)
    agree = count - np.bincount(kind[wrong], minlength=len(count))
    by_chance = _learned(evidence, agree, strays.reshape(-1, places), count, calibration, weights).by_chance
    return Weights(calibration.right.copy(), by_chance, mix, calibration.slope)


def families(evidence: Evidence, calibration: Calibration, rows: np.ndarray) -> np.ndarray:
    """By account, a bit for each family of evidence among these rows (a zone and a card; sorts of address are one family)."""
    bit = np.left_shift(1, calibration.families)[evidence.kind]
    return np.asarray(bits_of(evidence.account, bit, rows, evidence.accounts))


def _chances(evidence: Evidence, weights: Weights, clocks: Clocks) -> tuple[np.ndarray, ...]:
    found: tuple[np.ndarray, ...] = weighed(
        evidence.start,
        evidence.place,
        weights.of(evidence),
        weights.mix,
        clocks.row,
        clocks.weight,
        clocks.clock,
    )
    return found


def _expected(
    evidence: Evidence, weights: Weights, clocks: Clocks, learning: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of the accounts that are learned from: by kind how many rows are right, and by kind and place how many are wrong."""
    found: tuple[np.ndarray, np.ndarray] = expected(
        evidence.start,
        evidence.place,
        evidence.kind,
        weights.of(evidence),
        learning,
        weights.mix,
        clocks.row,
        clocks.weight,
        clocks.clock,
        len(weights.right),
    )
    return found


def _learned(
    evidence: Evidence,
    agree: np.ndarray,
    wrong: np.ndarray,
    count: np.ndarray,
    calibration: Calibration,
    weights: Weights,
) -> Weights:
    """What accounts with two families of evidence say. agree, wrong: as _expected found them; count: their rows, by kind."""
    right = (agree + calibration.strength * calibration.right) / (count + calibration.strength)
    even = _even(evidence, wrong.shape[1])
    spread = SPREAD * _by_chance(0.5 * weights.mix + 0.5 * even, calibration)
    by_chance = wrong + spread
    return Weights(
        np.clip(right, calibration.lowest, calibration.highest),
        by_chance / by_chance.sum(axis=1, keepdims=True),
        weights.mix,
        weights.slope,
    )


def _by_chance(mix: np.ndarray, calibration: Calibration) -> np.ndarray:
    """What wrong rows of each kind are thought to name: the mix, and for some kinds what is set where nobody chose."""
    found = np.tile(mix, (len(calibration.right), 1))
    for kind, (place, share) in calibration.defaults.items():
        found[kind] *= 1 - share
        found[kind, place] += share
    return found


def _even(evidence: Evidence, places: int) -> np.ndarray:
    """The same for every place that is named at all, and next to nothing for others."""
    named = np.bincount(evidence.place, minlength=places) > 0
    even = np.where(named, 1.0, 1e-3)
    return np.asarray(even / even.sum())
