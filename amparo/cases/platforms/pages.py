"""The pages of a case's seized platforms. The first opens no table; the others open what they show, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from amparo.access.doors import page
from amparo.cases import actions, drawing, queries
from amparo.cases.models import LinkJudgement
from amparo.cases.page_frame import actor_of, frame_of, say, say_form
from amparo.cases.platforms import account as one_account, lists, pairs, rules, tables, taking
from amparo.cases.platforms.dossiers import FIGURES as DOSSIER_FIGURES
from amparo.cases.platforms.queries import PlatformFacts
from amparo.cases.platforms.rules import Choice
from amparo.cases.platforms.tables import Wanted
from amparo.exchange.formats.tables import csv_bytes
from amparo.foundation.errors import Missing, Refused
from amparo.vault.keys import OfficerKeys
from amparo.viewing.countries import countries as known_countries

DID = [("paid", "Paid"), ("card", "Paid with a card of a named country"), ("uploaded", "Uploaded")]


class RegisterForm(forms.Form):
    """The folders that lie in the home's drop folder, each with its mapping.toml."""

    name = forms.CharField(max_length=120, label="Name", help_text="How the case calls the platform.")
    folder = forms.ChoiceField(
        label="Folder", help_text="Laid into AMPARO_HOME/platforms by whoever administers this house."
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["folder"].choices = [(each, each) for each in laid()]  # type: ignore[attr-defined]


class TakeForm(forms.Form):
    """The rule by which people are taken: what is left empty is no condition."""

    paid = forms.IntegerField(label="Paid at least", min_value=0, max_value=10**6, required=False, help_text="times")
    uploaded = forms.IntegerField(
        label="Uploaded at least", min_value=0, max_value=10**6, required=False, help_text="items"
    )
    card_country = forms.BooleanField(label="Paid with a card whose issuer names its country", required=False)
    confidence = forms.FloatField(
        label="Country with a confidence of at least", min_value=0, max_value=1, required=False, help_text="0 to 1"
    )
    countries = forms.CharField(
        label="Countries", max_length=400, required=False, help_text="Two letters each, such as ES FR; empty for all."
    )
    reason = forms.CharField(
        label="Reason",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Why they belong in the case.",
    )

    def clean_countries(self) -> tuple[str, ...]:
        codes = {each.upper() for each in self.cleaned_data["countries"].replace(",", " ").split()}
        if unknown := sorted(codes - known_countries().keys()):
            raise forms.ValidationError(f"{unknown[0][:30]!r} is no country: use two letters each, such as ES FR.")
        return tuple(sorted(codes))

    def choice(self) -> Choice:
        told = self.cleaned_data
        return Choice(
            told["paid"] or 0,
            told["uploaded"] or 0,
            told["card_country"],
            told["confidence"] or 0.0,
            told["countries"],
        )


class JudgeForm(forms.Form):
    account_a = forms.CharField(max_length=200, widget=forms.HiddenInput)
    account_b = forms.CharField(max_length=200, widget=forms.HiddenInput)
    verdict = forms.ChoiceField(choices=LinkJudgement.Verdict.choices, label="They belong to")
    reason = forms.CharField(max_length=2000, label="Reason", widget=forms.Textarea(attrs={"rows": 2}))


def laid() -> list[str]:
    """The folders in the drop folder that hold a mapping."""
    place = settings.HOME.path / "platforms"
    return sorted(each.parent.name for each in place.glob("*/mapping.toml")) if place.is_dir() else []


def _frame(request: HttpRequest, case: UUID, platform: UUID, part: str) -> tuple[dict[str, Any], PlatformFacts]:
    frame = frame_of(request, case, f"platform.{part}", platform)
    found = queries.platform(platform)
    if found.case != case:
        raise Missing("There is no such platform in this case.")
    return frame | {"platform": found, "title": found.name, "units": rules.UNITS, "part": part}, found


def _number(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    return max(1, int(asked)) if asked.isdigit() and len(asked) < 9 else 1


def _pages(count: int, number: int) -> Any:
    return Paginator(range(count), tables.PAGE).get_page(number)


@page("cases.read")
def platforms(request: HttpRequest, case: UUID) -> HttpResponse:
    """The case's platforms, and the way to bring one in."""
    frame = frame_of(request, case, "platforms")
    found = queries.platforms(case)
    if len(found) == 1 and "all" not in request.GET:
        return redirect("cases:platform", case, found[0].uuid)
    may = actor_of(request).can("platforms.import") and frame["may_edit"]
    return render(
        request,
        "cases/platforms.html",
        frame | {"platforms": found, "form": RegisterForm() if may else None, "laid": laid()},
    )


@page("platforms.import")
@require_POST
def register(request: HttpRequest, case: UUID) -> HttpResponse:
    form = RegisterForm(request.POST)
    if not form.is_valid():
        say_form(request, form)
        return redirect("cases:platforms", case)
    place = settings.HOME.path / "platforms" / form.cleaned_data["folder"]
    try:
        mapping = (place / "mapping.toml").read_text(encoding="utf-8")
        done = actions.register_platform(actor_of(request), case, form.cleaned_data["name"], str(place), mapping)
    except (OSError, UnicodeDecodeError):
        messages.error(request, "The mapping in that folder can't be read: save it as UTF-8 text.")
        return redirect("cases:platforms", case)
    except (Refused, Missing) as error:
        say(request, error if isinstance(error, Refused) else Refused(error.sentence))
        return redirect("cases:platforms", case)
    return redirect("cases:platform", case, done.platform)


@page("cases.read")
def overview(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    """Figures with their units, countries, steps and digests: from rows alone, so that a base of millions is there at once."""
    frame, found = _frame(request, case, platform, "overview")
    figures = found.figures
    frame |= {
        "figures": figures,
        "countries": [
            dict(zip(("country", "accounts", "sure", "persons", "payments", "items"), row, strict=True))
            for row in figures.get("by_country", [])
        ],
        "months": [{"label": month, "value": count} for month, count in figures.get("months", [])],
        "take_form": TakeForm(initial={"confidence": 0.9}),
        "recomputed": tables.recomputed(platform),
        "again": [(each, rules.STEP_NAMES[each]) for each in rules.ANALYSES],
    }
    return render(request, "cases/platform.html", frame)


@page("cases.read")
def progress(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    """The steps alone, asked for again while they run."""
    found = queries.platform(platform)
    if not queries.may_enter(actor_of(request).uuid, case) or found.case != case:
        raise Missing("There is no such platform in this case.")
    return render(request, "cases/parts/platform_steps.html", {"platform": found, "case": queries.case(case)})


def _wanted(request: HttpRequest) -> Wanted:
    search, *rest = (request.GET.get(name, "")[:200].strip() for name in ("search", "country", "did", "person"))
    return Wanted(" ".join(search.splitlines()), *rest)


@page("cases.read")
def accounts(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    frame, found = _frame(request, case, platform, "accounts")
    wanted, number = _wanted(request), _number(request)
    rows, count = tables.accounts(actor_of(request), found, OfficerKeys.from_request(request), wanted, number)
    asked = {"search": wanted.search, "country": wanted.country, "did": wanted.did, "person": wanted.person}
    frame |= {
        "rows": rows,
        "count": count,
        "page": _pages(count, number),
        "query": urlencode({name: value for name, value in asked.items() if value}),
        "filtered": not wanted.is_everything,
        "did": DID,
        "country_choices": [
            (row[0], drawing.named_country(row[0]), row[1]) for row in found.figures.get("by_country", []) if row[0]
        ]
        + [("-", "No country")],
    }
    return render(request, "cases/platform_accounts.html", frame)


@page("cases.read")
def list_csv(request: HttpRequest, case: UUID, platform: UUID, name: str) -> StreamingHttpResponse:
    """One of the platform's lists, whole and as it is read, as a file that no spreadsheet runs as formulas."""
    _, found = _frame(request, case, platform, f"{name}.csv")
    by, keys = actor_of(request).with_purpose("export"), OfficerKeys.from_request(request)
    columns, rows = lists.listed(by, found, keys, name, _wanted(request))
    first = next(rows, [])  # what is refused is refused before the first byte

    def pieces() -> Iterator[bytes]:
        yield csv_bytes(columns, first)
        head = len(csv_bytes(columns, []))
        for part in rows:
            yield csv_bytes(columns, part)[head:]

    response = StreamingHttpResponse(pieces(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{queries.case(case).reference}-{name}.csv"'
    return response


@page("cases.read")
def dossiers(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    """What each country's dossier counts, from rows alone; each can be taken as a file."""
    frame, found = _frame(request, case, platform, "dossiers")
    rows = [
        dict(zip(DOSSIER_FIGURES, row, strict=True)) for row in found.step("dossiers").figures.get("by_country", [])
    ]
    return render(request, "cases/platform_dossiers.html", frame | {"rows": rows, "step": found.step("dossiers")})


@page("cases.read")
def account(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    frame, found = _frame(request, case, platform, "account")
    name = request.GET.get("name", "")[:200]
    facts = one_account.account(actor_of(request), found, OfficerKeys.from_request(request), name)
    return render(
        request, "cases/platform_account.html", frame | {"account": facts, "title": name, "judge": JudgeForm()}
    )


@page("cases.read")
def links(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    """Questions that wait, and two accounts laid side by side."""
    frame, found = _frame(request, case, platform, "links")
    by, keys, number = actor_of(request), OfficerKeys.from_request(request), _number(request)
    a, b = request.GET.get("a", "").strip()[:200], request.GET.get("b", "").strip()[:200]
    side = None
    if a and b:
        try:
            side = pairs.compared(by, found, keys, a, b)
        except Missing as error:
            messages.error(request, error.sentence)
    has = any("links_questions" in step.tables for step in found.steps)
    rows, count = pairs.questions(by, found, keys, number) if has else ([], 0)
    judge = JudgeForm(initial={"account_a": a, "account_b": b})
    frame |= {"rows": rows, "count": count, "page": _pages(count, number), "side": side, "a": a, "b": b, "judge": judge}
    return render(request, "cases/platform_links.html", frame)


@page("cases.read")
def overlaps(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    """What the house knows already. A case that this officer may not enter is told as a contact, and nothing else."""
    frame, found = _frame(request, case, platform, "overlaps")
    by, number = actor_of(request), _number(request)
    rows, count = tables.overlaps(by, found, OfficerKeys.from_request(request), number)
    contacts = lists.contacts_of(by, (each["in_case"] for each in rows))
    for each in rows:
        each["contact"] = contacts.get(each["in_case"])
        each["hidden"] = each["contact"] is not None
    return render(
        request, "cases/platform_overlaps.html", frame | {"rows": rows, "count": count, "page": _pages(count, number)}
    )


@page("cases.edit")
@require_POST
def take(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    """First what the rule would choose; then, confirmed, everybody whom it chooses."""
    frame, _ = _frame(request, case, platform, "take")
    form, found = TakeForm(request.POST), None
    try:
        if form.is_valid():
            choice, reason, keys = form.choice(), form.cleaned_data["reason"], OfficerKeys.from_request(request)
            if obstacles := rules.obstacles_to_choice(choice, reason, human=True):
                raise Refused(*obstacles)
            if "confirmed" in request.POST:
                done = actions.take_people(actor_of(request), platform, choice, reason, keys)
                messages.success(request, f"{len(done.persons):,} persons are people of the case now.")
                return redirect("cases:people", case)
            found = taking.chosen(actor_of(request), platform, choice, keys)
    except Refused as error:
        form.add_error(None, list(error.obstacles))
    told = frame | {"chosen": found, "form": form, "told": list(form.data.items())}
    return render(request, "cases/platform_take.html", told, status=200 if found else 400)


@page("cases.edit")
@require_POST
def judge(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    form = JudgeForm(request.POST)
    if not form.is_valid():
        say_form(request, form)
        return redirect("cases:platform_links", case, platform)
    try:
        actions.judge_link(actor_of(request), platform, **form.cleaned_data)
        messages.success(request, "Kept. It holds from the next run of the links on, and no run overwrites it.")
    except Refused as error:
        say(request, error)
    told = form.cleaned_data
    query = urlencode({"a": told["account_a"], "b": told["account_b"]})
    response = redirect("cases:platform_links", case, platform)
    response["Location"] += f"?{query}"
    return response


@page("cases.edit")
@require_POST
def again(request: HttpRequest, case: UUID, platform: UUID) -> HttpResponse:
    try:
        actions.ask_analysis(actor_of(request), platform, tuple(request.POST.getlist("step")))
    except Refused as error:
        say(request, error)
    return redirect("cases:platform", case, platform)
