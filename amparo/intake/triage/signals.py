"""Which signal words stand in a text. Every language's words are looked for: people mix them, and a guess may be wrong.

How a text is read, simply and the same for everybody:

- A word counts however often it stands there: once. The reasons show it as the list writes it.
- "Now" and "soon" belong to what stands in the same sentence, and to the sentence before where they are one by themselves.
- A negation directly before a word ("not in danger"; at most two of the words that may stand between) makes it a denied one:
  it counts less, and is shown as denied. A negation anywhere else changes nothing, since a missed danger is the worse mistake.
- A quotation counts like any other text, because witnesses quote; the reason says that it is one.
- A phrase of the list "except" silences the signal words that lie wholly inside it ("I live in", "if a child is in danger").
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from amparo.intake.triage.vocabulary import CODES, TOKEN, Hit, Vocabulary, fold, shipped

__all__ = ["CODES", "Signals", "fold", "signals_in"]

TIMES = ("now", "soon")
# A text of a million characters is a flood, not a report; what matters is said early, and the reading must stay quick.
READ_CHARACTERS = 200_000
MOST_WORDS = 8  # shown of each code: a text that lists every word there is says no more than one that says a few
WRAPPED_AT = 50  # a line at least so long that goes on in letters was wrapped by a mail program

_SENTENCE_END = re.compile(r"[.!?;\u061f\u06d4\u3002\uff01\uff1f]+(?=\s|$)|[!?;\u061f\u06d4\u3002]+|\n+")
_QUOTES = re.compile(
    "\u201c[^\u201d\n]{1,600}\u201d|\u00ab[^\u00bb\n]{1,600}\u00bb|\u201e[^\u201c\u201d\n]{1,600}[\u201c\u201d]"
    '|"[^"\n]{1,600}"'
)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)


@dataclass(frozen=True)
class Signals:
    """Signal words by code, as the lists write them, and what stands beside them.

    with_now, with_soon: codes that stand in one sentence with a word for now, or for soon. denied: words by code that stand
    only after a negation. quoted: codes all of whose words stand in quotations. scripts_known: whether any of the text is in a
    script for which there are words; without it, silence means nothing.
    """

    found: dict[str, tuple[str, ...]] = field(default_factory=dict)
    with_now: frozenset[str] = frozenset()
    scripts_known: bool = False
    with_soon: frozenset[str] = frozenset()
    denied: dict[str, tuple[str, ...]] = field(default_factory=dict)
    quoted: frozenset[str] = frozenset()

    def of(self, *codes: str) -> tuple[str, ...]:
        """The words found for these codes, in their order, each once."""
        return tuple(dict.fromkeys(word for code in codes for word in self.found.get(code, ())))


def signals_in(text: str, vocabulary: Vocabulary | None = None) -> Signals:
    """The signal words in `text`, read sentence by sentence; by the shipped words where no others are given."""
    words = vocabulary or shipped()
    folded = fold(text[:READ_CHARACTERS])
    quotations = _quotations(folded)
    found: dict[str, dict[str, None]] = {}
    denied: dict[str, dict[str, None]] = {}
    spoken: set[str] = set()
    beside: dict[str, set[str]] = {time: set() for time in TIMES}
    before: set[str] = set()
    for start, sentence in _sentences(folded):
        hits = words.hits(sentence)
        here = {hit.code for hit in hits if not hit.denied}
        for hit in hits:
            said = (denied if hit.denied else found).setdefault(hit.code, {})
            if len(said) < MOST_WORDS:
                said[hit.word] = None
            if not hit.denied and not _inside(start + hit.start, quotations):
                spoken.add(hit.code)
        times = here & set(TIMES)
        alone = times and not (here - set(TIMES)) and _is_only(sentence, hits)
        for time in times:
            beside[time] |= (before if alone else here) - set(TIMES)
        if here - set(TIMES) or not times:
            before = here
    known = any("a" <= letter <= "z" or "\u0600" <= letter <= "\u06ff" for letter in folded)
    return Signals(
        {code: tuple(said) for code, said in found.items()},
        frozenset(beside["now"]),
        known,
        frozenset(beside["soon"]),
        {code: tuple(said) for code, said in denied.items() if code not in found and code not in TIMES},
        frozenset(found.keys() - spoken),
    )


def _sentences(folded: str) -> Iterator[tuple[int, str]]:
    """(where it begins, the sentence). A line that a mail program wrapped does not end one."""
    begun = 0
    for end in _SENTENCE_END.finditer(folded):
        if end.group() == "\n" and _wrapped(folded, end.start()):
            continue
        if end.start() > begun:
            yield begun, folded[begun : end.start()]
        begun = end.end()
    if begun < len(folded):
        yield begun, folded[begun:]


def _wrapped(folded: str, at: int) -> bool:
    line = at - (folded.rfind("\n", 0, at) + 1)
    after = folded[at + 1 : at + 2]
    return line >= WRAPPED_AT and after.isalpha()


def _quotations(folded: str) -> list[tuple[int, int]]:
    """(start, furthest end so far) of what stands in quotation marks or in quoted lines, in order."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted(each.span() for pattern in (_QUOTES, _QUOTED_LINE) for each in pattern.finditer(folded)):
        spans.append((start, max(end, spans[-1][1] if spans else 0)))
    return spans


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    before = bisect_right(spans, (at, sys.maxsize)) - 1
    return before >= 0 and at < spans[before][1]


def _is_only(sentence: str, hits: Iterable[Hit]) -> bool:
    """Whether the sentence says nothing but these words: "Right now!" belongs to what was said before it."""
    said = sum(len(TOKEN.findall(sentence[hit.start : hit.end])) for hit in hits)
    return len(TOKEN.findall(sentence)) <= said + 1
