"""What examining changes: one row an item, and an act that later rooms follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from amparo import __version__
from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.sandbox.models import Examination
from amparo.sandbox.rules import State

TOOL = f"amparo-sandbox/{__version__}"


@dataclass(frozen=True)
class ItemExamined:
    item: UUID
    origin: UUID
    state: str
    kind: str
    found: int


@act("item.examined", power="items.examine")
def record_examination(
    by: Actor,
    item: UUID,
    origin: UUID,
    *,
    kind: str,
    state: State = State.EXAMINED,
    facts: Mapping[str, Any] | None = None,
    reason: str = "",
    sentence: str = "",
    found: int = 0,
    missing_layers: tuple[str, ...] = (),
) -> ItemExamined:
    """An item was examined in the sandbox, or found to be of a kind, or in a place, that isn't examined.

    found: how many items were found inside it. reason, sentence: for state "not_examined", and where only a part was examined.
    """
    _write(item, origin, state, kind, reason, sentence, facts or {}, missing_layers)
    return ItemExamined(item, origin, state.value, kind, found)


@dataclass(frozen=True)
class ItemExaminationFailed:
    item: UUID
    origin: UUID
    reason: str


@act("item.examination_failed", power="items.examine")
def record_failure(
    by: Actor,
    item: UUID,
    origin: UUID,
    *,
    kind: str,
    reason: str,
    sentence: str,
    missing_layers: tuple[str, ...] = (),
) -> ItemExaminationFailed:
    """An item could not be examined; its sealed original is unchanged, and the sentence tells the officer why."""
    _write(item, origin, State.FAILED, kind, reason, sentence, {}, missing_layers)
    return ItemExaminationFailed(item, origin, reason)


def _write(
    item: UUID,
    origin: UUID,
    state: State,
    kind: str,
    reason: str,
    sentence: str,
    facts: Mapping[str, Any],
    missing_layers: tuple[str, ...],
) -> None:
    Examination.objects.update_or_create(
        item=item,
        defaults={
            "origin": origin,
            "state": state.value,
            "kind": kind[:30],
            "reason": reason[:30],
            "sentence": sentence[:400],
            "facts": dict(facts),
            "tool": TOOL,
            "missing_layers": list(missing_layers),
            "examined_at": clock.now(),
        },
    )
