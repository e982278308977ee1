"""winmail.dat (TNEF, MS-OXTNEF): the text and the files that Outlook packs where the receiver is no Outlook.

A stream of attributes: level (1 byte), name (2), type (2), length (4), the bytes, a checksum (2). Numbers are little-endian. Newer
facts are MAPI properties inside two of these attributes. A damaged stream gives what stands before the damage, and says so.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from amparo.sandbox.inside.rtf import text_of_rtf, unpacked

SIGNATURE = b"\x78\x9f\x3e\x22"
ATTRIBUTES = 20_000
PROPERTIES = 2_000
FILES = 500

DAMAGED = "Its winmail.dat is damaged; what stands before the damage was read."

_HEAD = struct.Struct("<BHHI")
_BODY, _SUBJECT, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x800C, 0x8004, 0x9003, 0x9007
_RENDERING, _FILE_DATA, _FILE_TITLE, _FILE_PROPERTIES = 0x9002, 0x800F, 0x8010, 0x9005
# MAPI properties: the body in three forms, the subject; a file's bytes, its names, its type.
_P_SUBJECT, _P_BODY, _P_RTF, _P_HTML = 0x0037, 0x1000, 0x1009, 0x1013
_P_FILE, _P_DISPLAY, _P_SHORT_NAME, _P_LONG_NAME, _P_TYPE = 0x3701, 0x3001, 0x3704, 0x3707, 0x370E
_TEXT_TYPES = (0x001E, 0x001F)
_SIZES = {
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x000A: 4,
    0x000B: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
_EMBEDDED_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


@dataclass
class PackedFile:
    """A file in the stream. is_message: its bytes are such a stream again, a mail that was attached."""

    name: str = ""
    media_type: str = ""
    data: bytes = b""
    is_message: bool = False


@dataclass
class Unpacked:
    """html is bytes in `codec`, as text bodies are that weren't Unicode."""

    subject: str = ""
    text: str = ""
    html: str = ""
    files: list[PackedFile] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


def read(data: bytes) -> Unpacked:
    """What the stream holds. Never fails: bytes that are no such stream give nothing and a defect."""
    found = Unpacked()
    if not data.startswith(SIGNATURE):
        found.defects.append("Its winmail.dat is none.")
        return found
    codec, plain, rich = "cp1252", b"", b""
    for name, body, whole in _attributes(data):
        if not whole:
            found.defects.append(DAMAGED)
        if name == _CODE_PAGE and len(body) >= 4:
            codec = _codec(struct.unpack_from("<I", body)[0])
        elif name == _BODY:
            plain = body
        elif name == _SUBJECT:
            found.subject = _letters(body, codec)
        elif name == _MESSAGE_PROPERTIES:
            rich = _message(body, found, codec) or rich
        else:
            _file(name, body, found, codec)
    found.text = found.text or _letters(plain, codec)
    if not found.text.strip() and not found.html.strip() and rich:
        _read_rich(rich, found)
    found.files = [each for each in found.files if each.data or each.name]
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """(name, bytes, whether they are whole and as their checksum says), in order."""
    place = len(SIGNATURE) + 2
    for _ in range(ATTRIBUTES):
        if place + _HEAD.size > len(data):
            if place < len(data):
                yield 0, b"", False
            return
        level, name, _, size = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        body = data[place : place + size]
        cut = place + size + 2 > len(data)
        if level not in (1, 2):
            yield 0, b"", False
            return
        checksum = struct.unpack_from("<H", data, place + size)[0] if not cut else -1
        yield name, body, not cut and sum(body) & 0xFFFF == checksum
        place += size + 2


def _message(body: bytes, found: Unpacked, codec: str) -> bytes:
    """Takes the message's own properties; hands back its rich text, still packed."""
    rich = b""
    for name, kind, values in _properties(body):
        value = values[0] if values else b""
        if name == _P_SUBJECT and kind in _TEXT_TYPES:
            found.subject = _property_text(value, kind, codec) or found.subject
        elif name == _P_BODY and kind in _TEXT_TYPES:
            found.text = _property_text(value, kind, codec)
        elif name == _P_HTML:
            found.html = _property_text(value, kind, codec) if kind in _TEXT_TYPES else _letters(value, codec)
        elif name == _P_RTF:
            rich = value
    return rich


def _read_rich(rich: bytes, found: Unpacked) -> None:
    try:
        found.text = text_of_rtf(unpacked(rich))
    except ValueError:
        found.defects.append(DAMAGED)


def _file(name: int, body: bytes, found: Unpacked, codec: str) -> None:
    if name == _RENDERING and len(found.files) < FILES:
        found.files.append(PackedFile())
    if not found.files:
        return
    file = found.files[-1]
    if name == _FILE_DATA:
        file.data = file.data or body
    elif name == _FILE_TITLE:
        file.name = file.name or _letters(body, codec)
    elif name == _FILE_PROPERTIES:
        names: dict[int, str] = {}
        for number, kind, values in _properties(body):
            value = values[0] if values else b""
            if number == _P_FILE and value[:16] == _EMBEDDED_MESSAGE:
                file.data, file.is_message = value[16:], True
            elif number == _P_FILE and kind == 0x0102:
                file.data = file.data or value
            elif number == _P_FILE and kind == 0x000D:  # an object, behind the 16 bytes that name its kind
                file.data = file.data or value[16:]
            elif kind in _TEXT_TYPES:
                names[number] = _property_text(value, kind, codec)
        best = names.get(_P_LONG_NAME) or names.get(_P_SHORT_NAME) or file.name or names.get(_P_DISPLAY, "")
        file.name, file.media_type = best, names.get(_P_TYPE, "")


def _properties(body: bytes) -> Iterator[tuple[int, int, list[bytes]]]:
    """(number, type, values) of each MAPI property. Ends quietly where the bytes stop making sense."""
    if len(body) < 4:
        return
    count, place = struct.unpack_from("<I", body)[0], 4
    for _ in range(min(count, PROPERTIES)):
        if place + 4 > len(body):
            return
        kind, number = struct.unpack_from("<HH", body, place)
        place += 4
        if number >= 0x8000:  # a named one: 16 bytes of its family, then a number or a name
            if place + 24 > len(body):
                return
            by_name, size = struct.unpack_from("<II", body, place + 16)
            place += 24 + (size + (-size % 4) if by_name else 0)
        several, kind = kind & 0x1000, kind & 0xEFFF
        values = _values(body, place, kind, bool(several))
        if values is None:
            return
        yield number, kind, values[0]
        place = values[1]


def _values(body: bytes, place: int, kind: int, several: bool) -> tuple[list[bytes], int] | None:
    """The property's values and where the next property begins; None where they don't fit."""
    fixed = _SIZES.get(kind)
    count = 1
    if several or fixed is None:  # text and bytes always state how many
        if place + 4 > len(body):
            return None
        (count,) = struct.unpack_from("<I", body, place)
        place += 4
    values: list[bytes] = []
    for _ in range(min(count, PROPERTIES)):
        size = fixed
        if size is None:
            if place + 4 > len(body):
                return None
            (size,) = struct.unpack_from("<I", body, place)
            place += 4
        if place + size > len(body):
            return None
        values.append(body[place : place + size])
        place += size + (-size % 4)
    return values, place


def _property_text(value: bytes, kind: int, codec: str) -> str:
    return value.decode("utf-16-le", "replace").rstrip("\0") if kind == 0x001F else _letters(value, codec)


def _letters(value: bytes, codec: str) -> str:
    return value.rstrip(b"\0").decode(codec, "replace")


def _codec(page: int) -> str:
    known = {932: "cp932", 936: "gb18030", 949: "cp949", 950: "big5", 874: "cp874", 65001: "utf-8", 20127: "ascii"}
    known |= {
        20866: "koi8-r",
        21866: "koi8-u",
        28591: "cp1252",
        28592: "iso8859-2",
        28595: "iso8859-5",
        50220: "iso2022_jp",
    }
    return known.get(page, f"cp{page}" if 1250 <= page <= 1258 else "cp1252")
