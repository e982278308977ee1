"""What a second reader found, and what an officer says of danger: people's words, which a machine's ranking never overrides."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import actions
from amparo.intake.models import Report, ReportState, SecondLook
from amparo.intake.second_look import AGREED, DANGER_NOW, FOUND, obstacles_to_look


@dataclass(frozen=True)
class ReportRaised:
    report: UUID
    raised: bool


@act("report.raised", power="reports.triage")
def raise_report(by: Actor, report: UUID, words: str) -> ReportRaised:
    """An officer states that a child is in danger now: the report has that floor, whatever its text says."""
    row = _report(report)
    if not words.strip():
        raise Refused("Say what tells you that a child is in danger now.", report=str(report))
    if by.uuid is None:
        raise Refused("Only a person states that.", report=str(report))
    if row.state != ReportState.NEW:
        raise Refused("This report is decided: open it again first.", report=str(report))
    Report.objects.filter(id=row.id).update(raised_by=by.uuid, raised_text=words.strip()[:500])
    return ReportRaised(report, True)


@act("report.lowered", power="reports.triage")
def take_back(by: Actor, report: UUID) -> ReportRaised:
    """The officer's statement is taken back; what the text and the fields say counts as before."""
    row = _report(report)
    if row.raised_by is None:
        raise Refused("No officer has stated that.", report=str(report))
    Report.objects.filter(id=row.id).update(raised_by=None, raised_text="")
    return ReportRaised(report, False)


@dataclass(frozen=True)
class SecondLookRecorded:
    report: UUID
    found: str


@act("second_look.recorded", power="reports.close")
def record(by: Actor, report: UUID, found: str, words: str = "") -> SecondLookRecorded:
    """What a second reader found. A report that was left too low stands in the queue again and is theirs."""
    row = SecondLook.objects.select_related("report").filter(report__uuid=report).first()
    if not row:
        raise Missing("The lot has not drawn this report.", report=str(report))
    obstacles = obstacles_to_look(row.first_by, by.uuid, row.read_at)
    if found not in FOUND:
        obstacles = (*obstacles, "Say what you found.")
    elif found != AGREED and not words.strip():
        obstacles = (*obstacles, "Say in words what was missed, so that the lists and the rule can learn from it.")
    if obstacles:
        raise Refused(*obstacles, report=str(report))
    row.read_at, row.read_by, row.found, row.words = clock.now(), by.uuid, found, words.strip()
    row.save()
    if found != AGREED:
        if row.report.state == ReportState.CLOSED:
            actions.reopen_report(by, report)
        Report.objects.filter(id=row.report_id).update(owner=by.uuid)
    if found == DANGER_NOW:
        raise_report(by, report, words)
    return SecondLookRecorded(report, found)


def _report(uuid: UUID) -> Report:
    row = Report.objects.filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such report.", report=str(uuid))
    return row
