"""The pages of whom to look at first: the list, an officer's reasons, and the unit's order. Views, split off for length."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from amparo.access.doors import page
from amparo.cases import actions, forms, queries
from amparo.cases.chats.pages import csv_answer, export_of
from amparo.cases.groups.order import REASONS, TRACKS, VICTIMS
from amparo.cases.page_frame import actor_of, frame_of, page_asked, say, say_form
from amparo.foundation.errors import Refused

LOOKS_PAGE = 25
EVERYONE = 1 << 30


@page("cases.read")
def first_looks(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "first_looks")
    number = page_asked(request)
    found = queries.first_looks(case, request.GET.get("track", ""), offset=(number - 1) * LOOKS_PAGE, limit=LOOKS_PAGE)
    frame |= {
        "found": found,
        "page": Paginator(range(found.counts[found.track]), LOOKS_PAGE).get_page(number),
        "track_words": TRACKS[found.track],
        "of_victims": found.track == VICTIMS,
        "reason_form": forms.PersonReasonForm(),
        "may_order": actor_of(request).can("rules.edit"),
    }
    return render(request, "cases/first_looks.html", frame)


@page("cases.read")
def first_looks_csv(request: HttpRequest, case: UUID) -> HttpResponse:
    """Every track, each person with the reasons and the rows behind them; the place itself is no column."""
    name = export_of(request, case, "first_looks.csv")
    rows = [
        (
            TRACKS[track],
            look.person.reference,
            look.person.handle,
            line.words,
            row.words,
            row.group_name,
            row.line,
            found.order.version,
        )
        for track in TRACKS
        for found in [queries.first_looks(case, track, limit=EVERYONE)]
        for look in found.looks
        for line in look.reasons
        for row in line.rows
    ]
    columns = ("track", "person", "name", "reason", "what stands there", "group", "line", "version of the order")
    return csv_answer(name, columns, rows)


@page("cases.edit")
@require_POST
def enter_reason(request: HttpRequest, case: UUID, person: UUID) -> HttpResponse:
    form = forms.PersonReasonForm(request.POST)
    if form.is_valid():
        try:
            actions.enter_reason(actor_of(request), person, form.cleaned_data["reason"], form.cleaned_data["words"])
            messages.success(request, "The reason stands under your name.")
        except Refused as error:
            say(request, error)
    else:
        say_form(request, form)
    return redirect("cases:person", case, person)


@page("cases.edit")
@require_POST
def withdraw_reason(request: HttpRequest, case: UUID, person: UUID, entry: UUID) -> HttpResponse:
    form = forms.ReasonForm(request.POST)
    try:
        actions.withdraw_reason(actor_of(request), entry, form.cleaned_data["reason"] if form.is_valid() else "")
    except Refused as error:
        say(request, error)
    return redirect("cases:person", case, person)


@page("cases.read")
def reading_order(request: HttpRequest) -> HttpResponse:
    """The unit's order with its history; whoever may put rules in force changes it here."""
    history = queries.reading_orders()
    held = history[0]
    left_out = [each for each in REASONS if each not in held.reasons]
    context = {
        "title": "Order of reading",
        "order": held,
        "rows": [(each, REASONS[each], place) for place, each in enumerate(held.reasons, 1)]
        + [(each, REASONS[each], "") for each in left_out],
        "history": history,
        "may_order": actor_of(request).can("rules.edit"),
    }
    return render(request, "cases/reading_order.html", context)


@page("rules.edit")
@require_POST
def set_reading_order(request: HttpRequest) -> HttpResponse:
    places = {each: request.POST.get(f"place-{each}", "").strip() for each in REASONS}
    try:
        if wrong := [each for each, place in places.items() if place and not (place.isdigit() and len(place) < 4)]:
            raise Refused(f"{REASONS[wrong[0]]}: give its place as a number, or leave it empty.")
        kept = {each: int(place) for each, place in places.items() if place}
        if len(set(kept.values())) != len(kept):
            raise Refused("Two reasons have the same place: give each its own.")
        done = actions.set_reading_order(
            actor_of(request), tuple(sorted(kept, key=kept.__getitem__)), request.POST.get("why", "")
        )
        messages.success(request, f"Version {done.version} of the order holds from now on.")
    except Refused as error:
        say(request, error)
    return redirect("cases:reading_order")
