"""The demo on the terminal: what is done, how fast, how much remains; and waiting for the house without guessing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from django.db import close_old_connections

from amparo.foundation.errors import Unreachable
from amparo.jobs import queries as jobs

POLL_SECONDS = 0.25
SAY_EVERY_SECONDS = 3.0
STALLED_SECONDS = 180.0


class Teller:
    """Prints the story: numbered chapters with their seconds, and lines of progress within them."""

    def __init__(self, chapters: int) -> None:
        self._chapters = chapters
        self._chapter = 0
        self._began = time.monotonic()
        self._failed = {each.uuid for each in jobs.quarantined()}

    def chapter(self, title: str) -> None:
        """A new chapter begins."""
        self._chapter += 1
        seconds = time.monotonic() - self._began
        print(f"{seconds:6.1f} s  [{self._chapter:2d}/{self._chapters}] {title}", flush=True)

    def line(self, text: str) -> None:
        """Something happened."""
        print(f"{'':9}        {text}", flush=True)

    def wait(self, what: str, progress: Callable[[], tuple[int, int]], stalled_s: float = STALLED_SECONDS) -> None:
        """Returns once ``progress()`` says (n, n); asks again and again, and says how fast it goes.

        Raises Unreachable when nothing has moved for ``stalled_s`` seconds.
        """
        began = moved = said = time.monotonic()
        first = last = -1
        while True:
            close_old_connections()
            done, total = progress()
            now = time.monotonic()
            if total and done >= total:
                rate = f", {(done - max(first, 0)) / (now - began):.1f}/s" if now - began > 1 else ""
                self.line(f"{what}: {done} of {total}{rate}")
                return
            if first < 0:
                first = done
            if done != last:
                last, moved = done, now
            if now - moved > stalled_s:
                raise Unreachable(f"Nothing has moved for {stalled_s:.0f} s ({what}: {done} of {total}). Is Amparo up?")
            if now - said > SAY_EVERY_SECONDS:
                said = now
                self._say_failures()
                self.line(f"{what}: {_pace(done, total, done - first, now - began)}")
            time.sleep(POLL_SECONDS)

    def _say_failures(self) -> None:
        """Jobs that failed for good since the demo began: nothing would move, and the reason would stand elsewhere."""
        for each in jobs.quarantined():
            if each.uuid not in self._failed:
                self._failed.add(each.uuid)
                self.problem(f"{each.task} failed for good: {each.reason}")

    def problem(self, text: str) -> None:
        """Something is not as planned."""
        print(f"{'':9}        {text}", file=sys.stderr, flush=True)


def _pace(done: int, total: int, made: int, seconds: float) -> str:
    if made <= 0 or done >= total:
        return f"{done} of {total or 'some'}"
    rate = made / seconds
    return f"{done} of {total}, {rate:.1f}/s, about {(total - done) / rate:.0f} s to go"


def counted(number: int, one: str, several: str = "") -> str:
    """The number with its noun: 1 person, 3 persons."""
    return f"{number} {one if number == 1 else several or one + 's'}"
