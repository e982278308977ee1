"""What passes between the parts of a scan, and between machines: places, digests, looks, hits. Never a byte of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amparo.matching.rules import Found
from amparo.matching.scan.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Device:
    """A seized tree: its label, and the folder where its image is mounted. inode: the root's, to know it again by."""

    id: int
    label: str
    root: bytes
    inode: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A regular file that is to be examined. shared: another file of the scan has the same size, so it may be a copy."""

    file: int
    device: int
    folder: bytes
    name: bytes
    size_bytes: int
    modified_us: int | None
    shared: bool


# These two are made for every file, and a frozen one costs five times as much to make; nobody changes them afterwards but
# for their hits, which come for many files at once.
@dataclass(slots=True)
class Read:
    """A file's bytes, read once. problem: why they could not be had; then the digests are empty.

    size_bytes, modified_us: as the file was when it was read. hits: by its digests.
    """

    file: int
    problem: str = ""
    size_bytes: int = 0
    modified_us: int | None = None
    md5: bytes = b""
    sha1: bytes = b""
    sha256: bytes = b""
    hits: Sequence[Found] = ()


@dataclass(slots=True)
class Looked:
    """What the sandbox made of a file. state: examined, too_plain or not_examined; look: its fingerprint, 32 bytes or none.

    problem: why the file could not be opened again, or was another by then. hits: by its look.
    """

    file: int
    problem: str = ""
    kind: str = ""
    media_type: str = ""
    state: str = ""
    reason: str = ""
    look: bytes = b""
    hits: Sequence[Found] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A file's end state. copy_of: the file with the same bytes that was looked at in its place; 0 for none.

    outcome None: the same as that file's, which is not known yet.
    """

    read: Read
    outcome: Outcome | None
    reason: str = ""
    kind: str = ""
    media_type: str = ""
    look: bytes = b""
    copy_of: int = 0
    hits: Sequence[Found] = ()
