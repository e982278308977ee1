"""Opens a film's container by the one demuxer that its first bytes call for, and finds the tracks that will be decoded.

No demuxer guesses, none may open anything but the given bytes, and only the decoders listed here ever run, of which none is one for
sound or subtitles.
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import av
from av.stream import Disposition

from amparo.sandbox.inside import identify
from amparo.sandbox.inside.frames import Unreadable

# 8K. Beyond, a few frames would fill the child's memory.
PIXELS = 8192 * 4352
# Tracks with moving pictures; a second one is a good hiding place.
TRACKS = 4
STREAMS = 64
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
# Their tracks are known when they turn up. Sound for a minute must not hide the pictures behind it.
_LISTS_NO_TRACKS = frozenset({"flv", "mpeg", "mpegts"})
_PATIENCE = {"probesize": str(128 << 20), "analyzeduration": str(3_600 * 1_000_000)}
# The object that says how large an ASF file is, before its size (Advanced Systems Format, 3.2).
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


# What the library loads when it first meets a track of that kind.
_LATE = ("av.audio.codeccontext", "av.audio.stream", "av.subtitles.codeccontext", "av.subtitles.stream")


def warm() -> None:
    """Afterwards the library is loaded whole, and says nothing of its own about the files that it reads."""
    for module in _LATE:
        importlib.import_module(module)
    av.logging.set_level(None)


def demuxer_of(head: bytes) -> str:
    """The one demuxer that the file's first bytes call for. Raises Unreadable where there is none."""
    if head.startswith(_BARE_STREAM):
        return "mpegvideo"
    demuxer = _DEMUXERS.get(identify.identify(head)[1])
    if demuxer is None:
        raise Unreadable("malformed", "This is not a video that Amparo can read.")
    return demuxer


def opened(data: BinaryIO, demuxer: str) -> Any:
    """The container, its tracks listed. Raises FFmpegError."""
    container = _opened(data, demuxer, {})
    if demuxer in _LISTS_NO_TRACKS and not container.streams.video:
        container.close()
        return _opened(data, demuxer, _PATIENCE)
    return container


def _opened(data: BinaryIO, demuxer: str, more: Mapping[str, str]) -> Any:
    data.seek(0)
    options = {
        **more,
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


def tracks_of(container: Any) -> list[Any]:
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


def said_bytes(demuxer: str, head: bytes) -> int:
    """How large the file says it is, by its first bytes; 0 where it doesn't."""
    if demuxer == "avi" and len(head) >= 8:
        size = struct.unpack_from("<I", head, 4)[0]
        return 0 if size == 0xFFFFFFFF else size + 8
    place = head.find(_ASF_PROPERTIES) if demuxer == "asf" else -1
    if 0 <= place <= len(head) - 48:
        return int(struct.unpack_from("<Q", head, place + 40)[0])
    return 0
