"""A video's frames, one for each second, as fingerprints with their times; decoded in one thread, from the given bytes alone.

No demuxer guesses (identify.py named the container), none of them may open anything else, and only the decoders listed run; sound,
subtitles and cover pictures are never decoded.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from operator import itemgetter
from typing import Any, BinaryIO

import av
import numpy as np
import pdqhash
from av.error import FFmpegError
from av.stream import Disposition

from amparo.sandbox.inside import identify, luma
from amparo.sandbox.inside.frames import Facts, Sink, Unreadable
from amparo.sandbox.inside.sampling import Clock, Sampler, UnreliableKeyframes

MEDIA_TYPE = "application/vnd.amparo.frames+json"
INTERVAL_MS = 1_000
# 8K. Beyond, a few frames would fill the child's memory.
PIXELS = 8192 * 4352
# Tracks with moving pictures; a second one is a good hiding place.
TRACKS = 4
STREAMS = 64
FRAMES = 20_000
# Of the clock's seconds: when keyframes alone are taken so that a long film is seen to its end, and when it is left.
HURRY, LEAVE = 0.5, 0.85
# Below this the fingerprint says nothing about the frame (PDQ's own documentation).
QUALITY_FLOOR = 50
# How much shorter than it says a whole file may be: sound that lasts longer, a last frame that is shown long.
MISSING_MS, MISSING_SHARE = 2_000, 0.05
_RATE_UNKNOWN = Fraction(25)

_DEMUXERS = {
    "video/mp4": "mov",
    "video/3gpp": "mov",
    "video/quicktime": "mov",
    "video/x-matroska": "matroska",
    "video/webm": "matroska",
    "video/x-msvideo": "avi",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "video/x-flv": "flv",
    "video/x-ms-asf": "asf",
    "video/ogg": "ogg",
    "application/vnd.rn-realmedia": "rm",
}
# MPEG-1 or 2 without a container: the beginning of a sequence (ISO/IEC 13818-2, 6.2.1).
_BARE_STREAM = b"\0\0\x01\xb3"
DECODERS = frozenset((
    "h264", "hevc", "vvc", "libdav1d", "vp8", "vp9", "vp6", "vp6a", "vp6f", "h261", "h263", "h263i", "h263p", "flv", "mpeg4",
    "msmpeg4v1", "msmpeg4v2", "msmpeg4", "mpeg1video", "mpeg2video", "mpegvideo", "wmv1", "wmv2", "wmv3", "vc1", "theora", "mjpeg",
    "mjpegb", "prores", "dnxhd", "dvvideo", "rawvideo", "huffyuv", "ffvhuff", "ffv1", "utvideo", "qtrle", "svq1", "svq3", "cinepak",
    "indeo3", "indeo4", "indeo5", "msvideo1", "rv10", "rv20", "rv30", "rv40",
))  # fmt: skip
_UNOPENED = "This video cannot be read: it is damaged, cut off or not what it claims to be."
_DAMAGED = "This video is cut off or damaged; no frame of it can be decoded."


@dataclass(frozen=True)
class _Budget:
    """The clock's seconds, from the examination's beginning."""

    began: float
    limit_s: float

    def spent(self) -> float:
        """0 at the beginning, 1 when the clock's time is over."""
        return (time.monotonic() - self.began) / self.limit_s


@dataclass
class _Watched:
    """What one pass over the file saw."""

    duration_ms: int
    interval_ms: int
    frames: list[dict[str, Any]] = field(default_factory=list)
    reached_ms: int = 0
    ended: str = "whole"

    def see(self, at_ms: int, frame: Any) -> None:
        quality, looks = _looks(luma.luma_of(frame))
        self.frames.append({"at_ms": at_ms, "quality": quality, "looks": looks})

    def widest_gap_ms(self) -> int:
        times = [frame["at_ms"] for frame in self.frames]
        return max((later - earlier for earlier, later in pairwise(times)), default=0)


def read(data: BinaryIO, options: Mapping[str, object], sink: Sink) -> Facts:
    """The video's facts, and one blob: {"frames": [{"at_ms", "quality", "looks": [64 hexadecimal digits, ...]}]} as JSON.

    options: `interval_ms` between two samples (default 1,000); `limit_s`, the clock's limit, which it keeps by itself: where a
    film is too long for it, its later part is seen by keyframes only, and then not at all.
    Facts: state ("examined"; "too_plain" where all frames are; "not_examined" where nothing moves in it), container, codec,
    width, height, tracks (with moving pictures), duration_ms as the file says (0: it doesn't), reached_ms, interval_ms, frames,
    widest_gap_ms between two of them, ended: "whole", "cut_off" (it holds less than it says), "damaged", "out_of_time" or
    "too_many" frames.
    """
    limit_s, interval_ms = options.get("limit_s", 60.0), options.get("interval_ms", INTERVAL_MS)
    if not isinstance(limit_s, (int, float)) or not isinstance(interval_ms, int) or not 1 <= interval_ms <= 3_600_000:
        raise Unreadable("malformed", "The frames were asked for at an interval that Amparo does not take.")
    budget = _Budget(time.monotonic(), limit_s)
    try:
        facts, watched = _watch(data, _demuxer(data.read(identify.HEAD_BYTES)), interval_ms, budget)
    except (MemoryError, PermissionError):
        raise
    except FFmpegError as error:
        raise Unreadable("malformed", _UNOPENED) from error
    if watched is not None:
        sink.begin(name="frames.json", type=MEDIA_TYPE)
        sink.write(json.dumps({"frames": watched.frames}, separators=(",", ":")).encode())
    return facts


def _demuxer(head: bytes) -> str:
    """The one demuxer that the file's first bytes call for. Raises Unreadable where there is none."""
    if head.startswith(_BARE_STREAM):
        return "mpegvideo"
    demuxer = _DEMUXERS.get(identify.identify(head)[1])
    if demuxer is None:
        raise Unreadable("malformed", "This is not a video that Amparo can read.")
    return demuxer


def _watch(data: BinaryIO, demuxer: str, interval_ms: int, budget: _Budget) -> tuple[Facts, _Watched | None]:
    for in_order in (False, True):
        with _opened(data, demuxer) as container:
            tracks = _tracks(container)
            facts: Facts = {"container": container.format.name.split(",")[0], "tracks": len(tracks)}
            if not tracks:
                return {**facts, "state": "not_examined"}, None
            codec = tracks[0].codec_context
            facts |= {"codec": codec.codec.name, "width": codec.width, "height": codec.height}
            try:
                watched = _seen(container, tracks, interval_ms, budget, in_order=in_order)
            except UnreliableKeyframes:
                continue
            return {**facts, **_facts(watched)}, watched
    raise Unreadable("malformed", _DAMAGED)


def _facts(watched: _Watched) -> Facts:
    if not watched.frames:
        raise Unreadable("malformed", _DAMAGED)
    watched.frames.sort(key=itemgetter("at_ms"))
    plain = all(frame["quality"] < QUALITY_FLOOR for frame in watched.frames)
    return {
        "state": "too_plain" if plain else "examined",
        "duration_ms": watched.duration_ms,
        "reached_ms": watched.reached_ms,
        "interval_ms": watched.interval_ms,
        "frames": len(watched.frames),
        "widest_gap_ms": watched.widest_gap_ms(),
        "ended": watched.ended,
    }


def _opened(data: BinaryIO, demuxer: str) -> Any:
    """The container, its tracks listed. Raises FFmpegError."""
    data.seek(0)
    options = {
        "protocol_whitelist": "",
        "codec_whitelist": ",".join(sorted(DECODERS)),
        "max_streams": str(STREAMS),
        "max_pixels": str(PIXELS),
        "threads": "1",
    }
    return av.open(data, format=demuxer, options=options, io_open=_nothing_else, metadata_errors="replace")


def _nothing_else(address: str, flags: int, options: Mapping[str, str]) -> BinaryIO:
    """A file that names others (playlists, references to media elsewhere) gets none of them."""
    raise FileNotFoundError(address)


def _tracks(container: Any) -> list[Any]:
    """The tracks with moving pictures that will be decoded; cover pictures are none. Raises Unreadable for what can't be."""
    tracks = [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]
    read, codec = [], ""
    for track in tracks[:TRACKS]:
        decoder = track.codec_context
        codec = decoder.codec.name if decoder else "unknown"
        if codec not in DECODERS:
            continue
        if decoder.width * decoder.height > PIXELS:
            raise Unreadable(
                "too_big", f"This video says it is {decoder.width} x {decoder.height} pixels, more than Amparo decodes."
            )
        decoder.thread_count, decoder.thread_type = 1, "NONE"
        decoder.options = {"max_pixels": str(PIXELS)}
        read.append(track)
    if tracks and not read:
        raise Unreadable("malformed", f"This video is written in a way that Amparo does not decode ({codec}).")
    return read


def _seen(container: Any, tracks: list[Any], interval_ms: int, budget: _Budget, *, in_order: bool) -> _Watched:
    """One pass over the file. Raises UnreliableKeyframes unless `in_order`."""
    # AVI has no times of its own, only an order: its first frame is shown at once.
    start = None if container.format.name == "avi" else Fraction(container.start_time or 0, 1_000_000)
    duration_ms = max(container.duration or 0, 0) // 1_000
    watched = _Watched(duration_ms, max(interval_ms, -(-duration_ms // FRAMES)))
    samplers = {
        track.index: Sampler(
            track.codec_context,
            Clock(track.time_base, start, track.guessed_rate or _RATE_UNKNOWN),
            watched.interval_ms,
            in_order=in_order,
        )
        for track in tracks
    }
    try:
        _demux(container, samplers, start or Fraction(0), watched, budget)
        for sampler in samplers.values():
            for at_ms, frame in sampler.end():
                watched.see(at_ms, frame)
    except (MemoryError, PermissionError):
        raise
    except FFmpegError:
        watched.ended = "damaged"
    if watched.ended == "whole":
        watched.ended = _ending(watched, damaged=any(sampler.damaged for sampler in samplers.values()))
    return watched


def _demux(container: Any, samplers: dict[int, Sampler], start: Fraction, watched: _Watched, budget: _Budget) -> None:
    for packet in container.demux():
        if not packet.size:
            continue  # PyAV's sign that a track has ended
        if packet.pts is not None:
            end = packet.pts + (packet.duration or 0)
            watched.reached_ms = max(watched.reached_ms, int((end * packet.time_base - start) * 1000))
        sampler = samplers.get(packet.stream_index)
        if sampler is None:
            continue
        spent = budget.spent()
        if spent > LEAVE or len(watched.frames) >= FRAMES:
            watched.ended = "out_of_time" if spent > LEAVE else "too_many"
            return
        sampler.keyframes = spent > HURRY and watched.reached_ms < spent * watched.duration_ms
        for at_ms, frame in sampler.feed(packet):
            watched.see(at_ms, frame)


def _ending(watched: _Watched, *, damaged: bool) -> str:
    allowed = max(MISSING_MS, int(watched.duration_ms * MISSING_SHARE))
    if watched.reached_ms < watched.duration_ms - allowed:
        return "cut_off"
    return "damaged" if damaged else "whole"


def _looks(plane: luma.Plane) -> tuple[int, list[str]]:
    """The frame's quality and its fingerprints in the published order of turns, as 64 hexadecimal digits each."""
    vectors, quality = pdqhash.compute_dihedral(np.repeat(plane[:, :, None], 3, axis=2))
    return int(quality), [np.packbits(vector.astype(bool)).tobytes().hex() for vector in vectors]


def warm() -> None:
    """Afterwards the library says nothing of its own about the files that it reads."""
    av.logging.set_level(None)
