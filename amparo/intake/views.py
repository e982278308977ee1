from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from amparo.access import queries as access
from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation import clock
from amparo.foundation.clock import as_text
from amparo.foundation.errors import Refused
from amparo.intake import actions, lanes, notices, queries, queue_queries, rules, second_look, wording
from amparo.intake.cybertipline import tips
from amparo.intake.forms import QueueForm, ReasonForm
from amparo.intake.queue_queries import QueueRow
from amparo.intake.triage import AXES, Axis
from amparo.intake.triage.axes import in_words

ROWS_A_PAGE = 25
EXPORTED_ROWS = 10_000


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@page("reports.read")
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """The first page of the house. Asked by htmx it answers with the rows alone, or with nothing where nothing changed."""
    wanted = QueueForm(request.GET).wanted()
    piece = queue_queries.piece(wanted, request.GET.get("after", ""), ROWS_A_PAGE)
    shown = queue_queries.rows(piece.reports)
    digest = _digest(shown, piece.many)
    live = bool(request.headers.get("HX-Request"))
    if live and request.GET.get("seen") == digest:
        return HttpResponse(status=204)
    address = request.GET.copy()
    address.pop("seen", None)
    plain = address.urlencode()
    address["seen"] = digest
    at, officers = clock.now(), {each.uuid: each.name for each in access.officers()}
    filtered = any(name not in ("after", "sort", "seen") for name in request.GET)
    context: dict[str, Any] = {
        "title": _("Queue"),
        "wanted": wanted,
        "after": request.GET.get("after", ""),
        "next": piece.after,
        "rows": [_shown(row, at, officers) for row in shown],
        "total": min(piece.many, queue_queries.MOST_COUNTED),
        "many_more": piece.many > queue_queries.MOST_COUNTED,
        "filtered": filtered,
        "address": f"{reverse('intake:queue')}?{address.urlencode()}",
        "export": f"{reverse('intake:export')}?{plain}",
        "live": live,
        "may_take": actor_of(request).can("reports.take"),
    }
    if live:
        return render(request, "intake/queue_rows.html", context)
    return render(request, "intake/queue.html", context | _choices() | tabs_of(request))


def tabs_of(request: HttpRequest) -> dict[str, Any]:
    """What the tabs of the queue's pages show."""
    return {"for_me": notices.unseen(actor_of(request).uuid) or None, "looks_due": second_look.due_count() or None}


def _digest(shown: tuple[QueueRow, ...], total: int) -> str:
    return hashlib.sha256(repr((total, shown)).encode()).hexdigest()[:16]


def _choices() -> dict[str, Any]:
    """The filters' choices, each with how many there are; those nobody would get anything from are left out."""
    counts = queue_queries.counts()
    states = [(code, words, _many(counts.states.get(code, 0))) for code, words in wording.STATES.items()]
    return {
        "counts": counts,
        "lanes": [(each, wording.LANES[each.lane]) for each in lanes.lanes()],
        "states": [*states, ("all", _("All reports"))],
        "dangers": [
            (code, words, counts.danger[code]) for code, words in wording.DANGER.items() if counts.danger.get(code)
        ],
        "languages": [(code, wording.LANGUAGES.get(code, code), count) for code, count in counts.languages.items()],
        "channels": [(code, wording.CHANNELS.get(code, code), count) for code, count in counts.channels.items()],
        "work": [("open", _("Open"), _many(counts.work_items))],
    }


def _many(count: int) -> str:
    """A count that ends somewhere, said so."""
    return f"{queue_queries.MOST_COUNTED:,}+" if count > queue_queries.MOST_COUNTED else str(count)


def _shown(row: QueueRow, at: datetime, officers: dict[UUID, str]) -> dict[str, Any]:
    """A row with its reasons in words. An axis with nothing to say stays silent, so that what speaks is heard."""
    chips = [chip(name, row.axes[name]) for name in AXES if name in row.axes and _speaks(row.axes[name])]
    return {
        "row": row,
        "chips": chips,
        "channel": wording.CHANNELS.get(row.channel, row.channel),
        "language": wording.LANGUAGES.get(row.language, row.language),
        "state": wording.STATES.get(row.state, row.state),
        "tone": wording.STATE_TONES.get(row.state, "neutral"),
        "due": _due(row, at),
        "owner": officers.get(row.owner) if row.owner else "",
    }


def _due(row: QueueRow, at: datetime) -> dict[str, Any] | None:
    """How long is left until it must be read or decided, in words; None for one without a clock."""
    limit = row.look_by if row.unread else row.decide_by
    if row.state != "new" or row.lane or limit is None:
        return None
    late, left = at >= limit, in_words(abs(limit - at))
    said = (
        (_("read: late by {}"), _("read within {}")) if row.unread else (_("decide: late by {}"), _("decide within {}"))
    )
    return {"late": late, "words": said[0 if late else 1].format(left)}


def _speaks(axis: Axis) -> bool:
    return axis.level != "none" and axis.reasons[0].code != "nothing_to_compare"


def chip(name: str, axis: Axis) -> dict[str, str]:
    """An axis as a chip: its level and its first reason, with the signal words that were found."""
    first = axis.reasons[0]
    found = f" ({', '.join(first.found[:4])})" if first.found else ""
    more = f" +{len(axis.reasons) - 1}" if len(axis.reasons) > 1 else ""
    return {"name": name, "level": axis.level, "words": f"{_(first.words)}{found}{more}"}


@page("reports.read")
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The filtered queue as CSV, with its reasons; that it was taken is recorded."""
    shown = queue_queries.rows(queue_queries.queue(QueueForm(request.GET).wanted())[:EXPORTED_ROWS])
    columns = (
        "reference",
        "received_at",
        "state",
        "channel",
        "language",
        "subject",
        "unread",
        "attachments",
        "open_work_items",
        "floor",
    )
    table = (
        (
            row.reference,
            as_text(row.received_at),
            row.state,
            row.channel,
            row.language,
            row.subject,
            "yes" if row.unread else "no",
            row.attachments,
            row.open_work_items,
            row.floor,
            *(_axis_text(row, name) for name in AXES),
        )
        for row in shown
    )
    body = csv_bytes((*columns, *AXES), table)
    actions.record_export(actor_of(request), len(shown))
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="amparo-queue.csv"'
    return answer


def _axis_text(row: QueueRow, name: str) -> str:
    if name not in row.axes:
        return ""
    axis = row.axes[name]
    return f"{axis.level}: {'; '.join(reason.words for reason in axis.reasons)}"


@page("reports.read")
@require_safe
def work_items(request: HttpRequest) -> HttpResponse:
    """What machines could not do, of all reports; and the ledger, so that nothing that arrived can be missing."""
    kind, settled = request.GET.get("kind", ""), request.GET.get("state") == "settled"
    found = queries.work_items(open_only=not settled, kind=kind)
    found = tuple(each for each in found if not settled or each.settled_at)
    counts = queries.work_item_kinds()
    context = {
        "title": _("Work items"),
        "rows": [
            {
                "each": each,
                "kind": rules.WORK_ITEMS.get(each.kind, each.kind),
                "how": rules.SETTLING.get(each.settled_reason, ""),
            }
            for each in found
        ],
        "kinds": [(code, words, counts[code]) for code, words in rules.WORK_ITEMS.items() if counts.get(code)],
        "states": [("settled", _("Settled"))],
        "filtered": bool(kind or settled),
        "reasons": rules.SETTLING.items(),
        "may_settle": actor_of(request).can("reports.triage"),
        "ledger": queries.ledger(),
        "opened": tips.waiting(),
        "arrivals": [(wording.ARRIVALS[code], count) for code, count in queries.ledger().states.items()],
    }
    return render(request, "intake/work_items.html", context)


@page("reports.triage")
@require_POST
def settle(request: HttpRequest, work_item: UUID) -> HttpResponse:
    code, words = reason_of(request)
    done = actions.settle_work_item(actor_of(request), work_item, code, words)
    messages.success(request, _("The work item is settled."))
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("intake:report", done.report)


def reason_of(request: HttpRequest) -> tuple[str, str]:
    """The posted reason's code and words. Raises Refused for one that was left out."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise Refused(*(str(each) for errors in form.errors.values() for each in errors))
    return form.cleaned_data["reason_code"], form.cleaned_data["reason_text"]
