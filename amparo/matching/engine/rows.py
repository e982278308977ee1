"""Fingerprints as rows of four words, and what a distance is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

BITS = 256
WORDS = 4

Rows = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Hits = tuple[Numbers, Numbers, Numbers]


def as_rows(fingerprints: Iterable[bytes]) -> Rows:
    """uint64 rows of shape (n, 4) from fingerprints of 32 bytes each, as their 64 hex digits are written.

    Raises ValueError for one of another length.
    """
    whole = list(fingerprints)
    if wrong := next((each for each in whole if len(each) != BITS // 8), None):
        raise ValueError(f"a fingerprint has 32 bytes, not {len(wrong)}")
    return np.frombuffer(b"".join(whole), dtype=">u8").reshape(-1, WORDS).astype(np.uint64)


def checked(rows: Rows) -> Rows:
    """The same rows. Raises ValueError unless they are uint64 of shape (n, 4)."""
    if not isinstance(rows, np.ndarray) or rows.dtype != np.uint64 or rows.ndim != 2 or rows.shape[1] != WORDS:
        seen = f"{rows.dtype} of shape {rows.shape}" if isinstance(rows, np.ndarray) else type(rows).__name__
        raise ValueError(f"fingerprints are uint64 of shape (n, 4), not {seen}")
    return rows


def distances(query: Rows, rows: Rows) -> Numbers:
    """The number of differing bits between one fingerprint (4 words) and each row: the definition, without any short cut."""
    bits: Numbers = np.bitwise_count(checked(rows) ^ query).sum(axis=1, dtype=np.int64)
    return bits
