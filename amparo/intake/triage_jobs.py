"""What the worker does for triage after a report was read: finds its past, folds it, and ranks again what that changes."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django_tasks import task

from amparo.access.actors import Actor
from amparo.foundation.home import Home
from amparo.intake import asks, folding, looks, moments, notices, past, queries, rulings
from amparo.intake.jobs import rank_report_again
from amparo.intake.past import Past
from amparo.intake.triage import identifiers
from amparo.intake.triage.folds import Key, key_of_file, keys_of_text, without_signature
from amparo.intake.triage.stated import stated_of
from amparo.intake.triage.traces import Trace, traces_in, traces_of_fields, traces_of_files
from amparo.jobs.leases import finishing
from amparo.sandbox import queries as sandbox
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import ProcessKeys
from amparo.vault.queries import ItemFacts

CHAT_MEDIA_TYPE = "application/vnd.amparo.chat+json"
MOST_MEMBERS = 500  # of a chat's: more is a crowd, and its people are no traces of one report
MOST_WOKEN = 20


def _worker() -> Actor:
    return Actor.of_process("worker")


@task()
def trace_report(act: str, about: dict[str, Any]) -> None:
    """Follows report.read_out and follow_up.added: the report is found by what it names, folded, and may raise others."""
    report = UUID(about["report"])
    facts = queries.report(report)
    if facts.state == "reply":
        return
    read_by, stated = rulings.words(), stated_of(facts.fields)
    whole, body = facts.words, without_signature(facts.text)
    of_fields = traces_of_fields(stated, read_by.platforms)
    files = [each.sha256 for each in vault.items_of_origin(report) if not each.derived and each.parent is None]
    named = (*traces_in(f"{facts.said_heading}\n{body}", platforms=read_by.platforms), *of_fields)
    keys = keys_of_text(body if body.strip() else facts.said_heading, named, files)
    with finishing():
        moments.note(report, stated, facts.sent_raw)
        at_their_times = moments.timed_traces(report)
        asks.count(report, asks.of_report(facts))
        _find_and_fold(report, (*traces_in(whole, platforms=read_by.platforms), *of_fields, *at_their_times), keys)


@task()
def trace_items(act: str, about: dict[str, Any]) -> None:
    """Follows item.examined and item.examination_failed: the report is found and folded by its files, and by a chat's members."""
    report, item = UUID(about["origin"]), UUID(about["item"])
    if not queries.is_report(report):
        return
    items = [each for each in vault.items_of_origin(report) if not each.derived]
    digests = ({"sha256": each.sha256, "sha1": each.sha1, "md5": each.md5} for each in items)
    keys = _keys_of_item(next((each for each in items if each.uuid == item), None))
    members = _of_chat(item)
    with finishing():
        _find_and_fold(report, (*traces_of_files(digests), *members), keys)


def _keys_of_item(item: ItemFacts | None) -> tuple[Key, ...]:
    """By the file itself, and by the picture that it is near to."""
    if item is None:
        return ()
    examined = sandbox.examination(item.uuid)
    width, height = examined.facts.get("width"), examined.facts.get("height")
    sides = (int(width), int(height)) if width and height else None
    found = [key] if (key := key_of_file(item.sha256, item.size_bytes, sides)) else []
    pdq, quality = str(examined.facts.get("pdq_hex") or ""), int(examined.facts.get("quality") or 0)
    if key and examined.state == "examined" and pdq and quality >= looks.LOWEST_QUALITY:
        turned = [str(each) for each in examined.facts.get("looks") or ()] or [pdq]
        near = looks.nearest(item.uuid, turned, rulings.current().fold.near_bits)
        found.append(Key("near_file", str(near.item), f"{near.bits} of 256 bits apart"))
    return tuple(found)


@task()
def tell_owner(act: str, about: dict[str, Any]) -> None:
    """Follows follow_up.added: whoever has the report, or has read it, learns that the reporter has written again."""
    with finishing():
        notices.tell_owner(UUID(about["report"]), "answer")


def _find_and_fold(report: UUID, traces: tuple[Trace, ...], keys: tuple[Key, ...]) -> None:
    """The report's identifiers and keys stand in the tables; it is folded and others are woken, where there is something to say."""
    new, never = past.untraced(report, traces), rulings.never_folds()
    keys = tuple(key for key in keys if key.value not in never)
    others = past.trace_report(_worker(), report, new).others if new else 0
    if found := folding.match(report, keys, rulings.current()):
        folding.fold(_worker(), report, found, traces)
    if others:
        rank_report_again.enqueue(report=str(report))
        for other in _sleeping(past.of_report(report)):
            rank_report_again.enqueue(report=str(other))


def _sleeping(found: Past) -> list[UUID]:
    """Reports that a late fact may raise: they wait, and strongly share something with the one that came."""
    waiting = [each.report for each in found.others if each.report and each.strong and each.state == "new"]
    return waiting[:MOST_WOKEN]


def _of_chat(item: UUID) -> list[Trace]:
    """The phone numbers and accounts of a chat's members, from the sandbox's reading of it."""
    if sandbox.examination(item).kind != "chat":
        return []
    readings = [each for each in vault.children(item) if each.media_type == CHAT_MEDIA_TYPE]
    return [trace for reading in readings for trace in _of_reading(reading)]


def _of_reading(reading: ItemFacts) -> list[Trace]:
    keys = ProcessKeys(Home.from_env(), "worker")
    with vault_actions.open_item(_worker(), reading.uuid, f"trace:{reading.origin}", keys) as opened:
        members = json.loads(opened.read()).get("members", [])
    named = [(str(each), identifiers.phone(str(each))) for each in members[:MOST_MEMBERS]]
    return [Trace("phone", phone, raw[:200], "chat") for raw, phone in named if phone]
