"""A decoded picture as brightness: in strips for the fingerprint, exact to the published weights of its colours.

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


class Strips:
    """Lines for bands.along, (height, width x numbers a pixel), cut out when asked: a picture is never held twice."""

    def __init__(self, picture: Image.Image) -> None:
        """picture: decoded. Raises Unreadable where its brightness is no number."""
        self._picture = picture
        self._weights = (1.0,) if picture.mode in _UNBOUNDED else _WEIGHTS.get(picture.mode, _COLOURS)
        self.shape = (picture.height, picture.width * len(self._weights))

    def __getitem__(self, lines: slice, /) -> NDArray[Any]:
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

    def grey(self, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """The brightness of a part (left, top, right, bottom), 0 to 255 in whole numbers."""
        if self._picture.mode in _UNBOUNDED or self._picture.mode.startswith("I;16"):
            brightness: NDArray[np.uint8] = np.rint(self._numbers(box)[:, :, 0] * self._weights[0]).astype(np.uint8)
            return brightness
        part = self._picture.crop(box)
        if part.mode not in ("L", "LA", "P", "RGB", "RGBA", "1"):
            part = part.convert("RGB")
        return np.asarray(part.convert("L"))

    def _numbers(self, box: tuple[int, int, int, int]) -> NDArray[Any]:
        """(lines, columns, numbers a pixel)."""
        part = self._picture.crop(box)
        if part.mode in _UNBOUNDED:
            darkest, brightest = self._extremes
            numbers = (np.asarray(part, np.float64) - darkest) * (255 / ((brightest - darkest) or 1))
        else:
            numbers = np.asarray(part if part.mode in _WEIGHTS else part.convert("RGB"))
        return numbers.reshape(part.height, part.width, -1)

    @cached_property
    def _extremes(self) -> tuple[float, float]:
        darkest, brightest = self._picture.getextrema()
        if not (isinstance(darkest, (int, float)) and isinstance(brightest, (int, float))) or not (
            math.isfinite(darkest) and math.isfinite(brightest)
        ):
            raise Unreadable("malformed", "The brightness in this picture is no number.")
        return float(darkest), float(brightest)
