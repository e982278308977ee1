"""Logarithms of the chances that circles rest on: the tail of the hypergeometric distribution, in NumPy."""

from __future__ import annotations

import numpy as np

NEGLIGIBLE = 1e-12  # of the sum so far: later terms of a tail only fall


def log_factorials(most: int) -> np.ndarray:
    """log(n!) for n = 0 .. most."""
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, most + 1, dtype=np.float64)))))


def log_choose(every: int, some: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Log of how many sets of `some` there are among `every`."""
    found: np.ndarray = logs[every] - logs[some] - logs[every - some]
    return found


def hypergeometric_log_tails(
    shared: np.ndarray, one: np.ndarray, two: np.ndarray, every: int, logs: np.ndarray
) -> np.ndarray:
    """Log of the chance that sets of `one` and `two` among `every` share `shared` or more, for each row."""
    base = logs[one] + logs[every - one] + logs[two] + logs[every - two] - logs[every]

    def terms(k: np.ndarray) -> np.ndarray:
        rest = every - one - two + k
        there = (k <= np.minimum(one, two)) & (rest >= 0)
        safe = np.where(there, k, np.maximum(0, one + two - every))
        log = base - logs[safe] - logs[one - safe] - logs[two - safe] - logs[every - one - two + safe]
        return np.where(there, log, -np.inf)

    return _summed(terms, shared, np.minimum(one, two))


def _summed(terms: object, start: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Log of the sum of the terms from `start` to `most`, row by row, term by term until none matters."""
    assert callable(terms)
    total: np.ndarray = terms(start)
    for step in range(1, int((most - start).max(initial=0)) + 1):
        term = terms(start + step)
        summed = np.logaddexp(total, term)
        small = np.all((term <= total + np.log(NEGLIGIBLE)) & (total > -np.inf))
        total = summed
        if small:
            break
    found: np.ndarray = np.minimum(total, 0.0)
    return found
