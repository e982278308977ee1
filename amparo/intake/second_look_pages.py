"""What the lot drew to be read again, and what officers say of danger."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from amparo.access.doors import page
from amparo.intake import rulings, second_look as looks, second_reading
from amparo.intake.clock_pages import names
from amparo.intake.views import actor_of, tabs_of


@page("reports.read")
@require_safe
def second_looks(request: HttpRequest) -> HttpResponse:
    """What waits to be read again; what this officer closed or read first is somebody else's to read."""
    actor, known = actor_of(request), names()
    context = {
        "title": _("Second look"),
        "rows": [
            {
                "each": each,
                "first": known.get(each.first_by, "") if each.first_by else "",
                "own": each.first_by == actor.uuid,
            }
            for each in looks.due()
        ],
        "share": rulings.current().second_look.share_in_1000 / 10,
        "together": looks.miss_rate()[0],
    }
    return render(request, "intake/second_looks.html", context | tabs_of(request))


@page("reports.close")
@require_POST
def record(request: HttpRequest, report: UUID) -> HttpResponse:
    done = second_reading.record(
        actor_of(request), report, request.POST.get("found", ""), request.POST.get("words", "")
    )
    agreed = done.found == looks.AGREED
    messages.success(request, _("Recorded.") if agreed else _("Recorded. The report stands in the queue and is yours."))
    return redirect("intake:second_looks" if agreed else "intake:report", *([] if agreed else [report]))


@page("reports.triage")
@require_POST
def danger(request: HttpRequest, report: UUID) -> HttpResponse:
    """An officer states that a child is in danger now, or takes that back."""
    if request.POST.get("raised") == "no":
        second_reading.take_back(actor_of(request), report)
        messages.success(request, _("Taken back. What the text and the fields say counts as before."))
    else:
        second_reading.raise_report(actor_of(request), report, request.POST.get("words", ""))
        messages.success(request, _("The report stands first in a moment."))
    return redirect("intake:report", report)
