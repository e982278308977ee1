"""A case's seized platforms as pages and later rooms see them: counts and states from rows, with no table opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count

from amparo.cases.models import LinkJudgement, Platform, PlatformPerson, PlatformStep
from amparo.cases.platforms import rules
from amparo.foundation.errors import Missing


@dataclass(frozen=True)
class StepFacts:
    """One step as it stands. done, total: bytes read so far; 0 where only the words of `saying` tell."""

    name: str
    title: str
    state: str
    run: int
    saying: str
    done: int
    total: int
    problem: str
    counts_in: dict[str, int]
    counts_out: dict[str, int]
    figures: dict[str, Any]
    tables: dict[str, UUID]
    began_at: datetime | None
    told_at: datetime | None
    finished_at: datetime | None

    @property
    def counted(self) -> tuple[tuple[str, int], ...]:
        """What came out, by name in words; a page can't ask a table that may hold a name "items" for its items."""
        return tuple((name.replace("_", " "), count) for name, count in self.counts_out.items() if count)[:6]

    @property
    def is_done(self) -> bool:
        return self.state in {"done", "skipped"}


@dataclass(frozen=True)
class PlatformFacts:
    """A platform with its steps in order. taken: persons of the case who came from it. judged: decisions on its links."""

    uuid: UUID
    case: UUID
    name: str
    folder: str
    files: tuple[dict[str, Any], ...]
    left_out: tuple[dict[str, str], ...]
    asked_by_name: str
    asked_at: datetime
    steps: tuple[StepFacts, ...]
    taken: int
    judged: int

    def step(self, name: str) -> StepFacts:
        return next(each for each in self.steps if each.name == name)

    @property
    def figures(self) -> dict[str, Any]:
        """What the summary counted; empty before it is done."""
        return self.step("summary").figures

    @property
    def is_ready(self) -> bool:
        return bool(self.figures)

    @property
    def is_at_work(self) -> bool:
        return any(each.state == "running" for each in self.steps) or (
            any(each.state == "waiting" for each in self.steps)
            and not any(each.state == "failed" for each in self.steps)
        )


@dataclass(frozen=True)
class PlatformCount:
    """accounts, persons (as linked), items: three units that are never added."""

    name: str
    accounts: int
    persons: int
    items: int


def platforms(case: UUID) -> tuple[PlatformFacts, ...]:
    """The case's platforms in the order in which they were registered."""
    return _facts(list(Platform.objects.filter(case__uuid=case).select_related("case")))


def platform(uuid: UUID) -> PlatformFacts:
    """Raises Missing."""
    found = _facts(list(Platform.objects.filter(uuid=uuid).select_related("case")))
    if not found:
        raise Missing("There is no such platform.", platform=str(uuid))
    return found[0]


def platform_counts(case: UUID) -> tuple[PlatformCount, ...]:
    """What each analysed platform of the case counts."""
    rows = PlatformStep.objects.filter(platform__case__uuid=case, name="summary").exclude(figures={})
    return tuple(
        PlatformCount(name, figures["accounts"], figures["persons"], figures["items"])
        for name, figures in rows.order_by("platform_id").values_list("platform__name", "figures")
    )


def _facts(rows: list[Platform]) -> tuple[PlatformFacts, ...]:
    ids = [each.id for each in rows]
    steps: dict[int, list[StepFacts]] = {}
    for row in PlatformStep.objects.filter(platform_id__in=ids).order_by("number"):
        steps.setdefault(row.platform_id, []).append(_step(row))
    taken = dict(
        PlatformPerson.objects.filter(platform_id__in=ids).order_by().values_list("platform_id").annotate(Count("id"))
    )
    judged = dict(
        LinkJudgement.objects.filter(platform_id__in=ids).order_by().values_list("platform_id").annotate(Count("id"))
    )
    return tuple(
        PlatformFacts(
            each.uuid, each.case.uuid, each.name, each.folder, tuple(each.files), tuple(each.left_out), each.asked_by_name,
            each.asked_at, tuple(steps.get(each.id, ())), taken.get(each.id, 0), judged.get(each.id, 0),
        )
        for each in rows
    )  # fmt: skip


def _step(row: PlatformStep) -> StepFacts:
    return StepFacts(
        row.name, rules.STEP_NAMES[row.name], row.state, row.run, row.saying, row.done, row.total, row.problem, row.counts_in,
        row.counts_out, row.figures, {name: UUID(item) for name, item in row.tables.items()}, row.began_at, row.told_at,
        row.finished_at,
    )  # fmt: skip
