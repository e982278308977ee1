"""One locked-down child as its parent sees it: started with nothing, spoken to through two pipes, believed in nothing."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from amparo.sandbox.inside import frames
from amparo.sandbox.inside.lockdown import Layers
from amparo.sandbox.readings import Blobs, ExaminationFailed, plain_text

SERVE = "amparo.sandbox.inside.serve"
_ROOT = str(Path(__file__).resolve().parents[2])
# -I below drops the environment's and the folder's say in what is imported; the code's own place is given here instead.
_START = (
    "import sys; sys.path.insert(0, sys.argv[2]); "
    "import importlib; importlib.import_module(sys.argv[1]).main(int(sys.argv[3]))"
)
_FRAME_BYTES = 4 << 20
_FACTS_BYTES = 32 << 20
_READ_BYTES = 1 << 18


@dataclass(frozen=True)
class Limits:
    """One examination's limits as the parent holds them; those inside the child are lockdown.py's."""

    seconds: float = 60.0
    data_bytes: int = 512 << 20
    reply_bytes: int = 1 << 30
    blobs: int = 20_000


class Child:
    """A started and locked child. Not for two threads at once."""

    def __init__(self, entry: str, limits: Limits, start_s: float) -> None:
        """Starts it and waits until it has locked down. Raises ExaminationFailed or OSError where it doesn't come up."""
        self.served = 0
        self.fit = True
        self._limits = limits
        # An empty folder to stand in; the child can reach neither it nor any other afterwards.
        folder = tempfile.mkdtemp(prefix="amparo-empty-")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            [sys.executable, "-I", "-c", _START, entry, _ROOT, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            # Nothing of ours: no secret, no path. One thread for the mathematics library, as locking down needs.
            env={"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
            close_fds=True,
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        try:
            self.layers = self._hello(time.monotonic() + start_s)
        except BaseException:
            self.end()
            raise
        finally:
            # It stands in a folder that is no longer there, and nothing is left over, however we end.
            Path(folder).rmdir()

    def _hello(self, until: float) -> Layers:
        tag, payload = next(self._frames(b"", until))
        said = _json_object(payload)
        if tag != frames.HELLO:
            raise ExaminationFailed("crashed")
        return Layers(**{layer.name: said.get(layer.name) is True for layer in fields(Layers)})

    def examine(
        self, kind: str, data: bytes, options: Mapping[str, object], limit_s: float
    ) -> tuple[dict[str, object], Blobs]:
        """The reply's facts and blobs, unchecked but bounded. Raises ExaminationFailed; `fit` says if the child still serves."""
        if len(data) > self._limits.data_bytes:
            raise ExaminationFailed("too_big")
        self.served += 1
        self.fit = False
        header = json.dumps({"kind": kind, "options": options, "size": len(data)}).encode()
        request = frames.LENGTH.pack(len(header)) + header
        tag, payload, blobs = self._answer(request, data, time.monotonic() + limit_s)
        answer = _json_object(payload)
        if tag == frames.RESULT:
            self.fit = True
            return answer, blobs
        reason = answer.get("reason")
        sentence = plain_text(answer.get("sentence", ""), 300)
        self.fit = reason in ("malformed", "too_big")
        raise ExaminationFailed(reason if isinstance(reason, str) else "crashed", sentence)

    def _answer(self, request: bytes, data: bytes, until: float) -> tuple[bytes, bytes, Blobs]:
        """The closing frame and the blobs before it, within the limits."""
        blobs: list[tuple[dict[str, object], bytearray]] = []
        open_blob: bytearray | None = None
        total = 0
        for tag, payload in self._frames(request, until, data):
            if tag in (frames.RESULT, frames.FAILURE):
                return tag, payload, _settled(blobs)
            if tag == frames.BLOB and len(blobs) < self._limits.blobs:
                open_blob = bytearray()
                blobs.append((_json_object(payload), open_blob))
            elif tag == frames.DATA and open_blob is not None:
                open_blob += payload
            elif tag == frames.VOID and open_blob is not None:
                blobs.pop()
                open_blob = None
            else:
                raise ExaminationFailed("crashed")
            total += len(payload)
            if total > self._limits.reply_bytes:
                raise ExaminationFailed("too_big")
        raise ExaminationFailed("crashed")

    def _frames(self, request: bytes, until: float, data: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Frames as they come, while the request goes out. Raises ExaminationFailed at a late, dead or talkative child."""
        waiting = [memoryview(piece) for piece in (request, data) if piece]
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._from, selectors.EVENT_READ)
            if waiting:
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
                    elif not self._send(waiting):
                        selector.unregister(self._to)

    def _send(self, waiting: list[memoryview]) -> bool:
        """Sends what the pipe takes; whether more is left."""
        try:
            sent = os.write(self._to, waiting[0])
        except BlockingIOError:
            return True
        except BrokenPipeError:
            raise self._end_of_it() from None
        waiting[0] = waiting[0][sent:]
        if not waiting[0]:
            waiting.pop(0)
        return bool(waiting)

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
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return ExaminationFailed("crashed")
        causes = {-signal.SIGSYS: "forbidden_call", -signal.SIGXCPU: "timed_out", -signal.SIGKILL: "out_of_memory"}
        return ExaminationFailed(causes.get(code, "crashed"), died=code)

    def end(self) -> None:
        """Afterwards the child is gone, whatever it was doing."""
        self.fit = False
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait()


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
