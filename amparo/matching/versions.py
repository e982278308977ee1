"""A version of a known-hash list as a folder of files: what lies in it, and opening it. Knows no Django and no database.

    <home>/lists/<uuid>/    list.json    md5.digests  sha1.digests  sha256.digests  reference.digests
                            pdq-0.columns  pdq-0.index  ...          removed.rows

A version that came as a difference holds what was added and which rows were removed; its `parts` are the folders whose files it
shares, its own last. Rows are numbered through all parts. A folder is written whole, or isn't there, and never changes; the one
file that may be added is `withdrawn`, for readers without the database: such a list is asked no more, from the next look-up on.

Opening checks forms and sizes. What every byte is, `amparo verify` checks against the record (`digests_of`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from amparo.foundation.durable import sync_folder
from amparo.foundation.errors import Broken
from amparo.foundation.home import Home
from amparo.matching.columns import column, open_columns
from amparo.matching.fingerprints import Segment
from amparo.matching.tables import TABLE_BYTES, DigestTable

FORM = "amparo-hash-list/1"
MANIFEST, REMOVED, WITHDRAWN = "list.json", "removed.rows", "withdrawn"
REMOVED_COLUMNS = {"row": column("<u4")}
NO_CATEGORY = 65_535
_BLOCK_BYTES = 1 << 20

RowNumbers = NDArray[np.uint32]


def shelf_of(home: Home) -> Path:
    """The folder in which all lists lie."""
    return home.path / "lists"


def folder_of(home: Home, list_uuid: UUID) -> Path:
    return shelf_of(home) / str(list_uuid)


def table_path(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.digests"


@dataclass(frozen=True)
class Manifest:
    """What a version's folder says of itself. counts, rows and categories are the whole version's; own is what its files hold.

    follows: the versions that it came from by differences, oldest first; parts: the folders it reads, likewise.
    categories: (scheme, code, rows). own_categories: its files' numbers of them.
    """

    uuid: UUID
    follows: tuple[UUID, ...]
    parts: tuple[UUID, ...]
    rows: int
    highest_row: int
    counts: dict[str, int]
    categories: tuple[tuple[str, str, int], ...]
    own_counts: dict[str, int]
    own_categories: tuple[tuple[str, str], ...]
    segments: int
    removed_rows: int

    def written(self) -> bytes:
        return json.dumps({"form": FORM, **vars(self)}, default=str, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises Broken."""
        try:
            said = json.loads((folder / MANIFEST).read_bytes())
            if said.pop("form") != FORM or said["uuid"] != folder.name:
                raise ValueError("another list's")
            said["uuid"] = UUID(said["uuid"])
            said["follows"], said["parts"] = (tuple(UUID(each) for each in said[name]) for name in ("follows", "parts"))
            said["categories"] = tuple((scheme, code, rows) for scheme, code, rows in said["categories"])
            said["own_categories"] = tuple((scheme, code) for scheme, code in said["own_categories"])
            return cls(**said)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Broken(f"A known-hash list can't be read: {folder}") from error


class Part:
    """One folder's own files."""

    def __init__(self, folder: Path) -> None:
        """Opens them. Raises Broken."""
        self.manifest = Manifest.read(folder)
        self.uuid = self.manifest.uuid
        self.tables = {
            kind: DigestTable(table_path(folder, kind), kind)
            for kind in TABLE_BYTES
            if self.manifest.own_counts.get(kind)
        }
        self.segments = [Segment(folder, number) for number in range(self.manifest.segments)]
        counted = {kind: len(table) for kind, table in self.tables.items()}
        if self.segments:
            counted["pdq"] = sum(map(len, self.segments))
        if counted != {kind: count for kind, count in self.manifest.own_counts.items() if count}:
            raise Broken(f"A known-hash list's files are not those it came with: {folder}")

    def category(self, number: int) -> tuple[str, str]:
        """(scheme, code); both empty for none."""
        return ("", "") if number == NO_CATEGORY else self.manifest.own_categories[number]

    def all_of(self, kind: str) -> Iterator[tuple[RowNumbers, NDArray[np.uint16], Any]]:
        """(rows, categories, values by entries) of every file that holds this kind; for those who go through all of it."""
        if kind == "pdq":
            for segment in self.segments:
                yield segment.rows, segment.categories, segment.values
        elif table := self.tables.get(kind):
            yield table.rows, table.categories, table.values


class Version:
    """One version of a list, open: its parts, and the rows of theirs that it removed."""

    def __init__(self, home: Home, uuid: UUID, known: Mapping[UUID, Part] | None = None) -> None:
        """known: parts that are open already. Raises Broken."""
        self.uuid, self.folder = uuid, folder_of(home, uuid)
        known = dict(known or {})
        own = known.get(uuid) or Part(self.folder)
        self.manifest = own.manifest
        self.parts = tuple(
            own if each == uuid else known.get(each) or Part(folder_of(home, each)) for each in self.manifest.parts
        )
        self.removed: RowNumbers = np.empty(0, np.uint32)
        if self.manifest.removed_rows:
            self.removed = open_columns(self.folder / REMOVED, "removed", REMOVED_COLUMNS)["row"]
        if len(self.removed) != self.manifest.removed_rows:
            raise Broken(f"A known-hash list's files are not those it came with: {self.folder}")

    @property
    def withdrawn(self) -> bool:
        """Whether it was said, for readers without the database, to count no more."""
        return (self.folder / WITHDRAWN).exists()

    def standing(self, rows: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of these rows this version has not removed."""
        return ~among(rows, self.removed)

    def parts_after(self, base: UUID | None) -> tuple[Part, ...]:
        """The parts that came after those it shares with `base`; all, where it shares none."""
        shared = self.manifest.parts.index(base) + 1 if base in self.manifest.parts else 0
        return self.parts[shared:]


def among(rows: NDArray[Any], ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of `rows` stand in `ordered`."""
    if not len(ordered):
        return np.zeros(len(rows), dtype=bool)
    places = np.minimum(np.searchsorted(ordered, rows), len(ordered) - 1)
    same: NDArray[np.bool_] = ordered[places] == rows
    return same


def mark_withdrawn(home: Home, list_uuid: UUID) -> None:
    """From now on every open shelf leaves the list out. Nothing happens where it lies no more."""
    folder = folder_of(home, list_uuid)
    if folder.is_dir():
        (folder / WITHDRAWN).touch(mode=0o600)
        sync_folder(folder)


def digests_of(folder: Path) -> dict[str, str]:
    """The SHA-256, in hexadecimal, of every file of a list, by name; reads all of them."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name == WITHDRAWN:
            continue
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
        found[path.name] = digest.hexdigest()
    return found


def opened(home: Home, lists: Iterable[UUID], before: Sequence[Version] = ()) -> tuple[Version, ...]:
    """These versions, open; what is open already (`before`) is used again. Raises Broken."""
    versions = {each.uuid: each for each in before}
    parts = {part.uuid: part for each in before for part in each.parts}
    found = []
    for uuid in lists:
        version = versions.get(uuid) or Version(home, uuid, parts)
        parts.update({part.uuid: part for part in version.parts})
        found.append(version)
    return tuple(found)
