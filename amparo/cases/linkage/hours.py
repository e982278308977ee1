"""Hours of activity against the clocks of countries: weak evidence, which only weighs countries that something else names.

The platform's own day is taken as the measure: the hours, by their local clock, of accounts that are sure without it. How much
hours say is learned on the same accounts; where they say nothing there, they say nothing anywhere.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from amparo.cases.linkage.countries_named import codes, zones
from amparo.cases.linkage.countries_weighing import Clocks, no_clocks

LEAST_SURE = 200  # accounts that are sure, of whose hours a day is made
SETTLED = 0.999  # a chance that hours would not change
MOST_SURE = 20_000
MOST_SAID = 2.5  # nats: hours never say more, for or against
TRUST = np.array([0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0])


@cache
def clocks_of(year: int) -> tuple[tuple[float, ...], ...]:
    """By place: the hours by which its clocks stood ahead of UTC that year, each once (winter and summer)."""
    found: dict[str, set[float]] = {}
    for zone, country in _written_zones():
        try:
            there = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
        for month in (1, 7):
            ahead = datetime(year, month, 1, tzinfo=UTC).astimezone(there).utcoffset()
            if ahead is not None:
                found.setdefault(country, set()).add(ahead.total_seconds() / 3600)
    return tuple(tuple(sorted(found.get(code, ()))) for code in codes())


def _written_zones() -> list[tuple[str, str]]:
    written = {name.casefold(): name for name in _available()}
    return [(written[zone], country) for zone, country in zones().items() if zone in written]


@cache
def _available() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def clocks(
    account: np.ndarray, table: np.ndarray, best: np.ndarray, chance: np.ndarray, mix: np.ndarray, year: int
) -> tuple[Clocks, float]:
    """What the hours (table: accounts x 24, of UTC) say of each country's clock, and how much they are trusted (0 to 1).

    best, chance: of every account without its hours. mix: the shares of places.
    """
    by_place = clocks_of(year)
    kinds = sorted(set(by_place))
    column = np.array([kinds.index(each) for each in by_place], np.int64)
    sure = np.flatnonzero((chance[account] >= 0.97) & (best[account] >= 0))
    sure = sure[[len(by_place[place]) in (1, 2) for place in best[account[sure]]]] if len(sure) else sure
    if len(sure) < LEAST_SURE:
        return no_clocks(len(best), len(mix)), 0.0
    day = _day(table[sure], [by_place[place] for place in best[account[sure]]])
    share = np.bincount(column, mix, minlength=len(kinds))
    events = table.astype(np.float64)
    per_event = np.stack([_fit(day, kind) for kind in kinds])  # clocks x offsets x 24, padded
    fits = np.stack([_best_log(events, each) for each in per_event], axis=1)
    trust = _trust(fits[sure], column[best[account[sure]]], share)
    row = np.full(len(best), -1, np.int32)
    row[account] = np.arange(len(account))
    said = np.clip(_relative(fits * trust, share), -MOST_SAID, MOST_SAID)
    return Clocks(row, np.ascontiguousarray(said), column), trust


def telling(chance: np.ndarray) -> np.ndarray:
    """Which accounts' hours are looked at: those that could change something, and enough of the sure ones to learn from."""
    settled = np.flatnonzero(chance >= SETTLED)
    return np.sort(np.concatenate([np.flatnonzero(chance < SETTLED), settled[:: max(1, len(settled) // MOST_SURE)]]))


def _day(table: np.ndarray, offsets: list[tuple[float, ...]]) -> np.ndarray:
    """The share of each hour of the local clock, smoothed, never 0."""
    day = np.ones(24)
    ahead = np.array([each[0] if len(each) == 1 else sum(each) / len(each) for each in offsets])
    for shift in np.unique(ahead):
        mine = table[ahead == shift].astype(np.float64)
        mine = (mine / mine.sum(axis=1, keepdims=True)).sum(axis=0)
        day += _shifted(mine, float(shift))
    day = 0.25 * np.roll(day, 1) + 0.5 * day + 0.25 * np.roll(day, -1)
    return np.asarray(day / day.sum())


def _shifted(hours: np.ndarray, ahead: float) -> np.ndarray:
    """By local hour what was by hour of UTC; half hours are shared by two."""
    low = int(np.floor(ahead))
    part = ahead - low
    return np.asarray((1 - part) * np.roll(hours, low) + part * np.roll(hours, low + 1))


def _fit(day: np.ndarray, offsets: tuple[float, ...]) -> np.ndarray:
    """Log of the day by hours of UTC, for each offset (24 rows at most, the last repeated)."""
    each = [np.log(_shifted(day, -ahead)) for ahead in (offsets or (0.0,))]
    if not offsets:
        each = [np.full(24, np.log(1 / 24))]
    return np.stack((each * 24)[:24] if len(each) == 1 else [each[at % len(each)] for at in range(24)])


def _best_log(events: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """The mean over a country's clocks, as people live by any of them: log-likelihood of each account's hours."""
    distinct = np.unique(logs, axis=0)
    fits = events @ distinct.T
    top = fits.max(axis=1, keepdims=True)
    return np.asarray((top + np.log(np.exp(fits - top).mean(axis=1, keepdims=True)))[:, 0])


def _relative(fits: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Against what anybody on the platform would fit."""
    held = fits + np.log(np.maximum(share, 1e-12))
    top = held.max(axis=1, keepdims=True)
    return np.asarray(fits - top - np.log(np.exp(held - top).sum(axis=1, keepdims=True)))


def _trust(fits: np.ndarray, own: np.ndarray, share: np.ndarray) -> float:
    """The factor under which the sure accounts' own clocks are likeliest."""
    said = [
        float(np.clip(_relative(fits * each, share), -MOST_SAID, MOST_SAID)[np.arange(len(own)), own].mean())
        for each in TRUST
    ]
    return float(TRUST[int(np.argmax(said))])
