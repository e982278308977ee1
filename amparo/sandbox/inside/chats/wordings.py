"""How a messenger words its own lines, by language: dated tables in wordings/, since the wordings change every few months."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

# Quotes and apostrophes differ by phone and language; a table writes them as " and '.
_QUOTE = '["“”„«»‚‘’‹›]'
_APOSTROPHE = "['’‘ʼ]"
_PLACES = {
    "actor": r"(?P<actor>.+?)",
    "targets": r"(?P<targets>.+?)",
    "value": r"(?P<value>.*?)",
    "rest": r".*",
}
_PLACE = re.compile(r"\{(\w+)\}")


# "(said|has said) {rest}": words of which one stands there, perhaps none.
_EITHER = re.compile(r"\(([^()]*\|[^()]*)\)")
_WORD = re.compile(r"\w+")
_WHOLE = re.compile(r"(?<![\w\0])\w+(?![\w\0])")
# No notice is longer; in a longer line somebody's own words would be searched for one at great length.
NOTICE_CHARACTERS = 2_000


@dataclass(frozen=True)
class Notice:
    """One wording of one event. `keys`: words of which every such line has one."""

    type: str
    wording: str
    keys: tuple[str, ...]
    by_exporter: bool
    to_exporter: bool
    has_colon: bool

    @cached_property
    def longest(self) -> str:
        """The longest of its own pieces, in lower case: where that stands, the language is likely this one."""
        places = _PLACE.sub("\0", _EITHER.sub("\0", self.wording.lower()))
        return max(re.split("[\0\"']", places), key=len)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when first asked for: hundreds of them would slow down every child's start."""
        return re.compile(_expression(self.wording) + r"[.\s]*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Wordings:
    """One language's table. Keys of the look-ups are in `plain_key` form.

    others: words behind a number that count people and name none. deleted_by: what such a wording begins with where whoever
    deleted it is named behind.
    """

    language: str
    exporter: str
    exporter_words: frozenset[str]
    conjunctions: tuple[str, ...]
    others: frozenset[str]
    notices: tuple[Notice, ...]
    omitted: dict[str, str]
    attached_before: tuple[str, ...]
    attached_after: tuple[str, ...]
    deleted: frozenset[str]
    deleted_by: tuple[str, ...]
    view_once: frozenset[str]
    live_location: frozenset[str]
    location: tuple[str, ...]
    poll: tuple[str, ...]
    edited: tuple[str, ...]

    @cached_property
    def _by_key(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, notice in enumerate(self.notices):
            for key in notice.keys:
                found.setdefault(key, []).append(number)
        return found

    def noticed(
        self, text: str, words: Iterable[str], *, with_colon: bool = False
    ) -> tuple[Notice, re.Match[str]] | None:
        """The notice that the whole text is, by `words_of` it; of several the one with most words of its own.

        with_colon: only of those whose own words hold a colon: what stands before it is no sender.
        """
        likely = {number for word in words for number in self._by_key.get(word, ())}
        for number in sorted(likely):
            notice = self.notices[number]
            if (notice.has_colon or not with_colon) and (match := notice.pattern.fullmatch(text)):
                return notice, match
        return None


def words_of(text: str) -> frozenset[str]:
    """Its words in lower case, by which notices are found; none of what is too long for one."""
    return frozenset(_WORD.findall(text.lower())) if len(text) <= NOTICE_CHARACTERS else frozenset()


def plain_key(text: str) -> str:
    """How fixed wordings are compared: lower case, apostrophes alike, no final full stop."""
    return text.lower().replace("’", "'").rstrip(". ")


@cache
def known() -> tuple[Wordings, ...]:
    """Every table of the folder, in the order of their languages' codes."""
    folder = resources.files(__package__) / "wordings"
    tables = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda entry: entry.name)
    return tuple(_table(json.loads(entry.read_text("utf-8"))) for entry in tables)


def _table(raw: dict[str, Any]) -> Wordings:
    return Wordings(
        language=raw["language"],
        exporter=raw["exporter"][0],
        exporter_words=frozenset(word.lower() for word in raw["exporter"]),
        conjunctions=tuple(f" {word} " for word in raw["and"]),
        others=frozenset(word.lower() for word in raw["others"]),
        # The one with most words of its own first: "{actor} added this group to {value}" before "{actor} added {targets}".
        notices=tuple(sorted(map(_notice, raw["notices"]), key=_own_words, reverse=True)),
        omitted={
            key: media
            for media, wordings in raw["omitted"].items()
            for wording in _either(wordings)
            # Some versions put every such wording between angle brackets.
            for key in (plain_key(wording), f"<{plain_key(wording).strip('<>')}>")
        },
        attached_before=tuple(raw["attached_before"]),
        attached_after=tuple(raw["attached_after"]),
        deleted=frozenset(plain_key(each) for each in _either(raw["deleted"]) if "{" not in each),
        deleted_by=tuple(each.partition("{")[0].lower() for each in _either(raw["deleted"]) if "{" in each),
        view_once=frozenset(map(plain_key, _either(raw["view_once"]))),
        live_location=frozenset(map(plain_key, _either(raw["live_location"]))),
        # In French a blank stands in front of the colon.
        location=tuple(f"{word}{blank}: http" for word in raw["location"] for blank in ("", " ", "\u00a0", "\u202f")),
        poll=tuple(f"{word}:" for word in raw["poll"]),
        edited=tuple(wording.lower() for wording in _either(raw["edited"])),
    )


def _notice(entry: dict[str, str]) -> Notice:
    wording = entry["wording"]
    return Notice(
        type=entry["type"],
        wording=wording,
        keys=_keys(wording),
        by_exporter=entry.get("actor") == "exporter",
        to_exporter=entry.get("targets") == "exporter",
        has_colon=":" in wording,
    )


def _own_words(notice: Notice) -> int:
    """How many signs of the wording are its own, at least."""
    shortest = _EITHER.sub(lambda either: min(either[1].split("|"), key=len), notice.wording)
    return len(_PLACE.sub("", shortest))


def _expression(wording: str) -> str:
    """As a regular expression."""
    pieces = _EITHER.split(wording)
    return "".join(
        f"(?:{'|'.join(map(_piece, piece.split('|')))})" if place % 2 else _piece(piece)
        for place, piece in enumerate(pieces)
    )


def _piece(wording: str) -> str:
    return "".join(
        _PLACES[piece] if place % 2 else re.escape(piece).replace('"', _QUOTE).replace("'", _APOSTROPHE)
        for place, piece in enumerate(_PLACE.split(wording))
    )


def _keys(wording: str) -> tuple[str, ...]:
    """Words of which one stands in every line of this wording: the longest, which are likely the rarest.

    A word at a place doesn't count: what is filled in may become one with it.
    """
    lowered = _PLACE.sub("\0", wording.lower())
    choices: list[tuple[str, ...]] = [(word,) for word in _WHOLE.findall(_EITHER.sub(_gap, lowered))]
    for either in _EITHER.finditer(lowered):
        if _is_apart(lowered[: either.start()][::-1]) and _is_apart(lowered[either.end() :]):
            words = [max(_WHOLE.findall(each), key=len, default="") for each in either[1].split("|")]
            if all(words):
                choices.append(tuple(dict.fromkeys(words)))
    return max(choices, key=lambda words: min(map(len, words)))


def _gap(either: re.Match[str]) -> str:
    """A blank for words that are set apart from what stands on both sides, as for a place where they are not."""
    apart = all(_is_apart(each) for each in either[1].split("|")) and _is_apart(either.string[either.end() :])
    return " " if apart else "\0"


def _is_apart(behind: str) -> bool:
    """Whether a word that ends here is whole, whatever is filled in."""
    if either := _EITHER.match(behind):
        return all(_is_apart(each or behind[either.end() :]) for each in either[1].split("|"))
    return not behind or not (behind[0].isalnum() or behind[0] in "\0_()")


def _either(wordings: Iterable[str]) -> Iterator[str]:
    """Each of the wordings that these stand for."""
    for wording in wordings:
        found = _EITHER.search(wording)
        if found:
            yield from _either(wording[: found.start()] + each + wording[found.end() :] for each in found[1].split("|"))
        else:
            yield wording
