"""A picture's facts and its PDQ fingerprint, from a full decode."""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Mapping

import numpy as np
import pdqhash
from PIL import AvifImagePlugin, Image, ImageFile

from amparo.sandbox.inside.frames import Facts, Sink, Unreadable

# 108 megapixels is the largest common phone sensor that fits the child's memory when decoded whole.
PIXEL_LIMIT = 110_000_000
# The published binding needs about 32 bytes a pixel; a larger picture is first averaged down by a whole factor.
HASHED_WHOLE_PIXELS = 12_000_000
# Below this the fingerprint says nothing about the picture (PDQ's own documentation).
QUALITY_FLOOR = 50
# JPEG also opens MPO, the multi-picture form of some phones, which has no entry of its own in Pillow's table.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_PLUGINS = ("JpegImagePlugin", "MpoImagePlugin", "PngImagePlugin", "GifImagePlugin", "WebPImagePlugin", "BmpImagePlugin",
            "TiffImagePlugin", "AvifImagePlugin")  # fmt: skip
_DATE_TIME_ORIGINAL, _MAKE, _MODEL, _EXIF_IFD, _GPS_IFD = 0x9003, 0x010F, 0x0110, 0x8769, 0x8825


def warm() -> None:
    """Afterwards every decoder has decoded once: plug-ins and codecs load late otherwise.

    Only the plug-ins of FORMATS are loaded, not the forty of Image.init(): less to attack, and half the start-up time.
    """
    for plugin in _PLUGINS:
        importlib.import_module(f"PIL.{plugin}")
    # The limit is ours, checked before any pixel is decoded.
    Image.MAX_IMAGE_PIXELS = None
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    pattern = Image.fromarray(np.add.outer(np.arange(64), np.arange(64)).astype("uint8"))
    # Its decoder would start a thread for each core.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    for name in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        file = io.BytesIO()
        try:
            pattern.convert("RGB").save(file, name)
        except (OSError, KeyError):
            continue  # a build of the library without this format: identified, not examined
        decoded(file.getvalue())
    fingerprint(pattern.convert("RGB"))


def read(data: bytes, options: Mapping[str, object], sink: Sink) -> Facts:
    """Format, size, fingerprint and what the camera wrote. `state` is "too_plain" where the fingerprint can't be used."""
    picture = opened(data)
    whole = _loaded(picture)
    facts: Facts = {
        "format": picture.format or "",
        "width": picture.width,
        "height": picture.height,
        # Only the first frame is fingerprinted, and the officer is told how many there are.
        "frames": _frames(picture),
        **_camera(picture),
    }
    pdq_hex, quality, factor = fingerprint(whole)
    state = "examined" if quality >= QUALITY_FLOOR else "too_plain"
    return {**facts, "state": state, "pdq_hex": pdq_hex, "quality": quality, "averaged_by": factor}


def opened(data: bytes) -> Image.Image:
    """The picture, its header read and its size within the limit, not yet decoded. Raises Unreadable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (MemoryError, RecursionError, PermissionError):
        raise
    except Exception as error:
        raise Unreadable("malformed", "This picture's header cannot be read.") from error
    if picture.width * picture.height > PIXEL_LIMIT:
        size = f"{picture.width} x {picture.height}"
        raise Unreadable("too_big", f"This picture says it is {size} pixels, more than Amparo decodes.")
    return picture


def _loaded(picture: Image.Image) -> Image.Image:
    try:
        picture.load()
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    except (MemoryError, RecursionError, PermissionError):
        raise
    except Exception as error:
        raise Unreadable("malformed", "This picture is cut off or damaged; it cannot be decoded whole.") from error


def decoded(data: bytes) -> Image.Image:
    """The first frame, whole, as RGB. Raises Unreadable for one that is cut off or damaged."""
    return _loaded(opened(data))


def fingerprint(picture: Image.Image) -> tuple[str, int, int]:
    """PDQ as 64 hex digits, its quality (0 to 100), and by which factor the picture was averaged down first.

    The digits are the binding's vector read as one number, first element the highest bit: the order of the published tools
    (facebook/ThreatExchange, python-threatexchange, pdq_hasher.py). As there, the stored orientation is not applied.
    """
    factor = 1
    while (picture.width // factor) * (picture.height // factor) > HASHED_WHOLE_PIXELS:
        factor += 1
    if factor > 1:
        picture = picture.reduce(factor)
    vector, quality = pdqhash.compute(np.asarray(picture))
    return np.packbits(vector.astype(bool)).tobytes().hex(), int(quality), factor


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
