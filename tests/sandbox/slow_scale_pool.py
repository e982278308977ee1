"""Memory stays flat over as many files as AMPARO_FILES says (default 20,000), here and in a child that is never replaced."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from amparo.sandbox.child import Child
from amparo.sandbox.warden import Warden
from tests.sandbox.test_hostile_archives import zipped
from tests.sandbox.videos import Made, make, pattern

FILES = int(os.environ.get("AMPARO_FILES") or 20_000)
# The first ones fill caches and pools of memory that are kept.
SETTLING = FILES // 4
ALLOWED_BYTES = 8 << 20


def resident_bytes(process: int) -> int:
    fields = Path(f"/proc/{process}/status").read_text().split()
    return int(fields[fields.index("RssAnon:") + 1]) << 10


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_stays_flat_and_the_pace_even_over_many_files(tmp_path: Path) -> None:
    paths = []
    for number in range(20):
        data = io.BytesIO()
        Image.fromarray(pattern(number * 25, 160, 120)).save(data, ("JPEG", "PNG", "WEBP", "GIF")[number % 4])
        paths.append(tmp_path / f"picture-{number}")
        paths[-1].write_bytes(data.getvalue())
    paths.append(make(tmp_path / "film.mp4", Made(frames=30, size=(96, 64), bit_rate=80_000)))
    paths.append(tmp_path / "cut.mp4")
    paths[-1].write_bytes(paths[-2].read_bytes()[:3000])
    for name, content in (
        ("archive.zip", zipped(("a", b"item shared"))),
        ("a.txt", b"see you at 21:00\n"),
        ("noise", os.urandom(900)),
    ):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    pool = Warden(1, examinations=10 * FILES)
    try:
        with pool.boundary(uuid4()) as box:
            halves, before, started = [], (0, 0), time.process_time()
            for number in range(FILES):
                with paths[number % len(paths)].open("rb") as file:
                    box.examine("look", file)
                child = box._child
                assert isinstance(child, Child)
                process = child._process.pid
                if number == SETTLING:
                    before, started = (resident_bytes(process), resident_bytes(os.getpid())), time.process_time()
                if number in (SETTLING + (FILES - SETTLING) // 2, FILES - 1):
                    halves.append(time.process_time() - started)
                    started = time.process_time()
            after = (resident_bytes(process), resident_bytes(os.getpid()))
    finally:
        pool.close()
    print(
        f"{FILES:,} files; child {before[0] >> 20} to {after[0] >> 20} MB, here {before[1] >> 20} to {after[1] >> 20} MB"
    )
    assert after[0] - before[0] < ALLOWED_BYTES
    assert after[1] - before[1] < ALLOWED_BYTES
    assert halves[1] < 1.5 * halves[0] + 1
