"""Which inner loops answer: Numba's, or NumPy's where Numba is missing or not worth its import. Both give the same answers.

AMPARO_ENGINE=numpy or =numba decides it by hand; numba then fails where it is missing.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine.rows import Hits, Numbers, Rows

if TYPE_CHECKING:
    from amparo.matching.engine.segment import Segment

# NumPy compares about 400 million pairs a second; importing Numba and its kept kernels costs half a second, once a process.
PAIRS_WORTH_NUMBA = 1 << 28


class Kernels(Protocol):
    """What `compiled` and `plain` both have."""

    def near_by_bands(
        self,
        segment: Segment,
        asked: Rows,
        radii: Numbers,
        searched: Numbers,
        within_bits: int,
        most_cost: int,
        gone: NDArray[np.uint8],
    ) -> tuple[Hits, Numbers]:
        """The hits of these queries in a banded segment that are reported from the bands `searched`, and which queries are tired:
        their account went beyond `most_cost` (an entry looked at is 1, a row read ROW_COST), and their hits are left out.
        radii: one row for all queries or one for each; one column a band."""

    def near_by_scan(self, segment: Segment, asked: Rows, within_bits: int, gone: NDArray[np.uint8]) -> Hits:
        """The hits of these queries, each row looked at."""

    def entries_within(self, segment: Segment, asked: Rows, radius: int) -> Numbers:
        """(query, band, t + 1): how many entries lie in the buckets of radius t, t from -1 to `radius`."""

    def sort_band(
        self,
        segment: Segment,
        number_bits: tuple[int, int],
        tag_bits: tuple[int, int],
        table: tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint8]],
        records: NDArray[np.uint64],
    ) -> Generator[int, None, None]:
        """Fills one band's (offsets, tags, ids) in instalments, each said in rows. number_bits, tag_bits: (first bit, width).
        records: room for a word a row."""


CHOSEN = os.environ.get("AMPARO_ENGINE", "")
_pairs = 0
_loaded: Kernels | None = None


def kernels(pairs: int | None = None) -> Kernels:
    """The inner loops for so many more comparisons of pairs; None: for bands, which are worth Numba."""
    global _pairs, _loaded  # noqa: PLW0603 - one import a process, and what was done without it
    if CHOSEN == "numpy":
        return _named("plain")
    if _loaded is not None:
        return _loaded
    if CHOSEN not in {"", "numba"}:
        raise ValueError(f"AMPARO_ENGINE is numpy, numba or not set, not {CHOSEN!r}")
    if not CHOSEN and pairs is not None:
        _pairs += pairs
        if _pairs < PAIRS_WORTH_NUMBA:
            return _named("plain")
    try:
        _loaded = _named("compiled")
    except ImportError:
        if CHOSEN:
            raise
        _loaded = _named("plain")
    return _loaded


def _named(name: str) -> Kernels:
    return cast("Kernels", importlib.import_module(f"amparo.matching.engine.{name}"))
