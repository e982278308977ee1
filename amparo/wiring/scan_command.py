"""`amparo scan` and its helpers on other machines: what is typed, what is told while it runs, and what comes out."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from uuid import UUID

from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home

if TYPE_CHECKING:
    from amparo.access.acts import Actor
    from amparo.cases.facts import CaseFacts
    from amparo.matching.scan.cluster import Certificates
    from amparo.matching.scan.running import Stop
    from amparo.matching.scanning import MakeEngine
    from amparo.matching.scans import ScanFacts, Seized

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]

# As a shell reports a program that a signal ended.
STOPPED_BY: dict[int, int] = {signal.SIGINT: 130, signal.SIGTERM: 143}

EPILOG = """\
FOLDER is where a device's image is mounted, read-only. A file in its place names
several, one a line, each with its label after a tab if it has one:

    /mnt/phone       Phone 12/3
    /mnt/laptop      Laptop 12/1

Ctrl-C stops it; nothing is lost, and `amparo scan --resume S-1` goes on.
Status: 0 every file has its outcome, 1 it could not go on, 130 or 143 stopped.
"""


def add_commands(add: Add) -> None:
    """Declares the three commands."""
    scan = add("scan", _scan, "lay every file of a seized tree beside the lists of known items")
    scan.formatter_class, scan.epilog = argparse.RawDescriptionHelpFormatter, EPILOG
    scan.add_argument("tree", nargs="?", type=Path, metavar="FOLDER|IMAGE-LIST")
    scan.add_argument("--lists", default="all", metavar="NAME,..", help="with these lists only (all that count)")
    scan.add_argument("--case", metavar="REFERENCE", help="the case it belongs to; the manifest is sealed into it")
    scan.add_argument("--device", metavar="LABEL", help="what the device is called (the folder's name)")
    scan.add_argument(
        "--workers", type=int, metavar="N", help="how many files are examined at a time (one for each core)"
    )
    scan.add_argument(
        "--manifest", type=Path, metavar="FILE", help="write every file's line there: CSV, or JSON lines to a .jsonl"
    )
    scan.add_argument("--resume", metavar="ID", help="go on with a scan that was stopped")
    scan.add_argument("--list", action="store_true", help="show the scans of this house")
    scan.add_argument("--json", action="store_true", help="print the result as one JSON object")
    scan.add_argument(
        "--largest", type=int, default=1024, metavar="GIB", help="a larger file is not examined, and says so (1024)"
    )
    scan.add_argument("--scheduler", metavar="tls://HOST:PORT", help="on several machines: their Dask scheduler")
    _add_certificates(scan, required=False)

    scheduler = add("scan-scheduler", _scheduler, "several machines: hand out the chunks of scans, over mutual TLS")
    scheduler.add_argument("address", metavar="tls://HOST:PORT", help="where it listens: the private network's address")
    _add_certificates(scheduler, required=True)

    worker = add("scan-worker", _worker, "several machines: examine chunks of scans with this machine's cores")
    worker.add_argument("address", metavar="tls://HOST:PORT", help="where the scheduler listens")
    worker.add_argument(
        "--workers", type=int, metavar="N", help="how many files are examined at a time (one for each core)"
    )
    _add_certificates(worker, required=True)


def _add_certificates(command: argparse.ArgumentParser, *, required: bool) -> None:
    for name, what in (
        ("ca", "the cluster's own authority"),
        ("cert", "this machine's certificate"),
        ("key", "its key"),
    ):
        command.add_argument(f"--tls-{name}", type=Path, required=required, metavar="FILE", help=f"{what} (PEM)")


def _certificates(given: argparse.Namespace) -> Certificates:
    from amparo.matching.scan.cluster import Certificates

    files = (given.tls_ca, given.tls_cert, given.tls_key)
    if not all(files):
        raise Refused("Several machines speak over mutual TLS only: give --tls-ca, --tls-cert and --tls-key.")
    return Certificates(*files)


def _cores(given: argparse.Namespace) -> int:
    if given.workers is not None and given.workers < 1:
        raise Refused("--workers is a number from 1 on.")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(given.workers or available)


def _scheduler(given: argparse.Namespace) -> int:
    from amparo.matching.scan import cluster

    cluster.serve_scheduler(given.address, _certificates(given))
    return 0


def _worker(given: argparse.Namespace) -> int:
    from amparo.matching.scan import cluster

    cluster.serve_worker(given.address, _certificates(given), _cores(given))
    return 0


def _scan(given: argparse.Namespace) -> int:
    import django

    django.setup()
    from amparo.access.acts import Actor
    from amparo.matching import scanning, scans
    from amparo.matching.scan.running import Stop
    from amparo.wiring import scan_report

    by, home = Actor.of_process("cli"), Home.from_env()
    _check_house(home)
    if given.list:
        return scan_report.show_scans()
    if given.manifest:
        scan_report.check_manifest(given.manifest)
    engine = _engine(given)
    facts = _went_on(given, by, home) if given.resume else _begun(given, by, home)
    stop, screen = Stop(), scan_report.Screen(facts.reference)
    with _stopped_by_signals(stop) as ended_by, screen:
        scanning.work(by, home, facts.uuid, engine, stop, screen.show)
    facts = scans.scan(facts.uuid)
    finished = facts.state == scans.FINISHED
    written = scan_report.write_manifest(home, facts, given.manifest) if finished and given.manifest else []
    scan_report.tell(home, facts, written, as_json=given.json)
    if finished:
        return 0
    print(f"Stopped; nothing is lost. To go on: amparo scan --resume {facts.reference}", file=sys.stderr)
    return STOPPED_BY.get(ended_by[0], 1) if ended_by else 1


def _check_house(home: Home) -> None:
    """Missing where no house was ever started in this home."""
    from django.db import DatabaseError

    from amparo.matching import scans

    try:
        scans.every_scan()
    except DatabaseError as error:
        raise Missing(f"There is no house at {home.path}: start it once with amparo up, or set AMPARO_HOME.") from error


def _begun(given: argparse.Namespace, by: Actor, home: Home) -> ScanFacts:
    from amparo.matching import scanning, scans

    if not given.tree:
        raise Refused(
            "Name the folder where the image is mounted, or a file that lists such folders: amparo scan FOLDER."
        )
    case = _case(given.case) if given.case else None
    trees = _trees(given.tree, given.device, _registered(case))
    if given.manifest:
        _check_outside(given.manifest, trees)
    place = scanning.Case(case.uuid, case.compartment) if case else None
    return scans.scan(scanning.begin(by, home, trees, _lists(given.lists), place))


def _went_on(given: argparse.Namespace, by: Actor, home: Home) -> ScanFacts:
    from amparo.matching import scanning, scans

    if given.tree or given.case or given.device or given.lists != "all":
        raise Refused("A scan goes on with the trees, lists and case that it began with: give --resume by itself.")
    facts = scans.scan_called(given.resume)
    scanning.go_on(by, home, facts.uuid)
    return facts


def _case(reference: str) -> CaseFacts:
    from amparo.cases import queries

    case = queries.case_called(reference)
    if case.state != "open":
        raise Refused(f"{case.reference} is closed: open it again before a scan is added to it.")
    return case


def _registered(case: CaseFacts | None) -> dict[str, UUID]:
    """The case's seized devices by label and by seal."""
    from amparo.cases import queries

    devices = queries.devices(case.uuid) if case else ()
    return {name: each.uuid for each in devices for name in (each.label, each.seal) if name}


def _trees(tree: Path, label: str | None, registered: dict[str, UUID]) -> list[Seized]:
    """The tree, or those that the file lists. Refused for a file that is no list."""
    from amparo.matching.scans import Seized

    if tree.is_dir():
        named = [(tree, label or tree.resolve().name)]
    elif label:
        raise Refused("--device names one folder's device. In a list of folders, write each label after a tab.")
    else:
        named = _listed(tree)
    return [Seized(label, os.fsencode(path.resolve()), registered.get(label)) for path, label in named]


def _check_outside(manifest: Path, trees: list[Seized]) -> None:
    """Refused where the manifest would be written into what is scanned."""
    written = os.fsencode(manifest.resolve())
    for each in trees:
        if written.startswith(each.root.rstrip(b"/") + b"/"):
            raise Refused(
                f"The manifest must not be written into the evidence: {manifest} lies in {os.fsdecode(each.root)}."
            )


def _lists(named: str) -> list[UUID]:
    """The lists that count, all or those named. Refused for a name that none of them has."""
    from amparo.matching import queries
    from amparo.matching.rules import ListState

    counting = [each for each in queries.lists() if each.state is ListState.ACTIVE]
    if named == "all":
        return [each.uuid for each in counting]
    found: dict[UUID, None] = {}
    for name in filter(None, map(str.strip, named.split(","))):
        meant = [each.uuid for each in counting if name in {each.name, f"{each.name}@{each.version}"}]
        if not meant:
            there = ", ".join(sorted({each.name for each in counting})) or "none"
            raise Refused(f"No list called {name} is in use. There are: {there}.")
        found |= dict.fromkeys(meant)
    return list(found)


def _listed(file: Path) -> list[tuple[Path, str]]:
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError as error:
        raise Missing(f"{file} is not there. Mount the image and give its folder.") from error
    except OSError as error:
        raise Refused(f"{file} can't be read ({error.strerror}).") from error
    found = []
    for line in lines:
        if not line.strip() or line.startswith(b"#"):
            continue
        where, _, label = line.partition(b"\t")
        path = Path(os.fsdecode(where.strip()))
        if not path.is_dir():
            raise Refused(
                f"{file} lists {path}, which is no folder. Write one mounted folder a line, its label after a tab."
            )
        found.append((path, label.decode("utf-8", "replace").strip() or path.resolve().name))
    if not found:
        raise Refused(f"{file} lists no folder.")
    return found


def _engine(given: argparse.Namespace) -> MakeEngine:
    """This machine's cores, or the cluster whose scheduler was given."""
    from amparo.matching.scan.running import Cores

    largest = given.largest << 30
    if given.scheduler:
        from amparo.matching.scan.machines import Machines

        certificates = _certificates(given)
        return lambda store, lists, scan: Machines(
            store, lists, scan, given.scheduler, certificates, largest_bytes=largest
        )
    cores = _cores(given)
    return lambda store, lists, scan: Cores(store, lists, scan, cores, largest_bytes=largest)


@contextmanager
def _stopped_by_signals(stop: Stop) -> Iterator[list[int]]:
    """The first Ctrl-C or SIGTERM stops the scan where it can go on; a second ends the program at once. Gives which came."""
    came: list[int] = []

    def asked(number: int, frame: FrameType | None) -> None:
        if came:
            os._exit(STOPPED_BY[number])
        came.append(number)
        stop.ask()

    before = {number: signal.signal(number, asked) for number in STOPPED_BY}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
