"""What a scan has found so far: one SQLite file a scan, so that a power cut costs the files under way and nothing else.

A file of its own rather than rows of the house's database: a million lines of one phone are not the house's business, no
officer's page waits for them, the engine needs no Django, and when the scan is no longer kept it goes with all it holds. One
process writes; pages read at the same time (WAL). Nothing is changed once it stands in `results`, but for copies, which take
their outcome from the file they are copies of.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from amparo.foundation.errors import Broken, Missing
from amparo.matching.scan.facts import Device
from amparo.matching.scan.tally import Summary, Tally

FORM = 1
_CACHE_KIB = 16_384

_SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE devices (id INTEGER PRIMARY KEY, label TEXT NOT NULL, root BLOB NOT NULL, inode INTEGER NOT NULL);
-- A folder's entries have consecutive numbers in `files`; no last one: the folder has not been read yet.
CREATE TABLE folders (
    id INTEGER PRIMARY KEY, device INTEGER NOT NULL, path BLOB NOT NULL, first_file INTEGER, last_file INTEGER
);
-- An empty name is the folder itself, which has a line of its own where something was wrong with it.
CREATE TABLE files (
    id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, name BLOB NOT NULL, type TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    modified_us INTEGER, accessed_us INTEGER, changed_us INTEGER
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, first_file INTEGER NOT NULL, last_file INTEGER NOT NULL, files INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE shared_sizes (size_bytes INTEGER PRIMARY KEY);
CREATE TABLE contents (sha256 BLOB PRIMARY KEY, file INTEGER NOT NULL) WITHOUT ROWID;
-- An empty outcome: that of the file it is a copy of.
CREATE TABLE results (
    file INTEGER PRIMARY KEY, outcome TEXT NOT NULL, reason TEXT NOT NULL, kind TEXT NOT NULL, media_type TEXT NOT NULL,
    md5 BLOB, sha1 BLOB, sha256 BLOB, look BLOB, copy_of INTEGER
);
CREATE INDEX results_copies ON results (copy_of) WHERE copy_of IS NOT NULL;
-- One a listed row, as amparo.matching.rules.Found says it.
CREATE TABLE hits (
    file INTEGER NOT NULL, list TEXT NOT NULL, row INTEGER NOT NULL, kind TEXT NOT NULL, digest TEXT NOT NULL,
    distance_bits INTEGER NOT NULL, framing TEXT NOT NULL, turn TEXT NOT NULL, at_ms INTEGER, frames INTEGER NOT NULL,
    scheme TEXT NOT NULL, code TEXT NOT NULL
);
CREATE INDEX hits_of_file ON hits (file);
CREATE TABLE tally (
    device INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, media INTEGER NOT NULL, copies INTEGER NOT NULL,
    files INTEGER NOT NULL, size_bytes INTEGER NOT NULL, PRIMARY KEY (device, outcome, reason, media, copies)
) WITHOUT ROWID;
"""


class Store:
    """A scan's file, open for writing. Safe to share among threads; what they wrote is on the disk after `commit`."""

    def __init__(self, path: Path) -> None:
        """Opens it. Raises Missing where there is none, Broken where it is none of ours."""
        if not path.exists():
            raise Missing(f"There is no scan at {path}.")
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode=WAL", "synchronous=FULL", f"cache_size=-{_CACHE_KIB}", "busy_timeout=20000"):
            self._connection.execute(f"PRAGMA {setting}")
        self._open = False
        if self.about("form") != FORM:
            raise Broken(
                f"{path} was not written by this version of Amparo; finish the scan with the one that began it."
            )
        self.devices = {
            each[0]: Device(*each) for each in self._connection.execute("SELECT id, label, root, inode FROM devices")
        }
        self.tally = self._tally_kept()

    @classmethod
    def make(cls, path: Path, devices: Iterable[Device], **about: Any) -> Self:
        """A new scan of these trees, its roots waiting to be walked. about: what else it must know, JSON-able."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.executescript(f"PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; {_SCHEMA}")
        said = {"form": FORM, "walked": 0, "planned": False, **about}
        connection.executemany(
            "INSERT INTO about VALUES (?, ?)", [(key, json.dumps(value)) for key, value in said.items()]
        )
        for each in devices:
            connection.execute("INSERT INTO devices VALUES (?, ?, ?, ?)", (each.id, each.label, each.root, each.inode))
            connection.execute("INSERT INTO folders (device, path) VALUES (?, ?)", (each.id, b""))
        connection.execute("COMMIT")
        connection.close()
        return cls(path)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection within the running transaction, and nobody else in it.

        What is raised inside takes back all that was not committed yet: it is done again, rather than half of it kept.
        """
        with self._lock:
            if not self._open:
                self._connection.execute("BEGIN IMMEDIATE")
                self._open = True
            try:
                yield self._connection
            except BaseException:
                if self._open:
                    self._open = False
                    self._connection.execute("ROLLBACK")
                    self.tally = self._tally_kept()
                raise

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """The answer, with what this process wrote and did not commit yet."""
        with self._lock:
            return self._connection.execute(question, values).fetchall()

    def commit(self) -> None:
        """What was written so far is on the disk."""
        with self._lock:
            if self._open:
                changed = self.tally.changed()
                self._connection.executemany("INSERT OR REPLACE INTO tally VALUES (?, ?, ?, ?, ?, ?, ?)", changed)
                self._connection.execute("COMMIT")
                self._open = False

    def count_again(self) -> None:
        """The tally is what stands in its table: somebody wrote there."""
        with self._lock:
            self.tally = self._tally_kept()

    def _tally_kept(self) -> Tally:
        return Tally.of(self._connection.execute("SELECT * FROM tally"))

    def about(self, name: str) -> Any:
        """None where it was never said. Raises Broken where this file is no scan."""
        try:
            found = self.rows("SELECT value FROM about WHERE name = ?", name)
        except sqlite3.DatabaseError as error:
            raise Broken("This file is no scan, or it is damaged.") from error
        return json.loads(found[0][0]) if found else None

    def say(self, **about: Any) -> None:
        with self.writing() as connection:
            pairs = [(name, json.dumps(value)) for name, value in about.items()]
            connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", pairs)

    def summary(self) -> Summary:
        with self._lock:
            return self.tally.summed()

    def close(self) -> None:
        """Commits and closes; harmless twice."""
        with self._lock:
            try:
                self.commit()
            finally:
                self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
