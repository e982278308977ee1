"""Every known fingerprint within a number of bits of a query: all of them, never "most of them".

The rows are kept by column. A query is first compared on its first half (two of four words): whatever already differs there in
more than the wanted bits can't come back, and among unrelated fingerprints that is nearly everything. The rest is compared whole.
That halves the memory read and loses nothing; `distances` says what the answer has to be, and tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

BITS = 256
WORDS = 4
# 64 Ki rows of two words are 1 MiB: a block and its XOR stay in a core's second cache.
BLOCK_ROWS = 65_536

Rows = NDArray[np.uint64]
Numbers = NDArray[np.int64]


class HashIndex:
    """An index over known fingerprints. Entries are numbered from 0 in the order in which they were given."""

    def __init__(self, rows: Rows) -> None:
        """rows: uint64 of shape (n, 4), most significant word first. Raises ValueError on another shape or type."""
        self._columns = np.ascontiguousarray(_checked(rows).T)

    def __len__(self) -> int:
        return int(self._columns.shape[1])

    def search(self, queries: Rows, within_bits: int = 31) -> tuple[Numbers, Numbers, Numbers]:
        """(query_row, entry, distance_bits), int64 of equal length, ordered by all three; every pair within `within_bits`.

        queries: uint64 of shape (m, 4). within_bits: 0 to 256. Raises ValueError on anything else.
        """
        if not 0 <= within_bits <= BITS:
            raise ValueError(f"a distance of 256-bit fingerprints is 0 to 256 bits, not {within_bits}")
        found = [self._near(query, within_bits) for query in _checked(queries)]
        counts = [len(entries) for entries, _ in found]
        query_row = np.repeat(np.arange(len(found), dtype=np.int64), counts)
        nothing = np.empty(0, dtype=np.int64)
        entry = np.concatenate([entries for entries, _ in found]) if found else nothing
        distance_bits = np.concatenate([bits for _, bits in found]) if found else nothing
        order = np.lexsort((distance_bits, entry, query_row))
        return query_row[order], entry[order], distance_bits[order]

    def _near(self, query: Rows, within_bits: int) -> tuple[Numbers, Numbers]:
        entries, distances_bits = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for start in range(0, len(self), BLOCK_ROWS):
            block = self._columns[:, start : start + BLOCK_ROWS]
            half = np.bitwise_count(block[0] ^ query[0]) + np.bitwise_count(block[1] ^ query[1])
            hopeful = np.flatnonzero(half <= within_bits)
            if not len(hopeful):
                continue
            bits = half[hopeful].astype(np.int64)
            for word in (2, 3):
                bits += np.bitwise_count(block[word, hopeful] ^ query[word])
            near = bits <= within_bits
            entries.append(hopeful[near].astype(np.int64) + start)
            distances_bits.append(bits[near])
        return np.concatenate(entries), np.concatenate(distances_bits)


def distances(query: Rows, rows: Rows) -> Numbers:
    """The number of differing bits between one fingerprint (4 words) and each row: the definition, without any short cut."""
    bits: Numbers = np.bitwise_count(_checked(rows) ^ query).sum(axis=1, dtype=np.int64)
    return bits


def as_rows(fingerprints: Iterable[bytes]) -> Rows:
    """uint64 rows of shape (n, 4) from fingerprints of 32 bytes each, as their 64 hex digits are written.

    Raises ValueError for one of another length.
    """
    whole = list(fingerprints)
    if wrong := next((each for each in whole if len(each) != BITS // 8), None):
        raise ValueError(f"a fingerprint has 32 bytes, not {len(wrong)}")
    return np.frombuffer(b"".join(whole), dtype=">u8").reshape(-1, WORDS).astype(np.uint64)


def _checked(rows: Rows) -> Rows:
    if rows.dtype != np.uint64 or rows.ndim != 2 or rows.shape[1] != WORDS:
        raise ValueError(f"fingerprints are uint64 of shape (n, 4), not {rows.dtype} of shape {rows.shape}")
    return rows
