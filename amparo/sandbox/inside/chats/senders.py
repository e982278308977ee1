"""Whose line it is: names as an export writes them, with what only the whole file can tell about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from amparo.sandbox.inside.chats.stamps import BLANKS, EACH_MARK, EDGES, MARKS, head_of

_MARKS_OUT = str.maketrans("", "", MARKS)
_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ('"', '"'))
_SAMPLED = 5_000
_SAMPLED_NOTICES = 300
_NAME_CHARACTERS = 60


def name_of(raw: str) -> str:
    """A sender's name: without marks, and without the tilde that marks someone outside the exporter's address book."""
    return raw.translate(_MARKS_OUT).strip(BLANKS).removeprefix("~").strip(BLANKS)


def opens_a_quote(raw: str) -> bool:
    """Whether a quote begins here and doesn't end: as in a changed subject that has a colon in it."""
    return any(raw.count(begin) > raw.count(end) if begin != end else raw.count(begin) % 2 for begin, end in _QUOTES)


def _rests(sample: str, most: int) -> Iterator[str]:
    """What stands behind each stamp."""
    for line in sample.split("\n"):
        if most and (head := head_of(line)):
            most -= 1
            yield line[head.end() :]


def with_colons(sample: str, begin_what_is_said: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Names that hold a colon and a blank themselves, by what stands before the first.

    "Team: Ana" and "Team: Luis" are such where nothing of "Team" ever stands alone, and every second part comes at least twice. One
    second part alone is no sign: somebody may begin all messages alike. begin_what_is_said: places, polls and files, which hold
    a colon of their own.
    """
    seconds: dict[str, Counter[str]] = {}
    alone: set[str] = set()
    for rest in _rests(sample, _SAMPLED):
        first, colon, behind = rest.partition(": ")
        if not colon or first in alone or len(first) > _NAME_CHARACTERS:
            continue
        second, colon, _ = behind.partition(": ")
        if not colon and behind.rstrip(EDGES).endswith(":"):
            second, colon = behind.rstrip(EDGES)[:-1], ":"
        is_said = behind.lstrip(EDGES).startswith(begin_what_is_said) or "://" in second
        if not colon or is_said or not 0 < len(second) <= _NAME_CHARACTERS:
            alone.add(first)
            seconds.pop(first, None)
        else:
            seconds.setdefault(first, Counter())[second] += 1
    return {
        first: tuple(sorted((f"{first}: {second}" for second in counts), key=len, reverse=True))
        for first, counts in seconds.items()
        if len(counts) > 1 and min(counts.values()) > 1
    }


def that_only_notify(sample: str, is_notice: Callable[[str], bool]) -> frozenset[str]:
    """Senders all of whose lines are notices: a group, which an iPhone prints as their author.

    Where anything has an unseen mark, the marks didn't get lost, and what has none is somebody's words. The author of the file's
    first line is a group too where such a mark precedes whatever it says: of a language that no table knows.
    """
    if not sample.lstrip(EDGES).startswith("["):
        return frozenset()
    only: dict[str, bool] = {}
    begins, marked = "", True
    lines = [
        (name_of(raw), said)
        for raw, colon, said in (rest.partition(": ") for rest in _rests(sample, _SAMPLED_NOTICES))
        if colon
    ]
    marks_are_kept = any(said.lstrip(BLANKS).startswith(EACH_MARK) for _, said in lines)
    for name, said in lines:
        if not name:
            continue
        begins = begins or name
        has_mark = said.lstrip(BLANKS).startswith(EACH_MARK)
        if only.get(name, True):
            only[name] = (has_mark or not marks_are_kept) and is_notice(said.strip(EDGES))
        if name == begins:
            marked = marked and has_mark
    groups = {name for name, notice in only.items() if notice}
    return frozenset(groups | ({begins} if begins and marked else set()))
