"""A list's bytes as UTF-8 in pieces, and as blocks of whole lines. Never more than a block and a line are held."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

CHUNK_BYTES = 1 << 20
# No format read here has a longer line, save JSON on one line, which is not read by lines.
LINE_BYTES = 1 << 20

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

Told = Callable[[int, str], None]


def charset_of(head: bytes) -> tuple[str, int]:
    """The charset that the first bytes show, and how many of them are its mark. UTF-16 is known without a mark as well."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    if len(head) >= 4 and head[1] == 0 == head[3] and head[0] and head[2]:
        return "utf-16-le", 0
    if len(head) >= 4 and head[0] == 0 == head[2] and head[1] and head[3]:
        return "utf-16-be", 0
    return "utf-8", 0


def utf8(source: BinaryIO, chunk_bytes: int) -> Iterator[bytes]:
    """The whole source in pieces, as UTF-8 without a mark; what is neither UTF-8 nor UTF-16 comes as it is."""
    source.seek(0)
    charset, mark = charset_of(source.read(4))
    source.seek(mark)
    decoder = codecs.getincrementaldecoder(charset)("replace") if charset != "utf-8" else None
    while chunk := source.read(chunk_bytes):
        yield decoder.decode(chunk).encode() if decoder else chunk
    if decoder and (rest := decoder.decode(b"", final=True)):
        yield rest.encode()


class Block(NamedTuple):
    """Whole lines, each ended by b"\\n", and the number of the first (from 1)."""

    line: int
    data: bytes


def blocks(source: BinaryIO, told: Told) -> Iterator[Block]:
    """The source's lines in blocks, whatever system ended them.

    told: hears of each line that is longer than LINE_BYTES; such a line comes as an empty one.
    """
    line, rest, skipping = 1, b"", False
    for chunk in _one_line_end(utf8(source, CHUNK_BYTES)):
        data = chunk
        if skipping:
            end = data.find(b"\n")
            if end < 0:
                continue
            data, skipping = data[end:], False  # the line end itself stays: the line was there
        end = data.rfind(b"\n") + 1
        if end:
            block = rest + data[:end]
            yield Block(line, block)
            line += block.count(b"\n")
            rest = data[end:]
        else:
            rest += data
        if len(rest) > LINE_BYTES:
            told(line, f"this line is longer than {LINE_BYTES:,} bytes")
            rest, skipping = b"", True
    if rest:
        yield Block(line, rest + b"\n")


def _one_line_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        whole = held + piece
        held = b""
        if b"\r" in whole:
            if whole.endswith(b"\r"):
                whole, held = whole[:-1], b"\r"  # its b"\n" may begin the next piece
            whole = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield whole
    if held:
        yield b"\n"


def text_of(line: bytes) -> str:
    """UTF-8, else Windows-1252: spreadsheets still write it."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def warm() -> None:
    """Afterwards the charsets that are told by a mark are loaded; none could be opened later."""
    for name in {name for _, name in _MARKS} | {"cp1252"}:
        codecs.getincrementaldecoder(name)("replace").decode(b"", final=True)
