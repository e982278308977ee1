"""Pictures and videos: fingerprints in all turns, and pixels for the one who asked to see them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from amparo.sandbox.readings.fields import Blobs, Fields, only_blob, untrue

_VIDEO_NUMBERS = ("width", "height", "duration_ms", "reached_ms", "interval_ms", "frames", "widest_gap_ms")
_ENDINGS = ("whole", "cut_off", "damaged", "out_of_time", "too_many", "too_big")
_FRAMES = 20_000


@dataclass(frozen=True)
class PictureReading:
    """state: examined, or too_plain where `quality` (0 to 100) says the whole picture's fingerprint means nothing.

    pdq_hex: 64 digits. looks: 8 or 16 such, of the picture's turns, the first being pdq_hex, then of the turns of the picture
    within its even borders, where it has any; those mean something in either state.
    """

    state: str
    format: str
    width: int
    height: int
    frames: int
    pdq_hex: str
    looks: tuple[str, ...]
    quality: int
    averaged_by: int
    taken_raw: str
    device: str
    has_location: bool


@dataclass(frozen=True)
class VideoReading:
    """state: examined; too_plain where all frames are; not_examined where nothing moves in it (sound alone, a cover picture).

    document: JSON, {"frames": [{"at_ms", "quality", "looks": [64 hexadecimal digits, ...]}]}, in the order of their times, checked;
    looks are in the order of a picture's. duration_ms: as the file says, 0 where it doesn't. reached_ms: how far it could be read.
    widest_gap_ms: between two frames. ended: whole, cut_off (it holds less than it says), damaged, out_of_time, too_many or too_big
    frames.
    """

    state: str
    container: str
    codec: str
    width: int
    height: int
    tracks: int
    duration_ms: int
    reached_ms: int
    interval_ms: int
    frames: int
    widest_gap_ms: int
    ended: str
    document: bytes


@dataclass(frozen=True)
class LookReading:
    """What a file is, and its look where it has one: `looks` of a picture, `frames` of a video or of a picture that moves
    (VideoReading's document).

    state: examined, too_plain, not_examined (reason: no_reader, nothing_to_read, no_picture) or failed (reason: malformed, too_big;
    `sentence` for the officer). quality: of a picture, 0 to 100. looks: 8 or 16, 64 hexadecimal digits each.
    """

    kind: str
    media_type: str
    state: str
    reason: str = ""
    sentence: str = ""
    width: int = 0
    height: int = 0
    quality: int = 0
    looks: tuple[str, ...] = ()
    frames: bytes = b""
    duration_ms: int = 0
    ended: str = ""


@dataclass(frozen=True)
class Pixels:
    """Raw RGB, three bytes a pixel, rows from the top."""

    width: int
    height: int
    rgb: bytes


def picture_reading(facts: Fields, blobs: Blobs) -> PictureReading:
    pdq_hex, looks = facts.code("pdq_hex"), facts.looks()
    if len(looks) not in (8, 16) or looks[0] != pdq_hex:
        raise untrue("looks")
    return PictureReading(
        state=facts.code("state", "examined", "too_plain"),
        format=facts.code("format"),
        width=facts.number("width"),
        height=facts.number("height"),
        frames=facts.number("frames"),
        pdq_hex=pdq_hex,
        looks=tuple(looks),
        quality=facts.number("quality", 100),
        averaged_by=facts.number("averaged_by", 1_000),
        taken_raw=facts.text("taken_raw", 40),
        device=facts.text("device", 100),
        has_location=facts.truth("has_location"),
    )


def video_reading(facts: Fields, blobs: Blobs) -> VideoReading:
    state = facts.code("state", "examined", "too_plain", "not_examined")
    seen = state != "not_examined"
    return VideoReading(
        state=state,
        container=facts.code("container"),
        tracks=facts.number("tracks"),
        codec=facts.code("codec"),
        ended=facts.code("ended", *_ENDINGS) if seen else "",
        document=_frames(blobs) if seen else b"",
        **{name: facts.number(name) if seen else 0 for name in _VIDEO_NUMBERS},
    )


def _frames(blobs: Blobs) -> bytes:
    """The frames' document, written anew from what was read of it: what a child wrote is passed on to nobody."""
    try:
        document = json.loads(only_blob(blobs))
    except (ValueError, RecursionError) as error:
        raise untrue("frames") from error
    entries = Fields(document if isinstance(document, dict) else {}).entries("frames", _FRAMES + 4)
    frames, last_ms = [], 0
    for entry in entries:
        at_ms = entry.number("at_ms")
        if at_ms < last_ms:
            raise untrue("at_ms")
        last_ms = at_ms
        frames.append({"at_ms": at_ms, "quality": entry.number("quality", 100), "looks": entry.looks()})
    return json.dumps({"frames": frames}, separators=(",", ":")).encode()


def look_reading(facts: Fields, blobs: Blobs) -> LookReading:
    state = facts.code("state", "examined", "too_plain", "not_examined", "failed")
    kind, media_type = facts.code("kind"), facts.code("media_type")
    if state in ("not_examined", "failed"):
        reasons = (
            ("no_reader", "nothing_to_read", "no_picture") if state == "not_examined" else ("malformed", "too_big")
        )
        return LookReading(kind, media_type, state, facts.code("reason", *reasons), facts.text("sentence", 300))
    width, height = facts.number("width"), facts.number("height")
    if kind == "picture":
        quality = facts.number("quality", 100)
        moves = video_reading(facts, blobs) if blobs else None
        return LookReading(
            kind,
            media_type,
            state,
            width=width,
            height=height,
            quality=quality,
            looks=tuple(facts.looks()),
            frames=moves.document if moves else b"",
            duration_ms=moves.duration_ms if moves else 0,
            ended=moves.ended if moves else "",
        )
    video = video_reading(facts, blobs)
    return LookReading(
        kind,
        media_type,
        state,
        width=width,
        height=height,
        frames=video.document,
        duration_ms=video.duration_ms,
        ended=video.ended,
    )


def pixels_reading(facts: Fields, blobs: Blobs) -> Pixels:
    width, height, rgb = facts.number("width", 4096), facts.number("height", 4096), only_blob(blobs)
    if not width or not height or len(rgb) != width * height * 3:
        raise untrue("pixels")
    return Pixels(width, height, rgb)
