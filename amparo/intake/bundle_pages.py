"""The pages of a bundle: its members with their reasons, and the way to unfold it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST, require_safe

from amparo.access.doors import page
from amparo.intake import bundles, folding, rules, wording
from amparo.intake.triage.folds import LADDER
from amparo.intake.triage.traces import KINDS
from amparo.intake.views import actor_of, reason_of


@page("reports.read")
@require_safe
def bundle(request: HttpRequest, bundle: UUID) -> HttpResponse:
    """A bundle's members, a page at a time, each with why it belongs to it."""
    facts = bundles.bundle(bundle)
    said = request.GET.get("after", "")
    after = int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else 0
    shown = bundles.members(bundle, after, bundles.PAGE + 1)
    context = {
        "title": _("Reports that tell of the same"),
        "bundle": facts,
        "members": [
            {"each": each, "state": wording.STATES.get(each.state, each.state), "stands": wording.STANDS[each.stands]}
            for each in shown[: bundles.PAGE]
        ],
        "next": shown[bundles.PAGE - 1].number if len(shown) > bundles.PAGE else None,
        "after": after,
        "kinds": [(LADDER.get(kind, _("the first")), count) for kind, count in facts.kinds.items()],
        "named": [(KINDS.get(kind, kind), count) for kind, count in facts.named.items()],
        "reasons": rules.UNFOLDING.items(),
        "may_unfold": actor_of(request).can("reports.triage") and not facts.unfolded_at and facts.members > 0,
    }
    return render(request, "intake/bundle.html", context)


@page("reports.triage")
@require_POST
def unfold(request: HttpRequest, bundle: UUID) -> HttpResponse:
    code, words = reason_of(request)
    done = folding.unfold(actor_of(request), bundle, code, words)
    said = ngettext(
        "{} report stands by itself again. What had folded it folds nothing any more.",
        "{} reports stand by themselves again. What had folded them folds nothing any more.",
        done.reports,
    )
    messages.success(request, said.format(done.reports))
    return redirect("intake:bundle", bundle)


@page("reports.triage")
@require_POST
def take_out(request: HttpRequest, report: UUID) -> HttpResponse:
    code, words = reason_of(request)
    folding.take_out(actor_of(request), report, code, words)
    messages.success(request, _("The report stands by itself from now on."))
    return redirect("intake:report", report)
