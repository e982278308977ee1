"""Scans in the record and in the house's database: that one began, stopped, went on and ended, and with what.

What each file came to lies in the scan's own file (`scan/store.py`), under `<home>/scans/<uuid>/`; here stand the counts and the
manifest's digest, which proves it.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.matching.models import Scan
from amparo.matching.scan.tally import Summary
from amparo.vault import queries as vault

RUNNING, STOPPED, FINISHED = "running", "stopped", "finished"


def folder_of(home: Home, scan: UUID) -> Path:
    return home.path / "scans" / str(scan)


def file_of(home: Home, scan: UUID) -> Path:
    return folder_of(home, scan) / "scan.sqlite3"


@contextmanager
def held(home: Home, scan: UUID) -> Iterator[None]:
    """Nobody else works at this scan meanwhile. Refused where somebody does."""
    with (folder_of(home, scan) / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused("This scan is running already.", scan=scan) from error
        yield


def is_worked_at(home: Home, scan: UUID) -> bool:
    """Whether a process of this machine works at it now; one that was killed does not."""
    with suppress(FileNotFoundError), (folder_of(home, scan) / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@dataclass(frozen=True)
class Seized:
    """A seized tree as it is recorded. root: where its image is mounted. device: the case's registered device, where it is one."""

    label: str
    root: bytes
    device: UUID | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of label and root, a zero byte between them: the record holds no words."""
        return hashlib.sha256(self.label.encode() + b"\0" + self.root).hexdigest()


@dataclass(frozen=True)
class ScanStarted:
    scan: UUID
    case: UUID | None
    devices: tuple[UUID, ...]
    roots: tuple[str, ...]
    lists: tuple[UUID, ...]


@act("scan.started", power="scans.run")
def start_scan(
    by: Actor,
    *,
    scan: UUID,
    trees: Sequence[Seized],
    lists: Sequence[UUID],
    case: UUID | None = None,
    compartment: UUID | None = None,
) -> ScanStarted:
    """A scan of these trees with these lists has begun. compartment: the case's, whose officers alone see the scan."""
    Scan.objects.create(
        uuid=scan,
        case=case,
        compartment=compartment,
        devices=[each.label for each in trees],
        lists=[str(each) for each in lists],
        state=RUNNING,
        started_at=clock.now(),
    )
    registered = tuple(each.device for each in trees if each.device)
    return ScanStarted(scan, case, registered, tuple(each.digest for each in trees), tuple(lists))


@dataclass(frozen=True)
class ScanResumed:
    scan: UUID
    case: UUID | None
    lists: tuple[UUID, ...]


@act("scan.resumed", power="scans.run")
def resume_scan(by: Actor, scan: UUID, lists: Sequence[UUID]) -> ScanResumed:
    """It goes on where it stopped. lists: those of its lists that were not withdrawn meanwhile."""
    row = _unfinished(scan)
    row.state, row.ended_at = RUNNING, None
    row.save()
    return ScanResumed(scan, row.case, tuple(lists))


@dataclass(frozen=True)
class ScanStopped:
    scan: UUID
    case: UUID | None
    found: int
    done: int


@act("scan.stopped", power="scans.run")
def stop_scan(by: Actor, scan: UUID, summary: Summary) -> ScanStopped:
    """It stopped before its end, and can go on."""
    row = _unfinished(scan)
    row.state, row.ended_at, row.figures = STOPPED, clock.now(), figures_of(summary)
    row.save()
    return ScanStopped(scan, row.case, summary.found, summary.done)


@dataclass(frozen=True)
class ScanFinished:
    scan: UUID
    case: UUID | None
    files: int
    known: int
    near: int
    unknown: int
    too_plain: int
    not_examined: int
    unreadable: int
    copies: int
    manifest_sha256: str
    sealed: tuple[UUID, ...]


@act("scan.finished", power="scans.run")
def finish_scan(
    by: Actor, scan: UUID, summary: Summary, manifest_sha256: str, sealed: Sequence[UUID] = ()
) -> ScanFinished:
    """Every file has its outcome. sealed: the items of the vault that hold the manifest and the digest lists."""
    row = _unfinished(scan)
    row.state, row.ended_at, row.figures = FINISHED, clock.now(), figures_of(summary)
    row.manifest_sha256, row.sealed = manifest_sha256, [str(each) for each in sealed]
    row.save()
    return ScanFinished(
        scan, row.case, summary.found, **summary.by_outcome(), copies=summary.copies, manifest_sha256=manifest_sha256,
        sealed=tuple(sealed),
    )  # fmt: skip


@dataclass(frozen=True)
class ScanRead:
    scan: UUID
    case: UUID | None


@act("scan.read", power="scans.read")
def read_scan(by: Actor, scan: UUID) -> ScanRead:
    """Somebody looked at what a scan found. Refused for a case's scan to whoever was not let into the case."""
    return ScanRead(scan, seen(by, scan).case)


@dataclass(frozen=True)
class ManifestTaken:
    scan: UUID
    case: UUID | None
    form: str


@act("scan.manifest_taken", power="scans.read")
def take_manifest(by: Actor, scan: UUID, form: str) -> ManifestTaken:
    """Somebody took the list of every file out of the house. form: csv or jsonl."""
    return ManifestTaken(scan, seen(by, scan).case, form)


def _unfinished(scan: UUID) -> Scan:
    row = Scan.objects.select_for_update().filter(uuid=scan).first()
    if not row:
        raise Missing("There is no such scan.", scan=scan)
    if row.state == FINISHED:
        raise Refused("This scan has ended; its manifest stands. Begin a new one.", scan=scan)
    return row


def figures_of(summary: Summary) -> dict[str, int]:
    """What the database keeps of a scan's counts: its list of scans is shown without opening any scan's file."""
    return {
        "files": summary.found,
        "done": summary.done,
        "size_bytes": summary.found_bytes,
        "copies": summary.copies,
        "media": summary.media,
        "settled": summary.settled,
        **summary.by_outcome(),
    }


# --- Nouns ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScanFacts:
    """state: running, stopped or finished, as the record has it; a process that was killed leaves "running"."""

    uuid: UUID
    reference: str
    case: UUID | None
    compartment: UUID | None
    devices: tuple[str, ...]
    lists: tuple[UUID, ...]
    state: str
    started_at: datetime
    ended_at: datetime | None
    figures: Mapping[str, int]
    manifest_sha256: str
    sealed: tuple[UUID, ...]


def scan(uuid: UUID) -> ScanFacts:
    """Raises Missing."""
    row = Scan.objects.filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such scan.", scan=uuid)
    return _facts(row)


def scans(by: Actor) -> tuple[ScanFacts, ...]:
    """Those that this officer may see, newest first."""
    return tuple(each for each in every_scan() if may_see(by, each.compartment))


def every_scan() -> tuple[ScanFacts, ...]:
    """All of this house, newest first: for whoever runs its commands."""
    return tuple(_facts(row) for row in Scan.objects.order_by("-id"))


def scans_of_case(case: UUID) -> tuple[ScanFacts, ...]:
    return tuple(_facts(row) for row in Scan.objects.filter(case=case).order_by("-id"))


def scan_called(reference: str) -> ScanFacts:
    """By its reference or its whole uuid. Raises Missing."""
    for row in Scan.objects.order_by("-id"):
        if reference.lower() in {row.reference.lower(), str(row.uuid)}:
            return _facts(row)
    raise Missing(f"There is no scan called {reference}. `amparo scan --list` shows them.")


def may_see(by: Actor, compartment: UUID | None) -> bool:
    """A case's scan is seen by whoever holds the case's key; any other by everyone with the power."""
    return compartment is None or str(by.uuid) in vault.holders(compartment)


def seen(by: Actor, uuid: UUID) -> ScanFacts:
    """The scan, for somebody who may see it. Refused otherwise."""
    facts = scan(uuid)
    if not may_see(by, facts.compartment):
        raise Refused("This scan belongs to a case that is open only to officers who were let in.", scan=uuid)
    return facts


def _facts(row: Scan) -> ScanFacts:
    return ScanFacts(
        row.uuid,
        row.reference,
        row.case,
        row.compartment,
        tuple(row.devices),
        tuple(UUID(each) for each in row.lists),
        row.state,
        row.started_at,
        row.ended_at,
        row.figures,
        row.manifest_sha256,
        tuple(UUID(each) for each in row.sealed),
    )
