"""The looks of an item: the fingerprints by which it is compared, and what each of them stands for.

A picture has the eight turned and mirrored versions of its whole, and eight more where flat borders were trimmed off. A video has
those of each of its sampled frames. What a reading says of them came out of the sandbox and is checked here again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.matching.engine import WORDS, as_rows
from amparo.matching.rules import Found, HitKind

# The published eight (dihedral) versions, in their published order.
TURNS = ("original", "rotate90", "rotate180", "rotate270", "flipx", "flipy", "flipplus1", "flipminus1")
FRAMINGS = ("whole", "trimmed")
MOST_LOOKS = len(TURNS) * len(FRAMINGS)

# Below this quality a fingerprint says nothing about what it was taken from (published recommendation of PDQ's authors).
QUALITY_FLOOR = 50
# A day and more of a frame a second.
MOST_FRAMES = 100_000

FRAMES_MEDIA_TYPE = "application/vnd.amparo.frames+json"

Rows = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Looks:
    """Fingerprints of one item. rows: uint64 (n, 4). places: 0 to 15, which version each is. frames: the number of its frame.

    at_ms: where in the video each frame stands, by the frame's number; empty for what does not move.
    """

    rows: Rows
    places: NDArray[np.int64]
    frames: NDArray[np.int64]
    at_ms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def packed(self) -> bytes:
        """A picture's fingerprints, 32 bytes each, in their order."""
        return self.rows.astype(">u8").tobytes()


def no_looks() -> Looks:
    """Of what has none that can be compared."""
    return looks_of([])


def looks_of(fingerprints: Sequence[bytes] | Rows) -> Looks:
    """A picture's, in the order of TURNS: those of the whole, then those of the trimmed picture; or the original's alone.

    Raises ValueError for more than 16, or for one that isn't of 32 bytes.
    """
    rows = fingerprints if isinstance(fingerprints, np.ndarray) else as_rows(fingerprints)
    if rows.ndim != 2 or rows.shape[1] != WORDS or len(rows) > MOST_LOOKS:
        raise ValueError(f"a picture has up to {MOST_LOOKS} looks of {WORDS} words, not {rows.shape}")
    count = len(rows)
    return Looks(rows, np.arange(count), np.zeros(count, np.int64), np.empty(0, np.int64))


def unpacked(packed: bytes) -> Looks:
    """The opposite of `Looks.packed`."""
    return looks_of([packed[start : start + 32] for start in range(0, len(packed), 32)])


def picture_looks(facts: Mapping[str, Any]) -> Looks:
    """Of a picture's reading: all its `looks` (hexadecimal), or, of a reading from before there were any, its `pdq_hex`."""
    written = facts.get("looks") or [facts.get("pdq_hex") or ""]
    return looks_of([bytes.fromhex(each) for each in written if each])


def video_looks(document: bytes) -> Looks:
    """Of a video's reading, {"frames": [{"at_ms", "quality", "looks": [hexadecimal, ...]}]}: those of frames that aren't too plain.

    Raises ValueError for a document of another form.
    """
    return frame_looks(_frames(document))


def frame_looks(frames: Iterable[tuple[int, int, Sequence[bytes]]]) -> Looks:
    """Of sampled frames, (at_ms, quality, fingerprints) each; too plain ones are left out."""
    rows: list[bytes] = []
    places: list[int] = []
    numbers: list[int] = []
    at_ms: list[int] = []
    for at, quality, fingerprints in frames:
        if quality < QUALITY_FLOOR:
            continue
        rows += fingerprints
        places += range(len(fingerprints))
        numbers += [len(at_ms)] * len(fingerprints)
        at_ms.append(at)
    return Looks(as_rows(rows), *(np.array(each, dtype=np.int64) for each in (places, numbers, at_ms)))


def _frames(document: bytes) -> Iterable[tuple[int, int, list[bytes]]]:
    try:
        frames = json.loads(document)["frames"]
        if not isinstance(frames, list) or len(frames) > MOST_FRAMES:
            raise ValueError("too many frames")
        for each in frames:
            at_ms, quality, looks = each["at_ms"], each["quality"], each["looks"]
            if type(at_ms) is not int or type(quality) is not int or not isinstance(looks, list):
                raise ValueError("not a frame")
            if len(looks) > MOST_LOOKS or not 0 <= at_ms < 1 << 40:
                raise ValueError("not a frame")
            yield at_ms, quality, [bytes.fromhex(text) for text in looks]
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("this is not a video's reading") from error


def place_of(place: int) -> tuple[str, str]:
    """(framing, turn) of the version at this place."""
    return FRAMINGS[place // len(TURNS)], TURNS[place % len(TURNS)]


def strength(found: Found) -> tuple[bool, int, int, int]:
    """Sorts what was found in one list: exact before near, near before far, as it came before turned, then by row."""
    place = FRAMINGS.index(found.framing) * len(TURNS) + TURNS.index(found.turn) if found.framing else 0
    return found.kind is HitKind.NEAR, found.distance_bits, place, found.row
