"""The members of the demo's group and what, in the end, each competent country finds out about them.

The numbers are those of the public case the demo retells: 33 arrested in eleven countries, 17 of them in Spain and two
in Uruguay, five under 18 and the youngest 15; one of them arrested in Spain on an order made while he was in Italy.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from amparo.wiring.demo import phones, words

COUNTRIES = ("ES", "UY", "GB", "EC", "CR", "PE", "IN", "IT", "FR", "PK", "SY")
LEFT_AFTER_SECONDS = 10


class Fate(StrEnum):
    """What the operation ends with for one member."""

    ARRESTED = "arrested"
    IDENTIFIED = "identified"
    NO_ACTION = "no_action"
    NOT_REFERRED = "not_referred"


class Entry(StrEnum):
    """How a member came into the group."""

    CREATED = "created"
    ADDED = "added"
    LINK = "link"


class Exit(StrEnum):
    """How a member went, if he did before the export was made."""

    STAYED = "stayed"
    LEFT = "left"
    LEFT_AT_ONCE = "left_at_once"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Member:
    """One invented member; ``phone`` is E.164, None for one whom the export names only by an address-book name.

    ``country`` is the phone's; ``arrested_in`` is where an arrest is made; they differ for the one who moved.
    ``age`` is known for those under 18 only.
    """

    key: str
    shown_as: str
    phone: str | None
    country: str | None
    handle: str
    fate: Fate
    entry: Entry
    exit: Exit
    posts: bool
    age: int | None = None
    arrested_in: str | None = None
    order_made_by: str | None = None
    reason: str | None = None
    earlier_phone: str | None = None

    @property
    def under_18(self) -> bool:
        """Whether the member is known to be a child."""
        return self.age is not None and self.age < 18


@dataclass(frozen=True, slots=True)
class _Part:
    country: str | None
    fate: Fate
    age: int | None = None
    arrested_in: str | None = None
    order_made_by: str | None = None
    reason: str | None = None
    entry: Entry = Entry.ADDED
    exit: Exit = Exit.STAYED
    posts: bool = True


def _arrested(country: str, *ages: int | None) -> list[_Part]:
    return [_Part(country, Fate.ARRESTED, age=age, arrested_in=country) for age in ages]


def _parts() -> list[_Part]:
    """The parts in order: the founder first, then by country, those whom nobody is told of last."""
    adult = None
    founder = _Part("ES", Fate.ARRESTED, age=17, arrested_in="ES", entry=Entry.CREATED)
    moved = _Part("IT", Fate.ARRESTED, arrested_in="ES", order_made_by="IT")
    return [
        founder,
        *_arrested("ES", 15, 16, 17, *[adult] * 12),
        moved,
        *_arrested("UY", 16, adult),
        *_arrested("GB", adult, adult),
        *_arrested("EC", adult, adult),
        *_arrested("CR", adult),
        *_arrested("PE", adult, adult),
        *_arrested("IN", adult, adult),
        *_arrested("IT", adult),
        *_arrested("FR", adult, adult),
        *_arrested("PK", adult),
        *_arrested("SY", adult),
        *[_Part("ES", Fate.IDENTIFIED) for _ in range(4)],
        *[_Part(country, Fate.IDENTIFIED) for country in ("UY", "EC", "PE", "IN", "FR")],
        _Part("ES", Fate.NO_ACTION, reason="not_identifiable"),
        _Part("ES", Fate.NO_ACTION, reason="no_offence_here", exit=Exit.LEFT),
        _Part("GB", Fate.NO_ACTION, reason="not_identifiable"),
        _Part("IT", Fate.NO_ACTION, reason="person_not_here"),
        _Part("PK", Fate.NO_ACTION, reason="already_known"),
        _Part("ES", Fate.NOT_REFERRED, exit=Exit.LEFT_AT_ONCE, posts=False),
        _Part("ES", Fate.NOT_REFERRED, entry=Entry.LINK, exit=Exit.REMOVED, posts=False),
        *[_Part(country, Fate.NOT_REFERRED, posts=False) for country in ("US", "US", "DE", "DE", "AU", "SE")],
        *[_Part(None, Fate.NOT_REFERRED, posts=False) for _ in range(3)],
    ]


def members(seed: int) -> tuple[Member, ...]:
    """The cast for a seed: same parts for every seed; handles, names and who comes by link drawn from it."""
    draw = random.Random(f"{seed}:cast")  # noqa: S311 - invented data, no secret
    handles = draw.sample(words.HANDLES, k=len(words.HANDLES))
    names = iter(draw.sample(words.ADDRESS_BOOK_NAMES, k=len(words.ADDRESS_BOOK_NAMES)))
    parts = _parts()
    with_link = set(draw.sample(range(1, 33), k=3))
    changed_number = next(number for number, part in enumerate(parts) if part.country == "DE")
    used: dict[str, int] = {}
    cast = []
    for number, part in enumerate(parts):
        phone = None
        if part.country is not None:
            phone = phones.RANGES[part.country].number(used.setdefault(part.country, 0))
            used[part.country] += 1
        cast.append(
            Member(
                key=f"m{number + 1:02d}",
                shown_as=phones.as_shown_on_an_iphone(phone) if phone else next(names),
                phone=phone,
                country=part.country,
                handle=f"{handles[number % len(handles)]}_{number + 11}",
                fate=part.fate,
                entry=Entry.LINK if number in with_link else part.entry,
                exit=part.exit,
                posts=part.posts,
                age=part.age,
                arrested_in=part.arrested_in,
                order_made_by=part.order_made_by,
                reason=part.reason,
                earlier_phone=phones.RANGES["DE"].number(50) if number == changed_number else None,
            )
        )
    return tuple(cast)
