"""The warden of the locked-down children: a pool of warm spares, one boundary a child, one examination's failure its own.

    warden = the_warden()
    with warden.boundary(report_uuid) as box:
        reading = box.examine("picture", data)

A boundary is one report's or one case's bytes. A child serves one boundary and then ends, so that a decoder that was taken
over never sees another's. Between two visits to the same boundary its child is kept, warm, until others need its place.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO
from uuid import UUID

from amparo.foundation.errors import Unreachable
from amparo.sandbox.child import Child, Limits, cut_back
from amparo.sandbox.inside.lockdown import Layers
from amparo.sandbox.readings import ExaminationFailed, Reading, reading_of
from amparo.sandbox.starting import Alone, Nursery

__all__ = ["Box", "ExaminationFailed", "Layers", "Warden", "the_warden"]

SERVE = "amparo.sandbox.inside.serve"
# A child is also replaced after this many examinations, or so long a time at work: what leaks or is planted does not grow old.
EXAMINATIONS_A_CHILD = 500
BUSY_SECONDS_A_CHILD = 3_600.0
# Far below the processor time that a child may use (lockdown.CPU_SECONDS), with the hour above.
LONGEST_SECONDS = 4 * 3_600.0
START_SECONDS = 30.0


class Box:
    """One boundary's place in the pool. Used by one thread at a time."""

    def __init__(self, warden: Warden, child: Child) -> None:
        self._warden = warden
        self._child: Child | None = child

    def examine(
        self,
        kind: str,
        data: bytes | BinaryIO,
        *,
        into: BinaryIO | None = None,
        limit_s: float | None = None,
        **options: object,
    ) -> Reading:
        """What the reader for `kind` finds in `data`: a class of readings.py. Raises ExaminationFailed.

        data: bytes, or an open regular file; the child gets a descriptor of its own for it, for reading alone, and reads from
        its beginning: nothing of it passes through this process. into: a file open for writing, at its end; what a reader
        finds in bulk (its one blob) is appended there as it comes instead of being kept in memory, and the reading has an
        empty document. Where the examination fails, `into` is left as it was.
        limit_s: the clock's limit in seconds, at most LONGEST_SECONDS, instead of the pool's.

        kinds: identify, mail, archive, chat, picture, video, look, render, hash_list, table, cybertip, reply.
        """
        limit_s = self._warden.limits.seconds if limit_s is None else min(limit_s, LONGEST_SECONDS)
        try:
            return self._examined(kind, data, options, limit_s, into)
        except ExaminationFailed as failure:
            if failure.fields.get("died") != -signal.SIGKILL:
                raise
        # Somebody else killed the child, or the nursery and so the child: the kernel, short of memory, or an administrator. No
        # file can, so none pays for it; where it happens again, the file may be why.
        return self._examined(kind, data, options, limit_s, into)

    def _examined(
        self, kind: str, data: bytes | BinaryIO, options: Mapping[str, object], limit_s: float, into: BinaryIO | None
    ) -> Reading:
        if self._child and not self._child.waits:
            self._drop()
        if self._child is None:
            self._child = self._warden.take_child()
        start = into.tell() if into else 0
        try:
            facts, blobs = self._child.examine(kind, data, options, limit_s, into)
            reading = reading_of(kind, facts, blobs)
        except ExaminationFailed as failure:
            # Only a child that said by itself "I can't read this" is fit for the next; all others may be taken over.
            if failure.reason not in ("malformed", "too_big") or not self._child.fit:
                self._drop()
            if into:
                cut_back(into, start)
            raise
        if self._child.served >= self._warden.examinations or self._child.busy_s >= BUSY_SECONDS_A_CHILD:
            self._drop()
        return reading

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child:
            child.end()

    def leave(self) -> Child | None:
        """The child, if it is still fit to serve this boundary again."""
        child, self._child = self._child, None
        return child


class Warden:
    """Keeps `size` places for boundaries and as many spare children. Safe to share among threads; not across a fork."""

    def __init__(
        self,
        size: int = 2,
        *,
        entry: str = SERVE,
        limits: Limits | None = None,
        examinations: int = EXAMINATIONS_A_CHILD,
    ) -> None:
        """entry: the module whose `main` the children run. limits: clock and reply size of one examination.

        examinations: after how many a child is replaced; a scan of a device, one boundary of many small files, can ask for more.
        """
        if size < 1:
            raise ValueError("a pool has at least one place")
        self.limits = limits or Limits()
        self.examinations = examinations
        self._size = size
        self._entry = entry
        self._places = threading.BoundedSemaphore(size)
        self._changed = threading.Condition()
        self._spares: list[Child] = []
        self._kept: OrderedDict[UUID, Child] = OrderedDict()
        self._layers: Layers | None = None
        self._trouble: Exception | None = None
        self._closed = False
        self._nursery: Nursery | None = None
        # The kernel ends a child with the thread that started it (parent-death signal), so one lasting thread starts all.
        self._starter = threading.Thread(target=self._keep_spares, name="sandbox-starter", daemon=True)
        self._starter.start()

    @property
    def layers(self) -> Layers:
        """Which layers hold in this machine's children; waits for the first one."""
        with self._changed:
            self._changed.wait_for(lambda: self._layers or self._trouble or self._closed, START_SECONDS)
            if self._layers is None:
                raise Unreachable("The sandbox does not start; nothing can be examined.") from self._trouble
            return self._layers

    @contextmanager
    def boundary(self, uuid: UUID) -> Iterator[Box]:
        """A place for examining what belongs to `uuid` (a report, a case); waits while all places are taken."""
        with self._places:
            box = Box(self, self._kept_child(uuid) or self.take_child())
            try:
                yield box
            finally:
                self._keep(uuid, box.leave())

    def _kept_child(self, uuid: UUID) -> Child | None:
        with self._changed:
            return self._kept.pop(uuid, None)

    def _keep(self, uuid: UUID, child: Child | None) -> None:
        """Keeps the child for its boundary's next visit, at the cost of the one kept longest."""
        ended: list[Child] = []
        with self._changed:
            if child:
                ended += [self._kept.pop(uuid)] if uuid in self._kept else []
                self._kept[uuid] = child
            while len(self._kept) > (0 if self._closed else self._size):
                ended.append(self._kept.popitem(last=False)[1])
        for other in ended:
            other.end()

    def take_child(self) -> Child:
        """A spare that has seen no byte yet. Raises Unreachable where none starts."""
        while not (child := self._take_spare()).waits:
            child.end()
        return child

    def _take_spare(self) -> Child:
        with self._changed:
            came = self._changed.wait_for(lambda: self._spares or self._trouble or self._closed, START_SECONDS)
            if not came or not self._spares:
                trouble, self._trouble = self._trouble, None
                self._changed.notify_all()
                raise Unreachable("The sandbox does not start; nothing can be examined.") from trouble
            child = self._spares.pop()
            self._changed.notify_all()
            return child

    def _keep_spares(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closed or (len(self._spares) < self._size and self._trouble is None)
                )
                if self._closed:
                    return
            try:
                child = self._started()
            except (OSError, ExaminationFailed) as trouble:
                with self._changed:
                    self._trouble = trouble
                    self._changed.notify_all()
                continue
            with self._changed:
                unwanted = self._closed
                if not unwanted:
                    self._layers = child.layers
                    self._spares.append(child)
                self._changed.notify_all()
            if unwanted:
                child.end()

    def _started(self) -> Child:
        """Another child. Only the starter thread makes one. Raises OSError, ExaminationFailed."""
        if not sys.platform.startswith("linux"):
            return Child(partial(Alone, self._entry), self.limits, START_SECONDS)
        if self._nursery and self._nursery.is_old:
            self._retire_nursery()
        if self._nursery:
            try:
                return Child(self._nursery.fork, self.limits, START_SECONDS)
            except (OSError, ExaminationFailed):
                self._retire_nursery()  # it ended, or can't any more
        self._nursery = Nursery(self._entry, START_SECONDS)
        return Child(self._nursery.fork, self.limits, START_SECONDS)

    def _retire_nursery(self) -> None:
        old, self._nursery = self._nursery, None
        if old:
            old.retire()

    def close(self) -> None:
        """Ends all children, those still at work too: the kernel ends them with the thread that started them."""
        with self._changed:
            self._closed = True
            ended = [*self._spares, *self._kept.values()]
            self._spares.clear()
            self._kept.clear()
            self._changed.notify_all()
        for child in ended:
            child.end()
        self._starter.join(START_SECONDS)
        if self._nursery:
            self._nursery.close()


_own: tuple[int, Warden] | None = None
_own_lock = threading.Lock()


def the_warden() -> Warden:
    """This process's own warden, made at first use and kept for its life. AMPARO_SANDBOX_SIZE sets its places (default 2)."""
    global _own  # noqa: PLW0603 - one pool a process
    with _own_lock:
        # A forked process has the object but neither its thread nor its children.
        if _own is None or _own[0] != os.getpid():
            warden = Warden(int(os.environ.get("AMPARO_SANDBOX_SIZE") or 2))
            atexit.register(warden.close)
            _own = (os.getpid(), warden)
        return _own[1]
