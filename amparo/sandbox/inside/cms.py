"""S/MIME's envelopes (CMS, RFC 5652) taken apart: what was signed, and of what is encrypted the pieces that a key's holder needs.

Lengths are read, in DER or BER with open ends as mail programs write it. No key comes in here, and no signature is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

DEPTH = 20
PIECES = 100_000
RECIPIENTS = 100

_PREFIX = bytes.fromhex("2a864886f70d0107")  # 1.2.840.113549.1.7
_KINDS = {
    _PREFIX + b"\x02": "signed",
    _PREFIX + b"\x03": "enveloped",
    bytes.fromhex("2a864886f70d0109100117"): "enveloped",  # authEnvelopedData
    bytes.fromhex("2a864886f70d0109100109"): "compressed",
}


# How the content is encrypted, and how its key is.
_CIPHERS = {
    "2a864886f70d0307": "3des-cbc",
    "608648016503040102": "aes128-cbc",
    "608648016503040116": "aes192-cbc",
    "60864801650304012a": "aes256-cbc",
    "608648016503040106": "aes128-gcm",
    "60864801650304011a": "aes192-gcm",
    "60864801650304012e": "aes256-gcm",
}
_RSA, _OAEP = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d010107")
_HASHES = {
    "2b0e03021a": "sha1",
    "608648016503040201": "sha256",
    "608648016503040202": "sha384",
    "608648016503040203": "sha512",
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


# --- What is encrypted ------------------------------------------------------------------------------------------------------


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """What a key's holder needs to open the envelope: the encrypted content is the only blob. Raises Unreadable.

    {"cipher", "iv", "tag", "attributes", "recipients": [{"serial", "key_id", "scheme", "key"}]}: bytes as hexadecimal digits.
    tag and attributes are those of AES-GCM (RFC 5084), else empty.
    """
    try:
        facts, content = _enveloped(data)
    except (ValueError, IndexError, StopIteration, RuntimeError) as error:  # every way in which a piece can be missing
        raise Unreadable(
            "malformed", "This encrypted envelope is damaged, or of a form that nothing here reads."
        ) from error
    sink.begin(name="content", type="application/octet-stream")
    sink.write(content)
    return facts


def _children(data: bytes, element: _Element) -> Iterator[_Element]:
    """The elements inside, in order."""
    place = element.start
    for _ in range(PIECES):
        if element.end is None:
            if data[place : place + 2] == b"\0\0":
                return
        elif place >= element.end:
            return
        child = _element(data, place)
        yield child
        place = _end(data, child)
    raise Malformed("in more pieces than anything")


def _bytes(data: bytes, element: _Element) -> bytes:
    if element.end is None:
        raise Malformed("an open end where none may be")
    return data[element.start : element.end]


def _enveloped(data: bytes) -> tuple[Facts, bytes]:
    if kind_of(data) != "enveloped":
        raise Malformed("not encrypted")
    _, holder = list(_children(data, _element(data, 0)))[:2]
    parts = list(_children(data, next(_children(data, holder))))
    recipients = next((part for part in parts if part.tag == 0x31), None)
    # EncryptedContentInfo is the first SEQUENCE behind the recipients; a MAC is an octet string behind it.
    behind = parts[parts.index(recipients) + 1 :] if recipients else []
    content = next((part for part in behind if part.tag == 0x30), None)
    if recipients is None or content is None:
        raise Malformed("nothing is encrypted")
    cipher, iv, sealed = _content(data, content)
    tag = next((_bytes(data, part) for part in behind if part.tag == 4), b"")
    if len(iv) > 32 or len(tag) > 16:
        raise Malformed("longer than any cipher's")
    attributes = next((part for part in behind if part.tag == 0xA1), None)
    return {
        "cipher": cipher,
        "iv": iv.hex(),
        "tag": tag.hex(),
        # Authenticated as a SET, whatever tag they travel under (RFC 5083, 2.2).
        "attributes": _as_set(data, attributes).hex() if attributes else "",
        "recipients": list(_recipients(data, recipients)),
    }, sealed


def _as_set(data: bytes, element: _Element) -> bytes:
    """The element's content under a SET's tag, in DER."""
    inside = _bytes(data, element)
    length = len(inside).to_bytes(4).lstrip(b"\0") or b"\0"
    return b"\x31" + (length if len(inside) < 0x80 else bytes([0x80 | len(length)]) + length) + inside


def _content(data: bytes, element: _Element) -> tuple[str, bytes, bytes]:
    """Cipher, its IV or nonce, and the encrypted bytes."""
    parts = list(_children(data, element))
    if len(parts) < 3 or parts[2].tag not in (0x80, 0xA0):
        raise Malformed("the content travels elsewhere")
    algorithm = list(_children(data, parts[1]))
    cipher = _CIPHERS.get(_bytes(data, algorithm[0]).hex(), "")
    if not cipher or len(algorithm) < 2:
        raise Malformed("a cipher that nothing here knows")
    parameter = algorithm[1]
    if cipher.endswith("gcm"):
        parameter = next(_children(data, parameter))
    iv = _bytes(data, parameter)
    sealed = _bytes(data, parts[2]) if parts[2].tag == 0x80 else _pieces(data, parts[2])
    return cipher, iv, sealed


def _pieces(data: bytes, element: _Element) -> bytes:
    return b"".join(_bytes(data, child) for child in _children(data, element) if child.tag == 4)


def _recipients(data: bytes, element: _Element) -> Iterator[dict[str, str]]:
    """Of each recipient with an RSA key: how the message names the certificate, and the encrypted key."""
    for count, recipient in enumerate(_children(data, element)):
        if count >= RECIPIENTS:
            return
        if recipient.tag != 0x30:  # for another kind of key, or a password
            continue
        _, who, algorithm, key = list(_children(data, recipient))[:4]
        serial = key_id = b""
        if who.tag == 0x30:
            serial = _bytes(data, list(_children(data, who))[1])
        elif who.tag == 0x80:
            key_id = _bytes(data, who)
        scheme, sealed = _scheme(data, algorithm), _bytes(data, key)
        if scheme and len(serial) <= 64 and len(key_id) <= 64 and len(sealed) <= 2_048:
            yield {"serial": serial.hex(), "key_id": key_id.hex(), "scheme": scheme, "key": sealed.hex()}


def _scheme(data: bytes, algorithm: _Element) -> str:
    """ "rsa", "rsa-oaep-HASH-MASKHASH" (RFC 8017, A.2.1: SHA-1 where nothing is said), or "" for another."""
    parts = list(_children(data, algorithm))
    name = _bytes(data, parts[0])
    if name == _RSA:
        return "rsa"
    if name != _OAEP:
        return ""
    digest = mask = "sha1"
    for each in _children(data, parts[1]) if len(parts) > 1 and parts[1].tag == 0x30 else ():
        inner = list(_children(data, next(_children(data, each))))
        if each.tag == 0xA0:
            digest = _HASHES.get(_bytes(data, inner[0]).hex(), "")
        elif each.tag == 0xA1:
            mask = _HASHES.get(_bytes(data, next(_children(data, inner[1]))).hex(), "")
    return f"rsa-oaep-{digest}-{mask}" if digest and mask else ""
