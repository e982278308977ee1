"""A scan killed again and again at random: python -m maintenance.slow faults -- -k scan"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

from tests.matching.scanned import lines_of, store_of

FILES = 6_000


def test_killed_again_and_again_at_random_every_file_ends_once_and_stays_as_it_ended(tmp_path: Path) -> None:
    dice = random.Random(20)
    for at in range(FILES):
        (tmp_path / "seized" / str(at % 40)).mkdir(parents=True, exist_ok=True)
        (tmp_path / "seized" / str(at % 40) / f"{at}.txt").write_bytes(b"item shared %d" % (at // 2))
    store_of(tmp_path / "scan", tmp_path / "seized").close()
    command = [sys.executable, "-m", "tests.matching.scan_until_killed", tmp_path / "home", tmp_path / "scan"]
    ended: dict[str, str] = {}
    kills, status = 0, 1
    while status:
        where, most = dice.choice([("file", 700), ("look", 400), ("kept", 120)]) if kills >= 5 else ("folder", 9)
        times = str(dice.randint(1, most))
        status = subprocess.run([*command, where, times], check=False).returncode
        assert status in {0, -signal.SIGKILL}
        kills += bool(status)
        lines = {path: line["outcome"] for path, line in lines_of(tmp_path / "scan").items()}
        assert {path: lines[path] for path in ended} == ended, "what had ended is another now"
        ended = {path: outcome for path, outcome in lines.items() if outcome != "open"}
    print(f"{kills} kills")
    assert kills > 12
    assert len(lines) == FILES and set(lines.values()) == {"unknown"}
