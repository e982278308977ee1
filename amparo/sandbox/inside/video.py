"""A film's frames, one for each second, as fingerprints with their times; decoded in one thread, from the given bytes alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from operator import itemgetter
from typing import Any, BinaryIO

from av.error import FFmpegError

from amparo.sandbox.inside import animation, containers, identify, luma, pdq
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable
from amparo.sandbox.inside.incoming import all_of, size_of
from amparo.sandbox.inside.sampling import LAST_MS, Clock, Sample, Sampler, UnreliableKeyframes

MEDIA_TYPE = "application/vnd.amparo.frames+json"
INTERVAL_MS = 1_000
FRAMES = 20_000
# Of the clock's seconds: when keyframes alone are taken so that a long film is seen to its end, and when it is left.
HURRY, LEAVE = 0.5, 0.85
# How much shorter than it says a whole file may be: sound that lasts longer, a last frame that is shown long.
MISSING_MS, MISSING_SHARE = 2_000, 0.05
_RATE_UNKNOWN = Fraction(25)
_FASTEST_RATE = 1_000
# Their packets don't say whether others are shown before them.
_TELL_NO_ORDER = frozenset({"h264", "hevc"})
_UNOPENED = "This video cannot be read: it is damaged, cut off or not what it claims to be."
_DAMAGED = "This video is cut off or damaged; no frame of it can be decoded."
_TOO_BIG = "This video says that its frames are larger than Amparo decodes."


@dataclass(frozen=True)
class _Film:
    """What is to be watched. began: by the monotonic clock, of which `limit_s` seconds may pass."""

    data: BinaryIO
    size_bytes: int
    head: bytes
    interval_ms: int
    began: float
    limit_s: float

    def spent(self) -> float:
        """0 at the beginning, 1 when the clock's time is over."""
        return (time.monotonic() - self.began) / self.limit_s

    def is_behind(self) -> bool:
        """Whether more of the time is over than of the file."""
        return self.data.tell() < self.spent() * self.size_bytes

    def is_over(self, frames: list[Any]) -> str:
        """Why to stop here, or an empty text."""
        if self.spent() > LEAVE:
            return "out_of_time"
        return "too_many" if len(frames) >= FRAMES else ""


def warm() -> None:
    """Afterwards everything that reading a film may ask for is loaded; nothing could be opened later."""
    containers.warm()


def read(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
    """The video's facts, and one blob: {"frames": [{"at_ms", "quality", "looks": [64 hexadecimal digits, ...]}]} as JSON.

    options: `interval_ms` between two samples (default 1,000); `limit_s`, the clock's limit, which it keeps by itself: where a
    film is too long for it, its later part is seen by keyframes only, and then not at all.
    Facts: state ("examined"; "too_plain" where all frames are; "not_examined" where there is sound alone), container, codec,
    width, height, tracks (with moving pictures), duration_ms as the file says (0: it doesn't), reached_ms, interval_ms, frames,
    widest_gap_ms between two of them, ended: "whole", "cut_off" (it holds less than it says), "damaged", "out_of_time",
    "too_many" frames, or "too_big" ones of a moving picture, of which those before are seen.
    """
    limit_s, interval_ms = options.get("limit_s", 60.0), options.get("interval_ms", INTERVAL_MS)
    if not isinstance(limit_s, (int, float)) or not isinstance(interval_ms, int) or not 1 <= interval_ms <= 3_600_000:
        raise Unreadable("malformed", "The frames were asked for at an interval that Amparo does not take.")
    film = _Film(data, size_of(data), data.read(identify.HEAD_BYTES), interval_ms, time.monotonic(), limit_s)
    try:
        facts, frames = _moving_picture(film) if identify.identify(film.head)[0] == "picture" else _watched(film)
    except FFmpegError as error:
        raise Unreadable("malformed", _UNOPENED) from error
    if frames:
        sink.begin(name="frames.json", type=MEDIA_TYPE)
        sink.write(json.dumps({"frames": frames}, separators=(",", ":")).encode())
    return facts


def _moving_picture(film: _Film) -> tuple[Facts, list[dict[str, Any]]]:
    """Facts and frames of a picture that moves. Raises Unreadable."""
    picture = animation.Animation(all_of(film.data))
    frames: list[dict[str, Any]] = []
    for at_ms, seen in picture.samples(film.interval_ms, lambda: film.is_over(frames)):
        frames.append(_frame(at_ms, seen))
    width, height = picture.size
    return {
        "container": picture.format.lower(),
        "codec": picture.format.lower(),
        "tracks": 1,
        "width": width,
        "height": height,
        "duration_ms": picture.reached_ms if picture.ended == "whole" else 0,
        "reached_ms": picture.reached_ms,
        "interval_ms": film.interval_ms,
        "ended": picture.ended,
        **_summed_up(frames),
    }, frames


def _watched(film: _Film) -> tuple[Facts, list[dict[str, Any]]]:
    """Facts and frames of a film. Raises Unreadable, FFmpegError."""
    demuxer = containers.demuxer_of(film.head)
    for in_order in (False, True):
        with containers.opened(film.data, demuxer) as container:
            tracks = containers.tracks_of(container)
            facts: Facts = {"container": container.format.name.split(",")[0], "tracks": len(tracks)}
            if not tracks:
                if not container.streams.audio:
                    raise Unreadable("malformed", _DAMAGED)
                return {**facts, "state": "not_examined"}, []
            codec = tracks[0].codec_context
            facts |= {"codec": codec.codec.name, "width": codec.width, "height": codec.height}
            watching = _Watching(film, demuxer, container, tracks, in_order=in_order)
            try:
                watching.watch()
            except UnreliableKeyframes:
                continue
            return {**facts, **watching.facts()}, watching.frames
    raise Unreadable("malformed", _DAMAGED)


@dataclass
class _Watching:
    """One pass over a film. In order: everything is decoded; else UnreliableKeyframes may call for a second pass."""

    film: _Film
    demuxer: str
    container: Any
    tracks: list[Any]
    in_order: bool
    frames: list[dict[str, Any]] = field(default_factory=list)
    reached_ms: int = 0
    ended: str = "whole"

    def __post_init__(self) -> None:
        self.duration_ms = min(max(self.container.duration or 0, 0) // 1_000, LAST_MS)
        self.interval_ms = max(self.film.interval_ms, -(-self.duration_ms // FRAMES))
        self._start = Fraction(self.container.start_time or 0, 1_000_000)
        self._samplers = {track.index: self._sampler(track) for track in self.tracks}

    def _sampler(self, track: Any) -> Sampler:
        decoder, name = track.codec_context, self.demuxer
        # AVI has no times, only an order: its first frame is shown at once. What stands in another order than it is shown in,
        # there and in a stream without a container, only decoding can put right.
        reordered = name == "avi" and decoder.codec.name in _TELL_NO_ORDER and decoder.has_b_frames
        counted = bool(name == "mpegvideo" or reordered or not track.time_base)
        rate = track.guessed_rate or _RATE_UNKNOWN
        clock = Clock(
            unit=track.time_base or Fraction(1),
            start=None if name == "avi" else self._start,
            rate=rate if 0 < rate <= _FASTEST_RATE else _RATE_UNKNOWN,
            counted=counted,
        )
        return Sampler(decoder, clock, self.interval_ms, in_order=self.in_order or counted)

    def watch(self) -> None:
        """Raises UnreliableKeyframes; Unreadable where there was no frame for want of memory."""
        try:
            self._demux()
        except (FFmpegError, IndexError):  # the latter is the library's own, where a track turns up late
            self.ended = "damaged"
        for sampler in self._samplers.values():
            self._see(sampler.end())
        if not self.frames and any(sampler.starved for sampler in self._samplers.values()):
            raise Unreadable("too_big", _TOO_BIG)
        damaged = any(sampler.damaged for sampler in self._samplers.values())
        if self.ended in ("whole", "damaged"):
            missing_ms = max(MISSING_MS, int(self.duration_ms * MISSING_SHARE))
            said_bytes = containers.said_bytes(self.demuxer, self.film.head)
            if self.reached_ms < self.duration_ms - missing_ms or self.film.size_bytes < said_bytes:
                self.ended = "cut_off"
            elif damaged:
                self.ended = "damaged"

    def _demux(self) -> None:
        for packet in self.container.demux():
            if not packet.size:
                continue  # the library's sign that a track has ended
            if packet.pts is not None and packet.time_base:
                end_ms = ((packet.pts + (packet.duration or 0)) * packet.time_base - self._start) * 1000
                self.reached_ms = min(max(self.reached_ms, int(end_ms)), LAST_MS)
            sampler = self._samplers.get(packet.stream_index)
            if sampler is None:
                continue
            if over := self.film.is_over(self.frames):
                self.ended = over
                return
            sampler.keyframes = self.film.spent() > HURRY and self.film.is_behind()
            self._see(sampler.feed(packet))

    def _see(self, samples: Iterator[Sample]) -> None:
        for at_ms, frame in samples:
            self.frames.append(_frame(at_ms, luma.appearance_of(frame)))

    def facts(self) -> Facts:
        """Raises Unreadable where no frame was seen. Afterwards the frames of all tracks are in the order of their times."""
        self.frames.sort(key=itemgetter("at_ms"))
        return {
            "duration_ms": self.duration_ms,
            "reached_ms": self.reached_ms,
            "interval_ms": self.interval_ms,
            "ended": self.ended,
            **_summed_up(self.frames),
        }


def _frame(at_ms: int, seen: pdq.Appearance) -> dict[str, Any]:
    looks = [pdq.hexadecimal(look.row) for look in seen.looks]
    return {"at_ms": at_ms, "quality": seen.whole.quality, "looks": looks}


def _summed_up(frames: list[dict[str, Any]]) -> Facts:
    """Raises Unreadable where there is none."""
    if not frames:
        raise Unreadable("malformed", _DAMAGED)
    times = [frame["at_ms"] for frame in frames]
    plain = all(frame["quality"] < pdq.QUALITY_FLOOR for frame in frames)
    return {
        "state": "too_plain" if plain else "examined",
        "frames": len(frames),
        "widest_gap_ms": max((later - earlier for earlier, later in pairwise(times)), default=0),
    }
