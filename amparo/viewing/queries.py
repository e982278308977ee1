"""Door: what people have seen. Each sees their own; supervisors see numbers by the record, not here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from amparo.access.actors import Actor
from amparo.viewing.models import Exposure


@dataclass(frozen=True)
class ExposureFacts:
    uuid: UUID
    item: UUID
    origin: UUID
    reason: str
    own_words: str
    seconds: int | None
    at: datetime


def exposures_of(officer: Actor, since: datetime | None = None) -> tuple[ExposureFacts, ...]:
    """What this officer has seen, latest first; own only, because the caller can hand in no one but themselves."""
    if officer.uuid is None:  # a process sees nothing
        return ()
    rows = Exposure.objects.filter(officer=officer.uuid)
    if since is not None:
        rows = rows.filter(at__gte=since)
    return tuple(
        ExposureFacts(row.uuid, row.item, row.origin, row.reason, row.own_words, row.seconds, row.at) for row in rows
    )


def times_seen(item: UUID) -> int:
    """How often anybody has looked at this item; shown before the next person does."""
    return Exposure.objects.filter(item=item).count()
