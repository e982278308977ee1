"""A scan's chunks on several machines: handed out, taken back, kept here; handed out again when whoever had them is gone."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias
from uuid import UUID

from amparo import __version__
from amparo.foundation.errors import AmparoError, Unreachable
from amparo.matching.scan import keeping
from amparo.matching.scan.chunks import may_be_copies, rows_of, to_look_at
from amparo.matching.scan.cluster import Certificates, check, check_trust, security, set_up
from amparo.matching.scan.examining import LARGEST_BYTES
from amparo.matching.scan.facts import Looked, Read, Wanted
from amparo.matching.scan.running import COMMIT_SECONDS, Stop
from amparo.matching.scan.store import Store
from amparo.matching.scan.workers import Work, look_at_chunk, read_chunk
from amparo.matching.shelf import Shelf

# Enough on its way to each thread that none waits for the next, and little enough that a dead scheduler costs little.
_CHUNKS_A_THREAD = 2
_CONNECT_SECONDS = 10.0
_COUNT_SECONDS = 2.0
_CLOSE_SECONDS = 2.0
_AGAIN_SECONDS = 1.0


@dataclass
class _Chunk:
    """A chunk under way. reads is None until its files were read."""

    number: int
    wanted: list[Wanted]
    reads: list[Read] | None = None
    looks: list[Looked] = field(default_factory=list)
    first: dict[int, int] = field(default_factory=dict)
    to_look_at: list[tuple[Wanted, Read]] = field(default_factory=list)
    worker: str = ""
    future: Any = None


_Done: TypeAlias = "queue.SimpleQueue[tuple[_Chunk, Any]]"


class _Lost(Exception):
    """The scheduler is gone, and what was under way with it."""


class Machines:
    """Examines a store's chunks on a cluster. `run` returns when none is left, or when it was told to stop."""

    def __init__(
        self,
        store: Store,
        lists: Shelf,
        scan: UUID,
        scheduler: str,
        certificates: Certificates,
        *,
        largest_bytes: int = LARGEST_BYTES,
    ) -> None:
        """Refused for a scheduler without TLS, or where Dask is not installed."""
        check(scheduler, certificates)
        set_up()
        self._store, self._lists = store, lists
        self._work = Work(__version__, scan, tuple(store.devices.values()), lists.lists, largest_bytes)
        self._scheduler, self._certificates = scheduler, certificates
        self._left: Iterator[int] = iter(())
        self.trouble = ""

    def run(self, stop: Stop, told: Callable[[], None] = lambda: None) -> None:
        """told: called again and again while the work goes on. `trouble` says in words what is waited for; empty for nothing."""
        self._left = iter(keeping.chunks_left(self._store))
        under_way: dict[int, _Chunk] = {}
        ended = False
        while not ended and not stop.asked:
            try:
                ended = self._connected(under_way, stop, told)
            except (OSError, TimeoutError, _Lost) as error:
                check_trust(error, self._scheduler)
                self.trouble = f"The scheduler at {self._scheduler} does not answer; waiting for it."
                self._store.commit()
                told()
                stop.wait(_AGAIN_SECONDS)
        self._store.commit()

    def _connected(self, under_way: dict[int, _Chunk], stop: Stop, told: Callable[[], None]) -> bool:
        """Whether every chunk is done; False where it was told to stop. Raises _Lost or OSError with the connection."""
        from distributed import Client

        try:
            client = Client(
                self._scheduler, security=security(self._certificates), timeout=_CONNECT_SECONDS, set_as_default=False
            )
        except RuntimeError as error:
            if "closed" not in str(error):
                raise
            raise _Lost from error  # Dask's word for a scheduler that went away while it was greeted
        done: _Done = queue.SimpleQueue()
        committed = counted = 0.0
        threads = 0
        try:
            for chunk in under_way.values():
                chunk.worker = ""
                self._send(client, chunk, done)
            while not stop.asked:
                if client.status != "running":
                    raise _Lost
                if time.monotonic() - counted > _COUNT_SECONDS:
                    workers, counted = client.nthreads(), time.monotonic()
                    threads = sum(workers.values())
                    self.trouble = "" if threads else "No worker is connected; waiting for one."
                    for chunk in under_way.values():
                        if chunk.worker and chunk.worker not in workers:
                            # Dask would go on waiting for that one if no other was there when it went.
                            chunk.worker = ""
                            self._send(client, chunk, done)
                while len(under_way) < threads * _CHUNKS_A_THREAD and (number := next(self._left, None)) is not None:
                    chunk = under_way[number] = _Chunk(number, keeping.wanted(self._store, number))
                    self._send(client, chunk, done)
                if threads and not under_way:
                    return True
                with suppress(queue.Empty):
                    chunk, future = done.get(timeout=COMMIT_SECONDS)
                    if future is not chunk.future:
                        continue  # it was handed out again meanwhile
                    if self._take(chunk, future):
                        del under_way[chunk.number]
                    else:
                        self._send(client, chunk, done)
                if time.monotonic() - committed > COMMIT_SECONDS:
                    self._store.commit()
                    committed = time.monotonic()
                    told()
            return False
        finally:
            client.close(timeout=_CLOSE_SECONDS)

    def _send(self, client: Any, chunk: _Chunk, done: _Done) -> None:
        """Hands out the next step of a chunk: the reading, or the look at those that are the first of their content."""
        if chunk.reads is None:
            future = client.submit(read_chunk, self._work, chunk.wanted, pure=False)
        else:
            # Where they were read their bytes are still in memory; another machine will do.
            near = {"workers": [chunk.worker], "allow_other_workers": True} if chunk.worker else {}
            future = client.submit(look_at_chunk, self._work, chunk.to_look_at, pure=False, priority=1, **near)
        chunk.future = future
        future.add_done_callback(lambda ended: done.put((chunk, ended)))

    def _take(self, chunk: _Chunk, future: Any) -> bool:
        """Whether the chunk is done with this; False where a step of it is to be handed out (again)."""
        from distributed import KilledWorker

        if future.status not in {"finished", "error"}:
            raise _Lost
        try:
            answer = future.result(timeout=_CONNECT_SECONDS)
        except KilledWorker:
            return False
        except AmparoError as error:
            raise Unreachable(f"A worker can't go on: {error.sentence}") from error
        finally:
            chunk.future = None
        if chunk.reads is None:
            chunk.worker, chunk.reads, chunk.looks = answer
            chunk.first = keeping.first_with(self._store, may_be_copies(chunk.wanted, chunk.reads))
            looked = {each.file for each in chunk.looks}
            wanted = to_look_at(chunk.wanted, chunk.reads, chunk.first)
            chunk.to_look_at = [each for each in wanted if each[0].file not in looked]
            if chunk.to_look_at:
                return False
        else:
            chunk.looks = [*chunk.looks, *answer]
        rows = rows_of(chunk.reads, chunk.looks, chunk.first, looks_are_listed=self._lists.looks_listed)
        keeping.keep(self._store, rows, {each.file: each.device for each in chunk.wanted}, chunk.number)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held between two runs."""
