"""How a messenger words its own lines, by language: dated tables in wordings/, since the wordings change every few months."""

from __future__ import annotations

import json
import re
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


@dataclass(frozen=True)
class Notice:
    """One wording of one event. `needle`: a piece every such line contains, looked for first because it is cheap."""

    type: str
    wording: str
    expression: str
    needle: str
    by_exporter: bool
    to_exporter: bool
    has_colon: bool

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when first asked for: hundreds of them would slow down every child's start."""
        return re.compile(self.expression, re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Wordings:
    """One language's table. Keys of the look-ups are in `plain_key` form.

    deleted_by: what such a wording begins with where whoever deleted it is named behind.
    """

    language: str
    exporter: str
    exporter_words: frozenset[str]
    conjunctions: tuple[str, ...]
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
    def notices_with_colon(self) -> tuple[Notice, ...]:
        """Those whose own words hold a colon: what stands before it is no sender."""
        return tuple(notice for notice in self.notices if notice.has_colon)


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
        # The one with most words of its own first: "{actor} added this group to {value}" before "{actor} added {targets}".
        notices=tuple(sorted(map(_notice, raw["notices"]), key=lambda notice: -len(_PLACE.sub("", notice.wording)))),
        omitted={
            key: media
            for media, wordings in raw["omitted"].items()
            for wording in wordings
            # Some versions put every such wording between angle brackets.
            for key in (plain_key(wording), f"<{plain_key(wording).strip('<>')}>")
        },
        attached_before=tuple(raw["attached_before"]),
        attached_after=tuple(raw["attached_after"]),
        deleted=frozenset(plain_key(each) for each in raw["deleted"] if "{" not in each),
        deleted_by=tuple(each.partition("{")[0].lower() for each in raw["deleted"] if "{" in each),
        view_once=frozenset(map(plain_key, raw["view_once"])),
        live_location=frozenset(map(plain_key, raw["live_location"])),
        location=tuple(f"{word}: http" for word in raw["location"]),
        poll=tuple(f"{word}:" for word in raw["poll"]),
        edited=tuple(wording.lower() for wording in raw["edited"]),
    )


def _notice(entry: dict[str, str]) -> Notice:
    wording = entry["wording"]
    pieces = _PLACE.split(wording)
    expression = "".join(
        _PLACES[piece] if place % 2 else re.escape(piece).replace('"', _QUOTE).replace("'", _APOSTROPHE)
        for place, piece in enumerate(pieces)
    )
    literals = [part for piece in pieces[::2] for part in re.split("[\"']", piece)]
    return Notice(
        type=entry["type"],
        wording=wording,
        expression=expression + r"[.\s]*",
        needle=max(literals, key=len).lower(),
        by_exporter=entry.get("actor") == "exporter",
        to_exporter=entry.get("targets") == "exporter",
        has_colon=":" in wording,
    )
