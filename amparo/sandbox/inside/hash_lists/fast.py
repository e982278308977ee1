"""Many lines of a table at once: where the cells are, and which of them are digests, found with NumPy instead of line by line.

Whatever isn't plainly good is left to the reader of single lines, so that both give one answer and only it words what is wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Truths = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

_LINE, _QUOTE, _HASH = 10, 34, 35
_BLANKS = np.zeros(256, np.bool_)
_BLANKS[[9, 11, 12, 32]] = True
# Signs below the letters, and the first bytes of blanks of other alphabets in UTF-8.
_PERHAPS_BLANK = np.zeros(256, np.bool_)
_PERHAPS_BLANK[[*range(33), 0xC2, 0xE1, 0xE2, 0xE3]] = True
# Two hexadecimal digits as they lie in memory, read as one little-endian number, to the byte that they are; -1 for others.
_PAIRS = np.full(65_536, -1, np.int16)
for _high in "0123456789abcdefABCDEF":
    for _low in "0123456789abcdefABCDEF":
        _PAIRS[ord(_high) | ord(_low) << 8] = int(_high + _low, 16)
_LONGEST_CELL = 64


class Cells:
    """One block of whole lines, cut into cells. `lines` of them; cells of a place are reached by `of`."""

    def __init__(self, block: bytes, delimiter: bytes) -> None:
        """Raises ValueError where quotes are not used as CSV has them, or a quoted cell goes over lines."""
        self._bytes = np.frombuffer(block + bytes(_LONGEST_CELL), np.uint8)
        inner = self._bytes[: len(block)]
        ends = np.flatnonzero((inner == _LINE) | (inner == delimiter[0]))
        if b'"' in block:
            ends = self._unquoted(inner, ends, delimiter[0])
        self._ends = ends
        last = np.flatnonzero(inner[ends] == _LINE)
        self.lines = len(last)
        self._first = np.zeros(self.lines, np.int64)
        self._first[1:] = last[:-1] + 1
        self.counts = last - self._first + 1
        self.starts = np.zeros(self.lines, np.int64)
        self.starts[1:] = ends[last[:-1]] + 1
        self.stops = ends[last]

    @staticmethod
    def _unquoted(inner: Bytes, ends: Numbers, delimiter: int) -> Numbers:
        quotes = np.flatnonzero(inner == _QUOTE)
        if len(quotes) % 2:
            raise ValueError("a quote without its other half")
        opening, closing = quotes[::2], quotes[1::2]
        before = inner[np.maximum(opening - 1, 0)]
        doubled = np.zeros(len(opening), np.bool_)
        doubled[1:] = opening[1:] == closing[:-1] + 1
        if not np.all((opening == 0) | (before == _LINE) | (before == delimiter) | doubled):
            raise ValueError("a quote inside a cell")
        after = inner[np.minimum(closing + 1, len(inner) - 1)]
        again = np.zeros(len(closing), np.bool_)
        again[:-1] = doubled[1:]
        if not np.all((after == _LINE) | (after == delimiter) | again):
            raise ValueError("something behind a quote")
        inside = np.searchsorted(quotes, ends) % 2 == 1
        if np.any(inner[ends[inside]] == _LINE):
            raise ValueError("a cell over lines")
        outside: Numbers = ends[~inside]
        return outside

    def of(self, place: int) -> tuple[Numbers, Numbers]:
        """Where each line's cell at `place` begins and ends, without quotes and blanks; both the same where it is empty."""
        there = self.counts > place
        at = np.where(there, self._first + place, 0)
        end = np.where(there, self._ends[at], 0)
        begin = np.where(there, self._ends[at - 1] + 1 if place else self.starts, 0)
        quoted = (end - begin >= 2) & (self._bytes[begin] == _QUOTE)
        begin, end = begin + quoted, end - quoted
        # A few blanks on each side; with more of them the cell is left to the reader of single lines.
        for _ in range(4):
            left = _BLANKS[self._bytes[begin]] & (begin < end)
            if not left.any():
                break
            begin = begin + left
        for _ in range(4):
            right = _BLANKS[self._bytes[end - 1]] & (begin < end)
            if not right.any():
                break
            end = end - right
        return begin, end

    def perhaps_comments(self) -> Truths:
        """Which lines' first cell begins with "#", or with what may be a blank before it."""
        begin, end = self.of(0)
        perhaps: Truths = ((self._bytes[begin] == _HASH) | _PERHAPS_BLANK[self._bytes[begin]]) & (begin < end)
        return perhaps

    def filled(self, begin: Numbers, end: Numbers) -> tuple[Truths, Truths]:
        """Which of these cells hold something, and for which of them that can be told here."""
        filled = begin < end
        return filled, ~(filled & _PERHAPS_BLANK[self._bytes[begin]])

    def digests(self, begin: Numbers, end: Numbers, size_bytes: int) -> tuple[Truths, Bytes]:
        """Which of these cells are `size_bytes` in hexadecimal digits, and the bytes of those, in order."""
        good = end - begin == size_bytes * 2
        windows = sliding_window_view(self._bytes, size_bytes * 2)[begin[good]]
        pairs = _PAIRS[windows.view("<u2")]
        right = pairs.min(axis=1, initial=0) >= 0
        good[good] = right
        return good, pairs[right].astype(np.uint8)

    def numbers(self, begin: Numbers, end: Numbers) -> tuple[Numbers, Truths]:
        """These cells as whole numbers of one to ten digits, and which of them are such."""
        places = end[:, None] - np.arange(10, 0, -1)
        inside = places >= begin[:, None]
        digits = np.where(inside, self._bytes[np.maximum(places, 0)].astype(np.int64) - 48, 0)
        right = (end - begin >= 1) & (end - begin <= 10) & np.all((digits >= 0) & (digits <= 9), axis=1)
        return digits @ (10 ** np.arange(9, -1, -1)), right

    def words(self, begin: Numbers, end: Numbers, word: bytes) -> tuple[Truths, Truths]:
        """Which of these cells are this word, and which are that or empty."""
        same = end - begin == len(word)
        windows = sliding_window_view(self._bytes, len(word))[begin[same]]
        same[same] = np.all(windows == np.frombuffer(word, np.uint8), axis=1)
        return same, same | (begin == end)

    def texts(self, begin: Numbers, end: Numbers) -> tuple[list[bytes], Numbers]:
        """The different cells among these, and which of them each one is."""
        lengths = end - begin
        if len(begin) and lengths.max() <= 8:
            return self._short_texts(begin, lengths)
        block = self._bytes.tobytes()
        numbers: dict[bytes, int] = {}
        which = np.fromiter(
            (
                numbers.setdefault(block[start:stop], len(numbers))
                for start, stop in zip(begin.tolist(), end.tolist(), strict=True)
            ),
            np.int64,
            len(begin),
        )
        return list(numbers), which

    def _short_texts(self, begin: Numbers, lengths: Numbers) -> tuple[list[bytes], Numbers]:
        """The same for cells of at most eight bytes, each taken as one number."""
        words = sliding_window_view(self._bytes, 8)[begin].view("<u8")[:, 0]
        masks = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
        different, which = np.unique(words & masks[lengths], return_inverse=True)
        return [int(word).to_bytes(8, "little").rstrip(b"\0") for word in different], which

    def line(self, number: int) -> bytes:
        return self._bytes[self.starts[number] : self.stops[number]].tobytes()
