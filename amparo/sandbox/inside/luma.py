"""A decoded video frame's brightness, 0 to 255, from the decoder's own plane: no colour is ever computed where there is one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
# PyAV comes without types.
Frame = Any

# Limited range (ITU-R BT.601, BT.709): black is 16 and white 235 of 8 bits, and as many times more with more bits.
_BLACK, _WHITE = 16, 235
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
# The weights of the published PDQ code (ITU-R BT.601).
_WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Planes of fractions, or of bits at the upper end that the name alone tells.
_ODD = re.compile(r"f16|f32|msb")
# One byte of brightness, one of colour by turns: where the first brightness stands.
_BY_TURNS = {"yuyv422": 0, "yvyu422": 0, "uyvy422": 1}


def luma_of(frame: Frame) -> Plane:
    """uint8 of shape (height, width), full range, as the frame is stored: rotation and mirroring are not applied.

    Where the file doesn't say which range it uses, it is the limited one, as players take it; grey pictures use the full one.
    """
    form = frame.format
    plane = frame.planes[0]
    if plane.line_size <= 0:
        return _from_colours(frame)  # stored from the bottom up
    if form.name in _BY_TURNS:
        both = _rows(plane, np.dtype(np.uint8), frame.width * 2, frame.height)
        return _in_full_range(both[:, _BY_TURNS[form.name] :: 2], 8, limited=_is_limited(frame))
    bits = form.components[0].bits
    grey = form.name.startswith("gray")
    direct = (form.is_planar or grey) and not (form.is_rgb or form.has_palette or form.is_bit_stream or form.is_bayer)
    if not direct or not 8 <= bits <= 16 or _ODD.search(form.name):
        return _from_colours(frame)
    if bits == 8:
        return _in_full_range(
            _rows(plane, np.dtype(np.uint8), frame.width, frame.height), 8, limited=_is_limited(frame)
        )
    wide = np.dtype(">u2" if form.is_big_endian else "<u2")
    values = _rows(plane, wide, frame.width, frame.height)
    if form.name[0] == "p" and form.name[1].isdigit():
        values = values >> (16 - bits)  # P010 and its kin keep their bits at the upper end
    return _in_full_range(values, bits, limited=_is_limited(frame))


def _is_limited(frame: Frame) -> bool:
    name = frame.format.name
    return int(frame.color_range) != _FULL_RANGE and not name.startswith(("yuvj", "gray"))


def _rows(plane: Any, kind: np.dtype[Any], width: int, height: int) -> NDArray[Any]:
    """The plane without the padding at the end of its rows."""
    wide = plane.line_size // kind.itemsize
    return np.frombuffer(plane, kind, count=wide * height).reshape(height, wide)[:, :width]


@lru_cache(maxsize=16)
def _scale(bits: int, limited: bool) -> Plane:
    """What each stored value is in 8 bits of full range."""
    black, white = 0.0, (1 << bits) - 1.0
    if limited:
        black, white = (level * 2.0 ** (bits - 8) for level in (_BLACK, _WHITE))
    scaled = (np.arange(1 << bits) - black) * (255 / (white - black))
    whole: Plane = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return whole


def _in_full_range(values: NDArray[Any], bits: int, *, limited: bool) -> Plane:
    if bits == 8 and not limited:
        return np.ascontiguousarray(values)
    # A value beyond its bits can only come from a damaged frame.
    scaled: Plane = _scale(bits, limited).take(values, mode="clip")
    return scaled


def _from_colours(frame: Frame) -> Plane:
    """Of a frame without a plane of brightness: from its colours, with the published weights."""
    brightness: Plane = np.rint(frame.to_ndarray(format="rgb24") @ _WEIGHTS).astype(np.uint8)
    return brightness
