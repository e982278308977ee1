"""The one place that starts DuckDB: no network, no extensions, no files but those it is given, bounded memory and threads.

Tables are read by DuckDB's own readers (C++), not inside the decoder sandbox; docs/threats.md says so under what is not met.
What bounds it: external access is off and the settings are locked before the first byte is read, so that a statement reaches
only the work folder and the folder of results; file names never reach it (each file is linked under a number, so that no name
is taken for a pattern); column names and words from a mapping are quoted; the command line confines its process with Landlock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from amparo.cases.tables.work_folder import work_folder
from amparo.foundation.errors import Refused

Progress = Callable[[str, int], None]  # what is done, and how many rows of it by now

THREADS = 2
MEMORY = "2GiB"
ROW_GROUP = 122_880  # DuckDB's own unit; fixed, so that the same rows are cut the same way
PACKED = "zstd, COMPRESSION_LEVEL 1"  # within a tenth of the usual level 3 in size, for a fifth less time


def silent(what: str, rows: int) -> None:
    """Tells nobody."""


def literal(text: str) -> str:
    """A text as SQL writes it."""
    if "\0" in text:
        raise Refused("A name holds a zero character, which no platform writes. Correct the mapping.")
    return "'" + text.replace("'", "''") + "'"


@dataclass
class Store:
    """A DuckDB in memory that spills into `work`, a folder of its own. Tables in it live as long as the store is open."""

    con: Any
    work: Path
    linked: int = field(default=0)
    in_memory: bool = field(default=False)  # what is read is secret: nothing of it is laid on a disk in between

    def run(self, sql: str, values: list[Any] | None = None) -> None:
        """The statement is done, and no result is left open (DuckDB 2.0 lets a half-read one block the connection)."""
        self.con.execute(sql, values or []).fetchall()

    def rows(self, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.con.execute(sql, values or []).fetchall()
        return found

    def one(self, sql: str, values: list[Any] | None = None) -> Any:
        """The first cell of the first row."""
        return self.rows(sql, values)[0][0]

    def arrays(self, sql: str) -> dict[str, np.ndarray]:
        """The result by column. No cell may be NULL."""
        found = self.con.execute(sql).fetchnumpy()
        return {name: np.ascontiguousarray(np.ma.getdata(column)) for name, column in found.items()}

    def table(self, name: str, columns: dict[str, np.ndarray]) -> None:
        """A table of these columns, in the order of their rows."""
        self.con.register("given_columns", columns)
        self.run(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given_columns")
        self.con.unregister("given_columns")

    def holds(self, file: Path) -> str:
        """The quoted name of a table that the store has open itself, under this file's name; empty for any other file."""
        return ""

    def link(self, file: Path, ending: str) -> str:
        """The quoted name under which DuckDB may read this file."""
        self.linked += 1
        place = self.work / f"{self.linked}.{ending}"
        place.symlink_to(file.absolute())
        return literal(str(place))

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """A file that this process may write and read, in its own folder, or in memory alone; gone afterwards."""
        if not self.in_memory or not hasattr(os, "memfd_create"):
            place = self.work / name
            yield place
            place.unlink(missing_ok=True)
            return
        descriptor = os.memfd_create(name)
        try:
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)

    def parquet(self, sql: str, out: Path, *, group: int = ROW_GROUP, compression: str = "zstd") -> int:
        """How many rows were written to `out`, whole or not at all. The query must order its rows. Same rows, same bytes.

        group: rows of a row group; smaller ones where a few rows are looked up, since the least that is read is a group.

        compression: snappy where all of it is read again and again, which costs twice the size and saves time.
        """
        fresh = self.work / f"out-{self.linked}.parquet"
        self.linked += 1
        self.run(
            f"COPY ({sql}) TO {literal(str(fresh))} (FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE {group})"
        )
        count = int(self.one(f"SELECT count(*) FROM read_parquet({literal(str(fresh))})"))
        keep(fresh, out)
        return count


def keep(fresh: Path, out: Path) -> None:
    """Moves a file of the work folder to `out`, whole or not at all, and on disk."""
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        if not _moved(fresh, beside):
            with fresh.open("rb") as source, os.fdopen(os.open(beside, _NEW, 0o600), "wb") as target:
                while piece := source.read(1 << 20):
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
        fresh.unlink(missing_ok=True)


def _moved(fresh: Path, beside: Path) -> bool:
    """Whether it could be moved there. On another file system, or confined by Landlock, it must be copied."""
    try:
        fresh.replace(beside)
    except OSError:
        return False
    beside.chmod(0o600)
    descriptor = os.open(beside, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@contextmanager
def opened(
    readable: Iterable[Path] = (),
    spill: Path | None = None,
    *,
    memory: str = MEMORY,
    threads: int = THREADS,
    filesystem: Any = None,
    in_memory: bool = False,
) -> Iterator[Store]:
    """A store whose work folder lies in `spill` (the system's temporary folder if None) and is gone afterwards (work_folder.py).

    readable: the files that are read; it can open no other.

    memory: what DuckDB holds before it spills to the work folder, as "2GiB".

    in_memory: nothing of what is read may be laid on a disk in between: nothing spills, and scratch files have no name.

    filesystem: an fsspec file system of one protocol, reached beside the files. What is read through it is secret, so that nothing
    spills then: DuckDB 2.0 would encrypt its temporary files only with an extension. What needs more memory is refused.
    """
    import duckdb

    with work_folder(spill) as work:
        try:
            con = duckdb.connect(
                ":memory:",
                config={
                    "threads": threads,
                    "memory_limit": memory,
                    "temp_directory": "" if filesystem or in_memory else str(work / "spilled"),
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "allow_community_extensions": "false",
                    "allow_unsigned_extensions": "false",
                    "preserve_insertion_order": "true",
                },
            )
        except duckdb.Error as error:
            raise Refused(f"The analysis could not start: {_first_line(error)}") from error
        try:
            con.execute("SET TimeZone = 'UTC'")
            directories = [str(work) + "/"]
            if filesystem:
                con.register_filesystem(filesystem)
                directories.append(f"{filesystem.protocol}://")
            con.execute(f"SET allowed_directories = [{', '.join(map(literal, directories))}]")
            paths = ", ".join(literal(str(each.resolve())) for each in readable)
            con.execute(f"SET allowed_paths = [{paths}]")
            con.execute("SET enable_external_access = false")
            con.execute("SET lock_configuration = true")
            yield Store(con, work, in_memory=in_memory)
        except duckdb.OutOfMemoryException as error:
            raise Refused(
                f"The tables need more than {memory} of memory: give more, as AMPARO_TABLES_MEMORY=8GiB."
                if filesystem or in_memory
                else f"The tables need more than {memory} of memory or the disk for spilled data is full: "
                "give --memory more, or set TMPDIR to a disk with room."
            ) from error
        except duckdb.Error as error:
            raise Refused(
                f"The files could not be read to their end ({_first_line(error)}): leave out one after another to find which."
            ) from error
        finally:
            con.close()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]
