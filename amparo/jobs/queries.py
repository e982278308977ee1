"""What waits, what runs, what failed for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from amparo.jobs.models import Job, State


@dataclass(frozen=True)
class JobFacts:
    uuid: UUID
    task: str
    state: str
    attempts: int
    enqueued_at: datetime
    finished_at: datetime | None
    reason: str


def counts() -> dict[str, int]:
    """How many jobs are in each state; every state is named, even with none."""
    found = dict(Job.objects.values_list("state").annotate(Count("id")).order_by())
    return {state.value: found.get(state.value, 0) for state in State}


def unfinished() -> int:
    return Job.objects.filter(state__in=[State.WAITING, State.LEASED]).count()


def quarantined() -> tuple[JobFacts, ...]:
    """Jobs that failed for good, newest first: somebody must look at each."""
    return tuple(
        JobFacts(job.uuid, job.task, job.state, job.attempts, job.enqueued_at, job.finished_at, job.reason)
        for job in Job.objects.filter(state=State.QUARANTINED).order_by("-id")
    )
