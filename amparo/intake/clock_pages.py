"""The pages of time: what is late and who was told, what one officer has, who is on duty."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from amparo.access import queries as access
from amparo.access.doors import page
from amparo.foundation.clock import now
from amparo.foundation.errors import Refused
from amparo.intake import clocks as door, notices, rulings
from amparo.intake.triage.axes import in_words
from amparo.intake.views import actor_of, tabs_of


def names() -> dict[UUID, str]:
    """Every officer's name."""
    return {each.uuid: each.name for each in access.officers()}


@page("reports.read")
@require_safe
def clocks(request: HttpRequest) -> HttpResponse:
    """How long each band may wait, what is late, of what somebody was told."""
    known, duty, may_set = names(), door.on_duty(), actor_of(request).can("officers.manage")
    nobody = UUID(int=0)
    context = {
        "title": _("Clocks"),
        "bands": [
            {
                "band": band,
                "look": in_words(band.look_within),
                "decide": in_words(band.decide_within),
                "told": known.get(band.told or nobody, ""),
            }
            for band in door.bands(now())
        ],
        "rule": rulings.current().version,
        "escalations": [{"each": each, "to": known.get(each.to or nobody, "")} for each in door.escalations()],
        "duty": known.get(duty, "") if duty else "",
        "may_set": may_set,
        "officers": access.officers_with("reports.read") if may_set else (),
    }
    return render(request, "intake/clocks.html", context | tabs_of(request))


@page("reports.read")
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What this officer was told, and what they have."""
    actor = actor_of(request)
    told = notices.for_officer(actor.uuid) if actor.uuid else ()
    context: dict[str, Any] = {
        "title": _("For me"),
        "notices": [{"each": each, "words": notices.CODES.get(each.code, each.code)} for each in told],
        "owned": door.owned_by(actor.uuid) if actor.uuid else (),
    }
    return render(request, "intake/mine.html", context | tabs_of(request))


@page("officers.manage")
@require_POST
def set_duty(request: HttpRequest) -> HttpResponse:
    done = door.set_duty(actor_of(request), _officer(request))
    messages.success(request, _("{} is on duty from now on.").format(names()[done.officer]))
    return redirect("intake:clocks")


@page("reports.triage")
@require_POST
def give(request: HttpRequest, report: UUID) -> HttpResponse:
    """Takes the report, gives it to somebody, or lets go of it: `officer` is a uuid, "me" or empty."""
    actor, said = actor_of(request), request.POST.get("officer", "")
    to = actor.uuid if said == "me" else _officer(request) if said else None
    door.give(actor, report, to)
    messages.success(request, _("You have this report.") if to == actor.uuid else _("Saved."))
    return redirect("intake:report", report)


def _officer(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("officer", ""))
    except ValueError as error:
        raise Refused(_("Choose an officer.")) from error
