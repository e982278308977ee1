"""What threatexchange and ThreatExchange write: lines of a type and a signal, the command line's cache, and the API's JSON.

    pdq 0f0f...                                    a local file of signals; also what `threatexchange dataset -P` prints
    vpdq ["0f0f...,100,0.000", ...]                a video's frames: one row, a PDQ each
    0f0f...,1122,2020-07-01T18:31:15+0000,tag tag  the command line's cache: signal, [number,] first descriptor, when, labels
    {"data": [{"indicator", "type", "should_delete", "descriptors"}]}   threat_updates; or descriptors with raw_indicator

Labels are the row's code, in the scheme "ThreatExchange", as they stand: nothing here says what a label means.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from amparo.sandbox.inside.frames import Facts
from amparo.sandbox.inside.hash_lists.json_stream import Entry, Fault, entries
from amparo.sandbox.inside.hash_lists.lines import blocks, text_of
from amparo.sandbox.inside.hash_lists.records import NO_CATEGORY, Found, Hash, reference
from amparo.sandbox.inside.hash_lists.signals import TYPES, hashes_of
from amparo.sandbox.inside.tables import column_name

SCHEME = "ThreatExchange"
_MOST_FRAMES = 1_000_000
_TYPE_LINE = re.compile(r"([A-Za-z][A-Za-z0-9_]{1,39})[ \t]+(\S.*)")
_HASH = re.compile(r"[0-9a-fA-F]{32,64}")
_CACHED = re.compile(r"\d+")
_WHEN = re.compile(r"mine|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?|\d{9,11}")
_CACHE_FILE = re.compile(r"simple\.(\w+)\.te")
_OWN_TYPES = frozenset(
    {"vpdq", "url", "url_md5", "raw_text", "trend_query", "tlsh_pdf", "text_tlsh", "pdq_ocr", "raw_uri", "uri"}
)


def is_line(line: str) -> bool:
    """Whether this line is a known type and its signal."""
    match = _TYPE_LINE.fullmatch(line.strip())
    return match is not None and (column_name(match[1]) in TYPES or match[1].lower() in _OWN_TYPES)


def is_cached(line: str) -> bool:
    """Whether this is a row of the command line's cache: a hash, a number or two, when, labels."""
    try:
        cells = [cell.strip() for cell in next(csv.reader([line]), [])]
    except csv.Error:
        return False
    shapes = {4: (_CACHED, _WHEN), 5: (_CACHED, _CACHED, _WHEN)}
    shape = shapes.get(len(cells))
    if shape is None or not _HASH.fullmatch(cells[0]):
        return False
    return all(form.fullmatch(cell) for form, cell in zip(shape, cells[1:-1], strict=True))


def read_lines(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """A type and its signal on each line; a line that is a JSON text alone is a vPDQ signal."""
    for block in blocks(source, found.problem):
        for number, line in enumerate(block.data.split(b"\n")[:-1], block.line):
            text = text_of(line).strip()
            if text and not text.startswith("#"):
                _take_line(found, number, text)
    return found.facts("threatexchange")


def _take_line(found: Found, number: int, text: str) -> None:
    match = _TYPE_LINE.fullmatch(text)
    if text[0] in "[{":
        _signal(found, number, "", "vpdq", text, NO_CATEGORY)
    elif match:
        name = column_name(match[1])
        # Behind the signal, the command line prints the collaboration and what it knows.
        signal = match[2] if name == "vpdq" else match[2].split(maxsplit=1)[0]
        _signal(found, number, "", name, signal, NO_CATEGORY)
    else:
        found.problem(number, "neither a type and its signal nor a comment")


def read_cache(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """options: `name`, the file's name, says the type of its signals (simple.HASH_PDQ.te); else a signal's length does.

    `bare` says what 64 digits are there: "pdq", or "sha256" (default).
    """
    named = _CACHE_FILE.fullmatch(str(options.get("name") or "").rpartition("/")[2])
    by_digits = {32: "md5", 40: "sha1", 64: "pdq" if options.get("bare") == "pdq" else "sha256"}
    for block in blocks(source, found.problem):
        for number, line in enumerate(block.data.split(b"\n")[:-1], block.line):
            cells = _cells(found, number, text_of(line))
            if not cells:
                continue
            name = column_name(named[1]) if named else by_digits.get(len(cells[0].strip()), "")
            if not name:
                found.problem(number, "not a hash of 32, 40 or 64 hexadecimal digits")
                continue
            labels = cells[-1].strip() if len(cells) > 3 else ""
            _signal(found, number, "", name, cells[0].strip(), found.category(SCHEME, labels))
    return found.facts("threatexchange")


def _cells(found: Found, number: int, line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        found.problem(number, "a cell that is too long")
        return []


def read_json(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """Answers of the API, one or many; and vPDQ signals that stand by themselves."""
    number = 0
    frames: list[str] = []
    try:
        for each in entries(source):
            if isinstance(each, str):
                frames.append(each)
                if len(frames) > _MOST_FRAMES:
                    raise Fault("more frames than a video has")
            elif isinstance(each, dict):
                number += 1
                _indicator(found, f"indicator {number:,}", each)
    except Fault as fault:
        found.problem(0, f"the file can't be read on from here: {fault}", f"after indicator {number:,}")
    if frames:
        _signal(found, 0, "the signal", "vpdq", frames, NO_CATEGORY)
    return found.facts("threatexchange")


def _indicator(found: Found, element: str, entry: Entry) -> None:
    if not entry.keys() & {"indicator", "raw_indicator"}:
        if entry and all(name.isdigit() for name in entry):
            _signal(found, 0, element, "vpdq", entry, NO_CATEGORY)
        else:
            found.problem(0, "no indicator", element)
        return
    signal, name = entry.get("indicator", entry.get("raw_indicator")), entry.get("type")
    number = [reference(SCHEME, str(entry["id"])[:80])] if "indicator" in entry and entry.get("id") is not None else []
    # A record without opinions was taken back as well (threatexchange reads it so).
    withdrawn = entry.get("should_delete") is True or ("should_delete" in entry and "descriptors" not in entry)
    if not isinstance(signal, str) or not isinstance(name, str):
        if withdrawn and number:
            found.add(number, withdrawn=True)
        else:
            found.problem(0, "its indicator or type is no text", element)
        return
    labels = " ".join(dict.fromkeys(_labels(entry)))
    code = found.category(SCHEME, labels)
    _signal(found, 0, element, column_name(name), signal.strip(), code, number, withdrawn=withdrawn)


def _labels(entry: Entry) -> Iterator[str]:
    """The labels of the entry and of its descriptors, sorted in each, as lists of texts or of {"text"}."""
    inner = entry.get("descriptors")
    listed = inner.get("data") if isinstance(inner, dict) else inner
    for each in [entry, *(listed if isinstance(listed, list) else [])]:
        tags = each.get("tags") if isinstance(each, dict) else None
        tags = tags.get("data") if isinstance(tags, dict) else tags
        texts = [tag.get("text") if isinstance(tag, dict) else tag for tag in (tags if isinstance(tags, list) else [])]
        yield from sorted(text for text in texts if isinstance(text, str) and text)


def _signal(
    found: Found,
    line: int,
    element: str,
    name: str,
    signal: object,
    code: int,
    more: list[Hash] | None = None,
    *,
    withdrawn: bool = False,
) -> None:
    """One signal of a type as a row, or what is wrong with it."""
    try:
        hashes = hashes_of(found, name, signal)
    except ValueError as problem:
        found.problem(line, str(problem), element)
        return
    if hashes:
        found.add([*hashes, *(more or [])], code, withdrawn=withdrawn)
