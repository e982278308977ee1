"""The operation board, the records behind each figure, replies, and the form for answers that came otherwise."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.cases import queries as cases
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation.errors import Missing, Refused
from amparo.outcomes import actions, forms, queries, showing
from amparo.referrals import queries as packages

# In the order of the board: what was reached first, then the way there.
FIRST = ("arrested", "arrest_countries", "under_18", "ordered_elsewhere")
RETURN_LEG = (
    "packages_sent", "packages_acknowledged", "packages_overdue", "referred", "suspects_identified", "identified", "no_action",
)  # fmt: skip
PLATFORMS = ("platform_accounts", "platform_persons", "platform_items")
CHILDREN = ("series", "series_open", "series_identified", "safeguarded")
REPORTED = ("children_identified", "children_safeguarded")


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@page("outcomes.read")
def board_list(request: HttpRequest) -> HttpResponse:
    found = queries.boards()
    return render(
        request,
        "outcomes/board_list.html",
        {
            "title": "Board",
            "boards": found,
            "attention": queries.replies_needing_attention(),
            "late": [(each, row) for each in found for row in each.late],
        },
    )


@page("outcomes.read")
def board(request: HttpRequest, case: UUID) -> HttpResponse:
    actions.read_board(_actor(request).with_purpose("board"), case)
    found = queries.board(case)
    here = reverse("outcomes:board", args=[case])
    held = {each.country: each for each in packages.standing(case)}
    children = showing.of_kinds(found, CHILDREN)
    return render(
        request,
        "outcomes/board.html",
        {
            "title": found.title,
            "board": found,
            "case": cases.case(case),
            "first": showing.of_kinds(found, FIRST),
            "return_leg": showing.of_kinds(found, RETURN_LEG),
            "children": [*children, *(each for each in showing.of_kinds(found, REPORTED) if each.value)],
            "platforms": [found.figures[key] for key in PLATFORMS if key in found.figures],
            "devices": found.figures["devices"],
            "device_bars": showing.bars(found.figures["devices"]),
            "chain": showing.chain(found),
            "no_action": found.figures["no_action"],
            "reason_bars": showing.bars(found.figures["no_action"]),
            "map": showing.map_rows(found, here),
            "rows": [(row, held.get(row.country) if row.reference else None) for row in found.rows],
            "attention": [each for each in found.replies if each.needs_attention],
            "may_record": _actor(request).can("outcomes.record"),
        },
    )


@page("outcomes.read")
def figure(request: HttpRequest, case: UUID, key: str) -> HttpResponse:
    """The records behind a figure: whoever doubts the number can count them."""
    actions.read_board(_actor(request).with_purpose("board"), case)
    found = queries.board(case)
    if key not in found.figures:
        raise Missing("There is no such figure.")
    wanted = found.figures[key]
    return render(
        request,
        "outcomes/figure.html",
        {
            "title": wanted.label,
            "board": found,
            "figure": wanted,
            "bars": showing.bars(wanted),
            "lines": queries.outcome_lines(case=case, only=wanted.records) if wanted.records else (),
            "arrests": found.arrests if key in FIRST else (),
        },
    )


@page("outcomes.read")
def figures_csv(request: HttpRequest, case: UUID) -> HttpResponse:
    """Every figure with what makes it one, for whoever has to report them."""
    actions.read_board(_actor(request).with_purpose("board:export"), case)
    found = queries.board(case)
    columns = ("key", "figure", "value", "unit", "definition", "period", "source", "completeness", "parts")
    rows = (
        (each.key, each.label, each.value, each.unit, each.definition, each.period, each.source, each.completeness,
         "; ".join(f"{code} {count}" for code, count in each.parts))
        for each in found.figures.values()
    )  # fmt: skip
    response = HttpResponse(csv_bytes(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.reference}-figures.csv"'
    return response


@page("outcomes.record")
def record(request: HttpRequest, package: UUID) -> HttpResponse:
    facts = packages.package(package)
    names = {each.uuid: f"{each.reference} {each.handle}" for each in cases.people(facts.case)}
    subjects = [
        (subject, f"{subject}: {names.get(person, '')}")
        for subject, person in packages.subjects(facts.reference).items()
    ]
    form = forms.OutcomeForm(request.POST or None, subjects=subjects)
    if request.method == "POST" and form.is_valid():
        try:
            actions.record_outcome(_actor(request).with_purpose("board"), package, [form.row()])
        except Refused as refusal:
            for obstacle in refusal.obstacles:
                form.add_error(None, obstacle)
        else:
            messages.success(request, "The answer is recorded and counted.")
            return redirect("outcomes:board", facts.case)
    context = {"title": "Record an answer", "form": form, "package": facts, "case": cases.case(facts.case)}
    return render(request, "outcomes/record.html", context, status=400 if form.errors else 200)


@page("outcomes.read")
def reply(request: HttpRequest, reply: UUID) -> HttpResponse:
    found = queries.reply(reply)
    return render(
        request,
        "outcomes/reply.html",
        {
            "title": f"Reply of {found.received_at:%Y-%m-%d}",
            "reply": found,
            "case": cases.case(found.case) if found.case else None,
            "lines": queries.outcome_lines(reply=reply),
            "form": forms.SettleForm(),
            "may_record": _actor(request).can("outcomes.record"),
        },
    )


@require_POST
@page("outcomes.record")
def settle(request: HttpRequest, reply: UUID) -> HttpResponse:
    try:
        actions.settle_reply(_actor(request), reply, request.POST.get("note", ""))
        messages.success(request, "The reply is settled.")
    except Refused as refusal:
        for obstacle in refusal.obstacles:
            messages.error(request, obstacle)
    return redirect("outcomes:reply", reply)


# ---- what this room adds to pages of earlier rooms


def case_tab(request: HttpRequest, case: UUID) -> str:
    """Slot cases.case.tabs: the board, once something was sent."""
    if not _actor(request).can("outcomes.read") or not packages.anything_sent(case):
        return ""
    return render_to_string("outcomes/parts/case_tab.html", {"href": reverse("outcomes:board", args=[case])}, request)


def case_below(request: HttpRequest, case: UUID) -> str:
    """Slot cases.case.below: the operation's first figures, once there are any."""
    if not _actor(request).can("outcomes.read") or not packages.anything_sent(case):
        return ""
    found = queries.first_figures(case)
    shown: dict[str, Any] = {
        "case": case,
        "first": [found[key] for key in ("arrested", "arrest_countries", "packages_acknowledged", "packages_overdue")],
        "href": reverse("outcomes:board", args=[case]),
    }
    return render_to_string("outcomes/parts/case_below.html", shown, request)
