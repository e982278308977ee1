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
    appears = _appearances(reading)

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
            if new.kind == "phone" and appears.get(new.value, notice.line) >= notice.line:
                first[new.kind, new.value] = who
                also.setdefault(who, []).append(Changed(later, notice.line))
    known: dict[str, str] = {}

    def once(name: str) -> str:
        """Asked a million times for a few names."""
        if name not in known:
            known[name] = one(name)
        return known[name]

    messages = tuple(
        each if once(each.sender) == each.sender else replace(each, sender=once(each.sender))
        for each in reading.messages
    )
    notices = tuple(
        replace(each, actor=once(each.actor), targets=tuple(map(once, each.targets))) for each in reading.notices
    )
    members = tuple(dict.fromkeys(map(once, reading.members)))
    return replace(reading, messages=messages, notices=notices, members=members), {
        who: tuple(found) for who, found in also.items()
    }


def _appearances(reading: ChatReading) -> dict[str, int]:
    """The first line at which somebody under each number or name does anything."""
    lines: dict[str, int] = {}
    for each in reading.messages:
        lines[each.sender] = min(each.line, lines.get(each.sender, each.line))
    for notice in reading.notices:
        for name in (notice.actor, *notice.targets):
            lines[name] = min(notice.line, lines.get(name, notice.line))
    found: dict[str, int] = {}
    for name, line in lines.items():
        if name:
            value = identified(name).value
            found[value] = min(line, found.get(value, line))
    return found
