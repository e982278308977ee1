"""Posts to a form that is killed again and again, and a collector that is killed while it takes them in: what must hold after."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from http.client import HTTPException
from pathlib import Path

from amparo.foundation.home import Home
from amparo.intake.form import letters
from amparo.vault.keys import ProcessKeys
from tests.intake.form_server import FormServer


class Reporters:
    """Threads that send numbered forms, each until it is acknowledged, some of them twice, to whichever form is up."""

    def __init__(self, posts: int, threads: int = 3) -> None:
        self.acknowledged: dict[int, str] = {}
        self.changed_codes: list[int] = []
        self._left = list(range(posts))
        self._form: FormServer | None = None
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._send) for _ in range(threads)]
        self.posts = posts

    def start(self) -> None:
        for each in self._threads:
            each.start()

    def point_to(self, form: FormServer) -> None:
        with self._changed:
            self._form = form
            self._changed.notify_all()

    def await_more(self, count: int) -> bool:
        """Returns when so many more were acknowledged: the others are then under way. False when all are."""
        with self._changed:
            wanted = min(self.posts, len(self.acknowledged) + count)
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= wanted, timeout=300)
            return len(self.acknowledged) < self.posts

    def join(self) -> None:
        for each in self._threads:
            each.join()

    def _send(self) -> None:
        chance = random.Random(5)
        while True:
            with self._changed:
                if not self._left:
                    return
                number = self._left.pop()
            for _ in range(1 + (chance.random() < 0.3)):  # some press the button twice
                code = self._until_acknowledged(number)
                with self._changed:
                    if self.acknowledged.setdefault(number, code) != code:
                        self.changed_codes.append(number)
                    self._changed.notify_all()

    def _until_acknowledged(self, number: int) -> str:
        tried: FormServer | None = None
        while True:
            with self._changed:
                # A form that failed is tried again only once another is up, or a moment has passed.
                self._changed.wait_for(lambda last=tried: self._form is not last, timeout=0.5)  # type: ignore[misc]
                form = self._form
            if form is None:
                continue
            with contextlib.suppress(OSError, HTTPException):
                page = form.post("/en/sent", nonce=f"{number:032x}", text=f"Post {number} in room {number}.")
                if page.status == 200:
                    return page.digits
            tried = form


def found(home: Home) -> list[str]:
    worker = ProcessKeys(home, "worker")
    return [str(letters.read(each, worker).said["text"]) for each in letters.waiting(home)]


def send_while_killing(home: Home, posts: int, kills: int) -> Reporters:
    """Every post is acknowledged in the end; the form was killed so often meanwhile."""
    reporters, chance = Reporters(posts), random.Random(3)
    reporters.start()
    for _ in range(kills):
        form = FormServer(home)
        reporters.point_to(form)
        more = reporters.await_more(chance.randint(1, max(2, posts // kills)))
        form.stop(signal.SIGKILL)
        if not more:
            break
    last = FormServer(home)
    reporters.point_to(last)
    reporters.join()
    last.stop()
    return reporters


COLLECTOR = """
import django; django.setup()
from amparo.foundation.home import Home
from amparo.intake import collector
print("ready", flush=True)
while collector.collect(Home.from_env()): pass
"""


def collect_while_killing(home: Home, kills: int) -> None:
    """Everything in the spool is taken in; the collector was killed so often meanwhile. The database is the home's own."""
    root, chance = Path(__file__).parents[2], random.Random(4)
    environment = {**os.environ, "AMPARO_HOME": str(home.path), "PYTHONPATH": str(root), "AMPARO_DATABASE": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "amparo.wiring.settings"
    for kill in range(kills + 1):
        process = subprocess.Popen(
            [sys.executable, "-c", COLLECTOR], env=environment, stdout=subprocess.PIPE, text=True, cwd=root
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.05, 1.0) if kill < kills else 600)
        process.kill()
        process.communicate()
    assert not letters.waiting(home)


READ = """
import django, json; django.setup()
from amparo.intake.models import Arrival, Report, ReporterMailbox, TalkMessage
print(json.dumps([list(Report.objects.values_list("text", flat=True)), Arrival.objects.count(), ReporterMailbox.objects.count(),
    TalkMessage.objects.count()]))
"""
LAY = """
import django; django.setup()
from django.core.management import call_command
from amparo.foundation.home import Home
from amparo.access.acts import Actor
from amparo.vault import actions as vault
call_command("migrate", verbosity=0, interactive=False)
vault.lay_compartments(Actor.of_process("cli"), Home.from_env())
"""


def in_house(home: Home, code: str) -> str:
    """What this code prints, run in the home's own house."""
    environment = {**os.environ, "AMPARO_HOME": str(home.path), "AMPARO_DATABASE": ""}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), "DJANGO_SETTINGS_MODULE": "amparo.wiring.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
