"""A scan that a kill -9 ends at a given moment: python -m tests.matching.scan_until_killed HOME FOLDER WHERE TIMES"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amparo.foundation.home import Home
from amparo.matching.scan import keeping, walking
from amparo.matching.scan.examining import Examiner
from amparo.matching.scan.planning import chunks_of
from amparo.matching.scan.store import Store
from amparo.matching.shelf import Shelf
from tests.matching.scanned import examine

# What is counted: a folder read, a file read, a look, a chunk kept, a commit.
WHERE = {
    "folder": (walking, "_read_folder"),
    "file": (Examiner, "_read"),
    "look": (Examiner, "_look"),
    "kept": (keeping, "keep"),
    "commit": (Store, "commit"),
    "copies": (keeping, "_count_again"),
}


def killed_at(step: Callable[..., Any], times: int) -> Callable[..., Any]:
    """The step, after which so many times this process is gone."""
    left = times

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal left
        done = step(*given, **named)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return counted


if __name__ == "__main__":
    home, folder, where, times = Home(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    chunks_of.__defaults__ = (5, 1 << 20)
    of, name = WHERE[where]
    setattr(of, name, killed_at(getattr(of, name), times))
    with Store(folder / "scan.sqlite3") as store:
        examine(store, Shelf.open(home, ()))
