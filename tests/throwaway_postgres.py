"""A PostgreSQL server of the test's own: made in a temporary folder, reached by a socket only, gone afterwards.

Run as a program it gives its command such a server: `python -m tests.throwaway_postgres pytest tests/jobs`.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ABSENT = "PostgreSQL's server programs (initdb, postgres) are not installed"


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, newest first; None where there are none."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)  # noqa: PTH207
    folders += [os.path.dirname(found)] if (found := shutil.which("initdb")) else []  # noqa: PTH120
    return next((Path(each) for each in folders if (Path(each) / "initdb").exists()), None)


def _as_ordinary_user(folder: Path) -> dict[str, object]:
    """PostgreSQL refuses to run as root: then `nobody` owns the folder and runs it."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def throwaway_postgres(*, durable: bool = False) -> Iterator[str]:
    """The URL of a running server with an empty database. durable: it syncs what it commits, as one that is kept does."""
    bin_folder = programs()
    if bin_folder is None:
        raise RuntimeError(ABSENT)
    folder = Path(tempfile.mkdtemp(prefix="amparo-pg-"))
    who = _as_ordinary_user(folder)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, **who}
    data = folder / "data"
    make = [bin_folder / "initdb", "-D", data, "-U", "amparo", "--auth=trust", "--no-sync", "-E", "UTF8", "--no-locale"]
    subprocess.run(make, check=True, **quiet)  # type: ignore[call-overload]
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=50"
    options += "" if durable else " -c fsync=off"
    control = [bin_folder / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", options, "start"], check=True, **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql://amparo@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    with throwaway_postgres() as url:
        sys.exit(subprocess.run(sys.argv[1:], check=False, env={**os.environ, "AMPARO_DATABASE": url}).returncode)
