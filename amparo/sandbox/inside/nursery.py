"""The process that children are forked from: decoders are loaded once, and a child starts in milliseconds instead of half a second.

No hostile byte ever comes here. The warden alone gives orders, over this process's standard input, a socket:

    F, with two descriptors: fork a child that takes requests from the first and writes replies to the second; answer: its number
    W number: how the child ended, if it has; E number: the same, after killing it. Answer: its exit code as `subprocess` has it

An answer is two 4-byte numbers: the order's, and another that is 0 where there is one, else an error's (ETIMEDOUT: it lives yet).
"""

from __future__ import annotations

import errno
import gc
import importlib
import os
import signal
import time
from collections.abc import Callable

from amparo.sandbox.inside import incoming, lockdown, serve
from amparo.sandbox.inside.frames import ANSWER, ORDER

FORK, WAIT, END = b"F", b"W", b"E"
# A child whose pipe closed is about to end, and so is one that was killed, unless it waits for a disk that doesn't answer.
PATIENCE_SECONDS = {WAIT: 5.0, END: 1.0}
_REPLIES = 1
_doomed: set[int] = set()


def main(entry: str, parent: int) -> None:
    """Serves until standard input ends. entry: the module whose `main` the children run. parent: the warden's process id."""
    orders = incoming.standard_input()
    lockdown.die_with(parent)
    child = importlib.import_module(entry).main
    serve.warm()
    gc.collect()
    # What is loaded stays shared: a collection in a child would copy it page by page.
    gc.freeze()
    os.write(incoming.STANDARD_INPUT, ANSWER.pack(os.getpid(), 0))
    while True:
        order, descriptors = incoming.taken(orders, ORDER.size, 2)
        if len(order) < ORDER.size:
            return
        kind, number = ORDER.unpack(order)
        try:
            _reap_doomed()
            result = _forked(child, *descriptors) if kind == FORK else _ended(number, kind)
            answer = ANSWER.pack(result, 0)
        except OSError as error:
            answer = ANSWER.pack(0, error.errno or errno.EIO)
        os.write(incoming.STANDARD_INPUT, answer)


def _forked(child: Callable[[int], None], requests: int, replies: int) -> int:
    """The new child's number. In the child this never returns."""
    parent = os.getpid()
    try:
        number = os.fork()
    finally:
        if os.getpid() == parent:
            os.close(requests)
            os.close(replies)
    if number:
        return number
    try:
        os.dup2(requests, incoming.STANDARD_INPUT)
        os.dup2(replies, _REPLIES)
        os.close(requests)
        os.close(replies)
        child(parent)
    finally:
        # Whatever happened: no child goes on in its parent's code.
        os._exit(1)


def _ended(number: int, kind: bytes) -> int:
    """Raises ChildProcessError for a number that is no child's, TimeoutError for one that lives."""
    if kind == END:
        os.kill(number, signal.SIGKILL)
    until = time.monotonic() + PATIENCE_SECONDS[kind]
    while True:
        ended, status = os.waitpid(number, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            if kind == END:
                _doomed.add(number)
            raise TimeoutError(errno.ETIMEDOUT, "it lives yet")
        time.sleep(0.0005)


def _reap_doomed() -> None:
    for number in list(_doomed):
        if os.waitpid(number, os.WNOHANG)[0]:
            _doomed.discard(number)
