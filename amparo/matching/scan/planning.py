"""Cuts a walked tree into chunks: what is examined in one go, kept in one go, and done again in one go after a power cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# A hundred small files cost some tenths of a second, a hundred photographs some seconds: little enough to lose, and enough that
# what a chunk costs by itself (asking the lists, a trip over the network) is nothing beside it.
CHUNK_FILES = 100
CHUNK_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Files with consecutive numbers: from `first` to `last`, both in it. size_bytes: of all of them."""

    first: int
    last: int
    files: int
    size_bytes: int


def chunks_of(
    files: Iterable[tuple[int, int]], most_files: int = CHUNK_FILES, most_bytes: int = CHUNK_BYTES
) -> Iterator[Chunk]:
    """Every file in exactly one chunk. files: (number, size in bytes), in the order of their numbers.

    A chunk has at most `most_files`, and more than `most_bytes` only where it is a single file. Constant memory.
    """
    first = last = count = total = 0
    for number, size_bytes in files:
        if count and (count >= most_files or total + size_bytes > most_bytes):
            yield Chunk(first, last, count, total)
            count = total = 0
        if not count:
            first = number
        last, count, total = number, count + 1, total + size_bytes
    if count:
        yield Chunk(first, last, count, total)
