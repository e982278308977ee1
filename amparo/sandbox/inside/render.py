"""A picture as raw pixels for one reveal; the parent encodes them, so that no byte of the hostile file reaches a browser."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from amparo.sandbox.inside.decoders import decoded, opened, orientation
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

LONGEST_SIDE = 4096

# By the orientation that a picture says it has (Exif 0x0112; 1 is upright).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"width", "height"} and one blob of width x height x 3 bytes, RGB, upright.

    options: `longest_side` in pixels (default 1600, at most 4096); `grey` true for a picture without colour.
    """
    longest = options.get("longest_side", 1600)
    if not isinstance(longest, int) or not 1 <= longest <= LONGEST_SIDE:
        raise Unreadable("malformed", "The picture was asked for in a size that Amparo does not make.")
    stored = opened(data)
    picture = decoded(stored, longest)
    turn = _UPRIGHT.get(orientation(stored))
    picture.thumbnail((longest, longest))
    if turn is not None:
        picture = picture.transpose(turn)
    if options.get("grey"):
        picture = picture.convert("L").convert("RGB")
    sink.begin(name="pixels", type="image/x-rgb")
    sink.write(picture.tobytes())
    return {"width": picture.width, "height": picture.height}
