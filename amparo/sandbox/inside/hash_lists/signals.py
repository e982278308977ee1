"""Signals: a hash with the name of its type beside it, as exchanges and tools write them, among them the frames of a video."""

from __future__ import annotations

import json
import re

from amparo.sandbox.inside.hash_lists.records import Found, Hash, digest_of, not_a
from amparo.sandbox.inside.tables import column_name

# What a hash is called where the type stands beside it. Video and photo types hash the file's bytes like any other.
TYPES = {
    "md5": "md5", "sha1": "sha1", "sha_1": "sha1", "sha256": "sha256", "sha_256": "sha256", "pdq": "pdq",
    "video_md5": "md5", "photo_md5": "md5", "video_sha256": "sha256", "photo_sha256": "sha256",
    "hash_md5": "md5", "hash_sha1": "sha1", "hash_sha256": "sha256", "hash_pdq": "pdq",
    "hash_video_md5": "md5", "hash_video_sha256": "sha256", "hash_photo_md5": "md5",
}  # fmt: skip
# Frames below it are never compared by threatexchange (VPDQ_QUALITY_THRESHOLD): their fingerprint means nothing.
FRAME_QUALITY = 50


def hashes_of(found: Found, name: str, signal: object) -> list[Hash]:
    """The hashes that a signal of this type is; none for a type that nothing here compares, which is counted.

    Raises ValueError, which says what is wrong with it.
    """
    name = column_name(name)
    kind = TYPES.get(name)
    if name == "vpdq":
        return frames_of(found, signal)
    if kind is None:
        found.unsupported(name or "unnamed")
        return []
    digest = digest_of(kind, signal.strip()) if isinstance(signal, str) else None
    if digest is None:
        raise ValueError(not_a(kind))
    return [(kind, digest)]


def frames_of(found: Found, signal: object) -> list[Hash]:
    """The different frames of a vPDQ signal, as text or already decoded; too plain ones are counted.

    Raises ValueError for another form: a list of "hash,quality,seconds", or the older {"0": {"quality", "hash", "timestamp"}}.
    """
    try:
        value = json.loads(signal) if isinstance(signal, str) else signal
        frames = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [None]
        pairs = [_frame(each) for each in frames]
    except (ValueError, RecursionError):
        raise ValueError("not a vPDQ signal") from None
    if not pairs:
        raise ValueError("a vPDQ signal without frames")
    if plain := sum(quality < FRAME_QUALITY for _, quality in pairs):
        found.unsupported("vpdq frame too plain to compare", plain)
    return list(dict.fromkeys(("pdq", digest) for digest, quality in pairs if quality >= FRAME_QUALITY))


def _frame(frame: object) -> tuple[bytes, int]:
    """A frame's digest and its quality, 0 to 100. Raises ValueError."""
    if isinstance(frame, str):
        digits, quality, _ = frame.split(",")  # its time in seconds stands last
    elif isinstance(frame, dict):
        digits, quality = str(frame.get("hash")), str(frame.get("quality"))
    else:
        raise ValueError("not a frame")
    digest = digest_of("pdq", digits.strip())
    if digest is None or not 0 <= int(quality) <= 100:
        raise ValueError("not a frame")
    return digest, int(quality)


def is_frames(start: str) -> bool:
    """Whether JSON that begins so is a vPDQ signal by itself, in its present or older form."""
    return (
        re.match(r'\[\s*"\s*[0-9a-fA-F]{64}\s*,|\{\s*"\d+"\s*:\s*\{\s*"(?:quality|hash|timestamp)"', start) is not None
    )
