"""MD5, SHA-1 and SHA-256 of a file in one pass over its bytes, in constant memory."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import Protocol

# Large enough that the calls cost nothing beside the hashing, small enough that a block stays in a core's second cache: the
# second and third digest then read it from there. hashlib frees the interpreter while it works on one.
BLOCK_BYTES = 1 << 18

_own = threading.local()


@dataclass(frozen=True, slots=True)
class Digests:
    """The three digests as bytes (16, 20 and 32), and how many bytes were read."""

    md5: bytes
    sha1: bytes
    sha256: bytes
    size_bytes: int


class Readable(Protocol):
    """A binary file, buffered or not."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """The number of bytes read; 0 at the end; None where a file that must not block has nothing now."""


class TooLong(Exception):
    """The file holds more than it was said to: it grew, or it has no end."""


def digests_of(file: Readable, at_most_bytes: int | None = None) -> Digests:
    """The digests of what is left to read of `file`.

    at_most_bytes: TooLong is raised as soon as one byte more comes, so that a file that grows as fast as it is read has an end.
    BlockingIOError where the file has nothing to give now and would have to be waited for; OSError as the file raises it.
    """
    # MD5 and SHA-1 are what lists of known items name: identity, not security.
    md5, sha1 = hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
    sha256 = hashlib.sha256()
    block = _block()
    size_bytes = 0
    while count := file.readinto(block):
        size_bytes += count
        if at_most_bytes is not None and size_bytes > at_most_bytes:
            raise TooLong
        piece = block[:count]
        md5.update(piece)
        sha1.update(piece)
        sha256.update(piece)
    if count is None:
        raise BlockingIOError("nothing to read now")
    return Digests(md5.digest(), sha1.digest(), sha256.digest(), size_bytes)


def _block() -> memoryview:
    """This thread's own block: made once, as a fresh one for each file would cost more than hashing a small file."""
    block: memoryview | None = getattr(_own, "block", None)
    if block is None:
        block = _own.block = memoryview(bytearray(BLOCK_BYTES))
    return block
