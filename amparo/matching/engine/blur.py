"""The larger of the two products of PDQ's blur (sandbox/inside/bands.py), compiled: a frame's lines to 64, read once as bytes."""

# Numba takes its types from the signature.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors

from __future__ import annotations

import numba
import numpy as np

from amparo.matching.engine.compiling import array, kept

AT_ONCE = 4
_U8, _F32, _I64 = numba.types.uint8, numba.types.float32, numba.types.int64


@kept(numba.types.void(array(_U8, 2), array(_I64), array(_F32, 2), array(_F32, 2, written=True)))
def lines_to_points(luma, starts, weights, points):
    """points = weights @ luma, for the lines of luma from each start on. weights: (64, a multiple of AT_ONCE); points: (64, width).

    The caller sees to it that no start is below 0 and that no line lies beyond the last one.
    """
    for point in range(len(starts)):
        line, start = points[point], starts[point]
        for at in range(len(line)):
            line[at] = 0
        for first in range(0, weights.shape[1], AT_ONCE):
            one, two = luma[start + first], luma[start + first + 1]
            three, four = luma[start + first + 2], luma[start + first + 3]
            by = weights[point, first : first + AT_ONCE]
            for at in range(len(line)):
                line[at] += (
                    by[0] * np.float32(one[at])
                    + by[1] * np.float32(two[at])
                    + by[2] * np.float32(three[at])
                    + by[3] * np.float32(four[at])
                )
