"""Files written into a mail's text, as mail did before MIME and newsgroups still do: uuencode and yEnc."""

from __future__ import annotations

import binascii
import re
import zlib
from dataclasses import dataclass

FILES = 200
WRONG_LINES = 5
_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,300})\r?\n", re.MULTILINE)
_LINE = re.compile(rb"([^\r\n]*)(?:\r?\n|\r|\Z)")
_END = re.compile(rb"^(?:end|====)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_YBEGIN = re.compile(rb"^=ybegin ([^\r\n]{1,500})\r?\n(?:=ypart [^\r\n]{0,500}\r?\n)?", re.MULTILINE)
_YEND = re.compile(rb"^=yend([^\r\n]{0,500})(?:\r?\n|\Z)", re.MULTILINE)

DAMAGED = "A file written into the text is damaged; what could be decoded was."
CUT = "A file written into the text has no end; what there is of it was decoded."


@dataclass(frozen=True)
class Found:
    """A file in a text: its name as written, its bytes, and the sentence for what is wrong with it, or ""."""

    name: bytes
    data: bytes
    sentence: str


def files_in(text: bytes) -> tuple[bytes, list[Found]]:
    """The text without the files written into it, and those files in order. FILES beginnings are tried; the text keeps the rest."""
    if b"begin " not in text and b"begin-base64 " not in text:
        return text, []
    found: list[Found] = []
    left: list[bytes] = []
    starts, ends = (_Next(_BEGIN, text), _Next(_YBEGIN, text)), (_Next(_END, text), _Next(_YEND, text))
    place = 0
    for _ in range(FILES):
        begins = [each for each in (start.after(place) for start in starts) if each]
        if not begins:
            break
        begin = min(begins, key=lambda each: each.start())
        yenc = begin.re is _YBEGIN
        read = (_yenc if yenc else _uu)(text, begin, ends[yenc].after(begin.end()))
        if read is None:  # words, not a file: "begin 644 times over"
            left.append(text[place : begin.end()])
            place = begin.end()
            continue
        left.append(text[place : begin.start()])
        found.append(read[0])
        place = read[1]
    return b"".join(left) + text[place:], found


class _Next:
    """The next match at or after a place. Asked with rising places it walks the text once, whatever stands in it."""

    def __init__(self, pattern: re.Pattern[bytes], text: bytes) -> None:
        self._found = pattern.finditer(text)
        self._next = next(self._found, None)

    def after(self, place: int) -> re.Match[bytes] | None:
        while self._next and self._next.start() < place:
            self._next = next(self._found, None)
        return self._next


def decoded_lines(body: bytes) -> list[tuple[bytes, bytes]]:
    """(name, bytes) of every file in a part whose whole body is uuencoded."""
    return [(each.name, each.data) for each in files_in(body)[1]]


def _uu(text: bytes, begin: re.Match[bytes], end: re.Match[bytes] | None) -> tuple[Found, int] | None:
    last = end.start() if end else len(text)
    if begin[0].startswith(b"begin-base64"):
        plain = _base64(text[begin.end() : last])
        return (Found(begin[1].strip(), plain, "" if end else CUT), end.end() if end else last) if plain else None
    pieces: list[bytes] = []
    stop, bad = begin.end(), 0
    for line in _LINE.finditer(text, begin.end(), last):
        piece = _uu_line(line[1]) if end or _is_uu(line[1]) else None
        if piece is None and not end:
            break  # without an end, the file ends where lines stop looking like it
        bad += piece is None
        if bad > WRONG_LINES and bad * 2 > len(pieces):
            return None
        pieces.append(piece or b"")
        stop = line.end()
    if not any(pieces) or bad * 2 > len(pieces):
        return None
    sentence = DAMAGED if bad else "" if end else CUT
    return Found(begin[1].strip(), b"".join(pieces), sentence), end.end() if end else stop


def _uu_line(line: bytes) -> bytes | None:
    """The line's bytes; None where it is none of the encoding. Empty lines and the closing "`" give nothing."""
    if not line.strip() or line[:1] in b"` ":
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        size = ((line[0] - 32) & 63) * 4 + 5
        try:  # some encoders write rubbish behind the line's own length
            return binascii.a2b_uu(line[: size // 3])
        except binascii.Error:
            return None


def _is_uu(line: bytes) -> bool:
    return bool(line) and 33 <= line[0] <= 96 and abs(len(line.rstrip()) - 1 - -(-((line[0] - 32) & 63) // 3) * 4) <= 3


def _base64(lines: bytes) -> bytes:
    try:
        return binascii.a2b_base64(lines)
    except binascii.Error:
        return b""


def _yenc(text: bytes, begin: re.Match[bytes], end: re.Match[bytes] | None) -> tuple[Found, int] | None:
    """yEnc 1.3: every byte plus 42, with "=" before those that would be a line end, NUL or "="."""
    name = re.search(rb"\bname=(.*)\Z", begin[1])
    size = re.search(rb"\bsize=(\d{1,12})\b", begin[1])
    if not name or not size:
        return None
    body = text[begin.end() : end.start() if end else len(text)].replace(b"\r", b"").replace(b"\n", b"")
    escaped = re.sub(rb"=(.)", lambda found: bytes([(found[1][0] - 64) & 255]), body, flags=re.DOTALL)
    data = escaped.translate(_MINUS_42)
    checks = re.search(rb"\b(?:p?crc32)=([0-9A-Fa-f]{1,8})\b", end[1]) if end else None
    whole = checks is None or int(checks[1], 16) == zlib.crc32(data)
    sentence = CUT if not end else "" if whole else DAMAGED
    return Found(name[1].strip(), data, sentence), end.end() if end else len(text)


_MINUS_42 = bytes((code - 42) & 255 for code in range(256))
