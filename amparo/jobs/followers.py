"""After this act, do that: acts already sealed are handed on to later rooms as jobs, each exactly once.

The table itself is `wiring/followers.py`; a follower is a task that takes `act` (its uuid) and `about` (its fields).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from amparo.custody import queries as custody
from amparo.jobs.models import Cursor, Job

STEP = 500


@dataclass(frozen=True)
class Follow:
    """After an act of kind `after` has been done, the task at dotted path `job` runs."""

    after: str
    job: str
    priority: int = 0


def table() -> tuple[Follow, ...]:
    follows: tuple[Follow, ...] = import_string(settings.FOLLOWERS)
    return follows


def step() -> int:
    """How many acts were walked past. Jobs and cursor move in one transaction, so no act is handed on twice or never."""
    by_kind: dict[str, list[Follow]] = {}
    for follow in table():
        by_kind.setdefault(follow.after, []).append(follow)
    with transaction.atomic():
        Cursor.objects.get_or_create(name="followers")
        cursor = Cursor.objects.select_for_update().get(name="followers")
        acts = custody.sealed_after(cursor.position, STEP)
        if not acts:
            return 0
        now = timezone.now()
        Job.objects.bulk_create(
            Job(
                task=follow.job,
                queue=import_string(follow.job).queue_name,
                arguments={"act": str(act.uuid), "about": act.about},
                key=f"{act.uuid}:{follow.job}",
                priority=follow.priority,
                enqueued_at=now,
                run_after=now,
            )
            for act in acts
            if act.ended == "done"
            for follow in by_kind.get(act.kind, ())
        )
        cursor.position = acts[-1].position or cursor.position
        cursor.save()
    return len(acts)


def behind() -> int:
    """How many sealed acts the followers have not seen yet."""
    cursor = Cursor.objects.filter(name="followers").first()
    return custody.last_position() - (cursor.position if cursor else 0)
