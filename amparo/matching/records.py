"""A known-hash list as records of 44 bytes: what the sandbox's reader writes, the shelf keeps and the writers read.

    row       u4   the list's own row, from 1, never falling; hashes of one row speak of one known item
    category  u2   its place in the list's (scheme, code) pairs; NO_CATEGORY for none
    kind      u1   md5, sha1, sha256, pdq, or the source's own reference of the item
    flags     u1   0, or WITHDRAWN: the source takes it back (said in lists of differences)
    value     36   the digest, left-aligned, the rest zero

A reference is SHA-256 over the source's own number of the item. Some sources take an item back by that number alone, without
its hashes; a list that keeps references can tell which row is meant. It is never compared with anybody's file.

`sandbox/inside/hash_lists/records.py` writes the same form; it may import nothing from here, so a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

RECORD = np.dtype([("row", "<u4"), ("category", "<u2"), ("kind", "u1"), ("flags", "u1"), ("value", "u1", (36,))])
KINDS = {"md5": 1, "sha1": 2, "sha256": 3, "pdq": 4, "reference": 5}
KIND_NAMES = {number: name for name, number in KINDS.items()}
VALUE_BYTES = {1: 16, 2: 20, 3: 32, 4: 32, 5: 32}
WITHDRAWN = 1
NO_CATEGORY = 65_535

Records = NDArray[np.void]
BLOCK_RECORDS = 1 << 20


@dataclass
class Counted:
    """What a checked stream of records holds. hashes: by kind, references and withdrawn ones not among them."""

    rows: int = 0
    hashes: dict[str, int] = field(default_factory=dict)
    references: int = 0
    withdrawn: int = 0


def check(file: BinaryIO, categories: int) -> Counted:
    """Counts a file of records, from where it stands to its end, a block at a time.

    categories: how many (scheme, code) pairs there are. Raises ValueError, which says what is wrong, for anything that isn't of
    the form above: the stream comes from a process that read hostile bytes.
    """
    counted = Counted()
    row = 0
    while block := file.read(BLOCK_RECORDS * RECORD.itemsize):
        if len(block) % RECORD.itemsize:
            raise ValueError("the last record is not whole")
        row = _check_block(np.frombuffer(block, RECORD), categories, row, counted)
    return counted


def _check_block(records: Records, categories: int, after_row: int, counted: Counted) -> int:
    """The block's last row, when every record of it is of the form."""
    rows, kinds = records["row"], records["kind"]
    if rows[0] < max(after_row, 1) or np.any(rows[1:] < rows[:-1]):
        raise ValueError("rows fall, or begin before 1")
    if np.any((records["category"] >= categories) & (records["category"] != NO_CATEGORY)):
        raise ValueError("a category that isn't there")
    if np.any(records["flags"] > WITHDRAWN):
        raise ValueError("an unknown flag")
    if np.any((kinds < 1) | (kinds > len(KINDS))):
        raise ValueError("an unknown kind")
    withdrawn = (records["flags"] & WITHDRAWN).astype(bool)
    for number, name in KIND_NAMES.items():
        of_kind = kinds == number
        if np.any(records["value"][of_kind][:, VALUE_BYTES[number] :]):
            raise ValueError(f"more than {VALUE_BYTES[number]} bytes in a {name}")
        standing = int(np.count_nonzero(of_kind & ~withdrawn))
        if name == "reference":
            counted.references += standing
        elif standing:
            counted.hashes[name] = counted.hashes.get(name, 0) + standing
    counted.withdrawn += int(np.count_nonzero(withdrawn))
    counted.rows += int(np.count_nonzero(rows[1:] != rows[:-1])) + int(rows[0] != after_row)
    return int(rows[-1])


def whole_rows(records: Records, most: int = 65_536) -> Iterator[Records]:
    """The records in slices of about `most`, none of which cuts a row in two. Works on a memory-mapped array."""
    start = 0
    while start < len(records):
        end = min(start + most, len(records))
        while end < len(records) and records["row"][end] == records["row"][end - 1]:
            end += 1
        yield records[start:end]
        start = end


def made(rows: list[tuple[int, int, str, int, bytes]]) -> Records:
    """An array of records from (row, category, kind's name, flags, digest). Raises ValueError for a digest of a wrong length."""
    records = np.zeros(len(rows), RECORD)
    for number, (row, category, kind, flags, value) in enumerate(rows):
        if len(value) != VALUE_BYTES[KINDS[kind]]:
            raise ValueError(f"{kind} has {VALUE_BYTES[KINDS[kind]]} bytes")
        padded = np.frombuffer(value.ljust(36, b"\0"), np.uint8)
        records[number] = (row, category, KINDS[kind], flags, padded)
    return records
