"""A scan's file as pages and the manifest read it, also while the scan writes to it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from amparo.foundation.errors import Missing
from amparo.matching.scan.facts import Device
from amparo.matching.scan.tally import Summary, Tally
from amparo.matching.scan.tree import joined


@dataclass(frozen=True)
class HitLine:
    """One file and one listed item that it is, or is near to. path: below its device's root, for reading."""

    device: int
    path: str
    size_bytes: int
    copies: int
    list: str
    row: int
    kind: str
    digest: str
    distance_bits: int
    framing: str
    turn: str
    at_ms: int | None
    frames: int
    scheme: str
    code: str


class View:
    """A scan's file, open for reading alone. One moment's state: what is written meanwhile is seen by the next view."""

    def __init__(self, path: Path) -> None:
        """Raises Missing where there is no such file on this machine."""
        if not path.exists():
            raise Missing("This scan's file does not lie on this machine: look at it where the scan was run.")
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        self._connection.execute("PRAGMA busy_timeout=20000")
        self._connection.execute("BEGIN")

    def rows(self, question: str, *values: object) -> Iterator[tuple[Any, ...]]:
        return iter(self._connection.execute(question, values))

    def about(self, name: str) -> Any:
        """None where it was never said."""
        found = next(self.rows("SELECT value FROM about WHERE name = ?", name), None)
        return json.loads(found[0]) if found else None

    def devices(self) -> tuple[Device, ...]:
        return tuple(Device(*each) for each in self.rows("SELECT id, label, root, inode FROM devices ORDER BY id"))

    def summary(self) -> Summary:
        return Tally.of(self.rows("SELECT * FROM tally")).summed()

    def hit_count(self, kind: str = "") -> int:
        return int(next(self.rows("SELECT count(*) FROM hits WHERE ?1 IN ('', kind)", kind))[0])

    def hits(self, kind: str = "", offset: int = 0, limit: int = 50) -> tuple[HitLine, ...]:
        """A page of hits, in the order in which the files were found. kind: exact, near, or both where empty."""
        found = self.rows(
            "SELECT folders.device, folders.path, files.name, files.size_bytes, "
            "(SELECT count(*) FROM results WHERE copy_of = hits.file), "
            "list, row, hits.kind, digest, distance_bits, framing, turn, at_ms, frames, scheme, code "
            "FROM hits JOIN files ON files.id = hits.file JOIN folders ON folders.id = files.folder "
            "WHERE ?1 IN ('', hits.kind) ORDER BY hits.file, hits.rowid LIMIT ?2 OFFSET ?3",
            kind,
            limit,
            offset,
        )
        return tuple(HitLine(device, shown(joined(folder, name)), *about) for device, folder, name, *about in found)

    def hits_of(self, files: Iterable[int]) -> dict[int, list[tuple[Any, ...]]]:
        """Of each of these files its hits, the strongest first: (list, row, kind, digest, distance_bits, framing, turn, ...)."""
        hits: dict[int, list[tuple[Any, ...]]] = {}
        for file, *about in self.rows(
            "SELECT * FROM hits WHERE file IN (SELECT value FROM json_each(?)) "
            "ORDER BY file, kind = 'near', distance_bits, rowid",
            json.dumps(list(files)),
        ):
            hits.setdefault(file, []).append(tuple(about))
        return hits

    def places_of(self, files: Iterable[int]) -> dict[int, tuple[int, bytes]]:
        """Of each of these files its device and its path below the root."""
        found = self.rows(
            "SELECT files.id, folders.device, folders.path, files.name FROM files "
            "JOIN folders ON folders.id = files.folder WHERE files.id IN (SELECT value FROM json_each(?))",
            json.dumps(list(files)),
        )
        return {file: (device, joined(path, name)) for file, device, path, name in found}

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def shown(path: bytes) -> str:
    """A path for reading: bytes that are no UTF-8 become question marks, and what would break a line is written out."""
    text = path.decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
