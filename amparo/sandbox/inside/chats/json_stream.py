"""JSON of any size, a value at a time: what encloses the values of interest is walked through, and never held whole.

Python's own decoder reads each value, so memory grows with the largest single one. Whoever walks says at each key whether
to go in, to take the value or to leave it out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from amparo.sandbox.inside.chats.source import Source

_DECODE = json.JSONDecoder(strict=False).raw_decode
_BLANK = " \t\r\n"
_BLANKS = re.compile(f"[{_BLANK}]*").match
_NEXT = re.compile(f"[{_BLANK}]*,[{_BLANK}]*").match
# A single value beyond this was made to fill the memory; what a chat program writes as one is a thousandth of it.
_VALUE_CHARACTERS = 32 << 20


class Broken(Exception):
    """Here the file stops being JSON."""


class Walk:
    """Stands at one place of the file; what lies behind is forgotten."""

    def __init__(self, data: BinaryIO) -> None:
        self._pieces = Source(data).pieces()
        self._text, self._place, self._ended = "", 0, False

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
                    found, end = _DECODE(self._text, self._place)
                except ValueError as error:
                    if self._ended:
                        raise Broken from error
                else:
                    # A number that ends with the text may go on behind it.
                    if end < len(self._text) or self._ended or self._text[end - 1] in '"}]':
                        self._place = end
                        return found
                # Tried again only when twice as much is there: a long value costs little more than its length.
                wanted = 2 * have
            if have > _VALUE_CHARACTERS:
                raise Broken
            self._more()

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
            # Most end in front of the next one: no need to look at each sign between them.
            while found := _NEXT(self._text, self._place):
                self._place = found.end()
                yield self.value()

    def rest(self) -> Iterator[str]:
        """All that was not gone past, in pieces."""
        while True:
            if left := self._text[self._place :]:
                yield left
            self._place = len(self._text)
            if not self._more():
                return
