"""What a comparison with known-hash lists may answer, and when. "No match" needs something to have been compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

# The distance up to which two PDQ fingerprints are taken for the same picture (published recommendation of its authors).
NEAR_BITS = 31

DIGEST_BYTES = {"md5": 16, "sha1": 20, "sha256": 32}
HASH_BYTES = {**DIGEST_BYTES, "pdq": 32}

# What has no look, so that its digest is all there is to compare. Anything else without a fingerprint is not examined.
WITHOUT_LOOK = frozenset({"chat", "text", "mail", "archive", "database", "empty"})


class State(StrEnum):
    HIT = "hit"
    NO_HIT = "no_hit"
    NOT_EXAMINED = "not_examined"
    TOO_PLAIN = "too_plain"


class HitKind(StrEnum):
    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True)
class Found:
    """A candidate hit: an entry of a list and how far the item is from it."""

    entry: int
    list_id: int
    row: int
    kind: HitKind
    distance_bits: int


def state_of(*, hits: int, lists: int, examination: str, kind: str, fingerprint: bool) -> State:
    """The item's answer.

    lists: how many lists it was compared with. examination: the sandbox's state of it ("failed" where it could not be read).
    kind: what the sandbox took it for. fingerprint: whether it has one that can be compared.
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


def strongest(found: Iterable[Found]) -> list[Found]:
    """One hit a listed row: an exact one before a near one, the nearest before the rest. Ordered by distance."""
    best: dict[tuple[int, int], Found] = {}
    for each in sorted(found, key=lambda hit: (hit.kind is HitKind.NEAR, hit.distance_bits, hit.entry)):
        best.setdefault((each.list_id, each.row), each)
    return sorted(best.values(), key=lambda hit: (hit.distance_bits, hit.kind is HitKind.NEAR, hit.entry))


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


def obstacles_to_import(name: str, source: str, version: str, row_count: int, faults: Sequence[str]) -> tuple[str, ...]:
    """Why this list can't be imported as it is; empty when it can. faults: what is wrong with single rows."""
    found = [
        f"Give the list's {label}."
        for label, value in (("name", name), ("source", source), ("version", version))
        if not value
    ]
    if faults:
        more = f" And {len(faults) - 5} more." if len(faults) > 5 else ""
        found.append(f"{len(faults)} rows can't be read: {'; '.join(faults[:5])}.{more}")
    elif not row_count:
        found.append("The list holds no row.")
    return tuple(found)
