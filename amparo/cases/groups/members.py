"""Who was in a group from when to when, by which line; who stayed silent; who was added and left at once."""

from __future__ import annotations

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from amparo.cases.groups.reading import ChatReading, Message, Notice

# Added without being asked and gone within this time, with nothing posted: marked, so that nobody takes them for a member
# by choice. Exports show minutes only, so a shorter limit could not be measured.
AT_ONCE_SECONDS = 600

CAME = {
    "group_created": "created",
    "member_added": "added",
    "member_joined": "joined",
    "member_joined_link": "joined_link",
}
WENT = {"member_left": "left", "member_removed": "removed"}
# The exporter's own phone writes of its owner as "you"; which member that is, no notice says.
THE_EXPORTER = frozenset({"you", "tú", "tu", "vous", "du", "você", "usted", "أنت"})


@dataclass(frozen=True)
class Turn:
    """One side of an interval: how, when, by whom, and the line that says so."""

    how: str
    ts: datetime | None
    raw: str
    line: int
    by: str = ""


@dataclass(frozen=True)
class Interval:
    """From a line to a line. came.how "seen": in the group before anything says how, first seen at that line.

    went: None while nothing says that they went. seconds: until they went or the export's last line; None if unknown.
    """

    came: Turn
    went: Turn | None
    seconds: int | None

    @property
    def came_before_the_window(self) -> bool:
        return self.came.how == "seen"


@dataclass(frozen=True)
class Member:
    """name: as the export writes it. silent: posted nothing inside this export (before it nobody knows)."""

    name: str
    intervals: tuple[Interval, ...]
    messages: int
    silent: bool
    left_at_once: bool
    admin_line: int | None


def window(reading: ChatReading) -> tuple[Turn | None, Turn | None]:
    """The first and the last dated line of the export."""
    first: Message | Notice | None = None
    last: Message | Notice | None = None
    every: chain[Message | Notice] = chain(reading.messages, reading.notices)
    for each in every:
        if each.ts:
            first = each if first is None or each.line < first.line else first
            last = each if last is None or each.line >= last.line else last
    return (_seen(first) if first else None), (_seen(last) if last else None)


def members(reading: ChatReading, posted: Mapping[str, int] | None = None) -> tuple[Member, ...]:
    """Everyone whom the export names as sender, actor or target of a coming or going, in order of first appearance.

    posted: messages by sender, where the reading holds only those that open a stay (`skimming`).
    """
    _, last = window(reading)
    turns = _turns(reading)
    sent = Counter(each.sender for each in reading.messages if each.sender) if posted is None else posted
    admins: dict[str, int] = {}
    for notice in reading.notices:
        if notice.type == "admin_granted":
            for name in notice.targets:
                admins.setdefault(name, notice.line)
    return tuple(
        _member(name, turns[name], sent.get(name, 0), admins.get(name), last) for name in _names(reading, turns)
    )


def _names(reading: ChatReading, turns: dict[str, list[Turn]]) -> tuple[str, ...]:
    """Everyone who appears, by first line; then those whom only the reader's member list names."""
    by_line = sorted(turns, key=lambda name: turns[name][0].line)
    return tuple(dict.fromkeys((*by_line, *(name for name in reading.members if name and name in turns))))


def _turns(reading: ChatReading) -> dict[str, list[Turn]]:
    """Each name's comings, goings and (as "seen") first sights, by line."""
    found: dict[str, list[Turn]] = defaultdict(list)
    for notice in reading.notices:
        for name, turn in _of_notice(notice):
            found[name].append(turn)
    opens = openers(goings(reading))
    for message in sorted(reading.messages, key=_line):
        if message.sender and opens(message.sender, message.line):
            found[message.sender].append(_seen(message))
    for name in reading.members:
        if name and name not in found and not is_the_exporter(name):
            found[name].append(Turn("seen", None, "", 0))
    return {name: sorted(turns, key=lambda turn: turn.line) for name, turns in found.items()}


def goings(reading: ChatReading) -> dict[str, list[int]]:
    """The lines at which each name left or was removed, ascending."""
    went: dict[str, list[int]] = defaultdict(list)
    for notice in reading.notices:
        for name, turn in _of_notice(notice):
            if turn.how in WENT.values():
                went[name].append(turn.line)
    return {name: sorted(lines) for name, lines in went.items()}


def openers(went: Mapping[str, Sequence[int]]) -> Callable[[str, int], bool]:
    """Whether a message opens a stay, asked in the order of lines: a sender's first does, and the first after each going."""
    kept: dict[str, int] = {}

    def opens(sender: str, line: int) -> bool:
        last, gone = kept.get(sender), went.get(sender)
        if last is not None and (not gone or bisect(gone, last) >= bisect(gone, line)):
            return False
        kept[sender] = line
        return True

    return opens


def _line(message: Message) -> int:
    return message.line


def _of_notice(notice: Notice) -> Iterable[tuple[str, Turn]]:
    if how := CAME.get(notice.type):
        names, by = (notice.targets, notice.actor) if notice.targets else ((notice.actor,), "")
        if notice.type == "group_created":
            names, by = ((notice.actor,) if notice.actor else notice.targets), ""
        for name in names:
            if name and not is_the_exporter(name):
                yield name, Turn(how, notice.ts, notice.raw, notice.line, by if by != name else "")
        if by and by not in names and not is_the_exporter(by):
            yield by, _seen(notice)
    elif how := WENT.get(notice.type):
        names, by = (notice.targets, notice.actor) if notice.targets else ((notice.actor,), "")
        for name in names:
            if name and not is_the_exporter(name):
                yield name, Turn(how, notice.ts, notice.raw, notice.line, by if by != name else "")
        if by and by not in names and not is_the_exporter(by):
            yield by, _seen(notice)
    else:
        for name in (notice.actor, *(notice.targets if notice.type == "admin_granted" else ())):
            if name and not is_the_exporter(name):
                yield name, _seen(notice)


def is_the_exporter(name: str) -> bool:
    return name.strip().casefold() in THE_EXPORTER


def _seen(each: Message | Notice) -> Turn:
    return Turn("seen", each.ts, each.raw, each.line)


def _member(name: str, turns: list[Turn], posted: int, admin: int | None, last: Turn | None) -> Member:
    intervals = _intervals(turns, last)
    at_once = bool(intervals) and posted == 0 and all(_gone_at_once(each) for each in intervals)
    return Member(name, intervals, posted, posted == 0, at_once, admin)


def _gone_at_once(interval: Interval) -> bool:
    return (
        interval.came.how == "added"
        and interval.went is not None
        and interval.went.how == "left"
        and interval.seconds is not None
        and interval.seconds <= AT_ONCE_SECONDS
    )


def _intervals(turns: list[Turn], last: Turn | None) -> tuple[Interval, ...]:
    """Intervals in order. A second coming without a going between keeps the first; a going without a coming opens at
    the same line's "seen", since somebody who goes was there."""
    found: list[Interval] = []
    opened: Turn | None = None
    for turn in turns:
        if turn.how in WENT.values():
            came = opened or Turn("seen", None, turn.raw, turn.line)
            found.append(Interval(came, turn, _seconds(came, turn)))
            opened = None
        elif opened is None:
            opened = turn
    if opened:
        found.append(Interval(opened, None, _seconds(opened, last) if last else None))
    return tuple(found)


def _seconds(came: Turn, went: Turn) -> int | None:
    if came.ts is None or went.ts is None:
        return None
    return max(0, int((went.ts - came.ts).total_seconds()))


def group_name(reading: ChatReading, export_name: str) -> str:
    """What the group is called: its last subject, else the one it was made with, else what the export says."""
    subjects = [each for each in reading.notices if each.type in ("group_created", "subject_changed") and each.value]
    if subjects:
        return max(subjects, key=lambda each: each.line).value[:200]
    if reading.name:
        return reading.name[:200]
    return named_after(export_name)


def named_after(export_name: str) -> str:
    """What the export's own name says the group is called."""
    stem = export_name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0].strip(" _")
    for lead in ("WhatsApp Chat with ", "WhatsApp Chat - ", "Chat de WhatsApp con ", "Discussion WhatsApp avec "):
        stem = stem.removeprefix(lead)
    return stem[:200] or "Group without a name"
