"""The pages of series. Nothing is shown of any item; a child who was identified is looked at no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from amparo.access import queries as access
from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.cases import actions as case_actions, queries as cases
from amparo.foundation.errors import Refused
from amparo.victims import actions, forms, queries, rules


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@page("victims.read")
def list_series(request: HttpRequest) -> HttpResponse:
    officer = _actor(request).uuid
    found = queries.series_for(officer) if officer else ()
    held = {each.uuid: each for each in cases.cases_for(officer)} if officer else {}
    context = {
        "title": "Series",
        "rows": [(each, held[each.case]) for each in found],
        "statuses": list(rules.STATUSES.items()),
    }
    return render(request, "victims/list.html", context)


@page("victims.read")
def of_case(request: HttpRequest, case: UUID) -> HttpResponse:
    """The children of a case: its series, and what may become one."""
    actor = _actor(request)
    case_actions.read_case(actor, case, "series")
    facts = cases.case(case)
    taken = {item for each in queries.series_of_case(case) for item in each.items}
    context = {
        "title": "Children",
        "case": facts,
        "groups": cases.groups(case),
        "report": facts.reports[0] if facts.reports else None,
        "series": queries.series_of_case(case),
        "counts": queries.counts(case),
        "proposals": queries.proposed_series(case),
        "loose": [
            line
            for line in cases.items(case)
            if line.item.media_type.startswith(("image/", "video/")) and not taken & set(line.same)
        ],
        "open_form": forms.OpenSeriesForm(),
        "may_edit": actor.can("victims.edit"),
    }
    return render(request, "victims/case.html", context)


@page("victims.edit")
@require_POST
def open_series(request: HttpRequest, case: UUID) -> HttpResponse:
    form = forms.OpenSeriesForm(request.POST)
    items = tuple(UUID(each) for each in request.POST.getlist("item"))
    if not form.is_valid():
        _form_errors(request, form)
        return redirect("victims:case", case)
    try:
        opened = actions.open_series(_actor(request), case, items, **form.cleaned_data)
    except Refused as error:
        _said(request, error)
        return redirect("victims:case", case)
    return redirect("victims:series", opened.series)


@page("victims.read")
def series(request: HttpRequest, series: UUID) -> HttpResponse:
    actor = _actor(request)
    actions.read_series(actor, series)
    facts = queries.series(series)
    specialists = [each for each in access.officers_with("victims.edit") if cases.may_enter(each.uuid, facts.case)]
    context = {
        "title": facts.name,
        "series": facts,
        "case": cases.case(facts.case),
        "chain": _chain(facts),
        "items": queries.items_of(facts),
        "near": queries.near_items(facts),
        "clues": queries.clues(series),
        "steps": [
            {"when": each.at, "title": each.status_name, "text": each.basis, "by": each.by_name, "icon": "check"}
            for each in reversed(facts.steps)
        ],
        "may_edit": actor.can("victims.edit"),
        "move_form": forms.MoveForm(now=facts.status),
        "known_form": forms.KnownElsewhereForm(
            initial={"answer": facts.known_elsewhere, "words": facts.known_elsewhere_words}
        ),
        "place_form": forms.PlaceForm(initial={"place": facts.place, "evidence": facts.place_evidence}),
        "clue_form": forms.ClueForm(),
        "owner_form": forms.OwnerForm(officers=[(str(each.uuid), each.name) for each in specialists]),
    }
    return render(request, "victims/series.html", context)


def _chain(facts: queries.SeriesFacts) -> list[tuple[str, str]]:
    """(words, "passed", "here" or "ahead") of each step of the way; all ahead of where a series left it."""
    reached = [step.status for step in facts.steps if step.status in rules.CHAIN]
    at = (
        rules.CHAIN.index(facts.status)
        if facts.status in rules.CHAIN
        else rules.CHAIN.index(reached[-1])
        if reached
        else 0
    )
    states = ("passed", "here" if facts.status in rules.CHAIN else "left", "ahead")
    return [
        (rules.STATUSES[status], states[0] if number < at else states[1] if number == at else states[2])
        for number, status in enumerate(rules.CHAIN)
    ]


@page("victims.edit")
@require_POST
def add_items(request: HttpRequest, series: UUID) -> HttpResponse:
    items = tuple(UUID(each) for each in request.POST.getlist("item"))
    return _done(request, series, lambda: actions.add_items(_actor(request), series, items))


@page("victims.edit")
@require_POST
def move(request: HttpRequest, series: UUID) -> HttpResponse:
    form = forms.MoveForm(request.POST, now=queries.series(series).status)
    return _sent(request, series, form, lambda given: actions.move(_actor(request), series, **given))


@page("victims.edit")
@require_POST
def answer_known_elsewhere(request: HttpRequest, series: UUID) -> HttpResponse:
    form = forms.KnownElsewhereForm(request.POST)
    return _sent(request, series, form, lambda given: actions.answer_known_elsewhere(_actor(request), series, **given))


@page("victims.edit")
@require_POST
def state_place(request: HttpRequest, series: UUID) -> HttpResponse:
    form = forms.PlaceForm(request.POST)
    return _sent(request, series, form, lambda given: actions.state_place(_actor(request), series, **given))


@page("victims.edit")
@require_POST
def add_clue(request: HttpRequest, series: UUID) -> HttpResponse:
    form = forms.ClueForm(request.POST)
    return _sent(request, series, form, lambda given: actions.add_clue(_actor(request), series, **given))


@page("victims.edit")
@require_POST
def set_owner(request: HttpRequest, series: UUID) -> HttpResponse:
    officers = [(str(each.uuid), each.name) for each in access.officers_with("victims.edit")]
    form = forms.OwnerForm(request.POST, officers=officers)
    return _sent(
        request, series, form, lambda given: actions.set_owner(_actor(request), series, UUID(given["officer"]))
    )


def _sent(request: HttpRequest, series: UUID, form: Form, act: Callable[[dict[str, Any]], object]) -> HttpResponse:
    if form.is_valid():
        return _done(request, series, lambda: act(form.cleaned_data))
    _form_errors(request, form)
    return redirect("victims:series", series)


def _done(request: HttpRequest, series: UUID, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except Refused as error:
        _said(request, error)
    return redirect("victims:series", series)


def _said(request: HttpRequest, error: Refused) -> None:
    for obstacle in error.obstacles:
        messages.error(request, obstacle)


def _form_errors(request: HttpRequest, form: Form) -> None:
    for field, errors in form.errors.items():
        for error in errors:
            messages.error(
                request, f"{form.fields[field].label or field}: {error}" if field in form.fields else str(error)
            )


# ---- what this room adds to earlier rooms' pages


def _may_read(request: HttpRequest, case: UUID) -> bool:
    actor = _actor(request)
    return actor.can("victims.read") and cases.may_enter(actor.uuid, case)


def panel_tab(request: HttpRequest, subject: UUID) -> str:
    """On a case: the tab that leads to its children."""
    if not _may_read(request, subject):
        return ""
    context = {"case": subject, "count": queries.counts(subject).series}
    return render_to_string("victims/parts/tab.html", context, request)


def panel_side(request: HttpRequest, subject: UUID) -> str:
    """On a case: how far its children are, in counts; what they are stays in this room."""
    if not _may_read(request, subject):
        return ""
    return render_to_string("victims/parts/side.html", {"case": subject, "counts": queries.counts(subject)}, request)


def panel_proposals(request: HttpRequest, subject: UUID) -> str:
    """On a case: items that may be series and that nobody decided on."""
    if not _may_read(request, subject):
        return ""
    found = queries.proposals(subject)
    return render_to_string("victims/parts/proposals.html", {"case": subject, "count": found}, request) if found else ""


def panel_item(request: HttpRequest, subject: UUID) -> str:
    """On an item: that its child was identified, so that nobody looks without need."""
    found = queries.series_of_items([subject]).get(subject)
    if not found or not found.identified:
        return ""
    name = found.name if _may_read(request, found.case) else ""
    return render_to_string("victims/parts/item.html", {"name": name, "series": found}, request)
