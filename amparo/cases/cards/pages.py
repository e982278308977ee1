"""The pages of platform cards: the list with what has no card yet, a card with its versions, and its form."""

from __future__ import annotations

from itertools import pairwise

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from amparo.access.doors import page
from amparo.cases.cards import actions, queries
from amparo.cases.cards.forms import CardForm, initial_of
from amparo.cases.cards.queries import CardFacts
from amparo.cases.cards.rules import text_of
from amparo.cases.chats.pages import csv_answer
from amparo.cases.page_frame import actor_of
from amparo.foundation.errors import Refused

LABELS = {name: str(field.label) for name, field in CardForm.base_fields.items()}


@page("cases.read")
def cards(request: HttpRequest) -> HttpResponse:
    """Every card, and the services of the officer's own cases that have none."""
    context = {
        "title": "Platform cards",
        "cards": queries.cards(),
        "missing": [each.name for each in queries.services_in_reach(actor_of(request).uuid) if not each.card],
        "may_edit": actor_of(request).can("cases.edit"),
    }
    return render(request, "cases/platform_cards.html", context)


@page("cases.read")
def cards_csv(request: HttpRequest) -> HttpResponse:
    rows = [_row(each) for each in queries.cards()]
    return csv_answer("platform-cards", [*LABELS.values(), "Version", "Written by"], rows)


def _row(card: CardFacts) -> list[object]:
    told = {name: getattr(card.known, name) for name in LABELS}
    told |= {"also": ", ".join(card.known.also), "records": text_of(card.known.records)}
    return [*told.values(), card.version, card.by_name]


@page("cases.read")
def card(request: HttpRequest, key: str) -> HttpResponse:
    found = queries.versions(key)
    context = {
        "title": found[0].known.name,
        "card": found[0],
        "texts": [(LABELS[name], getattr(found[0].known, name)) for name in ("coin_rules", "age_rules")],
        "versions": [(newer, _changed(newer, older)) for newer, older in pairwise(found)] + [(found[-1], "Written")],
        "may_edit": actor_of(request).can("cases.edit"),
    }
    return render(request, "cases/platform_card.html", context)


def _changed(newer: CardFacts, older: CardFacts) -> str:
    """What one version says otherwise than the one before, by the names of the fields."""
    fields = [name for name in LABELS if name not in ("checked_on", "source")]
    changed = [LABELS[name] for name in fields if getattr(newer.known, name) != getattr(older.known, name)]
    return ", ".join(changed) or "Checked again, nothing else changed"


@page("cases.edit")
def write_card(request: HttpRequest, key: str = "") -> HttpResponse:
    """The form: of a new card (`?name=` of a service that cases name), or of the next version of one that is there."""
    last = queries.newest(key) if key else None
    initial = initial_of(last.known) if last else {"name": request.GET.get("name", "")}
    form = CardForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        since = request.POST.get("since", "")
        try:
            done = actions.write_card(
                actor_of(request), form.known(), key, int(since) if since.isascii() and since.isdigit() else 0
            )
        except Refused as error:
            form.add_error(None, list(error.obstacles))
        else:
            messages.success(request, f"Version {done.version} of the card stands.")
            return redirect("cases:platform_card", queries.written(done.card).key)
    title = f"Card of {last.known.name}" if last else "Write a platform card"
    context = {"title": title, "form": form, "card": last}
    return render(request, "cases/platform_card_form.html", context, status=400 if form.errors else 200)
