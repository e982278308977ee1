"""The pages of a case: the list, its opening, its overview and its story. Each look is recorded, and refused, by an act."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from amparo.access import queries as access
from amparo.access.doors import page
from amparo.cases import actions, drawing, forms, queries
from amparo.cases.facts import CaseFacts
from amparo.cases.page_frame import actor_of, frame_of, hidden_from, say, say_form
from amparo.cases.steps import NextStep, next_steps
from amparo.cases.story import UNASKED, Line, lines
from amparo.foundation.errors import Refused
from amparo.intake import queries as intake
from amparo.vault.keys import OfficerKeys

NEWEST = 7
ACTS_READ, MOST_ACTS_READ = 100, 2500
MOST_LISTED = 12  # groups in a table of the overview
MOST_TOLD = 8  # groups whose milestones stand on the timeline
MOST_MOVES = (
    300  # members of a group whose comings and goings stand on the timeline; the members' page has those of any
)


@page("cases.read")
def list_cases(request: HttpRequest) -> HttpResponse:
    officer = actor_of(request).uuid
    found = queries.cases_for(officer) if officer else ()
    return render(request, "cases/list.html", {"title": "Cases", "cases": found})


@page("cases.open")
def open_case(request: HttpRequest, report: UUID) -> HttpResponse:
    """The form on its own page, for a report whose panel was sent with something missing; POST opens the case."""
    form = forms.OpenCaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            opened = actions.open_case(actor_of(request), report, given["title"], given["legal_basis"])
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
    officer = actor_of(request).uuid
    context = {
        "report": subject,
        "cases": [(each, queries.may_enter(officer, each.uuid)) for each in known],
        "form": forms.OpenCaseForm(),
        "may_open": actor_of(request).can("cases.open"),
    }
    return render_to_string("cases/parts/open_panel.html", context, request)


@page("cases.grant")
@require_POST
def grant(request: HttpRequest, case: UUID) -> HttpResponse:
    form = forms.GrantForm(request.POST, officers=_may_be_let_in(queries.case(case)))
    if form.is_valid():
        try:
            actions.grant_case(
                actor_of(request), case, UUID(form.cleaned_data["officer"]), OfficerKeys.from_request(request)
            )
            messages.success(request, "The officer may open this case now.")
        except Refused as error:
            say(request, error)
    else:
        say_form(request, form)
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
        change(actor_of(request), case, form.cleaned_data["reason"] if form.is_valid() else "")
    except Refused as error:
        say(request, error)
    return redirect("cases:case", case)


# ---- the story


@page("cases.read")
def overview(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "overview")
    people, found, facts = queries.people_open(case), queries.item_marks(case), frame["case"]
    told, question = _newest(request, facts), queries.first_question(case)
    frame |= {
        "steps": [(step, _way(case, step)) for step in next_steps(people, frame["groups"], found, question.new)],
        "map_rows": drawing.map_rows(queries.countries_of_case(case), reverse("cases:people", args=[case])),
        "newest": tuple(reversed(told[-NEWEST:])),
        "more": len(told) > NEWEST,
        "item_count": len(found),
        "largest": sorted(frame["groups"], key=lambda each: -each.members)[:MOST_LISTED],
        "question": question,
        "minors": people.minors,
        "suspects": people.suspects,
        "reports": [intake.report(each) for each in facts.reports],
        "grant_form": forms.GrantForm(officers=_may_be_let_in(facts)) if actor_of(request).can("cases.grant") else None,
        "reason_form": forms.ReasonForm() if actor_of(request).can("cases.grant") else None,
        "devices": queries.devices(case),
        "services": queries.services_of_case(case),
    }
    return render(request, "cases/case.html", frame)


def _way(case: UUID, step: NextStep) -> str:
    subject = [step.subject] if step.subject else []
    return reverse(step.page, args=[case, *subject]) + step.query


def _story(request: HttpRequest, facts: CaseFacts, newest: int | None = None) -> tuple[Line, ...]:
    names = {each.uuid: each.name for each in access.officers()}
    acts = queries.story(facts.uuid, but=UNASKED, newest=newest)
    return lines(acts, queries.notes(facts.uuid), names, hidden_from(request))


def _newest(request: HttpRequest, facts: CaseFacts) -> tuple[Line, ...]:
    """The end of the story, long enough for the overview: alike acts are one line, so that few lines may need many acts."""
    asked = ACTS_READ
    while True:
        told = _story(request, facts, asked)
        if len(told) > 2 * NEWEST or asked >= MOST_ACTS_READ:
            return told
        asked *= 5


@page("cases.read")
def timeline(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "timeline")
    frame |= {
        "told": _story(request, frame["case"]),
        "activity": drawing.activity(queries.messages_by_day(case)),
        "milestones": [
            (
                group,
                drawing.milestones(
                    group,
                    queries.notices(group.uuid, drawing.NOTICES),
                    queries.posts(group.uuid, first=True, limit=1)[0],
                ),
            )
            for group in frame["groups"][:MOST_TOLD]
        ],
        "moves": [
            each
            for group in frame["groups"][:MOST_TOLD]
            if group.members <= MOST_MOVES
            for each in drawing.moves(queries.memberships(group.uuid))
        ],
        "long_groups": [
            group for place, group in enumerate(frame["groups"]) if group.members > MOST_MOVES or place >= MOST_TOLD
        ][:MOST_LISTED],
        "note_form": forms.NoteForm(),
    }
    return render(request, "cases/timeline.html", frame)


@page("cases.edit")
@require_POST
def write_note(request: HttpRequest, case: UUID) -> HttpResponse:
    form = forms.NoteForm(request.POST)
    person = request.POST.get("person")
    try:
        actions.note(
            actor_of(request),
            case,
            form.cleaned_data["text"] if form.is_valid() else "",
            UUID(person) if person else None,
        )
    except Refused as error:
        say(request, error)
    return redirect("cases:person", case, person) if person else redirect("cases:timeline", case)
