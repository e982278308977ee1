"""Which kinds have a reader, how deep and how much is unpacked, and the sentences that say what was not examined."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# An arrival's archive, an archive in it, and one in that: beyond, real reports don't go and bombs do.
DEPTH = 3
MEMBERS = 10_000
TOTAL_BYTES = 2 << 30


class State(StrEnum):
    """`not_examined` and "no match" are different answers, everywhere."""

    EXAMINED = "examined"
    TOO_PLAIN = "too_plain"
    NOT_EXAMINED = "not_examined"
    FAILED = "failed"


READ = frozenset({"picture", "video", "archive", "mail", "chat"})
# Several frames mean time in these; in others pages or shots.
MOVING_PICTURES = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
# Nothing to decode or unpack: their digests say all that can be compared.
NOTHING_TO_READ = frozenset({"text", "empty"})
_UNREAD = {
    "sound_alone": "This video holds sound alone; it is compared by its digests only.",
    "audio": "Sound files are compared by their digests only.",
    "document": "Documents are compared by their digests only; pictures inside them are not examined.",
    "database": "Databases are compared by their digests only; their tables are not read here.",
    "closed_archive": "Archives of this kind can't be unpacked here. Unpack it on a separate machine and add the files.",
    "closed_picture": "Pictures of this kind can't be decoded here; it is compared by its digests only.",
    "sealed": "This file is encrypted. Ask the sender for the key or for an open copy.",
    "program": "Programs are compared by their digests only and are never run.",
}


@dataclass(frozen=True)
class Room:
    """What may still be unpacked for one origin: levels below the item, members, bytes."""

    levels: int
    members: int
    size_bytes: int


def room_left(depth: int, members: int, size_bytes: int) -> Room:
    """depth: 0 for an item that nothing contains. members, size_bytes: found inside this origin's items so far."""
    return Room(max(DEPTH - depth, 0), max(MEMBERS - members, 0), max(TOTAL_BYTES - size_bytes, 0))


def obstacle_to_unpacking(room: Room) -> tuple[str, str] | None:
    """Reason and sentence why an item that contains others is not unpacked; None when it is."""
    if not room.levels:
        return "too_deep", f"This lies more than {DEPTH} levels deep, archive in archive. It was not unpacked."
    if not room.members:
        return (
            "too_many",
            f"More than {MEMBERS:,} files were unpacked for this report already. This one was not unpacked.",
        )
    if not room.size_bytes:
        return (
            "too_big",
            f"More than {TOTAL_BYTES >> 30} GB were unpacked for this report already. This one was not unpacked.",
        )
    return None


_IN_PART = {
    "cut_off": "This video is cut off: it holds less than it says. Its frames to {} were taken.",
    "damaged": "This video is damaged in places. The frames that could be read, to {}, were taken.",
    "out_of_time": "This video is too long to be read in the time allowed. Its frames to {} were taken.",
    "too_big": "Further frames of this moving picture are too large to be laid over the first. Only those before them were taken.",
    "too_many": "This video has more frames than are kept. Those to {} were taken.",
}


def why_in_part(ended: str, reached_ms: int) -> tuple[str, str]:
    """Reason and sentence where only a part of a video was examined; two empty texts where all of it was."""
    if ended not in _IN_PART:
        return "", ""
    minutes, seconds = divmod(reached_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return ended, _IN_PART[ended].format(f"{hours}:{minutes:02}:{seconds:02}")


def why_unread(kind: str) -> str:
    """The sentence for a kind without a reader."""
    return _UNREAD.get(kind, "Amparo does not know this kind of file; it is compared by its digests only.")
