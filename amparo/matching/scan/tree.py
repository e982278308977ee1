"""One seized tree: its folders and files opened by steps from its root, so that no link and no race leads out of it.

Names are bytes, as the file system has them: a seized disk owes nobody UTF-8. A path is the names below the root, joined by
"/"; the root's own path is empty. Opening by steps also reaches what lies deeper than the system's longest path.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from amparo.foundation.errors import Unreachable
from amparo.matching.scan.facts import Device

# Twice what any common file system lets a program name in one piece (Linux 4,096 bytes, Windows 32,767 characters). A folder
# below it has a line of its own in the manifest and is not entered.
LONGEST_PATH_BYTES = 65_536

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without waiting: what was a file when the folder was read may be a pipe by now, and opening one waits for its other end.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
# Reading evidence must not change when it was last read. Linux allows this to the owner and to root.
_LEAVE_TIMES = getattr(os, "O_NOATIME", 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder. Times in microseconds since 1970, UTC: nanoseconds of a far year don't fit into 64 bits."""

    name: bytes
    type: str
    size_bytes: int = 0
    modified_us: int | None = None
    accessed_us: int | None = None
    changed_us: int | None = None
    problem: str = ""


TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block_device",
    stat.S_IFCHR: "character_device",
}

# What stands in the manifest for a failed step, from the system's own word for it.
_PROBLEMS = {
    errno.EACCES: "permission_denied",
    errno.EPERM: "permission_denied",
    errno.ENOENT: "vanished",
    errno.ESTALE: "vanished",
    errno.ENOTDIR: "changed",
    errno.ELOOP: "changed",
    errno.ENXIO: "changed",
    errno.ENAMETOOLONG: "name_too_long",
    errno.EAGAIN: "would_block",
    errno.EMFILE: "too_many_open_files",
    errno.ENFILE: "too_many_open_files",
}


def problem_of(error: OSError) -> str:
    """A code for why the system refused: permission_denied, vanished, changed, name_too_long, would_block or read_error."""
    return _PROBLEMS.get(error.errno or 0, "read_error")


class Tree:
    """A root and what lies below it. Keeps the folder opened last, since the next is mostly beside or below it.

    Used by one thread. Raises OSError from every step that the system refuses.
    """

    def __init__(self, root: bytes | str) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._path = b""
        self._folder = os.dup(self._root)

    def inode(self) -> int:
        """The root's own number: another image mounted in its place has another, mostly."""
        return os.fstat(self._root).st_ino

    def folder(self, path: bytes) -> int:
        """The descriptor of the folder at `path`; the tree's own, good until the next call."""
        if path != self._path:
            below = not self._path or path.startswith(self._path + b"/")
            steps = path[len(self._path) :] if below else path
            folder = os.dup(self._folder if below else self._root)
            try:
                for name in steps.split(b"/"):
                    if name:
                        deeper = os.open(_step(name), _FOLDER, dir_fd=folder)
                        os.close(folder)
                        folder = deeper
            except OSError:
                os.close(folder)
                raise
            os.close(self._folder)
            self._folder, self._path = folder, path
        return self._folder

    def entries(self, path: bytes) -> Iterator[Entry]:
        """What stands in the folder at `path`, in the file system's order; neither followed nor opened."""
        # A descriptor of its own: the order of reading is the descriptor's, and a folder may be read twice.
        own = os.open(b".", _FOLDER, dir_fd=self.folder(path))
        try:
            with os.scandir(own) as found:
                for each in found:
                    yield _entry(each)
        finally:
            os.close(own)

    def file(self, folder: bytes, name: bytes) -> io.FileIO:
        """The regular file opened for reading. OSError with ENXIO for anything that is no regular file any more."""
        at = self.folder(folder)
        try:
            descriptor = os.open(_step(name), _FILE | _LEAVE_TIMES, dir_fd=at)
        except PermissionError:
            descriptor = os.open(_step(name), _FILE, dir_fd=at)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.ENXIO, "no longer a regular file")
        return io.FileIO(descriptor, "rb", closefd=True)

    def close(self) -> None:
        """Closes what it holds open; harmless twice."""
        for descriptor in {self._folder, self._root} - {-1}:
            with suppress(OSError):
                os.close(descriptor)
        self._folder = self._root = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def tree_of(device: Device) -> Tree:
    """The device's tree, as it was when the scan began. Unreachable otherwise, with what to do."""
    where = os.fsdecode(device.root)
    try:
        tree = Tree(device.root)
    except OSError as error:
        raise Unreachable(f"{where} can't be read any more ({error.strerror}). Mount it again and resume.") from error
    if tree.inode() == device.inode:
        return tree
    tree.close()
    raise Unreachable(f"{where} is not what the scan began with. Mount the same image there and resume.")


def check_there(device: Device) -> None:
    """The device can still be read, whatever is wrong with some of its files. Unreachable otherwise."""
    with tree_of(device) as tree:
        try:
            next(tree.entries(b""), None)
        except OSError as error:
            where = os.fsdecode(device.root)
            raise Unreachable(
                f"{where} can't be read any more ({error.strerror}). Mount it again and resume."
            ) from error


def _step(name: bytes) -> bytes:
    """One name, which leads down and nowhere else. ValueError otherwise: no plan may say `..`."""
    if name in {b"", b".", b".."} or b"/" in name or b"\0" in name:
        raise ValueError(f"{name!r} is no name in a folder")
    return name


def _entry(each: os.DirEntry[str]) -> Entry:
    name = os.fsencode(each.name)
    try:
        about = each.stat(follow_symlinks=False)
    except OSError as error:
        return Entry(name, "unknown", problem=problem_of(error))
    return Entry(
        name,
        TYPES.get(stat.S_IFMT(about.st_mode), "unknown"),
        about.st_size,
        about.st_mtime_ns // 1000,
        about.st_atime_ns // 1000,
        about.st_ctime_ns // 1000,
    )


def joined(folder: bytes, name: bytes) -> bytes:
    """The path of `name` in `folder`, both below the root; the folder's own for no name."""
    return folder + b"/" + name if folder and name else folder or name
