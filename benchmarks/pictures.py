"""Abstract pictures of real sizes as files of the usual formats, and the copies that are made of pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, ImageFilter

pillow_heif.register_heif_opener(thumbnails=False)

MEGAPIXELS = (0.3, 12.0)
NOISE = 4.0
# Of a hundred files; what phones and messengers leave on a device.
SHARES = {"JPEG": 70, "PNG": 9, "WEBP": 8, "HEIF": 5, "GIF": 3, "TIFF": 3, "AVIF": 2}
_SHAPES = ((3, 4), (4, 3), (9, 16), (16, 9), (1, 1), (2, 3))
# Encoders of these take a second a megapixel: their files are kept smaller.
_SLOW = {"HEIF": 3.0, "AVIF": 2.0, "GIF": 2.0}


@dataclass(frozen=True)
class Made:
    """One file: where it lies, its format, what it was encoded with."""

    path: Path
    form: str
    encoded: str
    megapixels: float


def files(folder: Path, count: int, seed: int, noise: float = NOISE) -> Iterator[Made]:
    """`count` files of the formats in SHARES, as they are written. noise: as in `drawn`."""
    generator = np.random.default_rng(seed)
    forms = [form for form, share in SHARES.items() for _ in range(max(1, round(share * count / 100)))]
    for number, form in enumerate(forms[:count] if len(forms) >= count else forms + ["JPEG"] * (count - len(forms))):
        low, high = np.log(MEGAPIXELS[0]), np.log(min(MEGAPIXELS[1], _SLOW.get(form, 99)))
        # Spread evenly over the range, so that few files already show all sizes.
        megapixels = float(np.exp(low + (high - low) * ((number * 0.618 + 0.3) % 1)))
        picture = drawn(*_size(megapixels, generator), generator, noise)
        options = _options(form, generator)
        path = folder / f"{number:04}.{form.lower()}"
        picture.save(path, form, **options)
        words = " ".join(f"{name} {value}" for name, value in options.items())
        yield Made(path, form, words, picture.width * picture.height / 1e6)


def _size(megapixels: float, generator: np.random.Generator) -> tuple[int, int]:
    down, across = _SHAPES[int(generator.integers(len(_SHAPES)))]
    side = (megapixels * 1e6 / (down * across)) ** 0.5
    # Odd sizes on purpose.
    return int(side * down) | int(generator.integers(2)), int(side * across) | int(generator.integers(2))


def _options(form: str, generator: np.random.Generator) -> dict[str, Any]:
    if form == "JPEG":
        chosen: dict[str, Any] = {
            "quality": int(generator.choice([60, 75, 85, 92])),
            "subsampling": str(generator.choice(["4:2:0", "4:2:0", "4:2:2", "4:4:4"])),
        }
        return chosen | ({"progressive": True} if generator.random() < 0.05 else {})
    return {
        "PNG": {"compress_level": 6},
        "WEBP": {"quality": int(generator.choice([75, 90])), "method": 2},
        "HEIF": {"quality": 60},
        "AVIF": {"quality": 70, "speed": 10},
        "TIFF": {"compression": str(generator.choice(["raw", "tiff_lzw"]))},
        "GIF": {},
    }[form]


def drawn(height: int, width: int, generator: np.random.Generator, noise: float = NOISE) -> Image.Image:
    """Waves of all lengths with shapes on them, softened, and the noise of a sensor: areas, edges, fine structure.

    noise: the most that a sensor's may deviate, of 255; a picture's own is drawn from a quarter of it on.
    """
    coarse_height, coarse_width = max(2, height // 4), max(2, width // 4)
    waves = 48
    lengths = np.arange(1, waves + 1)[:, None]
    frequencies = generator.normal(0, 1.5 + lengths / 2, (waves, 2)) * 2 * np.pi
    phases = generator.uniform(0, 2 * np.pi, waves)
    down = np.linspace(0, 1, coarse_height)[:, None] * frequencies[:, 0] + phases
    across = np.linspace(0, 1, coarse_width)[:, None] * frequencies[:, 1]
    channels = []
    for _ in range(3):
        heights = generator.uniform(0.3, 1, waves) / (1 + lengths[:, 0] / 6)
        channels.append((np.sin(down) * heights) @ np.cos(across).T + (np.cos(down) * heights) @ np.sin(across).T)
    plane = np.stack(channels, axis=-1)
    plane = 128 + plane * (52 / plane.std())
    coarse = Image.fromarray(plane.clip(0, 255).astype(np.uint8))
    pencil = ImageDraw.Draw(coarse)
    for _ in range(int(generator.integers(4, 24))):
        left, top = int(generator.integers(coarse_width)), int(generator.integers(coarse_height))
        size = int(generator.integers(4, max(6, coarse_width // 3)))
        shape = pencil.ellipse if generator.random() < 0.5 else pencil.rectangle
        colour = tuple(int(part) for part in generator.integers(30, 226, 3))
        shape((left, top, left + size, top + int(size * generator.uniform(0.4, 1.6))), fill=colour)
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    tile = generator.normal(0, generator.uniform(noise / 4, noise), (min(height, 512), min(width, 512), 1))
    grain = np.tile(tile, (-(-height // tile.shape[0]), -(-width // tile.shape[1]), 1))[:height, :width]
    return Image.fromarray((np.asarray(picture) + grain).clip(0, 255).astype(np.uint8))


def _as_jpeg(quality: int) -> Callable[[Image.Image], bytes]:
    return lambda picture: encoded(picture, quality)


def _scaled(factor: float) -> Callable[[Image.Image], bytes]:
    def copy(picture: Image.Image) -> bytes:
        size = (max(8, round(picture.width * factor)), max(8, round(picture.height * factor)))
        return encoded(picture.resize(size, Image.Resampling.LANCZOS), 85)

    return copy


def _cropped(share: float) -> Callable[[Image.Image], bytes]:
    """`share` of a side is gone, half of it at each end."""

    def copy(picture: Image.Image) -> bytes:
        across, down = round(picture.width * share / 2), round(picture.height * share / 2)
        return encoded(picture.crop((across, down, picture.width - across, picture.height - down)), 85)

    return copy


def _boxed(pillar: float, letter: float, colour: tuple[int, int, int], quality: int) -> Callable[[Image.Image], bytes]:
    def copy(picture: Image.Image) -> bytes:
        across, down = round(picture.width * pillar), round(picture.height * letter)
        frame = Image.new("RGB", (picture.width + 2 * across, picture.height + 2 * down), colour)
        frame.paste(picture, (across, down))
        return encoded(frame, quality)

    return copy


def _turned(turn: Image.Transpose) -> Callable[[Image.Image], bytes]:
    return lambda picture: encoded(picture.transpose(turn), 85)


def _with_logo(picture: Image.Image) -> bytes:
    marked = picture.copy()
    side = picture.width // 6
    ImageDraw.Draw(marked).rectangle((side // 4, side // 4, side, side // 2), fill=(240, 240, 240))
    return encoded(marked, 85)


def _boxed_and_scaled(picture: Image.Image) -> bytes:
    with Image.open(io.BytesIO(_boxed(0.2, 0, (0, 0, 0), 90)(picture))) as frame:
        return _scaled(0.6)(frame)


def _boxed_and_mirrored(picture: Image.Image) -> bytes:
    return _boxed(0.2, 0, (0, 0, 0), 80)(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))


BLACK, WHITE = (0, 0, 0), (255, 255, 255)
COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG, quality 40": _as_jpeg(40),
    "JPEG, quality 85": _as_jpeg(85),
    "resized to 50 %": _scaled(0.5),
    "resized to 25 %": _scaled(0.25),
    "resized to 150 %": _scaled(1.5),
    "blurred": lambda picture: encoded(picture.filter(ImageFilter.GaussianBlur(2)), 85),
    "cropped by 1 %": _cropped(0.01),
    "cropped by 2 %": _cropped(0.02),
    "cropped by 4 %": _cropped(0.04),
    "pillar box, black": _boxed(0.2, 0, BLACK, 80),
    "pillar box, white": _boxed(0.08, 0, WHITE, 60),
    "letter box, black": _boxed(0, 0.12, BLACK, 80),
    "letter box, grey": _boxed(0, 0.25, (70, 70, 70), 90),
    "framed, black": _boxed(0.05, 0.08, BLACK, 75),
    "pillar box, then 60 %": _boxed_and_scaled,
    "mirrored": _turned(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": _turned(Image.Transpose.FLIP_TOP_BOTTOM),
    "rotated by 90": _turned(Image.Transpose.ROTATE_90),
    "rotated by 180": _turned(Image.Transpose.ROTATE_180),
    "rotated by 270": _turned(Image.Transpose.ROTATE_270),
    "mirrored in a pillar box": _boxed_and_mirrored,
    "with a logo": _with_logo,
}


def encoded(picture: Image.Image, quality: int) -> bytes:
    """The picture as a JPEG."""
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()
