"""An index as a file: written whole or not at all, mapped into memory when opened, refused when it isn't what it says.

    "AMPARO HASHINDEX", version, length of the header, length of the file     16 bytes, <u4, <u4, <u8
    header                                                                    JSON: what follows from it below
    SHA-256 of all the above                                                  32 bytes
    the arrays, one after the other, each from a whole page on                little-endian

The header says how many entries there are, each segment's rows and bands, and each array's digest (BLAKE2b, 16 bytes). Where the
arrays lie follows from the numbers of rows and the widths alone, so no header can point anywhere else. Opening reads the header and
the removed entries' marks; the arrays' digests are checked when that is asked for, which reads the file once.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.foundation.durable import sync_folder
from amparo.foundation.errors import Broken
from amparo.matching.engine.cut import WIDTHS
from amparo.matching.engine.rows import BITS
from amparo.matching.engine.segment import DENSE, MOST_ROWS, Bands, Segment, removed_of, shape_of_bands

MAGIC = b"AMPARO HASHINDEX"
VERSION = 1
_FRONT = struct.Struct("<16sIIQ")
_PAGE = 4096
_MOST_HEADER_BYTES = 1 << 20
_MOST_ENTRIES = 1 << 40
_WRITTEN_AT_ONCE = 1 << 22


class WrongFile(Broken, ValueError):
    """A file that is no index, is cut short, was altered, or comes from a newer version."""


@dataclass(frozen=True)
class Contents:
    """What a file holds. entries: how many were ever given; gone: one bit each, set where removed; segments: ascending."""

    entries: int
    gone: NDArray[np.uint8]
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class _Shape:
    first_entry: int
    rows: int
    numbered: bool
    widths: tuple[int, ...]

    def arrays(self) -> Iterator[tuple[str, int]]:
        """(type, length) of each array of the segment, in the order of the file."""
        yield "<u8", 2 * self.rows
        yield "<u8", 2 * self.rows
        yield "<i8", self.rows if self.numbered else 0
        if self.widths:
            yield from zip(("<u4", "<u2", "|u1"), shape_of_bands(self.widths, self.rows), strict=True)


def _parts(segment: Segment) -> list[NDArray[Any]]:
    parts: list[NDArray[Any]] = [segment.front.reshape(-1), segment.back.reshape(-1), segment.numbers]
    return [*parts, segment.bands.offsets, segment.bands.tags, segment.bands.ids] if segment.bands else parts


def _layout(entries: int, shapes: Sequence[_Shape]) -> list[tuple[str, int]]:
    return [("|u1", (entries + 7) // 8), *(array for shape in shapes for array in shape.arrays())]


def _places(layout: Sequence[tuple[str, int]], start: int) -> tuple[list[int], int]:
    """Where each array starts, and where the file ends."""
    places = []
    for kind, length in layout:
        start = -(-start // _PAGE) * _PAGE
        places.append(start)
        start += np.dtype(kind).itemsize * length
    return places, start


def write(path: Path, contents: Contents) -> None:
    """The file lies at `path`, on the disk, readable by the owner alone, in the place of what lay there before. Who has mapped
    that one keeps it."""
    shapes = [
        _Shape(each.first_entry, len(each), bool(len(each.numbers)), each.bands.widths if each.bands else ())
        for each in contents.segments
    ]
    layout = _layout(contents.entries, shapes)
    arrays = [
        contents.gone[: (contents.entries + 7) // 8],
        *(part for each in contents.segments for part in _parts(each)),
    ]
    places, size = _places(layout, len(_header(contents.entries, shapes, ["0" * 32] * len(layout), 0)))
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            digests = []
            for (kind, _), array, place in zip(layout, arrays, places, strict=True):
                file.seek(place)
                digests.append(_written(file, np.ascontiguousarray(array, dtype=kind)))
            file.truncate(size)
            file.seek(0)
            file.write(_header(contents.entries, shapes, digests, size))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _header(entries: int, shapes: Sequence[_Shape], digests: list[str], size: int) -> bytes:
    said = {
        "entries": entries,
        "segments": [[each.first_entry, each.rows, each.numbered, list(each.widths)] for each in shapes],
        "digests": digests,
    }
    raw = json.dumps(said, separators=(",", ":")).encode()
    front = _FRONT.pack(MAGIC, VERSION, len(raw), size) + raw
    return front + hashlib.sha256(front).digest()


def _written(file: Any, array: NDArray[Any]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    raw = _bytes(array)
    for start in range(0, len(raw), _WRITTEN_AT_ONCE):
        piece = raw[start : start + _WRITTEN_AT_ONCE]
        digest.update(piece)
        file.write(piece)
    return digest.hexdigest()


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.data.cast("B") if array.size else memoryview(b"")


def read(path: Path, *, check: bool) -> Contents:
    """The file's contents, mapped. check: also reads every array and compares its digest.

    Raises WrongFile, and OSError where there is no file or it can't be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        front = file.read(_FRONT.size)
        entries, shapes, digests, header_bytes = _checked_header(path, file, front, size)
        layout = _layout(entries, shapes)
        places, end = _places(layout, header_bytes)
        if end != size:
            raise WrongFile(f"{path} has {size:,} bytes where its header makes {end:,}: cut short or altered")
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = [
        np.frombuffer(whole, dtype=kind, count=length, offset=place) if length else np.empty(0, dtype=kind)
        for (kind, length), place in zip(layout, places, strict=True)
    ]
    if check:
        _check_digests(path, arrays, digests)
    gone = arrays[0].copy()
    if entries % 8 and gone[-1] >> (entries % 8):
        raise WrongFile(f"{path} marks entries as removed that it doesn't have")
    segments = tuple(_segments(path, entries, shapes, iter(arrays[1:])))
    there = sum(len(each) - removed_of(each, gone) for each in segments)
    if there != entries - int(np.bitwise_count(gone).sum(dtype=np.int64)):
        raise WrongFile(f"{path} holds other entries than it says")
    return Contents(entries, gone, segments)


def _checked_header(path: Path, file: Any, front: bytes, size: int) -> tuple[int, list[_Shape], list[str], int]:
    """(entries, shapes, digests, length of all that stands before the arrays)."""
    if len(front) < _FRONT.size or not front.startswith(MAGIC):
        raise WrongFile(f"{path} is no saved index")
    _, version, length, said_size = _FRONT.unpack(front)
    if version != VERSION:
        raise WrongFile(f"{path} has version {version} of the format; this program reads version {VERSION}")
    if said_size != size:
        raise WrongFile(f"{path} has {size:,} bytes and says {said_size:,}: cut short or altered")
    if length > _MOST_HEADER_BYTES:
        raise WrongFile(f"{path} has a header of {length:,} bytes")
    raw, digest = file.read(length), file.read(32)
    if hashlib.sha256(front + raw).digest() != digest:
        raise WrongFile(f"the header of {path} isn't what was written")
    try:
        said = json.loads(raw)
        shapes = [_Shape(first, rows, numbered, tuple(widths)) for first, rows, numbered, widths in said["segments"]]
        entries, digests = said["entries"], [str(each) for each in said["digests"]]
        sound = _sound(entries, shapes) and len(digests) == len(_layout(entries, shapes))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WrongFile(f"the header of {path} can't be read") from error
    if not sound:
        raise WrongFile(f"the header of {path} contradicts itself")
    return entries, shapes, digests, _FRONT.size + length + 32


def _sound(entries: Any, shapes: Sequence[_Shape]) -> bool:
    """Whether these can be the numbers of an index."""
    if type(entries) is not int or not 0 <= entries <= _MOST_ENTRIES:
        return False
    end = 0
    for each in shapes:
        if type(each.first_entry) is not int or type(each.rows) is not int or type(each.numbered) is not bool:
            return False
        if not end <= each.first_entry <= entries or not 1 <= each.rows <= min(MOST_ROWS, entries - each.first_entry):
            return False
        if any(type(width) is not int or width not in WIDTHS for width in each.widths):
            return False
        if each.widths and sum(each.widths) != BITS:
            return False
        end = each.first_entry + each.rows
    return True


def _segments(path: Path, entries: int, shapes: Sequence[_Shape], arrays: Iterator[NDArray[Any]]) -> Iterator[Segment]:
    end, ascending = 0, True
    for shape in shapes:
        front, back, numbers = next(arrays).reshape(-1, 2), next(arrays).reshape(-1, 2), next(arrays)
        bands = Bands(shape.widths, next(arrays), next(arrays), next(arrays)) if shape.widths else None
        segment = Segment(front, back, shape.first_entry, numbers if shape.numbered else DENSE, bands)
        if shape.numbered:
            ascending = bool((numbers[1:] > numbers[:-1]).all()) and numbers[0] == shape.first_entry
        if not ascending or segment.first_entry < end or segment.end > entries:
            raise WrongFile(f"{path} has entries out of their order")
        end = segment.end
        yield segment


def _check_digests(path: Path, arrays: Sequence[NDArray[Any]], digests: Sequence[str]) -> None:
    for number, (array, digest) in enumerate(zip(arrays, digests, strict=True)):
        if hashlib.blake2b(_bytes(array), digest_size=16).hexdigest() != digest:
            raise WrongFile(f"array {number} of {path} isn't what was written")
