"""What comes in: one request at a time, with its bytes or with a file's descriptor. The one module in here that knows a socket.

That socket is the child's standard input, made by the warden before the child began; the system-call filter allows taking a
descriptor on it and on no other. A file is open for reading alone (child.py sees to that), and at most one is open at a time
(lockdown.OPEN_FILES leaves place for one).
"""

from __future__ import annotations

import array
import io
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from amparo.sandbox.inside import frames
from amparo.sandbox.inside.frames import Unreadable

STANDARD_INPUT = 0
# Whoever reads a file whole needs room for what it decodes beside it (lockdown.MEMORY_BYTES).
WHOLE_BYTES = 512 << 20
_BUFFER_BYTES = 1 << 16
_DESCRIPTOR_BYTES = array.array("i").itemsize


@dataclass(frozen=True)
class Request:
    """`data` is open at its first byte, for reading and seeking; closing it is the server's business.

    options: those of whoever asked, and `limit_s`, the seconds after which the warden's clock ends this process.
    """

    kind: str
    options: Mapping[str, object]
    data: BinaryIO


class Requests:
    """The requests that the warden sends, in order. Made before the lock-down: it asks the socket what it is."""

    def __init__(self) -> None:
        self._socket = standard_input()
        self._stream = open(STANDARD_INPUT, "rb", closefd=False)  # noqa: SIM115 - kept for life

    def next(self) -> Request | None:
        """The next one; None when the warden has closed its end."""
        length, descriptor = self._length()
        if length is None:
            return None
        header = json.loads(self._stream.read(length))
        data: BinaryIO
        if descriptor is None:
            data = io.BytesIO(self._stream.read(header["size"]))
        else:
            data = open(descriptor, "rb", buffering=_BUFFER_BYTES)  # noqa: SIM115 - closed after the examination
            data.seek(0)
        return Request(header["kind"], {**header["options"], "limit_s": header["limit_s"]}, data)

    def _length(self) -> tuple[int | None, int | None]:
        """How long the next header is, and the descriptor that came with its first byte."""
        # Nothing of the last request is left in the stream's buffer: the warden sends the next one after the answer.
        head, descriptors = taken(self._socket, frames.LENGTH.size, 1)
        if len(head) < frames.LENGTH.size:
            return None, None
        return frames.LENGTH.unpack(head)[0], descriptors[0] if descriptors else None


def standard_input() -> socket.socket:
    """Made before the lock-down: asking what it is is a forbidden call."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=STANDARD_INPUT)


def taken(channel: socket.socket, size_bytes: int, most: int) -> tuple[bytes, list[int]]:
    """So many bytes, fewer at the end; and the descriptors that came with the first of them, `most` at most."""
    head, ancillary, _, _ = channel.recvmsg(size_bytes, socket.CMSG_SPACE(most * _DESCRIPTOR_BYTES))
    descriptors = array.array("i")
    for level, kind, payload in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(payload[: len(payload) - len(payload) % _DESCRIPTOR_BYTES])
    while head and len(head) < size_bytes and (more := os.read(channel.fileno(), size_bytes - len(head))):
        head += more
    return head, descriptors.tolist()


def all_of(data: BinaryIO) -> bytes:
    """All that `data` holds. Raises Unreadable, "too_big", beyond WHOLE_BYTES."""
    if size_of(data) > WHOLE_BYTES:
        raise Unreadable(
            "too_big", f"This file is larger than the {WHOLE_BYTES >> 20} MB that Amparo reads of its kind."
        )
    return data.read()


def size_of(data: BinaryIO) -> int:
    """How many bytes `data` holds. Afterwards it stands at its first byte."""
    size = data.seek(0, os.SEEK_END)
    data.seek(0)
    return size
