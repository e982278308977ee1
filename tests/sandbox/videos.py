"""Small videos of abstract patterns, written with PyAV: every container and codec that its build can write."""

from __future__ import annotations

import functools
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pdqhash
from numpy.typing import NDArray

from amparo.sandbox.inside import video
from tests.sandbox.collected import Collected

WIDTH, HEIGHT, RATE = 160, 120, 25
# Encoding is not what is tested.
QUICK: dict[str, dict[str, str]] = {
    "libx264": {"preset": "ultrafast"},
    "libx264rgb": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:keyint=30"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
    "libvpx": {"cpu-used": "16", "deadline": "realtime"},
    "libvpx-vp9": {"cpu-used": "8", "deadline": "realtime"},
}


@functools.lru_cache(maxsize=64)
def _texture(seed: int, width: int, height: int) -> NDArray[np.float64]:
    """Smooth and rich in structure: a sum of a few waves, 0 to 255."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    sum_ = np.zeros((height, width))
    for _ in range(12):
        fx, fy, phase = random.uniform(-9, 9), random.uniform(-9, 9), random.uniform(0, 7)
        sum_ += random.uniform(0.4, 1) * np.sin(2 * np.pi * (fx * x / width + fy * y / height) + phase)
    texture: NDArray[np.float64] = 255 * (sum_ - sum_.min()) / np.ptp(sum_)
    return texture


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
    bit_rate: int = 2_500_000
    pts: tuple[int, ...] | None = None
    sound: bool = False
    rotation: int = 0
    full_range: bool = False
    container_options: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def _priority_kept() -> Iterator[None]:
    """SVT-AV1 gives root's process the highest real-time priority: what it starts later would have it too, and starve others."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameter)


@_priority_kept()
def make(path: Path, how: Made, pictures: Iterable[NDArray[np.uint8]] | None = None) -> Path:
    """The video `how` says at `path`. pictures: RGB arrays; the pattern's where there are none."""
    width, height = how.size
    if pictures is None:
        pictures = (pattern(number, width, height, how.rate) for number in range(how.frames))
    with av.open(str(path), "w", format=how.container, options=dict(how.container_options)) as container:
        stream = container.add_stream(how.codec, rate=how.rate, options={**QUICK.get(how.codec, {}), **how.options})
        stream.width, stream.height, stream.pix_fmt = width, height, how.form
        stream.codec_context.time_base = Fraction(1, how.rate)
        stream.codec_context.thread_count = 1
        stream.codec_context.bit_rate = how.bit_rate
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


FORMATS = {
    "mp4": Made(),
    "mp4 with B-frames": Made(options={"bf": "3", "g": "40"}),
    "mp4 in fragments": Made(container_options={"movflags": "frag_keyframe+empty_moov"}),
    "mp4 with its index first": Made(container_options={"movflags": "faststart"}),
    "mp4 with sound": Made(sound=True),
    "mp4, HEVC": Made(codec="libx265"),
    "mp4, AV1": Made(codec="libsvtav1"),
    "mov, MPEG-4": Made("mov", "mpeg4"),
    "mov, ProRes": Made("mov", "prores_ks", form="yuv422p10le"),
    "mov, Motion JPEG": Made("mov", "mjpeg", form="yuvj420p"),
    "mkv": Made("matroska"),
    "mkv with open groups": Made("matroska", options={"bf": "3", "g": "30", "x264-params": "open-gop=1"}),
    "mkv, HEVC with open groups": Made("matroska", "libx265", options={"x265-params": "log-level=none:keyint=20:bframes=3"}),
    "mkv, keyframes spread over frames": Made("matroska", options={"x264-params": "intra-refresh=1:keyint=25"}),
    "mkv, lossless": Made("matroska", "ffv1"),
    "webm, VP8": Made("webm", "libvpx", options={"auto-alt-ref": "1", "lag-in-frames": "12", "deadline": "good", "cpu-used": "5"}),
    "webm, VP9": Made("webm", "libvpx-vp9"),
    "avi": Made("avi", "mpeg4"),
    "avi with B-frames": Made("avi", "mpeg4", options={"bf": "2"}),
    "avi, H.264": Made("avi"),
    "avi, Motion JPEG": Made("avi", "mjpeg", form="yuvj420p"),
    "avi, uncompressed": Made("avi", "rawvideo", form="bgr24", size=(64, 48)),
    "ts": Made("mpegts"),
    "ts, MPEG-2 with B-frames": Made("mpegts", "mpeg2video", options={"bf": "2"}),
    "ts, interlaced": Made("mpegts", "mpeg2video", options={"flags": "+ildct+ilme"}),
    "flv": Made("flv"),
    "flv, Sorenson": Made("flv", "flv"),
    "wmv": Made("asf", "wmv2"),
    "3gp": Made("3gp", "h263", size=(176, 144)),
    "mpg": Made("mpeg", "mpeg1video"),
    "mpg, MPEG-2": Made("vob", "mpeg2video", options={"bf": "2"}),
    "mpeg without a container": Made("mpeg1video", "mpeg1video"),
    "rm": Made("rm", "rv20", size=(176, 144)),
    "10 bits": Made(form="yuv420p10le"),
    "4:4:4": Made(form="yuv444p"),
    "full range": Made(form="yuvj420p", full_range=True),
    "grey": Made(form="gray"),
    "RGB": Made("matroska", "libx264rgb", form="rgb24"),
    "odd sides": Made("matroska", "libvpx-vp9", size=(161, 121)),
    "turned": Made(rotation=90),
}  # fmt: skip


def watched(data: bytes, **options: object) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
    """Facts and frames, read in this process."""
    sink = Collected()
    facts = video.read(io.BytesIO(data), options, sink)
    return facts, json.loads(sink.blobs[0][1])["frames"] if sink.blobs else []


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def look_of(picture: NDArray[np.uint8]) -> str:
    """The published fingerprint of an RGB picture."""
    vector, _ = pdqhash.compute(np.ascontiguousarray(picture))
    return np.packbits(vector.astype(bool)).tobytes().hex()


def covered(path: Path) -> Path:
    """A sound file with a cover picture, in a container for films."""
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=44_100)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = 0x400
        frame = av.VideoFrame.from_ndarray(pattern(0, 64, 64), format="rgb24").reformat(format="yuvj420p")
        frame.pts = 0
        container.mux(cover.encode(frame))
        container.mux(cover.encode(None))
        for start in range(0, 44_100, 1024):
            block = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            block.sample_rate, block.pts = 44_100, start
            container.mux(sound.encode(block))
        container.mux(sound.encode(None))
    return path
