"""`amparo up` as a whole: what is killed comes back and loses nothing; what is stopped leaves nothing; what is up is left alone."""

from __future__ import annotations

import json
import os
import random
import signal
import smtplib
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from maintenance.houses import ROOT, House, free_port, house
from tests.threats.played import rows, set_to, settled, until
from tests.wiring.running import children, descendants, living, of_home, up

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes through /proc")

KILLED = ("receiver", "worker-1", "house", "worker-2", "courier", "receiver", "worker-1")
SENDERS = 2


@pytest.fixture(scope="module")
def running() -> Iterator[House]:
    with set_to(AMPARO_LEASE_SECONDS="2"), house() as found:
        yield found
    for pid in of_home(found.home):
        os.kill(pid, signal.SIGKILL)


def told(environment: dict[str, str], **changes: str) -> subprocess.CompletedProcess[str]:
    """What `amparo up` says where it must not start."""
    command = [sys.executable, "-m", "amparo.wiring.cli", "up"]
    return subprocess.run(
        command, cwd=ROOT, env={**environment, **changes}, capture_output=True, text=True, check=False, timeout=90
    )


ADDRESSES = ("AMPARO_HTTP", "AMPARO_FORM", "AMPARO_API", "AMPARO_SMTP", "AMPARO_LMTP")


@pytest.mark.parametrize("variable", ADDRESSES)
def test_a_taken_port_is_named_with_the_setting_that_moves_it(running: House, tmp_path: Path, variable: str) -> None:
    free = {name: f"127.0.0.1:{free_port()}" for name in ADDRESSES}
    taken = running.environment[variable]
    other = told(running.environment, **{**free, variable: taken, "AMPARO_HOME": str(tmp_path / "home")})
    assert other.returncode == 1 and taken in other.stderr and f"{variable}=" in other.stderr
    assert "Traceback" not in other.stderr and not (tmp_path / "home" / "run" / "processes.json").exists()


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def test_the_receiver_is_not_told_where_the_database_is(running: House) -> None:
    assert "AMPARO_DATABASE" not in environment_of(children(running.home)["receiver"])


class Senders:
    """Threads that send numbered mails, each again and again until it is acknowledged."""

    def __init__(self, smtp: tuple[str, int]) -> None:
        self.acknowledged: set[str] = set()
        self._smtp, self._stopped = smtp, threading.Event()
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def await_more(self, count: int) -> None:
        with self._changed:
            wanted = len(self.acknowledged) + count
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= wanted, timeout=90)

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _send(self, sender: int) -> None:
        number = 0
        while not self._stopped.is_set():
            message = EmailMessage()
            message["From"], message["To"] = "reporter@example.org", "report@report.example.org"
            message["Subject"] = f"numbered {sender}-{number}"
            message.set_content("see you at 21:00")
            message.add_attachment(
                f"item {sender}-{number}".encode(), maintype="text", subtype="plain", filename="note.txt"
            )
            message.set_boundary(f"parts of {sender}-{number}")  # else another is drawn whenever it is sent again
            while not self._acknowledged(message):
                self._stopped.wait(0.1)
            with self._changed:
                self.acknowledged.add(message["Subject"])
                self._changed.notify_all()
            number += 1
            self._stopped.wait(1.0)  # mails arrive at a pace that two cores can examine

    def _acknowledged(self, message: EmailMessage) -> bool:
        try:
            with smtplib.SMTP(*self._smtp, timeout=30) as client:
                client.send_message(message)
        except (OSError, smtplib.SMTPException):
            return False  # killed just now: the same mail again
        return True


def test_whatever_is_killed_comes_back_and_no_mail_is_lost_or_doubled(running: House) -> None:
    senders, chance = Senders(running.smtp), random.Random(7)
    try:
        for name in KILLED:
            senders.await_more(chance.randint(1, 3))
            victim = children(running.home)[name]
            os.kill(victim, signal.SIGKILL)
            until(lambda name=name, victim=victim: children(running.home)[name] != victim, f"{name} comes back")  # type: ignore[misc]
        senders.await_more(SENDERS)
    finally:
        senders.stop()
    sent = senders.acknowledged
    until(lambda: settled(running.home, len(sent)), "every mail is examined and recorded", 300)
    assert sorted(rows(running.home, "SELECT subject FROM intake_report")) == sorted((each,) for each in sent)
    attached = rows(running.home, "SELECT count(*) FROM vault_item WHERE name = 'note.txt' GROUP BY origin")
    assert attached == [(1,)] * len(sent)
    assert rows(running.home, "SELECT count(*) FROM jobs_job WHERE state = 'quarantined'") == [(0,)]
    with urllib.request.urlopen(f"{running.web}/log-in/", timeout=30) as page:
        assert page.status == 200
    verdict = running.amparo("verify", check=False)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_a_killed_house_leaves_no_old_one_serving_beside_the_new(running: House) -> None:
    victim = children(running.home)["house"]
    family = descendants(victim)
    os.kill(victim, signal.SIGKILL)
    until(lambda: children(running.home)["house"] != victim, "the house comes back")
    until(lambda: not living(family), "what the old one had started has ended", seconds=5)


def test_a_second_up_in_the_same_home_is_refused_and_leaves_the_first_alone(running: House) -> None:
    before = (running.home / "run" / "processes.json").read_text()
    second = told(running.environment)
    assert second.returncode == 1 and f"up already (process {running.process.pid})" in second.stderr
    assert (running.home / "run" / "processes.json").exists(), "the next one would start beside the first"
    assert (running.home / "run" / "processes.json").read_text() == before


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """For a home of this test's own."""
    ports = {name: f"127.0.0.1:{free_port()}" for name in ADDRESSES}
    return {
        **os.environ,
        **ports,
        "AMPARO_HOME": str(tmp_path / "home"),
        "AMPARO_DATABASE": "",
        "PYTHONPATH": str(ROOT),
    }


def send(environment: dict[str, str], subject: str) -> None:
    host, _, port = environment["AMPARO_SMTP"].rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=60) as client:
        client.sendmail(
            "reporter@example.org", ["report@report.example.org"], f"Subject: {subject}\r\n\r\nhola\r\n".encode()
        )


def test_ctrl_c_leaves_no_process(environment: dict[str, str]) -> None:
    home = Path(environment["AMPARO_HOME"])
    with up(environment) as started:
        send(environment, "examined")  # so that the sandbox's processes are there too
        until(lambda: settled(home, 1), "the mail is a report")
        family = descendants(started.process.pid)
        assert len(family) >= 7
        assert started.interrupt() == 0
        until(lambda: not living(family), "all have ended", seconds=5)
        assert not (home / "run" / "processes.json").exists()


def test_started_again_it_keeps_everything_however_it_ended(environment: dict[str, str]) -> None:
    home = Path(environment["AMPARO_HOME"])
    with up(environment) as first:
        assert "First start" in "".join(first.said)
        send(environment, "before")
        until(lambda: settled(home, 1), "the first mail is a report")
        keys = {path: path.read_bytes() for path in home.joinpath("keys").rglob("*") if path.is_file()}
        family = descendants(first.process.pid)
        first.process.kill()  # the supervisor itself: nobody is left to stop the others
        first.process.wait()
        until(lambda: not living(family), "its processes end by themselves")
    with up(environment) as second:
        assert "First start" not in "".join(second.said)
        assert {path: path.read_bytes() for path in keys} == keys
        send(environment, "after")
        until(lambda: settled(home, 2), "the second mail is a report")
        assert rows(home, "SELECT subject FROM intake_report ORDER BY id") == [("before",), ("after",)]


def test_a_number_that_another_program_has_now_keeps_no_house_down(environment: dict[str, str]) -> None:
    """After a power cut, or in a container, process numbers come again."""
    home = Path(environment["AMPARO_HOME"])
    home.joinpath("run").mkdir(mode=0o700, parents=True)
    state = {"supervisor": os.getpid(), "processes": {}, "http": environment["AMPARO_HTTP"]}
    home.joinpath("run", "processes.json").write_text(json.dumps(state))
    with up(environment) as started:
        assert started.process.poll() is None
