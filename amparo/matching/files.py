"""A picture file's fingerprints in one call, decoded in the sandbox: for programs that use matching as a library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import uuid4

import numpy as np

from amparo.foundation.errors import Refused
from amparo.sandbox.inside.pdq import TURNS, Look, Row
from amparo.sandbox.readings import ExaminationFailed, LookReading
from amparo.sandbox.warden import the_warden

__all__ = ["ExaminationFailed", "PictureFile", "Refused", "pdq_of_file"]

# All files that one program asks for are one boundary: none of them is kept from the others by a child of its own.
_BOUNDARY = uuid4()


@dataclass(frozen=True, eq=False)
class PictureFile:
    """A picture's fingerprints. state: "examined", or "too_plain" where the whole picture's own says nothing about it.

    row: uint64 of shape (4,), as HashIndex takes it. quality: 0 to 100; below 50 a picture is too plain, and `row` must not be
    compared. looks: 8 turns of the whole picture, the first being `row`, then, where it has even borders with enough to tell
    within, 8 turns of the picture in them; those can be compared in either state. width, height: in pixels, as stored.
    """

    state: str
    row: Row
    quality: int
    looks: tuple[Look, ...]
    media_type: str
    width: int
    height: int


def pdq_of_file(path: str | Path) -> PictureFile:
    """The fingerprints of the picture at `path`. The first call starts the sandbox and takes about a second.

    A side below 5 pixels, or a picture of one colour, is an answer: `too_plain`. Raises Refused for a file that is no picture or of
    a kind without a reader, ExaminationFailed (`reason`: malformed, too_big, timed_out, out_of_memory, forbidden_call or crashed)
    for a picture that can't be read, and what `open` raises (FileNotFoundError, PermissionError) where there is none to be had.
    """
    with open(path, "rb") as file, the_warden().boundary(_BOUNDARY) as box:
        reading = cast("LookReading", box.examine("look", file))
    if reading.state == "failed":
        raise ExaminationFailed(reading.reason, reading.sentence)
    if reading.kind != "picture" or reading.state == "not_examined":
        raise Refused(f"This file is not a picture that can be read here: it is {reading.kind} ({reading.media_type}).")
    rows = np.array(
        [[int(look[place : place + 16], 16) for place in range(0, 64, 16)] for look in reading.looks], np.uint64
    )
    framings = ["whole"] * len(TURNS) + ["trimmed"] * len(TURNS)
    looks = tuple(Look(framing, turn, row) for framing, turn, row in zip(framings, TURNS * 2, rows, strict=False))
    return PictureFile(
        reading.state, rows[0], reading.quality, looks, reading.media_type, reading.width, reading.height
    )
