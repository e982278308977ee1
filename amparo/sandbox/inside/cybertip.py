"""A report in NCMEC's formats: the XML that platforms send (report, fileDetails) and the JSON that police receive.

What stands there comes out as a tree of names and texts; what it means is read outside (intake/cybertipline). A document type, and
with it every entity, is refused before anything of it is read. The order of elements and their namespace mean nothing here.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.parsers import expat

from amparo.sandbox.inside.decoding import text_of
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

LARGEST_BYTES = 64 << 20
DEPTH = 32
ELEMENTS = 200_000
DOCUMENTS = 20_000
ATTRIBUTES = 32
TEXT_CHARACTERS = 1_000_000  # of one element
_FORMS = {"report": "report", "fileDetails": "file_details"}
# What the parser reads itself, and the single-byte encodings that it can be taught.
_OWN = ("utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "iso-8859-1", "latin1", "us-ascii", "ascii")
_SINGLE_BYTE = ("windows-1252", "cp1252", "iso-8859-15", "iso-8859-2", "windows-1250", "windows-1251", "koi8-r")

Element = list[Any]  # [name, {attribute: text}, text, [Element, ...]]


def warm() -> None:
    """Afterwards the encodings are loaded that a document may name, and the parser has failed once."""
    for name in (*_OWN, *_SINGLE_BYTE):
        codecs.lookup(name)
    for name in _SINGLE_BYTE:
        _parsed(f'<?xml version="1.0" encoding="{name}"?><a/>'.encode("ascii"))
    for broken in (b"", b"<a>", b"<!DOCTYPE a><a/>", b'<?xml version="1.0" encoding="x-none"?><a/>'):
        try:
            _parsed(broken)
        except Unreadable:
            continue


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"form", "documents": count} and one blob: a JSON line for each document.

    form: report or file_details, one document each, an element as [name, {attribute: text}, text, [element, ...]]; or received, the
    JSON that police receive, one object a report. Raises Unreadable.
    """
    if len(data) > LARGEST_BYTES:
        raise Unreadable("too_big", "This document is larger than 64 MB.")
    form, documents = _documents(data)
    count = 0
    sink.begin(name="documents", type="application/x-ndjson")
    for document in documents:
        count += 1
        if count > DOCUMENTS:
            raise Unreadable(
                "too_big", f"This file holds more than {DOCUMENTS:,} reports. Split it and import the parts."
            )
        sink.write(json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")
    if not count:
        raise Unreadable("malformed", "There is no report in this document.")
    return {"form": form, "documents": count}


def _documents(data: bytes) -> tuple[str, Iterator[object]]:
    start = data[:4_096].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"{", b"["):
        return "received", _received(data)
    root = _parsed(data)
    if root[0] not in _FORMS:
        raise Unreadable("malformed", f"Its root is <{root[0][:60]}>; <report> or <fileDetails> is needed.")
    return _FORMS[root[0]], iter([root])


# --- XML -------------------------------------------------------------------------------------------------------------------


def _parsed(data: bytes) -> Element:
    try:
        return _tree(data, None)
    except expat.ExpatError as error:
        # Writers that build a text first declare UTF-16 and then send UTF-8.
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_INCORRECT_ENCODING] and _is_utf_8(data):
            try:
                return _tree(data, "utf-8")
            except expat.ExpatError as again:
                error = again
        raise Unreadable(
            "malformed",
            f"This is no well-formed XML: {expat.ErrorString(error.code)}, in line {error.lineno}, column {error.offset}.",
        ) from error
    except (LookupError, UnicodeError) as error:
        raise _of_no_encoding() from error


def _of_no_encoding() -> Unreadable:
    return Unreadable("malformed", "This XML is in an encoding that isn't read here. Send it as UTF-8.")


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _tree(data: bytes, encoding: str | None) -> Element:
    builder = _Builder()
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.XmlDeclHandler = _known_encoding
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.EntityDeclHandler = _no_document_type
    parser.ExternalEntityRefHandler = _no_document_type
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.Parse(data, True)
    return builder.root()


def _known_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding and encoding.lower() not in (*_OWN, *_SINGLE_BYTE):
        raise _of_no_encoding()


def _no_document_type(*_given: object) -> int:
    raise Unreadable("malformed", "This XML declares a document type or entities. Send it without them.")


class _Builder:
    """Elements as they come, within limits."""

    def __init__(self) -> None:
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._lengths: list[int] = []
        self._root: Element | None = None
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > ELEMENTS:
            raise Unreadable("too_big", f"This XML has more than {ELEMENTS:,} elements.")
        if len(self._open) >= DEPTH:
            raise Unreadable("malformed", f"This XML is nested more than {DEPTH} deep.")
        if len(attributes) > ATTRIBUTES:
            raise Unreadable("malformed", f"An element of this XML has more than {ATTRIBUTES} attributes.")
        kept = {
            _local(each): value for each, value in attributes.items() if not each.startswith(("xmlns", "xsi:", "xml:"))
        }
        element: Element = [_local(name), kept, "", []]
        if self._open:
            self._open[-1][3].append(element)
        else:
            self._root = element
        self._open.append(element)
        self._texts.append([])
        self._lengths.append(0)

    def text(self, text: str) -> None:
        self._lengths[-1] += len(text)
        if self._lengths[-1] > TEXT_CHARACTERS:
            raise Unreadable(
                "too_big", f"A text in this XML has more than {TEXT_CHARACTERS:,} characters. Send it as a file."
            )
        self._texts[-1].append(text)

    def end(self, _name: str) -> None:
        element = self._open.pop()
        self._lengths.pop()
        element[2] = "".join(self._texts.pop()).strip()

    def root(self) -> Element:
        if self._root is None:
            raise Unreadable("malformed", "This XML is empty.")
        return self._root


def _local(name: str) -> str:
    """A name without its namespace's prefix."""
    return name.rpartition(":")[2]


# --- JSON ------------------------------------------------------------------------------------------------------------------


def _received(data: bytes) -> Iterator[object]:
    text, _ = text_of(data)
    try:
        value = json.loads(text.lstrip("\ufeff"), parse_constant=_no_number)
    except ValueError as error:
        raise Unreadable("malformed", "This JSON cannot be read.") from error
    reports = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) and "reportedInformation" in each for each in reports):
        raise Unreadable(
            "malformed",
            "This JSON is not the form in which police receive CyberTipline reports: reportedInformation is missing.",
        )
    for each in reports:
        yield _within(each, DEPTH)


def _no_number(name: str) -> float:
    raise Unreadable("malformed", f"This JSON holds {name}, which is no number.")


def _within(value: object, left: int) -> object:
    """The value with its numbers as texts: 32-bit identifiers and 20-digit ones come out as they stood."""
    if left < 0:
        raise Unreadable("malformed", f"This JSON is nested more than {DEPTH} deep.")
    if isinstance(value, dict):
        return {str(name)[:200]: _within(each, left - 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_within(each, left - 1) for each in value]
    if isinstance(value, bool) or value is None:
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:TEXT_CHARACTERS]
