"""Door: an exposure is recorded before the item is shown, so that a look can't go uncounted."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation.errors import Refused
from amparo.viewing.models import Exposure
from amparo.viewing.rules import RevealAsked, obstacles_to_reveal


@dataclass(frozen=True)
class ItemRevealed:
    exposure: UUID
    item: UUID
    origin: UUID
    officer: UUID
    reason: str
    seconds: int | None


@act("item.revealed", power="items.reveal")
def record_exposure(
    by: Actor, *, item: UUID, origin: UUID, asked: RevealAsked, seconds: int | None = None
) -> ItemRevealed:
    """Counts that `by` sees `item` in the report or case `origin`. Raises Refused with the obstacles, or for a process."""
    if by.uuid is None:
        raise Refused("Only a person can look at an item.")
    if obstacles := obstacles_to_reveal(asked):
        raise Refused(*obstacles)
    row = Exposure.objects.create(
        officer=by.uuid,
        item=item,
        origin=origin,
        reason=asked.reason,
        own_words=asked.own_words.strip(),
        seconds=seconds,
    )
    return ItemRevealed(row.uuid, item, origin, by.uuid, asked.reason, seconds)
