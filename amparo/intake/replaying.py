"""Rules of a house: the files that it edits, tried on the past, put in force, and kept for what was decided under them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import rulings
from amparo.intake.models import Ranking, Report, ReportState, RuleTrial, RuleVersion
from amparo.intake.triage import Rule, read_rule, shipped_rule
from amparo.intake.triage.facts import of_json
from amparo.intake.triage.replay import Difference, Past, compare
from amparo.intake.triage.rulebook import CURRENT, VERSION, BadRule

REPORTS = 2000  # tried on, unless somebody asks for more
LARGEST_FILE = 200_000  # bytes


@dataclass(frozen=True)
class RuleFile:
    """A rule-N.toml of the house. rule: None where problems say why. tried_at: as it stands now, not as it stood before."""

    name: str
    digest: str
    rule: Rule | None
    problems: tuple[str, ...]
    in_force: bool
    put_before: bool
    tried_at: datetime | None


def files() -> tuple[RuleFile, ...]:
    """The house's own rules, by number."""
    found = sorted(rulings.folder().glob("rule-*.toml"), key=lambda path: (len(path.name), path.name))
    return tuple(_file(path) for path in found)


def _file(path: Path) -> RuleFile:
    text, problems = _read(path)
    rule: Rule | None = None
    try:
        rule = read_rule(text) if not problems else None
    except BadRule as bad:
        problems = bad.problems
    if rule and rule.version != path.stem:
        problems = (f'the file is called {path.name} and says version = "{rule.version}": make them the same',)
        rule = None
    digest = digest_of(text)
    earlier = RuleVersion.objects.filter(version=path.stem).first()
    if rule and earlier and earlier.digest != digest:
        problems = (f"{path.stem} was put in force before, with another text: give the changed rule the next number",)
        rule = None
    trial = RuleTrial.objects.filter(digest=digest).order_by("-id").first()
    return RuleFile(
        path.stem,
        digest,
        rule,
        problems,
        rulings.current().version == path.stem,
        earlier is not None,
        trial.at if trial else None,
    )


def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            return "", ("the file is larger than any rule",)
        return path.read_text(encoding="utf-8"), ()
    except (OSError, UnicodeDecodeError) as error:
        return "", (f"the file can't be read as text ({type(error).__name__}): save it as UTF-8",)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rule_named(version: str) -> Rule:
    """A rule of the house's files, one that was in force, or the shipped one. Refused with its problems, or Missing."""
    if not VERSION.fullmatch(version):
        raise Missing(f"{version} is no rule: they are called rule-1, rule-2 and so on.")
    for each in files():
        if each.name == version:
            if each.rule is None:
                raise Refused(*each.problems)
            return each.rule
    if earlier := RuleVersion.objects.filter(version=version).order_by("-id").first():
        return read_rule(earlier.text)
    if version == CURRENT:
        return shipped_rule()
    raise Missing(f"There is no {version} here: write it to {rulings.folder() / version}.toml.")


def past(limit: int = REPORTS) -> Iterator[Past]:
    """The newest reports, open or decided, as they were known when they were ranked last."""
    rows = Ranking.objects.filter(current=True).exclude(facts={}).exclude(report__state=ReportState.REPLY)
    rows = rows.select_related("report").defer("axes", "report__text", "report__search_text")
    for row in rows.order_by("-report__received_at", "-report__id")[:limit].iterator(chunk_size=500):
        report: Report = row.report
        read = report.first_read_at if report.first_read_at and report.first_read_at <= row.at else None
        facts = of_json(row.facts, report.received_at, read)
        yield Past(report.uuid, report.reference or "", facts, row.at)


@dataclass(frozen=True)
class RuleTried:
    """digest: of the rule's text. up, down: how many of the reports would have stood higher, or lower."""

    rule: str
    digest: str
    reports: int
    up: int
    down: int


def try_rule(by: Actor, rule: Rule, limit: int = REPORTS) -> Difference:
    """What the rule would have changed, and the act that tells of it. Nothing moves."""
    found = compare(list(past(limit)), rulings.current(), rule)
    _record_trial(by, rule, found)
    return found


@act("rule.tried", power="rules.try")
def _record_trial(by: Actor, rule: Rule, found: Difference) -> RuleTried:
    """That this text was tried on the past, by whom, and what came out: it may be put in force now."""
    digest = digest_of(rule.text)
    RuleTrial.objects.create(
        digest=digest, version=rule.version, at=clock.now(), tried_by=by.uuid, reports=found.reports
    )
    return RuleTried(rule.version, digest, found.reports, found.moved_up, found.moved_down)


@dataclass(frozen=True)
class RulePut:
    rule: str
    digest: str
    before: str
    reports: int


@act("rule.put_in_force", power="rules.edit")
def put_in_force(by: Actor, version: str) -> RulePut:
    """From now on reports are ranked by this rule; those that wait are ranked again. What was decided keeps its own rule's name."""
    before, rule = rulings.current().version, rule_named(version)
    digest = digest_of(rule.text)
    obstacles = []
    if before == version:
        obstacles.append(f"{version} is in force.")
    elif not RuleTrial.objects.filter(digest=digest).exists():
        obstacles.append(f"Try {version} on the past first, as it stands now: who moves up, who down.")
    if obstacles:
        raise Refused(*obstacles)
    RuleVersion.objects.create(version=version, text=rule.text, digest=digest, put_at=clock.now(), put_by=by.uuid)
    waiting = Ranking.objects.filter(current=True, report__state=ReportState.NEW)
    return RulePut(version, digest, before, waiting.update(changes_at=clock.now()))


@dataclass(frozen=True)
class PutRule:
    version: str
    put_at: datetime
    put_by: UUID | None


def history() -> tuple[PutRule, ...]:
    """The rules that were put in force here, the newest first; before the first the shipped one was."""
    rows = RuleVersion.objects.order_by("-id")
    return tuple(PutRule(each.version, each.put_at, each.put_by) for each in rows)
