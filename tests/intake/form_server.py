"""The public form as a process of its own, as `amparo up` starts it, for tests to talk to over sockets."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from amparo.foundation.home import Home
from amparo.vault import keys
from tests.journeys.house import free_port

ROOT = Path(__file__).parents[2]
NONCE = re.compile(r'name="nonce" value="([0-9a-f]{32})"')
WORD = re.compile(r"<li>(\w+)</li>")
DIGITS = re.compile(r'class="digits" dir="ltr">([\d ]+)<')


@dataclass(frozen=True)
class Page:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def nonce(self) -> str:
        found = NONCE.search(self.text)
        assert found, self.text[:500]
        return found[1]

    @property
    def digits(self) -> str:
        found = DIGITS.search(self.text)
        return found[1] if found else ""

    @property
    def words(self) -> list[str]:
        _, _, listed = self.text.partition('<ol class="words"')
        return WORD.findall(listed.partition("</ol>")[0])


class FormServer:
    """Up when made. Use as a context."""

    def __init__(self, home: Home, application: str = "amparo.wiring.public:application", **settings: str) -> None:
        self.port = free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AMPARO_")}
        environment |= {"AMPARO_HOME": str(home.path), "PYTHONPATH": str(ROOT), **settings}
        command = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        command += [
            "--workers",
            "1",
            "--blocking-threads",
            "32",
            "--backpressure",
            "64",
            "--no-ws",
            "--log-level",
            "error",
        ]
        self.process = subprocess.Popen(
            [*command, application], env=environment, cwd=ROOT, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            assert self.process.poll() is None and time.monotonic() < deadline, self.stop()
            time.sleep(0.05)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self, number: int = signal.SIGTERM) -> str:
        """What it said. The whole family ends: granian's worker is a process of its own."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        if number != signal.SIGKILL:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        said, _ = self.process.communicate(timeout=10)
        return str(said)

    def get(self, path: str, **headers: str) -> Page:
        return self._ask(Request(f"http://127.0.0.1:{self.port}{path}", headers=headers))

    def post(self, path: str, seconds: float = 60, **fields: str) -> Page:
        data = urlencode(fields).encode()
        return self._ask(Request(f"http://127.0.0.1:{self.port}{path}", data=data), seconds)

    def _ask(self, request: Request, seconds: float = 60) -> Page:
        try:
            with urlopen(request, timeout=seconds) as answer:
                return Page(answer.status, dict(answer.headers), answer.read().decode())
        except HTTPError as refused:
            with refused:
                return Page(refused.code, dict(refused.headers), refused.read().decode())

    def raw(self, sent: bytes, seconds: float = 20) -> bytes:
        """What comes back to these bytes, until the page ends or the connection does."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as line:
            line.sendall(sent)
            got = b""
            while not got.rstrip().endswith((b"</html>", b"\r\n0")):
                piece = line.recv(65536)
                if not piece:
                    break
                got += piece
        return got


def form_home(folder: Path) -> Home:
    """A home with keys and no database: the form needs none."""
    home = Home(folder / "home")
    keys.make_keys(home)
    return home
