"""JSON of any size, an entry at a time, as real exporters write it: everything before a fault is kept, and the fault is named.

The standard library's decoder reads whole entries from a buffer; a general event parser is slower and stricter (it ends at a raw
tab in a comment, at NaN, at bytes that aren't UTF-8, which exporters do write). Lists of entries lie under a few names, at
little depth; whatever is small enough to be one entry is decoded at once, whatever is larger is walked member by member.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from amparo.sandbox.inside.hash_lists.lines import utf8

# No entry of any known format comes near; what is larger and no wrapper of entries is refused.
ENTRY_CHARACTERS = 1 << 20
DEPTH = 12
_PIECE_BYTES = 1 << 18
_WRAPPERS = ("value", "media", "cases", "data", "entries", "objects")
# A name in the usual ways to write it, so that a whole entry is looked at in one step.
_AS_WRITTEN = frozenset(each for name in _WRAPPERS for each in (name, name.capitalize(), name.upper()))
_SIGN = re.compile(r"[^ \t\r\n\ufeff\0]")


class Fault(Exception):
    """The JSON breaks off or is wrong here; the text says how, for people."""


class Member(NamedTuple):
    """A plain value of a wrapping object, such as the address of the data model."""

    name: str
    value: object


Entry = dict[str, object]


def entries(source: BinaryIO) -> Iterator[Entry | Member | str]:
    """Objects that hold no list of others, plain members of those that do, and texts of lists of texts, in the file's order.

    One value after another (a line each, or not) is read as well. Raises Fault where it can't go on.
    """
    text = _Buffer(source)
    while text.next_sign():
        yield from _value(text, 0)
        if text.next_sign() == ",":
            text.skip()


class _Buffer:
    """The text ahead, as much of it as is needed."""

    def __init__(self, source: BinaryIO) -> None:
        self._pieces = utf8(source, _PIECE_BYTES)
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._at = 0
        self._over = False
        self._decoder = json.JSONDecoder(strict=False)

    def _more(self) -> bool:
        if self._over:
            return False
        piece = next(self._pieces, None)
        self._over = piece is None
        self._text = self._text[self._at :] + self._utf8.decode(piece or b"", final=piece is None)
        self._at = 0
        return True

    def next_sign(self) -> str:
        """The next character that isn't blank, or "" at the end."""
        while (found := _SIGN.search(self._text, self._at)) is None:
            self._at = len(self._text)
            if not self._more():
                return ""
        self._at = found.start()
        return found[0]

    def skip(self) -> None:
        self._at += 1

    def decode(self) -> tuple[bool, object]:
        """The whole value ahead, and past it; (False, None) where there is none within ENTRY_CHARACTERS, or nested too deeply."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError:
                return False, None
            except json.JSONDecodeError:
                if len(self._text) - self._at < ENTRY_CHARACTERS and self._more():
                    continue
                return False, None
            except ValueError:  # a number of thousands of digits
                self._decoder = json.JSONDecoder(strict=False, parse_int=str)
                continue
            # A number may go on in the next piece.
            if end == len(self._text) and self._text[self._at] not in '{["' and self._more():
                continue
            self._at = end
            return True, value


def _value(text: _Buffer, depth: int) -> Iterator[Entry | Member | str]:
    sign = text.next_sign()
    if sign not in {"{", "["}:
        there, value = text.decode()
        if not there:
            raise Fault("it breaks off" if not sign else "there is no value where one should be")
        yield from _known(value, depth)
        return
    if depth >= DEPTH:
        raise Fault("it is nested more deeply than anything real")
    # A list is walked in any case: it may be everything there is.
    there, value = text.decode() if sign == "{" else (False, None)
    if there:
        yield from _known(value, depth)
    elif sign == "{":
        yield from _members(text, depth)
    else:
        yield from _items(text, depth)


def _items(text: _Buffer, depth: int) -> Iterator[Entry | Member | str]:
    text.skip()
    while (sign := text.next_sign()) != "]":
        if not sign:
            raise Fault("it breaks off")
        there, value = text.decode() if sign == "{" else (False, None)
        if isinstance(value, dict) and _AS_WRITTEN.isdisjoint(value):
            yield value  # an entry, nearly always
        elif there:
            yield from _known(value, depth + 1)
        elif sign == "{" and depth + 1 < DEPTH:
            yield from _members(text, depth + 1)
        else:
            yield from _value(text, depth + 1)
        after = text.next_sign()
        if after == ",":
            text.skip()
        elif after != "]":
            raise Fault("it breaks off" if not after else "a comma is missing")
    text.skip()


def _members(text: _Buffer, depth: int) -> Iterator[Entry | Member | str]:
    text.skip()
    while (sign := text.next_sign()) != "}":
        there, name = text.decode() if sign == '"' else (False, None)
        if not there or not isinstance(name, str) or text.next_sign() != ":":
            raise Fault("it breaks off" if not text.next_sign() else "a name is missing")
        text.skip()
        sign = text.next_sign()
        if name in _AS_WRITTEN and sign in {"[", "{"}:
            yield from _value(text, depth + 1)
        else:
            there, value = text.decode()
            if not there:
                raise Fault("it breaks off, or something in it is too long")
            if not isinstance(value, (dict, list)):
                yield Member(name, value)
        after = text.next_sign()
        if after == ",":
            text.skip()
        elif after != "}":
            raise Fault("it breaks off" if not after else "a comma is missing")
    text.skip()


def _known(value: object, depth: int) -> Iterator[Entry | Member | str]:
    """The same walk over a value that is already decoded."""
    if depth >= DEPTH:
        raise Fault("it is nested more deeply than anything real")
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _known(item, depth + 1)
    elif isinstance(value, dict):
        wrapped = [isinstance(value[name], (dict, list)) for name in value.keys() & _AS_WRITTEN]
        if not any(wrapped):
            yield value
            return
        for name, inner in value.items():
            if isinstance(inner, (dict, list)):
                if name in _AS_WRITTEN:
                    yield from _known(inner, depth + 1)
            else:
                yield Member(name, inner)
