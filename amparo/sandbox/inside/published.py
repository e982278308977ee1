"""PDQ step by step, as the published code computes it: 32-bit floats, running sums, in its order.

Source: facebook/ThreatExchange, pdq/cpp/downscaling/downscaling.cpp and pdq/cpp/hashing/pdqhashing.cpp. Each rounding of a
running sum there depends on all pixels before it, so the last digits can only be had by taking the same steps. pdq.py asks for
them where a bit hangs on such digits; everything else is decided without.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POINTS = 64
TERMS = 16
BEST = 100
_A_POINT_OF_QUALITY = 90

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]
Luma = NDArray[np.uint8] | Floats

_SCALE = np.float64(np.float32(np.sqrt(2.0 / POINTS)))
_ANGLE = np.pi / 2.0 / POINTS
# 16 x 64: the terms 1 to 16 of a discrete cosine transform; term 0, the mean, is left out.
COSINES: Floats = (_SCALE * np.cos(_ANGLE * np.outer(np.arange(1, TERMS + 1), 2 * np.arange(POINTS) + 1))).astype(
    np.float32
)


def box_reach(size: int) -> tuple[Numbers, Numbers]:
    """For each pixel of a side the first one that its box averages, and the one after the last. Boxes end at the border.

    A box is half as wide as what lies between two points: two passes then reach from point to point.
    """
    width, at = (size + 2 * POINTS - 1) // (2 * POINTS), np.arange(size)
    ahead = (width + 2) // 2
    return np.maximum(at + ahead - width, 0), np.minimum(at + ahead, size)


def sampled(size: int) -> Numbers:
    """The 64 pixels of a side that stand for the picture: the middles of 64 equal parts."""
    return ((np.arange(POINTS) + 0.5) * size / POINTS).astype(np.int64)


def points(luma: Luma) -> Floats:
    """64 x 64 points of the twice blurred picture. luma: (height, width), each side at least 5, values 0 to 255."""
    height, width = luma.shape
    if luma.dtype == np.uint8 and (luma == luma[0, 0]).all():
        # A mean of equal whole numbers is that number, without any rounding.
        return np.full((POINTS, POINTS), luma[0, 0], np.float32)
    down = _blurred(_turned(luma))
    down = _blurred(_turned(down))
    down = _blurred(_turned(down), sampled(width))
    return _blurred(_turned(down), sampled(height))


def _turned(plane: Luma) -> Floats:
    """Rows as columns, each line in one piece of memory."""
    return np.ascontiguousarray(plane.T, np.float32)


def _blurred(lines: Floats, wanted: Numbers | None = None) -> Floats:
    """The running mean of the lines around each line; of the `wanted` ones only (ascending), where given."""
    asked = (np.arange(len(lines)) if wanted is None else wanted).tolist()
    starts, ends = (bounds.tolist() for bounds in box_reach(len(lines)))
    means = np.empty((len(asked), lines.shape[1]), np.float32)
    total = np.zeros(lines.shape[1], np.float32)
    start = end = line = 0
    for place, wanted_line in enumerate(asked):
        while line <= wanted_line:
            # What enters the box is added before what leaves it is taken away: the order decides the rounding.
            for entering in range(end, ends[line]):
                np.add(total, lines[entering], total)
            for leaving in range(start, starts[line]):
                np.subtract(total, lines[leaving], total)
            start, end, line = starts[line], ends[line], line + 1
        np.divide(total, np.float32(end - start), means[place])
    return means


def coefficients(grid: Floats) -> Floats:
    """The 16 x 16 terms of the points, added up one after the other."""
    half = np.zeros((TERMS, POINTS), np.float32)
    for line in range(POINTS):
        half += COSINES[:, line, None] * grid[line]
    terms = np.zeros((TERMS, TERMS), np.float32)
    for line in range(POINTS):
        terms += half[:, line, None] * COSINES[:, line]
    return terms


def steps(grid: Floats) -> Floats:
    """How far each point lies from its neighbours below and to the right, in percent of the whole range."""
    differences = np.concatenate([(grid[:-1] - grid[1:]).ravel(), (grid[:, :-1] - grid[:, 1:]).ravel()])
    percents: Floats = np.abs(differences, differences)
    percents *= np.float32(100)
    percents /= np.float32(255)
    return percents


def quality(percents: Floats) -> int:
    """0 to BEST: the whole percents of a picture's steps, added up."""
    return min(int(np.floor(percents).sum()) // _A_POINT_OF_QUALITY, BEST)


def certainly_best(percents: Floats) -> bool:
    """Whether the quality is BEST even if each step were a whole percent smaller."""
    return float(percents.sum()) - 2 * len(percents) > _A_POINT_OF_QUALITY * (BEST + 1)
