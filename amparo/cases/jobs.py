"""What follows once a report belongs to a case: its items move to the case's compartment, its chats become groups."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django_tasks import task

from amparo.access.acts import Actor
from amparo.cases import actions, queries
from amparo.cases.groups.reading import ChatReading, from_lines
from amparo.cases.report_files import export_name, files_beside
from amparo.intake.past import trace_case
from amparo.intake.triage.traces import Trace
from amparo.jobs.leases import Hopeless, finishing
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import ProcessKeys
from amparo.vault.queries import ItemFacts

WORKER = Actor.of_process("worker")
# Names as shown identify nobody; an account's name is compared without its service, since a case doesn't state that.
_TRACES = {"phone": "phone", "email": "email", "handle": "name", "account": "name"}
CHAT = "application/vnd.amparo.chat+json"
AT_ONCE_BYTES = 2 << 20  # of a chat reading, some ten thousand messages; a longer one comes in by steps


@task()
def gather_report(act: str, about: dict[str, Any]) -> None:
    """Follows case.opened and case.report_added."""
    _gather(UUID(about["case"]), UUID(about["report"]))


@task()
def gather_examined(act: str, about: dict[str, Any]) -> None:
    """Follows item.examined: an item that was examined after its report came into a case."""
    for case in queries.cases_of_report(UUID(about["origin"])):
        _gather(case.uuid, UUID(about["origin"]))


@task()
def sight_scan(act: str, about: dict[str, Any]) -> None:
    """Follows scan.finished: the manifest and the digest lists of a case's scan stand among its items."""
    found = vault.items(UUID(each) for each in about["sealed"])
    with finishing():
        if about["case"] and found:
            sealed = {each.uuid: each.sha256 for each in found.values()}
            actions.sight_items(WORKER, UUID(about["case"]), None, sealed)


@task()
def hand_traces(act: str, about: dict[str, Any]) -> None:
    """Follows group.imported and person.identifier_added: whoever reads a report that names somebody of this case learns of it."""
    case = queries.case(UUID(about["case"]))
    traces = [
        Trace(_TRACES[kind], value, value, "case")
        for kind, value in queries.identifiers(case.uuid)
        if kind in _TRACES and value
    ]
    with finishing():
        trace_case(WORKER, case.uuid, case.reference, traces)


def _gather(case: UUID, report: UUID) -> None:
    facts = queries.case(case)
    found = vault.items_of_origin(report)
    keys = ProcessKeys(settings.HOME, "worker")
    strangers = tuple(each.uuid for each in found if each.compartment != facts.compartment)
    imported = {each.item for each in queries.groups(case)}
    chats = [each for each in found if each.media_type == CHAT and each.uuid not in imported]
    readings = {each.uuid: _read(each, keys, facts.reference) for each in chats if each.size_bytes <= AT_ONCE_BYTES}
    sighted = queries.sighted_items(case, report)
    with finishing():
        if strangers:
            vault_actions.rewrap_items(WORKER, strangers, facts.compartment, keys)
        new = {each.uuid: each.sha256 for each in found if each.uuid not in sighted and not each.derived}
        if new:
            actions.sight_items(WORKER, case, report, new)
        for chat in chats:
            if reading := readings.get(chat.uuid):
                beside = files_beside(chat, found)
                actions.import_group(WORKER, case, chat.uuid, reading, beside, export_name(chat, found))
            else:
                actions.begin_import(WORKER, case, chat.uuid, export_name(chat, found))


def _read(chat: ItemFacts, keys: ProcessKeys, reference: str) -> ChatReading:
    """The reading, line by line. It is ours (the sandbox wrote it), so what can't be read is a fault that no retry mends."""
    try:
        with vault_actions.open_item(WORKER, chat.uuid, f"import:{reference}", keys) as opened:
            return from_lines(opened.stream)
    except (KeyError, ValueError) as error:
        raise Hopeless("The chat reading is no JSON: examine the export again.", item=str(chat.uuid)) from error
