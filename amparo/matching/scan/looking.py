"""What a file looks like, from the sandbox: a picture's fingerprints, a video's by their seconds, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, cast

from amparo.matching.looks import Looks, looks_of, no_looks, video_looks
from amparo.sandbox.readings import ExaminationFailed, LookReading
from amparo.sandbox.warden import Box


@dataclass(frozen=True)
class Look:
    """kind, media_type: as the bytes say. state: examined, too_plain or not_examined.

    reason: why it was not examined, or why a video was not seen to its end; empty for neither. looks: what can be compared, none
    unless examined. fingerprint: a picture's as it lies, 32 bytes, for the manifest.
    """

    kind: str
    media_type: str
    state: str
    reason: str
    looks: Looks
    fingerprint: bytes = b""


def look_at(box: Box, file: BinaryIO) -> Look:
    """One trip to the sandbox. A file that can't be decoded is not_examined with the sandbox's reason; nothing is raised for it."""
    try:
        reading = cast("LookReading", box.examine("look", file))
    except ExaminationFailed as failure:
        return Look("", "", "not_examined", failure.reason, no_looks())
    fingerprint = bytes.fromhex(reading.looks[0]) if reading.looks else b""
    state = "not_examined" if reading.state == "failed" else reading.state
    looks = _looks(reading) if state == "examined" else no_looks()
    # Of a film that was not seen to its end it can be said that it is near to a listed one, never that it is near to none.
    cut = f"video_{reading.ended}" if reading.ended not in {"", "whole"} else ""
    return Look(reading.kind, reading.media_type, state, reading.reason or cut, looks, fingerprint)


def _looks(reading: LookReading) -> Looks:
    if reading.frames:
        return video_looks(reading.frames)
    return looks_of([bytes.fromhex(each) for each in reading.looks])
