"""The way of a series from the first look to the day the child is safeguarded: what may follow what, and why not yet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

STATUSES = {
    "new": "New",
    "known_elsewhere_check": "Known elsewhere?",
    "in_analysis": "In analysis",
    "country_likely": "Country likely",
    "package_sent": "Package sent",
    "accepted": "Accepted",
    "located": "Located",
    "safeguarded": "Safeguarded",
    "support_in_place": "Support in place",
    "closed": "Closed",
    "not_a_child": "Not a child",
    "ai_made": "AI-made, no real child found",
    "adult_now": "Adult now",
    "dead_end": "Dead end",
}
CHAIN = (
    "new", "known_elsewhere_check", "in_analysis", "country_likely", "package_sent", "accepted", "located", "safeguarded",
    "support_in_place", "closed",
)  # fmt: skip
SIDEWAYS = ("not_a_child", "ai_made", "adult_now", "dead_end")
# A child whom somebody has found: nobody looks at the items again without need.
IDENTIFIED = frozenset({"located", "safeguarded", "support_in_place", "closed"})
SAFE = frozenset({"safeguarded", "support_in_place", "closed"})
# Where work on the child goes on, or could.
ENDED = frozenset({"closed", "not_a_child", "ai_made"})

# A child whom another unit has identified, or who is found by a partner's own work, skips what is then needless.
NEXT: dict[str, tuple[str, ...]] = {
    "new": ("known_elsewhere_check", *SIDEWAYS),
    "known_elsewhere_check": ("in_analysis", "located", *SIDEWAYS),
    "in_analysis": ("country_likely", "located", *SIDEWAYS),
    "country_likely": ("package_sent", "in_analysis", "located", *SIDEWAYS),
    "package_sent": ("accepted", "in_analysis", "located", *SIDEWAYS),
    "accepted": ("located", "in_analysis", *SIDEWAYS),
    "located": ("safeguarded", "in_analysis", "adult_now"),
    "safeguarded": ("support_in_place", "located"),
    "support_in_place": ("closed",),
    "closed": ("in_analysis",),
    "not_a_child": ("in_analysis",),
    "ai_made": ("in_analysis",),
    "adult_now": ("in_analysis", "located", "safeguarded", "closed"),
    "dead_end": ("in_analysis", "located"),
}

KNOWN_ELSEWHERE = {
    "not_asked": "Not asked yet",
    "asked": "Asked, no answer yet",
    "no": "Not known elsewhere",
    "yes_identified": "Known, child identified",
    "yes_open": "Known, child not identified",
}
ANSWERED = frozenset({"no", "yes_identified", "yes_open"})
CLUES = {"object": "Object", "sound": "Sound", "text": "Text", "place": "Place", "time": "Time"}
CONFIDENCE = {"fact": "Fact", "assessment": "Assessment"}
UNKNOWN_PLACE = "unknown"

# Names say nothing of the child, and none can be taken for a real one.
CODENAMES = (
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hawthorn", "Ivy", "Juniper", "Larch", "Maple",
    "Nutmeg", "Oak", "Pine", "Quince", "Rowan", "Spruce", "Thyme", "Willow", "Yarrow", "Aspen", "Beech", "Cypress",
    "Hazel", "Hornbeam", "Laurel", "Linden", "Myrtle", "Olive", "Sorrel", "Tamarisk",
)  # fmt: skip
CODENAME = re.compile(r"[A-Z][a-z]{1,30}( [0-9]{1,3})?")


def next_codename(used: Iterable[str]) -> str:
    """The first of the list that is free; with a number once all were used."""
    taken = set(used)
    for turn in range(1, 1000):
        for name in CODENAMES:
            said = name if turn == 1 else f"{name} {turn}"
            if said not in taken:
                return said
    raise ValueError("there are no code names left")


def obstacles_to_codename(codename: str, used: Iterable[str]) -> tuple[str, ...]:
    if not CODENAME.fullmatch(codename):
        return ("A code name is one plain word that says nothing of the child, such as Alder.",)
    if codename in set(used):
        return (f"Another series is called {codename}.",)
    return ()


def obstacles_to_move(
    now: str,
    to: str,
    basis: str,
    *,
    known_elsewhere: str,
    place: str,
    place_evidence: str,
    review_on: date | None,
    today: date,
) -> tuple[str, ...]:
    """Why a series can't go from `now` to `to`. place: a country, "unknown" said out loud, or empty while nobody said."""
    found = []
    if to not in STATUSES:
        return ("Choose a status.",)
    if to not in NEXT[now]:
        ways = ", ".join(STATUSES[each].lower() for each in NEXT[now])
        found.append(f"From {STATUSES[now].lower()} a series goes on to: {ways}.")
    if not basis.strip():
        found.append("Say on what this rests.")
    if now == "known_elsewhere_check" and to in CHAIN and known_elsewhere not in ANSWERED:
        found.append("First record whether another unit knows this series already.")
    if to == "country_likely" and (place in ("", UNKNOWN_PLACE) or not place_evidence.strip()):
        found.append("Record the likely country with its evidence first.")
    if to in ENDED and (not place or not place_evidence.strip()):
        found.append(
            "Say where the place is and by what evidence, or say that it is unknown and why, before this ends."
        )
    if to == "dead_end" and (review_on is None or review_on <= today):
        found.append("Give a day in the future on which somebody looks again: a dead end is never for ever.")
    return tuple(found)


def legal_moves(now: str) -> tuple[tuple[str, str], ...]:
    """(status, its words) of every move that could be made from `now`."""
    return tuple((each, STATUSES[each]) for each in NEXT[now])


def is_identified(status: str) -> bool:
    return status in IDENTIFIED


def distance_bits(one: str, other: str) -> int:
    """In how many of 256 bits two PDQ fingerprints (64 hexadecimal digits) differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
