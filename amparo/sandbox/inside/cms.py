"""Signed S/MIME without a certificate's help: the content of a CMS SignedData (RFC 5652), and what kind of CMS bytes are.

Only lengths are read, in DER or BER with open ends; no key, no signature is checked here.
"""

from __future__ import annotations

from dataclasses import dataclass

DEPTH = 20
PIECES = 100_000

_PREFIX = bytes.fromhex("2a864886f70d0107")  # 1.2.840.113549.1.7
_KINDS = {
    _PREFIX + b"\x02": "signed",
    _PREFIX + b"\x03": "enveloped",
    bytes.fromhex("2a864886f70d0109100117"): "enveloped",  # authEnvelopedData
    bytes.fromhex("2a864886f70d0109100109"): "compressed",
}


class Malformed(ValueError):
    """These bytes are no CMS."""


@dataclass(frozen=True)
class _Element:
    """One BER element. An open one ends with two zero bytes, and where those are is known once it was walked."""

    tag: int
    start: int
    end: int | None

    @property
    def constructed(self) -> bool:
        return bool(self.tag & 0x20)


def kind_of(data: bytes) -> str:
    """ "signed", "enveloped", "compressed", or "" for anything else."""
    try:
        outer = _element(data, 0)
        oid = _element(data, outer.start)
        return _KINDS.get(data[oid.start : oid.end], "") if outer.tag == 0x30 and oid.tag == 6 else ""
    except (Malformed, IndexError):
        return ""


def signed_content(data: bytes) -> bytes:
    """What was signed. Raises Malformed; also where the content travels apart from its signature."""
    try:
        outer = _element(data, 0)
        oid = _element(data, outer.start)
        holder = _element(data, _end(data, oid))
        signed = _element(data, holder.start)
        version = _element(data, signed.start)
        digests = _element(data, _end(data, version))
        content = _element(data, _end(data, digests))
        kind = _element(data, content.start)
        explicit = _element(data, _end(data, kind))
        if content.tag != 0x30 or explicit.tag != 0xA0:
            raise Malformed("nothing is inside")
        return _octets(data, _element(data, explicit.start))
    except IndexError as error:
        raise Malformed("it ends early") from error


def _element(data: bytes, place: int) -> _Element:
    """The element at `place`. Raises Malformed, or IndexError past the end."""
    tag, length, start = data[place], data[place + 1], place + 2
    if tag & 0x1F == 0x1F:
        raise Malformed("a tag that CMS has not")
    if length == 0x80:
        if not tag & 0x20:
            raise Malformed("an open end where none may be")
        return _Element(tag, start, None)
    if length & 0x80:
        size = length & 0x7F
        if size > 6:
            raise Malformed("longer than anything")
        length, start = int.from_bytes(data[start : start + size]), start + size
    if start + length > len(data):
        raise Malformed("it ends early")
    return _Element(tag, start, start + length)


def _end(data: bytes, element: _Element, depth: int = 0) -> int:
    """Where what follows the element begins."""
    if element.end is not None:
        return element.end
    if depth > DEPTH:
        raise Malformed("nested too deeply")
    place = element.start
    for _ in range(PIECES):
        if data[place : place + 2] == b"\0\0":
            return place + 2
        place = _end(data, _element(data, place), depth + 1)
    raise Malformed("in more pieces than anything")


def _octets(data: bytes, element: _Element) -> bytes:
    """An octet string's bytes; one in pieces is joined."""
    if element.tag == 4:
        return data[element.start : element.end]
    if element.tag != 0x24:
        raise Malformed("no octets")
    pieces: list[bytes] = []
    place = element.start
    while data[place : place + 2] != b"\0\0" if element.end is None else place < element.end:
        piece = _element(data, place)
        if piece.tag != 4 or len(pieces) >= PIECES:
            raise Malformed("no octets")
        pieces.append(data[piece.start : piece.end])
        place = _end(data, piece)
    return b"".join(pieces)
