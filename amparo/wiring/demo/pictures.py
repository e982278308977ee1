"""Abstract pictures drawn from a seed: coloured shapes on gradients, noise, test patterns. Nothing else, ever.

A family of one shape and colour stands for the items of one child's series, so that series can be told apart without
any picture of anything.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels: TypeAlias = NDArray[np.uint8]

WIDTH_PIXELS, HEIGHT_PIXELS = 320, 240
FAMILIES = "ABCDEFGHI"
ITEMS_IN_A_FAMILY = 5
LOOSE_PICTURES = 8
STICKERS = 6
PLAIN_PICTURES = 4
NEAR_COPY_BITS = range(2, 29)  # inside the 31 bits that matching calls near, and never 0
APART_BITS = 66  # two different pictures are drawn again until they are further apart than this

_COLOURS = (
    (196, 40, 44), (38, 82, 190), (42, 150, 72), (214, 186, 40), (126, 62, 178), (226, 120, 34), (44, 170, 176),
    (120, 120, 126), (222, 110, 160),
)  # fmt: skip


class Kind(StrEnum):
    """What a generated file is for."""

    ORIGINAL = "original"
    LOOSE = "loose"
    NEAR_COPY = "near_copy"
    STICKER = "sticker"
    PLAIN = "plain"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture; ``pdq`` is 64 hex digits of the decoded bytes, "" for one that does not decode."""

    key: str
    kind: Kind
    family: str | None
    copy_of: str | None
    extension: str
    data: bytes
    pdq: str


def pdq_bits(pixels: Pixels) -> NDArray[np.uint8]:
    """The 256 bits of PDQ, as the published binding orders them."""
    bits, _quality = pdqhash.compute(pixels)
    return np.asarray(bits, dtype=np.uint8)


def pdq_hex(bits: NDArray[np.uint8]) -> str:
    """64 hex digits, first bit highest."""
    return np.packbits(bits).tobytes().hex()


def distance_bits(one: str, other: str) -> int:
    """The Hamming distance of two PDQ values in hex."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def decoded(data: bytes) -> Pixels:
    """RGB pixels of our own bytes (never of anything that arrived)."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def _background(draw: np.random.Generator) -> Image.Image:
    """A gradient with soft blotches: enough low frequencies for a perceptual hash to hold on to."""
    light = draw.integers(60, 236, size=(6, 8, 1)).astype(np.float64)
    tint = draw.uniform(0.86, 1.0, size=(1, 1, 3))
    coarse = np.clip(light * tint, 0, 255).astype(np.uint8)
    return Image.fromarray(coarse, "RGB").resize((WIDTH_PIXELS, HEIGHT_PIXELS), Image.Resampling.BICUBIC)


def _shape(pen: ImageDraw.ImageDraw, shape: int, box: tuple[int, int, int, int], colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = box
    middle, centre = (left + right) // 2, (top + bottom) // 2
    match shape:
        case 0:
            pen.ellipse(box, fill=colour)
        case 1:
            pen.rectangle(box, fill=colour)
        case 2:
            pen.polygon([(middle, top), (right, bottom), (left, bottom)], fill=colour)
        case 3:
            pen.line([(left, top), (right, bottom)], fill=colour, width=9)
        case 4:
            pen.ellipse(box, outline=colour, width=10)
        case 5:
            pen.ellipse((left, top, left + 22, top + 22), fill=colour)
        case 6:
            pen.polygon([(middle, top), (right, centre), (middle, bottom), (left, centre)], fill=colour)
        case 7:
            pen.arc(box, 20, 250, fill=colour, width=10)
        case _:
            pen.line([(left, centre), (right, centre)], fill=colour, width=10)
            pen.line([(middle, top), (middle, bottom)], fill=colour, width=10)


def _of_family(draw: np.random.Generator, family: int) -> Image.Image:
    image = _background(draw)
    pen = ImageDraw.Draw(image)
    for _ in range(int(draw.integers(7, 12))):
        left, top = int(draw.integers(-10, WIDTH_PIXELS - 50)), int(draw.integers(-10, HEIGHT_PIXELS - 50))
        side = int(draw.integers(40, 120))
        tint = draw.integers(-30, 31, size=3)
        red, green, blue = (int(np.clip(c + t, 0, 255)) for c, t in zip(_COLOURS[family], tint, strict=True))
        _shape(pen, family, (left, top, left + side, top + side), (red, green, blue))
    return image


def _pattern(draw: np.random.Generator) -> Image.Image:
    """A test pattern: bars and checks of random widths over noise."""
    rows, columns = int(draw.integers(4, 9)), int(draw.integers(5, 11))
    checks = draw.integers(0, 256, size=(rows, columns, 3), dtype=np.uint8)
    image = Image.fromarray(checks, "RGB").resize((WIDTH_PIXELS, HEIGHT_PIXELS), Image.Resampling.NEAREST)
    noise = draw.integers(0, 24, size=(HEIGHT_PIXELS, WIDTH_PIXELS, 3), dtype=np.uint8)
    return Image.fromarray(np.clip(np.asarray(image, dtype=np.int16) + noise, 0, 255).astype(np.uint8), "RGB")


def _plain(number: int) -> Image.Image:
    """One colour, nothing on it: too plain for a perceptual hash to say anything."""
    return Image.new("RGB", (WIDTH_PIXELS, HEIGHT_PIXELS), _COLOURS[number % len(_COLOURS)])


def encoded(image: Image.Image, extension: str, quality: int = 82) -> bytes:
    """The picture as JPEG, PNG or WebP bytes, without metadata."""
    out = io.BytesIO()
    if extension == "png":
        image.save(out, "PNG", optimize=False)
    elif extension == "webp":
        image.save(out, "WEBP", quality=quality, method=2)
    else:
        image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def near_copy(data: bytes, number: int) -> bytes:
    """The same picture re-encoded and resized, 2 to 28 PDQ bits from its original.

    Renditions are tried from mild to rough, the start depending on ``number``, until the distance is in the range.
    """
    original = pdq_hex(pdq_bits(decoded(data)))
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    for step in range(number % 4, 24):
        scale = 0.85 - 0.025 * step
        small = image.resize((int(image.width * scale), int(image.height * scale)), Image.Resampling.BILINEAR)
        small = small.filter(ImageFilter.GaussianBlur(0.4 * step))
        if step > 3:
            ImageDraw.Draw(small).rectangle((2, 2, 6 + 2 * step, 4 + step), fill=(250, 250, 250))
        copy = encoded(small, "jpg", quality=72 - 2 * step)
        if distance_bits(original, pdq_hex(pdq_bits(decoded(copy)))) in NEAR_COPY_BITS:
            return copy
    raise ValueError("no rendition of this picture is near without being equal")


class _Album:
    """Pictures drawn so far, each far from every other."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.pictures: list[Picture] = []
        self._hashes: list[str] = []

    def add(self, kind: Kind, family: str | None, extension: str) -> None:
        """Draw until the new picture is more than APART_BITS from all before it."""
        number = len(self.pictures)
        for attempt in range(50):
            draw = np.random.default_rng([self.seed, number, attempt])
            if family is not None:
                image = _of_family(draw, FAMILIES.index(family))
            elif kind is Kind.STICKER:
                image = _of_family(draw, number % len(FAMILIES)).resize((192, 192))
            else:
                image = _pattern(draw)
            data = encoded(image, extension)
            value = pdq_hex(pdq_bits(decoded(data)))
            if all(distance_bits(value, other) > APART_BITS for other in self._hashes):
                self._hashes.append(value)
                self.keep(kind, family, None, extension, data, value)
                return
        raise ValueError("fifty drawings were all too like another picture")

    def keep(self, kind: Kind, family: str | None, copy_of: str | None, extension: str, data: bytes, pdq: str) -> None:
        """Put an encoded picture into the album under the next key."""
        self.pictures.append(Picture(f"p{len(self.pictures) + 1:03d}", kind, family, copy_of, extension, data, pdq))


def album(seed: int) -> tuple[Picture, ...]:
    """Every picture of the demo, in a fixed order: series, loose, stickers, near copies, plain ones, one cut short."""
    made = _Album(seed)
    for family in FAMILIES:
        for number in range(ITEMS_IN_A_FAMILY):
            made.add(Kind.ORIGINAL, family, "png" if number == ITEMS_IN_A_FAMILY - 1 and family in "AF" else "jpg")
    for _ in range(LOOSE_PICTURES):
        made.add(Kind.LOOSE, None, "jpg")
    for _ in range(STICKERS):
        made.add(Kind.STICKER, None, "webp")
    originals = [p for p in made.pictures if p.kind is Kind.ORIGINAL]
    for number, source in enumerate(originals[:: len(originals) // 10]):
        data = near_copy(source.data, number)
        made.keep(Kind.NEAR_COPY, source.family, source.key, "jpg", data, pdq_hex(pdq_bits(decoded(data))))
    for number in range(PLAIN_PICTURES):
        image = encoded(_plain(number), "jpg")
        made.keep(Kind.PLAIN, None, None, "jpg", image, pdq_hex(pdq_bits(decoded(image))))
    whole = encoded(_pattern(np.random.default_rng([seed, 9999])), "jpg")
    made.keep(Kind.TRUNCATED, None, None, "jpg", whole[: len(whole) // 3], "")
    return tuple(made.pictures)
