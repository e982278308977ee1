"""The pages of a case's people: the list with its decisions for many at once, and one person. Views, split off for length."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from amparo.access.doors import page
from amparo.cases import actions, drawing, forms, queries, rules
from amparo.cases.facts import PersonFacts
from amparo.cases.page_frame import PAGE, actor_of, frame_of, page_asked, say, say_form
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation.errors import Missing, Refused

FILTERS = ("search", "category", "age", "country", "mark")


@page("cases.read")
def people(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "people")
    asked = {name: request.GET.get(name, "") for name in FILTERS}
    number = page_asked(request)
    found, count = queries.people_page(
        case, {**asked, "sort": request.GET.get("sort", "")}, offset=(number - 1) * PAGE, limit=PAGE
    )
    frame |= {
        "page": Paginator(range(count), PAGE).get_page(number),
        "people": found,
        "query": urlencode(asked),
        "filtered": any(asked.values()),
        "categories": list(rules.CATEGORIES.items()),
        "ages": list(rules.AGES.items()),
        "marks": drawing.MARKS,
        "country_choices": [
            (line.country, drawing.named_country(line.country), line.confirmed + line.candidates)
            for line in queries.countries_of_case(case)
        ]
        + [("-", "No country")],
        **_decision_forms(),
    }
    return render(request, "cases/people.html", frame)


def _filtered(case: UUID, asked: dict[str, str]) -> tuple[PersonFacts, ...]:
    return queries.people(
        case,
        search=asked["search"],
        category=asked["category"],
        age=asked["age"],
        country=asked["country"],
        mark=asked["mark"],
    )


def _decision_forms() -> dict[str, Any]:
    return {
        "category_form": forms.CategoryForm(),
        "age_form": forms.AgeForm(),
        "country_form": forms.CountryForm(),
        "confirm_form": forms.ConfirmForm(),
    }


@page("cases.read")
def people_csv(request: HttpRequest, case: UUID) -> HttpResponse:
    """The list with its filters, as a file that no spreadsheet runs as formulas."""
    actions.read_case(actor_of(request).with_purpose("export"), case, "people.csv")
    found = _filtered(case, {name: request.GET.get(name, "") for name in FILTERS})
    rows = [drawing.csv_row(each) for each in found]
    response = HttpResponse(csv_bytes(drawing.CSV_COLUMNS, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{queries.case(case).reference}-people.csv"'
    return response


@page("cases.edit")
@require_POST
def decide(request: HttpRequest, case: UUID) -> HttpResponse:
    """One decision for the chosen people; suspecting somebody whom something speaks for asks once more."""
    persons = tuple(UUID(each) for each in request.POST.getlist("person"))
    back = _back(request, case, persons)
    try:
        form, decision = _decision(request.POST.get("decide", ""), request)
        if not form.is_valid():
            say_form(request, form)
            return back
        if not persons:
            raise Refused("Choose at least one person in the list first.")
        if cautions := _cautions(request, case, form, persons):
            return render(request, "cases/cautions.html", _asking(request, case, cautions, persons))
        done = decision(actor_of(request), persons, form.cleaned_data)
    except Refused as error:
        say(request, error)
    else:
        count = len(done.persons)
        messages.success(request, "Recorded for one person." if count == 1 else f"Recorded for {count} persons.")
    return back


def _back(request: HttpRequest, case: UUID, persons: tuple[UUID, ...]) -> HttpResponse:
    if request.POST.get("from") == "person" and persons:
        return redirect("cases:person", case, persons[0])
    return redirect(f"{reverse('cases:people', args=[case])}?{request.POST.get('query', '')}")


def _decision(name: str, request: HttpRequest) -> tuple[Any, Any]:
    """The form that was sent, and what is done with its fields."""
    match name:
        case "category":
            return forms.CategoryForm(request.POST), lambda by, who, given: actions.set_category(
                by, who, given["category"], given["reason"]
            )
        case "age":
            return forms.AgeForm(request.POST), lambda by, who, given: actions.set_age(by, who, **given)
        case "country":
            return forms.CountryForm(request.POST), lambda by, who, given: actions.set_country(by, who, **given)
        case "confirm":
            return forms.ConfirmForm(request.POST), lambda by, who, given: actions.confirm_country(
                by, who, given["country"], given["basis"]
            )
    raise Refused("Choose what to decide.")


def _cautions(request: HttpRequest, case: UUID, form: Any, persons: tuple[UUID, ...]) -> tuple[str, ...]:
    if not isinstance(form, forms.CategoryForm) or request.POST.get("confirmed"):
        return ()
    chosen = queries.people(case, only=persons)
    return rules.cautions_on_category(
        form.cleaned_data["category"],
        left_at_once=[each.reference for each in chosen if each.left_at_once],
        silent=[each.reference for each in chosen if each.silent and not each.left_at_once],
    )


def _asking(request: HttpRequest, case: UUID, cautions: tuple[str, ...], persons: tuple[UUID, ...]) -> dict[str, Any]:
    kept = [
        (name, value) for name in request.POST for value in request.POST.getlist(name) if name != "csrfmiddlewaretoken"
    ]
    return {
        "title": "Look again before you decide",
        "case": queries.case(case),
        "cautions": cautions,
        "kept": kept,
        "count": len(persons),
    }


@page("cases.read")
def person(request: HttpRequest, case: UUID, person: UUID) -> HttpResponse:
    frame = frame_of(request, case, "person", person)
    facts = queries.person(person)
    if facts.case != case:
        raise Missing("There is no such person in this case.")
    frame |= {
        "person": facts,
        "title": facts.handle,
        "items": queries.posted_items(case, person),
        "elsewhere": queries.elsewhere(person),
        "notes": queries.notes(case, person),
        "reasons": queries.entered_reasons(person),
        "person_reason_form": forms.PersonReasonForm(),
        "history": drawing.history(facts),
        "words": drawing.words_of(queries, facts),
        "identifier_form": forms.IdentifierForm(),
        "note_form": forms.NoteForm(),
        "reason_form": forms.ReasonForm(),
        **_decision_forms(),
    }
    return render(request, "cases/person.html", frame)


@page("cases.edit")
@require_POST
def add_identifier(request: HttpRequest, case: UUID, person: UUID) -> HttpResponse:
    form = forms.IdentifierForm(request.POST)
    if form.is_valid():
        try:
            actions.add_identifier(actor_of(request), person, **form.cleaned_data)
        except Refused as error:
            say(request, error)
    else:
        say_form(request, form)
    return redirect("cases:person", case, person)


@page("cases.edit")
@require_POST
def withdraw(request: HttpRequest, case: UUID, attribution: UUID) -> HttpResponse:
    form = forms.ReasonForm(request.POST)
    try:
        done = actions.withdraw_country(
            actor_of(request), attribution, form.cleaned_data["reason"] if form.is_valid() else ""
        )
    except Refused as error:
        say(request, error)
        return redirect("cases:people", case)
    return redirect("cases:person", case, done.person)
