"""Memory flat over a million files, in a real scan of as many tiny ones: python -m maintenance.slow scale -- -k scan

AMPARO_SCALE_FILES=100000 makes it shorter. Half of the files lie in one folder, one in eight is a copy of another.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from amparo.foundation.ids import new_id
from amparo.matching.scan import keeping, manifest
from amparo.matching.scan.reading import View
from amparo.matching.scan.running import Cores, Stop
from amparo.matching.scan.walking import walk
from amparo.matching.shelf import Shelf
from tests.matching.scanned import store_of

FILES = int(os.environ.get("AMPARO_SCALE_FILES", "1000000"))
FILES_A_FOLDER = 500
# What the parent may grow by after the first tenth: SQLite's cache, which is bounded, and blocks that were freed and are kept.
GROWTH_MB = 32.0


def make(root: Path) -> None:
    for number in range(FILES):
        folder = root / ("all" if number % 2 else f"{number // FILES_A_FOLDER:05}")
        if not number % FILES_A_FOLDER or number == 1:
            folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:07}.txt").write_bytes(b"item shared %07d" % (number // 8 if not number % 8 else number))


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_memory_is_flat_time_in_proportion_and_every_file_has_its_line(tmp_path: Path) -> None:
    make(tmp_path / "tree")
    tenths: list[tuple[int, float, float]] = []
    with store_of(tmp_path / "scan", tmp_path / "tree") as store:
        assert walk(store)
        keeping.plan(store)
        cpu = time.process_time()

        def look() -> None:
            done = store.summary().done
            if done * 10 // FILES > len(tenths):
                tenths.append((done, time.process_time() - cpu, resident_mb()))
                print(
                    f"{done:>10,} files, {tenths[-1][1] / done * 1e6:>6.0f} us of CPU time each, {tenths[-1][2]:>7.1f} MB"
                )

        with Cores(store, Shelf([]), new_id(), os.cpu_count() or 1) as cores:
            cores.run(Stop(), look)
            assert keeping.end(store)
        summary = store.summary()
    with View(tmp_path / "scan" / "scan.sqlite3") as view:
        lines = sum(1 for _ in manifest.as_json_lines(view)) - 1
    assert summary.found == summary.done == lines == FILES
    first_done, first_cpu, first_mb = tenths[0]
    grown = max(resident_mb(), *(each[2] for each in tenths)) - first_mb
    print(f"grown by {grown:.1f} MB since the first tenth, the manifest's writing included")
    assert grown < GROWTH_MB
    assert tenths[-1][1] / tenths[-1][0] < 1.5 * first_cpu / first_done
