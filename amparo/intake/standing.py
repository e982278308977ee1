"""Where a report stands in the queue: ranked by the rule in force, again when facts come in or time has passed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing
from amparo.intake import clocks, folding, notices
from amparo.intake.models import Ranking, Report
from amparo.intake.triage import Facts, Placed
from amparo.intake.triage.facts import as_json


@dataclass(frozen=True)
class ReportRanked:
    report: UUID
    rule: str
    position: str
    floor: str
    band: str
    danger: str
    actionable: str
    new: str
    clock: str


@act("report.ranked", power="reports.rank")
def rank(by: Actor, report: UUID, placed: Placed, facts: Facts, words: str = "") -> ReportRanked:
    """The report stands where the rule puts it; where it stood before is kept. facts, words: by what it was ranked."""
    row = Report.objects.select_for_update().filter(uuid=report).first()
    if not row:
        raise Missing("There is no such report.", report=str(report))
    levels = {name: axis.level for name, axis in placed.axes.items()}
    before = Ranking.objects.filter(report=row, current=True).first()
    Ranking.objects.filter(report=row, current=True).update(current=False)
    Ranking.objects.create(
        report=row,
        rule_version=placed.rule_version,
        axes={name: asdict(axis) for name, axis in placed.axes.items()},
        facts=as_json(facts),
        words=words,
        band=placed.band,
        lane=placed.lane,
        danger=levels["danger"],
        actionable=levels["actionable"],
        novelty=levels["new"],
        clock=levels["clock"],
        floor=placed.floor,
        position=placed.position,
        at=clock.now(),
        changes_at=placed.changes_at,
    )
    row.place, row.danger, row.lane = placed.position, levels["danger"], placed.lane
    row.band, row.look_by, row.decide_by = placed.band, placed.look_by, placed.decide_by
    row.escalate_at = clocks.next_at(row, placed.look_by, placed.decide_by)
    if placed.floor and row.floored_at is None:
        row.floored_at = clock.now()
    row.save(update_fields=["place", "danger", "lane", "band", "look_by", "decide_by", "escalate_at", "floored_at"])
    folding.stand(row)
    if row.hidden or row.lane:
        # What is folded behind another, or stands aside in a lane, has no clock of its own: the row or the lane has.
        Ranking.objects.filter(report=row, current=True).update(changes_at=None)
    _tell_what_rose(row, before, placed)
    return ReportRanked(
        row.uuid,
        placed.rule_version,
        placed.position,
        placed.floor,
        placed.band,
        levels["danger"],
        levels["actionable"],
        levels["new"],
        levels["clock"],
    )


def _tell_what_rose(row: Report, before: Ranking | None, placed: Placed) -> None:
    """Whoever has the report, or has read it, learns of a late fact that raised it."""
    to = row.owner or row.first_read_by
    rose = clocks.raised(before, {name: axis.level for name, axis in placed.axes.items()})
    if to and rose:
        words = "; ".join(placed.axes[name].reasons[0].words for name in rose)
        notices.tell(to, "late_fact", report=row, words=words)


def look_again_at(report: UUID, at: datetime | None) -> None:
    """The report stands as it stood, and its clock moves on. No act, since nothing was decided."""
    Ranking.objects.filter(report__uuid=report, current=True).update(changes_at=at)


def rank_by(report: UUID, at: datetime) -> None:
    """The report is ranked again by `at`: facts that come in crowds are ranked together. No act, since nothing is decided."""
    current = Ranking.objects.filter(report__uuid=report, current=True)
    current.filter(Q(changes_at=None) | Q(changes_at__gt=at)).update(changes_at=at)


@dataclass(frozen=True)
class ClocksMoved:
    reports: tuple[UUID, ...]


@act("clocks.moved", power="reports.rank")
def clocks_moved(by: Actor, reports: Iterable[UUID]) -> ClocksMoved:
    """These reports are about to be ranked again because time has passed; nobody else needs to see to it."""
    due = Ranking.objects.filter(current=True, report__uuid__in=list(reports), changes_at__lte=clock.now())
    moved = tuple(due.order_by("id").values_list("report__uuid", flat=True))
    due.update(changes_at=None)
    return ClocksMoved(moved)
