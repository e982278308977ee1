"""Lists of known hashes, in the formats that they are passed on in: one file a format, told or found by looking at the beginning.

A reader takes an open file that it may seek in, and hands over records (records.py) as it goes: its memory doesn't grow with the
list. Rows that can't be taken are named, kinds that nothing here can compare are counted, and what breaks off is read up to there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

from amparo.sandbox.inside.frames import Facts, Sink, Unreadable
from amparo.sandbox.inside.hash_lists import hma, lines, ncmec, own, text, threatexchange, vics
from amparo.sandbox.inside.hash_lists.lines import charset_of, text_of
from amparo.sandbox.inside.hash_lists.records import Found
from amparo.sandbox.inside.hash_lists.signals import is_frames

__all__ = ["FORMATS", "read"]

FORMATS = ("csv", "text", "icse", "ncmec", "vics", "threatexchange", "hma")
_HEAD_BYTES = 1 << 16
_HEAD_LINES = 20

Reader = Callable[[BinaryIO, Mapping[str, object], Found], Facts]


def read(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
    """One blob, `records`, and the facts: format, version, source, rows, hashes, categories, columns, unsupported, errors,
    errors_in_all.

    options: `format`, one of FORMATS, where it is known; `bare`, what 64 digits are that say nothing of themselves ("sha256",
    the default, or "pdq"); `name`, the file's name, which tells the type of some.
    """
    told = options.get("format")
    if told not in (None, "", *FORMATS):
        raise Unreadable("malformed", "This format is not one that Amparo reads.")
    return _reader(data, str(told or ""))(data, options, Found(sink))


def _reader(data: BinaryIO, told: str) -> Reader:
    """The reader for a format; for what the beginning looks like where none is told, or the format has several forms."""
    data.seek(0)
    head = data.read(_HEAD_BYTES)
    charset, mark = charset_of(head)
    text = text_of(head[mark:]) if charset == "utf-8" else head[mark:].decode(charset, "replace")
    start = text.replace("\r", "\n").lstrip(" \t\n\0")
    if told in {"ncmec", "vics", "hma"}:
        return {"ncmec": ncmec.read, "vics": vics.read, "hma": hma.read}[told]
    if told in {"csv", "text", "icse"}:
        return _table(start)
    if start.startswith("<"):
        return ncmec.read
    if start[:1] in {"{", "["}:
        return threatexchange.read_json if told else _json(start)
    first = next((line for line in start.split("\n")[:_HEAD_LINES] if line.strip() and not line.startswith("#")), "")
    if threatexchange.is_line(first):
        return threatexchange.read_lines
    if threatexchange.is_cached(first):
        return threatexchange.read_cache
    if told and "signal_type" not in first:
        return threatexchange.read_lines
    return _table(start)


def _table(start: str) -> Reader:
    return own.read if own.delimiter_of(start.partition("\n")[0]) else text.read


def _json(start: str) -> Reader:
    """By the names that stand in the beginning; what has none of them may still hold hashes by name, as VICS has."""
    if is_frames(start) or '"indicator"' in start or '"raw_indicator"' in start:
        return threatexchange.read_json
    lower = start.lower()
    if '"signals"' in lower and "odata." not in lower:
        return hma.read
    return vics.read


def warm() -> None:
    """Afterwards nothing that a reader needs is left to be loaded."""
    lines.warm()
