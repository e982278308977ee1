"""What the demo's partners will answer, and the figures that the board has to show in the end.

The figures are counted from the parts here; ``EXPECTED`` states them once more by hand, and a test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from amparo.wiring.demo.cast import COUNTRIES, Fate, Member
from amparo.wiring.demo.pictures import FAMILIES

DEVICES = ("phone", "tablet", "laptop", "desktop", "storage")
BY_FORM = "CR"  # the one country that has no mail answer: a liaison officer enters its words by the form

EXPECTED_BY_COUNTRY = {
    "CR": 1, "EC": 2, "ES": 17, "FR": 2, "GB": 2, "IN": 2, "IT": 1, "PE": 2, "PK": 1, "SY": 1, "UY": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """One line of a reply: what a country says of one member; ``outcome`` and ``reason`` are the form's codes."""

    member: str
    outcome: str
    arrested_in: str
    ordered_by: str
    age: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class CountryAnswer:
    """All that one country answers; ``devices`` by the five sorts, for the package as a whole."""

    country: str
    persons: tuple[PersonAnswer, ...]
    devices: dict[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """The operation's figures. by_country counts arrests where they were made, each person once."""

    arrested: int
    countries: int
    by_country: dict[str, int]
    under_18: int
    youngest: int
    series: int


def competent_countries(member: Member) -> tuple[str, ...]:
    """The countries to which a member is referred: his phone's, and the one where he turned up later."""
    if member.fate is Fate.NOT_REFERRED or member.country is None:
        return ()
    if member.arrested_in and member.arrested_in != member.country:
        return (member.country, member.arrested_in)
    return (member.country,)


def answers(cast: tuple[Member, ...]) -> tuple[CountryAnswer, ...]:
    """One for each country, in the operation's order; who concerns two is in both."""
    return tuple(_answer(country, [m for m in cast if country in competent_countries(m)]) for country in COUNTRIES)


def _answer(country: str, members: list[Member]) -> CountryAnswer:
    persons = tuple(
        PersonAnswer(m.key, m.fate.value, m.arrested_in or "", m.order_made_by or "", m.age, m.reason or "")
        for m in members
    )
    arrests = sum(m.arrested_in == country for m in members)
    return CountryAnswer(country, persons, dict(zip(DEVICES, _devices(arrests), strict=True)))


def _devices(arrests: int) -> tuple[int, ...]:
    """Phones, tablets, laptops, desktops and storage media seized with so many arrests: a fixed, made-up rule."""
    return (arrests + arrests // 2, arrests // 4, arrests // 2, arrests // 3, 2 * arrests)


def figures(cast: tuple[Member, ...]) -> Figures:
    """Counted from the cast."""
    arrested = [m for m in cast if m.fate is Fate.ARRESTED]
    by_country = Counter(m.arrested_in for m in arrested if m.arrested_in)
    ages = [m.age for m in arrested if m.age is not None and m.age < 18]
    return Figures(
        arrested=len(arrested),
        countries=len(by_country),
        by_country=dict(sorted(by_country.items())),
        under_18=len(ages),
        youngest=min(ages),
        series=len(FAMILIES),
    )
