"""Sealed mail between the receiver, which can't open it, and the worker, which collects it. No Django, no database.

A mail is cut once, at its first empty line, and sealed as two letters under two keys:

    identity letter   envelope sender and the whole header block, byte for byte     -> the identity compartment
    content letter    headers that say how to read the body, our recipients, body   -> the content compartment

so that whoever examines a report doesn't learn who sent it. Together they are the original again, byte for byte (`rejoin`).

A file of the spool is named by the arrival's id (UUID version 7, so names sort by time) and holds

    "amparoA1"  arrival (16)  received_at, microseconds since 1970 (8)  length of the identity letter (8)  both letters

Inside each letter: length of a JSON head (4), the head, then bytes. Numbers are big-endian.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from amparo.foundation.durable import sync_folder
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.vault import envelope
from amparo.vault.envelope import Binding
from amparo.vault.keys import CONTENT, IDENTITY, ProcessKeys, PublicKey, public_key

MAGIC = b"amparoA1"
_FRAME = struct.Struct(">8s16sQQ")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What is needed to read the body, and what an analyst must see: nothing that names a person or a machine.
KEPT_HEADERS = frozenset(
    {b"mime-version", b"content-type", b"content-transfer-encoding", b"content-language", b"subject", b"date"}
)
_EMPTY_LINE = re.compile(rb"(?:\A|\n)\r?\n")
# Fields and their folded lines (RFC 5322, 2.2), after an mbox's first line perhaps; possessive, so linear on any input.
_FIELDS = re.compile(rb"((From [^\n]*+\n)?([!-9;-~]++[ \t]*+:[^\n]*+(\n[ \t][^\n]*+)*+(\n|\Z))++)?")


@dataclass(frozen=True)
class Mail:
    """A mail as it came off the wire. Addresses as in the SMTP commands; sender "<>" for a bounce."""

    raw: bytes = field(repr=False)  # a repr ends up in logs
    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    received_at: datetime
    via: str = "smtp"


@dataclass(frozen=True)
class Arrival:
    """A sealed mail lying in the spool."""

    uuid: UUID
    path: Path


@dataclass(frozen=True)
class ContentLetter:
    """What the worker may read of a mail, and the identity letter, still sealed, to be handed on.

    raw_sha256: of the whole original. The same mail delivered twice has the same one: collect it once.
    headers: the kept header lines as they stood, each with its line end. body: everything after the empty line.
    """

    arrival: UUID
    received_at: datetime
    recipients: tuple[str, ...] = field(repr=False)
    raw_sha256: str
    raw_size_bytes: int
    headers: bytes = field(repr=False)
    body: bytes = field(repr=False)
    identity_letter: bytes = field(repr=False)

    @property
    def message(self) -> bytes:
        """A mail again, with the kept headers only."""
        return self.headers + b"\r\n" + self.body


@dataclass(frozen=True)
class IdentityLetter:
    """Who sent a mail: the envelope's sender and every header, byte for byte up to and with the empty line."""

    sender: str = field(repr=False)
    via: str
    raw_sha256: str
    header_block: bytes = field(repr=False)


def split(raw: bytes) -> tuple[bytes, bytes]:
    """(header block with its empty line, body): cut at the first empty line, and nothing else is looked at.

    Only where that would hide a reporter's words among the headers is more done: what begins with no header at all is all
    body, and without any empty line the headers end where lines stop looking like headers.
    """
    fields = _FIELDS.match(raw)
    fields_end = fields.end() if fields else 0
    empty_line = _EMPTY_LINE.search(raw)
    end = empty_line.end() if empty_line and (fields_end or empty_line.start() == 0) else fields_end
    return raw[:end], raw[end:]


def kept_headers(header_block: bytes) -> bytes:
    """The lines of KEPT_HEADERS, folding and order kept, each ending in a line end.

    A line ends at LF alone: a bare CR within one must not start another.
    """
    kept, keeping = [], False
    for found in re.finditer(rb"[^\n]*\n|[^\n]+\Z", header_block):
        line = found[0]
        if line[:1] not in b" \t":
            keeping = line.partition(b":")[0].strip().lower() in KEPT_HEADERS
        if keeping and line.strip(b"\r\n"):
            kept.append(line if line.endswith(b"\n") else line + b"\r\n")
    return b"".join(kept)


class Spool:
    """The writing side: needs public keys, and nothing that opens."""

    def __init__(self, home: Home, content: PublicKey, identity: PublicKey) -> None:
        self._folder, self._parts = home.spool, home.spool / "tmp"
        self._parts.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._content, self._identity = content, identity

    @classmethod
    def of_process(cls, home: Home, process: str) -> Spool:
        """With the public keys in that process's folder."""
        return cls(home, public_key(home, process, CONTENT), public_key(home, process, IDENTITY))

    def put(self, mail: Mail) -> UUID:
        """The arrival's id, once its sealed letters are on the disk: written, synced, renamed, folder synced.

        OSError where the disk refuses; then nothing of the mail is left behind.
        """
        arrival = new_id()
        part = self._parts / f"{arrival}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                fcntl.flock(descriptor, fcntl.LOCK_EX)  # tells `sweep` that its writer lives
                for piece in self._sealed(arrival, mail):
                    file.write(piece)
                file.flush()
                os.fsync(descriptor)
                part.rename(self._folder / f"{arrival}.mail")
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)
        return arrival

    def _sealed(self, arrival: UUID, mail: Mail) -> Iterator[bytes]:
        header_block, body = split(mail.raw)
        raw_sha256 = hashlib.sha256(mail.raw).hexdigest()
        microseconds = (mail.received_at - _EPOCH) // timedelta(microseconds=1)
        identity = sealed_identity(arrival, mail.sender, mail.via, raw_sha256, header_block, self._identity)
        headers = kept_headers(header_block)
        head = {
            "recipients": list(mail.recipients),
            "received_at": microseconds,
            "raw_sha256": raw_sha256,
            "raw_size_bytes": len(mail.raw),
            "header_bytes": len(headers),
        }
        yield _FRAME.pack(MAGIC, arrival.bytes, microseconds, len(identity))
        yield identity
        yield from envelope.letter_pieces(
            _packed(head, headers, body), self._content.public, Binding(arrival, self._content.compartment)
        )

    def sweep(self) -> int:
        """Removes what writers that were killed left unfinished, and says how many: none of it was acknowledged."""
        swept = 0
        for part in self._parts.glob("*.part"):
            with contextlib.suppress(OSError), part.open("rb") as file:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink(missing_ok=True)
                swept += 1
        return swept


def sealed_identity(arrival: UUID, sender: str, via: str, raw_sha256: str, lines: bytes, key: PublicKey) -> bytes:
    """An identity letter (IdentityLetter), sealed to the identity compartment's key. lines: headers, or what a reporter said."""
    packed = _packed({"sender": sender, "via": via, "raw_sha256": raw_sha256}, lines)
    return envelope.seal_letter(packed, key.public, Binding(arrival, key.compartment))


# --- The collecting side -------------------------------------------------------------------------------------------------


def arrivals(home: Home) -> Iterator[Arrival]:
    """What lies in the spool now, oldest first."""
    for path in sorted(home.spool.glob("*.mail")):
        with contextlib.suppress(ValueError):
            yield Arrival(UUID(path.stem), path)


def read_letter(arrival: Arrival, unlock: ProcessKeys) -> ContentLetter:
    """Opens the content letter. Broken when a byte of the file was changed (then `set_aside` it), Refused without the key."""
    identity, content, received_at = _parted(arrival)
    compartment = unlock.compartment(CONTENT)
    plain = envelope.open_letter(content, unlock.private_key(compartment), Binding(arrival.uuid, compartment))
    try:
        head, rest = _unpacked(plain)
        said = _EPOCH + timedelta(microseconds=head["received_at"])
        letter = ContentLetter(
            arrival=arrival.uuid,
            received_at=received_at,
            recipients=tuple(head["recipients"]),
            raw_sha256=head["raw_sha256"],
            raw_size_bytes=head["raw_size_bytes"],
            headers=rest[: head["header_bytes"]],
            body=rest[head["header_bytes"] :],
            identity_letter=identity,
        )
    except (KeyError, TypeError, ValueError, OverflowError, struct.error) as error:
        raise _broken(arrival.path) from error  # sealed with our public key, by somebody else than our receiver
    if said != received_at or envelope.letter_binding(identity).item != arrival.uuid:
        raise _broken(arrival.path)
    return letter


def remove(arrival: Arrival) -> None:
    """Forgets an arrival that was taken in. Doing it twice does no harm."""
    arrival.path.unlink(missing_ok=True)
    sync_folder(arrival.path.parent)


def set_aside(arrival: Arrival) -> Path:
    """Moves a file that doesn't open out of the way, where it is kept for a person to look at."""
    aside = arrival.path.parent / "aside"
    aside.mkdir(mode=0o700, exist_ok=True)
    kept = aside / arrival.path.name
    arrival.path.rename(kept)
    sync_folder(aside)
    sync_folder(arrival.path.parent)
    return kept


def open_identity(letter: bytes, private: bytes, arrival: UUID) -> IdentityLetter:
    """Opens the identity letter of `arrival` with the identity compartment's private key. Raises Broken."""
    binding = Binding(arrival, envelope.letter_binding(letter).compartment)
    head, header_block = _unpacked(envelope.open_letter(letter, private, binding))
    return IdentityLetter(head["sender"], head["via"], head["raw_sha256"], header_block)


def rejoin(identity: IdentityLetter, content: ContentLetter) -> bytes:
    """The original mail, byte for byte. Broken when it isn't the one that arrived."""
    raw = identity.header_block + content.body
    if not hashlib.sha256(raw).hexdigest() == content.raw_sha256 == identity.raw_sha256:
        raise Broken("The two parts of this mail don't belong together.", arrival=content.arrival)
    return raw


def _parted(arrival: Arrival) -> tuple[bytes, bytes, datetime]:
    stored = arrival.path.read_bytes()
    if len(stored) < _FRAME.size:
        raise _broken(arrival.path)
    magic, named, microseconds, identity_bytes = _FRAME.unpack_from(stored)
    end = _FRAME.size + identity_bytes
    if magic != MAGIC or named != arrival.uuid.bytes or end > len(stored) or microseconds > 2**60:
        raise _broken(arrival.path)
    return stored[_FRAME.size : end], stored[end:], _EPOCH + timedelta(microseconds=microseconds)


def _broken(path: Path) -> Broken:
    return Broken(f"The arrival {path.name} was changed on disk: it is kept aside for a person to look at.")


def _packed(head: dict[str, Any], *parts: bytes) -> bytes:
    # Escaped ASCII, so that addresses in no known encoding (kept as surrogates) survive.
    text = json.dumps(head).encode("ascii")
    return b"".join((struct.pack(">I", len(text)), text, *parts))


def _unpacked(plain: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from(">I", plain)
    return json.loads(plain[4 : 4 + length]), plain[4 + length :]
