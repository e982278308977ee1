"""A chat's reading as the sandbox's child wrote it, looked at before it is passed on: it must be what it says it is.

Nine items of ten are of the one form that a glance knows, many at a time; every other line is decoded. Nothing is held but a block.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

from amparo.foundation.errors import Broken

_BLOCK_BYTES = 1 << 20
# A reader cuts what would be longer (inside/chats); what it cuts becomes an item of its own.
_LINE_BYTES = 512 << 20
_TEXT = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER = "[1-9][0-9]*+"
_PLAIN = re.compile(
    rf'(?:\{{"item":"message","ts":"[-0-9T:]++","sender":{_TEXT},"kind":"text","text":{_TEXT},"media":null,"raw":{_TEXT},'
    rf'"line":{_NUMBER},"lines":{_NUMBER}(?:,"(?!item")[a-z_]++":(?:{_TEXT}|{_NUMBER}|true))*+\}},\n)*+'
)
# Unseen marks turn a terminal's line round, and some controls are orders to it: in JSON they can be written as what they are.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_BEGIN, _NONE, _END = '"items":[\n', '"items":[],\n', "],\n"


def print_reading(found: BinaryIO, to: TextIO) -> None:
    """Writes it, an item a line. Raises Broken where it is not of its form."""
    opening, begin = (found.readline(_BLOCK_BYTES).decode("utf-8", "replace") for _ in range(2))
    _object(opening.removesuffix(",\n") + "}")
    if begin not in {_BEGIN, _NONE} or not opening.endswith(",\n"):
        raise _untrue()
    to.write(_shown(opening) + begin)
    closing = _items(found, to) if begin == _BEGIN else "".join(_blocks(found))
    if closing.count("\n") != 1 or not closing.endswith("\n"):
        raise _untrue()
    _object("{" + closing)
    to.write(_shown(closing))
    to.flush()


def _items(found: BinaryIO, to: TextIO) -> str:
    """Writes the items and the end of their list; gives what follows."""
    blocks, goes_on = _blocks(found), True
    for block in blocks:
        place = 0
        while (place := _behind_plain(block, place) if goes_on else place) < len(block):
            end = block.find("\n", place) + 1 or len(block)
            line, place = block[place:end], end
            if not goes_on and line == _END:
                to.write(_shown(block[:end]))
                return block[end:] + "".join(blocks)
            if not goes_on or _object(line.rstrip("\n").removesuffix(",")).get("item") not in {"message", "event"}:
                raise _untrue()
            goes_on = line.endswith(",\n")
        to.write(_shown(block))
    raise _untrue()


def _behind_plain(block: str, place: int) -> int:
    found = _PLAIN.match(block, place)
    return found.end() if found else place


def _blocks(found: BinaryIO) -> Iterator[str]:
    """What is left, some whole lines at a time; the last may have no end."""
    rest: list[bytes] = []
    size_bytes = 0
    while read := found.read(_BLOCK_BYTES):
        end = read.rfind(b"\n") + 1
        if end:
            yield b"".join((*rest, read[:end])).decode("utf-8", "replace")
            rest, size_bytes = [], 0
        rest.append(read[end:])
        size_bytes += len(read) - end
        if size_bytes > _LINE_BYTES:
            raise _untrue()
    if size_bytes:
        yield b"".join(rest).decode("utf-8", "replace")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _untrue() from error
    if not isinstance(value, dict):
        raise _untrue()
    return value


def _no_number(word: str) -> object:
    raise ValueError(word)


def _untrue() -> Broken:
    return Broken(
        "The sandbox's answer is not of its form. Nothing of it is to be believed; keep the file and report this."
    )


def _shown(text: str) -> str:
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
