"""The pages of senders: what came from each by month, what became of it, and the lanes that some have of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST, require_safe

from amparo.access import queries as access
from amparo.access.doors import page
from amparo.foundation.errors import Missing, Refused
from amparo.intake import lanes, senders as door, wording
from amparo.intake.api import queries as platforms
from amparo.intake.senders import Quality, SenderFacts
from amparo.intake.views import actor_of, tabs_of


@page("reports.read")
@require_safe
def senders(request: HttpRequest) -> HttpResponse:
    """Who sends most this month, those with a lane of their own first."""
    kind = request.GET.get("kind", "")[:20]
    context = {
        "title": _("Senders"),
        "rows": [_row(each) for each in door.senders(kind=kind)],
        "kinds": list(wording.SENDERS.items()),
        "filtered": bool(kind),
        "lanes": [(each, wording.LANES[each.lane]) for each in lanes.lanes()],
    }
    return render(request, "intake/senders.html", context | tabs_of(request))


def _row(facts: SenderFacts) -> dict[str, Any]:
    latest = facts.months[0][1] if facts.months else Quality()
    return {
        "facts": facts,
        "name": name_of(facts),
        "lane": wording.LANES.get(facts.lane, ""),
        "latest": latest,
        "total": facts.total,
        "bars": _shares(facts.total),
    }


def name_of(facts: SenderFacts) -> str:
    """What officers call a sender: a reporter has no name here, only a mark that tells them from others."""
    if facts.name:
        return facts.name
    kind = wording.SENDERS.get(facts.kind, _("Sender"))
    return f"{kind} …{str(facts.uuid)[-6:]}"


def _shares(quality: Quality) -> list[dict[str, Any]]:
    """What became of what was decided, each with its share in percent."""
    return [
        {
            "name": name,
            "words": words,
            "count": getattr(quality, name),
            "percent": _percent(getattr(quality, name), quality),
        }
        for name, words in wording.RESULTS.items()
    ]


def _percent(count: int, quality: Quality) -> int:
    return count * 100 // quality.decided if quality.decided else 0


@page("reports.read")
@require_safe
def sender(request: HttpRequest, sender: UUID) -> HttpResponse:
    """One sender's months and lane."""
    facts = door.sender(sender)
    context = {
        "title": name_of(facts),
        "sender": facts,
        "kind": wording.SENDERS.get(facts.kind, facts.kind),
        "lane": wording.LANES.get(facts.lane, ""),
        "lane_by": _officer(facts.lane_by),
        "months": [{"month": month, "quality": quality} for month, quality in facts.months],
        "bars": [{"label": each["words"], "value": each["count"]} for each in _shares(facts.total)],
        "total": facts.total,
        "may_decide": actor_of(request).can("reports.triage"),
        "may_name": facts.kind != "mail",
        "keys": platforms.keys_of_sender(sender),
    }
    return render(request, "intake/sender.html", context)


def _officer(uuid: UUID | None) -> str:
    try:
        return access.officer(uuid).name if uuid else ""
    except Missing:
        return ""


@page("reports.triage")
@require_POST
def set_lane(request: HttpRequest, sender: UUID) -> HttpResponse:
    aside = request.POST.get("aside") == "yes"
    done = door.set_lane(actor_of(request), sender, aside, request.POST.get("words", ""))
    said = ngettext("{} waiting report was moved.", "{} waiting reports were moved.", done.reports).format(done.reports)
    messages.success(request, said)
    return redirect("intake:sender", sender)


@page("reports.triage")
@require_POST
def name(request: HttpRequest, sender: UUID) -> HttpResponse:
    hourly = request.POST.get("expected_an_hour", "").strip()
    if hourly and not (hourly.isascii() and hourly.isdecimal() and len(hourly) < 8):
        raise Refused(_("Give how many an hour are usual as a whole number, or nothing."))
    door.name_sender(actor_of(request), sender, request.POST.get("name", ""), int(hourly) if hourly else None)
    messages.success(request, _("Saved."))
    return redirect("intake:sender", sender)
