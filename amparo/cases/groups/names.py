"""One name for each member: the same number written in two ways, or changed on the way, is one person. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from amparo.cases.groups.reading import ChatReading
from amparo.cases.identity import identified


@dataclass(frozen=True)
class Changed:
    """Another number of a member, with the line of the service's own notice that says so."""

    name: str
    line: int


def unified(reading: ChatReading) -> tuple[ChatReading, dict[str, tuple[Changed, ...]]]:
    """The reading with each member under the first name that it gives them, and their later numbers by that name.

    A changed number joins two names only by the service's own notice that names both; nothing is guessed.
    """
    first: dict[tuple[str, str], str] = {}
    also: dict[str, list[Changed]] = {}

    def one(name: str) -> str:
        if not name:
            return name
        who = identified(name)
        return first.setdefault((who.kind, who.value), name)

    for notice in sorted(reading.notices, key=lambda each: each.line):
        if (
            notice.type == "number_changed"
            and notice.actor
            and (later := notice.value or next(iter(notice.targets), ""))
        ):
            who, new = one(notice.actor), identified(later)
            # Whoever has the number already in this export keeps it: numbers are handed on to other people.
            if new.kind == "phone" and not _appears(reading, new.value, before=notice.line):
                first[new.kind, new.value] = who
                also.setdefault(who, []).append(Changed(later, notice.line))
    messages = tuple(replace(each, sender=one(each.sender)) for each in reading.messages)
    notices = tuple(
        replace(each, actor=one(each.actor), targets=tuple(map(one, each.targets))) for each in reading.notices
    )
    members = tuple(dict.fromkeys(map(one, reading.members)))
    return replace(reading, messages=messages, notices=notices, members=members), {
        who: tuple(found) for who, found in also.items()
    }


def _appears(reading: ChatReading, value: str, before: int) -> bool:
    """Whether somebody under that number does anything before this line."""
    names = [each.sender for each in reading.messages if each.line < before]
    for notice in reading.notices:
        if notice.line < before:
            names += [notice.actor, *notice.targets]
    return any(name and identified(name).value == value for name in dict.fromkeys(names))
