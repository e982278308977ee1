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
from amparo.custody.queries import ActLine
from amparo.jobs.models import Cursor, Job

STEP = 500


@dataclass(frozen=True)
class Follow:
    """After an act of kind `after` has been done, the task at dotted path `job` runs.

    lane: dotted path of a function from the acts' fields to how much is added to each one's priority; "" for nothing.
    """

    after: str
    job: str
    priority: int = 0
    lane: str = ""


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
        found = [(act, follow) for act in acts if act.ended == "done" for follow in by_kind.get(act.kind, ())]
        Job.objects.bulk_create(
            Job(
                task=follow.job,
                queue=import_string(follow.job).queue_name,
                arguments={"act": str(act.uuid), "about": act.about},
                key=f"{act.uuid}:{follow.job}",
                priority=follow.priority + later,
                enqueued_at=now,
                run_after=now,
            )
            for (act, follow), later in zip(found, _lanes(found), strict=True)
        )
        cursor.position = acts[-1].position or cursor.position
        cursor.save()
    return len(acts)


def _lanes(found: list[tuple[ActLine, Follow]]) -> list[int]:
    """What each one's lane adds to its priority; every lane's function is asked once a step."""
    added = [0] * len(found)
    for lane in {follow.lane for _, follow in found if follow.lane}:
        places = [place for place, (_, follow) in enumerate(found) if follow.lane == lane]
        answers = import_string(lane)([found[place][0].about for place in places])
        for place, answer in zip(places, answers, strict=True):
            added[place] = answer
    return added


def behind() -> int:
    """How many sealed acts the followers have not seen yet."""
    cursor = Cursor.objects.filter(name="followers").first()
    return custody.last_position() - (cursor.position if cursor else 0)
