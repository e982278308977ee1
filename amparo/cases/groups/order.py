"""In which order one reads about the people of a case: by stated reasons, in an order that the unit sets. Nobody gets a number.

Whoever a reason speaks of stands before whoever it does not; among those, the next reason decides, and so on. Reasons are not
counted, added or weighed, so one reason more never outweighs an earlier one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

# Those that stand in the exports, then those that only an officer enters on somebody.
FOUND = {
    "new_first": "Posted first an item that no list knows",
    "known_first": "Posted first an item that a list knows",
    "first": "Posted an item first in a group",
    "admin": "Is admin, or made others admin",
    "created": "Created a group",
    "added": "Added others",
    "several": "Posted in several groups",
}
ENTERED = {
    "meetings": "Asked members to meet children",
    "asked_items": "Asked others for items",
    "offered": "Offered or asked for money",
    "contact_child": "Writes to a child outside the group",
    "other": "Another reason, in the officer's words",
}
REASONS: Mapping[str, str] = FOUND | ENTERED
DEFAULT = (
    "new_first", "meetings", "contact_child", "asked_items", "offered", "known_first", "first", "created", "admin", "added",
    "several", "other",
)  # fmt: skip

# Children, and those of whom nobody knows that they are adults, are read about on a track of their own; so are victims.
ADULTS, MINORS, VICTIMS = "adults", "minors", "victims"
TRACKS = {ADULTS: "Adults", MINORS: "Minors' track", VICTIMS: "Victims and possible victims"}


def obstacles_to_order(reasons: Sequence[str], why: str, before: Sequence[str]) -> tuple[str, ...]:
    """Why this can't be the unit's order."""
    found = []
    if unknown := [each for each in reasons if each not in REASONS]:
        found.append(f"There is no reason {unknown[0]!r}.")
    if len(set(reasons)) != len(reasons):
        found.append("Each reason has one place in the order.")
    if not reasons:
        found.append("Leave at least one reason in the order.")
    if tuple(reasons) == tuple(before):
        found.append("This is the order that holds already.")
    if not why.strip():
        found.append("Say why the order changes, so that a colleague or a court can understand it.")
    return tuple(found)


def obstacles_to_reason(reason: str, words: str, *, human: bool) -> tuple[str, ...]:
    """Why an officer can't enter this reason on somebody."""
    found = []
    if not human:
        found.append("Only a person enters a reason on somebody.")
    if reason not in ENTERED:
        found.append("Choose a reason. Those that the exports show come by themselves.")
    if not words.strip():
        found.append("Say what was written or done, and where that stands.")
    return tuple(found)


def in_order(held: Mapping[str, np.ndarray], people: np.ndarray, order: Sequence[str]) -> np.ndarray:
    """Those of `people` of whom a reason of the order holds, by the first reason that two do not share.

    held: under each reason whom it speaks of. people: as the database numbers them, in the sequence that breaks ties and says
    nothing; each once.
    """
    speaks = [np.isin(people, held[each]) if each in held else np.zeros(len(people), np.bool_) for each in order]
    if not speaks:
        return people[:0]
    ways = np.lexsort([np.arange(len(people)), *(~each for each in reversed(speaks))])
    placed: np.ndarray = people[ways][np.logical_or.reduce(speaks)[ways]]
    return placed


def track(category: str, age_status: str) -> str:
    """The track on which somebody is read about; the doubt about an age counts as a child's."""
    if category in ("victim", "possible_victim"):
        return VICTIMS
    return ADULTS if age_status == "adult" else MINORS


def named(reasons: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    """The reasons that hold, in the unit's order and words."""
    held = set(reasons)
    return tuple(REASONS[each] for each in order if each in held)
