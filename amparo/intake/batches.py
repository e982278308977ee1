"""Many reports at once, from a file that was handed over: read, shown row by row, taken in, and undone as a whole if need be."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.db.models import Count

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake import batch_jobs, columns, spool, statements
from amparo.intake.columns import Row
from amparo.intake.cybertipline import rows as tips
from amparo.intake.models import Batch, BatchRow, Report, ReportState
from amparo.intake.statements import Reporter, Statement
from amparo.sandbox.readings import CybertipReading, TableReading
from amparo.sandbox.warden import Box, the_warden
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.actions import prepares
from amparo.vault.keys import IDENTITY, public_key

HOUSE = Actor.of_process("house")
# A step of taking in or undoing is one transaction; others' reports come between two steps.
STEP = 100
UNDONE = "import_undone"
WRITTEN_AT_ONCE = 1_000


@dataclass(frozen=True)
class BatchShown:
    batch: UUID
    rows: int
    wrong: int


@prepares("batch.shown")
def show(by: Actor, name: str, source: str, data: bytes) -> BatchShown:
    """The table is read in the sandbox and can be looked at; nothing is taken in yet. Raises ExaminationFailed, Refused.

    Its file is sealed where reporters' identities are, since it may name them.
    """
    if not by.can("reports.take"):
        return _show(by, name=name, source=source, reading=None, content=None)
    batch = new_id()
    with the_warden().boundary(batch) as box:
        reading = _read_tips(box, data) if tips.looks_received(data) else _read_table(box, data)
    content = vault.seal_item(
        HOUSE,
        compartment=vault_queries.compartment_named(IDENTITY).uuid,
        stream=io.BytesIO(data),
        name=name,
        origin=batch,
        media_type="application/octet-stream",
    ).item
    return _show(by, name=name, source=source, reading=reading, content=content, uuid=batch)


@dataclass(frozen=True)
class _Handed:
    """A file as it was read. columns: (name, what it says). lines: (number, cells without who reported, who reported)."""

    columns: list[tuple[str, str]]
    sheet: str
    lines: list[tuple[int, list[str], Reporter]]


def _read_table(box: Box, data: bytes) -> _Handed:
    reading = cast("TableReading", box.examine("table", data))
    chosen = columns.recognised(reading.columns)
    lines = [
        (number, columns.without_reporter(chosen, cells), Reporter(*columns.reporter_of(chosen, cells)))
        for number, cells in reading.rows()
    ]
    return _Handed(list(zip(reading.columns, chosen, strict=True)), reading.sheet, lines)


def _read_tips(box: Box, data: bytes) -> _Handed:
    reading = cast("CybertipReading", box.examine("cybertip", data))
    lines = [(number, cells, Reporter(writer)) for number, cells, writer in tips.cells_of(reading.received())]
    return _Handed([(tips.COLUMN, tips.TARGET)], "", lines)


def _remark(said: Row) -> str:
    return " ".join(said.remarks)[:400]


def _row_of(names: Sequence[str], chosen: Sequence[str], cells: Sequence[str]) -> Row:
    return tips.row_of(cells[0]) if tips.is_received(chosen) else columns.row_of(names, chosen, cells)


@act("batch.shown", power="reports.take")
def _show(
    by: Actor, *, name: str, source: str, reading: _Handed | None, content: UUID | None, uuid: UUID | None = None
) -> BatchShown:
    if not source.strip():
        raise Refused("Say whose table this is: its reports are counted as theirs.")
    if reading is None or uuid is None:
        raise Refused("Nothing was read.")
    if not reading.lines:
        raise Refused("This table has a heading and no row below it.")
    names, chosen = [name for name, _ in reading.columns], [target for _, target in reading.columns]
    batch = Batch.objects.create(
        uuid=uuid,
        name=name[:120],
        source=source.strip()[:80],
        by=by.uuid,
        at=clock.now(),
        sheet=reading.sheet,
        columns=[list(pair) for pair in reading.columns],
        rows=len(reading.lines),
        content=content,
    )
    key = public_key(Home.from_env(), "house", IDENTITY)
    waiting: list[BatchRow] = []
    wrong = 0
    for number, cells, reporter in reading.lines:
        said = _row_of(names, chosen, cells)
        wrong += bool(said.problem)
        arrival = new_id()
        identity = spool.sealed_identity(arrival, "", "bulk", "", reporter.lines, key) if reporter.lines else b""
        waiting.append(
            BatchRow(
                batch=batch,
                number=number,
                cells=cells,
                arrival=arrival,
                identity=identity,
                problem=said.problem,
                remark=_remark(said),
            )
        )
        if len(waiting) >= WRITTEN_AT_ONCE:
            BatchRow.objects.bulk_create(waiting)
            waiting = []
    BatchRow.objects.bulk_create(waiting)
    return BatchShown(batch.uuid, len(reading.lines), wrong)


@dataclass(frozen=True)
class BatchColumnsChosen:
    batch: UUID
    wrong: int


@act("batch.columns_chosen", power="reports.take")
def choose_columns(by: Actor, batch: UUID, chosen: Sequence[str]) -> BatchColumnsChosen:
    """The rows are read with these meanings of their columns. What was sealed as a reporter's stays sealed."""
    row = _batch(batch, "shown")
    names = [name for name, _ in row.columns]
    if tips.is_received([target for _, target in row.columns]):
        raise Refused("This file says itself what its parts mean: there is nothing to choose.")
    if len(chosen) != len(names):
        raise Refused("The table has other columns than those sent: open the page again.")
    meant = [now if now in columns.REPORTER else new for (_, now), new in zip(row.columns, chosen, strict=True)]
    if obstacles := columns.obstacles(meant):
        raise Refused(*obstacles)
    if later := [
        name
        for name, now, new in zip(names, [each for _, each in row.columns], meant, strict=True)
        if new in columns.REPORTER and now not in columns.REPORTER
    ]:
        raise Refused(
            f"“{later[0]}” was read in the open: rename that column to “reporter” in the file and read it again."
        )
    row.columns = [list(pair) for pair in zip(names, meant, strict=True)]
    row.save(update_fields=["columns"])
    wrong = 0
    changed = []
    for line in row.lines.iterator(chunk_size=WRITTEN_AT_ONCE):
        said = _row_of(names, meant, line.cells)
        wrong += bool(said.problem)
        if (said.problem, _remark(said)) != (line.problem, line.remark):
            line.problem, line.remark = said.problem, _remark(said)
            changed.append(line)
    BatchRow.objects.bulk_update(changed, ["problem", "remark"], batch_size=WRITTEN_AT_ONCE)
    return BatchColumnsChosen(row.uuid, wrong)


@dataclass(frozen=True)
class BatchStarted:
    batch: UUID
    rows: int


@act("batch.taking", power="reports.take")
def take(by: Actor, batch: UUID) -> BatchStarted:
    """Every row that can be a report becomes one, in steps; the others stay listed with what is wrong."""
    row = _batch(batch, "shown")
    ready = row.lines.filter(problem="").count()
    if not ready:
        raise Refused("No row of this table can be a report: say what its columns are, or mend the file.")
    row.lines.exclude(problem="").update(state="left_out")
    row.state = "taking"
    row.save(update_fields=["state"])
    batch_jobs.take_next.enqueue(batch=str(batch))
    return BatchStarted(row.uuid, ready)


@dataclass(frozen=True)
class BatchDropped:
    batch: UUID


@act("batch.dropped", power="reports.take")
def drop(by: Actor, batch: UUID) -> BatchDropped:
    """The table is not taken in. Its rows are forgotten; its sealed file stays until its time limit."""
    row = _batch(batch, "shown")
    row.lines.all().delete()
    row.state = "dropped"
    row.save(update_fields=["state"])
    return BatchDropped(row.uuid)


@act("batch.undoing", power="reports.take")
def undo(by: Actor, batch: UUID) -> BatchStarted:
    """The batch's reports leave the queue again, but for those that somebody has read or taken up. Nothing is deleted."""
    row = _batch(batch, "taken")
    row.state = "undoing"
    row.save(update_fields=["state"])
    batch_jobs.undo_next.enqueue(batch=str(batch))
    return BatchStarted(row.uuid, row.lines.filter(state="taken").count())


def _batch(uuid: UUID, state: str) -> Batch:
    row = Batch.objects.filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such import.", batch=str(uuid))
    if row.state != state:
        raise Refused("This import has gone on meanwhile: open its page again.", batch=str(uuid))
    return row


# --- Steps, by the worker -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BatchStep:
    batch: UUID
    reports: tuple[UUID, ...]
    left: int


def next_to_take(batch: UUID) -> list[statements.Sealed]:
    """The next rows' statements, sealed: before any transaction."""
    row = Batch.objects.get(uuid=batch)
    names, chosen = [name for name, _ in row.columns], [target for _, target in row.columns]
    return [
        statements.seal(
            _statement(row, names, _row_of(names, chosen, line.cells), line),
            arrival=line.arrival,
            identity_letter=bytes(line.identity),
        )
        for line in row.lines.filter(state="shown")[:STEP]
    ]


def _statement(batch: Batch, names: Sequence[str], said: Row, line: BatchRow) -> Statement:
    # The same row of the same source is the same original, whenever it is imported.
    original = json.dumps({"source": batch.source, "columns": names, "cells": line.cells}, ensure_ascii=False)
    return Statement(
        channel="bulk",
        received_at=said.received or batch.at,
        subject=said.subject,
        body=said.text,
        language=said.language,
        sent_raw=said.sent_raw,
        fields=said.fields,
        sender=f"source:{batch.source}",
        original=original.encode(),
    )


@act("batch.step_taken", power="arrivals.take")
def take_step(by: Actor, batch: UUID, sealed: Sequence[statements.Sealed]) -> BatchStep:
    """These rows are reports; one that came before is marked as repeated, and stands on the queue again if it was undone."""
    row = Batch.objects.get(uuid=batch)
    reports = []
    for each in sealed:
        taken = statements.enter(by, each)
        again = taken.repeated and bool(
            Report.objects.filter(uuid=taken.report, closed_reason=UNDONE).update(
                state=ReportState.NEW, closed_at=None, closed_reason="", closed_by=None
            )
        )
        state = "taken" if again or not taken.repeated else "repeated"
        row.lines.filter(arrival=each.letter.arrival).update(state=state, report=taken.report)
        reports.append(taken.report)
    left = row.lines.filter(state="shown").count()
    if not left:
        row.state = "taken"
        row.save(update_fields=["state"])
    return BatchStep(row.uuid, tuple(reports), left)


@act("batch.step_undone", power="arrivals.take")
def undo_step(by: Actor, batch: UUID) -> BatchStep:
    """The next of the batch's reports leave the queue, unless somebody has read them or a case holds them."""
    row = Batch.objects.get(uuid=batch)
    lines = list(row.lines.filter(state="taken")[:STEP])
    reports = [line.report for line in lines if line.report]
    untouched = Report.objects.filter(uuid__in=reports, state=ReportState.NEW, first_read_at=None)
    gone = set(untouched.values_list("uuid", flat=True))
    Report.objects.filter(uuid__in=gone).update(
        state=ReportState.CLOSED, closed_at=clock.now(), closed_by=row.by, closed_reason=UNDONE
    )
    for line in lines:
        line.state = "undone" if line.report in gone else "kept"
    BatchRow.objects.bulk_update(lines, ["state"])
    left = row.lines.filter(state="taken").count()
    if not left:
        row.state = "undone"
        row.save(update_fields=["state"])
    return BatchStep(row.uuid, tuple(gone), left)


# --- Looking --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RowFacts:
    number: int
    subject: str
    text: str
    leads: tuple[str, ...]
    sealed: bool
    problem: str
    state: str
    report: UUID | None


@dataclass(frozen=True)
class BatchFacts:
    """columns: (name, what it says). counts: rows by state; "wrong": those that can't be a report; "remarked": with a remark."""

    uuid: UUID
    name: str
    source: str
    at: object
    state: str
    sheet: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    counts: dict[str, int]


def facts(batch: UUID) -> BatchFacts:
    """Raises Missing."""
    row = Batch.objects.filter(uuid=batch).first()
    if not row:
        raise Missing("There is no such import.", batch=str(batch))
    return _facts(row)


def _facts(row: Batch) -> BatchFacts:
    counts = dict(row.lines.order_by().values_list("state").annotate(Count("id")))
    counts["wrong"] = row.lines.exclude(problem="").count()
    counts["remarked"] = row.lines.exclude(remark="").count()
    pairs = tuple((name, target) for name, target in row.columns)
    return BatchFacts(row.uuid, row.name, row.source, row.at, row.state, row.sheet, pairs, row.rows, counts)


def recent(limit: int = 20) -> tuple[BatchFacts, ...]:
    """The newest imports."""
    return tuple(_facts(row) for row in Batch.objects.exclude(state="dropped")[:limit])


def remarks(batch: UUID, limit: int) -> tuple[tuple[int, str], ...]:
    """(row's number, what of it can't be understood) of the first rows that have such; they can be reports all the same."""
    return tuple(BatchRow.objects.filter(batch__uuid=batch).exclude(remark="").values_list("number", "remark")[:limit])


def shown_rows(batch: UUID, *, wrong: bool, limit: int) -> tuple[RowFacts, ...]:
    """The first rows, or the first of those that can't be a report."""
    row = Batch.objects.get(uuid=batch)
    names, chosen = [name for name, _ in row.columns], [target for _, target in row.columns]
    lines = row.lines.exclude(problem="") if wrong else row.lines.filter(problem="")
    found = []
    for line in lines[:limit]:
        said = _row_of(names, chosen, line.cells)
        leads = tuple(each["value"] for each in said.fields.get("identifiers", []))
        found.append(
            RowFacts(
                line.number, said.subject, said.text, leads, bool(line.identity), line.problem, line.state, line.report
            )
        )
    return tuple(found)
