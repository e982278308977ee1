"""A picture as raw pixels for one reveal; the parent encodes them, so that no byte of the hostile file reaches a browser."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import ImageOps

from amparo.sandbox.inside.decoders import decoded, opened, orientation
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

LONGEST_SIDE = 4096


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """{"width", "height"} and one blob of width x height x 3 bytes, RGB, upright.

    options: `longest_side` in pixels (default 1600, at most 4096); `grey` true for a picture without colour.
    """
    longest = options.get("longest_side", 1600)
    if not isinstance(longest, int) or not 1 <= longest <= LONGEST_SIDE:
        raise Unreadable("malformed", "The picture was asked for in a size that Amparo does not make.")
    stored = opened(data)
    picture = decoded(stored, longest)
    turned = orientation(stored)
    picture.thumbnail((longest, longest))
    picture.getexif()[0x0112] = turned
    picture = ImageOps.exif_transpose(picture)
    if options.get("grey"):
        picture = picture.convert("L").convert("RGB")
    sink.begin(name="pixels", type="image/x-rgb")
    sink.write(picture.tobytes())
    return {"width": picture.width, "height": picture.height}
