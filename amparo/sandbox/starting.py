"""How a child's process comes to be: forked from a nursery that has everything loaded, or started by itself where that is unsafe.

Both are started with nothing of ours: no secret, no path, no open file, in an empty folder that is gone when they run.
"""

from __future__ import annotations

import array
import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Protocol

from amparo.sandbox.inside.frames import ANSWER, ORDER
from amparo.sandbox.inside.nursery import END, FORK, PATIENCE_SECONDS, WAIT

_ROOT = str(Path(__file__).resolve().parents[2])
# -I below drops the environment's and the folder's say in what is imported; the code's own place is given here instead.
_PLACE = "import sys; sys.path.insert(0, sys.argv[1]); "
_ALONE = _PLACE + "import importlib; importlib.import_module(sys.argv[2]).main(int(sys.argv[3]))"
_NURSERY = _PLACE + "from amparo.sandbox.inside import nursery; nursery.main(sys.argv[2], int(sys.argv[3]))"
# Children of one nursery have their memory laid out alike; another begins anew.
CHILDREN_A_NURSERY = 500


class Process(Protocol):
    """A child's process, whoever its parent is."""

    @property
    def pid(self) -> int: ...

    @property
    def is_orphan(self) -> bool:
        """Whether what it was forked from has ended: then it is about to."""

    def ended(self) -> int | None:
        """How it ended, as `subprocess` says it; None if it lives after some seconds."""

    def end(self) -> None:
        """Afterwards it is gone."""


def run(start: str, entry: str, standard_input: int, standard_output: int) -> subprocess.Popen[bytes]:
    folder = tempfile.mkdtemp(prefix="amparo-empty-")
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            [sys.executable, "-I", "-c", start, _ROOT, entry, str(os.getpid())],
            stdin=standard_input,
            stdout=standard_output,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            # One thread for the mathematics library, as locking down and forking need.
            env={"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
            close_fds=True,
            start_new_session=True,
        )
    finally:
        # It stands in a folder that is no longer there, and nothing is left over, however we end.
        Path(folder).rmdir()


class Alone:
    """A process started for one child. Where decoders may not be forked (macOS's own libraries start threads), all are."""

    is_orphan = False

    def __init__(self, entry: str, requests: socket.socket, replies: int) -> None:
        self._process = run(_ALONE, entry, requests.fileno(), replies)
        self.pid = self._process.pid

    def ended(self) -> int | None:
        try:
            return self._process.wait(PATIENCE_SECONDS[WAIT])
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class Forked:
    """A child of a nursery."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery, self.pid = nursery, pid
        self._code: int | None = None

    @property
    def is_orphan(self) -> bool:
        return self._nursery.is_lost

    def ended(self) -> int | None:
        if self._code is None:
            try:
                self._code = self._nursery.ask(WAIT, self.pid)
            except TimeoutError:
                return None
            except ConnectionError:
                self._code = -signal.SIGKILL  # the nursery ended, and by the kernel's hand its children with it
            except OSError:
                self._code = 1
        return self._code

    def end(self) -> None:
        if self._code is None:
            try:
                self._code = self._nursery.ask(END, self.pid)
            except OSError:
                self._code = 1
        self._nursery.left()


class Nursery:
    """A process that forks children. For many threads; it must be made by one that lasts as long as the children shall."""

    def __init__(self, entry: str, start_s: float) -> None:
        """Waits until it is ready. Raises OSError where it doesn't come up."""
        self._lock = threading.Lock()
        self._forked = self._alive = 0
        self._retired = False
        self.is_lost = False
        self._channel, others = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with others, open(os.devnull, "wb") as nowhere:
            self._process = run(_NURSERY, entry, others.fileno(), nowhere.fileno())
        self._channel.settimeout(start_s)
        try:
            self._answer()
        except OSError:
            self.close()
            raise

    @property
    def is_old(self) -> bool:
        return self._forked >= CHILDREN_A_NURSERY

    def fork(self, requests: socket.socket, replies: int) -> Forked:
        """Raises OSError where no child can be made."""
        with self._lock:
            rights = array.array("i", [requests.fileno(), replies])
            self._channel.sendmsg([ORDER.pack(FORK, 0)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            child = Forked(self, self._answer())
            self._forked += 1
            self._alive += 1
            return child

    def ask(self, order: bytes, number: int) -> int:
        """Raises OSError, TimeoutError."""
        with self._lock:
            try:
                self._channel.sendall(ORDER.pack(order, number))
                return self._answer()
            except ConnectionError:
                self.is_lost = True
                raise

    def _answer(self) -> int:
        answer = b""
        while len(answer) < ANSWER.size:
            part = self._channel.recv(ANSWER.size - len(answer))
            if not part:
                raise ConnectionResetError(errno.ECONNRESET, "the nursery ended")
            answer += part
        number, error = ANSWER.unpack(answer)
        if error:
            raise OSError(error, os.strerror(error))  # TimeoutError and its like, by the number
        return int(number)

    def retire(self) -> None:
        """No child is asked of it any more; it ends with the last one that it has."""
        with self._lock:
            self._retired = True
            last = not self._alive
        if last:
            self.close()

    def left(self) -> None:
        """One of its children has ended."""
        with self._lock:
            self._alive -= 1
            last = self._retired and not self._alive
        if last:
            self.close()

    def close(self) -> None:
        """Afterwards it is gone, and its children with it."""
        self._process.kill()
        self._process.wait()
        self._channel.close()
