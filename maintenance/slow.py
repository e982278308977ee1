"""The long suites: what takes many minutes and is no part of `make test`. Each is a make target too.

python -m maintenance.slow [NAME ...] [-- MORE ...]      all of them, or those named; MORE goes to what is run

Those but `fuzz` are the tests in files named tests/**/slow_scale_*.py and so on: a room adds its own there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
SHOWN_BY = {
    "fuzz": "every reader of hostile bytes holds under coverage-guided and mutation fuzzing",
    "scale": "memory stays flat, and time in proportion, over many files and large lists",
    "api-fuzz": "the platforms' door answers as its OpenAPI document says, whatever is sent",
    "peers": "others' own code reads what we write (needs `make benchmarks`' dependencies)",
    "stories": "whole stories end with their figures in a running house, and their pages hold in a browser",
    "faults": "nothing is lost or done twice when processes are killed at random",
}


def command(name: str, more: Sequence[str]) -> list[str] | None:
    """What runs the suite; None where no room has a test for it."""
    if name == "fuzz":
        return [PYTHON, "-m", "maintenance.fuzz", *more]
    files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(f"tests/**/slow_{name.replace('-', '_')}_*.py"))
    long = ["-rs", "-s", "--durations=0", "-o", "faulthandler_timeout=0"]
    return [PYTHON, "-m", "pytest", "-q", *long, *files, *more] if files else None


def main() -> int:
    """0 if all passed."""
    arguments = sys.argv[1:]
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    names, more = arguments[:cut] or list(SHOWN_BY), arguments[cut + 1 :]
    unknown = [name for name in names if name not in SHOWN_BY]
    if unknown:
        print(f"There is no suite {unknown[0]!r}; there are: {', '.join(SHOWN_BY)}.")
        return 2
    failed = []
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "amparo.wiring.settings"}
    for name in names:
        print(f"--- {name}: {SHOWN_BY[name]}", flush=True)
        started, wanted = time.monotonic(), command(name, more)
        if wanted is None:
            print("    no room has a test for it")
            continue
        code = subprocess.run(wanted, cwd=ROOT, env=environment, check=False).returncode
        print(f"    {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
        if code:
            failed.append(name)
    print("Failed: " + ", ".join(failed) if failed else "All passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
