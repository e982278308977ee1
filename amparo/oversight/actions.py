"""The door: check the record, put a failed job back to work, set how long things are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.custody import queries as custody
from amparo.custody.proofs import Verified
from amparo.foundation import clock
from amparo.foundation.errors import Refused
from amparo.jobs import leases
from amparo.oversight import retention
from amparo.oversight.models import Schedule


@dataclass(frozen=True)
class RecordVerified:
    acts: int
    checkpoints: int
    sound: bool
    broken_position: int
    broken_checkpoint: int


@act("record.verified", power="record.read")
def _record_verification(by: Actor, found: Verified) -> RecordVerified:
    """That somebody checked the whole record, and what came out."""
    broken = found.broken
    return RecordVerified(
        found.acts,
        found.checkpoints,
        broken is None,
        broken.position if broken else 0,
        broken.checkpoint if broken else 0,
    )


def verify_record(by: Actor, signed: Callable[[bytes, bytes], bool], copy: Path) -> Verified:
    """The check of the whole record, and the act that tells of it. The walk itself holds no transaction."""
    if not by.can("record.read"):
        raise Refused("You don't hold the power for this (Read the custody record).")
    found = custody.verified(signed, copy)
    _record_verification(by, found)
    return found


verify_record.act_kind = "record.verified"  # type: ignore[attr-defined]


@dataclass(frozen=True)
class RecordExported:
    rows: int


@act("record.exported", power="record.read")
def export_record(by: Actor, rows: int) -> RecordExported:
    """That somebody took a copy of part of the record."""
    return RecordExported(rows)


@dataclass(frozen=True)
class JobRetried:
    job: UUID


@act("job.retried", power="system.mend")
def retry_job(by: Actor, job: UUID) -> JobRetried:
    """The quarantined job waits again, with all its attempts before it."""
    if not leases.put_back(job):
        raise Refused("This job is not in quarantine any more.")
    return JobRetried(job)


@dataclass(frozen=True)
class ScheduleSet:
    schedule: UUID
    name: str
    days: int | None


@act("schedule.set", power="retention.edit")
def set_schedule(by: Actor, name: str, days: int | None, basis: str) -> ScheduleSet:
    """From now on this class is kept so long. Earlier limits stay readable."""
    if obstacles := retention.obstacles_to_set(name, days, basis):
        raise Refused(*obstacles)
    row = Schedule.objects.create(name=name, days=days, basis=basis.strip(), set_by=by.uuid, set_at=clock.now())
    return ScheduleSet(row.uuid, name, days)
