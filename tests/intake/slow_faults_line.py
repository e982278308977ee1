"""Nothing acknowledged is lost and nothing doubled while any process of a whole house is killed at random, again and again.

python -m maintenance.slow faults -- -k line        AMPARO_MAILS=1000 makes it shorter (default 10,000)
"""

from __future__ import annotations

import json
import os
import random
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from maintenance.houses import ROOT, House, house
from maintenance.processes import below

MAILS = int(os.environ.get("AMPARO_MAILS") or 10_000)
SENDERS = 3
# While mails come; and more seldom while the rest of them is read, or a job's five tries would be used up by kills alone.
KILLED_EVERY_SECONDS, KILLED_LATER = (1.0, 6.0), (8.0, 25.0)
SECONDS_A_MAIL = 3.0
WORDS = ["item", "shared", "group", "room", "link", "coins", "seen", "yesterday", "wrote"]

LEDGER = """
import json, django
django.setup()
from amparo.intake.models import Arrival, Report
from amparo.jobs import queries
print(json.dumps({
    "subjects": list(Report.objects.values_list("subject", flat=True)),
    "open": Arrival.objects.filter(state="taken_in").count(),
    "jobs": queries.counts(),
}))
"""


def ledger(place: House) -> dict:
    environment = {**place.environment, "DJANGO_SETTINGS_MODULE": "amparo.wiring.settings"}
    told = subprocess.run(
        [sys.executable, "-c", LEDGER], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(told.stdout)


class Killer(threading.Thread):
    """Kills one of the house's processes after another; the supervisor itself stays, as systemd would start it again."""

    def __init__(self, place: House) -> None:
        super().__init__(daemon=True)
        self.killed: Counter[str] = Counter()
        self.pauses = KILLED_EVERY_SECONDS
        self._place, self._chance, self._over = place, random.Random(11), threading.Event()

    def run(self) -> None:
        while not self._over.wait(self._chance.uniform(*self.pauses)):
            victim = self._chance.choice(below(self._place.process.pid))
            try:
                command = Path(f"/proc/{victim}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                os.kill(victim, signal.SIGKILL)
            except OSError:
                continue  # it ended by itself
            names = ("receiver", "worker", "courier", "granian", "nursery")
            self.killed[next((name for name in names if name in command), "other")] += 1

    def stop(self) -> None:
        self._over.set()
        self.join()


class Senders:
    """Threads that send numbered mails, each until it is acknowledged."""

    def __init__(self, place: House) -> None:
        self.acknowledged: set[str] = set()
        self._place, self._numbers, self._lock = place, iter(range(MAILS)), threading.Lock()
        self.threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    def _send(self) -> None:
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            words = random.Random(number).choices(WORDS, k=60)
            raw = (
                f"Subject: mail {number:06}\r\nMessage-ID: <{number}@example.org>\r\n\r\n{' '.join(words)} {number}\r\n"
            )
            while not self._is_taken(raw.encode()):
                time.sleep(0.05)  # the door is closed for a moment, as a mail server would find it
            with self._lock:
                self.acknowledged.add(f"mail {number:06}")

    def _is_taken(self, raw: bytes) -> bool:
        try:
            with smtplib.SMTP(*self._place.smtp, timeout=30) as client:
                return not client.sendmail("a@example.org", ["report@report.example.org"], raw)
        except (OSError, smtplib.SMTPException):
            return False


def test_no_mail_is_lost_or_doubled_when_any_process_of_the_line_is_killed() -> None:
    with house("--workers", "2") as place:
        senders, killer = Senders(place), Killer(place)
        for thread in senders.threads:
            thread.start()
        killer.start()
        for thread in senders.threads:
            thread.join()
        until = time.monotonic() + MAILS * SECONDS_A_MAIL
        killer.pauses, seen = KILLED_LATER, ledger(place)
        while (len(seen["subjects"]) < MAILS or seen["open"]) and time.monotonic() < until:
            print(f"{len(seen['subjects']):,} reports of {MAILS:,}, {seen['open']} open, {seen['jobs']}", flush=True)
            time.sleep(10)
            if seen["open"] + MAILS - len(seen["subjects"]) < MAILS // 10 and killer.is_alive():
                killer.stop()  # what is left has to come to its end
            seen = ledger(place)
        if killer.is_alive():
            killer.stop()
        print(f"killed: {dict(killer.killed)}; {seen['jobs']}")
        subjects = Counter(seen["subjects"])
        assert not [each for each in senders.acknowledged if each not in subjects]
        assert not [each for each, many in subjects.items() if many > 1]
        assert len(senders.acknowledged) == MAILS == len(subjects)
        assert not seen["open"]
        assert not seen["jobs"]["quarantined"]
        assert sum(killer.killed.values()) >= min(10, MAILS // 100)
