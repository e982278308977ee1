"""Leases: who works on a job, until when, and how its effects take hold exactly once.

A job may run twice: a worker can die after the work and before the commit. So effects and "done" are one transaction,
fenced by the lease's token (`finishing`). What a killed worker held comes back when its lease runs out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from amparo.foundation.errors import AmparoError
from amparo.jobs.models import Job, State

MAX_ATTEMPTS = 5
RETRY_SECONDS = (1, 5, 30, 120)


class Hopeless(AmparoError):
    """Trying again can't help: the job goes into quarantine at once."""


class LeaseLost(AmparoError):
    """Another worker holds the job now; nothing of this run takes effect."""


@dataclass
class Lease:
    job: int
    uuid: str
    task: str
    arguments: dict[str, object]
    token: int
    attempts: int
    priority: int = 0
    finished: bool = False


_held: ContextVar[Lease | None] = ContextVar("held", default=None)


def lease_seconds() -> int:
    return int(getattr(settings, "LEASE_SECONDS", 15))


def claim(worker: str, count: int, queue: str = "default") -> list[Lease]:
    """Up to `count` waiting jobs of `queue`, leased to `worker`: highest priority first, then oldest."""
    now = timezone.now()
    with transaction.atomic():
        waiting = Job.objects.filter(state=State.WAITING, queue=queue, run_after__lte=now).order_by("-priority", "id")
        if connection.vendor == "postgresql":
            waiting = waiting.select_for_update(skip_locked=True)
        jobs = list(waiting[:count])
        if jobs:
            Job.objects.filter(id__in=[job.id for job in jobs]).update(
                state=State.LEASED,
                worker=worker,
                token=F("token") + 1,
                attempts=F("attempts") + 1,
                lease_until=now + timedelta(seconds=lease_seconds()),
            )
    return [
        Lease(job.id, str(job.uuid), job.task, job.arguments, job.token + 1, job.attempts + 1, job.priority)
        for job in jobs
    ]


def extend(leases: list[Lease]) -> None:
    """The heartbeat: moves the end of each lease still held."""
    until = timezone.now() + timedelta(seconds=lease_seconds())
    for lease in leases:
        Job.objects.filter(id=lease.job, token=lease.token, state=State.LEASED).update(lease_until=until)


def reap(quarantined: Callable[[Lease], None] | None = None) -> int:
    """How many jobs came back because their worker went silent. One whose workers all died is quarantined and reported."""
    now = timezone.now()
    lost = Job.objects.filter(state=State.LEASED, lease_until__lt=now)
    for job in lost.filter(attempts__gte=MAX_ATTEMPTS):
        given_up = Job.objects.filter(id=job.id, token=job.token, state=State.LEASED).update(
            state=State.QUARANTINED, finished_at=now, lease_until=None, reason="Its worker died each time it was tried."
        )
        if given_up and quarantined:
            quarantined(Lease(job.id, str(job.uuid), job.task, job.arguments, job.token, job.attempts))
    return lost.filter(attempts__lt=MAX_ATTEMPTS).update(state=State.WAITING, worker="", run_after=now)


@contextmanager
def holding(lease: Lease) -> Iterator[None]:
    """While inside, `finishing` finishes this lease's job."""
    mark = _held.set(lease)
    try:
        yield
    finally:
        _held.reset(mark)


def priority_of(asked: int) -> int:
    """The priority of work that begins now: what comes of work that may wait waits too."""
    lease = _held.get()
    return min(asked, lease.priority) if lease and lease.priority < 0 else asked


@contextmanager
def finishing() -> Iterator[None]:
    """One transaction that holds the job's effects and its end. Raises LeaseLost, with nothing changed, if the lease is gone.

    Outside a worker (a test that calls the job's function) it is a plain transaction.
    """
    lease = _held.get()
    with transaction.atomic():
        if lease:
            ours = Job.objects.filter(id=lease.job, token=lease.token, state=State.LEASED)
            if not ours.update(state=State.DONE, finished_at=timezone.now(), lease_until=None, reason=""):
                raise LeaseLost("Another worker took over this job.", job=lease.uuid)
        yield
    if lease:
        lease.finished = True


def give_up_or_retry(lease: Lease, error: Exception) -> bool:
    """Whether the job went into quarantine; otherwise it waits for its next try, longer each time."""
    sentence = error.sentence if isinstance(error, AmparoError) else f"{type(error).__name__} in {lease.task}"
    hopeless = isinstance(error, Hopeless) or lease.attempts >= MAX_ATTEMPTS
    now = timezone.now()
    wait = RETRY_SECONDS[min(lease.attempts, len(RETRY_SECONDS)) - 1]
    ours = Job.objects.filter(id=lease.job, token=lease.token, state=State.LEASED)
    changed = ours.update(
        state=State.QUARANTINED if hopeless else State.WAITING,
        finished_at=now if hopeless else None,
        run_after=now + timedelta(seconds=wait),
        lease_until=None,
        reason=sentence[:300],
    )
    return bool(changed and hopeless)


def put_back(job: UUID) -> bool:
    """Whether the quarantined job waits again, with all its attempts before it; False when it is not in quarantine."""
    waiting = {"state": State.WAITING, "attempts": 0, "run_after": timezone.now(), "finished_at": None, "worker": ""}
    return bool(Job.objects.filter(uuid=job, state=State.QUARANTINED).update(**waiting))
