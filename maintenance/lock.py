"""Writes the locks anew: every dependency pinned with its hashes, and no registry's host.

python -m maintenance.lock
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {
    "requirements.lock": ("postgres", "build"),
    "requirements-dev.lock": ("dev",),
    "requirements-benchmarks.lock": ("dev", "benchmarks"),
}
FLAGS = ("--universal", "--generate-hashes", "--no-header", "--no-annotate", "--python-version", "3.11")


def main() -> None:
    """The locks are up to date with pyproject.toml. Fails if a host slipped in."""
    for lock, extras in LOCKS.items():
        wanted = [part for extra in extras for part in ("--extra", extra)]
        command = [sys.executable, "-m", "uv", "pip", "compile", "-q", *FLAGS, "--no-emit-package", "amparo"]
        subprocess.run([*command, "pyproject.toml", *wanted, "-o", lock], cwd=ROOT, check=True)
        if "://" in (ROOT / lock).read_text():
            sys.exit(f"{lock} names a host")


if __name__ == "__main__":
    main()
