"""A scan that is killed at any moment has lost nothing that was kept, and goes on to the same manifest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amparo.foundation.home import Home
from amparo.matching.scan.examining import Examiner
from amparo.matching.scan.facts import Read, Wanted
from amparo.matching.scan.planning import chunks_of
from amparo.matching.scan.store import Store
from amparo.matching.shelf import Shelf
from tests.matching.scan_until_killed import WHERE
from tests.matching.scanned import examine, lines_of, store_of

FILES = 23


@pytest.mark.parametrize(("where", "times"), [("folder", 3), ("look", 7), ("kept", 2), ("copies", 1)])
def test_every_file_ends_once_and_what_was_kept_is_never_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, times: int
) -> None:
    assert where in WHERE
    seized = tmp_path / "seized"
    for at in range(FILES):
        (seized / str(at % 4)).mkdir(parents=True, exist_ok=True)
        (seized / str(at % 4) / f"{at}.txt").write_bytes(b"%d" % (at // 3))
    store_of(tmp_path / "scan", seized).close()
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.matching.scan_until_killed",
            tmp_path / "home",
            tmp_path / "scan",
            where,
            str(times),
        ],
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    kept = {path for path, line in lines_of(tmp_path / "scan").items() if line["outcome"] != "open"}
    again: set[str] = set()
    reading = Examiner._read

    def seen(self: Examiner, wanted: Wanted) -> Read:
        again.add(f"./{os.fsdecode(wanted.folder)}/{os.fsdecode(wanted.name)}")
        return reading(self, wanted)

    monkeypatch.setattr(Examiner, "_read", seen)
    monkeypatch.setattr(chunks_of, "__defaults__", (5, 1 << 20))
    with Store(tmp_path / "scan" / "scan.sqlite3") as store:
        examine(store, Shelf.open(Home(tmp_path / "home"), ()))
        summary = store.summary()
    lines = lines_of(tmp_path / "scan")
    assert set(lines) == {f"./{at % 4}/{at}.txt" for at in range(FILES)}
    assert {line["outcome"] for line in lines.values()} == {"unknown"}
    assert not kept & again and kept | again == set(lines)
    assert (summary.found, summary.done, summary.by_outcome()["unknown"]) == (FILES, FILES, FILES)
    assert summary.copies == FILES - 8
