"""No acknowledged mail is lost when the receiver is killed at random points (SIGKILL), a dozen times."""

from __future__ import annotations

import random
import signal
import smtplib
import threading
from pathlib import Path

from amparo.foundation.home import Home
from tests.intake.receiving import ADDRESS, Receiver, letters, new_home, originals

KILLS = 12
SENDERS = 3


class Senders:
    """Threads that send numbered mails, each until it is acknowledged, to whichever receiver lives at the moment."""

    def __init__(self) -> None:
        self.acknowledged: set[bytes] = set()
        self._changed = threading.Condition()
        self._port, self._stopped = 0, False
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def point_to(self, port: int) -> None:
        with self._changed:
            self._port = port
            self._changed.notify_all()

    def await_more(self, count: int) -> None:
        """Returns at the moment when `count` further mails were acknowledged: the others are then under way."""
        with self._changed:
            wanted = len(self.acknowledged) + count
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= wanted, timeout=60)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _send(self, sender: int) -> None:
        number, tried = 0, 0
        while not self._stopped:
            with self._changed:
                self._changed.wait_for(lambda last=tried: self._stopped or self._port != last, timeout=60)  # type: ignore[misc]
                port = self._port
            while not self._stopped:
                marker = b"%d-%d" % (sender, number)
                body = random.Random(number).randbytes(40_000).hex().encode()
                try:
                    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
                        client.sendmail("a@example.org", [ADDRESS], b"Subject: " + marker + b"\r\n\r\n" + body)
                except (OSError, smtplib.SMTPException):
                    tried = port  # killed: the same mail again, to the next receiver
                    break
                with self._changed:
                    self.acknowledged.add(marker)
                    self._changed.notify_all()
                number += 1


def subjects(home: Home) -> list[bytes]:
    return [letter.headers.strip().removeprefix(b"Subject: ") for letter in letters(home)]


def test_no_acknowledged_mail_is_lost_when_the_receiver_is_killed_twelve_times(tmp_path: Path) -> None:
    home, senders, chance = new_home(tmp_path), Senders(), random.Random(2)
    senders.start()
    for _ in range(KILLS):
        process = Receiver(home, AMPARO_LOG="ERROR")
        senders.point_to(process.smtp)
        senders.await_more(chance.randint(1, 9))
        process.stop(signal.SIGKILL)
    last = Receiver(home)
    senders.point_to(last.smtp)
    senders.await_more(SENDERS)
    senders.stop()
    last.stop()
    found = subjects(home)
    assert senders.acknowledged - set(found) == set()
    assert len(originals(home)) == len(found)  # every one opens, and is whole
    assert not list((home.spool / "tmp").iterdir())
