"""Which signal words stand in a text. Every language's words are looked for: people mix them, and a guess may be wrong."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "words"
CODES = ("now", "danger", "in_danger", "live", "crisis", "meeting", "perishing")
# A text of a million characters is a flood, not a report; what matters is said early, and the reading must stay quick.
READ_CHARACTERS = 200_000

_SENTENCE_END = re.compile(r"[.!?;\n\u061f\u06d4\u3002]+")
# Arabic writes "and", "the", "in", "for" and "so" as one word with the next.
_ARABIC_PREFIX = "(?:[\u0648\u0641]?(?:\u0628\u0627\u0644|\u0644\u0644|\u0627\u0644|[\u0628\u0644])?)"


@dataclass(frozen=True)
class Signals:
    """Signal words by code, as the lists write them, and which codes stand in one sentence with a word for now.

    scripts_known: whether any of the text is in a script for which there are words. Without it, silence means nothing.
    """

    found: dict[str, tuple[str, ...]] = field(default_factory=dict)
    with_now: frozenset[str] = frozenset()
    scripts_known: bool = False

    def of(self, *codes: str) -> tuple[str, ...]:
        """The words found for these codes, in their order, each once."""
        return tuple(dict.fromkeys(word for code in codes for word in self.found.get(code, ())))


def signals_in(text: str) -> Signals:
    """The signal words in `text`, read sentence by sentence."""
    found: dict[str, dict[str, None]] = {}
    with_now: set[str] = set()
    folded = fold(text[:READ_CHARACTERS])
    for sentence in _SENTENCE_END.split(folded):
        here = {code: words for code in CODES if (words := _words(sentence, code))}
        for code, words in here.items():
            found.setdefault(code, {}).update(dict.fromkeys(words))
        if "now" in here:
            with_now.update(here)
    known = any("a" <= letter <= "z" or "\u0600" <= letter <= "\u06ff" for letter in folded)
    return Signals({code: tuple(words) for code, words in found.items()}, frozenset(with_now - {"now"}), known)


def fold(text: str) -> str:
    """The text as words are compared: no case, accents, vowel marks, invisible characters or repeated spaces; lines stay."""
    plain = unicodedata.normalize("NFKD", text.replace("\r", "\n")).casefold()
    kept = (
        each
        for each in unicodedata.normalize("NFKD", plain)
        if each == "\n" or unicodedata.category(each) not in ("Mn", "Cf", "Cc")
    )
    return re.sub(r"[^\S\n]+", " ", "".join(kept).replace("\u0640", "").replace("\u2019", "'"))


def _words(sentence: str, code: str) -> list[str]:
    vocabulary = _vocabulary()
    if vocabulary.exceptions:
        sentence = vocabulary.exceptions.sub(" ", sentence)
    pattern, as_listed = vocabulary.patterns[code], vocabulary.as_listed
    return list(dict.fromkeys(as_listed[match.group("word")] for match in pattern.finditer(sentence)))


@dataclass(frozen=True)
class _Vocabulary:
    patterns: dict[str, re.Pattern[str]]
    as_listed: dict[str, str]
    exceptions: re.Pattern[str] | None


@cache
def languages() -> tuple[str, ...]:
    """The languages for which there are words."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def _vocabulary() -> _Vocabulary:
    lists = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))]
    as_listed = {fold(word): word for each in lists for code in CODES for word in each[code]}
    patterns = {code: _pattern([fold(word) for each in lists for word in each[code]]) for code in CODES}
    exceptions = [fold(phrase) for each in lists for phrase in each.get("except", ())]
    return _Vocabulary(patterns, as_listed, _pattern(exceptions) if exceptions else None)


def _pattern(words: list[str]) -> re.Pattern[str]:
    # Longest first, so that "in immediate danger" isn't read as "danger" only.
    choices = "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))
    return re.compile(rf"(?<!\w){_ARABIC_PREFIX}??(?P<word>{choices})(?!\w)")
