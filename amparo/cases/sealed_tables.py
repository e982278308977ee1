"""A case's tables: Parquet kept as sealed items of its compartment, read and written by DuckDB with no plaintext on the disk.

DuckDB asks an fsspec file system for ranges; each is decrypted from the sealed file's chunks as it is read, and what DuckDB writes
is sealed as it comes. Nothing spills: DuckDB 2.0 encrypts its temporary files only with an extension. Measured beside whole files
decrypted into memory (docs/benchmarks.md): less memory, and the first row sooner.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from uuid import UUID

from django.conf import settings
from fsspec import AbstractFileSystem

from amparo.access.acts import Actor
from amparo.cases.entering import editable
from amparo.cases.sealing import Sealing
from amparo.cases.tables.store import ROW_GROUP, Store, literal, opened
from amparo.foundation.errors import AmparoError, Refused
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.actions import ItemSealed, Opened, Unentered
from amparo.vault.keys import Unlock
from amparo.vault.queries import CompartmentFacts

PARQUET = "application/vnd.apache.parquet"
SCHEME = "sealed"
Writer = Callable[[BinaryIO], object]
Given = TypeVar("Given")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_UNCHANGED = datetime(2000, 1, 1, tzinfo=UTC)  # a sealed item never changes, so what is read once may be kept in memory


class _SealedFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec comes without types
    """The open items of one store by name, `sealed://payments.parquet`, and what is being written beside them."""

    protocol = SCHEME
    cachable = False

    def __init__(self) -> None:
        super().__init__(skip_instance_cache=True)
        self.readable: dict[str, Opened] = {}
        self.made: dict[str, Sealing] = {}
        self.begin: Callable[[str], Sealing] | None = None
        self.problem: AmparoError | None = None

    def open(self, path: str, mode: str = "rb", *args: object, **given: object) -> Any:
        name = _bare(path)
        if "r" in mode:
            if name not in self.readable:
                raise FileNotFoundError(path)
            return _Reading(self, self.readable[name].again)
        if not self.begin:
            raise PermissionError(path)
        self.made[name] = self.begin(name)
        return _Writing(self.made[name])

    def info(self, path: str, **given: object) -> dict[str, Any]:
        name = _bare(path)
        if name not in self.readable:
            raise FileNotFoundError(path)
        return {"name": path, "size": self.readable[name].facts.size_bytes, "type": "file"}

    def modified(self, path: str) -> datetime:
        return _UNCHANGED

    def exists(self, path: str, **given: object) -> bool:
        return _bare(path) in self.readable

    def isfile(self, path: str) -> bool:
        return self.exists(path)

    def glob(self, path: str, *args: object, **given: object) -> list[str]:
        return [path] if self.exists(path) else []

    def ls(self, path: str, detail: bool = True, **given: object) -> list[Any]:
        return []

    def close(self) -> None:
        for each in self.readable.values():
            each.close()


class _Reading:
    """A stream as DuckDB reads it: several of its threads share one, each seeking before it reads, so each has a position here.

    What fails is kept, since DuckDB hands on no more than its words.
    """

    def __init__(self, files: _SealedFiles, again: Callable[[], io.BufferedReader]) -> None:
        self._files, self._again = files, again
        self._mine = threading.local()
        self._streams: list[io.BufferedReader] = []

    def _stream(self) -> io.BufferedReader:
        found: io.BufferedReader | None = getattr(self._mine, "stream", None)
        if found is None:
            found = self._mine.stream = self._kept(self._again)
            self._streams.append(found)
        return found

    def _kept(self, call: Callable[[], Given]) -> Given:
        try:
            return call()
        except AmparoError as error:
            self._files.problem = error
            raise

    def read(self, size: int = -1) -> bytes:
        return self._kept(lambda: self._stream().read(size))

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        return self._stream().seek(place, whence)

    def tell(self) -> int:
        return self._stream().tell()

    def close(self) -> None:
        for each in self._streams:
            each.close()


class _Writing:
    """A stream as DuckDB writes it. It is finished by the store, which knows whether the statement came to its end."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def write(self, piece: bytes) -> int:
        return self._sealing.write(piece)

    def tell(self) -> int:
        return self._sealing.tell()

    def flush(self) -> None:
        self._sealing.flush()

    def close(self) -> None:
        self._sealing.flush()


def _bare(path: str) -> str:
    return str(path).removeprefix(f"{SCHEME}://")


@dataclass
class SealedStore(Store):
    """A store whose tables are sealed items: read as views under their names; `parquet` seals its rows instead of writing a file.

    sealed: what `parquet` sealed, by the file's name, until `enter_tables` makes it items. counts: rows of every table it sealed.
    """

    files: _SealedFiles = field(default_factory=_SealedFiles)
    sealed: dict[str, Unentered] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def holds(self, file: Path) -> str:
        return literal(f"{SCHEME}://{file.name}") if self.files.exists(file.name) else ""

    def link(self, file: Path, ending: str) -> str:
        """As `Store.link`; a sealed table's name stands for itself."""
        return self.holds(file) or super().link(file, ending)

    def parquet(self, sql: str, out: Path, *, group: int = ROW_GROUP, compression: str = "zstd") -> int:
        """How many rows were sealed as `out.name`; nothing lies at `out`. The query must order its rows. Same rows, same bytes."""
        place = literal(f"{SCHEME}://{out.name}")
        try:
            count = int(
                self.one(f"COPY ({sql}) TO {place} (FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE {group})")
            )
        except BaseException:
            if begun := self.files.made.pop(out.name, None):
                begun.abandon()
            raise
        self.sealed[out.name] = self.files.made.pop(out.name).finish()
        self.counts[_table(out.name)] = count
        return count

    def view(self, name: str) -> None:
        self.run(
            f"CREATE OR REPLACE VIEW {_identifier(name)} AS "
            f"SELECT * FROM read_parquet({literal(f'{SCHEME}://{name}.parquet')})"
        )


def _table(file: str) -> str:
    return re.sub(r"[.-]", "_", file.removesuffix(".parquet"))


def _identifier(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused(f"{name!r} is no name for a table: use small letters, digits and _.")
    return f'"{name}"'


@contextmanager
def opened_tables(
    by: Actor, tables: Mapping[str, UUID], *, purpose: str, unlock: Unlock, memory: str = ""
) -> Iterator[SealedStore]:
    """A store in which each sealed item is a view under its name. Each opening stands in the record, with the purpose.

    Refused without power, purpose or key, or where the rows need more than `memory` (AMPARO_TABLES_MEMORY); Missing; Broken where a
    byte that is read isn't what was sealed.
    """
    files = _SealedFiles()
    try:
        with _told(files), opened(filesystem=files, memory=memory or settings.TABLES_MEMORY) as plain:
            store = SealedStore(plain.con, plain.work, files=files)
            for name, item in tables.items():
                _identifier(name)
                files.readable[f"{name}.parquet"] = vault.open_item(by, item, purpose, unlock, in_parts=True)
                store.view(name)
            yield store
    finally:
        files.close()


@contextmanager
def sealing_tables(
    by: Actor,
    case: UUID,
    tables: Mapping[str, UUID],
    *,
    origin: UUID,
    purpose: str,
    unlock: Unlock,
    memory: str = "",
) -> Iterator[SealedStore]:
    """As `opened_tables`, and what `store.parquet` writes is sealed into the case's compartment: `enter_tables` makes it items.

    What nobody entered is gone from the disk at the end. origin: the platform, seizure or run that the tables belong to.
    """
    within = vault_queries.compartment(editable(by, case).compartment)
    with opened_tables(by, tables, purpose=purpose, unlock=unlock, memory=memory) as store:
        store.files.begin = lambda name: Sealing(within, name, origin, derived=True, media_type=PARQUET)
        try:
            yield store
        finally:
            for begun in store.files.made.values():
                begun.abandon()
            for file in store.sealed.values():
                vault.forget_file(file)
            store.sealed.clear()


def enter_tables(by: Actor, store: SealedStore) -> dict[str, ItemSealed]:
    """What the store sealed so far is items, by table name, with the caller's transaction or not at all.

    A name is its file's: links.parquet is `links`, links.weak-bridges.parquet is `links_weak_bridges`.
    """
    entered_now = {_table(name): vault.enter_item(by, file) for name, file in store.sealed.items()}
    store.sealed.clear()
    return entered_now


def write_tables(by: Actor, case: UUID, tables: Mapping[str, Path | Writer], *, origin: UUID) -> dict[str, UUID]:
    """The tables (a Parquet file, or a function that writes one to a stream) as sealed items of the case, by name.

    A path is read and left as it lies: results that are secret are written by `sealing_tables`, not to a file. OSError where the
    disk refuses; then none of them is an item.
    """
    within = vault_queries.compartment(editable(by, case).compartment)
    for name in tables:
        _identifier(name)
    files = {name: _sealed_file(within, f"{name}.parquet", source, origin) for name, source in tables.items()}
    return {name: vault.enter_item(by, file).item for name, file in files.items()}


def _sealed_file(within: CompartmentFacts, name: str, source: Path | Writer, origin: UUID) -> Unentered:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return vault.seal_file(within, stream, name=name, origin=origin, derived=True, media_type=PARQUET)
    sealing = Sealing(within, name, origin, derived=True, media_type=PARQUET)
    try:
        source(sealing)  # type: ignore[arg-type]  # what a writer needs of a stream: write, tell, flush
    except BaseException:
        sealing.abandon()
        raise
    return sealing.finish()


@contextmanager
def _told(files: _SealedFiles) -> Iterator[None]:
    """A changed byte is told as what it is, not in DuckDB's words."""
    import duckdb

    try:
        yield
    except (duckdb.Error, Refused) as error:
        if files.problem:
            raise files.problem from error
        raise
