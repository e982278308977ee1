"""Every known fingerprint within a number of bits of a query: all of them, never "most of them".

An index is a row of parts that never change, a short tail of what was just added, and a bit an entry that says what was removed. A
search takes them as they are at its start; whoever adds, removes or joins parts makes the next state beside it and swaps. So any
number of threads may search while others change, and a search sees every change that had returned before it began.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from amparo.foundation.errors import Missing
from amparo.matching.engine import growth, saved, searching
from amparo.matching.engine.backend import kernels
from amparo.matching.engine.cut import BUILT_FOR_BITS
from amparo.matching.engine.rows import BITS, Hits, Numbers, Rows, checked
from amparo.matching.engine.segment import DENSE, MOST_ROWS, Segment, is_gone, merged, removed_of, segment_of

# Work on bands, in rows moved once (5 to 10 ns each): so much for each row added, which is several times what it will need; and
# no call works on them for longer than this, so that whatever is added counts within a second.
WORK_A_ROW = 2048
WORK_SECONDS = 0.25
# Scanning so many pairs costs as much as moving one row.
PAIRS_A_WORK = 8


class UnknownEntry(Missing, KeyError):
    """An entry that was never given, or was removed."""

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class _State:
    """segments: ascending by entry. tail: what was added last, as a segment over the first rows of two growing arrays. entries: how
    many were ever given. gone: a bit for each of them; only ever set, in place."""

    segments: tuple[Segment, ...]
    tail: Segment
    entries: int
    gone: NDArray[np.uint8]
    removed: int


class HashIndex:
    """An index over known fingerprints. Entries are numbered from 0 in the order in which they were given; a number is never given
    twice, also not after removing, saving and opening."""

    def __init__(self, rows: Rows) -> None:
        """rows: uint64 of shape (n, 4), most significant word first. Raises ValueError on another shape or type."""
        self._begin(_State((), _empty(0), 0, np.zeros(0, np.uint8), 0))
        self.add(rows)
        self.settle()

    def _begin(self, state: _State) -> None:
        self._state = state
        self._lock = threading.Lock()
        # The tail's rows and the room behind them, once there are some.
        self._room: tuple[Rows, Rows] | None = None
        self._joining: tuple[slice, Generator[int, None, Segment]] | None = None
        self._credit = self._uncounted = 0
        _living.add(self)

    def __len__(self) -> int:
        return self._state.entries - self._state.removed

    @property
    def nbytes(self) -> int:
        """Bytes in memory or mapped, all bands included."""
        state = self._state
        return sum(each.nbytes for each in (*state.segments, state.tail)) + state.gone.nbytes

    def search(self, queries: Rows, within_bits: int = BUILT_FOR_BITS, threads: int = 1) -> Hits:
        """(query_row, entry, distance_bits), int64 of equal length, ordered by all three; every pair within `within_bits`.

        queries: uint64 of shape (m, 4). within_bits: 0 to 256. Raises ValueError on anything else.
        """
        if not 0 <= within_bits <= BITS:
            raise ValueError(f"a distance of 256-bit fingerprints is 0 to 256 bits, not {within_bits}")
        if threads < 1:
            raise ValueError(f"a search takes one thread or more, not {threads}")
        asked = np.ascontiguousarray(checked(queries))
        state = self._state
        hits = searching.near((*state.segments, state.tail), state.gone, asked, within_bits, threads)
        scanned = sum(len(each) for each in state.segments if each.bands is None) * len(asked)
        if scanned and self._lock.acquire(blocking=False):
            # Who had to scan what has no bands yet pays as much again towards them.
            try:
                self._work(scanned // PAIRS_A_WORK)
            finally:
                self._lock.release()
        return hits

    def add(self, rows: Rows) -> Numbers:
        """The new entries' numbers, in the order of the rows; the next search finds them. Raises ValueError as the constructor."""
        rows = checked(rows)
        with self._lock:
            first = self._state.entries
            for start in range(0, len(rows), MOST_ROWS):
                self._take(rows[start : start + MOST_ROWS])
            self._work(len(rows) * WORK_A_ROW)
        return np.arange(first, first + len(rows), dtype=np.int64)

    def _take(self, rows: Rows) -> None:
        """The rows are in the tail, or a part of their own if they are many."""
        state = self._state
        segments, tail, end = state.segments, state.tail, state.entries + len(rows)
        if len(tail) + len(rows) > growth.TAIL_ROWS:
            segments = (*segments, tail) if len(tail) else segments
            tail, self._room = _empty(state.entries), None
        if len(rows) > growth.TAIL_ROWS:
            segments, tail = (*segments, segment_of(rows, state.entries)), _empty(end)
        elif len(rows):
            if self._room is None:
                self._room = np.empty((growth.TAIL_ROWS, 2), np.uint64), np.empty((growth.TAIL_ROWS, 2), np.uint64)
            front, back = self._room
            there, behind = len(tail), len(tail) + len(rows)
            front[there:behind], back[there:behind] = rows[:, :2], rows[:, 2:]
            tail = Segment(front[:behind], back[:behind], tail.first_entry, DENSE)
        gone = state.gone
        if 8 * len(gone) < end:
            gone = np.zeros(max(end // 4, 1024), np.uint8)
            gone[: len(state.gone)] = state.gone
        self._state = _State(segments, tail, end, gone, state.removed)

    def remove(self, entries: ArrayLike) -> None:
        """No search finds these entries from now on. Raises UnknownEntry, and removes none, where one isn't in the index."""
        with self._lock:
            state = self._state
            wanted = np.unique(_known(state, entries))
            np.bitwise_or.at(state.gone, wanted >> 3, (1 << (wanted & 7)).astype(np.uint8))
            self._state = replace(state, removed=state.removed + len(wanted))
            self._uncounted += len(wanted)
            self._work(len(wanted) * WORK_A_ROW)

    def rows(self, entries: ArrayLike) -> Rows:
        """The fingerprints of these entries, uint64 of shape (k, 4), in their order. Raises UnknownEntry."""
        state = self._state
        wanted = _known(state, entries)
        found = np.zeros((len(wanted), 4), dtype=np.uint64)
        for segment in (*state.segments, state.tail):
            inside = (wanted >= segment.first_entry) & (wanted < segment.end)
            if inside.any():
                found[inside] = segment.rows(wanted[inside])
        return found

    def _work(self, moves: int | None) -> None:
        """So much work on joining parts is done, or all there is. The lock is held."""
        self._credit += moves or 0
        until = time.monotonic() + WORK_SECONDS
        while True:
            if self._joining is None:
                segments = self._state.segments
                where = growth.due(segments, self._removed_of(segments))
                if where is None:
                    self._credit = 0
                    return
                self._joining = where, merged(segments[where], self._state.gone, kernels())
            if moves is not None and (self._credit <= 0 or time.monotonic() > until):
                self._credit = min(self._credit, 0)
                return
            where, steps = self._joining
            try:
                self._credit -= next(steps)
            except StopIteration as end:
                segments = self._state.segments
                joined = (end.value,) if len(end.value) else ()
                self._state = replace(
                    self._state, segments=(*segments[: where.start], *joined, *segments[where.stop :])
                )
                self._joining = None
            except BaseException as error:
                self._joining, self._credit = None, 0
                if isinstance(error, MemoryError) and moves is not None:
                    return  # what has no bands is scanned
                raise

    def _removed_of(self, segments: Sequence[Segment]) -> list[int]:
        """How many of each segment's entries were removed; counted when enough were that it can matter."""
        if 16 * self._uncounted <= sum(map(len, segments)):
            return [0] * len(segments)
        self._uncounted = 0
        return [removed_of(segment, self._state.gone) for segment in segments]

    def settle(self) -> None:
        """All that was added has its bands; a search is as fast as it gets. Done by and by also without calling this."""
        with self._lock:
            self._work(None)

    def save(self, path: str | os.PathLike[str]) -> None:
        """The index lies at `path`, durably, whole or not at all; what was there before stays with those who have it open."""
        with self._lock:
            self._work(None)
            state, gone = self._state, self._state.gone.copy()
        parts = (*state.segments, state.tail) if len(state.tail) else state.segments
        saved.write(Path(path), saved.Contents(state.entries, gone, parts))

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, check: bool = False) -> HashIndex:
        """A saved index, mapped into memory: any number of processes share it, and what is added or removed stays with this
        one until it is saved. check: also compares every array's digest, which reads the whole file.

        Raises WrongFile for a file that isn't one, is cut short or altered; OSError where there is none.
        """
        contents = saved.read(Path(path), check=check)
        segments, tail = contents.segments, _empty(contents.entries)
        removed = int(np.bitwise_count(contents.gone).sum(dtype=np.int64))
        index = cls.__new__(cls)
        index._begin(_State(segments, tail, contents.entries, contents.gone, removed))  # noqa: SLF001 - its own class
        return index


def _empty(first_entry: int) -> Segment:
    return Segment(_NO_ROWS, _NO_ROWS, first_entry, DENSE)


def _known(state: _State, entries: ArrayLike) -> Numbers:
    """The entries as int64. Raises UnknownEntry where one was never given or was removed."""
    asked = np.asarray(entries).reshape(-1)
    if asked.size and asked.dtype.kind not in "iu":
        raise ValueError(f"entries are whole numbers, not {asked.dtype}")
    unknown = (asked < 0) | (asked >= state.entries)
    wanted = np.where(unknown, 0, asked).astype(np.int64)
    if state.entries:
        unknown |= is_gone(wanted, state.gone)
    if unknown.any():
        raise UnknownEntry(f"entry {asked[unknown][0]} isn't in this index: it was never given, or was removed")
    return wanted


_NO_ROWS: Rows = np.empty((0, 2), dtype=np.uint64)
_living: weakref.WeakSet[HashIndex] = weakref.WeakSet()


def _after_fork() -> None:
    """In a forked child no other thread is left that would give a lock back or finish a step of joining."""
    for index in list(_living):
        index._lock, index._joining = threading.Lock(), None  # noqa: SLF001 - its own module


os.register_at_fork(after_in_child=_after_fork)
