"""Pictures: the published fingerprint, and files built to exhaust or to confuse a decoder."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import numpy as np
import pdqhash
import pillow_heif
import pytest
from PIL import Image

from amparo.sandbox.pixels import png
from amparo.sandbox.readings import ExaminationFailed, Identified, PictureReading, Pixels, Reading
from amparo.sandbox.warden import Warden

BOUNDARY = uuid4()
pillow_heif.register_heif_opener()


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(1)
    yield pool
    pool.close()


def examined(warden: Warden, data: bytes, kind: str = "picture", **options: object) -> Reading:
    with warden.boundary(BOUNDARY) as box:
        return box.examine(kind, data, **options)


def pattern(width: int = 640, height: int = 480, seed: int = 1) -> Image.Image:
    """An abstract picture: smoothed noise, so that it has both areas and edges."""
    rough = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is `width` x `height`."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    head = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def fingerprint(image: Image.Image) -> str:
    """The published tools' digits: python-threatexchange joins the vector's bits and reads them as a binary number."""
    vector, _ = pdqhash.compute(np.asarray(image.convert("RGB")))
    return f"{int(''.join(str(int(bit)) for bit in vector), 2):064x}"


def distance_bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


KNOWN_PDQ = "ff28817effe0017effc0801e3fc0e01e1ff0f817c7e09c0f31fc29854b385660"


def test_a_known_picture_has_its_known_fingerprint(warden: Warden) -> None:
    """A frozen vector: a ramp drawn by formula, so that no picture file is needed. It guards against a changed order."""
    across, down = np.meshgrid(np.arange(256), np.arange(256))
    red, green, blue = (across * down) % 256, (across * across // 64 + down) % 256, (across + 2 * down) % 256
    image = Image.fromarray(np.stack([red, green, blue], -1).astype(np.uint8))
    reading = examined(warden, saved(image, "PNG"))
    assert isinstance(reading, PictureReading)
    assert (reading.pdq_hex, reading.quality) == (KNOWN_PDQ, 100)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF"])
def test_every_common_format_is_examined_whole(warden: Warden, form: str) -> None:
    data = saved(pattern(), form)
    found = examined(warden, data, "identify")
    assert isinstance(found, Identified) and found.kind == "picture"
    reading = examined(warden, data)
    assert isinstance(reading, PictureReading)
    assert (reading.state, reading.width, reading.height) == ("examined", 640, 480)
    assert distance_bits(reading.pdq_hex, fingerprint(pattern())) <= 31, (
        "another format stays within the matching distance"
    )
    assert len(reading.looks) == 8


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_other_colour_modes_are_examined(warden: Warden, mode: str) -> None:
    form = "TIFF" if mode == "CMYK" else "PNG"
    reading = examined(
        warden, saved(pattern().convert("L").convert(mode) if mode == "LA" else pattern().convert(mode), form)
    )
    assert isinstance(reading, PictureReading)


def test_a_plain_picture_is_called_too_plain_and_not_examined_as_if_it_were_not(warden: Warden) -> None:
    reading = examined(warden, saved(Image.new("RGB", (300, 300), (200, 30, 30)), "PNG"))
    assert isinstance(reading, PictureReading)
    assert reading.state == "too_plain" and reading.quality < 50


def test_a_phones_largest_jpeg_is_read_at_an_eighth(warden: Warden) -> None:
    tile = np.asarray(pattern(1020, 1020).convert("L"))
    reading = examined(warden, saved(Image.fromarray(np.tile(tile, (12, 16))), "JPEG", quality=40), limit_s=120)
    assert isinstance(reading, PictureReading)
    assert (reading.width, reading.height, reading.averaged_by) == (16_320, 12_240, 8)


def test_a_hundred_megapixels_that_must_be_decoded_whole_fit_into_the_childs_memory(warden: Warden) -> None:
    reading = examined(
        warden, saved(Image.new("RGB", (12_000, 9_000), (9, 99, 30)), "PNG", compress_level=1), limit_s=120
    )
    assert isinstance(reading, PictureReading)
    assert (reading.width * reading.height, reading.state) == (108_000_000, "too_plain")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "HEIF"])
def test_a_truncated_picture_fails_with_its_reason(warden: Warden, form: str) -> None:
    data = saved(pattern(), form)
    with pytest.raises(ExaminationFailed) as failure:
        examined(warden, data[: len(data) * 6 // 10])
    assert failure.value.reason == "malformed"
    assert "cut off or damaged" in failure.value.sentence or "header" in failure.value.sentence


def test_a_picture_of_four_hundred_million_pixels_is_refused_undecoded(warden: Warden) -> None:
    with pytest.raises(ExaminationFailed, match="more pixels than Amparo decodes") as failure:
        examined(warden, bomb(20_000, 20_000))
    assert failure.value.reason == "too_big"


def test_random_and_flipped_bytes_never_stop_the_pool(warden: Warden) -> None:
    rng = np.random.default_rng(7)
    originals = [saved(pattern(), form) for form in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "HEIF")]
    with warden.boundary(BOUNDARY) as box:
        for number in range(140):
            data = bytearray(originals[number % len(originals)])
            for place in rng.integers(0, len(data), 12):
                data[place] = int(rng.integers(0, 256))
            with suppress(ExaminationFailed):
                box.examine("picture", bytes(data))
        assert isinstance(box.examine("picture", originals[0]), PictureReading)


def test_a_reveal_is_upright_raw_pixels_no_larger_than_asked(warden: Warden) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    data = saved(pattern(2000, 1000), "JPEG", exif=exif)
    pixels = examined(warden, data, "render", longest_side=400)
    assert isinstance(pixels, Pixels)
    assert (pixels.width, pixels.height) == (200, 400)
    with Image.open(io.BytesIO(png(pixels.width, pixels.height, pixels.rgb))) as shown:
        assert shown.size == (200, 400) and shown.mode == "RGB"
        assert shown.tobytes() == pixels.rgb


def test_a_grey_reveal_has_no_colour(warden: Warden) -> None:
    pixels = examined(warden, saved(pattern(), "PNG"), "render", longest_side=64, grey=True)
    assert isinstance(pixels, Pixels)
    assert pixels.rgb[0::3] == pixels.rgb[1::3] == pixels.rgb[2::3]


def test_pixels_that_do_not_fill_the_picture_are_refused() -> None:
    with pytest.raises(ValueError, match="not 2 x 2 pixels"):
        png(2, 2, b"\0" * 11)
