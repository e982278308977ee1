"""Evidence of many kinds to one chance for each country of an account: log-odds, added.

A row of evidence names a place. Its weight is log(right / ((1 - right) * by_chance)): how much likelier the row is if the
account is of that place than if it is not. `right` is how often a kind is right, `by_chance` how often its wrong rows name that
place: a locale that half of a platform has by default weighs next to nothing. Both begin with what the calibration ships, fitted
on accounts whose country is known, and follow what the platform's own kinds say of each other (expectation-maximisation over
accounts with two kinds or more), within bounds. A weight is never below 0: no evidence speaks against the place that it names.
Each doubling of the days (cards, numbers) adds the kind's `slope`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from amparo.cases.linkage.calibration import Calibration
from amparo.cases.linkage.countries_kernels import weighed

TURNS = 12  # of the expectation-maximisation; the weights stand still before
STILL = 1e-3
MOST_DOUBLINGS = 5.0
SPREAD = 30.0  # accounts' worth of the assumption that a kind's wrong rows name places as the platform's mix has them
MIX_SPREAD = 60.0


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
        first = odds[evidence.kind] - np.log(self.by_chance[evidence.kind, evidence.place])
        return np.asarray(np.maximum(first, 0.0) + self.slope[evidence.kind] * evidence.doublings)


@dataclass(frozen=True)
class Weighed:
    """post: the chance of each row's place. best, chance: (accounts, 3). weights: those that were used; row: each row's."""

    post: np.ndarray
    best: np.ndarray
    chance: np.ndarray
    weights: Weights
    row: np.ndarray
    turns: int


Weigh = Callable[[Evidence, Weights, Clocks], tuple[np.ndarray, ...]]


def no_clocks(accounts: int, places: int) -> Clocks:
    """No hours at all."""
    return Clocks(np.full(accounts, -1, np.int32), np.zeros((1, 1)), np.zeros(places, np.int64))


def weigh(evidence: Evidence, calibration: Calibration, places: int, clocks: Clocks) -> Weighed:
    """The chances by the platform's own weights."""
    weights = first_weights(evidence, calibration, places)
    learning = _with_two_kinds(evidence, calibration.families)
    turn = 0
    for turn in range(1, TURNS + 1):
        post, mix, _, _ = _chances(evidence, weights, clocks)
        fresh = _learned(evidence, post, mix, learning, calibration, weights)
        change = float(np.max(np.abs(fresh.right - weights.right), initial=0.0))
        weights = fresh
        if change < STILL:
            break
    post, mix, best, chance = _chances(evidence, weights, clocks)
    return Weighed(post, best, chance, weights, weights.of(evidence), turn)


def first_weights(evidence: Evidence, calibration: Calibration, places: int) -> Weights:
    """What holds before the platform's own rows are looked at: the shipped reliabilities, and the mix of what is named."""
    named = np.bincount(evidence.place, minlength=places).astype(np.float64)
    mix = _mixed(named, places)
    return Weights(
        right=calibration.right.copy(),
        by_chance=np.tile(mix, (len(calibration.right), 1)),
        mix=mix,
        slope=calibration.slope,
    )


def _chances(evidence: Evidence, weights: Weights, clocks: Clocks) -> tuple[np.ndarray, ...]:
    found: tuple[np.ndarray, ...] = weighed(
        evidence.start, evidence.place, weights.of(evidence), weights.mix, clocks.row, clocks.weight, clocks.clock
    )
    return found


def _mixed(counts: np.ndarray, places: int) -> np.ndarray:
    """Shares of places, with a little for those that are not named, and the same for each of them."""
    spread = MIX_SPREAD / places
    return np.asarray((counts + spread) / (counts.sum() + MIX_SPREAD))


def _with_two_kinds(evidence: Evidence, families: np.ndarray) -> np.ndarray:
    """Whether the row's account has evidence of two families or more (a zone and a card; not two sorts of address)."""
    bits = np.zeros(evidence.accounts, np.int64)
    np.bitwise_or.at(bits, evidence.account, np.left_shift(1, families[evidence.kind].astype(np.int64)))
    return np.asarray((bits & (bits - 1))[evidence.account] != 0)


def _learned(
    evidence: Evidence,
    post: np.ndarray,
    mix: np.ndarray,
    learning: np.ndarray,
    calibration: Calibration,
    weights: Weights,
) -> Weights:
    kinds, places = weights.by_chance.shape
    kind, place, held = evidence.kind[learning], evidence.place[learning], post[learning].astype(np.float64)
    agree = np.bincount(kind, held, minlength=kinds)
    count = np.bincount(kind, minlength=kinds)
    right = (agree + calibration.strength * calibration.right) / (count + calibration.strength)
    wrong = np.bincount(kind.astype(np.int64) * places + place, 1.0 - held, minlength=kinds * places).reshape(kinds, places)
    shares = _mixed(mix, places)
    even = 0.5 * shares + 0.5 * _even(evidence, places)
    by_chance = (wrong + SPREAD * even) / (wrong.sum(axis=1, keepdims=True) + SPREAD)
    return Weights(np.clip(right, calibration.lowest, calibration.highest), by_chance, shares, weights.slope)


def _even(evidence: Evidence, places: int) -> np.ndarray:
    """The same for every place that is named at all, and next to nothing for others."""
    named = np.bincount(evidence.place, minlength=places) > 0
    even = np.where(named, 1.0, 1e-3)
    return np.asarray(even / even.sum())
