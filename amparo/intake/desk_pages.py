"""Taking a report by hand: one page, in the order in which somebody speaks."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from amparo.access.doors import page
from amparo.foundation import clock
from amparo.foundation.errors import Refused
from amparo.intake import desk
from amparo.intake.desk import Told
from amparo.intake.desk_forms import TakenForm, WhereForms
from amparo.intake.statements import Attached, Reporter
from amparo.intake.views import actor_of


@page("reports.take")
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest) -> HttpResponse:
    """The empty form; sent, the report it became. What was typed stays when something is missing."""
    now = clock.now().replace(second=0, microsecond=0)
    form = TakenForm(request.POST or None, request.FILES or None, initial={"received_at": now})
    where = WhereForms(request.POST or None, prefix="where")
    if request.method == "POST" and form.is_valid() and where.is_valid():
        said = form.cleaned_data
        files = [Attached(each.name, each.content_type or "", each) for each in said["attached"]]
        try:
            taken = desk.take_by_hand(actor_of(request), _told(said, where.cleaned_data), files, form=said["form"])
        except Refused as refusal:
            for sentence in refusal.obstacles:
                form.add_error(None, sentence)
        else:
            messages.success(
                request, _("The report is on the queue. Read this to the reporter if they want to call again.")
            )
            return redirect("intake:report", taken.report)
    context = {"title": _("Take a report"), "form": form, "where": where, "lists": ("danger_now",)}
    return render(request, "intake/by_hand.html", context)


def _told(said: dict[str, Any], where: list[dict[str, Any]]) -> Told:
    times = [{"name": "incident", "raw": said["happened"], "zone": said["zone"]}] if said["happened"].strip() else []
    rows = [(each.get("kind", ""), each.get("value", ""), each.get("platform", "")) for each in where]
    fields = {
        "danger_now": said["danger_now"],
        "live": said["live"],
        "times": times,
        "identifiers": desk.identifiers_of(rows),
    }
    return Told(
        said["channel"],
        said["received_at"].astimezone(UTC),
        said["subject"],
        said["text"],
        said["language"],
        fields,
        Reporter(said["name"], said["contact"]),
    )
