"""What runs on this machine for one home, and starting it anew in the same home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from maintenance.houses import READY, ROOT


@dataclass
class Up:
    """`amparo up` in a session of its own, as in a terminal of its own."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def interrupt(self) -> int:
        """Ctrl-C: the terminal sends SIGINT to every process of the foreground group. The exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def up(environment: dict[str, str]) -> Iterator[Up]:
    """Ready when inside. AssertionError, with what it said, where it did not come up."""
    command = [sys.executable, "-u", "-m", "amparo.wiring.cli", "up"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    started = Up(process)
    assert process.stdout
    try:
        for line in process.stdout:
            started.said.append(line)
            if line.startswith(READY):
                break
        else:
            raise AssertionError("".join(started.said))
        threading.Thread(target=lambda: started.said.extend(process.stdout or ()), daemon=True).start()
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def children(home: Path) -> dict[str, int]:
    """The supervised processes' names and ids, as the house's own file tells them."""
    return dict(json.loads((home / "run" / "processes.json").read_text())["processes"])


def _parent_and_start(pid: int) -> tuple[int, int]:
    """(parent, when it started): together with the pid the latter names a process for good. proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (0, 0) if fields[0] == "Z" else (int(fields[1]), int(fields[19]))


def _everything() -> dict[int, tuple[int, int]]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                found[int(entry.name)] = _parent_and_start(int(entry.name))
    return found


def of_home(home: Path) -> set[int]:
    """All that were started for this home and still run, whoever their parent is now. Sandboxes have no environment."""
    mark, found = f"AMPARO_HOME={home}\0".encode(), set()
    for pid in _everything():
        with suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes():
                found.add(pid)
    return found - {os.getpid()}


def descendants(pid: int) -> set[tuple[int, int]]:
    """(pid, when it started) of all that came from a process, and of itself."""
    everything = _everything()
    found, fresh = set[int](), {pid}
    while fresh:
        found |= fresh
        fresh = {child for child, (parent, _) in everything.items() if parent in fresh} - found
    return {(each, everything[each][1]) for each in found if each in everything}


def living(processes: set[tuple[int, int]]) -> set[int]:
    """Those that are still there."""
    everything = _everything()
    return {pid for pid, start in processes if everything.get(pid, (0, 0))[1] == start and start}
