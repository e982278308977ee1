"""CPU seconds of a call, memory of a process, and whether a library is there."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    answer = call()
    return time.process_time() - started, answer


def grown(call: Callable[[], Any]) -> int:
    """MiB by which a process grows that does this and nothing else."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        ctypes.CDLL(None).malloc_trim(0)  # what was freed before would hold it unseen
        Path("/proc/self/clear_refs").write_text("5")  # what it held at most begins anew
        before = peak_mib()
        call()
        os.write(write, str(peak_mib() - before).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return int(said or -1)


def has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def peak_mib() -> int:
    """What this program held at most: Linux counts it from its start, where rusage begins at its parent's."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**20
    return next(int(line.split()[1]) >> 10 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
