"""Files that platforms send in parts: each part sealed on the disk as it comes, resumable after anything, never in the clear.

    HOME/uploads/<upload>/<offset>.part        a letter to the content compartment, bound to upload and offset

The platforms' door seals and can't open; a worker compares the digest (upload_jobs.py) and makes an item of a whole file. The row's
`offset` is the truth: a part behind it was never acknowledged, and the next one at that place takes its name.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Sum

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.durable import write_whole
from amparo.foundation.errors import AmparoError, Broken, Missing, Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake.api import upload_jobs
from amparo.intake.api.keys import KeyFacts
from amparo.intake.models import ApiKey, ApiReport, ApiUpload
from amparo.vault import envelope, queries as vault
from amparo.vault.envelope import Binding
from amparo.vault.keys import CONTENT

OPEN, CHECKING, WHOLE, IN_REPORT, DIFFERS, EXPIRED = "open", "checking", "whole", "in_report", "differs", "expired"
PART_BYTES = 4 << 20
LARGEST_BYTES = 16 << 30
MOST_OPEN = 1_000  # of one key, unfinished or in no report yet
MOST_BYTES = 256 << 30
SPARE_BYTES = 1 << 30  # of the disk: reports come before files
UNFINISHED_KEPT = timedelta(days=7)
WHOLE_KEPT = timedelta(days=30)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class Conflict(AmparoError):
    """The upload stands at another place than the sender thinks, or another part is under way."""


@dataclass(frozen=True)
class UploadFacts:
    """offset: how many bytes are sealed here. state: as models.ApiUpload says. report: the one it belongs to."""

    uuid: UUID
    size_bytes: int
    offset: int
    state: str
    name: str
    sha256: str
    report: UUID | None


@dataclass(frozen=True)
class UploadBegun:
    upload: UUID
    key: UUID
    size_bytes: int


@act("upload.begun", power="arrivals.take")
def begin(
    by: Actor, key: KeyFacts, *, name: str, media_type: str, size_bytes: int, sha256: str, report: UUID | None = None
) -> UploadBegun:
    """A file of this size and digest can be sent. Refused beyond the key's limits, Missing for a report that isn't its own."""
    obstacles = []
    if not 0 <= size_bytes <= LARGEST_BYTES:
        obstacles.append(f"A file may have up to {LARGEST_BYTES >> 30} GiB.")
    if not _SHA256.fullmatch(sha256):
        obstacles.append("Give the file's SHA-256 as 64 hex digits.")
    mine = ApiUpload.objects.filter(key_id=key.row, state__in=(OPEN, CHECKING, WHOLE))
    if mine.count() >= MOST_OPEN or (mine.aggregate(all=Sum("size_bytes"))["all"] or 0) + size_bytes > MOST_BYTES:
        obstacles.append("Too many files wait to be finished or to be named by a report. Finish or delete some first.")
    if _free_bytes() < size_bytes + SPARE_BYTES:
        obstacles.append("There is no room for this file just now. Send the report without it, and the file later.")
    if obstacles:
        raise Refused(*obstacles)
    now = clock.now()
    row = ApiUpload.objects.create(
        uuid=new_id(),
        key=ApiKey.objects.get(id=key.row),
        report=_report(key, report) if report else None,
        name=" ".join(name.split())[:255] or "file",
        media_type=media_type[:127],
        size_bytes=size_bytes,
        sha256=sha256.lower(),
        made_at=now,
        changed_at=now,
    )
    if not size_bytes:
        _finished(row)
    return UploadBegun(row.uuid, key.uuid, size_bytes)


def _report(key: KeyFacts, report: UUID) -> ApiReport:
    row = ApiReport.objects.filter(uuid=report, key__sender__tag=key.sender).first()
    if not row:
        raise Missing("There is no such report of yours.", report=str(report))
    return row


def _free_bytes() -> int:
    home = Home.from_env().path
    return shutil.disk_usage(home if home.exists() else home.anchor).free


def facts(key: KeyFacts, upload: UUID) -> UploadFacts:
    """Raises Missing, also for another platform's."""
    return _facts(_row(key, upload))


def _row(key: KeyFacts, upload: UUID) -> ApiUpload:
    found = ApiUpload.objects.select_related("report").filter(uuid=upload, key__sender__tag=key.sender).first()
    if not found:
        raise Missing("There is no such file of yours.", upload=str(upload))
    return found


def _facts(row: ApiUpload) -> UploadFacts:
    report = row.report.uuid if row.report else None
    return UploadFacts(row.uuid, row.size_bytes, row.offset, row.state, row.name, row.sha256, report)


def take(home: Home, key: KeyFacts, upload: UUID, offset: int, stream: BinaryIO, length: int) -> UploadFacts:
    """As much as came is sealed on the disk, and counted. Done again from the offset told, nothing is lost or doubled.

    Raises Conflict for another offset than ours, Refused for more bytes than were said, OSError where the disk refuses.
    """
    with _alone(home, upload):
        row = _row(key, upload)
        if row.state != OPEN:
            raise Conflict("Every byte of this file is here already, or it was given up.", upload=str(upload))
        if offset != row.offset:
            raise Conflict(f"This file stands at byte {row.offset}: go on from there.", upload=str(upload))
        if offset + length > row.size_bytes:
            raise Refused(f"This file was said to have {row.size_bytes} bytes, and this part goes beyond.")
        compartment = vault.compartment_named(CONTENT)
        for part in _parts(stream, length):
            binding = Binding(_part_id(upload, row.offset), compartment.uuid)
            letter = envelope.seal_letter(part, compartment.public_key, binding)
            write_whole(_part(home, upload, row.offset), letter)
            row.offset += len(part)
            _advance(row)
        return _facts(row)


def _parts(stream: BinaryIO, length: int) -> Iterator[bytes]:
    """What the stream gives, in parts; a connection that breaks ends it with what came until then."""
    left = length
    while left > 0:
        part, full = bytearray(), min(PART_BYTES, left)
        try:
            while len(part) < full and (block := stream.read(min(1 << 18, full - len(part)))):
                part += block
        except OSError:  # Django's UnreadablePostError, and the socket's own
            left = len(part)
        if not part:
            return
        yield bytes(part)
        left -= len(part)


def _advance(row: ApiUpload) -> None:
    with transaction.atomic():
        row.changed_at = clock.now()
        row.save(update_fields=["offset", "changed_at"])
        if row.offset == row.size_bytes:
            _finished(row)


def _finished(row: ApiUpload) -> None:
    """A worker compares its digest. A large one waits among the long jobs, so that no report waits behind it."""
    row.state = CHECKING
    row.save(update_fields=["state"])
    upload_jobs.task_for(row.size_bytes).enqueue(upload=str(row.uuid))


@contextmanager
def _alone(home: Home, upload: UUID) -> Iterator[None]:
    """No other part of this file is taken meanwhile, by whichever process."""
    folder = _folder(home, upload)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("Another part of this file is being taken.", upload=str(upload)) from None
        yield


def join(by: Actor, key: KeyFacts, report: ApiReport, named: Iterable[str]) -> tuple[int, ...]:
    """These files are the report's from now on; the numbers of those that are no file of this platform."""
    unknown = []
    for number, each in enumerate(named):
        if not each:
            continue
        mine = ApiUpload.objects.select_for_update(of=("self",)).select_related("report")
        uuid = _uuid(each)
        row = mine.filter(uuid=uuid, key__sender__tag=key.sender).first() if uuid else None
        if row is None or row.state in (DIFFERS, EXPIRED) or (row.report and row.report.uuid != report.uuid):
            unknown.append(number)
            continue
        row.report = report
        row.save(update_fields=["report"])
        if row.state == WHOLE:
            upload_jobs.task_for(row.size_bytes).enqueue(upload=str(row.uuid))
    return tuple(unknown)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class UploadGivenUp:
    upload: UUID


@act("upload.given_up", power="arrivals.take")
def give_up(by: Actor, key: KeyFacts, upload: UUID) -> UploadGivenUp:
    """The file is not sent after all: its parts are removed. Refused for one that a report holds."""
    row = _row(key, upload)
    if row.state == IN_REPORT or (row.report and row.report.report):
        raise Refused("This file belongs to a report, and stays there.")
    _drop(row, EXPIRED)
    return UploadGivenUp(upload)


def _drop(row: ApiUpload, state: str) -> None:
    row.state, row.changed_at = state, clock.now()
    row.save(update_fields=["state", "changed_at"])
    transaction.on_commit(lambda: forget_parts(Home.from_env(), row.uuid))


# --- The worker's side -----------------------------------------------------------------------------------------------------


def forget_parts(home: Home, upload: UUID) -> None:
    shutil.rmtree(_folder(home, upload), ignore_errors=True)


class Parts(io.RawIOBase):
    """The file again, from its parts in their order. open_part: opens a letter. Raises Broken where one is missing or changed."""

    def __init__(self, home: Home, upload: UUID, size_bytes: int, open_part: Callable[[bytes, UUID], bytes]) -> None:
        super().__init__()
        self._home, self._upload, self._size, self._open = home, upload, size_bytes, open_part
        self._offset, self._piece = 0, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._piece and self._offset < self._size:
            try:
                letter = _part(self._home, self._upload, self._offset).read_bytes()
            except FileNotFoundError as error:
                raise Broken("A part of a platform's file is gone: it must be sent again.") from error
            piece = self._open(letter, _part_id(self._upload, self._offset))[: self._size - self._offset]
            if not piece:
                raise Broken("A part of a platform's file is empty: it must be sent again.")
            self._piece = memoryview(piece)
            self._offset += len(piece)
        given = min(len(buffer), len(self._piece))
        memoryview(buffer)[:given] = self._piece[:given]
        self._piece = self._piece[given:]
        return given


def _folder(home: Home, upload: UUID) -> Path:
    return home.path / "uploads" / str(upload)


def _part(home: Home, upload: UUID, offset: int) -> Path:
    return _folder(home, upload) / f"{offset:020d}.part"


def _part_id(upload: UUID, offset: int) -> UUID:
    return uuid5(upload, f"part {offset}")


def expire(home: Home) -> int:
    """Files that nobody went on with, or that no report named, are given up. How many."""
    now, done = clock.now(), 0
    for state, kept in ((OPEN, UNFINISHED_KEPT), (WHOLE, WHOLE_KEPT)):
        stale = ApiUpload.objects.filter(state=state, changed_at__lt=now - kept)
        if state == WHOLE:
            stale = stale.filter(report=None)
        for row in stale[:100]:
            with transaction.atomic():
                _drop(row, EXPIRED)
            done += 1
    return done


__all__ = ["Conflict", "Parts", "UploadFacts", "begin", "expire", "facts", "give_up", "join", "take"]
