"""A chunk from its plan to its end, and this machine's cores kept busy with them.

Each thread drives one locked-down child: while the child decodes, or hashlib hashes, the interpreter is free for the others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self
from uuid import UUID

from amparo.matching.scan import keeping
from amparo.matching.scan.chunks import may_be_copies, rows_of, to_look_at
from amparo.matching.scan.examining import LARGEST_BYTES, Examiner
from amparo.matching.scan.store import Store
from amparo.matching.shelf import Shelf
from amparo.sandbox.warden import Box, Warden

# How often what has ended meanwhile goes to the disk: the most that a power cut can cost, beside the chunks under way.
COMMIT_SECONDS = 0.5
GRACE_SECONDS = 10.0
# All that a scan examines is one boundary's, mostly small files; a new child every 500 of them would double what they cost.
EXAMINATIONS_A_CHILD = 20_000


class Stop:
    """Asked for once, seen by all. `wait` is a pause that ends with it."""

    def __init__(self) -> None:
        self._event = threading.Event()
        # A plain name is read in a tenth of the time, and every file asks.
        self.asked = False

    def ask(self) -> None:
        self.asked = True
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Whether it was asked for."""
        return self._event.wait(seconds)

    def go_on(self) -> bool:
        return not self.asked


class Cores:
    """Examines a store's chunks on this machine, `threads` files at a time. As a context it ends the children it started."""

    trouble = ""

    def __init__(
        self,
        store: Store,
        lists: Shelf,
        boundary: UUID,
        threads: int,
        *,
        warden: Warden | None = None,
        largest_bytes: int = LARGEST_BYTES,
    ) -> None:
        """boundary: whose bytes these are; a child that has seen them sees no other's. warden: one with as many places."""
        self._store, self._lists, self._boundary, self._threads = store, lists, boundary, threads
        self._warden = warden or Warden(threads, examinations=EXAMINATIONS_A_CHILD)
        self._own_warden = warden is None
        self._largest_bytes = largest_bytes
        self._left: Iterator[int] = iter(())
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def run(self, stop: Stop, told: Callable[[], None] = lambda: None) -> None:
        """Returns when no chunk is left, or when it was told to stop. Raises what a thread failed with.

        told: called again and again while the work goes on, from the calling thread.
        """
        self._left = iter(keeping.chunks_left(self._store))
        drivers = [
            threading.Thread(target=self._drive, args=(stop,), name=f"scan-{number}", daemon=True)
            for number in range(self._threads)
        ]
        for each in drivers:
            each.start()
        grace = None
        while alive := [each for each in drivers if each.is_alive()]:
            alive[0].join(COMMIT_SECONDS)
            self._store.commit()
            told()
            if stop.asked and grace is None:
                self.close()
                grace = time.monotonic() + GRACE_SECONDS
            if grace is not None and time.monotonic() > grace:
                break  # a disk that answers no more: its thread ends with the process
        self._store.commit()
        if self._failure:
            raise self._failure

    def _drive(self, stop: Stop) -> None:
        try:
            examiner = Examiner(
                self._store.devices.values(), self._lists, largest_bytes=self._largest_bytes, go_on=stop.go_on
            )
            with examiner, self._warden.boundary(self._boundary) as box:
                while (chunk := self._next(stop)) is not None:
                    self._examine(examiner, box, chunk)
        except BaseException as failure:
            # One that can't go on ends all: what is wrong (a full disk, a sandbox that does not start) is wrong for each.
            if not stop.asked:
                self._failure = failure
            stop.ask()

    def _next(self, stop: Stop) -> int | None:
        with self._lock:
            return None if stop.asked else next(self._left, None)

    def _examine(self, examiner: Examiner, box: Box, chunk: int) -> None:
        wanted = keeping.wanted(self._store, chunk)
        reads = examiner.read(wanted)
        first = keeping.first_with(self._store, may_be_copies(wanted, reads))
        looks = examiner.look(box, to_look_at(wanted, reads, first))
        rows = rows_of(reads, looks, first, looks_are_listed=self._lists.looks_listed)
        devices = {each.file: each.device for each in wanted}
        keeping.keep(self._store, rows, devices, chunk if len(rows) == len(wanted) else None)

    def close(self) -> None:
        if self._own_warden:
            self._warden.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
