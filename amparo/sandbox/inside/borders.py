"""The even borders that a copy may have got: pillar boxes, letter boxes, a frame of one colour around the picture.

A border is found by its brightness alone and to a fraction of a decoded pixel, because a fingerprint forgives a cut of one
hundredth of a side and no more. Compression leaves noise in a border and blurs its edge; both are allowed for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What compression leaves of an even border: so far from its brightness, and so many of its pixels.
NOISE = 12
SHARE = 0.96
# A copy shows at least so much of each side of its picture (9:16 in a frame of 21:9 is 0.24).
LEAST_LEFT = 0.2
# Compression works on blocks of so many pixels: noise and blur reach no further from an edge.
BLOCK = 8
_SCANNED_AT_ONCE = 32

Luma = NDArray[np.uint8]


@dataclass(frozen=True)
class Inner:
    """The picture within its borders: [top, bottom) x [left, right) in the full picture's pixels.

    `rows` and `columns` are the decoded lines without any border in them, first and last.
    """

    top: int
    bottom: int
    left: int
    right: int
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass(frozen=True)
class _Side:
    """How deep a border is: whole and mixed lines as one number of decoded lines, and the first line that is all picture."""

    brightness: int | None = None
    depth: float = 0.0
    pure: int = 0


def inner(luma: Luma, scale: int, height: int, width: int) -> Inner | None:
    """The picture within its even borders, or None where it has none, or where nothing would be left.

    luma: (h, w) as decoded, each pixel standing for scale x scale of the picture's height x width.
    """
    rows = _pair(luma, None)
    if rows is None:
        return None
    top, bottom = rows
    # A frame has one colour: what is even in another colour belongs to the picture.
    colours = {side.brightness for side in rows if side.brightness is not None}
    columns = _pair(luma[top.pure : len(luma) - bottom.pure].T, colours or None)
    if columns is None:
        return None
    left, right = columns
    found = Inner(
        top=round(top.depth * scale),
        bottom=height - _full(bottom, len(luma), scale, height),
        left=round(left.depth * scale),
        right=width - _full(right, luma.shape[1], scale, width),
        rows=(top.pure, len(luma) - bottom.pure - 1),
        columns=(left.pure, luma.shape[1] - right.pure - 1),
    )
    return None if (found.top, found.bottom, found.left, found.right) == (0, height, 0, width) else found


def has_even_side(lines: list[Luma]) -> bool:
    """Whether any of a picture's outermost lines could be a border: asked first, as most pictures have none."""
    return any(_evenness(line)[1] for line in lines)


def _full(side: _Side, lines: int, scale: int, size: int) -> int:
    """A border's depth from the far end, where the last decoded line may stand for fewer pixels than `scale`."""
    return size - min(size, round((lines - side.depth) * scale))


def _pair(lines: Luma, colours: set[int] | None) -> tuple[_Side, _Side] | None:
    """The borders at both ends of the lines; None where everything, or nearly, would be border."""
    near = _side(lines, colours)
    far = _side(lines[::-1], colours) if near is not None else None
    if near is None or far is None or len(lines) - near.pure - far.pure < max(len(lines) * LEAST_LEFT, 1):
        return None
    return near, far


def _side(lines: Luma, colours: set[int] | None) -> _Side | None:
    """The border before the first line of the picture; None where all lines are even."""
    brightness, even = _evenness(lines[0])
    if not even or (colours is not None and min(abs(brightness - colour) for colour in colours) > NOISE):
        return _Side()
    first = _first_uneven(lines, brightness)
    return None if first is None else _edge(lines, brightness, first)


def _evenness(line: Luma) -> tuple[int, bool]:
    """A line's usual brightness, and whether nearly all of it is of that brightness."""
    ordered = np.sort(line)
    brightness = int(ordered[len(line) // 2])
    below, upto = np.searchsorted(ordered, (brightness - NOISE, brightness + NOISE + 1)).tolist()
    return brightness, below + len(line) - upto <= (1 - SHARE) * len(line)


def _even(lines: Luma, brightness: int) -> NDArray[np.bool_]:
    far_off = np.abs(lines.astype(np.int16) - brightness) > NOISE
    even: NDArray[np.bool_] = np.count_nonzero(far_off, axis=1) <= (1 - SHARE) * lines.shape[1]
    return even


def _first_uneven(lines: Luma, brightness: int) -> int | None:
    start, count = 1, 2
    while start < len(lines):
        even = _even(lines[start : start + count], brightness)
        if not even.all():
            return start + int(np.argmin(even))
        start, count = start + count, _SCANNED_AT_ONCE
    return None


def _edge(lines: Luma, brightness: int, first: int) -> _Side:
    """Where the picture begins at or after the line `first`: behind the noise of the edge, within a line that shows both."""
    near = lines[first : first + 2 * BLOCK].astype(np.float32) - brightness
    contrast = np.abs(near).mean(axis=1)
    level = float(np.median(contrast[len(contrast) // 2 :]))
    edge = int(np.argmax(contrast >= level / 2))
    if edge + 1 == len(contrast):
        return _Side(brightness, first + edge, first + edge)
    # How much of the edge's line is picture, if it is like the next one.
    mixed, pure = near[edge], near[edge + 1]
    shown = float(np.clip((mixed * pure).sum() / max(float((pure * pure).sum()), 1e-9), 0, 1))
    begun = shown >= 0.98
    return _Side(brightness, first + edge + (0.0 if begun else 1 - shown), first + edge + (0 if begun else 1))
