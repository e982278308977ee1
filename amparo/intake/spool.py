"""Sealed mail between the receiver, which can't open it, and the worker, which collects it. No Django, no database.

A mail is cut once, at its first empty line, and sealed as three letters under three keys:

    identity letter   envelope sender and the whole header block, byte for byte     -> the identity compartment
    content letter    headers that say how to read the body, our recipients, body   -> the content compartment
    return letter     what an answer needs: the addresses and Message-IDs it names  -> the relay, which the courier opens

so that whoever examines a report doesn't learn who sent it. The first two are the original again, byte for byte (`rejoin`). A
delivery report names addresses in its text: all of it is in the identity letter, and the content letter has its codes alone.

A file of the spool is named by the arrival's id (UUID version 7, so names sort by time) and holds

    "amparoA2"  arrival (16)  received_at, microseconds since 1970 (8)  lengths of identity and return letter (8, 8)  the letters

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
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from amparo.foundation.durable import sync_folder
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake.postmarks import Postmarks, ReturnAddress, read_postmarks, return_address
from amparo.vault import envelope
from amparo.vault.envelope import Binding
from amparo.vault.keys import CONTENT, IDENTITY, RELAY, ProcessKeys, PublicKey, public_key, sender_key

MAGIC = b"amparoA2"
_FRAME = struct.Struct(">8s16sQQQ")
_OLD_MAGIC, _OLD_FRAME = b"amparoA1", struct.Struct(">8s16sQQ")  # of a spool that an upgrade found not empty
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What is needed to read the body, and what an analyst must see: nothing that names a person or a machine.
KEPT_HEADERS = frozenset(
    {
        b"mime-version",
        b"content-type",
        b"content-transfer-encoding",
        b"content-disposition",
        b"content-language",
        b"subject",
        b"date",
    }
)
# Of these a line that a mail program broke without folding is kept too: a boundary often stands in it.
_STRUCTURE = frozenset({b"content-type", b"content-disposition", b"content-transfer-encoding"})
# A delivery report's subject may name the address that failed.
_OF_DELIVERY_REPORTS = frozenset({b"date"})
_EMPTY_LINE = re.compile(rb"(?:\A|\n)\r?\n")
# Fields and their folded lines (RFC 5322, 2.2), after an mbox's first line perhaps; possessive, so linear on any input.
_FIELDS = re.compile(rb"((From [^\n]*+\n)?([!-9;-~]++[ \t]*+:[^\n]*+(\n[ \t][^\n]*+)*+(\n|\Z))++)?")
_FIELD_NAME = re.compile(rb"[!-9;-~]+[ \t]*:")
# Nobody types these: behind one odd line they still say that a mail's headers stand here.
_MACHINE_MADE = re.compile(
    rb"^(?:Received|Message-ID|MIME-Version|Content-Type|DKIM-Signature)[ \t]*:", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True)
class Mail:
    """A mail as it came in. Addresses as in the SMTP commands; sender "<>" for a bounce, "" where there was no envelope."""

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
    return_letter: for the courier, still sealed; empty where there is none.
    """

    arrival: UUID
    received_at: datetime
    recipients: tuple[str, ...] = field(repr=False)
    raw_sha256: str
    raw_size_bytes: int
    headers: bytes = field(repr=False)
    body: bytes = field(repr=False)
    identity_letter: bytes = field(repr=False)
    return_letter: bytes = field(repr=False)
    postmarks: Postmarks

    @property
    def message(self) -> bytes:
        """A mail again, with the kept headers only."""
        return self.headers + b"\r\n" + self.body


@dataclass(frozen=True)
class IdentityLetter:
    """Who sent a mail: the envelope's sender and every header, byte for byte up to and with the empty line.

    whole: of a delivery report `header_block` is the whole mail.
    """

    sender: str = field(repr=False)
    via: str
    raw_sha256: str
    header_block: bytes = field(repr=False)
    whole: bool = False


def split(raw: bytes) -> tuple[bytes, bytes]:
    """(header block with its empty line, body): cut at the first empty line, and nothing else is looked at.

    Only where that would hide a reporter's words among the headers is more done: what begins with no header at all is all
    body, and without any empty line the headers end where lines stop looking like headers.
    """
    fields = _FIELDS.match(raw)
    fields_end = (fields.end() if fields else 0) or _end_behind_an_odd_line(raw)
    empty_line = _EMPTY_LINE.search(raw)
    end = empty_line.end() if empty_line and (fields_end or empty_line.start() == 0) else fields_end
    return raw[:end], raw[end:]


def _end_behind_an_odd_line(raw: bytes) -> int:
    """Where the headers end of a mail whose first line alone is no header; 0 where what follows is none either."""
    second = raw.find(b"\n", 0, 2_000) + 1
    fields = _FIELDS.match(raw, second) if second else None
    ended = fields and raw[fields.end() : fields.end() + 2].startswith((b"\r\n", b"\n"))
    return fields.end() if fields and ended and _MACHINE_MADE.search(raw, second, fields.end()) else 0


def kept_headers(header_block: bytes, wanted: frozenset[bytes] = KEPT_HEADERS) -> bytes:
    """The lines of the `wanted` headers, folding and order kept, each ending in a line end.

    A line ends at LF alone: a bare CR within one must not start another.
    """
    kept, keeping, name = [], False, b""
    for found in re.finditer(rb"[^\n]*\n|[^\n]+\Z", header_block):
        line = found[0]
        if _FIELD_NAME.match(line):
            name = line.partition(b":")[0].strip().lower()
            keeping = name in wanted
        elif line[:1] not in b" \t":
            keeping = keeping and name in _STRUCTURE
            line = b" " + line  # folded, as it should have been
        if keeping and line.strip(b"\r\n"):
            kept.append(line if line.endswith(b"\n") else line + b"\r\n")
    return b"".join(kept)


class Spool:
    """The writing side: needs public keys and the key for tags, and nothing that opens."""

    def __init__(self, home: Home, content: PublicKey, identity: PublicKey, relay: PublicKey, tags: bytes) -> None:
        self._folder, self._parts = home.spool, home.spool / "tmp"
        self._parts.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._content, self._identity, self._relay, self._tags = content, identity, relay, tags

    @classmethod
    def of_process(cls, home: Home, process: str) -> Spool:
        """With the keys in that process's folder."""
        content, identity, relay = (public_key(home, process, name) for name in (CONTENT, IDENTITY, RELAY))
        return cls(home, content, identity, relay, sender_key(home))

    def put(self, mail: Mail) -> UUID:
        """The arrival's id, once its sealed letters are on the disk: written, synced, renamed, folder synced.

        OSError where the disk refuses; then nothing of the mail is left behind.
        """
        arrival = new_id()
        lay_down(self._folder, f"{arrival}.mail", self._sealed(arrival, mail))
        return arrival

    def _sealed(self, arrival: UUID, mail: Mail) -> Iterator[bytes]:
        header_block, body = split(mail.raw)
        raw_sha256 = hashlib.sha256(mail.raw).hexdigest()
        microseconds = (mail.received_at - _EPOCH) // timedelta(microseconds=1)
        postmarks = read_postmarks(header_block, body, mail.sender, mail.recipients, self._tags)
        whole = postmarks.is_delivery_report
        lines = mail.raw if whole else header_block
        identity = sealed_identity(arrival, mail.sender, mail.via, raw_sha256, lines, self._identity, whole=whole)
        back = _sealed_return(arrival, return_address(header_block, mail.sender), self._relay)
        headers = kept_headers(header_block, _OF_DELIVERY_REPORTS if whole else KEPT_HEADERS)
        body = b"" if whole else body
        head = {
            "recipients": list(mail.recipients),
            "received_at": microseconds,
            "raw_sha256": raw_sha256,
            "raw_size_bytes": len(mail.raw),
            "header_bytes": len(headers),
            "postmarks": asdict(postmarks),
            "others_sha256": hashlib.sha256(identity + back).hexdigest(),
        }
        yield _FRAME.pack(MAGIC, arrival.bytes, microseconds, len(identity), len(back))
        yield identity
        yield back
        yield from envelope.letter_pieces(
            packed(head, headers, body), self._content.public, Binding(arrival, self._content.compartment)
        )

    def sweep(self) -> int:
        """As `sweep` of this spool's folder."""
        return sweep(self._folder)


def lay_down(folder: Path, name: str, pieces: Iterable[bytes]) -> None:
    """The pieces are on the disk as `name` in the spool, whole or not at all: written, synced, renamed, folder synced. OSError."""
    part = folder / "tmp" / f"{new_id()}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # tells `sweep` that its writer lives
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(descriptor)
            part.rename(folder / name)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def sweep(folder: Path) -> int:
    """Removes what writers that were killed left unfinished in this spool, and says how many: none of it was acknowledged."""
    swept = 0
    for part in (folder / "tmp").glob("*.part"):
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink(missing_ok=True)
            swept += 1
    return swept


def sealed_identity(
    arrival: UUID, sender: str, via: str, raw_sha256: str, lines: bytes, key: PublicKey, *, whole: bool = False
) -> bytes:
    """An identity letter (IdentityLetter), sealed to the identity compartment's key. lines: headers, or what a reporter said."""
    letter = packed({"sender": sender, "via": via, "raw_sha256": raw_sha256, "whole": whole}, lines)
    return envelope.seal_letter(letter, key.public, Binding(arrival, key.compartment))


def _sealed_return(arrival: UUID, back: ReturnAddress, key: PublicKey) -> bytes:
    return envelope.seal_letter(back.as_bytes(), key.public, Binding(arrival, key.compartment))


# --- The collecting side -------------------------------------------------------------------------------------------------


def arrivals(home: Home) -> Iterator[Arrival]:
    """What lies in the spool now, oldest first."""
    for path in sorted(home.spool.glob("*.mail")):
        with contextlib.suppress(ValueError):
            yield Arrival(UUID(path.stem), path)


def read_letter(arrival: Arrival, unlock: ProcessKeys) -> ContentLetter:
    """Opens the content letter. Broken when a byte of the file was changed (then `set_aside` it), Refused without the key."""
    identity, back, content, received_at = _parted(arrival)
    compartment = unlock.compartment(CONTENT)
    plain = envelope.open_letter(content, unlock.private_key(compartment), Binding(arrival.uuid, compartment))
    try:
        head, rest = unpacked(plain)
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
            return_letter=back,
            postmarks=_postmarks(head.get("postmarks", {})),
        )
    except (KeyError, TypeError, ValueError, OverflowError, struct.error) as error:
        raise _broken(arrival.path) from error  # sealed with our public key, by somebody else than our receiver
    others = head.get("others_sha256") if back else None  # an older spool's head doesn't say
    if said != received_at or envelope.letter_binding(identity).item != arrival.uuid:
        raise _broken(arrival.path)
    if back and others != hashlib.sha256(identity + back).hexdigest():
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
    head, header_block = unpacked(envelope.open_letter(letter, private, binding))
    return IdentityLetter(head["sender"], head["via"], head["raw_sha256"], header_block, bool(head.get("whole")))


def open_return(letter: bytes, private: bytes, arrival: UUID) -> ReturnAddress:
    """Opens the return letter of `arrival` with the relay's private key. Raises Broken."""
    binding = Binding(arrival, envelope.letter_binding(letter).compartment)
    try:
        return ReturnAddress.from_bytes(envelope.open_letter(letter, private, binding))
    except (KeyError, TypeError, ValueError) as error:
        raise Broken("A return address is not what was sealed.", arrival=arrival) from error


def rejoin(identity: IdentityLetter, content: ContentLetter) -> bytes:
    """The original mail, byte for byte. Broken when it isn't the one that arrived."""
    raw = identity.header_block if identity.whole else identity.header_block + content.body
    if not hashlib.sha256(raw).hexdigest() == content.raw_sha256 == identity.raw_sha256:
        raise Broken("The two parts of this mail don't belong together.", arrival=content.arrival)
    return raw


def _parted(arrival: Arrival) -> tuple[bytes, bytes, bytes, datetime]:
    """Identity letter, return letter, content letter, and when the mail arrived."""
    stored = arrival.path.read_bytes()
    frame = _OLD_FRAME if stored.startswith(_OLD_MAGIC) else _FRAME
    if len(stored) < frame.size:
        raise _broken(arrival.path)
    magic, named, microseconds, identity_bytes, *back_bytes = frame.unpack_from(stored)
    cut = frame.size + identity_bytes
    end = cut + sum(back_bytes)
    if magic not in (MAGIC, _OLD_MAGIC) or named != arrival.uuid.bytes or end > len(stored) or microseconds > 2**60:
        raise _broken(arrival.path)
    return stored[frame.size : cut], stored[cut:end], stored[end:], _EPOCH + timedelta(microseconds=microseconds)


def _postmarks(said: dict[str, Any]) -> Postmarks:
    """Raises KeyError, TypeError or ValueError for a head of another form."""
    if not said:
        return Postmarks()
    return Postmarks(
        str(said["sender"]),
        str(said["message"]),
        tuple(str(each) for each in said["refers_to"]),
        tuple(str(each) for each in said["signs"]),
        tuple((str(action), str(status)) for action, status in said["delivery"]),
        bool(said["is_delivery_report"]),
    )


def _broken(path: Path) -> Broken:
    return Broken(f"The arrival {path.name} was changed on disk: it is kept aside for a person to look at.")


def packed(head: dict[str, Any], *parts: bytes) -> bytes:
    """Length of a JSON head (4 bytes), the head, then the parts."""
    # Escaped ASCII, so that addresses in no known encoding (kept as surrogates) survive.
    text = json.dumps(head).encode("ascii")
    return b"".join((struct.pack(">I", len(text)), text, *parts))


def unpacked(plain: bytes) -> tuple[dict[str, Any], bytes]:
    """(head, what follows it). struct.error, ValueError for other bytes."""
    (length,) = struct.unpack_from(">I", plain)
    return json.loads(plain[4 : 4 + length]), plain[4 + length :]
