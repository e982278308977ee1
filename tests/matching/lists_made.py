"""Lists made up for tests: numbers stand for items, digests of numbers for their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np

from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.matching import building
from amparo.matching.building import Built, Source
from amparo.matching.looks import Looks, looks_of
from amparo.matching.records import NO_CATEGORY, WITHDRAWN, made
from amparo.matching.rules import DIGEST_BYTES
from amparo.matching.versions import Version

CATEGORIES = (("scheme one", "A"), ("scheme one", "B"), ("", "C"))

# (kind, number of the item) of each of a row's hashes, its category's number or None, whether it is taken back.
Row = tuple[Sequence[tuple[str, int]], int | None, bool]


def hash_of(kind: str, number: int) -> bytes:
    """The item's hash of that kind; unlike any other's."""
    if kind in DIGEST_BYTES:
        return hashlib.new(kind, b"%d" % number).digest()
    return hashlib.sha256(kind.encode() + b"%d" % number).digest()


def write(path: Path, rows: Iterable[Row]) -> Source:
    """The rows as a reading's records."""
    records = [
        (row, NO_CATEGORY if category is None else category, kind, WITHDRAWN if gone else 0, hash_of(kind, number))
        for row, (hashes, category, gone) in enumerate(rows, 1)
        for kind, number in hashes
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    made(records).tofile(path)
    return Source(path, CATEGORIES)


def built(home: Home, rows: Iterable[Row], base: Version | None = None) -> tuple[Version, Built]:
    list_uuid = new_id()
    done = building.build(home, list_uuid, write(home.path / "records", rows), base)
    return Version(home, list_uuid), done


def a_list(home: Home, *numbers: int, kinds: Sequence[str] = ("md5", "pdq")) -> UUID:
    """A list in which each number is a row."""
    return built(home, [([(kind, number) for kind in kinds], 0, False) for number in numbers])[0].uuid


def digests(numbers: Sequence[int]) -> dict[str, np.ndarray]:
    return {
        kind: np.frombuffer(b"".join(hash_of(kind, number) for number in numbers), np.uint8).reshape(-1, size)
        for kind, size in DIGEST_BYTES.items()
    }


def looks(numbers: Sequence[int]) -> list[Looks]:
    return [looks_of([hash_of("pdq", number)]) for number in numbers]


def flipped(fingerprint: bytes, bits: int) -> bytes:
    """The fingerprint with so many bits changed."""
    value = int.from_bytes(fingerprint, "big")
    for bit in range(bits):
        value ^= 1 << (bit * 7 % 256)  # 7 and 256 share no factor: no bit is changed twice
    return value.to_bytes(32, "big")
