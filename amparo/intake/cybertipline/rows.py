"""A received CyberTipline report as one row of an import (columns.py): it says itself what its parts mean. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from amparo.intake.api import stating
from amparo.intake.api.submission import Submission
from amparo.intake.columns import Row
from amparo.intake.cybertipline import received

COLUMN, TARGET = "CyberTipline", "cybertip"
NOTHING = "Nothing in this report says what happened, or leads anywhere: no text, account, address or file."


def looks_received(data: bytes) -> bool:
    """Whether it is worth reading as the JSON that police receive; the sandbox says whether it is that."""
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start in (b"{", b"[") and b'"reportedInformation"' in data


def is_received(chosen: Sequence[str]) -> bool:
    """Whether the rows of an import with these columns are such reports."""
    return list(chosen) == [TARGET]


def cells_of(reports: Iterator[Mapping[str, object]]) -> Iterator[tuple[int, list[str], str]]:
    """(number, the row's one cell, the name of whoever wrote it), of each report: the cell is the submission without it, JSON."""
    for number, report in enumerate(reports, 1):
        said = received.submission_of(report)
        moderator = said.pop("moderator", {})
        yield number, [json.dumps(said, ensure_ascii=False)], moderator.get("name", "")


def row_of(cell: str) -> Row:
    said = Submission.model_validate(json.loads(cell))
    fields: dict[str, Any] = stating.fields_of(said)
    if not (fields["identifiers"] or fields["ip_events"] or said.files or stating.body_of(said)):
        return Row(problem=NOTHING)
    company = said.contact.company if said.contact else ""
    sent = said.sent_at.raw if said.sent_at else ""
    number = f"CyberTipline {said.reference}" if said.reference else "CyberTipline"
    return Row(
        subject=": ".join(part for part in (number, company, said.incident.kind.replace("_", " ")) if part)[:500],
        text=stating.body_of(said),
        received=_moment(sent),
        sent_raw=sent,
        fields=fields,
    )


def _moment(raw: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return found if found.tzinfo else None
