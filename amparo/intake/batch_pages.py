"""Importing many reports: a table is shown, its columns are said, its rows are taken in; later the whole is undone if need be."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.access.doors import page
from amparo.foundation.errors import Refused
from amparo.intake import batches, columns, wording
from amparo.intake.cybertipline import rows as tips
from amparo.intake.desk_forms import BatchForm
from amparo.intake.views import actor_of
from amparo.sandbox.readings import ExaminationFailed

SHOWN_ROWS = 25


@page("reports.take")
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    form = BatchForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            shown = batches.show(actor_of(request), file.name, form.cleaned_data["source"], file.read())
        except (ExaminationFailed, Refused) as failure:
            for sentence in getattr(failure, "obstacles", (failure.sentence,)):
                form.add_error("file", sentence)
        else:
            return redirect("intake:batch", shown.batch)
    context = {"title": _("Import reports"), "form": form, "recent": [_listed(each) for each in batches.recent()]}
    return render(request, "intake/batch_start.html", context)


def _listed(facts: batches.BatchFacts) -> dict[str, object]:
    return {"facts": facts, "state": wording.BATCHES[facts.state], "tone": wording.BATCH_TONES[facts.state]}


@page("reports.take")
@require_safe
def batch(request: HttpRequest, batch: UUID) -> HttpResponse:
    """What is in the table and what becomes of it; asked by htmx, its progress alone."""
    facts = batches.facts(batch)
    going = facts.state in ("taking", "undoing")
    context = {
        "title": facts.name,
        **_listed(facts),
        "going": going,
        "ready": facts.rows - facts.counts["wrong"],
        "wrong": facts.counts["wrong"],
        "done": sum(
            facts.counts.get(each, 0)
            for each in (("taken", "repeated") if facts.state != "undoing" else ("undone", "kept"))
        ),
        "undoable": facts.counts.get("taken", 0) if facts.state == "taken" else 0,
    }
    if request.headers.get("HX-Request"):
        return render(request, "intake/batch_progress.html", context)
    context |= {
        "rows": batches.shown_rows(batch, wrong=False, limit=SHOWN_ROWS),
        "problems": batches.shown_rows(batch, wrong=True, limit=SHOWN_ROWS),
        "remarks": batches.remarks(batch, SHOWN_ROWS),
        "columns": []
        if tips.is_received([each for _, each in facts.columns])
        else [(place, *pair) for place, pair in enumerate(facts.columns)],
        "targets": [(target, wording.COLUMNS[target]) for target in columns.targets()],
        "sealed": columns.REPORTER,
    }
    return render(request, "intake/batch.html", context)


@page("reports.take")
@require_POST
def choose(request: HttpRequest, batch: UUID) -> HttpResponse:
    facts = batches.facts(batch)
    chosen = [request.POST.get(f"column-{place}", columns.OTHER) for place in range(len(facts.columns))]
    try:
        batches.choose_columns(actor_of(request), batch, chosen)
    except Refused as refusal:
        for sentence in refusal.obstacles:
            messages.error(request, sentence)
    else:
        messages.success(request, _("The rows are read with these columns."))
    return redirect("intake:batch", batch)


@page("reports.take")
@require_POST
def take(request: HttpRequest, batch: UUID) -> HttpResponse:
    batches.take(actor_of(request), batch)
    return redirect("intake:batch", batch)


@page("reports.take")
@require_POST
def drop(request: HttpRequest, batch: UUID) -> HttpResponse:
    batches.drop(actor_of(request), batch)
    messages.success(request, _("The table was not taken in."))
    return redirect("intake:import")


@page("reports.take")
@require_POST
def undo(request: HttpRequest, batch: UUID) -> HttpResponse:
    batches.undo(actor_of(request), batch)
    return redirect("intake:batch", batch)
