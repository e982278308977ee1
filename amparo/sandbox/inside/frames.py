"""What passes between warden and child: requests in, frames out. The warden trusts none of it (warden.py caps and checks).

A request is a 4-byte length and a JSON header {"kind", "options", "limit_s", "size"} of that length; then `size` bytes or,
where a file is examined, no `size` and the file's descriptor, passed along with the first byte (incoming.py, child.py).
A frame is a tag of one byte, a 4-byte length and that many bytes:

    H  hello: the layers that hold, JSON; sent once, after the lock-down and before the first hostile byte
    B  a blob begins: JSON {"name", "type", ...}
    D  bytes of the blob begun last
    X  the blob begun last is void
    R  result: the facts as a JSON object; ends the examination
    F  failure: JSON {"reason", "sentence"}; ends the examination
"""

from __future__ import annotations

import json
import struct
from typing import Protocol

HEAD = struct.Struct("!cI")
LENGTH = struct.Struct("!I")
# Between warden and nursery (nursery.py).
ORDER, ANSWER = struct.Struct("!cI"), struct.Struct("!iI")
HELLO, BLOB, DATA, VOID, RESULT, FAILURE = b"H", b"B", b"D", b"X", b"R", b"F"
CHUNK_BYTES = 1 << 20

Facts = dict[str, object]


class Unreadable(Exception):
    """These bytes could not be read, for a reason of their own. The child stays fit for the next ones."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


class Sink(Protocol):
    """Where a parser puts the bytes that it found inside others."""

    def begin(self, **about: object) -> None:
        """A blob begins; `about` is JSON-able: its name, its type, what else the parser knows."""

    def write(self, chunk: bytes) -> None:
        """More bytes of the blob begun last."""

    def void(self) -> None:
        """The blob begun last does not count: its bytes turned out wrong."""


class Written:
    """A sink that writes frames with `send`."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def begin(self, **about: object) -> None:
        self._send(BLOB, json.dumps(about).encode())

    def write(self, chunk: bytes) -> None:
        for start in range(0, len(chunk), CHUNK_BYTES):
            self._send(DATA, chunk[start : start + CHUNK_BYTES])

    def void(self) -> None:
        self._send(VOID, b"")


class Send(Protocol):
    def __call__(self, tag: bytes, payload: bytes, /) -> None: ...
