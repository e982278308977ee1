"""A request's JSON, read strictly: what two readers could understand differently, or no database can keep, is refused."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

BODY_BYTES = 8 << 20
DEPTH = 64
_OPENING = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{\]}]', re.DOTALL)


class Malformed(ValueError):
    """Why a body is no JSON of ours. pointer: RFC 6901, "" for the whole."""

    def __init__(self, sentence: str, pointer: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.pointer = sentence, pointer


def object_of(body: bytes) -> dict[str, Any]:
    """The object that these bytes are. Raises Malformed."""
    _not_too_deep(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: byte {error.start} can't be read.") from None
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole)
    except Malformed:
        raise
    except ValueError as error:
        place = f" (character {error.pos})" if isinstance(error, json.JSONDecodeError) else ""
        raise Malformed(f"The body is no JSON{place}.") from None
    except RecursionError:
        raise Malformed(f"The body is nested deeper than {DEPTH} levels.") from None
    if not isinstance(found, dict):
        raise Malformed("The body must be one JSON object.")
    for pointer, words in _texts(found):
        if "\0" in words:
            raise Malformed("A text holds the character NUL, which can't be kept. Leave it out.", pointer)
        try:
            words.encode()
        except UnicodeEncodeError:
            raise Malformed("A text holds half of a surrogate pair, which is no character.", pointer) from None
    return found


def _not_too_deep(body: bytes) -> None:
    """Counted before anything is built, so that a deep body costs no more than its length."""
    depth = 0
    for each in _OPENING.finditer(body):
        sign = each[0]
        if sign in (b"[", b"{"):
            depth += 1
            if depth > DEPTH:
                raise Malformed(f"The body is nested deeper than {DEPTH} levels.")
        elif sign in (b"]", b"}"):
            depth -= 1


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        shown = name[:60].encode("ascii", "backslashreplace").decode()
        raise Malformed(f"The name “{shown}” stands twice in one object: which one counts can't be told.")
    return found


def _no_number(name: str) -> Any:
    raise Malformed(f"{name} is no number in JSON.")


def _whole(digits: str) -> int:
    if len(digits) > 20:
        raise Malformed("A number has more than 20 digits. Send it as a text.")
    return int(digits)


def _texts(found: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text in it with its place, names among them. An infinite number (1e999) is refused on the way."""
    if isinstance(found, str):
        yield pointer, found
    elif isinstance(found, float) and (found in (float("inf"), float("-inf"))):
        raise Malformed("A number is too large to be kept.", pointer)
    elif isinstance(found, dict):
        for name, value in found.items():
            yield pointer, name
            yield from _texts(value, f"{pointer}/{escaped(name)}")
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from _texts(value, f"{pointer}/{number}")


def escaped(name: object) -> str:
    """A name or number as a step of a JSON pointer."""
    return str(name).replace("~", "~0").replace("/", "~1")
