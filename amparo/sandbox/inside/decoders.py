"""Bytes of a picture to pixels, with a limit before anything is decoded. A JPEG is decoded no larger than it is needed."""

from __future__ import annotations

import base64
import importlib
import io
import re
import warnings
from collections.abc import Iterator

import numpy as np
import pillow_heif
from PIL import AvifImagePlugin, Image, ImageFile

from amparo.sandbox.inside.frames import Unreadable

# 108 megapixels is the largest common phone sensor that fits the child's memory when decoded whole.
PIXEL_LIMIT = 110_000_000
# 200 megapixels is the largest phone sensor: as a JPEG it is decoded at an eighth.
SCALED_PIXEL_LIMIT = 250_000_000
# JPEG also opens MPO, the multi-picture form of some phones, which has no entry of its own in Pillow's table.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF")
_PLUGINS = ("JpegImagePlugin", "MpoImagePlugin", "PngImagePlugin", "GifImagePlugin", "WebPImagePlugin", "BmpImagePlugin",
            "TiffImagePlugin", "AvifImagePlugin")  # fmt: skip
_JPEG = ("JPEG", "MPO")
_JPEG_BEGINS = b"\xff\xd8"
_DAMAGED = "This picture is cut off or damaged; it cannot be decoded whole."
# A picture of one colour as HEIC, 64 x 64: the library has an encoder, but starting it costs more than all decoders.
_HEIC = (
    b"AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAA"
    b"EAAQAAAAABegABAAAAAAAAABcAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHho"
    b"dmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubg"
    b"IaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBt"
    b"YQAAAAAAAAABAAEEgQIDBAAAAB9tZGF0AAAAEygBrwQY/Hk46//yzj8NJxsR0OA="
)
# What a JPEG decoder fills in where its data ended too early, and bytes that would be decoded to anything but that.
_FILLED_IN = 128
_MORE_DATA = bytes(range(1, 255)) * 4


def warm() -> Iterator[bytes]:
    """A small file of each format, to be decoded once: plug-ins and codecs load late otherwise.

    Only the plug-ins of FORMATS are loaded, not the forty of Image.init(): less to attack, and half the start-up time.
    """
    for plugin in _PLUGINS:
        importlib.import_module(f"PIL.{plugin}")
    # A thumbnail in a HEIC may show anything: only the picture itself is decoded.
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=0)
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    # Its decoder would start a thread for each core.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pattern = Image.linear_gradient("L").convert("RGB").resize((64, 64))
    for name in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        file = io.BytesIO()
        try:
            pattern.save(file, name)
        except (OSError, KeyError):
            continue  # a build of the library without this format: identified, not examined
        yield file.getvalue()
    yield base64.b64decode(_HEIC)


def limit_pixels(most: int) -> None:
    """From now on no picture, and no part of a GIF, of more pixels takes memory: Pillow raises DecompressionBombError."""
    Image.MAX_IMAGE_PIXELS = most // 2  # at which it warns; at twice that it stops


def opened(data: bytes) -> Image.Image:
    """The picture, its header read and its size within the limit, not yet decoded. Raises Unreadable."""
    limit_pixels(SCALED_PIXEL_LIMIT if data.startswith(_JPEG_BEGINS) else PIXEL_LIMIT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (MemoryError, RecursionError, PermissionError):
        raise
    except Image.DecompressionBombError as error:
        raise Unreadable("too_big", "This picture says it has more pixels than Amparo decodes.") from error
    except Exception as error:
        raise Unreadable("malformed", "This picture's header cannot be read.") from error
    # A progressive JPEG is held whole in memory by its decoder, at whatever scale.
    scaled = picture.format in _JPEG and not picture.info.get("progressive")
    if picture.width * picture.height > (SCALED_PIXEL_LIMIT if scaled else PIXEL_LIMIT):
        size = f"{picture.width} x {picture.height}"
        raise Unreadable("too_big", f"This picture says it is {size} pixels, more than Amparo decodes.")
    return picture


def loaded(picture: Image.Image) -> Image.Image:
    """The same picture, its first frame decoded. Raises Unreadable for one that is cut off or damaged."""
    try:
        picture.load()
    except (MemoryError, RecursionError, PermissionError):
        raise
    except Exception as error:
        if "Internal error" in str(error):
            raise  # libheif's word for its own trouble, such as a thread that it may not start: no fault of the picture
        raise Unreadable("malformed", _DAMAGED) from error
    return picture


def decoded(picture: Image.Image, longest: int | None = None) -> Image.Image:
    """The first frame as RGB; of a JPEG a smaller one, if no side becomes shorter than `longest`. Raises Unreadable.

    picture: opened and not yet decoded.
    """
    if longest and picture.format in _JPEG:
        picture.draft("RGB", (longest, longest))
    try:
        return loaded(picture).convert("RGB")
    except ValueError as error:
        raise Unreadable("malformed", _DAMAGED) from error


def orientation(picture: Image.Image) -> int:
    """How the picture says that it is to be turned (Exif 0x0112), 1 where it says nothing. picture: decoded."""
    try:
        said = picture.getexif().get(0x0112, 1)
    except (MemoryError, RecursionError, PermissionError):
        raise
    except Exception:
        return 1  # what it says of itself is damaged; the picture is not
    return said if isinstance(said, int) and 1 <= said <= 8 else 1


def is_jpeg(picture: Image.Image) -> bool:
    """Whether `jpeg` can read it: a JPEG of brightness and colour, of RGB or of brightness alone, not of four inks."""
    return picture.format in _JPEG and picture.mode in ("L", "RGB")


def jpeg(picture: Image.Image, data: bytes, shortest: int) -> tuple[Image.Image, int]:
    """The picture decoded, and of how many pixels each way one is the mean: 1, 2, 4 or 8.

    picture: opened from `data`. The scale is the largest that leaves no side shorter than `shortest`; from 2 on it is the
    decoder's own brightness (mode L), and the colours are never computed. Raises Unreadable for a picture that is cut off, also
    where somebody closed it behind the cut: its decoder fills that up in silence.
    """
    width = picture.width
    _drafted(picture, shortest)
    scale = next(scale for scale in (1, 2, 4, 8) if -(-width // scale) == picture.width)
    corner = picture.crop(
        (max(0, picture.width - max(1, 8 // scale)), picture.height - 1, picture.width, picture.height)
    )
    if set(corner.tobytes()) == {_FILLED_IN} and _ran_out(data, picture, shortest):
        raise Unreadable("malformed", _DAMAGED)
    return picture, scale


def _drafted(picture: Image.Image, shortest: int) -> Image.Image:
    if min(picture.size) >= 2 * shortest:
        picture.draft("L", (shortest, shortest))
    return loaded(picture)


def _ran_out(data: bytes, picture: Image.Image, shortest: int) -> bool:
    """Whether the data ended before the picture: then, and only then, more data before its end changes the picture."""
    scan = _first_scan(data)
    end = data.find(b"\xff\xd9", scan)
    if scan < 0 or end < 0:
        return False
    longer = _drafted(opened(data[:end] + _MORE_DATA + data[end:]), shortest)
    return not np.array_equal(np.asarray(picture), np.asarray(longer))


def _first_scan(data: bytes) -> int:
    """Where the first scan of a JPEG begins, -1 where none does. Markers before it may hold whole pictures of their own."""
    place = 2
    while match := re.compile(rb"\xff+([^\xff\0])").match(data, place):
        if match[1] == b"\xda":
            return match.end()
        place = match.end() + int.from_bytes(data[match.end() : match.end() + 2], "big")
    return -1
