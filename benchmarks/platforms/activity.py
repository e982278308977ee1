"""What accounts did: 20 million log-ins and views at full size, and 600 thousand payments; hours follow each person's own day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.platforms.lands import DAYS, codes, offsets, shares
from benchmarks.platforms.nets import NONE, Nets, addresses, country_of
from benchmarks.platforms.people import FULL, People

KINDS = ("login", "view", "message", "upload", "profile")
SLICE = 60_000  # accounts at a time
# How awake people are by the hour of their own clock: early, usual, late, and by shifts.
DAYS_OF_PEOPLE = np.array(
    [
        [2, 1, 1, 1, 2, 6, 9, 9, 7, 6, 6, 6, 7, 6, 6, 6, 7, 8, 9, 9, 7, 4, 3, 2],
        [3, 2, 1, 1, 1, 1, 2, 4, 5, 5, 5, 5, 6, 6, 5, 5, 6, 7, 8, 9, 10, 10, 8, 5],
        [9, 8, 6, 4, 2, 1, 1, 1, 2, 2, 3, 4, 5, 5, 5, 5, 5, 6, 6, 7, 8, 9, 10, 10],
        [7, 7, 6, 5, 4, 3, 2, 2, 2, 3, 3, 4, 5, 6, 6, 5, 4, 4, 4, 4, 5, 6, 7, 7],
    ],
    dtype=np.float64,
)
DAY_SHARES = (0.17, 0.55, 0.2, 0.08)
WEAK = 1 << 40  # a device above this is a fingerprint that tens of accounts share
RESOLD_VOUCHERS = 6
VOUCHER = 1 << 41  # a token above this is a resold voucher


@dataclass(frozen=True)
class Events:
    """One row an event, by account. at_s: UTC seconds since the first day. country: the platform's, -1 where none."""

    account: np.ndarray
    at_s: np.ndarray
    kind: np.ndarray
    address: np.ndarray
    port: np.ndarray
    device: np.ndarray
    item: np.ndarray
    country: np.ndarray


@dataclass(frozen=True)
class Payments:
    """One row a payment. wall_s: the platform's own clock. bin: its card's issuer; -1 for vouchers. minor: hundredths."""

    account: np.ndarray
    at_s: np.ndarray
    token: np.ndarray
    issuer: np.ndarray
    issuer_country: np.ndarray
    minor: np.ndarray
    kind: np.ndarray
    address: np.ndarray


def events(folk: People, net: Nets, items: int, seed: int) -> Events:
    """Everything, unordered in time."""
    random = np.random.default_rng([seed, 4])
    counts = np.rint(random.lognormal(np.log(4.1), 1.41, folk.accounts)).astype(np.int64)
    counts = np.minimum(counts, 4000)
    held = np.zeros(folk.accounts, dtype=np.bool_)
    for each in folk.shares.values():
        held |= each
    counts[held] = np.maximum(counts[held], random.integers(2, 12, int(held.sum())))
    total = int(counts.sum())
    shape = random.choice(len(DAY_SHARES), folk.persons, p=DAY_SHARES).astype(np.int8)
    made = Events(
        account=np.empty(total, dtype=np.int32),
        at_s=np.empty(total, dtype=np.int32),
        kind=np.empty(total, dtype=np.int8),
        address=np.empty(total, dtype=np.int64),
        port=np.empty(total, dtype=np.int32),
        device=np.empty(total, dtype=np.int64),
        item=np.empty(total, dtype=np.int32),
        country=np.empty(total, dtype=np.int16),
    )
    ends = np.cumsum(counts)
    used = devices(folk, random)
    for start in range(0, folk.accounts, SLICE):
        stop = min(start + SLICE, folk.accounts)
        place = slice(int(ends[start] - counts[start]), int(ends[stop - 1]))
        account = np.repeat(np.arange(start, stop), counts[start:stop])
        _some(made, place, account, folk, net, used, shape, items, random)
    return made


def _some(
    made: Events,
    place: slice,
    account: np.ndarray,
    folk: People,
    net: Nets,
    used: tuple[np.ndarray, np.ndarray],
    shape: np.ndarray,
    items: int,
    random: np.random.Generator,
) -> None:
    count = len(account)
    day, at = moments(folk, account, shape, random)
    address = addresses(net, account, day, random)
    where = country_of(net, address)
    where[random.random(count) < 0.5] = -1
    wrong = (where >= 0) & (random.random(count) < 0.03)
    where[wrong] = random.choice(len(shares()), int(wrong.sum()), p=shares())
    kind = random.choice(len(KINDS), count, p=[0.46, 0.42, 0.09, 0.02, 0.01]).astype(np.int8)
    seen = (items * random.random(count) ** 3).astype(np.int32)
    main, other = used
    device = np.where(random.random(count) < 0.35, other[account], main[account])
    device[random.random(count) < 0.08] = -1
    made.account[place], made.at_s[place], made.kind[place] = account, at, kind
    made.address[place], made.country[place], made.device[place] = address, where, device
    made.item[place] = np.where((kind == 1) | (kind == 3), seen, -1)
    ported = (address != NONE) & (day > DAYS // 3) & (random.random(count) < 0.7)
    made.port[place] = np.where(ported, random.integers(1024, 65536, count), -1)


def moments(
    folk: People, account: np.ndarray, shape: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The day (of the person's own calendar) and the second of each act, within the account's days."""
    first, last = folk.first_day[account], folk.last_day[account]
    day = first + (random.random(len(account)) * (last - first + 1)).astype(np.int32)
    person = folk.person[account]
    cumulated = np.cumsum(DAYS_OF_PEOPLE, axis=1) / DAYS_OF_PEOPLE.sum(axis=1, keepdims=True)
    dice, hour = random.random(len(account)), np.empty(len(account), dtype=np.int32)
    for each in range(len(cumulated)):
        there = shape[person] == each
        hour[there] = np.searchsorted(cumulated[each], dice[there], side="right")
    clock = day * 86_400 + np.minimum(hour, 23) * 3600 + random.integers(0, 3600, len(account))
    at = clock - offsets()[folk.country[person], day]
    return day, np.clip(at, 0, DAYS * 86_400 - 1).astype(np.int32)


def devices(folk: People, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The device each account uses most, and the other one: its own second, a couple's common one, a weak fingerprint."""
    own = folk.person.astype(np.int64) * 32
    main = np.where(folk.shares["device"], own, own + 2 + folk.place * 2)
    handed = folk.device_from >= 0
    main[handed] = main[folk.device_from[handed]]
    other = np.where(random.random(folk.accounts) < 0.3, main + 1, main)
    weak = random.random(folk.accounts) < 0.25
    other[weak] = WEAK + random.integers(0, max(5, folk.accounts // 110), int(weak.sum()))
    partner = np.flatnonzero(folk.couple[folk.person] >= 0)
    common = folk.couple[folk.person[partner]].astype(np.int64) * 32 + 1
    other[partner] = common
    first = np.flatnonzero(np.isin(folk.person, folk.couple[folk.person[partner]]))
    other[first] = folk.person[first].astype(np.int64) * 32 + 1
    return main, other


def payments(folk: People, net: Nets, hidden: bool, seed: int) -> tuple[Payments, list[tuple[str, str]]]:
    """The payments, and the table of card issuers: the first six digits (none that a real bank has) and the country."""
    random = np.random.default_rng([seed, 5])
    land_count, wanted = len(shares()), folk.accounts // 3
    paying = (random.random(folk.accounts) < 0.118) | folk.shares["token"]
    payer = np.flatnonzero(paying)
    weight = random.lognormal(0, 1.0, len(payer))
    more = random.choice(len(payer), max(0, wanted - len(payer)), p=weight / weight.sum())
    account = payer[np.concatenate([np.arange(len(payer)), more])]
    by_card = (random.random(folk.accounts) < 0.52) | folk.shares["token"]
    resold = ~by_card & (random.random(folk.accounts) < 0.45)
    per_land = np.maximum(3, (shares() * 700).astype(np.int64))
    starts = np.cumsum(per_land) - per_land
    numbers = 900_000 + random.permutation(90_000)[: int(per_land.sum())]
    issued = np.where(
        random.random(folk.accounts) < 0.045, random.choice(land_count, folk.accounts, p=shares()), folk.home()
    )
    issued[folk.shares["token"]] = folk.home()[folk.shares["token"]]
    dice = random.random(folk.persons)[folk.person]
    issuer = numbers[starts[issued] + (dice * per_land[issued]).astype(np.int64)]
    own = folk.person.astype(np.int64) * 16
    card = np.where(folk.shares["token"], own, own + 1 + folk.place)
    family = np.flatnonzero((folk.couple[folk.person] >= 0) & (random.random(folk.accounts) < 0.1))
    card[family] = folk.couple[folk.person[family]].astype(np.int64) * 16 + 1
    popular = np.minimum(RESOLD_VOUCHERS - 1, (random.exponential(0.9, folk.accounts)).astype(np.int64))
    shape = random.choice(len(DAY_SHARES), folk.persons, p=DAY_SHARES).astype(np.int8)
    day, at = moments(folk, account, shape, random)
    count, carded, many = len(account), by_card[account], resold[account]
    alone = folk.persons * 16 + random.integers(0, 1 << 36, count)
    token = np.where(carded, card[account], np.where(many, VOUCHER + popular[account], alone))
    address = addresses(net, account, day, random) if not hidden else np.full(count, NONE)
    said = carded & (random.random(count) < 0.7)
    price = random.choice([499, 999, 1999, 2499, 4999, 9900], count, p=[0.3, 0.27, 0.18, 0.12, 0.1, 0.03])
    paid = Payments(
        account=account.astype(np.int32),
        at_s=at,
        token=token,
        issuer=np.where(carded, issuer[account], -1),
        issuer_country=np.where(said, issued[account], -1).astype(np.int16),
        minor=np.where(random.random(count) < 0.15, price + random.integers(-300, 300, count), price),
        kind=np.where(carded, 0, 1).astype(np.int8),
        address=address,
    )
    owner = np.repeat(np.arange(land_count), per_land)
    order = np.argsort(numbers)
    return paid, [(str(numbers[each]), str(codes()[owner[each]])) for each in order]


def share_of_full(accounts: int, full: int, least: int) -> int:
    """What is `full` at 1.8 million accounts, at this size."""
    return max(least, round(full * accounts / FULL))
