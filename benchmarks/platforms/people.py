"""Who is behind which account: persons with one or several, couples, careful people, and what their accounts share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.platforms.lands import DAYS, shares

# Of 1.8 million accounts: so many persons with so many accounts (20 560 pairs of accounts of one person).
SEVERAL = ((2, 8600), (3, 1900), (4, 600), (5, 220), (6, 31))
FULL = 1_800_000
CAREFUL = 0.056  # of those with several: every account its own device, network, name and card
SHARES = {"email": 0.37, "phone": 0.32, "device": 0.555, "token": 0.29, "stem": 0.87, "name": 0.55}
COUPLES = 4_000 / FULL  # one line, one device between two persons
RESOLD = 900 / FULL  # devices that go on to another person
REISSUED = 330 / FULL  # phone numbers given to another person after more than half a year


@dataclass(frozen=True)
class People:
    """By account: person, its place among that person's (0, 1, ...), public number, days of activity, and what is shared.

    shares[x][a]: whether account a uses the x that is its person's own; otherwise it has one to itself.
    By person: country, careful, with (the other of a couple, or -1).
    """

    person: np.ndarray
    place: np.ndarray
    public: np.ndarray
    first_day: np.ndarray
    last_day: np.ndarray
    shares: dict[str, np.ndarray]
    several: np.ndarray
    country: np.ndarray
    careful: np.ndarray
    couple: np.ndarray
    device_from: np.ndarray
    phone_from: np.ndarray

    @property
    def accounts(self) -> int:
        return len(self.person)

    @property
    def persons(self) -> int:
        return len(self.country)

    def home(self) -> np.ndarray:
        """The country of each account's person."""
        return self.country[self.person]


def people(accounts: int, seed: int) -> People:
    """Everybody, by accounts; the same for the same numbers."""
    random = np.random.default_rng([seed, 1])
    person, place, sizes = _holders(accounts, random)
    persons = len(sizes)
    several = sizes > 1
    country = random.choice(len(shares()), persons, p=shares()).astype(np.int16)
    careful = np.zeros(persons, dtype=np.bool_)
    holders = np.flatnonzero(several)
    careful[random.choice(holders, max(3, round(CAREFUL * len(holders))), replace=False)] = True
    couple = np.full(persons, -1, dtype=np.int32)
    single = np.flatnonzero(~several)
    pairs = random.choice(single[: len(single) // 2], max(3, round(COUPLES * accounts)), replace=False)
    partner = pairs + len(single) // 2
    couple[partner], country[partner] = pairs, country[pairs]
    first, last = _days(accounts, person, several, random)
    device_from, phone_from = (np.full(accounts, -1, dtype=np.int64) for _ in range(2))
    # Of persons with one account each, who are nobody's partner: what one leaves, the other has later.
    free = np.flatnonzero(~several[person] & (couple[person] < 0) & ~np.isin(person, pairs))
    free = random.permutation(free)
    handed = max(2, round(RESOLD * accounts))
    _hand_on(free[:handed], free[handed : 2 * handed], 5, device_from, first, last, random)
    free, again = free[2 * handed :], max(2, round(REISSUED * accounts))
    before, after = free[:again], free[again : 2 * again]
    country[person[after]] = country[person[before]]
    _hand_on(before, after, 200, phone_from, first, last, random)
    held = {
        name: several[person] & ~careful[person] & (random.random(accounts) < chance) for name, chance in SHARES.items()
    }
    return People(
        person=person,
        place=place,
        public=random.permutation(accounts).astype(np.int32) + 1_000_001,
        first_day=first,
        last_day=last,
        shares=held,
        several=several,
        country=country,
        careful=careful,
        couple=couple,
        device_from=device_from,
        phone_from=phone_from,
    )


def _holders(accounts: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Person and place of each account, and how many accounts each person has."""
    sizes = np.concatenate([np.full(max(1, round(many * accounts / FULL)), size) for size, many in SEVERAL])
    sizes = np.concatenate([sizes, np.ones(accounts - int(sizes.sum()), dtype=sizes.dtype)])
    random.shuffle(sizes)
    person = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    starts = np.cumsum(sizes) - sizes
    return person, (np.arange(accounts) - starts[person]).astype(np.int16), sizes


def _days(
    accounts: int, person: np.ndarray, several: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The first and last day of each account; somebody with several often opens one when another is closed."""
    first = np.maximum(0, random.integers(-200, DAYS - 10, accounts)).astype(np.int32)
    last = first + np.minimum(DAYS, random.exponential(240, accounts)).astype(np.int32) + 1
    return first, np.minimum(last, DAYS - 1).astype(np.int32)


def _hand_on(
    before: np.ndarray,
    after: np.ndarray,
    gap_days: int,
    source: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    random: np.random.Generator,
) -> None:
    """The accounts `after` begin when those `before` have ended, and hold what they held."""
    first[before] = random.integers(0, 120, len(before))
    last[before] = first[before] + random.integers(20, 150, len(before))
    first[after] = last[before] + gap_days + random.integers(1, 60, len(before))
    last[after] = np.minimum(DAYS - 1, first[after] + random.integers(30, 200, len(before)))
    source[after] = before
