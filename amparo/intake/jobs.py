"""What the worker does for intake: read an arrival, note what could not be read, rank and rank again."""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django_tasks import task

from amparo.access.actors import Actor
from amparo.foundation.clock import now
from amparo.foundation.errors import Broken, Unreachable
from amparo.foundation.home import Home
from amparo.intake import actions, lanes, queries, rules, rulings, standing
from amparo.intake.actions import Text
from amparo.intake.models import ArrivalState
from amparo.intake.queries import ArrivalFacts
from amparo.intake.ranking import facts_of
from amparo.intake.rules import Finding
from amparo.intake.triage import place
from amparo.jobs.leases import finishing
from amparo.matching import queries as matching
from amparo.sandbox import queries as sandbox
from amparo.sandbox.readings import ExaminationFailed, MailReading
from amparo.sandbox.warden import the_warden
from amparo.vault import actions as vault
from amparo.vault.keys import CONTENT, ProcessKeys

log = logging.getLogger("amparo.intake")

# An archive of thousands of files is matched file by file; ranking its report after each would cost their square.
RANKED_AT_ONCE = 50
RANKED_WITHIN = timedelta(seconds=2)


def _worker() -> Actor:
    return Actor.of_process("worker")


@task()
def examine_arrival(arrival: str) -> None:
    """The arrival's text is read in the sandbox, its attachments are sealed: it ends as a report or a reply, whatever it holds."""
    facts = queries.arrival(UUID(arrival))
    if facts.state != ArrivalState.TAKEN_IN or facts.content is None:
        return
    keys = ProcessKeys(Home.from_env(), "worker")
    try:
        with vault.open_item(_worker(), facts.content, f"arrival:{facts.uuid}", keys) as opened:
            message = opened.read()
        with the_warden().boundary(facts.report) as box:
            reading = cast("MailReading", box.examine("mail", message))
    except (ExaminationFailed, Broken) as failure:
        if isinstance(failure, Broken):
            log.critical("integrity: the sealed mail of arrival %s does not open", facts.uuid)
        finding = Finding("unreadable", failure.sentence, facts.content)
        with finishing():
            actions.record_reading(_worker(), facts.uuid, Text(), (), (finding,), ArrivalState.UNREADABLE)
        return
    items = _sealed(facts, reading, keys.compartment(CONTENT))
    text = Text(reading.subject, reading.text, reading.text_source, reading.language, reading.date_raw)
    findings = rules.findings_of_mail(reading.text, reading.defects)
    is_reply = bool(queries.reply_token_digest(facts.uuid))
    with finishing():
        record = actions.record_reply if is_reply else actions.record_reading
        record(_worker(), facts.uuid, text, items, findings)


def _sealed(arrival: ArrivalFacts, reading: MailReading, compartment: UUID) -> tuple[UUID, ...]:
    """Each attachment sealed under the report's uuid, before the report is there: doing it again finds the same items."""
    sealed = (
        vault.seal_item(
            _worker(),
            compartment=compartment,
            stream=io.BytesIO(blob.data),
            name=blob.name,
            origin=arrival.report,
            media_type=blob.media_type,
        ).item
        for blob in reading.attachments
    )
    return tuple(dict.fromkeys(sealed))


@task()
def note_failure(act: str, about: dict[str, Any]) -> None:
    """Follows item.examination_failed: whoever reads the report sees which attachment could not be examined, and why."""
    item, report = UUID(about["item"]), UUID(about["origin"])
    if not _concerns_a_report(report):
        return
    examined = sandbox.examination(item)
    with finishing():
        actions.open_work_item(_worker(), report, rules.finding_of_failure(item, examined.reason, examined.sentence))


@task()
def note_gaps(act: str, about: dict[str, Any]) -> None:
    """Follows item.examined: what inside the item could not be read, or that its kind isn't examined, becomes a work item."""
    item, report = UUID(about["item"]), UUID(about["origin"])
    if not _concerns_a_report(report):
        return
    examined = sandbox.examination(item)
    found = (examined.kind, examined.state, examined.reason, examined.sentence, examined.facts)
    findings = rules.findings_of_examination(item, *found)
    with finishing():
        for finding in findings:
            actions.open_work_item(_worker(), report, finding)


def _concerns_a_report(origin: UUID) -> bool:
    """False for an item that came with a case. Raises Unreachable while the report is still being read."""
    if queries.is_report(origin):
        return True
    if queries.expects_report(origin):
        raise Unreachable("The report is still being read; this is tried again.", report=str(origin))
    return False


@task()
def rank_report(act: str, about: dict[str, Any]) -> None:
    """Follows whatever may change a report's place: its reading, an item's match or failure, its first reading."""
    report = UUID(str(about.get("report") or about["origin"]))
    if about.get("first") is False:  # read before: the clock stopped then
        return
    if not queries.is_report(report):
        return
    if "check" in about and matching.checked(report) > RANKED_AT_ONCE:
        with finishing():
            actions.rank_by(report, now() + RANKED_WITHIN)
    else:
        _rank(report)


@task()
def rank_report_again(report: str) -> None:
    """The report's clock has moved."""
    _rank(UUID(report))


def _rank(report: UUID) -> None:
    facts = queries.report(report)
    if facts.state == "reply":
        return
    known = facts_of(facts)
    rule = rulings.current()
    placed = lanes.placed_for(report, place(known, now(), rule), rule)
    before = facts.ranking
    same = before and (before.rule_version, before.axes, before.position, before.band) == (
        placed.rule_version,
        placed.axes,
        placed.position,
        placed.band,
    )
    with finishing():
        # Nothing new to say leaves no act: ten attachments without news must not fill the record.
        if same:
            standing.look_again_at(report, placed.changes_at)
        else:
            actions.rank(_worker(), report, placed, known, rulings.words().version)
