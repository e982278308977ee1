"""The two matrices of PDQ's blur and choice of points, without their zeros: an image's side in, 64 points out.

Two box filters after each other, asked at 64 pixels, are one weighted mean of about size / 64 pixels each. Where a decoder has
already averaged pixels, the weights of those that fell into one are added up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from amparo.sandbox.inside import published
from amparo.sandbox.inside.published import POINTS, Floats, Numbers

# For so many neighbouring points at a time: the first line that any of them needs, and the weights (points, lines) from it on.
Bands = tuple[tuple[int, Floats], ...]


class Lines(Protocol):
    """What `along` multiplies: an array (lines, any), or what gives its lines when asked."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, lines: slice, /) -> NDArray[Any]: ...


class _Scratch(threading.local):
    """A thread's memory for what lives no longer than one product: new memory each time costs as much as the product itself."""

    def __init__(self) -> None:
        self.lines = np.empty(0, np.float32)
        self.halfway = np.empty(0, np.float32)


_scratch = _Scratch()
_KEPT_FLOATS = 1_000_000


def grid(down: Bands, across: Bands, plane: Lines) -> Floats:
    """down @ plane @ across.T: 64 x 64 points."""
    count = POINTS * plane.shape[1]
    if count > len(_scratch.halfway):
        _scratch.halfway = np.empty(count, np.float32)
    halfway = along(down, plane, _scratch.halfway[:count].reshape(POINTS, -1))
    points = along(across, halfway.T).T
    if count > _KEPT_FLOATS:
        _scratch.halfway = np.empty(0, np.float32)
    return points


def along(matrix: Bands, plane: Lines, points: Floats | None = None) -> Floats:
    """matrix @ plane: 64 lines for those of `plane`, written to `points` where given."""
    points = np.empty((POINTS, plane.shape[1]), np.float32) if points is None else points
    count = POINTS // len(matrix)
    for number, (start, weights) in enumerate(matrix):
        lines = plane[start : start + weights.shape[1]]
        if lines.dtype != np.float32:
            lines = _as_floats(lines)
        np.matmul(weights, lines, out=points[number * count : (number + 1) * count])
    return points


def _as_floats(lines: NDArray[Any]) -> Floats:
    """The same, in memory that the next call takes again."""
    if lines.size > _KEPT_FLOATS:
        return lines.astype(np.float32)
    if lines.size > len(_scratch.lines):
        _scratch.lines = np.empty(lines.size, np.float32)
    floats = _scratch.lines[: lines.size].reshape(lines.shape)
    np.copyto(floats, lines)
    return floats


def together(pixels: int) -> int:
    """For how many points at once a plane of so many pixels is multiplied: few large products cost less than many small ones,
    as long as the lines of one fit into a core's second cache."""
    return 8 if pixels <= 600_000 else 2 if pixels <= 5_000_000 else 1


# Those of many sizes of pictures; the largest possible one (65,535 pixels) has two megabytes, the usual one a hundredth of that.
@lru_cache(maxsize=128)
def bands(size: int, scale: int = 1, count: int = 8, blunt: bool = False) -> Bands:
    """The matrix for a side of `size` pixels, of which a decoder gives one for each `scale`; `count` points together.

    blunt: the matrix that would do for a decoder giving half as many, on the same lines: equal weights within each pair of lines.
    """
    if not blunt:
        return _banded(size, lambda pixels: pixels // scale, count)
    lines = -(-size // scale)
    paired = _banded(size, lambda pixels: pixels // (2 * scale), count)
    # What the last line of an odd number would share is lost.
    return tuple((2 * start, (each * 0.5).repeat(2, axis=1)[:, : lines - 2 * start]) for start, each in paired)


def bands_of_part(size: int, scale: int, offset: int, pure: tuple[int, int]) -> Bands:
    """The matrix for `size` pixels from `offset` on, over the decoded lines from the first to the last of `pure` alone."""
    return _banded(size, lambda pixels: np.clip((pixels + offset) // scale, *pure) - pure[0], 8)


def _banded(size: int, decoded: Callable[[Numbers], Numbers], count: int) -> Bands:
    """The weights of the pixels, added up by the line that a pixel is decoded to."""
    pixels, weights = _blur(size)
    lines = decoded(pixels)
    first = lines[::count, 0]
    beyond = (lines.reshape(len(first), -1) - first[:, None]).reshape(POINTS, -1)
    length = int(beyond.max()) + 1
    beyond += length * np.arange(POINTS)[:, None]
    summed = np.bincount(beyond.ravel(), weights, POINTS * length).astype(np.float32)
    lengths = np.minimum(length, lines[-1, -1] + 1 - first)
    groups = zip(first.tolist(), summed.reshape(-1, count, length), lengths.tolist(), strict=True)
    return tuple((start, group[:, :length]) for start, group, length in groups)


@lru_cache(maxsize=32)
def _blur(size: int) -> tuple[Numbers, NDArray[np.float64]]:
    """Two box filters after each other at the 64 sampled pixels: which pixels, ascending (64, any), and their weights in a row."""
    starts, ends = published.box_reach(size)
    counts, at = ends - starts, published.sampled(size)
    width = int(counts.max())
    ahead = (width + 2) // 2
    # The second box at a sampled pixel is a mean of first boxes: of those from starts[at] to ends[at] that reach the pixel.
    shares = np.concatenate([[0.0], np.cumsum(1.0 / counts)])
    low, high = starts[at][:, None], ends[at][:, None]
    pixels = starts[starts[at]][:, None] + np.arange(2 * width)
    reaching = pixels - ahead + 1
    reaching_from = np.minimum(np.maximum(reaching, low), high)
    reaching += width
    reaching_to = np.minimum(np.maximum(reaching, low), high)
    weights = (shares[reaching_to] - shares[reaching_from]) / counts[at][:, None]
    weights[pixels >= size] = 0
    return np.minimum(pixels, size - 1), weights.ravel()
