"""A scan from its first act to its last: begun, walked, examined, stopped or ended, its manifest sealed.

Who looks (this machine's cores, or a cluster) is the engine's business; that every step stands in the record is this module's.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, cast
from uuid import UUID

from amparo import __version__
from amparo.access.acts import Actor
from amparo.foundation.errors import Refused, Unreachable
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.matching import queries
from amparo.matching.scan import keeping, manifest
from amparo.matching.scan.facts import Device
from amparo.matching.scan.progress import Pace, Paced
from amparo.matching.scan.reading import View
from amparo.matching.scan.running import Stop
from amparo.matching.scan.store import Store
from amparo.matching.scan.tally import Summary
from amparo.matching.scan.walking import walk
from amparo.matching.scans import (
    ScanFacts,
    Seized,
    file_of,
    finish_scan,
    folder_of,
    held,
    resume_scan,
    scan,
    start_scan,
    stop_scan,
)
from amparo.matching.shelf import Shelf
from amparo.vault import actions as vault

# How often a page that looks on is told the pace.
_PACE_SECONDS = 2.0


class Engine(Protocol):
    """What examines a plan's chunks: `Cores` or `Machines`. A context that ends what it started."""

    trouble: str

    def run(self, stop: Stop, told: Callable[[], None]) -> None:
        """Returns when no chunk is left, or soon after `stop` was asked for."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


# Store, lists, scan -> who examines it.
MakeEngine = Callable[[Store, Shelf, UUID], Engine]


@dataclass(frozen=True)
class Told:
    """How far a scan is. phase: walking, examining or ending. trouble: what is waited for, in words; empty for nothing."""

    phase: str
    summary: Summary
    pace: Pace
    trouble: str = ""


Listener = Callable[[Told], None]


@dataclass(frozen=True)
class Case:
    """The case that a scan belongs to."""

    uuid: UUID
    compartment: UUID


def begin(by: Actor, home: Home, trees: Sequence[Seized], lists: Sequence[UUID], case: Case | None = None) -> UUID:
    """A new scan, in the record and on the disk; nothing is read of the trees yet. Refused for trees or lists that don't do."""
    if obstacles := (*_obstacles_to_trees(trees), *(() if lists else (_NO_LIST,))):
        raise Refused(*obstacles)
    uuid = new_id()
    devices = [
        Device(number, each.label, each.root, Path(os.fsdecode(each.root)).stat().st_ino)
        for number, each in enumerate(trees, start=1)
    ]
    named = {each.uuid: each for each in queries.lists()}
    said = [
        {"uuid": str(each), "name": named[each].name, "version": named[each].version, "source": named[each].source}
        for each in lists
    ]
    (folder_of(home, uuid)).mkdir(mode=0o700, parents=True)
    try:
        Store.make(file_of(home, uuid), devices, scan=str(uuid), amparo=__version__, lists=said).close()
        place = {"case": case.uuid, "compartment": case.compartment} if case else {}
        start_scan(by, scan=uuid, trees=trees, lists=lists, **place)
    except BaseException:
        shutil.rmtree(folder_of(home, uuid), ignore_errors=True)
        raise
    return uuid


_NO_LIST = "There is no list to compare with. Import one first: amparo lists import FILE."


def _obstacles_to_trees(trees: Sequence[Seized]) -> list[str]:
    found = [] if trees else ["Name a folder, or a file that lists folders."]
    for each in trees:
        where = os.fsdecode(each.root)
        try:
            os.close(os.open(each.root, os.O_RDONLY | os.O_DIRECTORY))
        except OSError as error:
            found.append(f"{where} can't be read ({error.strerror}). Mount the image, read-only, and give its folder.")
        if not each.label.isprintable() or not each.label.strip() or len(each.label) > 80:
            found.append(f"Give the device at {where} a label of 1 to 80 letters.")
    labels = [each.label for each in trees]
    found += [f"Two devices are called {label}: give each a label of its own." for label in _twice(labels)]
    for each in trees:
        for other in trees:
            if each is not other and (other.root + b"/").startswith(each.root.rstrip(b"/") + b"/"):
                found.append(f"{os.fsdecode(other.root)} lies in {os.fsdecode(each.root)}: every file has one device.")
    return found


def _twice(labels: Sequence[str]) -> list[str]:
    return sorted({each for each in labels if labels.count(each) > 1})


def go_on(by: Actor, home: Home, uuid: UUID) -> None:
    """A scan that was stopped, or whose process ended otherwise, is running again. Refused where it can't."""
    facts = scan(uuid)
    with View(file_of(home, uuid)):
        pass
    counting = Shelf.open(home, facts.lists).counting()
    if not counting:
        raise Refused("All lists of this scan were withdrawn meanwhile: begin a new one.", scan=uuid)
    resume_scan(by, uuid, counting)


def work(
    by: Actor, home: Home, uuid: UUID, make_engine: MakeEngine, stop: Stop, listener: Listener = lambda _: None
) -> Summary:
    """Examines what is left, until the end or until `stop` is asked for; the record says which. The scan was begun or goes on.

    Refused where another process works at it; Unreachable where a disk, a cluster or the sandbox doesn't let it go on.
    """
    facts = scan(uuid)
    with held(home, uuid), Store(file_of(home, uuid)) as store:
        run = _Run(by, home, facts, store, stop, listener)
        try:
            ended = run.examine(make_engine)
        except BaseException as error:
            stop_scan(by, uuid, store.summary())
            raise _in_words(error) from error
        if not ended:
            stop_scan(by, uuid, store.summary())
            return store.summary()
        store.commit()
        run.finish()
        return store.summary()


def _in_words(error: BaseException) -> BaseException:
    if isinstance(error, sqlite3.Error | OSError):
        return Unreachable(f"The scan can't go on ({error}). What was examined is kept; mend it and resume.")
    return error


class _Run:
    """One process's work at a scan."""

    def __init__(self, by: Actor, home: Home, facts: ScanFacts, store: Store, stop: Stop, listener: Listener) -> None:
        self._by, self._home, self._facts, self._store, self._stop = by, home, facts, store, stop
        self._listener = listener
        self._paced = Paced()
        self._began = time.monotonic()
        self._worked_before = float(store.about("worked_s") or 0.0)
        self._pace_due = 0.0

    def examine(self, make_engine: MakeEngine) -> bool:
        """Whether every file has its outcome; False where it was told to stop before."""
        store, stop = self._store, self._stop
        store.say(phase="walking")
        store.commit()
        if not walk(store, self._walked):
            return False
        keeping.plan(store)
        store.say(phase="examining")
        with make_engine(store, Shelf.open(self._home, self._facts.lists), self._facts.uuid) as engine:
            while not stop.asked:
                engine.run(stop, lambda: self._tell("examining", engine.trouble))
                if not stop.asked and keeping.end(store):
                    self._tell("ending")
                    return True
        return False

    def _walked(self) -> bool:
        if time.monotonic() >= self._pace_due:
            self._tell("walking")
        return self._stop.go_on()

    def _tell(self, phase: str, trouble: str = "") -> None:
        summary, now = self._store.summary(), time.monotonic()
        if phase == "examining":
            self._paced.tell(now, summary.done, summary.done_bytes)
        pace = self._paced.pace(summary.found - summary.done, summary.found_bytes - summary.done_bytes)
        if now >= self._pace_due or phase == "ending":
            self._pace_due = now + _PACE_SECONDS
            said = {"files_per_second": pace.files_per_second, "bytes_per_second": round(pace.bytes_per_second)}
            self._store.say(
                phase=phase,
                trouble=trouble,
                pace={**said, "seconds_left": pace.seconds_left},
                worked_s=self._worked_before + now - self._began,
            )
        self._listener(Told(phase, summary, pace, trouble))

    def finish(self) -> None:
        """The manifest's digest stands in the record; with a case, manifest and digest lists lie in its vault."""
        path = file_of(self._home, self._facts.uuid)
        with View(path) as view:
            digest = manifest.sha256(view)
        sealed = list(_sealed(self._by, self._facts, path)) if self._facts.compartment else []
        finish_scan(self._by, self._facts.uuid, self._store.summary(), digest, sealed)
        self._store.say(phase="finished", trouble="")


def _sealed(by: Actor, facts: ScanFacts, path: Path) -> Iterator[UUID]:
    """The items: the manifest, then a digest list for each device. Sealing the same again finds the same items."""
    assert facts.compartment and facts.case
    with View(path) as view:
        files = [("manifest.jsonl", "jsonl", manifest.as_json_lines(view))]
        files += [
            (f"device-{each.id}.sha256", "sha256", manifest.as_digest_list(view, each.id)) for each in view.devices()
        ]
        for name, form, pieces in files:
            stream = cast("BinaryIO", io.BufferedReader(manifest.Stream(pieces)))
            yield vault.seal_item(
                by,
                compartment=facts.compartment,
                stream=stream,
                name=f"scan-{facts.reference}-{name}",
                origin=facts.case,
                media_type=manifest.MEDIA_TYPES[form],
            ).item
