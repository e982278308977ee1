"""Rich text (RTF) to plain text, in linear time: what Outlook packs into winmail.dat, and the odd body in rich text.

Text that was HTML before (the "fromhtml" of MS-OXRTFEX) carries its tags in groups of their own, which are left out with the rest.
"""

from __future__ import annotations

import re
import struct
import zlib

TEXT_CHARACTERS = 5_000_000
UNPACKED_BYTES = 64 << 20
GROUPS = 1_000

_TOKEN = re.compile(
    rb"\\'([0-9A-Fa-f]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\([^a-zA-Z])|([{}])|([\r\n]+)|([^\\{}\r\n]+)", re.DOTALL
)
_BREAKS = {b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"cell": "\t", b"tab": "\t"}
_SIGNS = {
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"bullet": "•",
    b"endash": "–",
    b"emdash": "—",
}
# Groups that hold tables and pictures, not words.
_SILENT = frozenset(
    [
        b"fonttbl",
        b"colortbl",
        b"stylesheet",
        b"info",
        b"pict",
        b"object",
        b"header",
        b"footer",
        b"themedata",
        b"datastore",
    ]
)
_PAGES = {
    437: "cp437",
    850: "cp850",
    932: "cp932",
    936: "gb18030",
    949: "cp949",
    950: "big5",
    65001: "utf-8",
    874: "cp874",
}


def text_of_rtf(data: bytes) -> str:
    """The words of the document; "" where it is none."""
    if not data.lstrip()[:5].startswith(b"{\\rtf"):
        return ""
    return _Reading(data).text()


class _Reading:
    """One pass over the tokens. A group's state is (silent, bytes that a \\u is followed by)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._codec = "cp1252"
        self._out: list[str] = []
        self._letters = bytearray()  # bytes of the code page, decoded together: a letter may have two
        self._size = 0
        self._silent, self._after_u, self._skip, self._hidden = False, 1, 0, False

    def text(self) -> str:
        groups: list[tuple[bool, int]] = []
        beyond = 0
        for found in _TOKEN.finditer(self._data):
            code, word, number, sign, brace, _, plain = found.groups()
            if brace == b"{":
                if len(groups) >= GROUPS:
                    beyond += 1
                else:
                    groups.append((self._silent, self._after_u))
            elif brace == b"}":
                if beyond:
                    beyond -= 1
                elif groups:
                    self._settle()
                    self._silent, self._after_u = groups.pop()
            elif word is not None:
                self._word(word, int(number) if number else None)
            elif sign is not None:
                self._sign(sign)
            else:
                self._bytes(bytes([int(code, 16)]) if code else plain or b"")
            if self._size > TEXT_CHARACTERS:
                break
        self._settle()
        return re.sub(r"\n{3,}", "\n\n", "".join(self._out).replace("\0", "")).strip()

    def _word(self, word: bytes, number: int | None) -> None:
        if word == b"u" and number is not None:
            self._put(chr(number & 0xFFFF))
            self._skip = self._after_u
        elif word == b"uc":
            self._after_u = min(max(number or 0, 0), 10)
        elif word == b"ansicpg" and number:
            name = _PAGES.get(number, f"cp{number}")
            self._codec = name if name in _KNOWN else "cp1252"
        elif word == b"htmlrtf":
            self._hidden = number != 0
        elif word in _SILENT:
            self._silent = True
        elif word in _BREAKS or word in _SIGNS:
            self._put(_BREAKS.get(word) or _SIGNS[word])

    def _sign(self, sign: bytes) -> None:
        if sign == b"*":
            self._silent = True
        elif sign in b"{}\\":
            self._bytes(sign)
        elif sign == b"~":
            self._put("\xa0")
        elif sign in (b"\n", b"\r"):
            self._put("\n")

    def _bytes(self, plain: bytes) -> None:
        if self._skip:  # what stands behind a \u for readers that don't know it
            gone = min(self._skip, len(plain))
            self._skip, plain = self._skip - gone, plain[gone:]
        if plain and not self._silent and not self._hidden:
            self._letters += plain
            self._size += len(plain)

    def _put(self, text: str) -> None:
        if not self._silent and not self._hidden:
            self._settle()
            self._out.append(text)
            self._size += 1

    def _settle(self) -> None:
        if self._letters:
            self._out.append(self._letters.decode(self._codec, "replace"))
            self._letters.clear()


_KNOWN = frozenset({*_PAGES.values(), *(f"cp{number}" for number in range(1250, 1259)), "cp852", "cp866"})


def unpacked(data: bytes) -> bytes:
    """RTF that Outlook packed (MS-OXRTFCP: LZFu, or stored). Raises ValueError where it is none or is damaged."""
    if len(data) < 16:
        raise ValueError("no header")
    size, raw_size, magic, checksum = struct.unpack_from("<IIII", data)
    body = data[16 : size + 4]
    if magic == 0x414C454D:  # "MELA": stored
        return body[:raw_size]
    if magic != 0x75465A4C or raw_size > UNPACKED_BYTES:  # "LZFu"
        raise ValueError("not packed as rich text is")
    if zlib.crc32(body, 0xFFFFFFFF) ^ 0xFFFFFFFF != checksum:
        raise ValueError("checksum")
    return _unpacked(body, raw_size)


_PRELOADED = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def _unpacked(body: bytes, raw_size: int) -> bytes:
    window = bytearray(_PRELOADED.ljust(4096, b" "))
    write, place, out = len(_PRELOADED), 0, bytearray()
    while place < len(body) and len(out) < raw_size:
        control, place = body[place], place + 1
        for bit in range(8):
            if place >= len(body) or len(out) >= raw_size:
                break
            if not control >> bit & 1:
                piece, place = body[place : place + 1], place + 1
            else:
                if place + 2 > len(body):
                    return bytes(out)
                (reference,) = struct.unpack_from(">H", body, place)
                place += 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == write:
                    return bytes(out)
                for number in range(length):
                    letter = window[(offset + number) & 4095]
                    window[write] = letter
                    write = (write + 1) & 4095
                    out.append(letter)
                continue
            window[write] = piece[0]
            write = (write + 1) & 4095
            out += piece
    return bytes(out)
