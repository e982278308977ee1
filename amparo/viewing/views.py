from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from amparo.access.doors import page, public_page
from amparo.foundation.clock import now
from amparo.viewing import queries, samples
from amparo.viewing.rules import REASONS


@page("own.read")
def exposures(request: HttpRequest) -> HttpResponse:
    """What the officer themselves has seen, so that they can look after themselves."""
    seen = queries.exposures_of(request.actor)  # type: ignore[attr-defined]
    today, week = now() - timedelta(hours=24), now() - timedelta(days=7)
    context = {
        "title": "What I have seen",
        "seen": [(each, REASONS.get(each.reason, each.reason)) for each in seen[:200]],
        "in_all": len(seen),
        "in_day": sum(each.at >= today for each in seen),
        "in_week": sum(each.at >= week for each in seen),
    }
    return render(request, "viewing/exposures.html", context)


@public_page
def style(request: HttpRequest) -> HttpResponse:
    """Every component with neutral content, to be looked at and tested; only in a demonstration."""
    if not (settings.DEMO or getattr(settings, "DEBUG_STYLE", False)):
        raise Http404
    context = samples.context()
    context["page"] = Paginator(range(240), 50).get_page(request.GET.get("page", 2))
    return render(request, "viewing/style.html", context)
