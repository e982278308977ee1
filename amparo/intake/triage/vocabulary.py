"""Signal words made ready to be found: lists of eight languages, their stems, their negations. No Django."""

from __future__ import annotations

import re
import sys
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from pathlib import Path

FOLDER = Path(__file__).parent / "words"
CODES = (
    "now", "soon", "danger", "in_danger", "urgent", "live", "crisis", "meeting", "pressure", "payment", "access", "perishing",
)  # fmt: skip
GRAMMAR = ("except", "not_before", "between")
SHORTEST_STEM = 4
FEW_UNSEEN = 20  # different characters: so many are taken out one by one in less time than all at once
MOST_BETWEEN = 2  # words between a negation and what it denies

TOKEN = re.compile(r"\w+")  # what_is_written_so is one name, and none of the words in it
_EMPHASIS = re.compile(r"(?<!\w)_+|_+(?!\w)")  # _so_ people write what they want to be seen
_JOINED = re.compile(r"[\s'\-\u2010\u2011]*")  # what may stand between the words of one phrase
# Arabic writes "and", "so", "by", "for", "as" and "the" as one word with the next.
_ARABIC_PREFIX = re.compile(
    "[\u0648\u0641]?(?:\u0628\u0627\u0644|\u0643\u0627\u0644|\u0644\u0644|\u0627\u0644|[\u0628\u0644\u0643])?"
)


def fold(text: str) -> str:
    """The text as words are compared: no case, accents, vowel marks, invisible characters or repeated spaces; lines stay."""
    plain = unicodedata.normalize("NFKD", text.replace("\r\n", "\n").replace("\r", "\n")).casefold()
    plain = unicodedata.normalize("NFKD", plain)
    # A text has few different characters, so each is looked up once.
    unseen = [each for each in set(plain) if _is_unseen(each)]
    if len(unseen) > FEW_UNSEEN:
        plain = plain.translate(dict.fromkeys(map(ord, unseen)))
    else:
        for each in unseen:
            plain = plain.replace(each, "")
    return re.sub(r"[^\S\n]+", " ", plain.replace("\u2019", "'"))


@lru_cache(4096)
def _is_unseen(character: str) -> bool:
    """Whether a normalized text's character makes no difference to a word: marks, control characters, the Arabic tatweel."""
    return character != "\n" and (unicodedata.category(character) in ("Mn", "Cf", "Cc") or character == "\u0640")


@dataclass(frozen=True)
class Hit:
    """A signal word at its place in the folded text, in characters."""

    code: str
    word: str
    start: int
    end: int
    denied: bool


@dataclass(frozen=True)
class Phrase:
    """A word or several, folded, as tokens; an open token stands for every ending. word: as listed; "" where the text shows it."""

    tokens: tuple[str, ...]
    open: tuple[bool, ...]
    code: str
    word: str


@dataclass(frozen=True)
class _Sentence:
    """One sentence's tokens with their places, and which of them only spaces, hyphens or apostrophes keep from the next."""

    tokens: tuple[tuple[str, int, int], ...]
    joined: tuple[bool, ...]

    @classmethod
    def of(cls, text: str) -> _Sentence:
        tokens = tuple((found.group(), found.start(), found.end()) for found in TOKEN.finditer(text))
        joined = (bool(_JOINED.fullmatch(text, one[2], other[1])) for one, other in pairwise(tokens))
        return cls(tokens, (*joined, False))

    def stands(self, phrase: Phrase, at: int) -> bool:
        """Whether the phrase's further tokens follow its first, which is at `at`."""
        if at + len(phrase.tokens) > len(self.tokens):
            return False
        return all(
            self.joined[at + step - 1] and _fits(self.tokens[at + step][0], phrase.tokens[step], phrase.open[step])
            for step in range(1, len(phrase.tokens))
        )


@dataclass(frozen=True)
class _Negation:
    """How one language denies: its negations as tokens, last one first, and the small words that may stand between."""

    denials: frozenset[tuple[str, ...]]
    between: frozenset[str]

    def denies(self, sentence: _Sentence, at: int) -> bool:
        """Whether a negation stands directly before token `at`, or with at most two small words between."""
        for skipped in range(MOST_BETWEEN + 1):
            if self._ends_at(sentence, at - skipped - 1):
                return True
            last = at - skipped - 1
            if last < 0 or not sentence.joined[last] or sentence.tokens[last][0] not in self.between:
                return False
        return False

    def _ends_at(self, sentence: _Sentence, last: int) -> bool:
        said: tuple[str, ...] = ()
        for place in range(last, max(-1, last - 3), -1):
            if not sentence.joined[place]:
                return False
            said = (*said, sentence.tokens[place][0])
            if said in self.denials:
                return True
        return False


class Vocabulary:
    """Word lists made ready: looked up by their first token, so that a text is read in one pass, however long the lists are."""

    def __init__(self, lists: Iterable[dict[str, list[str]]]) -> None:
        every = list(lists)
        self._spelt: dict[tuple[str, ...], str] = {}
        self._words: dict[str, list[Phrase]] = {}  # of one token
        self._pairs: dict[tuple[str, str], list[Phrase]] = {}  # of more, by the first two
        self._stems: dict[str, list[Phrase]] = {}  # whose first or second token is open, by the first
        for each in every:
            for code in (*CODES, "except"):
                for word in each.get(code, ()):
                    self._add(word, code)
        for table in (self._words, self._pairs, self._stems):
            for phrases in table.values():
                phrases.sort(key=lambda phrase: (-len(phrase.tokens), phrase.tokens, phrase.code))
        self._negations = [_negation(each) for each in every if each.get("not_before")]

    def _add(self, word: str, code: str) -> None:
        parts = _tokens_of(word)
        tokens, stems = tuple(token for token, _ in parts), tuple(stem for _, stem in parts)
        # One language's spelling of a word that several write alike would look odd in a text of another.
        as_listed = "" if any(stems) or self._spelt.setdefault(tokens, word) != word else word
        phrase = Phrase(tokens, stems, code, as_listed)
        if any(phrase.open[:2]):
            self._stems.setdefault(phrase.tokens[0], []).append(phrase)
        elif len(phrase.tokens) == 1:
            self._words.setdefault(phrase.tokens[0], []).append(phrase)
        else:
            self._pairs.setdefault((phrase.tokens[0], phrase.tokens[1]), []).append(phrase)

    def hits(self, text: str) -> list[Hit]:
        """The signal words of one folded sentence, denied ones marked, those inside an exception left out."""
        sentence = _Sentence.of(_EMPHASIS.sub(lambda mark: " " * len(mark.group()), text))
        found: list[Hit] = []
        excepted: list[tuple[int, int]] = []
        for at, (token, start, _) in enumerate(sentence.tokens):
            codes: set[str] = set()
            for phrase in self._beginning(token, sentence, at):
                if phrase.code in codes or not sentence.stands(phrase, at):
                    continue
                codes.add(phrase.code)
                end = sentence.tokens[at + len(phrase.tokens) - 1][2]
                if phrase.code == "except":
                    excepted.append((start, end))
                else:
                    denied = any(negation.denies(sentence, at) for negation in self._negations)
                    found.append(Hit(phrase.code, phrase.word or text[start:end], start, end, denied))
        excepted = list(accumulate(excepted, _furthest))
        denials = list(accumulate(((hit.start, hit.end) for hit in found if hit.denied), _furthest))
        return [
            hit if hit.denied or not _covered(hit, denials) else replace(hit, denied=True)
            for hit in found
            if not _covered(hit, excepted)
        ]

    def _beginning(self, token: str, sentence: _Sentence, at: int) -> Iterator[Phrase]:
        """Phrases that may begin with this token, longest first."""
        second = sentence.tokens[at + 1][0] if sentence.joined[at] else ""
        for form in _forms(token):
            for following in _forms(second) if second else ():
                yield from self._pairs.get((form, following), ())
            for length in range(SHORTEST_STEM, len(form)):
                yield from (each for each in self._stems.get(form[:length], ()) if each.open[0])
            yield from self._stems.get(form, ())
            yield from self._words.get(form, ())


def _furthest(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return other[0], max(one[1], other[1])


def _covered(hit: Hit, spans: list[tuple[int, int]]) -> bool:
    """Whether it lies wholly inside one of these spans: (start, furthest end so far), in order."""
    at = bisect_right(spans, (hit.start, sys.maxsize)) - 1
    return at >= 0 and hit.end <= spans[at][1]


def _fits(token: str, wanted: str, open_ended: bool) -> bool:
    return any(form.startswith(wanted) if open_ended else form == wanted for form in _forms(token))


@lru_cache(4096)
def _forms(token: str) -> tuple[str, ...]:
    """The token, and in Arabic the word that is left without its prefixes."""
    if not "\u0600" <= token[0] <= "\u06ff":
        return (token,)
    prefix = _ARABIC_PREFIX.match(token)
    longest = prefix.end() if prefix else 0
    return tuple(dict.fromkeys(token[cut:] for cut in range(longest + 1) if len(token) - cut >= 2))


def _tokens_of(word: str) -> list[tuple[str, bool]]:
    """(token, whether it is a stem). Raises ValueError for a word without letters, and for a stem that fits nearly anything."""
    parts = []
    for piece in re.split(r"[\s'\-_]+", fold(word).strip()):
        stem, open_ended = piece.rstrip("*"), piece.endswith("*")
        found = TOKEN.findall(stem)
        if not found or "*" in stem:
            raise ValueError(f'"{word}" is no signal word: write letters, with a * at the end of a stem only')
        if open_ended and len(found[-1]) < SHORTEST_STEM:
            raise ValueError(f'"{word}" fits too much: a stem has at least {SHORTEST_STEM} letters')
        parts += [(token, False) for token in found[:-1]]
        parts.append((found[-1], open_ended))
    return parts


def _negation(each: dict[str, list[str]]) -> _Negation:
    denials = (tuple(token for token, _ in reversed(_tokens_of(word))) for word in each["not_before"])
    return _Negation(
        frozenset(denials), frozenset(token for word in each.get("between", ()) for token, _ in _tokens_of(word))
    )


@cache
def languages() -> tuple[str, ...]:
    """The languages for which there are words."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def shipped() -> Vocabulary:
    """The words that come with Amparo."""
    return Vocabulary(read_words(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml")))


@lru_cache(4)
def vocabulary_with(own: tuple[str, ...]) -> Vocabulary:
    """The shipped words and a house's own, each a file's text."""
    files = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml"))]
    return Vocabulary([*map(read_words, files), *map(read_words, own)])


def read_words(text: str) -> dict[str, list[str]]:
    """A word list from TOML. Raises ValueError that names the key and says what to write instead."""
    stated = tomllib.loads(text)
    lists: dict[str, list[str]] = {}
    for key, words in stated.items():
        if key == "language":
            continue
        if key not in (*CODES, *GRAMMAR):
            raise ValueError(f"{key} is no list of words; there are {', '.join((*CODES, *GRAMMAR))}")
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError(f'{key} must be a list of words, such as {key} = ["word", "two words", "stem*"]')
        for word in words:
            _tokens_of(word)
        lists[key] = words
    return lists
