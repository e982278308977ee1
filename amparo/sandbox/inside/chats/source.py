"""An export's text, a block at a time: its charset found, its line ends made one, its longest lines cut."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK_BYTES = 1 << 20
# A longer line is handed on in pieces: one that fills the file must not fill the memory.
LINE_CHARACTERS = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def charset_of(head: bytes) -> tuple[str, int]:
    """The charset by a file's first bytes, and how long its byte-order mark is. UTF-8, unless most of it is wrong as UTF-8."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    pairs = len(head) // 2
    for name, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        # Letters of Latin scripts have a zero byte on one side; text without a mark has none.
        if pairs > 8 and head[place::2].count(0) * 3 > pairs > head[1 - place :: 2].count(0) * 20:
            return name, 0
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
    wrong, foreign = text.count("\ufffd"), len(text) - len(text.encode("ascii", "ignore"))
    return ("cp1252", 0) if wrong * 2 > foreign else ("utf-8", 0)


def first_sign(head: bytes) -> str:
    """The first sign that is no blank and no mark, in any of the charsets: most files are told apart by it alone."""
    return head[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1].decode("latin-1")


def text_of(head: bytes) -> str:
    """The text of a file's first bytes, without what is cut off at their end."""
    charset, mark = charset_of(head)
    return codecs.getincrementaldecoder(charset)("replace").decode(head[mark:])


class Source:
    """A file's text. Each pass over `blocks` begins anew."""

    def __init__(self, data: BinaryIO) -> None:
        self._data = data
        data.seek(0)
        self.charset, self._mark = charset_of(data.read(_BLOCK_BYTES))

    def blocks(self) -> Iterator[tuple[str, bool]]:
        """Whole lines, without the last one's end, and whether the first goes on a line of the block before."""
        self._data.seek(self._mark)
        decode = codecs.getincrementaldecoder(self.charset)("replace").decode
        rest, goes_on, ended = "", False, False
        while not ended:
            read = self._data.read(_BLOCK_BYTES)
            ended = not read
            text = rest + decode(read, final=ended)
            if not ended and text.endswith("\r"):
                # What comes next may belong to this line end.
                text, kept = text[:-1], "\r"
            else:
                kept = ""
            if "\r" in text:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            if ended:
                if text:
                    yield text.removesuffix("\n"), goes_on
                return
            end = text.rfind("\n")
            if end >= 0:
                yield text[:end], goes_on
                rest, goes_on = text[end + 1 :] + kept, False
            elif len(text) > LINE_CHARACTERS:
                yield text, goes_on
                rest, goes_on = kept, True
            else:
                rest = text + kept

    def pieces(self) -> Iterator[str]:
        """The text as it is, cut anywhere."""
        self._data.seek(self._mark)
        decode = codecs.getincrementaldecoder(self.charset)("replace").decode
        while read := self._data.read(_BLOCK_BYTES):
            yield decode(read)
        if last := decode(b"", final=True):
            yield last

    def sample(self, characters: int = 1 << 20) -> str:
        """The text's beginning."""
        return next(self.blocks(), ("", False))[0][:characters]
