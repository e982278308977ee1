"""What accounts are called: handles from invented syllables, mailboxes and their spellings, fictitious phone numbers."""

from __future__ import annotations

import numpy as np

from benchmarks.platforms.lands import lands, shares
from benchmarks.platforms.nets import Nets
from benchmarks.platforms.people import People

_ONSETS = (
    "b",
    "d",
    "f",
    "g",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "z",
    "br",
    "dr",
    "kl",
    "pl",
    "st",
    "tr",
    "sk",
    "vr",
)
_RHYMES = ("a", "e", "i", "o", "u")
SYLLABLES = tuple(onset + rhyme for onset in _ONSETS for rhyme in _RHYMES)  # 110
COMMON = 2_000  # stems that many people like
MIX = np.uint64(0x9E3779B97F4A7C15)
DOMAINS = ("mail.example.org", "example.org", "example.net", "example.com", "post.example", "inbox.example")


def mixed(number: np.ndarray) -> np.ndarray:
    """64 bits that look like chance and are the same for the same number; different for different ones."""
    found = number.astype(np.uint64) * MIX
    found ^= found >> np.uint64(29)
    found *= np.uint64(0xBF58476D1CE4E5B9)
    return found ^ (found >> np.uint64(32))


def handles(folk: People, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Columns from which a handle is written: four syllables (-1: none), what follows, and how it is spelled."""
    own = _stems(folk.accounts, folk.accounts, random)
    persons = _stems(folk.persons, folk.accounts, random)
    stem = np.where(folk.shares["stem"], persons[folk.person], own)
    accounts = folk.accounts
    typo = np.where(random.random(accounts) < 0.06, random.integers(1, 4, accounts), 0)
    columns = {f"s{each}": (stem // 111 ** (3 - each)) % 111 - 1 for each in range(4)}
    return columns | {
        "typo": np.where(folk.shares["stem"] & (folk.place > 0), typo, 0),
        "typo_at": random.integers(2, 5, accounts),
        "tail": random.choice(4, accounts, p=[0.33, 0.28, 0.33, 0.06]),
        "year": random.integers(1960, 2013, accounts),
        "digits": (10 ** random.uniform(0, 4, accounts)).astype(np.int64),
        "sep": random.choice(4, accounts, p=[0.55, 0.2, 0.15, 0.1]),
        "deco": random.choice(4, accounts, p=[0.9, 0.04, 0.04, 0.02]),
        "leet": random.random(accounts) < 0.04,
        "capital": random.choice(3, accounts, p=[0.78, 0.18, 0.04]),
    }


def _stems(count: int, accounts: int, random: np.random.Generator) -> np.ndarray:
    """Stems as four digits to the base 111: liked ones by many, of three syllables by few, of four nearly unique."""
    dice = random.random(count)
    liked = (COMMON * random.random(count) ** 3).astype(np.int64) * 601 % 110**3
    few = random.integers(0, max(1000, int(0.74 * accounts)), count) * 104_729 % 110**3
    long = random.integers(0, 110**4, count)
    digits = [(np.where(dice < 0.3, liked, few) // 110**each) % 110 + 1 for each in (2, 1, 0)]
    three = digits[0] * 111**3 + digits[1] * 111**2 + digits[2] * 111
    four = sum(((long // 110 ** (3 - each)) % 110 + 1) * 111 ** (3 - each) for each in range(4))
    return np.where(dice < 0.65, three, four)


def mailboxes(folk: People, random: np.random.Generator) -> dict[str, np.ndarray]:
    """mailbox (-1: none, -2: a placeholder that many gave), its domain and how this account spelled it."""
    shared = folk.shares["email"]
    mailbox = folk.person.astype(np.int64) * 8 + np.where(shared, 0, folk.place + 1)
    dice = random.random(folk.accounts)
    mailbox = np.where(~shared & (dice < 0.07), -1, np.where(~shared & (dice < 0.073), -2, mailbox))
    bits = mixed(mailbox + 11)
    domain = np.where(bits % np.uint64(100) < 42, 0, 1 + (bits >> np.uint64(8)) % np.uint64(5)).astype(np.int64)
    domain[shared & (bits % np.uint64(100) < 75)] = 0
    usual = random.choice(5, folk.accounts, p=[0.94, 0.02, 0.02, 0.01, 0.01])
    varied = random.choice(5, folk.accounts, p=[0.4, 0.16, 0.16, 0.18, 0.1])
    spelled = np.where(shared, varied, usual)
    # Dots, tags and the second name are one mailbox at the first provider only.
    return {"mailbox": mailbox, "domain": domain, "spelled": np.where((domain > 0) & (spelled > 1), 1, spelled)}


def phones(folk: People, net: Nets, random: np.random.Generator) -> dict[str, np.ndarray]:
    """number (of the digits after 100; -1: no phone), its country, and how it was typed."""
    shared = folk.shares["phone"]
    key = folk.person.astype(np.int64) * 8 + np.where(shared, 0, folk.place + 1)
    has = shared | (random.random(folk.accounts) < 0.118) | (folk.phone_from >= 0)
    given = folk.phone_from[folk.phone_from >= 0]
    has[given] = True
    land = np.where(
        random.random(folk.accounts) < 0.03, random.choice(len(shares()), folk.accounts, p=shares()), net.sim
    )
    land[shared] = folk.home()[shared]
    after = np.flatnonzero(folk.phone_from >= 0)
    key[after], land[after] = key[folk.phone_from[after]], land[folk.phone_from[after]]
    digits = np.array([each.digits - 3 for each in lands()])
    joined = land * (1 << 34) + key
    names, inverse = np.unique(joined[has], return_inverse=True)
    country = names >> 34
    counts = np.bincount(country, minlength=len(digits))
    rank = np.arange(len(names)) - (np.cumsum(counts) - counts)[country]
    # Two countries with one dial code (1, 7) must not give out the same numbers.
    dials = [each.dial for each in lands()]
    rank += np.array([500_000 * (dials.index(dial) < place) for place, dial in enumerate(dials)])[country]
    number = np.full(folk.accounts, -1, dtype=np.int64)
    number[has] = ((rank * 7919 + 4321) % 10 ** digits[country])[inverse]
    typed = random.choice(6, folk.accounts, p=[0.5, 0.18, 0.14, 0.1, 0.05, 0.03])
    return {"number": number, "phone_land": land, "typed": typed}
