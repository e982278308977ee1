"""What the form sends: two sealed letters in the spool, content and identity, as the mail door leaves them. No Django.

A file `<arrival>.form` holds

    "amparoW1"  arrival (16)  received_at, microseconds since 1970 (8)  length of the identity letter (8)  identity letter  content

The content letter holds a JSON head, the report's document and the files, one behind the other. Numbers are big-endian. The
arrival's id comes from what was sent and its form's number: sent twice it is one file, and one report.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from amparo.foundation.canonical import canonical_bytes
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.intake import spool
from amparo.vault import envelope
from amparo.vault.envelope import Binding
from amparo.vault.keys import CONTENT, IDENTITY, ProcessKeys, PublicKey, public_key

MAGIC = b"amparoW1"
_FRAME = struct.Struct(">8s16sQQ")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FormFile:
    """A file that came with a form. name and media_type are the sender's own; neither is to be believed."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Submission:
    """What a reporter sent. nonce: the shown form's number. body: the typed statement. fields: as triage/stated.py says.

    mailbox: where answers go, with the public key that they are sealed to. name, contact: sealed apart.
    """

    nonce: str
    language: str
    body: str = field(repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    name: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)
    files: Sequence[FormFile] = ()
    mailbox: UUID | None = None
    public: bytes = field(default=b"", repr=False)

    @property
    def arrival(self) -> UUID:
        """The same for the same words and files of the same form; another one for anything changed."""
        said = canonical_bytes(
            [self.nonce, str(self.mailbox), self.body, self.fields, self.name, self.contact]
            + [[each.name, hashlib.sha256(each.content).hexdigest()] for each in self.files]
        )
        return UUID(bytes=hashlib.sha256(b"amparo form 1" + said).digest()[:16], version=5)

    def document(self, received_at: datetime) -> bytes:
        """The report's original: everything but who reported."""
        return canonical_bytes(
            {
                "channel": "form",
                "received_at": received_at.isoformat(),
                "text": self.body,
                "language": self.language,
                "fields": self.fields,
            }
        )

    @property
    def identity_lines(self) -> bytes:
        said = (("Name", self.name), ("Contact", self.contact))
        return "".join(f"{label}: {' '.join(value.split())}\r\n" for label, value in said if value.strip()).encode()


@dataclass(frozen=True)
class FormLetter:
    """What the worker reads of a submission; the identity letter stays sealed."""

    arrival: UUID
    received_at: datetime
    document: bytes = field(repr=False)
    said: dict[str, Any] = field(repr=False)  # the document, read
    files: tuple[FormFile, ...]
    mailbox: UUID
    public: bytes = field(repr=False)
    identity_letter: bytes = field(repr=False)


class FormSpool:
    """The writing side: two public keys and nothing that opens."""

    def __init__(self, home: Home, process: str = "form") -> None:
        self._folder = home.spool
        (self._folder / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._content, self._identity = (public_key(home, process, name) for name in (CONTENT, IDENTITY))

    def put(self, sent: Submission, received_at: datetime) -> UUID:
        """The arrival's id, once its letters are on the disk. OSError where the disk refuses; then nothing of it is left behind."""
        arrival = sent.arrival
        spool.lay_down(self._folder, f"{arrival}.form", self._sealed(arrival, sent, received_at))
        return arrival

    def _sealed(self, arrival: UUID, sent: Submission, received_at: datetime) -> Iterator[bytes]:
        document = sent.document(received_at)
        digest, lines = hashlib.sha256(document).hexdigest(), sent.identity_lines
        identity = spool.sealed_identity(arrival, "", "form", digest, lines, self._identity) if lines else b""
        head = {
            "mailbox": str(sent.mailbox),
            "public": base64.b64encode(sent.public).decode(),
            "document_bytes": len(document),
            "document_sha256": digest,
            "others_sha256": hashlib.sha256(identity).hexdigest(),
            "files": [[each.name, each.media_type, len(each.content)] for each in sent.files],
        }
        yield _FRAME.pack(MAGIC, arrival.bytes, (received_at - _EPOCH) // timedelta(microseconds=1), len(identity))
        yield identity
        plain = spool.packed(head, document, *(each.content for each in sent.files))
        yield from envelope.letter_pieces(plain, self._content.public, _binding(arrival, self._content))


def _binding(arrival: UUID, key: PublicKey) -> Binding:
    return Binding(arrival, key.compartment)


# --- The collecting side -------------------------------------------------------------------------------------------------


def waiting(home: Home) -> list[spool.Arrival]:
    """What the form left in the spool, oldest first."""
    found = []
    for path in home.spool.glob("*.form"):
        with contextlib.suppress(ValueError, FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path.name, spool.Arrival(UUID(path.stem), path)))
    return [arrival for *_, arrival in sorted(found, key=lambda each: each[:2])]


def read(arrival: spool.Arrival, unlock: ProcessKeys) -> FormLetter:
    """Opens the content letter. Broken when a byte of the file was changed (then set it aside), Refused without the key."""
    stored = arrival.path.read_bytes()
    if len(stored) < _FRAME.size:
        raise _broken(arrival.path)
    magic, named, microseconds, identity_bytes = _FRAME.unpack_from(stored)
    end = _FRAME.size + identity_bytes
    if magic != MAGIC or named != arrival.uuid.bytes or end > len(stored) or microseconds > 2**60:
        raise _broken(arrival.path)
    identity = stored[_FRAME.size : end]
    compartment = unlock.compartment(CONTENT)
    plain = envelope.open_letter(stored[end:], unlock.private_key(compartment), Binding(arrival.uuid, compartment))
    try:
        return _read(arrival, plain, identity, _EPOCH + timedelta(microseconds=microseconds))
    except (KeyError, TypeError, ValueError, struct.error, binascii.Error) as error:
        raise _broken(arrival.path) from error


def _read(arrival: spool.Arrival, plain: bytes, identity: bytes, received_at: datetime) -> FormLetter:
    head, rest = spool.unpacked(plain)
    document = rest[: head["document_bytes"]]
    said = spool.unpacked(struct.pack(">I", len(document)) + document)[0]
    if (
        hashlib.sha256(identity).hexdigest() != head["others_sha256"]
        or hashlib.sha256(document).hexdigest() != head["document_sha256"]
        or said["received_at"] != received_at.isoformat()
    ):
        raise _broken(arrival.path)
    at, files = len(document), []
    for name, media_type, size in head["files"]:
        files.append(FormFile(name, media_type, rest[at : at + size]))
        at += size
    return FormLetter(
        arrival.uuid,
        received_at,
        document,
        said,
        tuple(files),
        UUID(head["mailbox"]),
        base64.b64decode(head["public"]),
        identity,
    )


def _broken(path: Path) -> Broken:
    return Broken(f"The arrival {path.name} was changed on disk: it is kept aside for a person to look at.")


def new_nonce() -> str:
    """A form's number: 128 bits, 32 hex digits."""
    return os.urandom(16).hex()
