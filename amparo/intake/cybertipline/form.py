"""A form with a file in it, read as it comes: the file goes on to whoever seals it and touches no disk on the way."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from django.http import HttpRequest
from django.http.multipartparser import ChunkIter, LazyStream, MultiPartParserError, Parser
from django.utils.http import parse_header_parameters

from amparo.intake.cybertipline import answers
from amparo.intake.cybertipline.tips import Coded

CHUNK = 1 << 16
HELD_BYTES = 32 << 20  # of a file that comes before its report's number
FIELD_CHARACTERS = 200
MOST_PARTS = 20


class _Whole:
    """A request's body, which says so where it ends before its length or its last boundary."""

    def __init__(self, request: HttpRequest, length: int, last: bytes) -> None:
        self._request, self._left, self._last = request, length, last
        self._tail = b""

    def read(self, size: int) -> bytes:
        block = self._request.read(min(size, self._left)) if self._left else b""
        self._left -= len(block)
        self._tail = (self._tail + block)[-len(self._last) - 64 :]
        if (not block and self._left) or (not self._left and self._last not in self._tail):
            raise Coded(answers.MALFORMED_FILE, "The form broke off before its end: send it again.")
        return block


class _File(io.RawIOBase):
    """One part of the form as a stream."""

    def __init__(self, part: Any) -> None:
        super().__init__()
        self._part = part

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._part.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def take_file(request: HttpRequest, take: Callable[[str, str, str, BinaryIO], Any]) -> Any:
    """What `take` makes of (id, the file's name, its media type, its bytes). Raises Coded for another form.

    A file before its id is held in memory, and refused where it is large.
    """
    kind, options = parse_header_parameters(request.META.get("CONTENT_TYPE", ""))
    boundary = options.get("boundary", "")
    length = request.META.get("CONTENT_LENGTH") or ""
    if kind != "multipart/form-data" or not boundary or len(boundary) > FIELD_CHARACTERS or not boundary.isascii():
        raise Coded(answers.MALFORMED_FILE, "Send a form (multipart/form-data) with the fields id and file.")
    if not (length.isascii() and length.isdecimal()):
        raise Coded(answers.MALFORMED_FILE, "Say how long the form is (Content-Length).")
    body = _Whole(request, int(length[:20]), b"--" + boundary.encode() + b"--")
    try:
        return _taken(LazyStream(ChunkIter(cast("Any", body), CHUNK)), boundary.encode(), take)
    except (MultiPartParserError, AssertionError) as error:
        raise Coded(answers.MALFORMED_FILE, "This form can't be read.") from error


def _taken(stream: Any, boundary: bytes, take: Callable[[str, str, str, BinaryIO], Any]) -> Any:
    report, held, taken = "", None, None
    for number, (_kind, about, part) in enumerate(Parser(stream, boundary)):
        if number >= MOST_PARTS:
            raise Coded(answers.MALFORMED_FILE, "This form has too many fields: id and file are enough.")
        named = about.get("content-disposition", ("", {}))[1]
        name = _decoded(named.get("name"))
        if name == "id" and not report:
            report = part.read(FIELD_CHARACTERS).decode("ascii", "replace")
        elif name == "file" and taken is None and held is None:
            file_name = _decoded(named.get("filename"))
            media_type = about.get("content-type", ("", {}))[0].strip()
            if report:
                taken = take(report, file_name, media_type, io.BufferedReader(_File(part)))
            else:
                held = (file_name, media_type, part.read(HELD_BYTES + 1))
                if len(held[2]) > HELD_BYTES:
                    raise Coded(answers.MALFORMED_FILE, "Name the report (id) before the file in the form.")
    if taken is None and held is not None:
        taken = take(report, held[0], held[1], io.BytesIO(held[2]))
    if taken is None:
        raise Coded(answers.MALFORMED_FILE, "This form has no file.")
    return taken


def _decoded(said: bytes | str | None) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said or ""
