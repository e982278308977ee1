"""The record in words, its check, the system's state, how long things are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, overload
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.module_loading import import_string
from django.views.decorators.http import require_POST

from amparo.access import queries as access
from amparo.access.acts import ACTS, Actor
from amparo.access.doors import page
from amparo.access.rules import PROCESSES
from amparo.custody import queries as custody
from amparo.custody.queries import ActLine
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.jobs import followers, queries as jobs
from amparo.oversight import actions, line, machine, queries, words

PER_PAGE = 50
MOST_EXPORTED = 100_000
STEP = 1000


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


class _Acts:
    """The filtered record as a paginator wants it: counted once, read a page at a time."""

    def __init__(self, **filters: Any) -> None:
        self._filters = filters
        self._count = custody.acts(**filters, limit=1).total

    def count(self) -> int:
        return self._count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, wanted: int) -> ActLine: ...
    @overload
    def __getitem__(self, wanted: slice) -> tuple[ActLine, ...]: ...
    def __getitem__(self, wanted: int | slice) -> ActLine | tuple[ActLine, ...]:
        if isinstance(wanted, int):
            return self[wanted : wanted + 1][0]
        start, stop = wanted.start or 0, wanted.stop if wanted.stop is not None else self._count
        return custody.acts(**self._filters, offset=start, limit=stop - start).lines


def _filters(request: HttpRequest) -> tuple[dict[str, Any], list[str]]:
    """What the address asks for, and a sentence for each part of it that can't be understood."""
    found: dict[str, Any] = {name: request.GET.get(name, "").strip() for name in ("kind", "actor", "ended")}
    wrong = []
    if about := request.GET.get("about", "").strip():
        try:
            found["about"] = UUID(about)
        except ValueError:
            wrong.append("“About” takes the identifier of a thing, as its page or an act shows it.")
    for name, later in (("since", 0), ("until", 1)):
        if text := request.GET.get(name, "").strip():
            try:
                day = date.fromisoformat(text) + timedelta(days=later)
                found[name] = datetime.combine(day, time(), UTC)
            except (ValueError, OverflowError):
                wrong.append(f"“{name.capitalize()}” takes a day, such as 2026-02-20.")
    return found, wrong


def _kinds() -> list[tuple[str, str]]:
    """Groups of acts, then each act, as a filter offers them."""
    groups = [(prefix, f"{label} (all)") for prefix, label in words.GROUPS.items()]
    return [*groups, *sorted(((kind, words.in_words(kind)) for kind in ACTS), key=lambda pair: pair[1])]


@page("record.read")
def record(request: HttpRequest) -> HttpResponse:
    filters, wrong = _filters(request)
    for sentence in wrong:
        messages.error(request, sentence)
    found: Any = _Acts(**filters)
    acts = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    names = {each.username: each.name for each in access.officers()}
    actors = [*names.items(), *((name, f"process {name}") for name in PROCESSES)]
    return render(
        request,
        "oversight/record.html",
        {
            "title": "Custody record",
            "page": acts,
            "total": acts.paginator.count,
            "names": names,
            "kinds": _kinds(),
            "actors": actors,
            "ended": list(words.ENDED.items()),
            "sealed": custody.last_position(),
            "waiting": custody.waiting_for_seal(),
            "query": request.GET.urlencode(),
        },
    )


@page("record.read")
def record_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered record, oldest of the newest first, with what makes each line checkable."""
    filters, _ = _filters(request)
    total = min(len(_Acts(**filters)), MOST_EXPORTED)
    actions.export_record(_actor(request).with_purpose("record:export"), total)
    response = StreamingHttpResponse(_rows(filters, total), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="custody-record-{clock.now():%Y-%m-%d}.csv"'
    return response


def _rows(filters: dict[str, Any], total: int) -> Iterator[bytes]:
    columns = (
        "position",
        "at",
        "act",
        "in_words",
        "ended",
        "actor_kind",
        "actor",
        "power",
        "purpose",
        "about",
        "digest_sha256",
        "uuid",
    )
    yield csv_bytes(columns, ())
    for offset in range(0, total, STEP):
        lines = custody.acts(**filters, offset=offset, limit=min(STEP, total - offset)).lines
        rows = csv_bytes(
            columns,
            (
                (each.position, clock.as_text(each.at), each.kind, words.in_words(each.kind), each.ended, each.actor_kind,
                 each.actor_name, each.power, each.purpose, json.dumps(each.about, sort_keys=True), each.digest, each.uuid)
                for each in lines
            ),
        )  # fmt: skip
        yield rows.partition(b"\r\n")[2]


@page("record.read")
def act(request: HttpRequest, act: UUID) -> HttpResponse:
    found = custody.act(act)
    if found is None:
        raise Missing("There is no such act in the record.")
    checkpoint, signature, proofs = custody.proofs([found.position]) if found.position else ("", "", ())
    subjects = [
        (words.about_in_words(name), _values(value))
        for name, value in sorted(found.about.items())
        if value not in (None, "", [])
    ]
    return render(
        request,
        "oversight/act.html",
        {
            "title": words.in_words(found.kind),
            "act": found,
            "spec": ACTS.get(found.kind),
            "subjects": subjects,
            "checkpoint": checkpoint,
            "signature": signature,
            "proof": proofs[0] if proofs else None,
            "same": custody.story(*_uuids(found), newest_first=True)[:20] if _uuids(found) else (),
        },
    )


def _values(value: object) -> list[tuple[str, bool]]:
    """(text, whether it identifies a thing)"""
    many = value if isinstance(value, list) else [value]
    return [(str(each), _is_uuid(each)) for each in many]


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value)) and len(value) == 36
    except ValueError:
        return False


def _uuids(act: ActLine) -> list[UUID]:
    """What an act is mostly about: its identifiers, without the long lists that a group's acts carry."""
    return [UUID(value) for value in act.about.values() if isinstance(value, str) and _is_uuid(value)][:3]


@page("record.read")
def verify(request: HttpRequest) -> HttpResponse:
    """GET explains; POST walks the whole record and says what it found."""
    found = None
    if request.method == "POST":
        copy: Path = import_string(settings.RECORD_COPY)(Home.from_env())
        found = actions.verify_record(_actor(request), import_string(settings.RECORD_SIGNED), copy)
    context = {
        "title": "Verify the record",
        "found": found,
        "sealed": custody.last_position(),
        "waiting": custody.waiting_for_seal(),
    }
    return render(request, "oversight/verify.html", context)


@page("system.read")
def system(request: HttpRequest) -> HttpResponse:
    home = Home.from_env()
    layers = machine.sandbox_layers()
    return render(
        request,
        "oversight/system.html",
        {
            "title": "System",
            "counts": jobs.counts(),
            "quarantined": jobs.quarantined(),
            "behind": followers.behind(),
            "waiting": custody.waiting_for_seal(),
            "layers": layers,
            "missing": [each for each in layers if not each.holds],
            "processes": machine.processes(home),
            "database": machine.database(),
            "versions": machine.versions(),
            "folders": machine.folder_sizes(home),
            "keys": machine.key_lines(home),
            "may_mend": _actor(request).can("system.mend"),
        },
    )


@require_POST
@page("system.mend")
def retry(request: HttpRequest, job: UUID) -> HttpResponse:
    try:
        actions.retry_job(_actor(request), job)
        messages.success(request, "The job waits for a worker again.")
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return redirect("oversight:system")


@page("system.read")
def the_line(request: HttpRequest) -> HttpResponse:
    """What the report line misses, and how long danger waits for the first human look."""
    together, missed, months = line.missed()
    looks, looks_months = line.first_looks(clock.now())
    context = {
        "title": "The line",
        "together": together,
        "missed": missed.missed,
        "interval": missed.interval,
        "too_low": missed.too_low,
        "months": months,
        "period": "from the first draw until today",
        "looks": looks,
        "looks_months": looks_months,
        "looks_period": f"the last {line.LOOKS_DAYS} days",
    }
    return render(request, "oversight/line.html", context)


@page("system.read")
def retention(request: HttpRequest) -> HttpResponse:
    """How long each class of rows is kept; POST sets a limit."""
    if request.method == "POST":
        _set_schedule(request)
        return redirect("oversight:retention")
    return render(
        request,
        "oversight/retention.html",
        {"title": "Retention", "classes": queries.classes(), "may_edit": _actor(request).can("retention.edit")},
    )


def _set_schedule(request: HttpRequest) -> None:
    days = request.POST.get("days", "").strip()
    if days and not (days.isdigit() and len(days) < 7):
        messages.error(request, "Days are a whole number, or empty for no limit.")
        return
    try:
        actions.set_schedule(
            _actor(request), request.POST.get("name", ""), int(days) if days else None, request.POST.get("basis", "")
        )
        messages.success(request, "The limit is set.")
    except Refused as refusal:
        for obstacle in refusal.obstacles:
            messages.error(request, obstacle)
