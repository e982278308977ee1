"""A decoded video frame's brightness, from the decoder's own plane: no colour is ever computed where there is one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.sandbox.inside import pdq

Plane = NDArray[np.uint8]
# PyAV comes without types.
Frame = Any

# Limited range (ITU-R BT.601, BT.709): of 8 bits black is 16 and white 235.
BLACK, WHITE = 16, 235
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
# The weights of the published PDQ code (ITU-R BT.601).
_WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Planes of fractions, or of bits at the upper end that the name alone tells.
_ODD = re.compile(r"f16|f32|msb")
# One byte of brightness, one of colour by turns: where the first brightness stands.
_BY_TURNS = {"yuyv422": 0, "yvyu422": 0, "uyvy422": 1}


def appearance_of(frame: Frame) -> pdq.Appearance:
    """The frame's fingerprints, as it is stored: rotation and mirroring are not applied. Brightness counts in full range.

    The step from the limited range to the full one is taken on the 64 x 64 points, of which each is a mean: it costs nothing there.
    """
    plane, limited = plane_of(frame)
    height, width = plane.shape
    whole = pdq.seen(plane, 1, height, width)
    if limited:
        points = (whole.points - np.float32(BLACK)) * np.float32(255 / (WHITE - BLACK))
        whole = pdq.of_points(np.clip(points, 0, 255))
    return pdq.Appearance(whole, pdq.within_borders(plane, 1, height, width))


def plane_of(frame: Frame) -> tuple[Plane, bool]:
    """uint8 of shape (height, width), and whether it is of limited range.

    Where the file doesn't say which range it uses, it is the limited one, as players take it; grey pictures use the full one.
    """
    form, plane = frame.format, frame.planes[0]
    limited = int(frame.color_range) != _FULL_RANGE and not form.name.startswith(("yuvj", "gray"))
    if plane.line_size <= 0:
        return _from_colours(frame), False  # stored from the bottom up
    if form.name in _BY_TURNS:
        both = _rows(plane, np.dtype(np.uint8), frame.width * 2, frame.height)
        return np.ascontiguousarray(both[:, _BY_TURNS[form.name] :: 2]), limited
    bits = form.components[0].bits
    of_planes = form.is_planar or form.name.startswith("gray")
    colours = form.is_rgb or form.has_palette or form.is_bit_stream or form.is_bayer
    if not of_planes or colours or not 8 <= bits <= 16 or _ODD.search(form.name):
        return _from_colours(frame), False
    if bits == 8:
        return _rows(plane, np.dtype(np.uint8), frame.width, frame.height), limited
    values = _rows(plane, np.dtype(">u2" if form.is_big_endian else "<u2"), frame.width, frame.height)
    # P010 and its kin keep their bits at the upper end of the two bytes.
    upper = form.name[0] == "p" and form.name[1].isdigit()
    # A value beyond its bits can only come from a damaged frame.
    return np.minimum(values >> (8 if upper else bits - 8), 255).astype(np.uint8), limited


def _rows(plane: Any, kind: np.dtype[Any], width: int, height: int) -> NDArray[Any]:
    """The plane without the padding at the end of its rows."""
    wide = plane.line_size // kind.itemsize
    return np.frombuffer(plane, kind, count=wide * height).reshape(height, wide)[:, :width]


def _from_colours(frame: Frame) -> Plane:
    """Of a frame without a plane of brightness: from its colours, with the published weights."""
    brightness: Plane = np.rint(frame.to_ndarray(format="rgb24") @ _WEIGHTS).astype(np.uint8)
    return brightness
