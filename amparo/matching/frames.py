"""PDQ of frames: as of any luma, with a compiled blur as soon as a process has had so many that its import is worth it."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine import backend
from amparo.sandbox.inside import pdq as inside
from amparo.sandbox.inside.bands import along, bands
from amparo.sandbox.inside.pdq import Row
from amparo.sandbox.inside.published import POINTS, Floats, Numbers

# Importing Numba costs half a second, once a process (and compiling, once a machine, two); what is small is done before it pays.
PIXELS_WORTH_NUMBA = 1 << 27
LEAST_SIDE = 360
LINES_AT_ONCE = 4
_pixels = 0


def pdq(luma: NDArray[np.uint8]) -> tuple[Row, int]:
    """The fingerprint, uint64 of shape (4,), first word first as its 64 hex digits are written, and its quality, 0 to 100.

    luma: uint8 of shape (height, width). Bits and quality are what the published code gives for this luma; where a side is
    shorter than 5, all bits are 0 and so is the quality. Raises ValueError for another shape or type and for no pixels at all.
    """
    inside.checked(luma)
    is_large = min(luma.shape) >= LEAST_SIDE and luma.flags.c_contiguous
    if not (is_large and _is_worth_it(luma.size) and (blur := _compiled())):
        seen = inside.exact(luma)
        return seen.row, seen.quality
    lines = np.empty((POINTS, luma.shape[1]), np.float32)
    blur.lines_to_points(luma, *_starts_and_weights(len(luma)), lines)
    seen = inside.settled(inside.of_points(along(bands(luma.shape[1]), lines.T).T), luma)
    return seen.row, seen.quality


def _is_worth_it(pixels: int) -> bool:
    global _pixels  # noqa: PLW0603 - how much this process has had to do
    _pixels += pixels
    return backend.CHOSEN != "numpy" and (backend.CHOSEN == "numba" or _pixels >= PIXELS_WORTH_NUMBA)


@lru_cache(maxsize=1)
def _compiled() -> ModuleType | None:
    try:
        return import_module("amparo.matching.engine.blur")
    except ImportError:
        if backend.CHOSEN == "numba":
            raise
        return None


@lru_cache(maxsize=32)
def _starts_and_weights(height: int) -> tuple[Numbers, Floats]:
    """Each point's first line, and the weights from it on: equally many for each, which ends before the last line."""
    matrix = bands(height, 1, 1)
    length = max(weights.shape[1] for _, weights in matrix)
    length += -length % LINES_AT_ONCE
    starts = np.array([min(start, height - length) for start, _ in matrix])
    filled = np.zeros((POINTS, length), np.float32)
    for point, (start, weights) in enumerate(matrix):
        filled[point, start - starts[point] :][: weights.shape[1]] = weights[0]
    return starts, filled
