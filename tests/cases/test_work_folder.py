"""What an analysis lays on the disk in between is seized data in the clear: real processes are ended here in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amparo.cases.tables.store import opened
from amparo.cases.tables.work_folder import PREFIX, clear_dead, work_folder

SPILLING = """
import sys
from pathlib import Path
from amparo.cases.tables.store import opened
with opened((), Path(sys.argv[1]), memory="30MiB") as store:
    (store.work / "part.parquet").write_text("somebody's name")
    store.run("CREATE TABLE wide AS SELECT i, repeat(md5(i::VARCHAR), 8) AS text FROM range(400000) t(i)")
    print("spilled", flush=True)
    {then}
"""
ENDS = {
    "an ordinary end": ("pass", 0),
    "an error": ("raise ValueError('no')", 1),
    "a refusal of the database": ("store.run('SELECT nothing')", 1),
    "leaving": ("sys.exit(3)", 3),
}
RUNNING = "store.run('SELECT count(*) FROM range(100000000000) a')"  # until it is ended
WAITING = "sys.stdin.read()"


def process(place: Path, then: str) -> subprocess.Popen[str]:
    program = SPILLING.replace("{then}", then)
    started = subprocess.Popen(
        [sys.executable, "-c", program, str(place)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout
    assert started.stdout.readline() == "spilled\n"
    return started


def ended(started: subprocess.Popen[str]) -> int:
    started.communicate(timeout=60)
    return started.returncode


def left(place: Path) -> list[str]:
    return sorted(each.name for each in place.iterdir())


@pytest.mark.parametrize("how", ENDS)
def test_a_process_that_ends_by_itself_leaves_nothing(tmp_path: Path, how: str) -> None:
    then, status = ENDS[how]
    assert ended(process(tmp_path, then)) == status
    assert left(tmp_path) == []


@pytest.mark.parametrize("busy_with", [WAITING, RUNNING])
def test_a_process_that_is_asked_to_end_leaves_nothing(tmp_path: Path, busy_with: str) -> None:
    started = process(tmp_path, busy_with)
    started.send_signal(signal.SIGTERM)
    assert ended(started) == 128 + signal.SIGTERM
    assert left(tmp_path) == []


def test_what_a_killed_process_left_is_gone_with_the_next_start_and_what_lives_stays(tmp_path: Path) -> None:
    lives, killed = process(tmp_path, WAITING), process(tmp_path, WAITING)
    killed.kill()
    assert ended(killed) == -signal.SIGKILL
    found = left(tmp_path)
    assert len(found) == 2
    assert [each for each in found if (tmp_path / each / "part.parquet").read_text() == "somebody's name"] == found
    assert all(any((tmp_path / each / "spilled").iterdir()) for each in found)
    with opened((), tmp_path):
        assert len(left(tmp_path)) == 2
        assert len(set(left(tmp_path)) & set(found)) == 1
    assert len(left(tmp_path)) == 1
    assert ended(lives) == 0
    assert left(tmp_path) == []


def test_nothing_else_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "amparo-house").mkdir()
    (tmp_path / f"{PREFIX}file").write_text("no folder")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("kept")
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"{PREFIX}dead").mkdir()
    assert clear_dead(tmp_path) == 1
    assert left(tmp_path) == ["amparo-house", f"{PREFIX}file", f"{PREFIX}link", "elsewhere"]
    assert (tmp_path / "elsewhere" / "kept").read_text() == "kept"


def test_a_folder_is_this_users_alone_and_one_in_another_is_its_own(tmp_path: Path) -> None:
    with work_folder(tmp_path) as outer, work_folder(outer) as inner:
        assert (outer.stat().st_mode & 0o777, inner.parent) == (0o700, outer)
        assert clear_dead(tmp_path) == clear_dead(outer) == 0
    assert left(tmp_path) == []


def test_a_handler_that_stands_is_left_alone(tmp_path: Path) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with work_folder(tmp_path):
            os.kill(os.getpid(), signal.SIGTERM)
            assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
