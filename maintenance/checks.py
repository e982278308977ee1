"""Every check of the project, in the order in which they fail fastest: what `make test`, a laptop and CI all run.

python -m maintenance.checks [--quick]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.throwaway_postgres import ABSENT, programs

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
BIN = Path(PYTHON).parent

# Of the rooms' tests those that ask a database, once more on PostgreSQL; what starts systems of its own brings its own databases.
ON_POSTGRES = ["custody", "jobs/test_leases.py", "access", "vault", "matching", "intake", "cases", "victims"]
ON_POSTGRES += ["referrals", "outcomes", "oversight"]

BLOCKS = "section,table,filters,entryblock,empty,note,dialog,tabs"  # our own template tags that have an end


def checks(quick: bool) -> list[tuple[str, list[str]]]:
    """(what it shows, the command), each run from the project's root."""
    templates = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("amparo/**/templates/**/*.html"))
    # A file stays with one process: its tests may share a running house. In the order of tests/conftest.py.
    pytest = [PYTHON, "-m", "pytest", "-q", "-rs", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
    pytest.append("--no-loadscope-reorder")
    found = [
        ("format", [str(BIN / "ruff"), "format", "--check", "-q", "."]),
        ("lint", [str(BIN / "ruff"), "check", "-q", "."]),
        ("templates", [str(BIN / "djangofmt"), "check", "-q", "--custom-blocks", BLOCKS, *templates]),
        ("types", [PYTHON, "-m", "mypy", "amparo", "maintenance"]),
        ("contract", [str(BIN / "lint-imports"), "--no-cache"]),
    ]
    if quick:
        return [*found, ("tests", [*pytest, "--ignore=tests/journeys"])]
    found.append(("tests", pytest))
    if programs():
        rooms = [f"tests/{each}" for each in ON_POSTGRES if (ROOT / "tests" / each).exists()]
        rooms.append("--ignore=tests/cases/test_groups_in_browser.py")  # how pages look is no matter of the database
        found.append(
            ("tests on PostgreSQL", [PYTHON, "-m", "tests.throwaway_postgres", *pytest, "-m", "django_db", *rooms])
        )
    return found


def main() -> int:
    """0 if every check passed; each is named with its seconds, and what was left out with its reason."""
    quick, failed = "--quick" in sys.argv, []
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "amparo.wiring.settings"}
    for what, command in checks(quick):
        started = time.monotonic()
        print(f"--- {what}", flush=True)
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        print(f"    {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - started:.1f} s", flush=True)
        if code:
            failed.append(what)
    if not programs():
        print(f"Left out: tests on PostgreSQL ({ABSENT}).")
    print("Failed: " + ", ".join(failed) if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
