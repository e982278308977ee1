"""Chat exports of any size are read in flat memory, whatever they are made of (`python -m maintenance.slow scale`)."""

from __future__ import annotations

import io
import json
import os
import resource
from collections.abc import Callable

import pytest

from amparo.sandbox.inside import chat
from tests.sandbox import chat_samples as samples


class Counted:
    """A sink that only counts."""

    def __init__(self) -> None:
        self.size = 0

    def begin(self, **about: object) -> None: ...
    def void(self) -> None: ...

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)


class Endless(io.RawIOBase):
    """A file of so many bytes that nobody has to hold: a beginning, one piece again and again, an end."""

    def __init__(self, head: bytes, piece: bytes, times: int, tail: bytes = b"") -> None:
        self._head, self._piece, self._count, self._tail = head, piece, times, tail
        self._size = len(head) + len(piece) * times + len(tail)
        self._at = 0

    def seek(self, place: int, whence: int = 0) -> int:
        self._at = place if whence == 0 else self._size + place
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._at + size)
        found = b""
        while self._at < end:
            piece = self._piece_at(self._at, end)
            found += piece
            self._at += len(piece)
        return found

    def _piece_at(self, at: int, end: int) -> bytes:
        body = len(self._head) + len(self._piece) * self._count
        if at < len(self._head):
            found = self._head[at:end]
        elif at < body:
            inside = (at - len(self._head)) % len(self._piece)
            many = min(end, body) - at
            found = (self._piece * (many // len(self._piece) + 2))[inside : inside + many]
        else:
            found = self._tail[at - body : at - body + end - at]
        return found


WORDS = json.dumps(samples.TELEGRAM_MESSAGES[9]).encode()
HOSTILE: dict[str, Callable[[], Endless]] = {
    "one line": lambda: Endless(b"13/05/19, 21:00 - Ana: ", b"a" * 1024, 64 << 10),
    "one line without an end after others": lambda: Endless(b"13/05/19, 21:00 - Ana: x\n", "é".encode() * 512, 64 << 10),
    "many lines of one message": lambda: Endless(b"13/05/19, 21:00 - Ana: x\n", b"and more of it\n", 300_000),
    "many messages": lambda: Endless(b"", b"13/05/19, 21:00 - Ana: see you at 21:00\n", 100_000),
    "zeros": lambda: Endless(b"13/05/19, 21:00 - Ana: x\n", bytes(1024), 64 << 10),
    "telegram, many": lambda: Endless(
        b'{"name":"x","type":"private_group","id":1,"messages":[',
        WORDS + b",\n", 60_000, WORDS + b"]}",
    ),
    "telegram, one text": lambda: Endless(
        b'{"name":"x","type":"private_group","id":1,"messages":[{"id":1,"type":"message","text":"', b"a" * 1024, 64 << 10, b'"}]}'
    ),
    "cellebrite, one text": lambda: Endless(
        b'<project xmlns="http://pa.cellebrite.com/report/2.0"><model type="InstantMessage"><field name="Body"><value>',
        b"a" * 1024, 64 << 10, b"</value></field></model></project>",
    ),
    "cellebrite, many models in one": lambda: Endless(
        b'<project xmlns="http://pa.cellebrite.com/report/2.0"><model type="InstantMessage">',
        b'<field name="x"><value>1</value></field><multiModelField name="y"><model type="Party"/></multiModelField>',
        100_000, b"</model></project>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_memory_does_not_grow_with_the_file(name: str) -> None:
    written, grown_mb = grown(HOSTILE[name]())
    assert written > 300
    assert grown_mb < 90


def grown(file: Endless) -> tuple[int, int]:
    """How many bytes were written, and by how many MB a process of its own grew at most while it read."""
    chat.warm()
    out, into = os.pipe()
    if not (child := os.fork()):
        sink, before = Counted(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            chat.read(file, {}, sink)  # type: ignore[arg-type]
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            os.write(into, f"{sink.size} {(after - before) >> 10}".encode())
        finally:
            os._exit(0)
    os.close(into)
    with open(out) as answer:
        size, megabytes = answer.read().split()
    os.waitpid(child, 0)
    return int(size), int(megabytes)
