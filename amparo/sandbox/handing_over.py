"""A file as a child may have it: a descriptor of its own, for reading alone.

A descriptor that is merely passed on would share its place in the file with ours, and the right to write if ours has it.
"""

from __future__ import annotations

import fcntl
import os
import stat
from typing import BinaryIO


def own_descriptor(file: BinaryIO) -> int:
    """A new descriptor for the same regular file, read-only. Whoever asked closes it.

    Raises TypeError for what is no open regular file: a folder, pipe or device would give a child more than bytes.
    PermissionError where the file can't be opened anew for reading and the descriptor at hand may write.
    """
    try:
        given = file.fileno()
    except (AttributeError, OSError) as error:
        raise TypeError("what is examined is bytes or an open regular file") from error
    if not stat.S_ISREG(os.fstat(given).st_mode):
        raise TypeError("only regular files are examined, not folders, pipes or devices")
    own = _opened_anew(given)
    if own is None:
        # Another description could not be had; this one will do if it can't write. Its place in the file is then shared.
        own = os.dup(given)
    if fcntl.fcntl(own, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY or not _same(own, given):
        os.close(own)
        raise PermissionError("this file can't be opened for reading alone")
    return own


def _opened_anew(given: int) -> int | None:
    """Linux keeps a link to every open file, also to one without a name; macOS tells its path."""
    path: str | bytes = f"/proc/self/fd/{given}"
    if hasattr(fcntl, "F_GETPATH"):
        path = fcntl.fcntl(given, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0")
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _same(one: int, other: int) -> bool:
    first, second = os.fstat(one), os.fstat(other)
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
