"""The work on a seized platform, step by step: files to sealed tables, then each analysis over them. Stopped, it goes on there.

Every step is a function of sealed tables, mapping and judgements. Its tables become items, and it is done, in one transaction.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from amparo.access.acts import Actor
from amparo.cases.models import LinkJudgement, Platform, PlatformStep
from amparo.cases.platforms import actions, rules
from amparo.cases.platforms.actions import Result
from amparo.cases.platforms.base import files_of, import_group, sealed_base
from amparo.cases.platforms.dossiers import write_dossiers_table
from amparo.cases.platforms.overlaps import KINDS, write_overlaps
from amparo.cases.platforms.summary import write_summary
from amparo.cases.sealed_tables import SealedStore, enter_tables, sealing_tables
from amparo.cases.tables.base import Base
from amparo.foundation import clock
from amparo.foundation.errors import Broken, Missing, Refused
from amparo.intake.past import known_values
from amparo.vault.keys import Unlock

Tell = Callable[[str], None]
TOLD_EVERY_S = 1.0


@dataclass
class Work:
    """One actor at work on one platform. tell: for the command line; the page reads the step's own row."""

    by: Actor
    unlock: Unlock
    platform: Platform
    tell: Tell

    @property
    def purpose(self) -> str:
        return f"platform:{self.platform.case.reference}"


def import_files(by: Actor, unlock: Unlock, platform: UUID, tell: Tell) -> None:
    """The platform's files are sealed tables of the case. Each table is kept as soon as it is whole, so that a stop costs one."""
    work = _work(by, unlock, platform, tell)
    step = PlatformStep.objects.get(platform=work.platform, name="import")
    if step.state == PlatformStep.State.DONE:
        return
    _perform(work, step, _import)
    if PlatformStep.objects.get(id=step.id).state == PlatformStep.State.DONE:
        actions.finish_import(by, platform)


def analyse(by: Actor, unlock: Unlock, platform: UUID, tell: Tell = lambda _: None) -> None:
    """Every step that waits, or was cut off, is done, in order. A failed one stops those that rest on it, and says why."""
    work = _work(by, unlock, platform, tell)
    if not PlatformStep.objects.filter(platform=work.platform, name="import", state=PlatformStep.State.DONE).exists():
        return
    for step in PlatformStep.objects.filter(platform=work.platform).exclude(name="import").order_by("number"):
        if step.state in (PlatformStep.State.WAITING, PlatformStep.State.RUNNING):
            _perform(work, step, _STEPS[step.name])


def _work(by: Actor, unlock: Unlock, platform: UUID, tell: Tell) -> Work:
    found = Platform.objects.filter(uuid=platform).select_related("case").first()
    if not found:
        raise Missing("There is no such platform.", platform=str(platform))
    return Work(by, unlock, found, tell)


def _perform(work: Work, step: PlatformStep, do: Callable[[Work, PlatformStep], None]) -> None:
    """The step, with its state kept. A refusal is its end, told on the page; anything else is tried again by the worker."""
    PlatformStep.objects.filter(id=step.id).update(
        state=PlatformStep.State.RUNNING, began_at=clock.now(), told_at=clock.now(), problem="", saying="begins", done=0
    )
    work.tell(f"{rules.STEP_NAMES[step.name]} begins")
    try:
        do(work, step)
    except (Refused, Missing) as error:
        actions.fail_step(work.by, step.id, error.sentence)
        work.tell(f"{rules.STEP_NAMES[step.name]}: {error.sentence}")
    except Broken as error:
        actions.fail_step(work.by, step.id, error.sentence)
        raise


# --- Import --------------------------------------------------------------------------------------------------------------


def _import(work: Work, step: PlatformStep) -> None:
    mapping, found = files_of(work.platform)
    told = [
        {
            "name": each.name,
            "sha256": each.sha256,
            "size_bytes": each.size_bytes,
            "source": each.source,
            "table": mapping.sources[each.source].table,
        }
        for each in found.files
    ]
    if work.platform.files and work.platform.files != told:
        raise Refused(
            "The files are not those with which this import began. Lay the same files there again, or register a new platform."
        )
    Platform.objects.filter(id=work.platform.id).update(
        files=told, left_out=[{"name": name, "why": why} for name, why in found.left_out]
    )
    progress = Progress(work, step, sum(each.size_bytes for each in found.files))
    tables, counts, figures = dict(step.tables), dict(step.counts_out), dict(step.figures)
    done = 0
    for group in rules.IMPORT:
        if group[0] not in counts:
            progress.at(group[0], done)
            made = import_group(work.by, work.platform, mapping, found, group, progress)
            tables |= {name: str(item) for name, item in made.items.items()}
            counts |= made.rows
            figures = {
                "bad": figures.get("bad", 0) + made.bad,
                "lost": figures.get("lost", 0) + made.lost,
                "units": figures.get("units", {}) | made.units,
            }
            PlatformStep.objects.filter(id=step.id).update(tables=tables, counts_out=counts, figures=figures)
        done += sum(each.size_bytes for each in found.files if mapping.sources[each.source].table in group)
    made_items = {name: UUID(item) for name, item in tables.items()}
    actions.finish_step(work.by, step.id, Result(made_items, {"files": len(told)}, counts, figures))
    work.tell(", ".join(f"{count:,} {rules.UNITS.get(name, name)}" for name, count in counts.items() if count))


@dataclass
class Progress:
    """How far a step is, on its row and to whoever listens, at most once a second."""

    work: Work
    step: PlatformStep
    total: int = 0
    began: float = field(default_factory=time.monotonic)
    said: float = 0.0
    table: str = ""
    before: int = 0

    def at(self, table: str, done: int) -> None:
        """This table is next; so many bytes of all were read."""
        self.table, self.before = table, done
        self._say(table, 0, force=True)

    def __call__(self, what: str, rows: int) -> None:
        self._say(what, rows)

    def _say(self, what: str, rows: int, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self.said < TOLD_EVERY_S:
            return
        self.said = now
        seconds = max(now - self.began, 1e-3)
        words = f"{what}: {rows:,} rows" if rows else what
        if self.total and self.before:
            left = (self.total - self.before) * seconds / self.before
            words += f"; {self.before * 100 // self.total} % of the bytes, about {left:.0f} s to go"
        PlatformStep.objects.filter(id=self.step.id).update(
            saying=words[:120], done=self.before, total=self.total, told_at=clock.now()
        )
        self.work.tell(words)


# --- Analyses ------------------------------------------------------------------------------------------------------------


def _imported(work: Work) -> PlatformStep:
    found: PlatformStep = PlatformStep.objects.get(platform=work.platform, name="import")
    if found.state != PlatformStep.State.DONE:
        raise Refused("The platform is not imported yet.")
    return found


def _tables(work: Work, *others: str) -> dict[str, UUID]:
    """The platform's own tables, and those that other steps made, by name."""
    found = {name: UUID(item) for name, item in _imported(work).tables.items() if name in rules.TABLES}
    for step in PlatformStep.objects.filter(platform=work.platform, name__in=others):
        if step.state == PlatformStep.State.DONE:
            found |= {name: UUID(item) for name, item in step.tables.items()}
    return found


@contextmanager
def _opened(work: Work, *others: str) -> Iterator[tuple[SealedStore, Base]]:
    step = _imported(work)
    with sealing_tables(
        work.by,
        work.platform.case.uuid,
        _tables(work, *others),
        origin=work.platform.uuid,
        purpose=work.purpose,
        unlock=work.unlock,
    ) as store:
        yield store, sealed_base(work.platform, store, step)


def _end(work: Work, step: PlatformStep, store: SealedStore, result: Result) -> None:
    """Its tables are items and it is done, both or neither."""
    with transaction.atomic():
        made = {name: item.item for name, item in enter_tables(work.by, store).items()}
        PlatformStep.objects.filter(id=step.id).update(tables={})
        actions.finish_step(
            work.by, step.id, Result(made, result.counts_in, result.counts_out, result.figures, result.skipped)
        )
    work.tell(", ".join(f"{name.replace('_', ' ')}: {count:,}" for name, count in list(result.counts_out.items())[:6]))


def _engine(
    name: str, module: str, function: str, reads: tuple[str, ...], *, judged: bool = False
) -> Callable[[Work, PlatformStep], None]:
    """A step that is one engine's call: its tables sealed, its run's counts kept."""

    def do(work: Work, step: PlatformStep) -> None:
        from importlib import import_module

        call = getattr(import_module(module), function)
        with _opened(work) as (store, base), judgements_of(work.platform) as judgements:
            progress = Progress(work, step)
            given = {"judgements": judgements} if judged else {}
            run: dict[str, Any] = call(base, store.work / f"{name}.parquet", progress=progress, **given)
            counts_in = {each: base.counts.get(each, 0) for each in reads}
            kept: dict[str, Any] = {
                key: run[key] for key in ("rule", "version", "parameters", "cautions") if key in run
            }
            _end(work, step, store, Result({}, counts_in, dict(store.counts), kept))

    return do


@contextmanager
def judgements_of(platform: Platform) -> Iterator[Path | None]:
    """What officers decided of pairs of accounts, as the file that the engine of links reads; in memory where the system can."""
    rows = LinkJudgement.objects.filter(platform=platform).order_by("id")
    if not rows.exists():
        yield None
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("account_a", "account_b", "judgement", "by", "at", "reason"))
    for each in rows:
        writer.writerow(
            (each.account_a, each.account_b, each.verdict, each.by_name or "officer", each.at.isoformat(), each.reason)
        )
    data = text.getvalue().encode()
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("judgements"), "w+b") as memory:
            memory.write(data)
            memory.flush()
            yield Path(f"/proc/self/fd/{memory.fileno()}")
    else:  # macOS: a file of its own user, gone at the end
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            file.write(data)
            file.flush()
            yield Path(file.name)


def _overlaps(work: Work, step: PlatformStep) -> None:
    with _opened(work) as (store, base):
        counts = write_overlaps(store, known_values(KINDS, but_case=work.platform.case.uuid))
        counts_in = {"identifiers_asked": counts.pop("identifiers_asked"), "accounts": base.counts.get("accounts", 0)}
        _end(work, step, store, Result({}, counts_in, counts, counts))


def _first_posts(work: Work, step: PlatformStep) -> None:
    if not _imported(work).counts_out.get("posts"):
        actions.finish_step(work.by, step.id, Result(skipped="The platform's files hold no posts."))
        return
    _engine("first_posts", "amparo.cases.groups.first_posts", "write_first_posts", ("posts",))(work, step)


def _dossiers(work: Work, step: PlatformStep) -> None:
    with _opened(work, "countries", "links") as (store, base):
        figures = write_dossiers_table(store)
        counts = {"dossiers": len(figures["by_country"]), "accounts": figures["accounts"]}
        _end(work, step, store, Result({}, {"accounts": base.counts.get("accounts", 0)}, counts, figures))


def _summary(work: Work, step: PlatformStep) -> None:
    with _opened(work, "countries", "links") as (store, base):
        figures = write_summary(store, base.counts)
        counts = {"accounts": figures["accounts"], "persons": figures["persons"]}
        _end(work, step, store, Result({}, {"accounts": base.counts.get("accounts", 0)}, counts, figures))


_STEPS: dict[str, Callable[[Work, PlatformStep], None]] = {
    "countries": _engine(
        "countries",
        "amparo.cases.linkage.countries",
        "write_countries",
        ("accounts", "events", "payments", "networks"),
    ),
    "links": _engine(
        "links",
        "amparo.cases.linkage.links",
        "write_links",
        ("accounts", "identifiers", "payments", "events"),
        judged=True,
    ),
    "overlaps": _overlaps,
    "first_posts": _first_posts,
    "dossiers": _dossiers,
    "summary": _summary,
}
