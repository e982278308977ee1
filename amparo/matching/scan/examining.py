"""One file after the other: its bytes read once, the lists asked by digest, then by look for what is not listed.

What runs here may run on another machine: it needs the mounted tree, the lists and a sandbox, and gives back digests, looks and
hits. A listed file is never decoded. Whatever goes wrong with a file is that file's outcome.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import BinaryIO, Self, cast

import numpy as np

from amparo.matching.engine.digests import Readable, TooLong, digests_of
from amparo.matching.looks import Looks, no_looks
from amparo.matching.rules import DIGEST_BYTES
from amparo.matching.scan.facts import Device, Looked, Read, Wanted
from amparo.matching.scan.looking import look_at
from amparo.matching.scan.tree import Tree, check_there, problem_of, tree_of
from amparo.matching.shelf import Shelf
from amparo.sandbox.warden import Box

# A sparse file may say that it is larger than any disk. At some 300 MB/s on one core this one takes an hour.
LARGEST_BYTES = 1 << 40
# Below this a file is read before anybody could have asked to stop.
_AT_ONCE_BYTES = 64 << 20


class Stopped(Exception):
    """Somebody asked to stop in the middle of a file; it counts as not begun."""


class Examiner:
    """Reads and looks at files of the given trees. Used by one thread; as a context it closes what it opened."""

    def __init__(
        self,
        devices: Iterable[Device],
        lists: Shelf,
        *,
        largest_bytes: int = LARGEST_BYTES,
        go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """go_on: asked before each file; where it says no, what is done so far comes back."""
        self._devices = {each.id: each for each in devices}
        self._trees: dict[int, Tree] = {}
        self._lists = lists
        self._largest_bytes = largest_bytes
        self._go_on = go_on

    def read(self, files: Iterable[Wanted]) -> list[Read]:
        """Each file's digests, and what the lists know by them."""
        reads: list[Read] = []
        for wanted in files:
            if not self._go_on():
                break
            try:
                reads.append(self._read(wanted))
            except Stopped:
                break
        if any(each.problem in {"vanished", "read_error"} for each in reads):
            self._check_roots()
        whole = [each for each in reads if not each.problem]
        digests = {
            kind: np.frombuffer(b"".join(getattr(each, kind) for each in whole), np.uint8).reshape(-1, size)
            for kind, size in DIGEST_BYTES.items()
        }
        for each, hits in zip(whole, self._lists.lookup(digests), strict=True):
            each.hits = hits
        return reads

    def look(self, box: Box, files: Iterable[tuple[Wanted, Read]]) -> list[Looked]:
        """What each file looks like, and what the lists know near to it. The files are those that were read."""
        found: list[Looked] = []
        asked: list[tuple[Looked, Looks]] = []
        for wanted, read in files:
            if not self._go_on():
                break
            looked, looks = self._look(box, wanted, read)
            # Whoever stops a scan ends its children, and what they were at seems to have crashed them.
            if not self._go_on():
                break
            found.append(looked)
            if len(looks):
                asked.append((looked, looks))
        answers = self._lists.lookup({}, [looks for _, looks in asked])
        for (looked, _), hits in zip(asked, answers, strict=True):
            looked.hits = hits
        return found

    def _read(self, wanted: Wanted) -> Read:
        if wanted.size_bytes > self._largest_bytes:
            return Read(wanted.file, "too_big", wanted.size_bytes)
        try:
            with self._tree(wanted.device).file(wanted.folder, wanted.name) as file:
                before = _state_of(file)
                large = before[0] > _AT_ONCE_BYTES
                digests = digests_of(_Stoppable(file, self._go_on) if large else file, before[0])
                after = _state_of(file)
        except TooLong:
            return Read(wanted.file, "changed")
        except OSError as error:
            return Read(wanted.file, problem_of(error))
        if before != after or digests.size_bytes != before[0]:
            return Read(wanted.file, "changed")
        return Read(wanted.file, "", *before, digests.md5, digests.sha1, digests.sha256)

    def _look(self, box: Box, wanted: Wanted, read: Read) -> tuple[Looked, Looks]:
        if not read.size_bytes:
            return Looked(wanted.file, kind="empty", media_type="application/x-empty"), no_looks()
        try:
            with self._tree(wanted.device).file(wanted.folder, wanted.name) as file:
                if _state_of(file) != (read.size_bytes, read.modified_us):
                    return Looked(wanted.file, "changed"), no_looks()
                look = look_at(box, cast("BinaryIO", file))
        except OSError as error:
            return Looked(wanted.file, problem_of(error)), no_looks()
        looked = Looked(wanted.file, "", look.kind, look.media_type, look.state, look.reason, look.fingerprint)
        return looked, look.looks

    def _tree(self, device: int) -> Tree:
        """Opened when the first of its files is asked for. Unreachable where something else is mounted there now, or nothing."""
        if device not in self._trees:
            self._trees[device] = tree_of(self._devices[device])
        return self._trees[device]

    def _check_roots(self) -> None:
        """Files that can't be had may be single ones; but a whole disk that went away must not become a million of them."""
        for device in self._trees:
            check_there(self._devices[device])

    def close(self) -> None:
        for tree in self._trees.values():
            tree.close()
        self._trees.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Stoppable:
    """A large file that is no longer read once somebody asked to stop."""

    def __init__(self, file: Readable, go_on: Callable[[], bool]) -> None:
        self._file = file
        self._go_on = go_on

    def readinto(self, buffer: memoryview, /) -> int | None:
        if not self._go_on():
            raise Stopped
        return self._file.readinto(buffer)


def _state_of(file: io.FileIO) -> tuple[int, int]:
    """(size in bytes, when it was changed last): the same before and after means that it stood still meanwhile."""
    about = os.fstat(file.fileno())
    return about.st_size, about.st_mtime_ns // 1000
