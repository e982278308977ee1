"""Lists of the size that national ones have, from file to file through a locked child: memory flat, time in proportion.

AMPARO_LISTS_ENTRIES sets the number of entries of the tables (10,000,000); XML and JSON have a tenth of it. `python -m
maintenance.slow scale` runs it with the other long suites.
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from uuid import uuid4

import pytest

from amparo.matching import records
from amparo.sandbox.readings import HashListReading
from amparo.sandbox.warden import Box, Warden
from tests.sandbox.generated_lists import FORMS, Generated

ENTRIES = int(os.environ.get("AMPARO_LISTS_ENTRIES") or 10_000_000)
TABLES = ("csv", "text", "own", "icse", "threatexchange")


def peak_bytes(box: Box) -> int:
    """The most memory that the box's child ever held."""
    assert box._child is not None
    status = Path(f"/proc/{box._child._process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def read(form: str, entries: int, folder: Path) -> int:
    """The child's peak of memory, in bytes, for a list that is made, read and checked; how fast that went is printed."""
    listed, into = folder / f"{form}.list", folder / f"{form}.records"
    with listed.open("wb") as file:
        source = Generated(FORMS[form], entries)
        while piece := source.read(1 << 20):
            file.write(piece)
    warden = Warden(1)
    try:
        with listed.open("rb") as data, into.open("w+b") as out, warden.boundary(uuid4()) as box:
            began = time.monotonic()
            reading = box.examine("hash_list", data, into=out, limit_s=4 * 3600)
            wall, peak = time.monotonic() - began, peak_bytes(box)
            out.seek(0)
            counted = records.check(out, len(reading.categories)) if isinstance(reading, HashListReading) else None
    finally:
        warden.close()
    assert isinstance(reading, HashListReading) and counted
    assert reading.row_count == counted.rows == entries
    assert reading.hash_count == sum(counted.hashes.values())
    size = listed.stat().st_size
    listed.unlink()
    into.unlink()
    pace = f"{entries:,} entries, {size / 1e6:,.0f} MB in {wall:.1f} s: {entries / wall:,.0f} entries/s"
    print(f"\n{form}: {pace}, {peak / 1e6:.0f} MB of memory at most")
    return peak


@pytest.mark.parametrize("form", FORMS)
def test_a_list_ten_times_as_long_needs_no_more_memory(form: str, tmp_path: Path) -> None:
    entries = ENTRIES if form in TABLES else ENTRIES // 10
    few = read(form, entries // 10, tmp_path)
    many = read(form, entries, tmp_path)
    assert many < few + 40_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_000_000  # kilobytes: nothing of it passes through us
