"""JSON of any size, a value at a time: what encloses the values of interest is walked through, and never held whole.

Python's own decoder reads each value, so memory grows with the largest single one. Whoever walks says at each key whether
to go in, to take the value or to leave it out. Where a key stands twice in one value, the last counts, as for every reader of JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, BinaryIO

from amparo.sandbox.inside.chats.source import Source


def _number(text: str) -> float | str:
    """As it is written where no float holds it: "1e999" would be infinite, which JSON can't say."""
    number = float(text)
    return number if isfinite(number) else text


def _whole_number(text: str) -> int | str:
    return int(text) if len(text) < 4_000 else text


_DECODER = json.JSONDecoder(strict=False, parse_constant=str, parse_float=_number)
_DECODE = _DECODER.raw_decode
_SCAN = _DECODER.scan_once  # type: ignore[attr-defined] # what raw_decode calls, without a step between
# Asked only where the first one gives up: Python makes no number of more than 4,300 digits.
_PATIENT = json.JSONDecoder(strict=False, parse_constant=str, parse_float=_number, parse_int=_whole_number).raw_decode
_BLANK = " \t\r\n"
_BLANKS = re.compile(f"[{_BLANK}]*").match
_NEXT = re.compile(f"[{_BLANK}]*,[{_BLANK}]*").match
_LINE_END = re.compile(r"\r?\n").match
_ENDS = '"}]'
# A single value beyond this was made to fill the memory; what a chat program writes as one is a thousandth of it.
_VALUE_CHARACTERS = 32 << 20
# So near the end of what is there, an error may be but a word or an escape that goes on.
_MAY_GO_ON = 16
# Telegram Desktop writes a control character as "\x1F", which JSON doesn't know.
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
_DEEPEST = 32


class Broken(Exception):
    """Here the file stops being JSON."""


def _is_shallow(value: Any, most: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    return most > 0 and all(
        _is_shallow(each, most - 1) for each in (value.values() if isinstance(value, dict) else value)
    )


class Walk:
    """Stands at one place of the file; what lies behind is forgotten."""

    def __init__(self, data: BinaryIO) -> None:
        self._pieces = Source(data).pieces()
        self._text, self._place, self._began, self._ended = "", 0, 0, False

    def _more(self) -> bool:
        if self._ended:
            return False
        piece = next(self._pieces, None)
        if piece is None:
            self._ended = True
            return False
        self._text, self._place = self._text[self._place :] + piece, 0
        return True

    def sign(self) -> str:
        """The next sign that isn't blank, without going past it; "" at the end."""
        while True:
            text = self._text
            self._place = _BLANKS(text, self._place).end()  # type: ignore[union-attr]
            if self._place < len(text):
                return text[self._place]
            if not self._more():
                return ""

    def take(self, wanted: str) -> bool:
        """Goes past this sign if it is the next one."""
        if self.sign() != wanted:
            return False
        self._place += 1
        return True

    def value(self) -> Any:
        """The next value, whole. Raises Broken where there is none or it is too large."""
        self.sign()
        wanted = 0
        while True:
            have = len(self._text) - self._place
            if have >= wanted or self._ended:
                try:
                    found, end = self._decoded()
                except json.JSONDecodeError as error:
                    if self._ended or self._is_certain(error):
                        raise Broken from error
                else:
                    # A number that ends with the text may go on behind it.
                    if end < len(self._text) or self._ended or self._text[end - 1] in _ENDS:
                        self._began, self._place = self._place, end
                        return found
                # Tried again only when twice as much is there: a long value costs little more than its length.
                wanted = 2 * have
            if have > _VALUE_CHARACTERS:
                raise Broken
            self._more()

    def _decoded(self) -> tuple[Any, int]:
        """The value here, and where it ends. Raises JSONDecodeError; Broken where it is nested beyond all measure."""
        try:
            return _DECODE(self._text, self._place)
        except json.JSONDecodeError as error:
            if not _ESCAPED.match(self._text, error.pos):
                raise
            self._text, self._place = _ESCAPED.sub(r"\1\\u00\2", self._text[self._place :]), 0
            return self._decoded()
        except ValueError:
            return _PATIENT(self._text, self._place)
        except RecursionError as error:
            raise Broken from error

    def _is_certain(self, error: json.JSONDecodeError) -> bool:
        """Whether more of the file would change nothing."""
        return error.pos + _MAY_GO_ON < len(self._text) and not error.msg.startswith("Unterminated string")

    def taken(self) -> str:
        """The value that was taken last, as the file has it. Only until the next step."""
        return self._text[self._began : self._place]

    def is_shallow(self, value: Any) -> bool:
        """Whether the value, taken last, is nested no deeper than anything real, so that whoever reads it again can."""
        count, began, ended = self._text.count, self._began, self._place
        return count("[", began, ended) + count("{", began, ended) <= _DEEPEST or _is_shallow(value, _DEEPEST)

    def entries(self) -> Iterator[str]:
        """The keys of the object that begins here; after each, its value must be gone past. Raises Broken."""
        if not self.take("{"):
            raise Broken
        if self.take("}"):
            return
        while True:
            if self.sign() != '"':
                raise Broken
            key = self.value()
            if not self.take(":"):
                raise Broken
            yield key
            if self.take("}"):
                return
            if not self.take(","):
                raise Broken

    def elements(self) -> Iterator[int]:
        """The numbers, from 1, of the elements of the list that begins here; each must be gone past. Raises Broken."""
        if not self.take("["):
            raise Broken
        if self.take("]"):
            return
        number = 0
        while True:
            number += 1
            yield number
            if self.take("]"):
                return
            if not self.take(","):
                raise Broken

    def values(self) -> Iterator[Any]:
        """The elements themselves, each whole. Raises Broken; what was not given yet is not gone past then."""
        for _ in self.elements():
            yield self.value()
            if found := _NEXT(self._text, self._place):
                yield from self._alike(found[0])

    def documents(self) -> Iterator[Any]:
        """The values that stand one behind the other, as in JSON lines. Raises Broken, as `values`."""
        while self.sign():
            yield self.value()
            if found := _LINE_END(self._text, self._place):
                yield from self._alike(found[0])

    def _alike(self, between: str) -> Iterator[Any]:
        """The values that are whole here and parted by the same signs as the two before: as a program writes them."""
        starts = self._text.startswith
        while starts(between, self._place):
            try:
                value, end = _SCAN(self._text, self._place + len(between))
            except (ValueError, StopIteration, RecursionError):
                return  # cut off here, or broken: `value` tells which
            if self._text[end - 1] not in _ENDS:
                return  # nor is a number over before more is seen
            self._began, self._place = self._place + len(between), end
            yield value

    def rest(self) -> Iterator[str]:
        """All that was not gone past, in pieces."""
        while True:
            if left := self._text[self._place :]:
                yield left
            self._place = len(self._text)
            if not self._more():
                return
