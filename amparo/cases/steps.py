"""What a case still needs, in the order in which it hurts; each with the way there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amparo.cases.facts import GroupFacts, ItemMark, PeopleOpen

MOST_ALONE = 3  # groups that are each asked about by themselves


@dataclass(frozen=True)
class NextStep:
    """A sentence, why it matters, and where to do it: a page's name and its query or subject."""

    words: str
    why: str
    page: str
    query: str = ""
    tone: str = "neutral"
    subject: object = None


def next_steps(
    people: PeopleOpen, groups: Iterable[GroupFacts], items: Sequence[ItemMark], new: int
) -> tuple[NextStep, ...]:
    """What to do next, most pressing first; empty where nothing is open. new: as the case's first question counts them."""
    return (*_of_items(items, new), *_of_groups(groups), *_of_people(people))


def _of_items(items: Sequence[ItemMark], new: int) -> Iterable[NextStep]:
    waiting = sum(each.state == "not_examined" for each in items)
    if new:
        words = "One posted item is on no list" if new == 1 else f"{new:,} posted items are on no list"
        why = "They may be new: a child in them may be in danger now. Start with who posted them first."
        yield NextStep(words, why, "cases:across", "?verdict=no_hit", "danger")
    if waiting:
        words = "One item was not compared yet" if waiting == 1 else f"{waiting} items were not compared yet"
        yield NextStep(
            words,
            "Not examined is no answer: see why, or wait for the worker.",
            "cases:items",
            "?verdict=not_examined",
            "warn",
        )


def _of_groups(groups: Iterable[GroupFacts]) -> Iterable[NextStep]:
    groups = tuple(groups)
    without = [group for group in groups if not group.zone]
    if len(without) > MOST_ALONE:
        yield NextStep(
            f"Say what time zone the clocks of {len(without)} groups show",
            f"Begin with {without[0].name}. Until then no time of these exports can be used in an order.",
            "cases:group",
            "#zone",
            "warn",
            without[0].uuid,
        )
    for group in groups:
        if group.date_order == "ambiguous":
            yield NextStep(
                f"Day and month of {group.name} are not certain",
                f"The export fits {', '.join(group.alternatives)}.",
                "cases:group",
                "",
                "warn",
                group.uuid,
            )
        if not group.zone and len(without) <= MOST_ALONE:
            yield NextStep(
                f"Say what time zone the clock of {group.name} shows",
                "Until then no time of the export can be used in an order.",
                "cases:group",
                "#zone",
                "warn",
                group.uuid,
            )
        if group.unsupported_count:
            words = "One line" if group.unsupported_count == 1 else f"{group.unsupported_count} lines"
            yield NextStep(
                f"{words} of {group.name} could not be read",
                "They are kept as they are written: read them yourself.",
                "cases:group",
                "#unread",
                "warn",
                group.uuid,
            )


def _of_people(people: PeopleOpen) -> Iterable[NextStep]:
    if people.undecided:
        words = (
            "One person posted an item first and is undecided"
            if people.undecided == 1
            else f"{people.undecided:,} people posted an item first and are undecided"
        )
        yield NextStep(
            words, "Only an officer says what somebody is in a case.", "cases:people", "?category=contact&mark=first"
        )
    if people.unconfirmed:
        words = (
            "One suspect has no confirmed country"
            if people.unconfirmed == 1
            else f"{people.unconfirmed:,} suspects have no confirmed country"
        )
        yield NextStep(
            words,
            "Candidates and their evidence are there; a package needs your decision.",
            "cases:people",
            "?category=suspect&mark=unconfirmed",
        )
    if people.ageless:
        one = people.ageless == 1
        words = "One suspect's age is not known" if one else f"The age of {people.ageless:,} suspects is not known"
        yield NextStep(
            words, "Until it is, the minors' track holds for them.", "cases:people", "?category=suspect&age=unknown"
        )
    for each in people.moved:
        yield NextStep(
            f"{each.person.reference} moved from {', '.join(each.before)} to {each.now_in}",
            "Both countries need to know of it.",
            "cases:person",
            "",
            "info",
            each.person.uuid,
        )
    if people.moved_count > len(people.moved):
        yield NextStep(
            f"{people.moved_count - len(people.moved):,} more people moved from one country to another",
            "The countries they left, and those they went to, need to know of it.",
            "cases:people",
            "",
            "info",
        )
