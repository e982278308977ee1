"""Codes of words: what a reporter comes back with. Seven words or twenty-four digits, the same 77 bits. No Django.

70 bits are drawn, 7 check them, so that a mistyped code is told apart from one that nobody was given. The words are those of
BIP39, in which no two begin with the same four letters. The house keeps no code: from it Argon2id makes the name of a mailbox and
the private key that opens what lies in it, and both are forgotten with the page.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from mnemonic import Mnemonic

from amparo.vault import envelope

DRAWN_BITS, CHECK_BITS, WORD_BITS = 70, 7, 11
WORDS, DIGITS = 7, 24
LISTS = {"en": "english", "es": "spanish", "fr": "french", "it": "italian", "pt": "portuguese"}
LIST_OF = {"ca": "es"}  # whose words a language without a list of its own uses; English otherwise
BEGINNING = 4  # letters that tell a word from all others

# Words of the lists that nobody who reports abuse should be handed. A code that holds one, in any language, is drawn again.
_UNWANTED = frozenset((
    "abuse", "accuse", "baby", "blame", "blood", "boy", "child", "crime", "cruel", "evil", "fatal", "fault", "ghost",
    "girl", "guilt", "gun", "hurt", "infant", "kiss", "knife", "love", "panic", "punish", "sad", "scare", "shoot",
    "suffer", "suspect", "tragic", "trap", "victim", "weapon", "abuso", "amor", "besar", "beso", "crimen", "daño",
    "desnudo", "dolor", "matar", "mortal", "muerte", "niñez", "niño", "sangre", "sexo", "virgo", "abusif", "amour",
    "besace", "enfance", "intime", "amore", "bacio", "bambino", "infatti", "amoroso", "arma", "beber", "criminal",
    "dolorido", "infantil", "intimar", "nudez", "sangue", "sedutor",
))  # fmt: skip


@dataclass(frozen=True)
class Code:
    """One code. number: all 77 bits, of which the last seven check the others."""

    number: int = field(repr=False)

    def words(self, language: str) -> tuple[str, ...]:
        """Seven words of that language's list, with their accents."""
        known = word_list(list_of(language))
        return tuple(known[self.number >> WORD_BITS * place & 2**WORD_BITS - 1] for place in reversed(range(WORDS)))

    @property
    def digits(self) -> str:
        """Twenty-four digits in groups of four."""
        said = f"{self.number:0{DIGITS}d}"
        return " ".join(said[at : at + 4] for at in range(0, DIGITS, 4))


@dataclass(frozen=True)
class Mailbox:
    """Where answers to a reporter lie. uuid: of the mailbox. private: opens them; kept by nobody but the code's holder."""

    uuid: UUID
    private: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        return envelope.public_key_of(self.private)


class NoCode(ValueError):
    """What was typed is no code. reason: "empty", "count", "word" (place: which, from 1) or "check" (all known, together none)."""

    def __init__(self, reason: str, place: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.place = reason, place


def draw(key: bytes, nonce: str) -> Code:
    """The code of a form's number: the same each time, so that a page sent twice or loaded again shows the same one."""
    for attempt in range(1000):
        digest = hmac.digest(key, f"amparo code 1 {nonce} {attempt}".encode(), "sha256")
        code = _checked(int.from_bytes(digest) >> 256 - DRAWN_BITS)
        if not any(_UNWANTED.intersection(code.words(language)) for language in LISTS):
            return code
    raise AssertionError("a thousand codes in a row held an unwanted word")


def mailbox_of(code: Code, key: bytes) -> Mailbox:
    """Takes 0.3 s and 64 MiB on purpose: a code is not to be guessed."""
    salt = hmac.digest(key, b"amparo code salt 1", "sha256")[:16]
    secret = envelope.stretched(f"amparo code 1 {code.number}", salt)
    name = hmac.digest(secret, b"mailbox", "sha256")[:16]
    return Mailbox(UUID(bytes=name, version=4), hmac.digest(secret, b"private key", "sha256"))


def read(typed: str, language: str = "en") -> Code:
    """The code that was typed, in words of any list or in digits. Raises NoCode.

    Case, accents, what stands between and everything behind a word's fourth letter don't matter.
    """
    said = unicodedata.normalize("NFKC", typed[:1000])
    if not said.strip():
        raise NoCode("empty")
    digits = "".join(str(unicodedata.digit(each)) for each in said if unicodedata.category(each) == "Nd")
    if not any(unicodedata.category(each).startswith("L") for each in said):
        if len(digits) != DIGITS:
            raise NoCode("count")
        return _proved(int(digits))
    tokens = re.findall(r"[^\W\d_]+", _folded(said))
    if len(tokens) != WORDS:
        raise NoCode("count")
    return _of_words(tokens, language)


def _of_words(tokens: list[str], language: str) -> Code:
    first = list_of(language)
    tried = [_places(tokens, name) for name in (first, *(each for each in LISTS if each != first))]
    whole = [[place for place in places if place is not None] for places in tried if None not in places]
    for places in whole:
        number = sum(place << WORD_BITS * (WORDS - 1 - at) for at, place in enumerate(places))
        if _is_checked(number):
            return Code(number)
    if whole:
        raise NoCode("check")
    nearest = max(tried, key=lambda places: sum(place is not None for place in places))
    raise NoCode("word", nearest.index(None) + 1)


def _places(tokens: list[str], name: str) -> list[int | None]:
    known = _beginnings(name)
    return [known.get(token[:BEGINNING]) for token in tokens]


def list_of(language: str) -> str:
    """Whose word list is used in that language."""
    return language if language in LISTS else LIST_OF.get(language, "en")


@cache
def word_list(name: str) -> tuple[str, ...]:
    """The 2,048 words of a list."""
    return tuple(unicodedata.normalize("NFC", word) for word in Mnemonic(LISTS[name]).wordlist)


@cache
def _beginnings(name: str) -> dict[str, int]:
    return {_folded(word)[:BEGINNING]: place for place, word in enumerate(word_list(name))}


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def _check_of(drawn: int) -> int:
    digest = hashlib.sha256(b"amparo code check 1" + drawn.to_bytes(9)).digest()
    return digest[0] >> 8 - CHECK_BITS


def _checked(drawn: int) -> Code:
    return Code(drawn << CHECK_BITS | _check_of(drawn))


def _is_checked(number: int) -> bool:
    return number >> DRAWN_BITS + CHECK_BITS == 0 and _check_of(number >> CHECK_BITS) == number & 2**CHECK_BITS - 1


def _proved(number: int) -> Code:
    if not _is_checked(number):
        raise NoCode("check")
    return Code(number)
