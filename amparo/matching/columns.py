"""A file of columns of equal length, mapped into memory: what lies on the disk of a known-hash list.

A header of 64 bytes (magic, what the file holds, how many entries), then one column after another, each at a multiple of 64 bytes,
numbers little-endian. Processes that open the same file share its pages.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from amparo.foundation.errors import Broken

Array = NDArray[Any]
Columns = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]

MAGIC = b"AMPARO COLUMNS 1"
_HEADER = struct.Struct("<16s16sQ")
ALIGNED_BYTES = 64


def column(form: str, *shape: int) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """A column's type and the shape of one entry: `column("<u8", 4)` holds four words an entry."""
    return np.dtype(form), shape


def _offsets(columns: Columns, count: int) -> tuple[dict[str, int], int]:
    """Where each column begins, and the whole file's size in bytes."""
    offsets, end = {}, ALIGNED_BYTES
    for name, (form, shape) in columns.items():
        offsets[name] = end
        size = count * form.itemsize * int(np.prod(shape, dtype=np.int64))
        end += -(-size // ALIGNED_BYTES) * ALIGNED_BYTES
    return offsets, end


def open_columns(path: Path, holds: str, columns: Columns) -> dict[str, Array]:
    """The columns, read-only and mapped. Raises Broken where the file is missing, another, or not of the size its header says."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise Broken(f"A file of a known-hash list is missing: {path}") from error
    if len(header) < _HEADER.size:
        raise Broken(f"A file of a known-hash list is cut off: {path}")
    magic, held, count = _HEADER.unpack(header)
    if magic != MAGIC or held.rstrip(b"\0") != holds.encode():
        raise Broken(f"A file of a known-hash list is not what it should be: {path}")
    offsets, whole = _offsets(columns, min(count, 1 << 40))
    if whole != size:
        raise Broken(f"A file of a known-hash list is cut off or has grown: {path}")
    # A plain array over the map: numpy's own memmap class costs at every slice.
    mapped: Array = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
    return {
        name: np.ndarray((count, *shape), dtype=form, buffer=mapped.data, offset=offsets[name])
        for name, (form, shape) in columns.items()
    }


class ColumnsFile:
    """Writes a file of columns, a piece of all of them at a time; its number of entries is known before.

    Readable by its owner alone. Use as a context, or call `finish`.
    """

    def __init__(self, path: Path, holds: str, columns: Columns, count: int) -> None:
        self.count = count
        self._columns = columns
        self._offsets, size = _offsets(columns, count)
        self._written = 0
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b")
        self._file.write(_HEADER.pack(MAGIC, holds.encode(), count))
        self._file.truncate(size)

    def append(self, **pieces: Array) -> None:
        """The next entries: an array for every column, all of one length. Raises ValueError for more than was said."""
        length = len(next(iter(pieces.values())))
        if self._written + length > self.count or any(len(piece) != length for piece in pieces.values()):
            raise ValueError("a column is longer than it was said to be")
        for name, (form, shape) in self._columns.items():
            piece = np.ascontiguousarray(pieces[name], dtype=form).reshape(length, *shape)
            entry_bytes = form.itemsize * int(np.prod(shape, dtype=np.int64))
            self._file.seek(self._offsets[name] + self._written * entry_bytes)
            self._file.write(piece.data)
        self._written += length

    def finish(self) -> None:
        """The file is whole, and on the disk. Raises ValueError where less came than was said."""
        if self._written != self.count:
            raise ValueError(f"{self._written} of {self.count} entries were written")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self._file.close()
