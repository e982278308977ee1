"""What a worker does besides its jobs: collect arrivals, seal the record, hand acts on, take back lost leases."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import FrameType
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation.home import Home
from amparo.intake import collector
from amparo.intake.api import duties as platforms
from amparo.intake.duties import keep_time
from amparo.jobs import followers, leases
from amparo.jobs.leases import Lease
from amparo.jobs.worker import Duty, Worker
from amparo.vault.keys import check_keys
from amparo.wiring.seals import seal_record

WORKER = Actor.of_process("worker")


@dataclass(frozen=True)
class Quarantined:
    job: UUID
    task: str
    attempts: int


@act("job.quarantined", power="jobs.quarantine")
def record_quarantine(by: Actor, lease: Lease) -> Quarantined:
    """That a job failed for good: somebody must look at it."""
    return Quarantined(UUID(lease.uuid), lease.task, lease.attempts)


def every(seconds: float, duty: Duty, name: str) -> Duty:
    """The duty, done at most once in so many seconds."""
    due = 0.0

    def seldom() -> int:
        nonlocal due
        if time.monotonic() < due:
            return 0
        due = time.monotonic() + seconds
        return duty()

    seldom.__name__ = name
    return seldom


def duties(home: Home) -> tuple[Duty, ...]:
    """In the order in which an arrival needs them, so that one round carries it as far as it can go."""
    return (
        every(0.1, partial(collector.collect, home), "collect arrivals"),
        every(0.2, partial(seal_record, home), "seal the record"),
        every(0.05, followers.step, "hand acts on"),
        every(2.0, partial(leases.reap, _quarantined), "take back lost leases"),
        every(5.0, keep_time, "keep time"),
        every(60.0, platforms.keep, "look after the platforms' door"),
    )


def run_worker(home: Home, name: str) -> None:
    """Works until SIGTERM or SIGINT. Refused where its keys are not its own."""
    check_keys(home, "worker")
    worker = Worker(name, duties(home), _quarantined)
    # Work of minutes has a thread of its own, so that no report waits behind it. Cut off, it goes on where it stands the next time.
    long = Worker(f"{name}-long", (), _quarantined, queue="long", batch=1)
    threading.Thread(target=long.run, name="long", daemon=True).start()
    _stop_on_signals(worker.stop)
    worker.run()


def run_courier(home: Home) -> None:
    """Delivers what was sent, until SIGTERM or SIGINT: the only process that writes to the outside."""
    check_keys(home, "courier")
    courier = Worker("courier", (), _quarantined, queue="courier")
    _stop_on_signals(courier.stop)
    courier.run()


def _quarantined(lease: Lease) -> None:
    record_quarantine(WORKER, lease)


def _stop_on_signals(stop: Callable[[], None]) -> None:
    def stopped(number: int, frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopped)
