"""The pages of a case. Each consults the case through `actions.read_case`, so that a look is recorded and refused alike."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from amparo.access import queries as access
from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.cases import actions, drawing, forms, queries, rules
from amparo.cases.facts import CaseFacts
from amparo.cases.steps import next_steps
from amparo.cases.story import lines
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation.errors import Missing, Refused
from amparo.intake import queries as intake
from amparo.vault.keys import OfficerKeys

PAGE = 100
NEWEST = 7


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _said(request: HttpRequest, error: Refused) -> None:
    for obstacle in error.obstacles:
        messages.error(request, obstacle)


def _form_errors(request: HttpRequest, form: forms.forms.Form) -> None:
    for field, errors in form.errors.items():
        label = form.fields[field].label or field if field in form.fields else ""
        for error in errors:
            messages.error(request, f"{label}: {error}" if label else str(error))


def _frame(request: HttpRequest, case: UUID, part: str, about: UUID | None = None) -> dict[str, Any]:
    """What every page of a case shows around its part, once the look was recorded."""
    actions.read_case(_actor(request).with_purpose("case"), case, part, about)
    facts = queries.case(case)
    return {
        "case": facts,
        "title": facts.title,
        "groups": queries.groups(case),
        "report": facts.reports[0] if facts.reports else None,
        "may_edit": _actor(request).can("cases.edit") and facts.state == "open",
    }


# ---- the list, opening, closing, letting in


@page("cases.read")
def list_cases(request: HttpRequest) -> HttpResponse:
    officer = _actor(request).uuid
    found = queries.cases_for(officer) if officer else ()
    return render(request, "cases/list.html", {"title": "Cases", "cases": found})


@page("cases.open")
def open_case(request: HttpRequest, report: UUID) -> HttpResponse:
    """The form on its own page, for a report whose panel was sent with something missing; POST opens the case."""
    form = forms.OpenCaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            opened = actions.open_case(_actor(request), report, given["title"], given["legal_basis"])
        except Refused as error:
            form.add_error(None, list(error.obstacles))
        else:
            messages.success(request, f"Case {opened.reference} is open. Its items are being moved into it.")
            return redirect("cases:case", opened.case)
    facts = intake.report(report)
    context = {"title": "Open a case", "form": form, "report": facts}
    return render(request, "cases/open.html", context, status=400 if form.errors else 200)


def panel_open_case(request: HttpRequest, subject: UUID) -> str:
    """On a report's page: the form that opens a case from it, or the case that it already stands in."""
    known = queries.cases_of_report(subject)
    officer = _actor(request).uuid
    context = {
        "report": subject,
        "cases": [(each, queries.may_enter(officer, each.uuid)) for each in known],
        "form": forms.OpenCaseForm(**forms.LOOSE),
        "may_open": _actor(request).can("cases.open"),
    }
    return render_to_string("cases/parts/open_panel.html", context, request)


@page("cases.grant")
@require_POST
def grant(request: HttpRequest, case: UUID) -> HttpResponse:
    form = forms.GrantForm(request.POST, officers=_may_be_let_in(queries.case(case)))
    if form.is_valid():
        try:
            actions.grant_case(_actor(request), case, UUID(form.cleaned_data["officer"]), OfficerKeys.from_request(request))
            messages.success(request, "The officer may open this case now.")
        except Refused as error:
            _said(request, error)
    else:
        _form_errors(request, form)
    return redirect("cases:case", case)


def _may_be_let_in(facts: CaseFacts) -> list[tuple[str, str]]:
    there = {each.uuid for each in facts.officers}
    found = [each for each in access.officers_with("cases.read") if each.uuid not in there]
    return [(str(each.uuid), f"{each.name}, {each.unit}" if each.unit else each.name) for each in found]


@page("cases.grant")
@require_POST
def set_state(request: HttpRequest, case: UUID) -> HttpResponse:
    form = forms.ReasonForm(request.POST)
    change = actions.close_case if queries.case(case).state == "open" else actions.reopen_case
    try:
        change(_actor(request), case, form.cleaned_data["reason"] if form.is_valid() else "")
    except Refused as error:
        _said(request, error)
    return redirect("cases:case", case)


# ---- the story


@page("cases.read")
def overview(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = _frame(request, case, "overview")
    people, found, facts = queries.people(case), queries.items(case), frame["case"]
    told = _story(facts)
    states = [str(line.verdict.state) for line in found]
    frame |= {
        "steps": [(step, _way(case, step)) for step in next_steps(people, frame["groups"], found)],
        "map_rows": drawing.map_rows(queries.countries_of_case(case), reverse("cases:people", args=[case])),
        "newest": tuple(reversed(told[-NEWEST:])),
        "events": len(told),
        "item_count": len(found),
        "known": states.count("hit"),
        "unseen": sum(state == "no_hit" and line.copies > 0 for line, state in zip(found, states, strict=True)),
        "minors": sum(each.minors_track for each in people if each.category in rules.SUSPECTED),
        "suspects": sum(each.category in rules.SUSPECTED for each in people),
        "reports": [intake.report(each) for each in facts.reports],
        "grant_form": forms.GrantForm(officers=_may_be_let_in(facts)) if _actor(request).can("cases.grant") else None,
        "reason_form": forms.ReasonForm() if _actor(request).can("cases.grant") else None,
        "devices": queries.devices(case),
    }
    return render(request, "cases/case.html", frame)


def _way(case: UUID, step: Any) -> str:
    subject = [step.subject] if step.subject else []
    return reverse(step.page, args=[case, *subject]) + step.query


def _story(facts: CaseFacts) -> tuple[Any, ...]:
    names = {each.uuid: each.name for each in access.officers()}
    return lines(queries.story(facts.uuid), queries.notes(facts.uuid), names)


@page("cases.read")
def timeline(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = _frame(request, case, "timeline")
    days = queries.messages_by_day(case)
    frame |= {
        "told": _story(frame["case"]),
        "days": [{"label": str(day), "value": messages, "href": ""} for day, messages, _ in days[-60:]],
        "days_left_out": max(0, len(days) - 60),
        "moves": [each for group in frame["groups"] for each in drawing.moves(queries.memberships(group.uuid))],
        "note_form": forms.NoteForm(),
    }
    return render(request, "cases/timeline.html", frame)


@page("cases.edit")
@require_POST
def write_note(request: HttpRequest, case: UUID) -> HttpResponse:
    form = forms.NoteForm(request.POST)
    person = request.POST.get("person")
    try:
        actions.note(_actor(request), case, form.cleaned_data["text"] if form.is_valid() else "", UUID(person) if person else None)
    except Refused as error:
        _said(request, error)
    return redirect("cases:person", case, person) if person else redirect("cases:timeline", case)


# ---- people


FILTERS = ("search", "category", "age", "country", "mark")


@page("cases.read")
def people(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = _frame(request, case, "people")
    asked = {name: request.GET.get(name, "") for name in FILTERS}
    found = drawing.in_order(queries.people(case, **asked), request.GET.get("sort", ""))
    frame |= {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
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


def _decision_forms() -> dict[str, Any]:
    return {
        "category_form": forms.CategoryForm(**forms.LOOSE),
        "age_form": forms.AgeForm(**forms.LOOSE),
        "country_form": forms.CountryForm(**forms.LOOSE),
        "confirm_form": forms.ConfirmForm(**forms.LOOSE),
    }


@page("cases.read")
def people_csv(request: HttpRequest, case: UUID) -> HttpResponse:
    """The list with its filters, as a file that no spreadsheet runs as formulas."""
    actions.read_case(_actor(request).with_purpose("export"), case, "people.csv")
    asked = {name: request.GET.get(name, "") for name in FILTERS}
    rows = [drawing.csv_row(each) for each in queries.people(case, **asked)]
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
            _form_errors(request, form)
            return back
        if not persons:
            raise Refused("Choose at least one person in the list first.")
        if cautions := _cautions(request, case, form, persons):
            return render(request, "cases/cautions.html", _asking(request, case, cautions, persons))
        done = decision(_actor(request), persons, form.cleaned_data)
    except Refused as error:
        _said(request, error)
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
    kept = [(name, value) for name in request.POST for value in request.POST.getlist(name) if name != "csrfmiddlewaretoken"]
    return {
        "title": "Look again before you decide",
        "case": queries.case(case),
        "cautions": cautions,
        "kept": kept,
        "count": len(persons),
    }


@page("cases.read")
def person(request: HttpRequest, case: UUID, person: UUID) -> HttpResponse:
    frame = _frame(request, case, "person", person)
    facts = queries.person(person)
    if facts.case != case:
        raise Missing("There is no such person in this case.")
    lines_of = [line for line in queries.items(case) if any(s.person and s.person.uuid == person for s in line.sightings)]
    frame |= {
        "person": facts,
        "title": facts.handle,
        "items": lines_of,
        "elsewhere": queries.elsewhere(person),
        "notes": queries.notes(case, person),
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
            actions.add_identifier(_actor(request), person, **form.cleaned_data)
        except Refused as error:
            _said(request, error)
    else:
        _form_errors(request, form)
    return redirect("cases:person", case, person)


@page("cases.edit")
@require_POST
def withdraw(request: HttpRequest, case: UUID, attribution: UUID) -> HttpResponse:
    form = forms.ReasonForm(request.POST)
    try:
        done = actions.withdraw_country(_actor(request), attribution, form.cleaned_data["reason"] if form.is_valid() else "")
    except Refused as error:
        _said(request, error)
        return redirect("cases:people", case)
    return redirect("cases:person", case, done.person)


# ---- groups, items, drawings


def _group_frame(request: HttpRequest, case: UUID, group: UUID, part: str) -> dict[str, Any]:
    frame = _frame(request, case, part, group)
    facts = queries.group(group)
    if facts.case != case:
        raise Missing("There is no such group in this case.")
    return frame | {"group": facts, "title": facts.name, "zone_form": forms.ZoneForm(initial={"zone": facts.zone})}


@page("cases.read")
def group(request: HttpRequest, case: UUID, group: UUID) -> HttpResponse:
    frame = _group_frame(request, case, group, "group")
    found = queries.memberships(group)
    frame |= {"stays": drawing.stays(found), "moves": drawing.moves(found)}
    return render(request, "cases/group.html", frame)


@page("cases.read")
def group_messages(request: HttpRequest, case: UUID, group: UUID) -> HttpResponse:
    frame = _group_frame(request, case, group, "messages")
    asked = request.GET.get("page", "1")
    number = max(1, int(asked)) if asked.isdigit() and len(asked) < 8 else 1
    search, kind = request.GET.get("search", ""), request.GET.get("kind", "")
    posts, count = queries.posts(group, search=search, kind=kind, offset=(number - 1) * PAGE, limit=PAGE)
    frame |= {"posts": posts, "posts_page": Paginator(range(count), PAGE).get_page(number), "kinds": drawing.POST_KINDS}
    return render(request, "cases/messages.html", frame)


@page("cases.edit")
@require_POST
def set_zone(request: HttpRequest, case: UUID, group: UUID) -> HttpResponse:
    form = forms.ZoneForm(request.POST)
    if form.is_valid():
        try:
            actions.set_zone(_actor(request), group, **form.cleaned_data)
        except Refused as error:
            _said(request, error)
    else:
        _form_errors(request, form)
    return redirect("cases:group", case, group)


@page("cases.read")
def items(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = _frame(request, case, "items")
    found = queries.items(case)
    shown = drawing.chosen(found, request.GET.get("verdict", ""), request.GET.get("person", ""), request.GET.get("search", ""))
    frame |= {
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")),
        "total": len(found),
        "verdicts": drawing.verdict_choices(found),
    }
    return render(request, "cases/items.html", frame)


@page("cases.read")
def network(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = _frame(request, case, "network")
    opened = request.GET.get("country", "")
    frame |= {"data": drawing.network_of(case, opened), "opened": opened}
    return render(request, "cases/network.html", frame)


@page("cases.read")
def evidence(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = _frame(request, case, "evidence")
    found = drawing.chosen(queries.items(case), "", "", request.GET.get("search", ""))
    shown = Paginator(found, 25).get_page(request.GET.get("page"))
    frame |= {
        "page": shown,
        "strips": [drawing.strip(each) for each in queries.evidence(case, shown.object_list)],
        "devices": queries.devices(case),
        "device_form": forms.DeviceForm(),
    }
    return render(request, "cases/evidence.html", frame)


@page("cases.edit")
@require_POST
def register_device(request: HttpRequest, case: UUID) -> HttpResponse:
    form = forms.DeviceForm(request.POST)
    if form.is_valid():
        try:
            actions.register_device(_actor(request), case, **form.cleaned_data)
        except Refused as error:
            _said(request, error)
    else:
        _form_errors(request, form)
    return redirect("cases:evidence", case)
