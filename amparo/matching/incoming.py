"""A list on its way in: its file as it came, and what the sandbox read of it, until it is built or refused.

    <home>/lists/.incoming/<uuid>/    upload    records    reading.json

Nothing here counts. `upload` goes once it was read, the rest once the list stands; what a killed process left is taken up again
(`reading.json` is there when `records` is whole) or swept away.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

from amparo.foundation.durable import sync_folder, write_whole
from amparo.foundation.errors import Missing
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.matching import rules
from amparo.matching.building import Source
from amparo.matching.records import NO_CATEGORY, RECORD, WITHDRAWN, made
from amparo.matching.versions import shelf_of
from amparo.sandbox.readings import HashListReading, RowProblem
from amparo.sandbox.warden import the_warden

# A list of a hundred million hashes is read in minutes; a reader that needs hours is not reading.
READING_SECONDS = 4 * 3600
KEPT_PROBLEMS = 100
FORGOTTEN_AFTER_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Upload:
    """A file that lies ready to be read. sha256: of its bytes, in hexadecimal."""

    list: UUID
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Read:
    """What was read. categories: (scheme, code), by the numbers that records bear. unsupported: hashes by kinds not compared here.

    problems: (where, what is wrong) of the first rows that can't be read; problem_count: of how many.
    """

    categories: tuple[tuple[str, str], ...]
    format: str
    unsupported: dict[str, int]
    problems: tuple[tuple[str, str], ...]
    problem_count: int


def folder_for(home: Home, list_uuid: UUID) -> Path:
    return shelf_of(home) / ".incoming" / str(list_uuid)


def make_folder(home: Home, list_uuid: UUID) -> Path:
    """The folder, made where it isn't there, its owner's alone."""
    folder = folder_for(home, list_uuid)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def forget(home: Home, list_uuid: UUID) -> None:
    """Nothing of a list on its way in is left."""
    shutil.rmtree(folder_for(home, list_uuid), ignore_errors=True)


def sweep(home: Home, importing: Iterable[UUID]) -> None:
    """What was left of lists that are not being imported any more goes; an upload not yet asked for may be a day old."""
    names = {str(each) for each in importing}
    for place in (shelf_of(home) / ".incoming", shelf_of(home) / ".building"):
        for folder in place.iterdir() if place.exists() else ():
            if folder.name not in names and time.time() - folder.stat().st_mtime > FORGOTTEN_AFTER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


class Receiving:
    """An upload as it comes, piece by piece, onto the disk."""

    def __init__(self, home: Home) -> None:
        self._home, self.list = home, new_id()
        folder = make_folder(home, self.list)
        descriptor = os.open(folder / "upload", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file, self._digest = os.fdopen(descriptor, "wb"), hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._file.write(piece)

    def finish(self) -> Upload:
        """It lies on the disk, whole."""
        self._file.flush()
        os.fsync(self._file.fileno())
        size_bytes = self._file.tell()
        self._file.close()
        sync_folder(folder_for(self._home, self.list))
        return Upload(self.list, size_bytes, self._digest.hexdigest())

    def give_up(self) -> None:
        self._file.close()
        forget(self._home, self.list)


# --- Rows in hand -----------------------------------------------------------------------------------------------------------


def write_rows(
    home: Home,
    list_uuid: UUID,
    scheme: str,
    added: Iterable[Mapping[str, str]],
    removed: Iterable[Mapping[str, str]] = (),
) -> Read:
    """Rows that need no reader as the records of a list on its way in. Those taken back come first: they name the base's.

    Rows are as rules.row_of reads them; problems are numbered among all, 1 the first.
    """
    categories: dict[tuple[str, str], int] = {}
    problems: list[tuple[str, str]] = []
    written: list[tuple[int, int, str, int, bytes]] = []
    flagged = [*((cells, WITHDRAWN) for cells in removed), *((cells, 0) for cells in added)]
    for number, (cells, flag) in enumerate(flagged, 1):
        try:
            row = rules.row_of(cells)
        except ValueError as fault:
            problems.append((f"row {number}", str(fault)))
            continue
        named = (cells.get("scheme") or scheme, row.category)
        category = categories.setdefault(named, len(categories)) if row.category else NO_CATEGORY
        written += [(number, category, kind, flag, value) for kind, value in row.hashes]
    folder = make_folder(home, list_uuid)
    write_whole(folder / "records", made(written).tobytes())
    read = Read(tuple(categories), "rows", {}, tuple(problems[:KEPT_PROBLEMS]), len(problems))
    _remember(folder, read)
    return read


# --- Files ------------------------------------------------------------------------------------------------------------------


def read_upload(
    home: Home, list_uuid: UUID, options: Mapping[str, str], scheme: str, progress: Callable[[int], None]
) -> Read:
    """What the sandbox makes of the upload, or made of it before this process was killed.

    options: for the reader. scheme: of categories, where the file names none. progress: told how many hashes were read so far.
    Raises ExaminationFailed, Missing where there is no upload.
    """
    folder = folder_for(home, list_uuid)
    if (folder / "reading.json").exists():
        return _remembered(folder)
    if not (folder / "upload").exists():
        raise Missing("The file of this list is not there any more. Import it again.", list=str(list_uuid))
    # A list is no report and no case: each is a boundary of its own.
    with (
        (folder / "upload").open("rb") as upload,
        _Watched(folder / "records", progress) as records,
        the_warden().boundary(list_uuid) as box,
    ):
        reading = cast(
            "HashListReading",
            box.examine("hash_list", upload, into=cast("BinaryIO", records), limit_s=READING_SECONDS, **options),
        )
        os.fsync(records.fileno())
    read = _as_read(reading, scheme)
    _remember(folder, read)
    (folder / "upload").unlink()
    return read


class _Watched(io.FileIO):
    """A file that tells now and then how many records it holds."""

    def __init__(self, path: Path, progress: Callable[[int], None]) -> None:
        super().__init__(path, "w")
        path.chmod(0o600)
        self._progress, self._told = progress, 0.0

    def write(self, piece: Any, /) -> int:
        written = 0
        with memoryview(piece) as view:
            while written < len(view):
                written += super().write(view[written:]) or 0
        if time.monotonic() - self._told >= 1:
            self._told = time.monotonic()
            self._progress(self.tell() // RECORD.itemsize)
        return written


def _as_read(reading: HashListReading, scheme: str) -> Read:
    return Read(
        categories=tuple((own or scheme, code) for own, code in reading.categories),
        format=reading.format,
        unsupported=reading.unsupported,
        problems=tuple((_place(each), each.problem) for each in reading.problems[:KEPT_PROBLEMS]),
        problem_count=reading.problems_in_all,
    )


def _place(problem: RowProblem) -> str:
    return f"line {problem.line}" if problem.line else problem.element or "somewhere"


def _remember(folder: Path, read: Read) -> None:
    write_whole(folder / "reading.json", json.dumps(asdict(read)).encode())


def _remembered(folder: Path) -> Read:
    said = json.loads((folder / "reading.json").read_bytes())
    return Read(
        tuple((scheme, code) for scheme, code in said["categories"]),
        said["format"],
        said["unsupported"],
        tuple((place, problem) for place, problem in said["problems"]),
        said["problem_count"],
    )


def source_of(home: Home, list_uuid: UUID, read: Read, *, withdrawals: bool = False) -> Source:
    """What the builder reads. withdrawals: all of it is taken back."""
    return Source(folder_for(home, list_uuid) / "records", read.categories, withdrawals)


def has_rows(source: Source) -> bool:
    """Whether anything was read."""
    return bool(source.records.stat().st_size)
