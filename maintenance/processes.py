"""What runs below a process, and what it has used: of houses that benchmarks and long tests start. Linux's /proc alone."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path


def below(process: int) -> list[int]:
    """The processes that it started, and theirs."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            parents.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found = list(parents.get(process, []))
    for each in found:
        found += parents.get(each, [])
    return found


def processor_seconds(process: int) -> float:
    """CPU seconds of the process, of all below it, and of those of theirs that have ended."""
    used = 0
    for each in (process, *below(process)):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            used += sum(int(field) for field in fields[11:15])
    return used / os.sysconf("SC_CLK_TCK")


def in_threads(count: int, work: Callable[[int], None]) -> float:
    """Seconds that `count` threads took, each told its number."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started
