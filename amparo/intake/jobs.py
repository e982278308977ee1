"""What the worker does for intake: read an arrival, note what could not be read, rank and rank again."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django_tasks import task

from amparo.access.actors import Actor
from amparo.foundation.clock import now
from amparo.foundation.errors import Broken, Unreachable
from amparo.foundation.home import Home
from amparo.intake import actions, lanes, queries, relay, relay_queries, relay_rules, rules, rulings, standing
from amparo.intake.actions import Text
from amparo.intake.mail_reading import Read, read_mail
from amparo.intake.models import ArrivalState
from amparo.intake.queries import ArrivalFacts
from amparo.intake.ranking import facts_of
from amparo.intake.relay_queries import Thread
from amparo.intake.rules import Finding
from amparo.intake.triage import place
from amparo.jobs.leases import finishing
from amparo.matching import queries as matching
from amparo.sandbox import queries as sandbox
from amparo.sandbox.readings import Blob, ExaminationFailed
from amparo.sandbox.warden import the_warden
from amparo.vault import actions as vault
from amparo.vault.keys import CONTENT, ProcessKeys

log = logging.getLogger("amparo.intake")

# An archive of thousands of files is matched file by file; ranking its report after each would cost their square.
RANKED_AT_ONCE = 50
RANKED_WITHIN = timedelta(seconds=2)
# A follow-up that overtook its report waits for it so long; then it is a report of its own.
OVERTAKEN_WAITS, OVERTAKEN_PAUSE = 60, timedelta(seconds=2)


def _worker() -> Actor:
    return Actor.of_process("worker")


@task()
def examine_arrival(arrival: str, waited: int = 0) -> None:
    """The arrival is read in the sandbox, its files are sealed: it ends as a report, a reply or part of a talk, whatever it is."""
    facts = queries.arrival(UUID(arrival))
    if facts.state != ArrivalState.TAKEN_IN or facts.content is None:
        return
    is_reply = bool(queries.reply_token_digest(facts.uuid))
    thread = None if is_reply else relay_queries.thread_of(facts.uuid)
    if thread and thread.waits and waited < OVERTAKEN_WAITS:
        again = examine_arrival.using(run_after=now() + OVERTAKEN_PAUSE)
        with finishing():
            again.enqueue(arrival=arrival, waited=waited + 1)
        return
    if thread and not relay_queries.is_a_report(thread.report):
        thread = None
    if not is_reply and _is_delivery_report(facts.uuid):
        _keep_delivery_report(facts, thread)
    else:
        _read(facts, thread, is_reply=is_reply)


def _is_delivery_report(arrival: UUID) -> bool:
    mail = relay_queries.mail_of(arrival)
    return mail is not None and "delivery_report" in mail.signs


def _keep_delivery_report(facts: ArrivalFacts, thread: Thread | None) -> None:
    """Its codes say all that is to know of it; its text names addresses and stays sealed with the sender."""
    with finishing():
        if thread:
            relay.add_follow_up(_worker(), facts.uuid, thread, Text(), (), ())
        else:
            relay.keep_machine_mail(_worker(), facts.uuid)


def _read(facts: ArrivalFacts, thread: Thread | None, *, is_reply: bool) -> None:
    home = Home.from_env()
    keys = ProcessKeys(home, "worker")
    assert facts.content
    try:
        with vault.open_item(_worker(), facts.content, f"arrival:{facts.uuid}", keys) as opened:
            message = opened.read()
        with the_warden().boundary(thread.report if thread else facts.report) as box:
            read = read_mail(box, message, home)
    except (ExaminationFailed, Broken) as failure:
        if isinstance(failure, Broken):
            log.critical("integrity: the sealed mail of arrival %s does not open", facts.uuid)
        finding = Finding("unreadable", failure.sentence, facts.content)
        with finishing():
            if thread:
                relay.add_follow_up(_worker(), facts.uuid, thread, Text(), (), (finding,))
            else:
                actions.record_reading(_worker(), facts.uuid, Text(), (), (finding,), ArrivalState.UNREADABLE)
        return
    items = _sealed(thread.report if thread else facts.report, read.files, keys.compartment(CONTENT))
    with finishing():
        relay.note_reading(facts.uuid, **read.note())
        if is_reply:
            actions.record_reply(_worker(), facts.uuid, read.text, items, read.findings)
        elif thread:
            relay.add_follow_up(_worker(), facts.uuid, thread, read.text, items, _of_a_person(thread, read))
        else:
            actions.record_reading(_worker(), facts.uuid, read.text, items, read.findings)


def _of_a_person(thread: Thread, read: Read) -> tuple[Finding, ...]:
    """A machine's mail without text is nobody's work."""
    return read.findings if thread.kind == relay_rules.PERSON else ()


def _sealed(origin: UUID, files: Iterable[Blob], compartment: UUID) -> tuple[UUID, ...]:
    """Each file sealed under the report's uuid, before the report is there: doing it again finds the same items."""
    sealed = (
        vault.seal_item(
            _worker(),
            compartment=compartment,
            stream=io.BytesIO(blob.data),
            name=blob.name,
            origin=origin,
            media_type=blob.media_type,
        ).item
        for blob in files
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
