"""Nothing that the platforms' door acknowledged is lost or doubled when it is killed (SIGKILL) at random points."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from amparo.foundation.home import Home
from amparo.intake.api.uploads import Parts
from amparo.vault import envelope
from amparo.vault.envelope import Binding
from amparo.vault.keys import CONTENT, ProcessKeys
from maintenance.houses import ROOT, free_port

sys.path.insert(0, str(ROOT / "clients" / "python"))
amparo_client = pytest.importorskip("amparo_client")
from amparo_client import Client, client as inner  # noqa: E402

KILLS = int(os.environ.get("AMPARO_KILLS", "3"))
SENDERS = 3
# A house of its own, and a platform's key as the last line.
PREPARE = """
from amparo.foundation.home import Home
from amparo.wiring.up import prepare
prepare(Home.from_env())
from amparo.access.acts import Actor
from amparo.intake.api import keys
print(keys.make_key(Actor.of_process("cli"), "Example Live", reports_a_second=10_000).secret)
"""


class Door:
    """The door alone, at one address, killed and started again."""

    def __init__(self, environment: dict[str, str], port: int) -> None:
        self._environment, self._port = environment, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            str(self._port),
        ]
        command += [
            "--workers",
            "1",
            "--blocking-threads",
            "4",
            "--no-ws",
            "--log-level",
            "critical",
            "amparo.wiring.api:application",
        ]
        self._process = subprocess.Popen(command, env=self._environment, cwd=ROOT, start_new_session=True)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            assert self._process.poll() is None, "the door did not start"
            time.sleep(0.05)
        raise AssertionError("the door does not answer")

    def kill(self) -> None:
        """At once, with whatever it had started."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Platforms:
    """Threads that send numbered reports, each until it is acknowledged, and one that sends a file again and again."""

    def __init__(self, client: Any, data: bytes) -> None:
        self.acknowledged: dict[UUID, str] = {}
        self.files: set[UUID] = set()
        self._client, self._data, self._stopped = client, data, threading.Event()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._reports, args=(each,)) for each in range(SENDERS)]
        self._threads.append(threading.Thread(target=self._files))
        for each in self._threads:
            each.start()

    def await_more(self, number: int) -> None:
        with self._changed:
            wanted = len(self.acknowledged) + number
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= wanted, timeout=90)

    def stop(self) -> None:
        self._stopped.set()
        for each in self._threads:
            each.join()

    def _reports(self, sender: int) -> None:
        number = 0
        while not self._stopped.is_set():
            mark = f"{sender}-{number}"
            report = {"subject": mark, "text": random.Random(mark).randbytes(2_000).hex(), "reference": mark}
            told = self._client.send(report, idempotency_key=mark)
            with self._changed:
                self.acknowledged[told.id] = mark
                self._changed.notify_all()
            number += 1

    def _files(self) -> None:
        number = 0
        while not self._stopped.is_set():
            path = f"file-{number}"
            sent = self._client.upload(io.BytesIO(self._data), name=path)
            self.files.add(sent.id)
            number += 1


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    made = {**os.environ, "AMPARO_HOME": str(tmp_path / "home"), "AMPARO_DATABASE": "", "PYTHONPATH": str(ROOT)}
    made["DJANGO_SETTINGS_MODULE"] = "amparo.wiring.settings"
    return made


@pytest.fixture
def door(environment: dict[str, str]) -> Iterator[tuple[Door, Any]]:
    command = [sys.executable, "-c", PREPARE]
    told = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    key, port = told.split()[-1], free_port()
    made = Door(environment, port)
    made.start()
    yield made, Client(f"http://127.0.0.1:{port}", key, tries=200, sleep=lambda _: time.sleep(0.1))
    made.kill()


def test_nothing_acknowledged_is_lost_or_doubled_when_the_door_is_killed_at_random_points(
    environment: dict[str, str], door: tuple[Door, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner, "PART_BYTES", 300_000)
    process, client = door
    chance, data = random.Random(4), random.Random(5).randbytes(2_000_000)
    platforms = Platforms(client, data)
    try:
        for _ in range(KILLS):
            platforms.await_more(chance.randint(1, 8))
            process.kill()
            process.start()
        platforms.await_more(SENDERS)
    finally:
        platforms.stop()
    home = Home(Path(environment["AMPARO_HOME"]))
    with closing(sqlite3.connect(home.database)) as rows:
        reports = rows.execute("SELECT uuid, subject FROM intake_report").fetchall()
        told = rows.execute("SELECT count(*), count(DISTINCT answer) FROM intake_apianswer").fetchone()
        states = dict(rows.execute("SELECT uuid, state FROM intake_apiupload").fetchall())
        sealed = rows.execute("SELECT count(*) FROM vault_item").fetchone()
    # Each that was told of is there, once; one whose answer was lost was sent again and is there once, too.
    assert sorted((UUID(uuid), subject) for uuid, subject in reports) == sorted(platforms.acknowledged.items())
    assert told[0] == told[1] and sealed[0] == len(reports)
    keys = ProcessKeys(home, "worker")
    compartment = keys.compartment(CONTENT)
    private = keys.private_key(compartment)
    assert platforms.files and {states[each.hex] for each in platforms.files} == {"checking"}
    for each in platforms.files:
        parts = Parts(
            home,
            each,
            len(data),
            lambda letter, part: envelope.open_letter(letter, private, Binding(part, compartment)),
        )
        assert hashlib.sha256(parts.readall() or b"").digest() == hashlib.sha256(data).digest()
