"""Small videos of abstract patterns, written with PyAV: every container and codec that its build can write."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, RATE = 160, 120, 25


@functools.lru_cache(maxsize=64)
def _texture(seed: int, width: int, height: int) -> NDArray[np.float64]:
    """Smooth and rich in structure: a sum of a few waves, 0 to 255."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    sum_ = np.zeros((height, width))
    for _ in range(12):
        fx, fy, phase = random.uniform(-9, 9), random.uniform(-9, 9), random.uniform(0, 7)
        sum_ += random.uniform(0.4, 1) * np.sin(2 * np.pi * (fx * x / width + fy * y / height) + phase)
    return 255 * (sum_ - sum_.min()) / np.ptp(sum_)


def pattern(number: int, width: int = WIDTH, height: int = HEIGHT, rate: int = RATE) -> NDArray[np.uint8]:
    """The number-th frame, RGB: another scene each second, drifting by a pixel a frame."""
    grey = np.roll(_texture(number // rate, width, height), number % rate, axis=1)
    other = np.roll(_texture(1000 + number // rate, width, height), number % rate, axis=0)
    return np.stack([grey, 0.7 * grey + 0.3 * other, other], axis=-1).astype(np.uint8)


@dataclass(frozen=True)
class Made:
    """How a video is to be written. pts: each frame's time in units of 1/rate; None for one after the other."""

    container: str = "mp4"
    codec: str = "libx264"
    frames: int = 3 * RATE + 5
    rate: int = RATE
    size: tuple[int, int] = (WIDTH, HEIGHT)
    form: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    group: int | None = None
    pts: tuple[int, ...] | None = None
    sound: bool = False
    rotation: int = 0
    full_range: bool = False
    container_options: Mapping[str, str] = field(default_factory=dict)


def make(path: Path, how: Made, pictures: Iterable[NDArray[np.uint8]] | None = None) -> Path:
    """The video `how` says at `path`. pictures: RGB arrays; the pattern's where there are none."""
    width, height = how.size
    if pictures is None:
        pictures = (pattern(number, width, height, how.rate) for number in range(how.frames))
    with av.open(str(path), "w", format=how.container, options=dict(how.container_options)) as container:
        stream = container.add_stream(how.codec, rate=how.rate, options=dict(how.options))
        stream.width, stream.height, stream.pix_fmt = width, height, how.form
        stream.codec_context.time_base = Fraction(1, how.rate)
        stream.codec_context.thread_count = 1
        if how.group:
            stream.codec_context.gop_size = how.group
        if how.full_range:
            stream.codec_context.color_range = 2
        if how.rotation:
            stream.set_display_rotation(how.rotation)
        sound = (
            container.add_stream("aac" if how.container in ("mp4", "mov") else "libmp3lame", rate=44_100)
            if how.sound
            else None
        )
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(format=how.form, dst_color_range=2 if how.full_range else None)
            frame.pts = how.pts[number] if how.pts else number
            frame.time_base = Fraction(1, how.rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound:
            for start in range(0, how.frames * 44_100 // how.rate, 1024):
                wave = np.zeros((2 if sound.codec_context.layout.nb_channels == 2 else 1, 1024), np.float32)
                block = av.AudioFrame.from_ndarray(wave, format="fltp", layout="stereo" if len(wave) == 2 else "mono")
                block.sample_rate, block.pts = 44_100, start
                container.mux(sound.encode(block))
            container.mux(sound.encode(None))
    return path
