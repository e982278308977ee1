"""The pages of platforms: their keys, how much came from each, how complete it was, and what their reports lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from amparo.access import queries as access
from amparo.access.doors import page
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.intake.api import accepting, keys, queries
from amparo.intake.api.completeness import GRADES
from amparo.intake.api.forms import SCOPE_WORDS, KeyForm
from amparo.intake.api.keys import NewKey
from amparo.intake.api.queries import Drift, PlatformFigures
from amparo.intake.api.wording import FIELDS, FILES, GRADE_TONES, GRADE_WORDS
from amparo.intake.views import actor_of, tabs_of

LACKS_SHOWN = 12


@page("reports.read")
@require_safe
def platforms(request: HttpRequest) -> HttpResponse:
    return _shown(request)


def _shown(request: HttpRequest, form: KeyForm | None = None, made: NewKey | None = None) -> HttpResponse:
    rows = queries.platform_keys()
    context = {
        "title": _("Platforms"),
        "rows": [each for each in rows if each.revoked_at is None],
        "revoked": [each for each in rows if each.revoked_at is not None],
        "days": queries.COUNTED_DAYS,
        "may_key": actor_of(request).can("platforms.keys"),
        "form": form or KeyForm(),
        "made": made,
        "drifts": [_drift(each) for each in queries.drifts() if each.ended_at is None],
    }
    return render(request, "intake/api_keys.html", context | tabs_of(request), status=422 if form else 200)


@page("platforms.keys")
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """The key stands in the answer to this request and nowhere else; asking again makes another one."""
    form = KeyForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = keys.make_key(
                actor_of(request),
                said["name"],
                test=said["test"],
                scopes=frozenset(said["scopes"]),
                reports_a_second=said["reports_a_second"],
            )
            return _shown(request, made=made)
        except Refused as refusal:
            for sentence in refusal.obstacles:
                form.add_error("name", sentence)
    return _shown(request, form=form)


@page("platforms.keys")
@require_POST
def revoke(request: HttpRequest, key: UUID) -> HttpResponse:
    keys.revoke(actor_of(request), key)
    messages.success(request, _("The key is revoked. Whoever sends it is refused from now on; what came by it stays."))
    return redirect("intake:platform", key)


@page("reports.read")
@require_safe
def platform(request: HttpRequest, key: UUID) -> HttpResponse:
    """One key's figures."""
    figures = queries.figures(key)
    context = {
        "title": figures.key.name,
        "key": figures.key,
        "made_by": _officer(figures.key.made_by),
        "scopes": [SCOPE_WORDS.get(each, each) for each in figures.key.scopes],
        "months": figures.months,
        "lacks": _lacks(figures),
        "drifts": [_drift(each) for each in figures.drifts],
        "files": [(words, figures.files[state]) for state, words in FILES.items() if figures.files.get(state)],
        "retracted": figures.retracted,
        "days": queries.COUNTED_DAYS,
        "may_key": actor_of(request).can("platforms.keys") and figures.key.revoked_at is None,
    }
    return render(request, "intake/api_key.html", context)


def _lacks(figures: PlatformFigures) -> list[dict[str, Any]]:
    """What its reports lack most, with why that matters, those that block a follow-up first."""
    why = {each.field: each.why for each in accepting.table_of(Home.from_env()).entries}
    worst = sorted(figures.lacks, key=lambda each: (GRADES.index(each.grade), -each.percent))
    return [
        {
            "words": FIELDS.get(each.field, each.field),
            "why": why.get(each.field, ""),
            "grade": GRADE_WORDS[each.grade],
            "tone": GRADE_TONES[each.grade],
            "lacking": each.lacking,
            "expected": each.expected,
            "percent": each.percent,
        }
        for each in worst[:LACKS_SHOWN]
    ]


def _drift(each: Drift) -> dict[str, Any]:
    return {
        "facts": each,
        "words": FIELDS.get(each.field, each.field) if each.field else _("All fields together"),
        "told": _officer(each.told),
    }


def _officer(uuid: UUID | None) -> str:
    try:
        return access.officer(uuid).name if uuid else ""
    except Missing:
        return ""


def panel_report(request: HttpRequest, subject: UUID) -> str:
    """On a report's page: what its platform told; nothing where it came by another door."""
    told = queries.of_report(subject)
    if told is None:
        return ""
    lacks = [FIELDS.get(each, each) for each in told.blocking]
    return render_to_string("intake/api_report.html", {"told": told, "lacks": lacks}, request)


def panel_drifts(request: HttpRequest, subject: object = None) -> str:
    """On the system page: senders whose reports lost fields; nothing where there are none."""
    found = [_drift(each) for each in queries.drifts() if each.ended_at is None]
    return render_to_string("intake/api_drifts.html", {"drifts": found}, request) if found else ""
