"""Times and addresses on a report's page: what is doubtful, settled by a person; what may go into an order, checked by two."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.foundation.clock import as_text
from amparo.foundation.errors import Refused
from amparo.intake import moments, orders, rulings, wording
from amparo.intake.clock_pages import names
from amparo.intake.queries import ReportFacts
from amparo.intake.triage.places import places_of
from amparo.intake.triage.stated import stated_of
from amparo.intake.triage.traces import traces_in, traces_of_fields
from amparo.intake.views import actor_of


def part_of(facts: ReportFacts, actor: Actor) -> dict[str, Any]:
    """What the report's page shows of its times, addresses, orders and places."""
    table, known, read_by = moments.the_networks(), names(), rulings.words()
    stated = stated_of(facts.fields)
    traces = (*traces_in(facts.text, platforms=read_by.platforms), *traces_of_fields(stated, read_by.platforms))
    return {
        "times": [(_time_words(each.name), each) for each in moments.times(facts.uuid)],
        "events": [
            (wording.TIMES.get(each.kind, each.kind.replace("_", " ").capitalize()), each)
            for each in moments.events(facts.uuid)
        ],
        "orders": [
            {
                "each": each,
                "drafted_by": known.get(each.drafted_by, ""),
                "checked_by": known.get(each.checked_by, "") if each.checked_by else "",
                "obstacles": orders.obstacles_to_check(each.drafted_by, actor.uuid, each.checked_at),
            }
            for each in orders.of_report(facts.uuid)
        ],
        "no_networks": table.networks.rows == 0,
        "places": places_of(traces, stated.country, facts.language, table.networks),
    }


def _time_words(name: str) -> Any:
    """What happened then; an address's time is named by its address."""
    kind, _space, address = name.partition(" ")
    if kind == "ip" and address:
        return _("{} was used").format(address)
    return wording.TIMES.get(name, name.replace("_", " ").capitalize())


@page("reports.triage")
@require_POST
def settle(request: HttpRequest, time: UUID) -> HttpResponse:
    """Posts zone, the chosen moment (utc) and words."""
    said = request.POST.get("utc", "")
    try:
        chosen = datetime.fromisoformat(said) if said else None
    except ValueError as error:
        raise Refused(_("Choose one of the moments that it can be.")) from error
    done = moments.settle(actor_of(request), time, request.POST.get("zone", ""), chosen, request.POST.get("words", ""))
    messages.success(request, _("Settled: {}").format(as_text(done.utc)))
    return redirect("intake:report", done.report)


@page("reports.triage")
@require_POST
def draft(request: HttpRequest, report: UUID) -> HttpResponse:
    try:
        events = [UUID(each) for each in request.POST.getlist("event")]
    except ValueError as error:
        raise Refused(_("Choose the events to be asked about.")) from error
    orders.draft(actor_of(request), report, events, request.POST.get("evidence", ""))
    messages.success(request, _("Drafted. Another officer lays it beside the sources before it can be copied."))
    return redirect("intake:report", report)


@page("reports.triage")
@require_POST
def check(request: HttpRequest, order: UUID) -> HttpResponse:
    done = orders.check(actor_of(request), order)
    messages.success(request, _("Checked. Its text can be copied now."))
    return redirect("intake:report", done.report)
