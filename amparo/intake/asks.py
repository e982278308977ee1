"""Asking for what is missing: one ready request in the reporter's language, through the relay where there is an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import moments, relay, relay_queries, relay_rules, rulings, senders
from amparo.intake.models import FieldsAsked, Report, StatedTime
from amparo.intake.queries import ReportFacts
from amparo.intake.triage.asks import WHY, Event, Lacks, lacks, request
from amparo.intake.triage.facts import Said
from amparo.intake.triage.signals import signals_in
from amparo.intake.triage.stated import Stated, stated_of
from amparo.intake.triage.traces import traces_in, traces_of_fields

SENT = "sent"


def of_report(facts: ReportFacts) -> Lacks:
    """What this report lacks now, with what came after it in its talk."""
    stated, read_by = stated_of(facts.fields), rulings.words()
    traces = (*traces_in(facts.words, platforms=read_by.platforms), *traces_of_fields(stated, read_by.platforms))
    signals = signals_in(facts.words, read_by.vocabulary)
    # When a mail says it was sent is no time of what it speaks of.
    rows = [row for row in StatedTime.objects.filter(report__uuid=facts.uuid) if row.name != SENT]
    doubts = {str(each) for row in rows if row.utc is None for each in row.doubts}
    return lacks(facts.words, traces, signals, _said(stated), doubts, _events(facts.uuid), len(rows))


def _said(stated: Stated) -> Said:
    return Said(stated.danger_now, stated.crisis, stated.live, bool(stated.priority))


def _events(report: UUID) -> list[Event]:
    return [
        Event(each.port > 0, each.time is not None, each.time is not None and each.time.precision == "second")
        for each in moments.events(report)
    ]


def count(report: UUID, found: Lacks) -> None:
    """Once, when the report was read: how much of what applies to it was given, for it and for its sender. No act."""
    rows = Report.objects.filter(uuid=report, fields_expected=None)
    if rows.update(fields_expected=len(found.expected), fields_given=found.given):
        sender, received_at = Report.objects.values_list("sender", "received_at").get(uuid=report)
        if sender is not None:
            senders.add(sender, received_at.date(), asked=len(found.expected), given=found.given)


@dataclass(frozen=True)
class Ready:
    """The request as it would go out. why: for the officer, of each code. obstacles: why it can't be sent by us."""

    missing: tuple[str, ...]
    why: tuple[str, ...]
    words: str
    language: str
    obstacles: tuple[str, ...]
    expected: int
    given: int
    asked_at: datetime | None
    asked: tuple[str, ...]


def ready(facts: ReportFacts) -> Ready:
    found = of_report(facts)
    words, language = request(found.missing, facts.language)
    reachable = bool(relay_queries.reachable(facts.uuid))
    obstacles = relay_rules.obstacles_to_answering(words, state=facts.state, reachable=reachable)
    last = FieldsAsked.objects.filter(report__uuid=facts.uuid).first()
    return Ready(
        found.missing,
        tuple(WHY[code] for code in found.missing),
        words,
        language,
        obstacles if found.missing else (),
        len(found.expected),
        found.given,
        last.at if last else None,
        tuple(last.codes) if last else (),
    )


@dataclass(frozen=True)
class FieldsWereAsked:
    """sent: the relay carries the request; else an officer passes it on by hand."""

    report: UUID
    codes: tuple[str, ...]
    sent: bool


@act("fields.asked", power="reports.answer")
def ask(by: Actor, facts: ReportFacts) -> FieldsWereAsked:
    """The reporter is asked for all of it at once, in their language; without an address the request is there to be copied."""
    row = Report.objects.filter(uuid=facts.uuid).first()
    if not row:
        raise Missing("There is no such report.", report=str(facts.uuid))
    found = ready(facts)
    if not found.missing:
        raise Refused("Nothing is missing that could be asked for.", report=str(facts.uuid))
    if by.uuid is None:
        raise Refused("Only a person asks a reporter.", report=str(facts.uuid))
    sent = not found.obstacles
    if sent:
        relay.answer(by, facts.uuid, found.words, found.language)
    FieldsAsked.objects.create(report=row, codes=list(found.missing), at=clock.now(), by=by.uuid, sent=sent)
    return FieldsWereAsked(facts.uuid, found.missing, sent)
