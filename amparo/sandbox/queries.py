"""What examining items found. Nothing here opens an item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from amparo.sandbox.models import Examination
from amparo.sandbox.rules import State


@dataclass(frozen=True)
class ExaminationFacts:
    """state: examined, too_plain, not_examined or failed. reason: a code for the last two, and for a video examined in part
    (cut_off, damaged, out_of_time, too_many, too_big); sentence: for the officer.

    facts of a picture: format, width, height, frames, pdq_hex, quality, averaged_by, taken_raw, device, has_location; of an
    video: container, codec, width, height, tracks, duration_ms, reached_ms, interval_ms, frames, widest_gap_ms, ended; of an
    archive: format, members, unreadable [{name, reason}], total_bytes; of a chat: format, date_order, messages, events, media,
    stickers, members, unknown_notices, lines, unsupported, first_at, last_at, language; of a mail: attachments, defects, language.
    """

    item: UUID
    state: str
    kind: str = ""
    reason: str = ""
    sentence: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    tool: str = ""


def examination(item: UUID) -> ExaminationFacts:
    """The item's examination; "not_examined" with reason "waiting" while there is none."""
    waiting = ExaminationFacts(item, State.NOT_EXAMINED.value, "", "waiting", "This file has not been examined yet.")
    return examinations([item]).get(item, waiting)


def examinations(items: Iterable[UUID]) -> dict[UUID, ExaminationFacts]:
    """Those of `items` that were examined, in one query."""
    rows = Examination.objects.filter(item__in=list(items))
    return {row.item: _facts(row) for row in rows}


def is_examined(item: UUID) -> bool:
    """Whether an examination of the item has ended, in whichever state."""
    return Examination.objects.filter(item=item).exists()


def missing_layers() -> tuple[str, ...] | None:
    """Which layers of the sandbox did not hold at the newest examination; None before the first. For the System page."""
    row = Examination.objects.order_by("-id").first()
    return tuple(row.missing_layers) if row else None


def _facts(row: Examination) -> ExaminationFacts:
    return ExaminationFacts(row.item, row.state, row.kind, row.reason, row.sentence, row.facts, row.tool)
