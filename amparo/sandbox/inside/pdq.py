"""PDQ of a picture's luma, fast: the blur is linear, so it and the choice of 64 x 64 points are two banded matrices.

    points = R @ luma @ C.T        R: 64 x height, C: 64 x width, about size / 64 numbers a row that are not zero

The rest is the published algorithm (published.py): 16 x 16 cosine terms, each compared with their median. Where a decoder has
already made the picture smaller, the columns that fall into one small pixel are added up: the blur stays the full picture's.
Where a bit hangs on the rounding of the published code, `pdq` takes its steps one by one: the answer is the published one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from amparo.sandbox.inside import borders, published
from amparo.sandbox.inside.bands import bands, bands_of_part, grid, together
from amparo.sandbox.inside.borders import Inner
from amparo.sandbox.inside.published import COSINES, POINTS, TERMS, Floats, Luma

# A picture's turns by their published names, in the published order.
TURNS = ("original", "rotate90", "rotate180", "rotate270", "flipx", "flipy", "flipplus1", "flipminus1")
# Below this the fingerprint says nothing about its picture (PDQ's own documentation).
QUALITY_FLOOR = 50
# Below this side the published code gives no fingerprint: all bits 0, quality 0.
SHORTEST_SIDE = 5
# How far the published code's rounding moves a term (first number: the slow ones along the height, whose running sums are not
# averaged again) and a step between points, for sides up to 2,000 pixels at full brightness: twice the most ever seen.
ROUNDING_SLOW, ROUNDING, ROUNDING_STEP = 0.005, 0.001, 0.002
_ROUNDING = (ROUNDING + ROUNDING_SLOW / np.arange(1, TERMS + 1)[:, None]).astype(np.float32)
_CROWDED = 0.1
_MEDIAN = TERMS * TERMS // 2 - 1

Row = NDArray[np.uint64]
Rows = NDArray[np.uint64]


class Look(NamedTuple):
    """One way in which a picture may have been listed. framing: "whole" or "trimmed"; turn: of TURNS; row: uint64 (4,)."""

    framing: str
    turn: str
    row: Row


def pdq(luma: NDArray[np.uint8]) -> tuple[Row, int]:
    """The fingerprint, uint64 of shape (4,), first word first as its 64 hex digits are written, and its quality, 0 to 100.

    luma: uint8 of shape (height, width). Bits and quality are what the published code gives for this luma; where a side is
    shorter than 5, all bits are 0 and so is the quality. Raises ValueError for another shape or type and for no pixels at all.
    """
    seen = exact(checked(luma))
    return seen.row, seen.quality


def looks(luma: NDArray[np.uint8], scale: int = 1, size: tuple[int, int] | None = None) -> list[Look]:
    """The picture's 8 turns and, where it has even borders and something to tell within, the 8 turns of the picture in them.

    scale: of how many of the picture's pixels, each way, one of luma's is the mean. size: the picture's height and width, where
    they are no multiple of it. The first look is the fingerprint as listed: for scale 1 that of `pdq`.
    """
    return appearance(luma, scale, size).looks


def appearance(luma: NDArray[np.uint8], scale: int = 1, size: tuple[int, int] | None = None) -> Appearance:
    """The same, with the quality."""
    checked(luma)
    height, width = size or (luma.shape[0] * scale, luma.shape[1] * scale)
    whole = exact(luma) if scale == 1 else seen(luma, scale, height, width)
    return Appearance(whole, within_borders(luma, scale, height, width))


def hexadecimal(row: Row) -> str:
    """The 64 hex digits of a fingerprint, as published; of several, one after the other."""
    return row.astype(">u8").tobytes().hex()


@dataclass(frozen=True)
class Seen:
    """What of a picture goes into its fingerprint: 64 x 64 points and 16 x 16 terms."""

    points: Floats
    terms: Floats

    @cached_property
    def steps(self) -> Floats:
        """From point to point, in percent of the whole range."""
        return published.steps(self.points)

    @cached_property
    def quality(self) -> int:
        """0 to 100."""
        return published.quality(self.steps)

    @cached_property
    def above(self) -> Floats:
        """How far each term lies above the median of all 256 (the lower of the two in the middle)."""
        above: Floats = self.terms - np.partition(self.terms, _MEDIAN, axis=None)[_MEDIAN]
        return above

    @property
    def row(self) -> Row:
        """The fingerprint, uint64 of shape (4,)."""
        row: Row = _rows_of(self.above[None])[0]
        return row

    @cached_property
    def rows(self) -> Rows:
        """uint64 of shape (8, 4): the fingerprints of the 8 turns, in the order of TURNS."""
        turned = _SIGNS * self.terms
        turned[_TRANSPOSED] = turned[_TRANSPOSED].swapaxes(1, 2)
        medians = np.partition(turned.reshape(len(TURNS), -1), _MEDIAN, axis=1)[:, _MEDIAN]
        return _rows_of(turned - medians[:, None, None])

    @cached_property
    def apart(self) -> Floats:
        """How far each term lies from the median."""
        return np.abs(self.above)

    def doubtful_bits(self, by: float | Floats) -> int:
        """How many bits an error of `by` (of all terms, or by term) could turn: their terms lie that near to the median."""
        return int(np.count_nonzero(self.apart <= by)) - 1

    def doubtful_quality(self, by: float) -> bool:
        """Whether steps between points that are wrong by `by` could add up to another quality."""
        if published.certainly_best(self.steps):
            return False
        percent = np.float32(by * 100 / 255)
        least = published.quality(np.maximum(self.steps - percent, 0))
        return least < published.quality(self.steps + percent)

    def may_be_rounded(self, longer_side: int) -> bool:
        """Whether a bit or the quality may differ by the published code's rounding. longer_side: of the picture, in pixels."""
        unsure = self._unsure(longer_side)
        return self.doubtful_bits(_ROUNDING * unsure) > 0 or self.doubtful_quality(ROUNDING_STEP * unsure)

    def hangs_on_rounding(self, longer_side: int) -> bool:
        """Whether many bits may: stripes and other patterns without any term of their own consist of nothing but rounding."""
        return self.doubtful_bits(_CROWDED * self._unsure(longer_side)) > TERMS * TERMS // 4

    def _unsure(self, longer_side: int) -> float:
        """Rounding grows with the brightness and with the length of a running sum."""
        return float(self.points.max()) / 255 * max(1.0, longer_side / 2_000)


@dataclass(frozen=True)
class Appearance:
    """A picture whole and, where it has even borders and something to tell within, without them."""

    whole: Seen
    trimmed: Seen | None = None

    @property
    def looks(self) -> list[Look]:
        """8 or 16: the turns of the whole in the order of TURNS, then those of the trimmed picture."""
        framed = [("whole", self.whole), *([("trimmed", self.trimmed)] if self.trimmed else [])]
        return [
            Look(framing, turn, row) for framing, each in framed for turn, row in zip(TURNS, each.rows, strict=True)
        ]

    @property
    def hexes(self) -> list[str]:
        """The same as 64 hex digits each."""
        seen = [self.whole.rows, *([self.trimmed.rows] if self.trimmed else [])]
        digits = hexadecimal(np.concatenate(seen))
        return [digits[place : place + 64] for place in range(0, len(digits), 64)]


# By turn: which terms change their sign, and whether rows become columns. Source: dct16OriginalTo... in pdqhashing.cpp.
_DOWN, _ACROSS = np.meshgrid(np.arange(TERMS) % 2 * 2.0 - 1, np.arange(TERMS) % 2 * 2.0 - 1, indexing="ij")
_KEPT = np.ones((TERMS, TERMS))
_BOTH = _DOWN * _ACROSS
_SIGNS = np.stack([_KEPT, _ACROSS, _BOTH, _DOWN, _DOWN, _ACROSS, _KEPT, _BOTH]).astype(np.float32)
_TRANSPOSED = np.array([False, True, False, True, False, False, True, True])


def _rows_of(above: Floats) -> Rows:
    """uint64 of shape (n, 4) for n sets of terms: what lies above its median is 1, the first term being the lowest bit."""
    bits = (above > 0).reshape(len(above), -1)
    return np.packbits(bits[:, ::-1], axis=1).view(">u8").astype(np.uint64)


def exact(luma: Luma) -> Seen:
    """The picture as the published code sees it."""
    return settled(seen(luma, 1, *luma.shape), luma)


def settled(fast: Seen, luma: Luma) -> Seen:
    """What the fast way saw, or where it leaves a doubt what the published code's own steps give."""
    longer = max(luma.shape)
    return step_by_step(luma) if fast.may_be_rounded(longer) or fast.hangs_on_rounding(longer) else fast


def step_by_step(luma: Luma) -> Seen:
    """The picture by the published code's own steps: slower than `seen`, and equal to it but for the last digits."""
    if min(luma.shape) < SHORTEST_SIDE:
        return NOTHING
    grid = published.points(luma)
    return Seen(grid, published.coefficients(grid))


def seen(luma: Luma, scale: int, height: int, width: int, *, blunt: bool = False) -> Seen:
    """The picture of height x width that `luma` shows, each of its pixels being the mean of scale x scale.

    blunt: as if from pixels twice as coarse; the difference tells how much detail a decoder's averaging may have lost.
    """
    if min(height, width) < SHORTEST_SIDE:
        return NOTHING
    return of_points(grid(bands(height, scale, together(luma.size), blunt), bands(width, scale, 8, blunt), luma))


def within_borders(luma: NDArray[np.uint8], scale: int, height: int, width: int) -> Seen | None:
    """The picture in its even borders; None where there are none, or where what is within them is too plain to tell."""
    if min(height, width) < SHORTEST_SIDE or not (part := borders.inner(luma, scale, height, width)):
        return None
    found = _seen_part(luma, scale, part)
    return found if found and found.quality >= QUALITY_FLOOR else None


def _seen_part(luma: NDArray[np.uint8], scale: int, part: Inner) -> Seen | None:
    height, width = part.bottom - part.top, part.right - part.left
    if min(height, width) < SHORTEST_SIDE:
        return None
    # A decoded line that shows border and picture stands for neither: the next one takes its place.
    rows = bands_of_part(height, scale, part.top, part.rows)
    columns = bands_of_part(width, scale, part.left, part.columns)
    cut = luma[part.rows[0] : part.rows[1] + 1, part.columns[0] : part.columns[1] + 1]
    return of_points(grid(rows, columns, cut))


def of_points(grid: Floats) -> Seen:
    """A picture from its 64 x 64 points."""
    return Seen(grid, (COSINES @ grid @ COSINES.T).astype(np.float32, copy=False))


NOTHING = Seen(np.zeros((POINTS, POINTS), np.float32), np.zeros((TERMS, TERMS), np.float32))


def checked(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same. Raises ValueError for another shape or type and for no pixels at all."""
    if luma.dtype != np.uint8 or luma.ndim != 2 or not luma.size:
        raise ValueError(f"luma is uint8 of shape (height, width), not {luma.dtype} of shape {luma.shape}")
    return luma
