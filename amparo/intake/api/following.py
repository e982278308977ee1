"""What comes after a platform's report: supplements, a retraction, and what the platform is told of it. Nothing secret is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from pydantic import ValidationError

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake import actions, relay, relay_rules, senders, statements
from amparo.intake.actions import Text
from amparo.intake.api import accepting, completeness, stating, uploads
from amparo.intake.api.completeness import Completeness, Lack
from amparo.intake.api.keys import KeyFacts
from amparo.intake.api.submission import Submission
from amparo.intake.models import ApiReport, Arrival, ArrivalState, FieldsAsked, Report, ReportState
from amparo.intake.relay_queries import Thread
from amparo.intake.rules import Finding
from amparo.intake.triage.asks import WHY

RETRACTIONS = {
    "mistaken": "It was a mistake",
    "duplicate": "It was sent twice",
    "not_illegal": "On another look nothing in it is against the law",
    "appeal": "The account's holder was heard, and is right",
    "other": "Another reason, told in words",
}


@dataclass(frozen=True)
class FileStanding:
    upload: UUID
    name: str
    state: str


@dataclass(frozen=True)
class Standing:
    """How a report stands. state: received, read, in_case, closed, retracted or tested. missing: what it lacks by now."""

    report: UUID
    reference: str
    own_reference: str
    state: str
    test: bool
    received_at: datetime
    score: int
    parts: Mapping[str, int]
    missing: tuple[Lack, ...]
    files: tuple[FileStanding, ...]


@dataclass(frozen=True)
class Feedback:
    """What the report was good for: usable, junk, duplicate, false; "" while nobody decided. asked_for: what officers miss."""

    report: UUID
    result: str
    decided: bool
    asked_for: tuple[tuple[str, str], ...]
    asked_at: datetime | None


def row_of(key: KeyFacts, report: UUID) -> ApiReport:
    """Raises Missing, also for another platform's."""
    found = ApiReport.objects.select_related("report", "key").filter(uuid=report, key__sender__tag=key.sender).first()
    if not found:
        raise Missing("There is no such report of yours.", report=str(report))
    return found


def standing(home: Home, key: KeyFacts, report: UUID) -> Standing:
    """How this platform's report stands. Raises Missing."""
    row = row_of(key, report)
    why = {each.field: each.why for each in accepting.table_of(home).entries}
    return Standing(
        row.uuid,
        (row.report.reference or "") if row.report else "",
        row.own_reference,
        _state(row),
        row.report is None,
        row.received_at,
        row.score,
        row.parts,
        tuple(Lack(field, pointer, grade, why.get(field, "")) for field, pointer, grade in row.missing),
        tuple(FileStanding(each.uuid, each.name, each.state) for each in row.uploads.all()[:10_000]),
    )


def _state(row: ApiReport) -> str:
    if row.retracted_at:
        return "retracted"
    if row.report is None:
        return "tested"
    if row.report.state == ReportState.IN_CASE:
        return "in_case"
    if row.report.state == ReportState.CLOSED:
        return "closed"
    return "read" if row.report.first_read_at else "received"


def feedback(key: KeyFacts, report: UUID) -> Feedback:
    """What became of this platform's report, so that the next one can be better. Raises Missing."""
    row = row_of(key, report)
    result = senders.result_of(row.report) if row.report else ""
    asked = FieldsAsked.objects.filter(report=row.report).first() if row.report else None
    codes = tuple((code, WHY.get(code, "")) for code in asked.codes) if asked else ()
    return Feedback(row.uuid, result, bool(result), codes, asked.at if asked else None)


# --- Supplements -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Supplemented:
    """What the platform is told: how complete its report is now."""

    report: UUID
    score: int
    parts: Mapping[str, int]
    missing: tuple[Lack, ...]
    repeated: bool


def supplement(
    home: Home,
    key: KeyFacts,
    report: UUID,
    said: Submission,
    original: bytes,
    *,
    arrival: UUID | None = None,
    by: Actor = accepting.API,
    also: Callable[[Supplemented], None] | None = None,
) -> Supplemented:
    """The report has these fields, words and files, too; its own original and the supplement's both stay as they came.

    Raises Missing, and Refused for a test's or a retracted report.
    """
    row = row_of(key, report)
    if row.retracted_at:
        raise Refused("This report was retracted: send a new one.")
    if row.report is None:
        return _of_test(home, key, row, said, also)
    statement = accepting.statement_of(key, said, original, statements.MEDIA_TYPE)
    sealed = accepting.sealed_of(statement, (), arrival or new_id())
    with transaction.atomic():
        content, items = sealed.entered(by)
        taken = actions.take_in(by, sealed.letter, content)
        entered = Arrival.objects.get(uuid=taken.arrival)
        repeated = entered.state != ArrivalState.TAKEN_IN
        told = _merge(home, key, row.uuid, said, repeated=repeated)
        uploads.join(by, key, row, [each.upload for each in said.files])
        if not repeated:
            words = Text(statement.subject, statement.body, "stated", statement.language, statement.sent_raw)
            thread = Thread(row.report.uuid, "reference", relay_rules.PERSON)
            relay.add_follow_up(by, taken.arrival, thread, words, items, ())
            record_supplement(by, row.uuid, key.uuid, told.score)
        if also:
            also(told)
    return told


def _of_test(
    home: Home, key: KeyFacts, row: ApiReport, said: Submission, also: Callable[[Supplemented], None] | None
) -> Supplemented:
    """Of a test nothing was kept that could be supplemented: this part alone is checked."""
    graded = completeness.graded(said, accepting.table_of(home))
    told = Supplemented(row.uuid, graded.score, graded.parts, graded.missing, False)
    with transaction.atomic():
        if also:
            also(told)
    return told


def _merge(home: Home, key: KeyFacts, uuid: UUID, said: Submission, *, repeated: bool) -> Supplemented:
    row = ApiReport.objects.select_for_update().get(uuid=uuid)
    report = Report.objects.select_for_update().get(api=row)
    before = report.fields.get("submission") or {}
    whole = (
        before
        if repeated
        else stating.merged(before, said.model_dump(mode="json", exclude=stating.APART, exclude_defaults=True))
    )
    # The words of both count, where they are kept: in the report's text and in its talk.
    words = "\n\n".join(each for each in (report.text, said.text) if each.strip())
    graded = _graded(home, {**whole, "text": words[:200_000]})
    if not repeated:
        fields = stating.fields_of(Submission.model_validate({**whole, "text": ""}))
        report.fields = {**report.fields, **fields, "submission": whole}
        report.save(update_fields=["fields"])
        row.score, row.parts = graded.score, dict(graded.parts)
        row.missing = [[each.field, each.pointer, each.grade] for each in graded.missing]
        row.save(update_fields=["score", "parts", "missing"])
    return Supplemented(uuid, graded.score, graded.parts, graded.missing, repeated)


def _graded(home: Home, whole: Mapping[str, Any]) -> Completeness:
    try:
        return completeness.graded(Submission.model_validate(whole), accepting.table_of(home))
    except ValidationError as error:  # each was in bounds, and together they are not: a list grew too long
        raise Refused("With this supplement the report grows beyond what one can hold: send a new report.") from error


@dataclass(frozen=True)
class ReportSupplemented:
    report: UUID
    key: UUID
    score: int


@act("report.supplemented", power="reports.examine")
def record_supplement(by: Actor, report: UUID, key: UUID, score: int) -> ReportSupplemented:
    """A platform added to its report what it lacked."""
    return ReportSupplemented(report, key, score)


# --- Retraction ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReportRetracted:
    report: UUID
    key: UUID
    reason: str


@act("report.retracted", power="reports.examine")
def retract(by: Actor, key: KeyFacts, report: UUID, reason: str, words: str) -> ReportRetracted:
    """The platform takes its report back. Nothing is removed: a person reads why, and decides. Refused without a reason."""
    row = (
        ApiReport.objects.select_for_update(of=("self",))
        .select_related("report")
        .filter(uuid=row_of(key, report).uuid)
        .get()
    )
    if row.retracted_at:
        raise Refused("This report was retracted already.", report=str(report))
    if reason not in RETRACTIONS or (reason == "other" and not words.strip()):
        raise Refused(f"Say why: one of {', '.join(RETRACTIONS)}; with “other”, in words too.", report=str(report))
    row.retracted_at, row.retracted_reason = clock.now(), reason
    row.save(update_fields=["retracted_at", "retracted_reason"])
    if row.report is not None:
        said = " ".join(words.split())[:300]
        sentence = f"{key.name} takes this report back: {RETRACTIONS[reason].lower()}. {said}".strip()
        actions.open_work_item(by, row.report.uuid, Finding("retracted", sentence))
    return ReportRetracted(report, key.uuid, reason)
