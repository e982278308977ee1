"""What `amparo analyse` says on a terminal while it runs: each step, its rows, how fast, and how long the reading still takes."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amparo.cases.tables.reading import Folder


class Screen:
    """Says on a terminal what is done, how many rows of it, and how fast; of files, how long the rest will take."""

    def __init__(self, found: Folder | None = None) -> None:
        self.since, self.shown = time.monotonic(), sys.stderr.isatty()
        self.sizes = {file.name: file.size_bytes for file in found.files if file.sha256} if found else {}
        self.whole, self.done = sum(self.sizes.values()), 0

    def show(self, what: str, rows: int) -> None:
        """One line a step."""
        seconds = max(time.monotonic() - self.since, 1e-6)
        self.done += self.sizes.pop(what.partition(" ")[2], 0)
        if not self.shown:
            return
        rest = ""
        if self.sizes and 0 < self.done < self.whole:
            rest = f", about {seconds * (self.whole - self.done) / self.done:,.0f} s left to read"
        print(
            f"{what}: {rows:,} rows, {seconds:.1f} s, {rows / seconds:,.0f} rows/s{rest}", file=sys.stderr, flush=True
        )


def one_thread() -> None:
    """NumPy starts no thread of its own: one that ran before the confinement would not be confined."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
