"""A whole seized tree laid beside the lists: files and bytes a second end to end, and how near that is to its slowest stage.

    .venv/bin/python -m benchmarks.scan [--files 5000] [--workers N] [--entries 100000] [--sample 1000] [--growth 1000,10000,100000]

Makes a tree of small and large files (benchmarks/seized.py), scans it, then runs each stage alone on the same files with as many
threads: walk, read and digest, look (decode and fingerprint in the sandbox), look-up, write. The share is the slowest stage's time
alone of the time end to end, by the clock and by CPU time: stages that need the same cores can't hide behind each other, so beside
it stands what all stages cost together. Then the growth with the number of files, the memory of the
parent as it goes, and on a sample what one would write without Amparo: hashlib and threatexchange in a loop, and in a pool of
processes. The pages of the files are in memory for all of them. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import platform
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.matching.building import Source, build
from amparo.matching.looks import Looks, looks_of
from amparo.matching.records import NO_CATEGORY, made
from amparo.matching.scan import keeping
from amparo.matching.scan.examining import Examiner
from amparo.matching.scan.facts import Device, Read, Row, Wanted
from amparo.matching.scan.looking import look_at
from amparo.matching.scan.outcomes import Outcome
from amparo.matching.scan.running import EXAMINATIONS_A_CHILD, Cores, Stop
from amparo.matching.scan.store import Store
from amparo.matching.scan.walking import walk
from amparo.matching.shelf import Shelf
from amparo.sandbox.warden import Box, Warden
from benchmarks import seized
from benchmarks.seized import Seized

CHUNK = 100


@dataclass
class Cost:
    """Seconds by the clock, and of CPU time in this process and the children it ended."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def costing() -> Iterator[Cost]:
    cost, began, cpu = Cost(), time.perf_counter(), _cpu()
    yield cost
    cost.wall_s, cost.cpu_s = time.perf_counter() - began, _cpu() - cpu


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> int:
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="amparo-scan-", dir=asked.folder) as folder:
        place = Path(folder)
        print(f"Making {asked.files:,} files ...", flush=True)
        tree = seized.make(place / "tree", asked.files)
        print(f"{tree.size_bytes / 1e9:.2f} GB: {', '.join(f'{count:,} {kind}' for kind, count in tree.kinds.items())}")
        home = Home(place / "home")
        shelf = Shelf.open(home, [a_list(home, tree, asked.entries)])
        result: dict[str, Any] = {"benchmark": "scan", "machine": platform.machine(), "cores": os.cpu_count()}
        result |= {
            "workers": asked.workers,
            "files": tree.files,
            "size_bytes": tree.size_bytes,
            "entries": asked.entries,
        }
        read_all(tree.root)  # so that the disk is no part of any of the times
        result["end_to_end"] = end_to_end(tree, shelf, place / "whole", asked.workers)
        result["stages"] = stages(tree, shelf, place, asked.workers)
        result |= shares(result)
        if asked.growth:
            result["growth"] = growth(tree, shelf, place, asked.growth, asked.workers)
        if asked.sample:
            result["peers"] = peers(tree, home, shelf, place, asked.sample, asked.workers)
    print(json.dumps(result))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--entries", type=int, default=100_000, help="rows of the list, nearly all of them unrelated")
    parser.add_argument("--sample", type=int, default=1_000, help="files on which the peers run; 0 for none of them")
    parser.add_argument("--growth", type=lambda text: [int(each) for each in text.split(",") if each], default="")
    parser.add_argument("--folder", help="where the tree is made (the system's folder for temporary files)")
    return parser.parse_args()


def a_list(home: Home, tree: Seized, entries: int) -> Any:
    """A list that knows every tenth picture by its bytes and a dozen looks, among random rows."""
    random = np.random.default_rng(3)
    rows = [("sha256", hashlib.sha256(path.read_bytes()).digest()) for path in tree.known]
    with Warden(1).boundary(new_id()) as box:
        for path in tree.near:
            with path.open("rb") as file:
                rows.append(("pdq", look_at(box, file).fingerprint))
    rows += [("pdq", random.bytes(32)) for _ in range(entries // 2)]
    rows += [("md5", random.bytes(16)) for _ in range(entries // 2)]
    records = home.path / "records"
    records.parent.mkdir(parents=True)
    made([(at, NO_CATEGORY, kind, 0, value) for at, (kind, value) in enumerate(rows, 1)]).tofile(records)
    uuid = new_id()
    build(home, uuid, Source(records, ()))
    return uuid


def read_all(root: Path) -> None:
    for path in root.rglob("*"):
        if path.is_file():
            path.read_bytes()


def store_of(folder: Path, root: Path) -> Store:
    device = Device(1, "tree", os.fsencode(root), root.stat().st_ino)
    return Store.make(folder / "scan.sqlite3", [device], scan=str(new_id()), amparo="benchmark", lists=[])


# --- End to end -------------------------------------------------------------------------------------------------------------


def end_to_end(tree: Seized, shelf: Shelf, folder: Path, workers: int) -> dict[str, Any]:
    """The whole scan, with the parent's memory as it goes."""
    memory: list[float] = []
    with costing() as cost, store_of(folder, tree.root) as store:
        assert walk(store)
        keeping.plan(store)
        with Cores(store, shelf, new_id(), workers) as cores:
            cores.run(Stop(), lambda: memory.append(_resident_mb()))
            assert keeping.end(store)
        summary = store.summary()
    rate = {
        "files_per_s": round(summary.found / cost.wall_s, 1),
        "mb_per_s": round(summary.found_bytes / cost.wall_s / 1e6, 1),
    }
    told = {**rate, "wall_s": round(cost.wall_s, 2), "cpu_s": round(cost.cpu_s, 2), "outcomes": summary.by_outcome()}
    # The first fifth is spent on making what is kept for the whole run: the lists' pages, the store's cache.
    steady = memory[len(memory) // 5 :] or [_resident_mb()]
    told |= {"copies": summary.copies, "memory_mb": {"early": steady[0], "most": max(steady), "last": steady[-1]}}
    print(
        f"\nEnd to end: {told['files_per_s']:,} files/s, {told['mb_per_s']:,} MB/s ({told['wall_s']} s, {told['cpu_s']} CPU s)"
    )
    print(f"Memory of the parent: {steady[0]:.0f} MB early, {max(steady):.0f} at most, {steady[-1]:.0f} last")
    print(f"Outcomes: {told['outcomes']}, {summary.copies:,} copies")
    return told


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


# --- Each stage alone ---------------------------------------------------------------------------------------------------------


def stages(tree: Seized, shelf: Shelf, place: Path, workers: int) -> dict[str, dict[str, float]]:
    """Each stage by itself, on what it has to do in the scan that was just done."""
    with Store(place / "whole" / "scan.sqlite3") as store:
        files = [Wanted(*each) for each in store.rows(_EVERY)]
        looked_at = {file for (file,) in store.rows(_LOOKED_AT)}
        digests, looks = store.rows(_DIGESTS), store.rows(_LOOKS)
    devices = [Device(1, "tree", os.fsencode(tree.root), tree.root.stat().st_ino)]
    warden = Warden(workers, examinations=EXAMINATIONS_A_CHILD)
    try:
        alone: dict[str, Callable[[], None]] = {
            "walk": partial(_walk, tree.root, place / "walk"),
            "read and digest": partial(_in_threads, workers, files, partial(_read, devices)),
            "look": partial(
                _in_threads,
                workers,
                [each for each in files if each.file in looked_at],
                partial(_look, devices, warden),
            ),
            "look up": partial(_look_up, shelf, digests, looks),
            "write": partial(_write, place / "walk", files, digests),
        }
        warden.layers  # noqa: B018 - waits for the first child
        costs = {}
        for name, stage in alone.items():
            with costing() as cost:
                stage()
                if name == "look":
                    warden.close()  # its children's time counts once they have ended
            costs[name] = cost
    finally:
        warden.close()
    print("\nEach stage alone           s   CPU s   files/s")
    for name, cost in costs.items():
        print(f"  {name:<18}{cost.wall_s:>8.2f}{cost.cpu_s:>8.2f}{tree.files / cost.wall_s:>10,.0f}")
    return {name: {"wall_s": round(cost.wall_s, 3), "cpu_s": round(cost.cpu_s, 3)} for name, cost in costs.items()}


_EVERY = """SELECT files.id, folders.device, folders.path, files.name, size_bytes, modified_us, 0
FROM files JOIN folders ON folders.id = files.folder WHERE type = 'file' ORDER BY files.id"""
_LOOKED_AT = (
    "SELECT file FROM results WHERE copy_of IS NULL AND outcome NOT IN ('known', 'unreadable') AND kind <> 'empty'"
)
_DIGESTS = "SELECT file, md5, sha1, sha256 FROM results WHERE sha256 IS NOT NULL ORDER BY file"
_LOOKS = "SELECT look FROM results WHERE look IS NOT NULL AND copy_of IS NULL ORDER BY file"


def _walk(root: Path, folder: Path) -> None:
    with store_of(folder, root) as store:
        assert walk(store)
        keeping.plan(store)


def _in_threads(workers: int, files: Sequence[Wanted], step: Callable[[Iterator[Wanted]], None]) -> None:
    """The step in so many threads, each of which takes the next file; `step` is given all that it will take."""
    lock, left = threading.Lock(), iter(files)

    def taken() -> Iterator[Wanted]:
        while True:
            with lock:
                found = next(left, None)
            if found is None:
                return
            yield found

    threads = [threading.Thread(target=step, args=(taken(),)) for _ in range(workers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def _read(devices: Sequence[Device], files: Iterator[Wanted]) -> None:
    with Examiner(devices, Shelf([])) as examiner:
        examiner.read(files)


def _look(devices: Sequence[Device], warden: Warden, files: Iterator[Wanted]) -> None:
    with Examiner(devices, Shelf([])) as examiner, warden.boundary(new_id()) as box:
        for each in files:
            _look_once(examiner, box, each)


def _look_once(examiner: Examiner, box: Box, wanted: Wanted) -> None:
    examiner.look(box, [(wanted, Read(wanted.file, "", wanted.size_bytes, wanted.modified_us))])


def _look_up(shelf: Shelf, digests: Sequence[tuple[Any, ...]], looks: Sequence[tuple[Any, ...]]) -> None:
    for start in range(0, len(digests), CHUNK):
        part = digests[start : start + CHUNK]
        columns = zip(("md5", "sha1", "sha256"), list(zip(*part, strict=True))[1:], strict=True)
        shelf.lookup(
            {kind: np.frombuffer(b"".join(values), np.uint8).reshape(len(part), -1) for kind, values in columns}
        )
    for start in range(0, len(looks), CHUNK):
        shelf.lookup({}, [_turned(look) for (look,) in looks[start : start + CHUNK]])


def _turned(look: bytes) -> Looks:
    """As many fingerprints as a picture has, as unlike each other as its turned versions are."""
    return looks_of([look[at:] + look[:at] for at in range(0, 32, 4)])


def _write(folder: Path, files: Sequence[Wanted], digests: Sequence[tuple[Any, ...]]) -> None:
    """What is written for each file after the walk: who stands for its content, its end state, its place in the counts."""
    sizes = {each.file: (each.size_bytes, each.modified_us) for each in files}
    with Store(folder / "scan.sqlite3") as store:
        for start in range(0, len(digests), CHUNK):
            reads = [
                Read(file, "", *sizes[file], md5, sha1, sha256)
                for file, md5, sha1, sha256 in digests[start : start + CHUNK]
            ]
            keeping.first_with(store, reads)
            keeping.keep(
                store, [Row(each, Outcome.UNKNOWN, "", "text") for each in reads], {each.file: 1 for each in reads}
            )
            store.commit()


def shares(result: dict[str, Any]) -> dict[str, Any]:
    """The slowest stage, and how near the whole comes to it and to what the cores can do."""
    costs, whole = result["stages"], result["end_to_end"]
    slowest = max(costs, key=lambda name: costs[name]["wall_s"])
    by_clock, by_cpu = (costs[slowest][each] / whole[each] for each in ("wall_s", "cpu_s"))
    sum_s = sum(each["cpu_s"] for each in costs.values())
    print(
        f"\nSlowest stage: {slowest}. End to end runs at {by_clock:.0%} of its speed alone ({by_cpu:.0%} by CPU time)."
    )
    print(f"All stages' CPU time is {sum_s / whole['cpu_s']:.0%} of the whole's: the rest is what holds them together.")
    told = {
        "share_of_slowest": by_clock,
        "share_of_slowest_by_cpu": by_cpu,
        "sum_of_whole_by_cpu": sum_s / whole["cpu_s"],
    }
    return {"slowest_stage": slowest, **{name: round(value, 3) for name, value in told.items()}}


# --- Growth, and what one would write without us -------------------------------------------------------------------------------


def part_of(tree: Seized, folder: Path, files: int) -> Seized:
    """The tree's first folders, as links to the same files."""
    names = sorted(each.name for each in tree.root.iterdir())[: max(1, files // seized.FILES_A_FOLDER)]
    for name in names:
        shutil.copytree(tree.root / name, folder / name, copy_function=os.link)
    found = [each for each in folder.rglob("*") if each.is_file()]
    return Seized(folder, len(found), sum(each.stat().st_size for each in found))


def growth(tree: Seized, shelf: Shelf, place: Path, sizes: Sequence[int], workers: int) -> dict[str, float]:
    """CPU milliseconds a file at each size."""
    told = {}
    print("\nGrowth                files   files/s   CPU ms a file")
    for files in sizes:
        part = part_of(tree, place / f"part-{files}", files)
        with costing() as cost, store_of(place / f"grown-{files}", part.root) as store:
            assert walk(store)
            keeping.plan(store)
            with Cores(store, shelf, new_id(), workers) as cores:
                cores.run(Stop())
                assert keeping.end(store)
        told[str(part.files)] = round(1000 * cost.cpu_s / part.files, 3)
        print(f"  {part.files:>25,}{part.files / cost.wall_s:>10,.1f}{told[str(part.files)]:>16}")
    return told


def peers(tree: Seized, home: Home, shelf: Shelf, place: Path, sample: int, workers: int) -> dict[str, Any]:
    """A loop over hashlib and threatexchange, and a pool of processes of it, beside the scan of the same files."""
    part = part_of(tree, place / "sample", sample)
    paths = [str(each) for each in sorted(part.root.rglob("*")) if each.is_file()]
    told: dict[str, Any] = {}

    def timed(name: str, run: Callable[[], Any], *, in_children: bool = False) -> None:
        with costing() as cost:
            run()
        # What a pool's processes use counts only once they have ended, with all that their start cost.
        cpu_ms = None if in_children else round(1000 * cost.cpu_s / len(paths), 2)
        told[name] = {"files_per_s": round(len(paths) / cost.wall_s, 1), "cpu_ms_a_file": cpu_ms}

    def ours() -> None:
        with store_of(place / "beside", part.root) as store:
            assert walk(store)
            keeping.plan(store)
            with Cores(store, shelf, new_id(), workers) as cores:
                cores.run(Stop())
                assert keeping.end(store)

    timed("amparo scan", ours)
    theirs = Theirs(home, shelf.lists[0])
    timed("hashlib and threatexchange, a loop", lambda: [theirs.examine(path) for path in paths])
    # Not forked: the index brings threads of its own, which a fork would leave behind.
    with multiprocessing.get_context("spawn").Pool(workers, _take, (home, shelf.lists[0])) as pool:
        pool.map(_ready, range(workers), chunksize=1)
        timed("the same in a pool of processes", lambda: pool.map(_examine, paths, chunksize=16), in_children=True)
        pool.close()
        pool.join()
    print(f"\nOn {len(paths):,} of the files           files/s   CPU ms a file   beside the loop")
    loop = told["hashlib and threatexchange, a loop"]["files_per_s"]
    for name, each in told.items():
        cpu = "-" if each["cpu_ms_a_file"] is None else each["cpu_ms_a_file"]
        print(f"  {name:<36}{each['files_per_s']:>9,}{cpu:>14}{each['files_per_s'] / loop:>14.1f} x")
    print("The loop reads no video, hangs where a decoder hangs, and forgets all when it stops.")
    return told


class Theirs:
    """What an engineer writes with the libraries at hand: three digests, a set, PDQ of what Pillow opens, HMA's own index."""

    def __init__(self, home: Home, list_uuid: UUID) -> None:
        import pillow_heif
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex

        pillow_heif.register_heif_opener()
        (version,) = Shelf.open(home, [list_uuid]).versions
        self.known: set[bytes] = set()
        looks: list[str] = []
        for part in version.parts:
            for table in part.tables.values():
                self.known |= {each.tobytes() for each in table.values(slice(None))}
            for segment in part.segments:
                looks += [each.tobytes().hex() for each in segment.values(slice(None))]
        self.index: Any = PDQIndex((look, number) for number, look in enumerate(looks))

    def examine(self, path: str) -> bool:
        from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

        data = Path(path).read_bytes()
        digests = {hashlib.new(kind, data).digest() for kind in ("md5", "sha1", "sha256")}
        if digests & self.known:
            return True
        try:
            look, quality = pdq_from_bytes(data)
        except Exception:
            return False
        return quality >= 50 and bool(self.index.query(look))


_theirs: Theirs | None = None


def _take(home: Home, list_uuid: UUID) -> None:
    global _theirs  # noqa: PLW0603 - a pool's process has one
    _theirs = Theirs(home, list_uuid)


def _ready(number: int) -> None:
    """A process that answers has its index."""


def _examine(path: str) -> bool:
    assert _theirs
    return _theirs.examine(path)


if __name__ == "__main__":
    raise SystemExit(main())
