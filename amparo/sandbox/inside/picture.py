"""A picture's facts and its looks: the fingerprints under which a copy of it may be listed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from amparo.sandbox.inside import decoders, pdq
from amparo.sandbox.inside.bands import along, bands, together
from amparo.sandbox.inside.borders import has_even_side
from amparo.sandbox.inside.decoders import loaded, opened
from amparo.sandbox.inside.frames import Facts, Sink
from amparo.sandbox.inside.pdq import QUALITY_FLOOR, SHORTEST_SIDE, Appearance, Seen
from amparo.sandbox.inside.published import Floats
from amparo.sandbox.inside.strips import Strips

# A JPEG is decoded no smaller than this on its shorter side, 4 pixels for each of the 64 points; below twice that, in colours.
SHORTEST_DECODED = 256
# How far a decoder's brightness may move a term from that of its colours, which it rounds and clips: at least so much, or this
# share of what the terms are. And how many bits may hang on it before the colours are looked at: in a test, 1 of 70 ordinary
# pictures then was, and all but 3 of 906 with nothing but lurid stripes, slopes or noise were within 4 bits.
DECODED_BRIGHTNESS, DECODED_SHARE = 0.3, 0.004
DOUBTFUL_BITS = 6
# How much of what pixels twice as coarse would change the decoder's own averaging has changed already.
LOST_DETAIL = 0.5
# The quality from a decoder's brightness is within 4 of the published one.
NEAR_THE_FLOOR = 6
# In a larger one the published code's steps are not taken: they need several planes of floats.
STEPPED_PIXELS = 32_000_000
_DATE_TIME_ORIGINAL, _MAKE, _MODEL, _EXIF_IFD, _GPS_IFD = 0x9003, 0x010F, 0x0110, 0x8769, 0x8825


def warm() -> None:
    """Afterwards every decoder has decoded once, and what fingerprints are made with is loaded."""
    for sample in decoders.warm():
        fingerprint(opened(sample), sample)


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """Format, size, looks and what the camera wrote. `state` is "too_plain" where the whole picture's fingerprint means nothing.

    looks: 64 hex digits each, of the 8 turns of the whole picture in the order of pdq.TURNS, then of the 8 turns of the picture
    within its even borders, where it has any and there is enough to tell within; the latter mean something in either state.
    averaged_by: how many pixels, each way, its decoder made one of. Only the first frame is looked at.
    """
    picture = opened(data)
    width, height = picture.size
    seen, scale = fingerprint(picture, data)
    looks = seen.hexes
    return {
        "format": picture.format or "",
        "width": width,
        "height": height,
        "frames": _frames(picture),
        **_camera(picture),
        "state": "examined" if seen.whole.quality >= QUALITY_FLOOR else "too_plain",
        "pdq_hex": looks[0],
        "looks": looks,
        "quality": seen.whole.quality,
        "averaged_by": scale,
    }


def fingerprint(picture: Image.Image, data: bytes) -> tuple[Appearance, int]:
    """How the picture looks, and of how many pixels each way the decoder made one. As published, the orientation isn't applied.

    picture: opened from `data` and not yet decoded. Raises Unreadable for one that is cut off or damaged.
    """
    width, height = picture.size
    if not decoders.is_jpeg(picture):
        return _in_colours(loaded(picture)), 1
    decoded, scale = decoders.jpeg(picture, data, SHORTEST_DECODED)
    if scale == 1:
        return _in_colours(decoded), 1
    luma = np.asarray(decoded)
    floats = luma.astype(np.float32)
    whole = pdq.seen(floats, scale, height, width)
    trimmed = pdq.within_borders(luma, scale, height, width)
    if width * height <= decoders.PIXEL_LIMIT and _is_doubtful(whole, floats, scale, height, width):
        return Appearance(_whole(Strips(loaded(opened(data))), height, width), trimmed), 1
    return Appearance(whole, trimmed), scale


def _is_doubtful(seen: Seen, luma: Floats, scale: int, height: int, width: int) -> bool:
    """Whether the colours, decoded whole, could give a fingerprint that differs by more than four bits, or another state."""
    if seen.quality < QUALITY_FLOOR + NEAR_THE_FLOOR:
        return seen.quality > QUALITY_FLOOR - NEAR_THE_FLOOR
    blunt = pdq.seen(luma, scale, height, width, blunt=True)
    moved = max(DECODED_BRIGHTNESS, DECODED_SHARE * _size(seen.terms), LOST_DETAIL * _size(seen.terms - blunt.terms))
    return seen.doubtful_bits(moved) > DOUBTFUL_BITS


def _size(terms: Floats) -> float:
    return float(np.sqrt(np.square(terms).mean()))


def _in_colours(picture: Image.Image) -> Appearance:
    """A decoded picture, whole and within its borders."""
    width, height = picture.size
    strips = Strips(picture)
    whole = _whole(strips, height, width)
    if min(width, height) < SHORTEST_SIDE:
        return Appearance(whole)
    if not has_even_side(strips.sides()):
        return Appearance(whole)
    return Appearance(whole, pdq.within_borders(strips.grey(), 1, height, width))


def _whole(strips: Strips, height: int, width: int) -> Seen:
    """By the published weights of the colours, and by the published steps where bits hang on nothing but their rounding."""
    if min(width, height) < SHORTEST_SIDE:
        return pdq.NOTHING
    lines = strips.weighed(along(bands(height, 1, together(width * height)), strips))
    seen = pdq.of_points(along(bands(width), lines.T).T)
    stepped = seen.quality >= QUALITY_FLOOR - NEAR_THE_FLOOR and width * height <= STEPPED_PIXELS
    return pdq.step_by_step(strips.luma()) if stepped and seen.hangs_on_rounding(max(height, width)) else seen


def _frames(picture: Image.Image) -> int:
    try:
        return min(int(getattr(picture, "n_frames", 1)), 100_000)
    except (MemoryError, RecursionError, PermissionError):
        raise
    except Exception:
        return 1  # a damaged second frame; the first decides whether the picture can be read


def _camera(picture: Image.Image) -> Facts:
    """When and by what device the picture says it was taken, and whether it says where. Claims of the file, not facts."""
    try:
        exif = picture.getexif()
        taken = exif.get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL, "")
        device = " ".join(str(exif.get(tag, "")).strip() for tag in (_MAKE, _MODEL)).strip()
        return {"taken_raw": str(taken)[:40], "device": device[:100], "has_location": bool(exif.get_ifd(_GPS_IFD))}
    except (MemoryError, RecursionError, PermissionError):
        raise
    except Exception:
        return {"taken_raw": "", "device": "", "has_location": False}
