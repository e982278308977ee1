"""One locked-down child as its parent sees it: started with nothing, given one file at a time, believed in nothing."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import BinaryIO

from amparo.sandbox.handing_over import own_descriptor
from amparo.sandbox.inside import frames
from amparo.sandbox.inside.lockdown import Layers
from amparo.sandbox.readings import Blobs, ExaminationFailed, plain_text
from amparo.sandbox.starting import Process

Start = Callable[[socket.socket, int], Process]
_FRAME_BYTES = 4 << 20
_FACTS_BYTES = 32 << 20
_READ_BYTES = 1 << 18


@dataclass(frozen=True)
class Limits:
    """One examination's limits as the parent holds them; those inside the child are lockdown.py's.

    data_bytes: of what is sent as bytes; a file has no limit here. reply_bytes: of all that the child says, kept in memory;
    into_bytes: where it is written to a file instead.
    """

    seconds: float = 60.0
    data_bytes: int = 512 << 20
    reply_bytes: int = 1 << 30
    into_bytes: int = 64 << 30
    blobs: int = 20_000


@dataclass
class _Asked:
    """What is still to be sent; the descriptor goes with the first byte and is closed here once it went."""

    pieces: list[memoryview]
    descriptor: int | None = None


@dataclass
class _Received:
    """The blobs of one reply, in memory or, a single one, at the end of `into`. Raises ExaminationFailed beyond the limits."""

    limits: Limits
    into: BinaryIO | None
    blobs: list[tuple[dict[str, object], bytearray]] = field(default_factory=list)
    total: int = 0

    def __post_init__(self) -> None:
        self._start = self.into.tell() if self.into else 0
        self._open: bytearray | None = None

    def take(self, tag: bytes, payload: bytes) -> None:
        """One frame that isn't the closing one."""
        if tag == frames.BLOB and len(self.blobs) < (1 if self.into else self.limits.blobs):
            self._open = bytearray()
            self.blobs.append((_json_object(payload), self._open))
        elif tag == frames.DATA and self._open is not None:
            self._write(payload)
        elif tag == frames.VOID and self._open is not None:
            self.blobs.pop()
            self._open = None
            if self.into:
                cut_back(self.into, self._start)
        else:
            raise ExaminationFailed("crashed")
        self.total += len(payload)
        if self.total > (self.limits.into_bytes if self.into else self.limits.reply_bytes):
            raise ExaminationFailed("too_big")

    def _write(self, payload: bytes) -> None:
        if self.into:
            self.into.write(payload)
        elif self._open is not None:
            self._open += payload


def cut_back(file: BinaryIO, size_bytes: int) -> None:
    """Afterwards `file` ends at `size_bytes` and stands there."""
    file.seek(size_bytes)
    file.truncate()


class Child:
    """A started and locked child. Not for two threads at once."""

    def __init__(self, start: Start, limits: Limits, start_s: float) -> None:
        """Starts it and waits until it has locked down. Raises ExaminationFailed or OSError where it doesn't come up.

        start: from the socket on which it takes requests and the descriptor to which it writes replies, to its process.
        """
        self.served = 0
        self.busy_s = 0.0
        self.fit = True
        self._limits = limits
        self._to, requests = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._from, replies = os.pipe()
        try:
            self._process = start(requests, replies)
        except BaseException:
            self._close()
            raise
        finally:
            requests.close()
            os.close(replies)
        # Requests go one way: what a child might write to its own standard input reaches nobody.
        self._to.shutdown(socket.SHUT_RD)
        self._to.setblocking(False)
        os.set_blocking(self._from, False)
        try:
            self.layers = self._hello(time.monotonic() + start_s)
        except BaseException:
            self.end()
            raise

    def _hello(self, until: float) -> Layers:
        tag, payload = next(self._frames(_Asked([]), until))
        said = _json_object(payload)
        if tag != frames.HELLO:
            raise ExaminationFailed("crashed")
        return Layers(**{layer.name: said.get(layer.name) is True for layer in fields(Layers)})

    @property
    def waits(self) -> bool:
        """Whether it stands ready. One that ended, or that says something unasked, doesn't."""
        if self._from < 0 or self._process.is_orphan:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._from, selectors.EVENT_READ)
            return not selector.select(0)

    def examine(
        self,
        kind: str,
        data: bytes | BinaryIO,
        options: Mapping[str, object],
        limit_s: float,
        into: BinaryIO | None = None,
    ) -> tuple[dict[str, object], Blobs]:
        """The reply's facts and blobs, unchecked but bounded. Raises ExaminationFailed; `fit` says if the child still serves."""
        asked = self._asked(kind, data, options, limit_s)
        received = _Received(self._limits, into)
        self.served += 1
        self.fit = False
        started = time.monotonic()
        try:
            tag, payload = self._answer(asked, received, started + limit_s)
            answer = _json_object(payload)
            if tag == frames.FAILURE:
                reason = answer.get("reason")
                sentence = plain_text(answer.get("sentence", ""), 300)
                self.fit = reason in ("malformed", "too_big")
                raise ExaminationFailed(reason if isinstance(reason, str) else "crashed", sentence)
        finally:
            self.busy_s += time.monotonic() - started
            if asked.descriptor is not None:
                os.close(asked.descriptor)
        self.fit = True
        return answer, _settled(received.blobs)

    def _asked(self, kind: str, data: bytes | BinaryIO, options: Mapping[str, object], limit_s: float) -> _Asked:
        header: dict[str, object] = {"kind": kind, "options": options, "limit_s": limit_s}
        descriptor = None
        if isinstance(data, bytes):
            if len(data) > self._limits.data_bytes:
                raise ExaminationFailed("too_big")
            header["size"] = len(data)
        else:
            descriptor = own_descriptor(data)
        line = json.dumps(header).encode()
        pieces = [frames.LENGTH.pack(len(line)) + line, data if isinstance(data, bytes) else b""]
        return _Asked([memoryview(piece) for piece in pieces if piece], descriptor)

    def _answer(self, asked: _Asked, received: _Received, until: float) -> tuple[bytes, bytes]:
        """The closing frame, when all before it went to `received`."""
        for tag, payload in self._frames(asked, until):
            if tag in (frames.RESULT, frames.FAILURE):
                return tag, payload
            received.take(tag, payload)
        raise ExaminationFailed("crashed")

    def _frames(self, asked: _Asked, until: float) -> Iterator[tuple[bytes, bytes]]:
        """Frames as they come, while the request goes out. Raises ExaminationFailed at a late, dead or talkative child."""
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._from, selectors.EVENT_READ)
            if asked.pieces:
                selector.register(self._to, selectors.EVENT_WRITE)
            while True:
                left = until - time.monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    raise ExaminationFailed("timed_out")
                for key, _ in ready:
                    if key.fd == self._from:
                        self._receive(received)
                        yield from _whole_frames(received)
                    elif not self._send(asked):
                        selector.unregister(self._to)

    def _send(self, asked: _Asked) -> bool:
        """Sends what the socket takes; whether more is left."""
        first = asked.pieces[0]
        try:
            if asked.descriptor is None:
                sent = self._to.send(first)
            else:
                sent = socket.send_fds(self._to, [first], [asked.descriptor])
                os.close(asked.descriptor)
                asked.descriptor = None
        except BlockingIOError:
            return True
        except (BrokenPipeError, ConnectionResetError):
            raise self._end_of_it() from None
        asked.pieces[0] = first[sent:]
        if not asked.pieces[0]:
            asked.pieces.pop(0)
        return bool(asked.pieces)

    def _receive(self, received: bytearray) -> None:
        try:
            chunk = os.read(self._from, _READ_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            raise self._end_of_it()
        received += chunk

    def _end_of_it(self) -> ExaminationFailed:
        """Why the child's pipe closed, from how it died."""
        code = self._process.ended()
        if code is None:
            return ExaminationFailed("crashed")
        causes = {-signal.SIGSYS: "forbidden_call", -signal.SIGXCPU: "timed_out", -signal.SIGKILL: "out_of_memory"}
        return ExaminationFailed(causes.get(code, "crashed"), died=code)

    def end(self) -> None:
        """Afterwards the child is gone, whatever it was doing."""
        self.fit = False
        if self._from >= 0:
            self._process.end()
        self._close()

    def _close(self) -> None:
        self._to.close()
        if self._from >= 0:
            os.close(self._from)
            self._from = -1


def _settled(blobs: list[tuple[dict[str, object], bytearray]]) -> Blobs:
    """The blobs as bytes, each buffer let go before the next is copied: together they may be a gigabyte."""
    settled: Blobs = []
    blobs.reverse()
    while blobs:
        about, content = blobs.pop()
        settled.append((about, bytes(content)))
    return settled


def _whole_frames(received: bytearray) -> Iterator[tuple[bytes, bytes]]:
    """Takes the whole frames off the front of `received`."""
    while len(received) >= frames.HEAD.size:
        tag, size = frames.HEAD.unpack_from(received)
        if size > (_FACTS_BYTES if tag == frames.RESULT else _FRAME_BYTES):
            raise ExaminationFailed("crashed")
        end = frames.HEAD.size + size
        if len(received) < end:
            return
        payload = bytes(received[frames.HEAD.size : end])
        del received[:end]
        yield tag, payload


def _json_object(payload: bytes) -> dict[str, object]:
    try:
        value = json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ExaminationFailed("crashed") from error
    if not isinstance(value, dict):
        raise ExaminationFailed("crashed")
    return value


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no number")
