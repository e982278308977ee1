"""Changes bytes as damage and malice do: bits, blocks, lengths, cuts, pieces of other files and words of the format."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence

LARGEST_BYTES = 1 << 18
# Numbers at which counters overflow, turn negative or allocate too much.
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 24, 1 << 28)
_PNG = b"\x89PNG\r\n\x1a\n"


class Mutator:
    """Deterministic: the same seed gives the same changes."""

    def __init__(self, chance: random.Random, words: Sequence[bytes]) -> None:
        self._chance = chance
        self._words = [*words, b"\0" * 8, b"\xff" * 8]
        self._ways: list[Callable[[bytearray, bytes], None]] = [
            self._flip, self._flip, self._replace, self._number, self._number, self._number, self._word, self._cut,
            self._remove, self._repeat, self._splice,
        ]  # fmt: skip

    def changed(self, data: bytes, other: bytes) -> bytes:
        """`data` after a few changes, some with pieces of `other`."""
        result = bytearray(data)
        for _ in range(1 << self._chance.randrange(4)):
            self._chance.choice(self._ways)(result, other)
        del result[LARGEST_BYTES:]
        # Half of the time with right sums: else a damaged chunk is all that a decoder ever sees.
        return _summed(bytes(result)) if self._chance.random() < 0.5 else bytes(result)

    def _place(self, data: bytearray) -> int:
        # The first bytes of a file say how the others are read.
        reach = min(len(data), 512) if self._chance.random() < 0.4 else len(data)
        return self._chance.randrange(reach + 1)

    def _flip(self, data: bytearray, _: bytes) -> None:
        if data:
            data[self._chance.randrange(len(data))] ^= 1 << self._chance.randrange(8)

    def _replace(self, data: bytearray, _: bytes) -> None:
        place = self._place(data)
        data[place : place + 4] = self._chance.randbytes(self._chance.randrange(1, 5))

    def _number(self, data: bytearray, _: bytes) -> None:
        place, order, form = self._place(data), self._chance.choice("<>"), self._chance.choice("BHIQ")
        number = self._chance.choice(_NUMBERS) + self._chance.randrange(-1, 2)
        packed = struct.pack(order + form, number % (1 << 8 * struct.calcsize(form)))
        data[place : place + len(packed)] = packed

    def _word(self, data: bytearray, _: bytes) -> None:
        place, word = self._place(data), self._chance.choice(self._words)
        over = len(word) if self._chance.random() < 0.5 else 0
        data[place : place + over] = word

    def _cut(self, data: bytearray, _: bytes) -> None:
        if self._chance.random() < 0.3:
            del data[self._place(data) :]

    def _remove(self, data: bytearray, _: bytes) -> None:
        place = self._place(data)
        del data[place : place + self._chance.randrange(1, 64)]

    def _repeat(self, data: bytearray, _: bytes) -> None:
        place, size = self._place(data), self._chance.randrange(1, 256)
        data[place:place] = data[place : place + size] * self._chance.choice((1, 1, 2, 50))

    def _splice(self, data: bytearray, other: bytes) -> None:
        place, start = self._place(data), self._chance.randrange(len(other) + 1)
        data[place : place + 64] = other[start : start + self._chance.randrange(1, 256)]


def _summed(data: bytes) -> bytes:
    """A PNG with the check sums that its chunks should have; anything else as it is."""
    if not data.startswith(_PNG):
        return data
    result, place = bytearray(data), len(_PNG)
    while place + 12 <= len(data):
        size = struct.unpack_from("!I", data, place)[0]
        end = place + 8 + size
        if end + 4 > len(data):
            break
        struct.pack_into("!I", result, end, zlib.crc32(data[place + 4 : end]))
        place = end + 4
    return bytes(result)
