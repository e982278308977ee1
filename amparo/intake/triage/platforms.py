"""How services write accounts and rooms: by their hosts, their paths, and the words by which people name them. No Django."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from amparo.intake.triage import identifiers

NEAR_CHARACTERS = 30
_HANDLE = re.compile(r"(?<![\w@./-])@([a-z0-9_][a-z0-9_.-]{0,30}[a-z0-9_])", re.IGNORECASE)
_AFTER_WORD = r"[ ]?(?:[:=]|\b(?:user|usuario|nick|id|handle)\b[ :]{1,2})[ ]?@?([\w.-]{3,32})"


@dataclass(frozen=True)
class _Pattern:
    platform: str
    kind: str
    regex: re.Pattern[str]


class Platforms:
    """How services write accounts and rooms: by their hosts, their paths, and the words by which people name them."""

    def __init__(self, tables: Iterable[Mapping[str, Any]]) -> None:
        self._paths: dict[str, list[_Pattern]] = {}
        self._words: dict[str, str] = {}
        for table in tables:
            for platform, stated in table.items():
                for host in stated["hosts"]:
                    self._paths[host] = [_pattern(platform, path) for path in stated.get("paths", ())]
                for word in (platform, *stated.get("words", ())):
                    self._words[word.casefold()] = platform
        words = "|".join(sorted(map(re.escape, self._words), key=len, reverse=True))
        self._word = re.compile(rf"(?<!\w)({words})(?!\w)", re.IGNORECASE)
        self._said = re.compile(rf"(?<!\w)({words}){_AFTER_WORD}", re.IGNORECASE)

    def named(self, words: str) -> str:
        """The service that somebody names; what is none of ours in plain letters, so that the same name is the same service."""
        said = " ".join(identifiers.visible(words).casefold().split())
        return self._words.get(said) or self._of_host(said) or "".join(each for each in said if each.isalnum())[:40]

    def _of_host(self, said: str) -> str:
        patterns = self._paths.get(identifiers.address(said).partition("/")[0]) if "." in said else None
        return patterns[0].platform if patterns else ""

    def of_link(self, link: str) -> Iterator[tuple[str, str]]:
        """(kind, value) of a link: the place, and the account or room that its service writes so."""
        place = identifiers.address(link)
        if not place:
            return
        yield "address", place
        host, _, path = identifiers.address(link.partition("#")[0]).partition("/")
        whole = "/" + path.partition("?")[0] + ("#" + link.partition("#")[2] if "#" in link else "")
        for pattern in self._paths.get(host, ()):
            if match := pattern.regex.fullmatch(whole):
                if pattern.kind:
                    yield from _of_path(pattern, match.group("it"))
                return

    def handles(self, text: str) -> Iterator[tuple[str, str, str]]:
        """(service or "", name, raw): names with an @, and names that follow their service's name."""
        places = [
            (match.start(), match.end(), self._words[match.group(1).casefold()]) for match in self._word.finditer(text)
        ]
        at = 0
        for match in _HANDLE.finditer(text):
            while at + 1 < len(places) and places[at + 1][1] <= match.start():
                at += 1
            yield _nearest(places[at : at + 2], match), identifiers.handle(match.group(1)), match.group()
        for match in self._said.finditer(text):
            yield self._words[match.group(1).casefold()], identifiers.handle(match.group(2)), match.group()


def _of_path(pattern: _Pattern, name: str) -> Iterator[tuple[str, str]]:
    if pattern.platform == "whatsapp" and identifiers.phone(f"+{name}"):
        yield "phone", identifiers.phone(f"+{name}")
    elif pattern.kind == "handle":
        yield "handle", f"{pattern.platform}:{name.casefold()}"
        yield "name", name.casefold()
    else:
        yield pattern.kind, f"{pattern.platform}:{name}"


def _nearest(places: list[tuple[int, int, str]], match: re.Match[str]) -> str:
    """The service named just before or after an account's name; "" for none."""
    near = [
        (gap, platform)
        for start, end, platform in places
        if 0 <= (gap := match.start() - end if end <= match.start() else start - match.end()) <= NEAR_CHARACTERS
    ]
    return min(near)[1] if near else ""


def _pattern(platform: str, path: str) -> _Pattern:
    kind = "handle" if "{name}" in path else "room" if "{room}" in path else ""
    regex = (
        re.escape(path).replace(r"\{name\}", r"(?P<it>[^/?#]{1,100})").replace(r"\{room\}", r"(?P<it>[^/?#]{1,100})")
    )
    regex = regex.replace(r"/\*\*", r"(?:/.*)?")
    return _Pattern(platform, kind, re.compile(regex))


@cache
def shipped() -> Platforms:
    return platforms_with(())


@lru_cache(4)
def platforms_with(own: tuple[str, ...]) -> Platforms:
    """The shipped services and a house's own, each a file's text."""
    texts = [(Path(__file__).parent / "platforms.toml").read_text(encoding="utf-8"), *own]
    return Platforms(tomllib.loads(text) for text in texts)
