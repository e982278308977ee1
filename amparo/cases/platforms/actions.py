"""What is done with a seized platform in a case: brought in, analysed, judged. Verbs of the room's door (`actions`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import F

from amparo.access.acts import Actor, act
from amparo.cases.entering import editable, is_human, name_of, officer_of
from amparo.cases.models import Case, LinkJudgement, Platform, PlatformStep
from amparo.cases.platforms import rules
from amparo.cases.tables.base_mapping import parse_base_mapping
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused


def platform_of(by: Actor, uuid: UUID) -> Platform:
    """The platform, locked, of a case that the actor may change. Missing or Refused."""
    found = Platform.objects.select_for_update(of=("self",)).filter(uuid=uuid).select_related("case").first()
    if not found:
        raise Missing("There is no such platform.", platform=str(uuid))
    editable(by, found.case.uuid)
    return found


@dataclass(frozen=True)
class PlatformRegistered:
    """at_once: whoever registered it imports it too (the command line); else the worker does."""

    case: UUID
    platform: UUID
    at_once: bool


@act("platform.registered", power="platforms.import")
def register_platform(
    by: Actor, case: UUID, name: str, folder: str, mapping: str, at_once: bool = False
) -> PlatformRegistered:
    """A seized platform belongs to the case; its files lie in `folder` and are read by `mapping`."""
    found: Case = editable(by, case)
    obstacles = rules.obstacles_to_import(name, mapping, folder)
    if not obstacles and Platform.objects.filter(case=found, name=name.strip()).exists():
        obstacles = ("A platform of this name stands in the case already: give this one another name.",)
    if obstacles:
        raise Refused(*obstacles)
    parse_base_mapping(mapping.encode(), f"of {name.strip()}", Path(folder.strip()))
    platform = Platform.objects.create(
        case=found,
        name=name.strip()[:120],
        folder=folder.strip()[:400],
        mapping=mapping,
        asked_by=by.uuid,
        asked_by_name=name_of(by),
        asked_at=clock.now(),
    )
    PlatformStep.objects.bulk_create(
        [
            PlatformStep(platform=platform, number=number, name=step)
            for number, step in enumerate(("import", *rules.ANALYSES))
        ]
    )
    return PlatformRegistered(case, platform.uuid, at_once)


@dataclass(frozen=True)
class StepDone:
    """What a step came to: tables, the sealed items; rows_in, rows_out: of all it read and wrote."""

    case: UUID
    platform: UUID
    step: str
    run: int
    rows_in: int
    rows_out: int
    tables: tuple[UUID, ...]


@dataclass(frozen=True)
class Result:
    """What a step made, to be recorded: `platform_work`."""

    tables: Mapping[str, UUID] = field(default_factory=dict)
    counts_in: Mapping[str, int] = field(default_factory=dict)
    counts_out: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    skipped: str = ""


@act("platform.step_done", power="platforms.import")
def finish_step(by: Actor, step: int, result: Result) -> StepDone:
    """A step of the platform's import or analysis is done; its tables are sealed items of the case."""
    row = PlatformStep.objects.select_related("platform__case").get(id=step)
    row.state = PlatformStep.State.SKIPPED if result.skipped else PlatformStep.State.DONE
    row.tables = row.tables | {name: str(item) for name, item in result.tables.items()}
    row.counts_in, row.counts_out = dict(result.counts_in), dict(result.counts_out)
    row.figures, row.problem, row.saying = dict(result.figures), result.skipped, ""
    row.finished_at = clock.now()
    row.save()
    return StepDone(
        row.platform.case.uuid,
        row.platform.uuid,
        row.name,
        row.run,
        sum(result.counts_in.values()),
        sum(result.counts_out.values()),
        tuple(result.tables.values()),
    )


@dataclass(frozen=True)
class StepFailed:
    case: UUID
    platform: UUID
    step: str


@act("platform.step_failed", power="platforms.import")
def fail_step(by: Actor, step: int, sentence: str) -> StepFailed:
    """A step can't be done as things stand; its page says why, and an officer may ask for it again."""
    row = PlatformStep.objects.select_related("platform__case").get(id=step)
    row.state, row.problem, row.finished_at = PlatformStep.State.FAILED, sentence, clock.now()
    row.save(update_fields=["state", "problem", "finished_at"])
    return StepFailed(row.platform.case.uuid, row.platform.uuid, row.name)


@dataclass(frozen=True)
class PlatformImported:
    case: UUID
    platform: UUID


@act("platform.imported", power="platforms.import")
def finish_import(by: Actor, platform: UUID) -> PlatformImported:
    """All tables of the platform are sealed in the case; the analyses begin."""
    found = platform_of(by, platform)
    return PlatformImported(found.case.uuid, platform)


@dataclass(frozen=True)
class AnalysisAsked:
    case: UUID
    platform: UUID
    steps: tuple[str, ...]


@act("platform.analysis_asked", power="cases.edit")
def ask_analysis(by: Actor, platform: UUID, steps: tuple[str, ...] = ()) -> AnalysisAsked:
    """These steps, and what rests on them, are done again, with the judgements and mapping as they stand now; none: what failed."""
    found = platform_of(by, platform)
    rows = PlatformStep.objects.filter(platform=found)
    unknown = set(steps) - set(rules.ANALYSES)
    if unknown:
        raise Refused("Choose analyses of this platform.")
    if rows.filter(state=PlatformStep.State.RUNNING).exists():
        raise Refused("An analysis is under way: ask again when it is done.")
    wanted = set(steps) or set(rows.filter(state=PlatformStep.State.FAILED).values_list("name", flat=True))
    for step in list(wanted):
        wanted.update(rules.RESTING.get(step, ("summary",)))
    if not wanted:
        raise Refused("Choose what to do again.")
    rows.filter(name__in=wanted).update(state=PlatformStep.State.WAITING, run=F("run") + 1, problem="", done=0, total=0)
    return AnalysisAsked(found.case.uuid, platform, tuple(sorted(wanted)))


@dataclass(frozen=True)
class LinkJudged:
    case: UUID
    platform: UUID
    judgement: UUID
    verdict: str


@act("link.judged", power="cases.edit")
def judge_link(by: Actor, platform: UUID, account_a: str, account_b: str, verdict: str, reason: str) -> LinkJudged:
    """An officer's word on whether two accounts are one person's. It holds for every later run, until an officer changes it."""
    found = platform_of(by, platform)
    a, b = sorted((account_a.strip(), account_b.strip()))
    if obstacles := rules.obstacles_to_judgement(a, b, verdict, reason, human=is_human(by)):
        raise Refused(*obstacles)
    made = LinkJudgement.objects.create(
        platform=found,
        account_a=a[:200],
        account_b=b[:200],
        verdict=verdict,
        reason=reason.strip(),
        by=officer_of(by),
        by_name=name_of(by),
        at=clock.now(),
    )
    return LinkJudged(found.case.uuid, platform, made.uuid, verdict)
