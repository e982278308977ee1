"""How much of the machine's memory one analysis of a case may hold where nobody said."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

LEAST_GIB, MOST_GIB = 2, 8
GIB = 1 << 30
CONTAINER = Path("/sys/fs/cgroup/memory.max")  # Linux, cgroup v2: the number of bytes, or "max"


def for_tables(container: Path = CONTAINER) -> str:
    """A quarter of the machine's memory, or of the container's where that is less, as "6GiB": 2 to 8 whole GiB."""
    sizes = []
    with suppress(ValueError, OSError):
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ValueError, OSError):
        sizes.append(int(container.read_text(encoding="ascii")))
    quarter = min(sizes, default=0) / 4 / GIB
    return f"{max(LEAST_GIB, min(MOST_GIB, round(quarter)))}GiB"
