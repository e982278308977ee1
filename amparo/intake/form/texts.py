"""What the public pages say, in every language: one catalogue file each. A further language is one more file. No Django."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("texts")
FALLBACK = "en"


@dataclass(frozen=True)
class Texts:
    """A language's texts by key. A key that the file lacks is said in English."""

    language: str
    name: str
    direction: str
    said: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self.said[key]


@cache
def languages() -> tuple[str, ...]:
    """Codes of the catalogue files, English first, then by name of the language."""
    found = {path.stem: _file(path.stem)["language"] for path in FOLDER.glob("*.toml")}
    return tuple(sorted(found, key=lambda code: (code != FALLBACK, found[code].casefold())))


@cache
def texts(language: str) -> Texts:
    """Of that language; English where there is none."""
    code = language if language in languages() else FALLBACK
    own, fallback = _file(code), _file(FALLBACK)
    said = {key: value.strip() for source in (fallback, own) for key, value in source.items()}
    return Texts(code, own["language"], own.get("direction", "ltr"), said)


@cache
def _file(code: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))


def preferred(header: str, known: Iterable[str]) -> str:
    """The language of an Accept-Language header that there are texts in; English where there is none. The header is not kept."""
    codes, best = set(known), (0.0, FALLBACK)
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";")
        code = tag.strip().lower().partition("-")[0]
        try:
            quality = float(weight.partition("=")[2]) if weight else 1.0
        except ValueError:
            continue
        if code in codes and best[0] < quality <= 1:
            best = (quality, code)
    return best[1]
