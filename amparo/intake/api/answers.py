"""What the platforms' door answers, as the OpenAPI document tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from amparo.intake.api.completeness import Lack
from amparo.intake.api.following import RETRACTIONS

State = Literal["received", "read", "in_case", "closed", "retracted", "tested"]
FileState = Literal["open", "checking", "whole", "in_report", "differs", "expired"]
Percent = Annotated[int, Field(ge=0, le=100)]


class Missing(BaseModel):
    """A field that this report lacks. grade: `blocks` a police follow-up, `slows` it, or `would_help`."""

    field: str
    pointer: str
    grade: Literal["blocks", "slows", "would_help"]
    why: str


def missing_of(lacks: tuple[Lack, ...]) -> list[dict[str, str]]:
    return [{"field": each.field, "pointer": each.pointer, "grade": each.grade, "why": each.why} for each in lacks]


class Completeness(BaseModel):
    """How complete the report is, in percent of what applies to it: whole, and by its parts. Reports are scored, persons never."""

    score: Percent
    parts: dict[str, Percent]
    missing: list[Missing]


class ReportAnswer(Completeness):
    """A report stands here. id: by which to ask for it; reference: by which to speak of it ("" for a test)."""

    id: UUID
    reference: str
    received_at: datetime
    test: bool
    repeated: bool


class SupplementAnswer(Completeness):
    id: UUID
    repeated: bool


class FileOfReport(BaseModel):
    id: UUID
    name: str
    state: FileState


class ReportStatus(Completeness):
    """How a report stands; nothing of what became of it is told but that."""

    id: UUID
    reference: str
    own_reference: str
    state: State
    test: bool
    received_at: datetime
    files: list[FileOfReport]


class AskedFor(BaseModel):
    code: str
    why: str


class ReportFeedback(BaseModel):
    """What the report was good for. result: "" while nobody decided."""

    id: UUID
    decided: bool
    result: Literal["", "usable", "junk", "duplicate", "false"]
    asked_for: list[AskedFor]
    asked_at: datetime | None


class Retraction(BaseModel):
    """Why a report is taken back."""

    reason: Literal["mistaken", "duplicate", "not_illegal", "appeal", "other"]
    words: Annotated[str, Field(max_length=2_000)] = ""


assert set(Retraction.model_fields["reason"].annotation.__args__) == set(RETRACTIONS)  # type: ignore[union-attr]


class RetractionAnswer(BaseModel):
    id: UUID
    state: Literal["retracted"]


class FileAnnounced(BaseModel):
    """A file that is going to be sent. report: the one it belongs to, where that came before."""

    name: Annotated[str, Field(max_length=255)] = ""
    media_type: Annotated[str, Field(max_length=127)] = ""
    size_bytes: Annotated[int, Field(ge=0, le=2**40, strict=True)]
    sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")]
    report: UUID | None = None


class FileStatus(BaseModel):
    """offset: how many bytes are sealed here; the next part begins there. state: `whole` once its digest was compared."""

    id: UUID
    name: str
    size_bytes: int
    sha256: str
    offset: int
    state: FileState
    report: UUID | None


class KeyAnswer(BaseModel):
    """Whom this key belongs to, and what it may do."""

    platform: str
    test: bool
    scopes: list[str]
    reports_a_second: int
    completeness_table: str


class Fault(BaseModel):
    """pointer: where in the body (RFC 6901), "" for the whole or for what isn't in the body."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. errors: every fault that was found, each with its place."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


PROBLEMS: dict[Any, Any] = dict.fromkeys((400, 401, 403, 404, 409, 411, 413, 415, 422, 429, 503), Problem)
