"""A folder for what a process lays on the disk in between, which may be seized data in the clear: gone however the process ends.

It is gone after an ordinary end, an error, Ctrl-C and SIGTERM. Nothing can run after SIGKILL or a power cut: then the next start
in the same place clears it. Whether its process lives is told by a lock on the folder itself, which ends with the process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

PREFIX = "amparo-work-"  # none but these are ever cleared: each is locked while it is used


@contextmanager
def work_folder(place: Path | None = None) -> Iterator[Path]:
    """A new folder below `place` (the system's temporary folder if None), this user's alone, while the block runs.

    Clears first what processes of this user that are dead left there. SystemExit with 143 where SIGTERM ended the block, if
    nobody else handles that signal.
    """
    parent = (place or Path(tempfile.gettempdir())).resolve()
    clear_dead(parent)
    work, lock = _locked_folder(parent)
    try:
        with _terminated():
            yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(lock)


def clear_dead(place: Path) -> int:
    """Removes the work folders in `place` whose process is dead, of this user alone; returns how many."""
    cleared = 0
    for each in sorted(place.glob(f"{PREFIX}*")):
        with suppress(OSError):
            descriptor = _opened(each)
            try:
                if os.fstat(descriptor).st_uid == os.geteuid() and _lock(descriptor):
                    shutil.rmtree(each, ignore_errors=True)
                    cleared += 1
            finally:
                os.close(descriptor)
    return cleared


def _locked_folder(parent: Path) -> tuple[Path, int]:
    """A new folder and the descriptor that holds its lock. Another process may clear it before it is locked: then anew."""
    while True:
        work = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        with suppress(FileNotFoundError):
            descriptor = _opened(work)
            if _lock(descriptor) and _is_there(work, descriptor):
                return work, descriptor
            os.close(descriptor)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_there(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@contextmanager
def _terminated() -> Iterator[None]:
    """SIGTERM ends the block as an exception does, where it would have ended the process at once."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return
    asked = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    except BaseException:
        # A statement that runs gives an error of its own instead of ours.
        if asked:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
