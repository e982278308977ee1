"""A chat reading of any length without holding it: who is in it first, then its messages one at a time. Pure.

What is held of a message is its line, its sender's number and whether it has a time: a dozen bytes, whatever it says.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from amparo.cases.groups.members import Member, goings, members, openers
from amparo.cases.groups.names import Changed, unified
from amparo.cases.groups.reading import (
    ChatReading,
    Laid,
    Message,
    Notice,
    from_lines,
    message_of,
    notice_of,
    reading_of,
)

Lines = Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Skimmed:
    """Everything of a reading but most of its messages: `reading` holds only those that open a stay or its window.

    messages: how many there are. names: each sender as written, and the one name that they have here.
    """

    reading: ChatReading
    members: tuple[Member, ...]
    changed: Mapping[str, tuple[Changed, ...]]
    names: Mapping[str, str]
    messages: int
    _each: Callable[[], Iterator[Message]]

    def each_message(self) -> Iterator[Message]:
        """Every message in the order of its lines, under its sender's one name."""
        for message in self._each():
            name = self.names[message.sender]
            yield message if name == message.sender else replace(message, sender=name)


def skimmed(reading: ChatReading) -> Skimmed:
    """Of a reading that is held already."""
    one, changed = unified(reading)
    names = {as_written.sender: each.sender for as_written, each in zip(reading.messages, one.messages, strict=True)}
    in_lines = sorted(reading.messages, key=lambda each: each.line)
    return Skimmed(one, members(one), changed, names, len(reading.messages), lambda: iter(in_lines))


def skimmed_lines(lines: Lines) -> Skimmed:
    """Of the JSON as the sandbox wrote it. lines: gives them from the first on, as often as it is called.

    A reading that is laid out otherwise, or whose lines do not follow one another, is held whole. Raises KeyError or ValueError.
    """
    try:
        laid = Laid(lines())
    except ValueError:
        return skimmed(from_lines(lines()))
    told = _told(laid)
    if not told.in_order:
        return skimmed(from_lines(lines()))
    # Names are one by their first lines alone; which messages open a stay hangs on the names.
    firsts = (Message(None, "", line, sender, "text", "", None) for sender, line in told.first_lines.items())
    bare, changed = unified(reading_of(laid.facts, firsts, told.notices))
    one_name = dict(zip(told.first_lines, (each.sender for each in bare.messages), strict=True))
    wanted = _wanted(told, one_name, bare)
    taken = (replace(each, sender=one_name[each.sender]) for each in _taken(lines, wanted))
    thin = replace(bare, messages=tuple(taken))
    sent: Counter[str] = Counter()
    for sender, count in told.sent.items():
        sent[one_name[sender]] += count
    sent.pop("", None)
    return Skimmed(thin, members(thin, sent), changed, one_name, len(told.lines), lambda: _messages(lines))


@dataclass
class _Told:
    """places: of each message, which item of the reading it is. dated: the first and the last message that have a time."""

    notices: list[Notice]
    lines: array[int]
    senders: array[int]
    places: array[int]
    names: dict[str, int]
    first_lines: dict[str, int]
    sent: Counter[str]
    dated: tuple[int, int] | None
    in_order: bool


def _told(laid: Laid) -> _Told:
    told = _Told([], array("q"), array("q"), array("q"), {}, {}, Counter(), None, in_order=True)
    for place, text in enumerate(laid.items()):
        item = json.loads(text)
        if item["item"] != "message":
            told.notices.append(notice_of(item))
            continue
        message = message_of(item)
        if told.lines and message.line < told.lines[-1]:
            told.in_order = False
            break
        number = len(told.lines)
        told.first_lines.setdefault(message.sender, message.line)
        told.lines.append(message.line)
        told.senders.append(told.names.setdefault(message.sender, len(told.names)))
        told.places.append(place)
        told.sent[message.sender] += 1
        if message.ts:
            told.dated = (told.dated[0] if told.dated else number, number)
    return told


def _wanted(told: _Told, one_name: Mapping[str, str], reading: ChatReading) -> set[int]:
    """The places of the messages that open a stay, and of the first and the last that have a time."""
    opens = openers(goings(reading))
    by_number = [one_name[each] for each in told.names]
    found = {told.places[number] for number in told.dated or ()}
    for number, (sender, line) in enumerate(zip(told.senders, told.lines, strict=True)):
        if opens(by_number[sender], line):
            found.add(told.places[number])
    return found


def _taken(lines: Lines, wanted: set[int]) -> list[Message]:
    return [message_of(json.loads(text)) for place, text in enumerate(Laid(lines()).items()) if place in wanted]


def _messages(lines: Lines) -> Iterator[Message]:
    for text in Laid(lines()).items():
        item = json.loads(text)
        if item["item"] == "message":
            yield message_of(item)
