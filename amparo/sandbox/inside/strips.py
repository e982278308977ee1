"""A decoded picture as brightness, exact to the published weights of its colours; a large one by strips.

Transparency is left aside and the stored orientation is not applied, as in the published tools.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.inside.published import Floats

# The published weights of red, green and blue.
RED, GREEN, BLUE = 0.299, 0.587, 0.114
_COLOURS = (RED, GREEN, BLUE)
# What the numbers of a pixel count for. All other modes are made RGB first.
_WEIGHTS = {"L": (1.0,), "LA": (1.0, 0.0), "RGB": _COLOURS, "RGBA": (*_COLOURS, 0.0), "RGBX": (*_COLOURS, 0.0)}
_WEIGHTS |= dict.fromkeys(("I;16", "I;16L", "I;16B", "I;16N"), (1 / 257,))
# Numbers without an agreed range: the darkest is made black and the brightest white.
_UNBOUNDED = ("I", "F")
_STRIP_LINES = 256
# Up to so many pixels a second copy of the picture costs less than cutting it into strips.
_AT_ONCE_PIXELS = 16_000_000


class Strips:
    """Lines for bands.along, (height, width x numbers a pixel), cut out when asked: a large picture is never held twice."""

    def __init__(self, picture: Image.Image) -> None:
        """picture: decoded. Raises Unreadable where its brightness is no number."""
        self._picture = picture
        self._weights = (1.0,) if picture.mode in (*_UNBOUNDED, "P") else _WEIGHTS.get(picture.mode, _COLOURS)
        self.shape = (picture.height, picture.width * len(self._weights))

    def __getitem__(self, lines: slice, /) -> NDArray[Any]:
        if self._picture.width * self._picture.height <= _AT_ONCE_PIXELS:
            return self._all[lines]
        start, stop, _ = lines.indices(self.shape[0])
        return self._numbers((0, start, self._picture.width, stop)).reshape(stop - start, -1)

    def weighed(self, points: Floats) -> Floats:
        """Brightness of lines like this picture's, (any, width)."""
        weights = np.array(self._weights, np.float32)
        return (points.reshape(len(points), -1, len(weights)) @ weights).astype(np.float32, copy=False)

    def luma(self) -> Floats:
        """The whole picture's brightness, added up as the published binding does. (height, width)"""
        luma = np.empty((self._picture.height, self._picture.width), np.float32)
        for start in range(0, len(luma), _STRIP_LINES):
            part = luma[start : start + _STRIP_LINES]
            numbers = self[start : start + _STRIP_LINES].reshape(*part.shape, -1).astype(np.float64)
            weighed = [numbers[:, :, place] * weight for place, weight in enumerate(self._weights) if weight]
            part[:] = sum(weighed[1:], weighed[0])
        return luma

    def sides(self) -> list[NDArray[np.uint8]]:
        """The brightness of the outermost lines: the top and bottom ones, the left and right ones, 0 to 255 in whole numbers."""
        height, width = self._picture.height, self._picture.width
        across = [self[line : line + 1].reshape(width, -1) for line in (0, height - 1)]
        boxes = [(column, 0, column + 1, height) for column in (0, width - 1)]
        down = [self._numbers(box).reshape(height, -1) for box in boxes]
        return [np.rint(numbers @ np.array(self._weights)).astype(np.uint8) for numbers in (*across, *down)]

    def grey(self) -> NDArray[np.uint8]:
        """The whole picture's brightness, 0 to 255 in whole numbers."""
        picture = self._picture
        if picture.mode in _UNBOUNDED or picture.mode.startswith("I;16"):
            return np.rint(self.luma()).astype(np.uint8)
        if picture.mode not in ("L", "LA", "P", "RGB", "RGBA", "1"):
            picture = picture.convert("RGB")
        return np.asarray(picture.convert("L"))

    def _numbers(self, box: tuple[int, int, int, int]) -> NDArray[Any]:
        """(lines, columns, numbers a pixel)."""
        part = self._picture if box == (0, 0, *self._picture.size) else self._picture.crop(box)
        if part.mode in _UNBOUNDED:
            darkest, brightest = self._extremes
            numbers = (np.asarray(part, np.float64) - darkest) * (255 / ((brightest - darkest) or 1))
        elif part.mode == "P":
            numbers = self._brightness_of_colour.take(np.asarray(part))
        else:
            numbers = np.asarray(part if part.mode in _WEIGHTS else part.convert("RGB"))
        return numbers.reshape(part.height, part.width, -1)

    @cached_property
    def _all(self) -> NDArray[Any]:
        return self._numbers((0, 0, *self._picture.size)).reshape(self.shape)

    @cached_property
    def _brightness_of_colour(self) -> NDArray[np.float64]:
        """Of each of a palette's 256 places, added up as the published binding does."""
        places = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        palette = self._picture.getpalette("RGB")
        places.putpalette(palette or bytes(768))
        red, green, blue = np.asarray(places.convert("RGB"), np.float64)[0].T
        brightness: NDArray[np.float64] = red * RED + green * GREEN + blue * BLUE
        return brightness

    @cached_property
    def _extremes(self) -> tuple[float, float]:
        darkest, brightest = self._picture.getextrema()
        if not (isinstance(darkest, (int, float)) and isinstance(brightest, (int, float))) or not (
            math.isfinite(darkest) and math.isfinite(brightest)
        ):
            raise Unreadable("malformed", "The brightness in this picture is no number.")
        return float(darkest), float(brightest)
