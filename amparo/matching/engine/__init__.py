"""Exact radius search over 256-bit fingerprints. Pure: NumPy in and out, no Django."""

from __future__ import annotations

from amparo.matching.engine.index import HashIndex
from amparo.matching.engine.rows import BITS, WORDS, as_rows

__all__ = ["BITS", "WORDS", "HashIndex", "as_rows"]
