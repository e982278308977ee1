"""HMA's interface as its clients know it: names of signals and banks, what a question must look like, what an answer is.

Read off HMA itself (facebook/ThreatExchange, hasher-matcher-actioner) and held against a running one. Pure.

A bank is a list of Amparo by its name, whatever its version; a content is a listed row. Contents keep their numbers when a list is
updated by difference: the number is made of the list's first version and of the row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amparo.matching.formats.hma import bank_name

# What a signal is called there, and which hashes it is compared with here.
SIGNALS = {"pdq": "pdq", "video_md5": "md5", "video_sha256": "sha256"}
CONTENT_TYPES = {"photo": ("pdq",), "video": ("video_md5", "video_sha256")}
RATIO = 1.0
NOT_CHANGED_HERE = "Amparo's lists are changed in Amparo, not through this interface."
NOT_HANDED_OUT = "Amparo says what is listed; it doesn't hand lists out."
NOT_FETCHED = "Amparo fetches nothing from an address: send the file, or its hash."

_DIGITS = {"pdq": 64, "video_md5": 32, "video_sha256": 64}
_WORDS = {"pdq": "PDQ", "video_md5": "MD5", "video_sha256": "SHA256"}
_TRUE, _FALSE = {"true", "1", "on", "t", "y", "yes"}, {"false", "0", "off", "f", "n", "no"}
_ROW_BITS = 32


class BadRequest(Exception):
    """A question that HMA answers with this status and message. fields: what is wrong with which parameters, if that is 422."""

    def __init__(self, message: str, status: int = 400, fields: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.fields = list(fields)


@dataclass(frozen=True)
class Match:
    """A content and how far it is: "0" to "31" for PDQ, "-" where hashes are equal or not."""

    bank: str
    content: int
    distance: str

    def as_json(self) -> dict[str, object]:
        return {"bank_content_id": self.content, "distance": self.distance}


def content_number(first_version: int, row: int) -> int:
    """The number of a listed row: the same in every version that came of that first one by difference."""
    return first_version << _ROW_BITS | row


def row_of_content(content: int) -> tuple[int, int]:
    """(first version, row) of a content's number."""
    return content >> _ROW_BITS, content & ((1 << _ROW_BITS) - 1)


def bank_names(names: Iterable[str]) -> dict[str, str]:
    """A bank's name for each list's name, given in the order in which they first came.

    Two that come to the same letters are told apart by a number that the later one gets: no bank changes its name because
    another list comes.
    """
    found: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for name in names:
        if name not in found:
            plain = bank_name(name)
            while (bank := f"{plain}_{taken[plain] + 1}" if taken[plain] else plain) in found.values():
                taken[plain] += 1
            taken[plain] += 1
            found[name] = bank
    return found


def signal(kind: str, text: str) -> bytes:
    """The digest that a signal is. Raises BadRequest as HMA does: PDQ in small letters alone, the others in any."""
    if kind not in SIGNALS:
        raise BadRequest(f"No such SignalType '{kind}'")
    written = text if kind == "pdq" else text.strip().lower()
    if not re.fullmatch(f"[0-9a-f]{{{_DIGITS[kind]}}}", written, re.ASCII):
        told = "invalid PDQ hash" if kind == "pdq" else f"{text[:100]!r} is not a valid {_WORDS[kind]} hash"
        raise BadRequest(f"invalid signal: {told}")
    return bytes.fromhex(written)


def required(given: Mapping[str, str], *names: str) -> None:
    """Raises BadRequest (422) where one of these parameters is missing."""
    missing = [
        {"type": "missing", "loc": [name], "msg": "Field required", "input": dict(given)}
        for name in names
        if name not in given
    ]
    if missing:
        raise BadRequest("a parameter is missing", 422, missing)


def truth(given: Mapping[str, str], name: str) -> bool:
    """A parameter that is true or false, in any of the usual words; false where it is missing. Raises BadRequest (422)."""
    text = given.get(name, "false").strip().lower()
    if text in _TRUE | _FALSE:
        return text in _TRUE
    wrong = {"type": "bool_parsing", "loc": [name], "msg": "Input should be a valid boolean, unable to interpret input"}
    raise BadRequest(f"{name} is neither true nor false", 422, [wrong | {"input": given[name]}])


def wanted_banks(given: Mapping[str, str]) -> frozenset[str] | None:
    """The banks that a question is restricted to; None for all."""
    return frozenset(given["banks"].split(",")) if given.get("banks") else None


def signals_of(content_type: str, types: str | None) -> tuple[str, ...]:
    """Which signals are made of a file of this type. types: some of them, with commas, as the question says. Raises BadRequest."""
    if content_type not in CONTENT_TYPES:
        raise BadRequest(f"no such content_type: '{content_type}'")
    known = CONTENT_TYPES[content_type]
    if types is None:
        return known
    asked = [name.strip() for name in types.split(",") if name.strip()]
    for name in asked:
        if name not in known:
            raise BadRequest(f"signal type '{name}' doesn't exist or is disabled")
    if not asked:
        raise BadRequest("empty signal type selection")
    return tuple(dict.fromkeys(asked))


def by_bank(matches: Iterable[Match]) -> dict[str, list[dict[str, object]]]:
    """The answer to a look-up: the matches of each bank that has any."""
    found: dict[str, list[dict[str, object]]] = {}
    for each in matches:
        found.setdefault(each.bank, []).append(each.as_json())
    return found


def raw(matches: Iterable[Match], *, with_distance: bool) -> dict[str, object]:
    """The answer to a raw look-up."""
    return {"matches": [each.as_json() if with_distance else each.content for each in matches]}


def compared(asked: object) -> dict[str, list[object]]:
    """Pairs of signals beside each other: whether they match, and how far apart they are. Raises BadRequest."""
    if not isinstance(asked, dict):
        raise BadRequest("Request input was not a dict")
    answer: dict[str, list[object]] = {}
    for kind, pair in asked.items():
        if not isinstance(pair, list):
            raise BadRequest(f"Comparison hashes for {kind} was not a list")
        if len(pair) != 2:
            raise BadRequest("Comparison hash list length must be exactly 2")
        if kind not in SIGNALS:
            raise BadRequest(f"No such SignalType '{kind}'")
        try:
            left, right = (signal(kind, each if isinstance(each, str) else "") for each in pair)
        except BadRequest as problem:
            raise BadRequest(problem.message.replace("invalid signal", f"Invalid {kind} hash", 1)) from None
        answer[kind] = _distance(kind, left, right)
    return answer


def _distance(kind: str, left: bytes, right: bytes) -> list[object]:
    if kind != "pdq":
        return [left == right, {}]
    bits = (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).bit_count()
    return [bits <= 31, {"distance": bits}]


def sizes(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """How many hashes of each signal these lists hold, from their counts by kind."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return {name: total[kind] for name, kind in SIGNALS.items()}
