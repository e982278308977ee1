"""What a comparison with known-hash lists may answer, and when. "No match" needs something to have been compared."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from amparo.foundation.canonical import canonical_bytes

# The distance up to which two PDQ fingerprints are taken for the same picture (published recommendation of its authors).
NEAR_BITS = 31

DIGEST_BYTES = {"md5": 16, "sha1": 20, "sha256": 32}
HASH_BYTES = {**DIGEST_BYTES, "pdq": 32}

# What has no look, so that its digest is all there is to compare. Anything else without a fingerprint is not examined.
WITHOUT_LOOK = frozenset({"chat", "text", "mail", "archive", "database", "empty"})

# How many folders a version may be read from, and how large a part of its base a difference may be (1 : SHARED_AT_LEAST), before
# it is written anew.
MOST_PARTS = 8
SHARED_AT_LEAST = 4


class State(StrEnum):
    HIT = "hit"
    NO_HIT = "no_hit"
    NOT_EXAMINED = "not_examined"
    TOO_PLAIN = "too_plain"


class HitKind(StrEnum):
    EXACT = "exact"
    NEAR = "near"


class ListState(StrEnum):
    """importing: its file is read and sorted; active: it counts; withdrawn: it counted; failed: it never will."""

    IMPORTING = "importing"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


@dataclass(frozen=True)
class Found:
    """A listed item that an item is, or is near to, and the strongest evidence for it.

    row: the list's own row. digest: by which kind of hash. framing, turn: by which version of the item's look ("whole" or
    "trimmed"; "original", "rotate90", ...), both empty where exact. Of a video: at_ms is the first sampled frame that is near,
    frames how many are; None and 0 else. scheme, code: the list's own category, both empty for none.
    """

    list: UUID
    row: int
    kind: HitKind
    digest: str
    distance_bits: int
    framing: str
    turn: str
    at_ms: int | None
    frames: int
    scheme: str
    code: str


def in_order(found: Sequence[Found]) -> list[Found]:
    """Exact ones first, then by distance; else as they came."""
    return sorted(found, key=lambda each: (each.kind is HitKind.NEAR, each.distance_bits))


def state_of(*, hits: int, lists: int, examination: str, kind: str, fingerprint: bool) -> State:
    """The item's answer.

    lists: how many lists it was compared with. examination: the sandbox's state of it ("failed" where it could not be read), or
    "in_part" of a video that was not seen to its end. kind: what the sandbox took it for. fingerprint: whether it has one that
    can be compared.
    """
    if hits:
        return State.HIT
    if not lists:
        return State.NOT_EXAMINED
    if kind in WITHOUT_LOOK and examination == "examined":
        return State.NO_HIT
    if examination == "too_plain":
        return State.TOO_PLAIN
    return State.NO_HIT if fingerprint and examination == "examined" else State.NOT_EXAMINED


# --- Lists ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListRow:
    """One known item of a list: its hashes as bytes, by kind, and the list's own category code."""

    hashes: tuple[tuple[str, bytes], ...]
    category: str


_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


def row_of(cells: Mapping[str, str]) -> ListRow:
    """The row as hashes. Raises ValueError, whose text says what is wrong, for one without a hash or with a malformed one."""
    hashes = []
    for kind, size_bytes in HASH_BYTES.items():
        text = (cells.get(kind) or "").strip()
        if not text:
            continue
        if len(text) != size_bytes * 2 or not _HEX.fullmatch(text):
            raise ValueError(f"{kind} is not {size_bytes * 2} hexadecimal digits")
        hashes.append((kind, bytes.fromhex(text)))
    if not hashes:
        raise ValueError("no hash in this row")
    return ListRow(tuple(hashes), (cells.get("category") or "").strip()[:60])


@dataclass(frozen=True)
class ListSaid:
    """What whoever imports a list says of it. scheme: whose categories its codes are, where its file doesn't say."""

    name: str
    source: str
    version: str
    scheme: str = ""
    scope: str = ""

    def digest(self, list_uuid: UUID) -> str:
        """SHA-256, in hexadecimal, for the record, which holds no names."""
        return hashlib.sha256(canonical_bytes({**vars(self), "list": str(list_uuid)})).hexdigest()


def obstacles_to_import(said: ListSaid, *, there: bool, base: ListState | None, difference: bool) -> tuple[str, ...]:
    """Why this list can't be imported; empty when it can.

    there: whether this version was imported before. base: the state of the list that it is based on or takes the place of.
    """
    found = [
        f"Give the list's {label}."
        for label, value in (("name", said.name), ("source", said.source), ("version", said.version))
        if not value
    ]
    if there:
        found.append(
            f"Version {said.version} of {said.name} has been imported before. Lists are never edited: give it its new version."
        )
    if difference and base is None:
        found.append("Say which list this is a difference to.")
    if base is not None and base is not ListState.ACTIVE:
        found.append(
            "The list that this one follows on does not count any more. Choose the version in use, or import it whole."
        )
    return tuple(found)


def faults_in(problems: int, examples: Sequence[str], *, left_out: bool, rows: int) -> str:
    """Why what was read of a list is not imported, in one sentence; empty where it is.

    problems: how many of its rows can't be read, of which `examples` are some. rows: how many can, additions and removals.
    """
    if problems and not left_out:
        more = f" And {problems - 5:,} more." if problems > 5 else ""
        said = f"{problems:,} rows can't be read: {'; '.join(examples[:5])}.{more} Nothing was imported."
        return f"{said} Mend the file, or import it again and leave those rows out."
    return "" if rows else "The list holds no row."


def is_written_anew(*, parts: int, base: int | None, added: int, removed: int) -> bool:
    """Whether a version becomes one whole of its own rather than its base's files and a difference.

    base: how many hashes the base holds, None where there is none. added, removed: how many hashes come and go.
    """
    if base is None:
        return removed * SHARED_AT_LEAST > added
    return parts > MOST_PARTS or (added + removed) * SHARED_AT_LEAST > base
