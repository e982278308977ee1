"""What a worker machine does for a scan: reads its copy of the mount, asks its copy of the lists, looks in its own sandbox.

Runs in the threads of a Dask worker (`cluster.serve_worker`). Places, digests, looks and hits travel; bytes of files never do.
"""

from __future__ import annotations

import atexit
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from amparo import __version__
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.matching.scan.chunks import may_be_copies, to_look_at
from amparo.matching.scan.examining import Examiner
from amparo.matching.scan.facts import Device, Looked, Read, Wanted
from amparo.matching.scan.running import EXAMINATIONS_A_CHILD
from amparo.matching.shelf import Shelf
from amparo.sandbox.warden import Box, Warden


@dataclass(frozen=True)
class Work:
    """What every chunk of a scan has in common. version: Amparo's; scan: also the boundary in the sandbox."""

    version: str
    scan: UUID
    devices: tuple[Device, ...]
    lists: tuple[UUID, ...]
    largest_bytes: int


def read_chunk(work: Work, wanted: list[Wanted]) -> tuple[str, list[Read], list[Looked]]:
    """This worker's address; every file read and asked for by its digests; and what those look like that can be no copies.

    Refused where this machine does not see the trees or the lists as the one that plans does.
    """
    seat = _seat(work)
    reads = seat.examiner.read(wanted)
    others = {each.file for each in may_be_copies(wanted, reads)}
    alone = [each for each in reads if each.file not in others]
    from distributed import get_worker

    return get_worker().address, reads, seat.examiner.look(seat.box, to_look_at(wanted, alone, {}))


def look_at_chunk(work: Work, files: list[tuple[Wanted, Read]]) -> list[Looked]:
    """What these files look like: the first of their content."""
    seat = _seat(work)
    return seat.examiner.look(seat.box, files)


@dataclass
class _Seat:
    """One thread's place at one scan's work: its trees and its child stay with it from chunk to chunk."""

    work: Work
    examiner: Examiner
    boundary: AbstractContextManager[Box]
    box: Box


_own = threading.local()
_shelves = threading.Lock()
_shelf: Shelf | None = None


def _seat(work: Work) -> _Seat:
    if work.version != __version__:
        raise Refused(f"This worker runs Amparo {__version__}, the scan {work.version}: install the same on both.")
    seat: _Seat | None = getattr(_own, "seat", None)
    if seat and seat.work == work:
        return seat
    if seat:
        seat.examiner.close()
        seat.boundary.__exit__(None, None, None)
    boundary = _warden().boundary(work.scan)
    examiner = Examiner(work.devices, _lists(work.lists), largest_bytes=work.largest_bytes)
    _own.seat = seat = _Seat(work, examiner, boundary, boundary.__enter__())
    return seat


@cache
def _warden() -> Warden:
    """This worker's pool: a place for each of its threads."""
    from distributed import get_worker

    warden = Warden(get_worker().state.nthreads, examinations=EXAMINATIONS_A_CHILD)
    atexit.register(warden.close)
    return warden


def _lists(lists: tuple[UUID, ...]) -> Shelf:
    """The lists, opened once for all threads."""
    global _shelf  # noqa: PLW0603 - one shelf a process: its pages are shared, its opening is not free
    with _shelves:
        if _shelf is None or _shelf.lists != lists:
            _shelf = Shelf.open(Home.from_env(), lists)
        return _shelf
