"""A house of its own for scripts and tests: in a temporary home, on free ports, up while inside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
READY = "Amparo is up"


@dataclass(frozen=True)
class House:
    """A running Amparo. `web`, `smtp` and `api` are where it answers."""

    home: Path
    web: str
    smtp: tuple[str, int]
    api: str
    environment: dict[str, str]
    process: subprocess.Popen[str]

    def amparo(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs an `amparo` command in this house."""
        command = [sys.executable, "-m", "amparo.wiring.cli", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=check)


def free_port() -> int:
    """A TCP port that nothing listens at, on this machine alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def house(*arguments: str, database: str = "") -> Iterator[House]:
    """`amparo up` with `arguments`, ready to take mail and serve pages. Its own words go to this process's error output."""
    with tempfile.TemporaryDirectory(prefix="amparo-house-", ignore_cleanup_errors=True) as folder:
        web, smtp, lmtp, api = free_port(), free_port(), free_port(), free_port()
        environment = {
            **os.environ,
            "AMPARO_HOME": folder,
            "AMPARO_HTTP": f"127.0.0.1:{web}",
            "AMPARO_SMTP": f"127.0.0.1:{smtp}",
            "AMPARO_LMTP": f"127.0.0.1:{lmtp}",
            "AMPARO_API": f"127.0.0.1:{api}",
            "AMPARO_DATABASE": database,
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-u", "-m", "amparo.wiring.cli", "up", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            _wait_until_ready(process)
            at = f"http://127.0.0.1:{web}", ("127.0.0.1", smtp), f"http://127.0.0.1:{api}"
            yield House(Path(folder), *at, environment, process)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    for line in process.stdout:
        if line.startswith(READY):
            break
    else:
        raise RuntimeError(f"the house did not come up: it ended with {process.wait()}")
    # What it says later must be read, or it would stop at a full pipe.
    threading.Thread(target=process.stdout.read, daemon=True).start()
