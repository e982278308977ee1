"""A whole running house for a journey: its own home and ports, its processes, and officers added by the command line."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

START_SECONDS = 90
# Of this run of the tests, whichever of its processes asks; conftest.py says where.
shared_folder = Path(tempfile.gettempdir())
PASSWORD = re.compile(r"password\s+(\S+)")
SECRET = re.compile(r"authenticator\s+(\S+)")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def empty_database() -> bytes:
    """A database file with every table and nothing in it: made once, since a hundred migrations take seconds of each house.

    That a house makes its own from nothing is tests/wiring/test_up.py's to say.
    """
    file = shared_folder / "empty.sqlite3"
    with (shared_folder / "empty.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            _make_database(file)
    return file.read_bytes()


def _make_database(file: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="amparo-journey-") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AMPARO_")}
        environment |= {"AMPARO_HOME": folder, "DJANGO_SETTINGS_MODULE": "amparo.wiring.settings"}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v", "0"], env=environment, check=True, timeout=300)
        # Whoever closes it last writes the log beside it into the file.
        assert [each.name for each in Path(folder).glob("amparo.sqlite3*")] == ["amparo.sqlite3"]
        shutil.copy(Path(folder) / "amparo.sqlite3", file)


@dataclass(frozen=True)
class LogIn:
    username: str
    password: str
    totp_secret: str


@dataclass
class RunningHouse:
    """`amparo up` in a folder of its own. Use as a context: it is stopped and its folder removed at the end."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="amparo-journey-")))
    http: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    smtp: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    form: str = ""
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AMPARO_")},
            "AMPARO_HOME": str(self.home),
            "AMPARO_HTTP": self.http,
            "AMPARO_SMTP": self.smtp,
            "AMPARO_LMTP": "",
            "AMPARO_FORM": self.form,
            "AMPARO_API": "",
            "AMPARO_HOUSE_NAME": "Journey house",
            "AMPARO_HOUSE_COUNTRY": "ES",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

    def make(self) -> None:
        """The home is there, with an empty database: the house starts in it as in a new one."""
        self.home.mkdir(mode=0o700)
        (self.home / "amparo.sqlite3").write_bytes(empty_database())

    def command(self, *words: str, seconds: int = 120) -> subprocess.CompletedProcess[str]:
        """`amparo` with these words, in this house."""
        return subprocess.run(
            [sys.executable, "-m", "amparo.wiring.cli", *words],
            env=self.environment, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip

    def add_officer(self, username: str, name: str, role: str) -> LogIn:
        told = self.command("officer", username, "--name", name, "--unit", "Journeys", "--roles", role)
        password, secret = PASSWORD.search(told.stdout), SECRET.search(told.stdout)
        assert password and secret, told.stdout + told.stderr
        return LogIn(username, password[1], secret[1])

    def add_officers(self, officers: Mapping[str, tuple[str, str]]) -> dict[str, LogIn]:
        """(name, role) of each username, two at a time: making keys is slow on purpose."""
        with ThreadPoolExecutor(2) as hiring:
            made = hiring.map(lambda each: self.add_officer(each[0], *each[1]), officers.items())
            return {each.username: each for each in made}

    def __enter__(self) -> Self:
        self.make()
        up = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "amparo.wiring.cli", "up", "--workers", "2"],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

        def listen() -> None:
            assert self.process is not None and self.process.stdout is not None
            for line in self.process.stdout:
                self.said.append(line)
                if line.startswith("Amparo is up"):
                    up.set()

        threading.Thread(target=listen, daemon=True).start()
        if not up.wait(START_SECONDS):
            self.__exit__()
            raise AssertionError("the house did not come up:\n" + "".join(self.said[-30:]))
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()


class PlayedHouse(RunningHouse):
    """A house that keeps what was played in it before it comes up. `end` takes its folder away."""

    def make(self) -> None:
        if not self.home.exists():
            super().make()

    def play(self, *words: str, seconds: int) -> dict[str, Any]:
        """`amparo demo` with these words, ended well: the figures of its last line."""
        told = self.command("demo", *words, seconds=seconds)
        assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
        found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
        return found

    def log_in(self, username: str) -> LogIn:
        """Of one of the demo's officers."""
        known = json.loads((self.home / "demo" / "log-ins.json").read_text())
        who = next(each for each in known if each["username"] == username)
        return LogIn(username, who["password"], who["totp_secret"])

    def __exit__(self, *_: object) -> None:
        self.stop()

    def end(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
