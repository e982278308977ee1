"""What a reader of hash lists finds, as records of a fixed form, written out a block at a time.

The form (matching/records.py has the same for the other side): row u4, category u2, kind u1, flags u1, value of 36 bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from amparo.sandbox.inside.frames import CHUNK_BYTES, Facts, Sink, Unreadable

RECORD = np.dtype([("row", "<u4"), ("category", "<u2"), ("kind", "u1"), ("flags", "u1"), ("value", "u1", (36,))])
KINDS = {"md5": 1, "sha1": 2, "sha256": 3, "pdq": 4, "reference": 5}
DIGEST_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "pdq": 32}
WITHDRAWN = 1
NO_CATEGORY = 65_535

# Rows are numbered in 32 bits; a list of this size has some hundred gigabytes and is nobody's.
MOST_ROWS = 2_000_000_000
MOST_CATEGORIES = 65_000
CODE_CHARACTERS = 60
SCHEME_CHARACTERS = 60
SHOWN_PROBLEMS = 1_000
UNSUPPORTED_KINDS = 100

_ONE = struct.Struct("<IHBB36s")

Hash = tuple[str, bytes]


class Found:
    """The records of one list as they are found, and what is to be said of it. One blob, `records`, goes to the sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._waiting = bytearray()
        self._categories: dict[tuple[str, str], int] = {}
        self._written: dict[tuple[str, str], int] = {}  # the same, as they are written
        self._problems: list[dict[str, object]] = []
        self._unsupported: dict[str, int] = {}
        self._last_row = 0
        self.rows = 0
        self.hashes = 0
        self.problems_in_all = 0
        self.kinds: set[str] = set()
        sink.begin(name="records", type="application/vnd.amparo.hash-records")

    def add(
        self, hashes: Iterable[Hash], category: int = NO_CATEGORY, *, withdrawn: bool = False, row: int = 0
    ) -> None:
        """One row: its hashes as (kind, digest). row: its number where the list gives one; else the next."""
        number = row or self._next_row()
        for kind, digest in hashes:
            self._waiting += _ONE.pack(number, category, KINDS[kind], WITHDRAWN if withdrawn else 0, digest)
            if kind != "reference":
                self.hashes += 1
                self.kinds.add(kind)
        self.rows += number != self._last_row
        self._last_row = number
        if len(self._waiting) >= CHUNK_BYTES:
            self._write()

    def add_block(self, records: NDArray[np.void], kinds: set[str]) -> None:
        """Records of whole rows whose `row` counts from 0 in this block; the numbers go on from the row before it."""
        if not len(records):
            return
        self.kinds |= kinds
        self._write()
        rows = int(records["row"][-1]) + 1
        first = self._next_row()
        self._last_row += rows
        if self._last_row > MOST_ROWS:
            raise _too_many()
        records["row"] += np.uint32(first)
        self.rows += rows
        self.hashes += len(records)
        self._sink.write(records.tobytes())

    def add_numbered(self, records: NDArray[np.void], kinds: set[str]) -> None:
        """Records with the numbers of their rows, which don't fall and don't come before the last one."""
        if not len(records):
            return
        self._write()
        self.kinds |= kinds
        rows = records["row"]
        self.rows += int(np.count_nonzero(rows[1:] != rows[:-1])) + int(rows[0] != self._last_row)
        self._last_row = int(rows[-1])
        self.hashes += int(np.count_nonzero(records["kind"] != KINDS["reference"]))
        self._sink.write(records.tobytes())

    def _next_row(self) -> int:
        if self._last_row >= MOST_ROWS:
            raise _too_many()
        return self._last_row + 1

    @property
    def last_row(self) -> int:
        return self._last_row

    @property
    def categories(self) -> int:
        return len(self._categories)

    def category(self, scheme: str, code: str) -> int:
        """The number of this scheme's code; the same for the same pair. NO_CATEGORY for an empty code."""
        if not code:
            return NO_CATEGORY
        written = self._written.get((scheme, code))
        if written is None:
            written = self._category(_in_one_line(scheme, SCHEME_CHARACTERS), _in_one_line(code, CODE_CHARACTERS))
            if len(code) <= CODE_CHARACTERS and len(self._written) < 2 * MOST_CATEGORIES:
                self._written[scheme, code] = written
        return written

    def _category(self, scheme: str, code: str) -> int:
        if not code:
            return NO_CATEGORY
        number = self._categories.setdefault((scheme, code), len(self._categories))
        if number >= MOST_CATEGORIES:
            words = f"This list names more than {MOST_CATEGORIES:,} categories: is the column right?"
            raise Unreadable("malformed", words)
        return number

    def problem(self, line: int, what: str, element: str = "") -> None:
        """Something that could not be taken, by its line (0 where lines mean nothing) or its element."""
        self.problems_in_all += 1
        if len(self._problems) < SHOWN_PROBLEMS:
            self._problems.append({"line": line, "element": element[:80], "problem": what[:200]})

    def unsupported(self, kind: str, count: int = 1) -> None:
        """Hashes of a kind that nothing here can compare: counted, so that nobody takes the list for better than it is."""
        name = kind[:40]
        if name not in self._unsupported and len(self._unsupported) >= UNSUPPORTED_KINDS:
            name = "other"
        self._unsupported[name] = self._unsupported.get(name, 0) + count

    def _write(self) -> None:
        if self._waiting:
            self._sink.write(bytes(self._waiting))
            self._waiting.clear()

    def facts(self, form: str, *, scheme: str | None = None, **more: object) -> Facts:
        """What is to be said of the list now that it is read to its end. scheme: for all codes, where it was known at last."""
        self._write()
        pairs = [[own if scheme is None else scheme, code] for own, code in self._categories]
        return {
            "format": form,
            "version": "",
            "source": "",
            "rows": self.rows,
            "hashes": self.hashes,
            "categories": pairs,
            "columns": sorted(self.kinds),
            "unsupported": self._unsupported,
            "errors": self._problems,
            "errors_in_all": self.problems_in_all,
            **more,
        }


def _in_one_line(text: str, most: int) -> str:
    """The text with one space for blanks and line ends of any kind, none around it, and at most so many characters."""
    return " ".join(text.replace("\0", "").split())[:most].rstrip()


def _too_many() -> Unreadable:
    return Unreadable("too_big", f"This list has more than {MOST_ROWS:,} rows. Split it and import the parts.")


def digest_of(kind: str, text: str) -> bytes | None:
    """The digest that these hexadecimal digits are, in either case; None if they aren't one of this kind."""
    size_bytes = DIGEST_BYTES[kind]
    if len(text) != size_bytes * 2:
        return None
    try:
        digest = bytes.fromhex(text)  # passes over blanks, and is then too short
    except ValueError:
        return None
    return digest if len(digest) == size_bytes else None


def not_a(kind: str) -> str:
    return f"{kind} is not {DIGEST_BYTES[kind] * 2} hexadecimal digits"


def reference(*parts: object) -> Hash:
    """The record of a source's own number for an item, so that the item can be taken back by it."""
    return "reference", hashlib.sha256("\0".join(str(part) for part in parts).encode()).digest()
