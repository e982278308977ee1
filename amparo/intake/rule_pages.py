"""The page of rules: which one orders the queue, which ones lie in the house's folder, what a change would have done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from amparo.access.doors import page
from amparo.intake import replaying, rulings
from amparo.intake.clock_pages import names
from amparo.intake.views import actor_of, tabs_of


@page("reports.read")
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The rule in force, whole; the house's own files with what is wrong in them; the rules of before."""
    rule, known, actor = rulings.current(), names(), actor_of(request)
    context = {
        "title": _("Rules"),
        "rule": rule,
        "lines": rule.text.splitlines(),
        "files": replaying.files(),
        "folder": rulings.folder(),
        "own": rulings.own_files(),
        "history": [
            {"each": each, "by": known.get(each.put_by, "") if each.put_by else ""} for each in replaying.history()
        ],
        "may_try": actor.can("rules.try"),
        "may_put": actor.can("rules.edit"),
    }
    return render(request, "intake/rules.html", context | tabs_of(request))


@page("rules.try")
@require_POST
def try_rule(request: HttpRequest) -> HttpResponse:
    """Who would have moved up and who down, had this rule been in force."""
    actor = actor_of(request)
    rule = replaying.rule_named(request.POST.get("version", ""))
    found = replaying.try_rule(actor, rule)
    context = {
        "title": _("{} on the past").format(rule.version),
        "rule": rule,
        "current": rulings.current().version,
        "found": found,
        "not_in": ", ".join(each.replace("_", " ") for each in found.unreplayed),
        "may_put": actor.can("rules.edit") and rule.version != rulings.current().version,
    }
    return render(request, "intake/rule_trial.html", context | tabs_of(request))


@page("rules.edit")
@require_POST
def put_in_force(request: HttpRequest) -> HttpResponse:
    done = replaying.put_in_force(actor_of(request), request.POST.get("version", ""))
    said = _("{} orders the queue from now on; {} waiting reports are ranked again.").format(done.rule, done.reports)
    messages.success(request, said)
    return redirect("intake:rules")
