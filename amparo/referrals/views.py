"""Pages of packages. What a package holds is shown through `actions.read_package`, so that each look is recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.cases import actions as cases_door, queries as cases
from amparo.exchange import queries as exchange
from amparo.foundation.errors import Missing, Refused
from amparo.referrals import actions, forms, queries, rounds, rules, showing
from amparo.referrals.queries import PackageFacts, PackageWithObstacles

MOST_LISTED = 100


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _tried(request: HttpRequest, done: Callable[[], object], said: str) -> bool:
    """Whether it could be done; the officer is told either way."""
    try:
        done()
    except Refused as refusal:
        for obstacle in refusal.obstacles:
            messages.error(request, obstacle)
        return False
    if said:
        messages.success(request, said)
    return True


@page("referrals.read")
def list_packages(request: HttpRequest) -> HttpResponse:
    """Every country's package, whichever case: what is overdue first, then what waits for an officer."""
    found = queries.packages()
    operations = {case: cases.case(case) for case in {each.case for each in found}}
    state, country, word = (request.GET.get(name, "") for name in ("state", "country", "q"))
    shown = [
        each
        for each in found
        if (not state or _in_state(each, state))
        and (not country or each.country == country)
        and _matches(word, each, operations[each.case].title)
    ]
    shown.sort(key=_urgent_first)
    listed = Paginator(shown, MOST_LISTED).get_page(request.GET.get("page"))
    return render(
        request,
        "referrals/list.html",
        {
            "title": "Packages",
            "rows": [(each, operations[each.case]) for each in listed],
            "page": listed,
            "total": len(found),
            "overdue": sum(bool(each.overdue) for each in found),
            "to_approve": sum(each.state == rules.BUILT for each in found),
            "to_send": sum(each.state == rules.APPROVED for each in found),
            "states": _states(found),
            "countries": [(code, code) for code in sorted({each.country for each in found})],
        },
    )


def _matches(word: str, package: PackageFacts, title: str) -> bool:
    return word.casefold().strip() in f"{package.reference} {title}".casefold()


def _urgent_first(package: PackageFacts) -> tuple[Any, ...]:
    waiting = {rules.BUILT: 0, rules.APPROVED: 1, rules.PLANNED: 2, rules.BUILDING: 3}
    return not package.overdue, package.due is None, package.due, waiting.get(package.state, 4), package.reference


def _case_frame(request: HttpRequest, case: UUID) -> dict[str, Any]:
    """What every page inside a case shows; the look into the case is recorded and refused by its own room."""
    cases_door.read_case(_actor(request).with_purpose("case"), case, "packages")
    facts = cases.case(case)
    return {
        "case": facts,
        "title": facts.title,
        "groups": cases.groups(case),
        "report": facts.reports[0] if facts.reports else None,
    }


@page("referrals.read")
def case_packages(request: HttpRequest, case: UUID) -> HttpResponse:
    """A case's packages by country, each with what can be done next and what stands in the way."""
    frame = _case_frame(request, case)
    found = queries.with_obstacles(queries.packages(case), _actor(request).uuid)
    persons = queries.persons_of_case(case)
    planned = {each.package.country for each in found if each.package.state != rules.WITHDRAWN}
    waiting = [country for country in rules.competent_countries(persons) if country not in planned]
    state = request.GET.get("state", "")
    shown = [each for each in found if not state or _in_state(each.package, state)]
    listed = Paginator(shown, MOST_LISTED).get_page(request.GET.get("page"))
    return render(
        request,
        "referrals/case.html",
        frame
        | {
            "rows": [(each, _next_step(request, each)) for each in listed],
            "page": listed,
            "count": len(found),
            "states": _states([each.package for each in found]),
            "to_plan": waiting,
            "plan_obstacles": queries.obstacles_to_plan(case, _actor(request).uuid) if not found else (),
            "at_once": _at_once(request, found),
            "to_approve": sum(each.package.state == rules.BUILT for each in found),
            "out": sum(each.package.is_out for each in found),
            "overdue": sum(bool(each.package.overdue) for each in found),
            "unconfirmed": sum(1 for each in persons if rules.is_sent(each) and not each.country),
            "undecided": sum(1 for each in persons if each.country and not rules.is_sent(each)),
            "may_build": _actor(request).can("referrals.build"),
            **_going(request, case),
        },
    )


def _in_state(package: PackageFacts | queries.PackageLine, state: str) -> bool:
    return bool(package.overdue) if state == "overdue" else package.state == state


def _states(found: Sequence[PackageFacts | queries.PackageLine]) -> list[tuple[str, str, int]]:
    """The states in which packages stand, in words, with how many; those overdue first."""
    names = [("overdue", "Overdue"), *((key, words) for key, (words, _) in showing.STATES.items())]
    counted = [(key, words, sum(_in_state(each, key) for each in found)) for key, words in names]
    return [each for each in counted if each[2]]


def _at_once(request: HttpRequest, found: Sequence[PackageWithObstacles]) -> list[dict[str, Any]]:
    """The steps that this officer can take with many packages now: with which, and how many persons stand in them."""
    steps = []
    for verb, (power, _) in rounds.VERBS.items():
        ready = queries.ready(found, verb) if _actor(request).can(power) else ()
        if ready:
            persons = sum(each.persons for each in ready)
            words = showing.AT_ONCE[verb]
            steps.append(
                {
                    "verb": verb,
                    "count": len(ready),
                    "persons": persons,
                    "words": words,
                    "label": f"{words[0]} {len(ready):,}",
                }
            )
    return steps


def _going(request: HttpRequest, case: UUID) -> dict[str, Any]:
    """How far the last round of each step is, and where all packages stand."""
    lines = queries.lines(case)
    found: list[dict[str, Any]] = [
        {"round": each, "words": showing.ROUNDS[each.verb], "mine": each.by == _actor(request).uuid}
        for each in rounds.rounds(case)
    ]
    building = sum(each.state == rules.BUILDING for each in lines)
    busy = bool(building) or any(each["round"].is_running for each in found)
    return {"rounds": found, "standing": _states(lines), "total": len(lines), "building": building, "busy": busy}


@page("referrals.read")
def going(request: HttpRequest, case: UUID) -> HttpResponse:
    """The part of a case's packages that says how far they are, asked for again while something is at work."""
    if not cases.may_enter(_actor(request).uuid, case):
        raise Missing("There is no such case.")
    return render(request, "referrals/parts/going.html", {"case": cases.case(case), **_going(request, case)})


def _next_step(request: HttpRequest, each: PackageWithObstacles) -> dict[str, Any]:
    """What comes next for a package, whether this officer may do it, and why not."""
    steps: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
        rules.PLANNED: ("build", "Build", "referrals.build", each.to_build),
        rules.BUILT: ("approve", "Approve", "referrals.approve", each.to_approve),
        rules.APPROVED: ("send", "Send", "referrals.send", each.to_send),
    }
    if each.package.state not in steps:
        return {}
    verb, label, power, obstacles = steps[each.package.state]
    if not _actor(request).can(power):
        obstacles = (*obstacles, f"Your role doesn't include this step ({label.lower()}).")
    return {"verb": verb, "label": label, "obstacles": obstacles}


@require_POST
@page("referrals.read")
def do_in_case(request: HttpRequest, case: UUID) -> HttpResponse:
    """Plans, or has a step done with every package of the case for which nothing stands in the way; or stops that, or goes on."""
    by, verb = _actor(request), request.POST.get("verb", "")
    round_asked = request.POST.get("round", "")
    if verb == "plan":
        _tried(request, lambda: actions.plan(by, case), "A draft stands for every competent country.")
    elif verb in ("stop", "resume"):
        of_case = {str(each.uuid): each.uuid for each in rounds.rounds(case)}
        if round_asked not in of_case:
            raise Missing("There is no such round in this case.")
        change = rounds.stop if verb == "stop" else rounds.resume
        _tried(request, lambda: change(by, of_case[round_asked]), "")
    else:
        _tried(request, lambda: rounds.ask(by, case, verb), showing.ASKED.get(verb, ""))
    return redirect("referrals:case", case)


@page("referrals.read")
def package(request: HttpRequest, package: UUID) -> HttpResponse:
    actions.read_package(_actor(request).with_purpose("package"), package)
    facts = queries.package(package)
    (with_obstacles,) = queries.with_obstacles([facts], _actor(request).uuid)
    law = queries.law_named(facts.law) if facts.law else None
    contents = queries.contents(package)
    partner = exchange.partner(facts.country)
    return render(
        request,
        "referrals/package.html",
        {
            "title": f"{partner.authority if partner else facts.country}",
            "package": facts,
            "case": cases.case(facts.case),
            "partner": partner,
            "remarks": exchange.remarks_on(partner) if partner else (),
            "each": with_obstacles,
            "step": _next_step(request, with_obstacles),
            "contents": contents,
            "persons": _persons(facts, contents),
            "known": sum(1 for item in (contents or {}).get("items", ()) if item["known"]),
            "unexamined": sum(1 for item in (contents or {}).get("items", ()) if not item["examined"]),
            "law": law,
            "versions": queries.versions(facts.reference),
            "story": showing.story(facts),
            "terms": forms.TermsForm.of(facts) if facts.state in rules.CHANGEABLE else None,
            "may_build": _actor(request).can("referrals.build"),
            "may_send": _actor(request).can("referrals.send"),
            "forms": showing.FORMS,
        },
    )


def _persons(facts: PackageFacts, contents: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The package's persons with their case's reference beside the receiver's; from what was sealed, once it was."""
    people = {
        each.uuid: each
        for each in cases.people(facts.case, only=[line.person for line in queries.persons_in(facts.uuid)])
    }
    sealed = {each["reference"]: each for each in (contents or {}).get("persons", ())}
    rows = []
    for line in queries.persons_in(facts.uuid):
        person, part = people[line.person], sealed.get(line.subject)
        rows.append(
            {
                "subject": line.subject,
                "person": person,
                "category": showing.CATEGORIES.get(part["category"] if part else person.category, person.category_name),
                "age_status": part["age_status"] if part else person.age.status,
                "age": showing.AGES[part["age_status"] if part else person.age.status],
                "stated_age": part["age_stated"] if part else person.age.stated_age,
                "minors_track": part["minors_track"] if part else person.minors_track,
                "phones": part["phones"]
                if part
                else [each.value for each in person.identifiers if each.kind == "phone"],
                "countries": part["countries"] if part else [],
                "posts": len(part["posts"]) if part else sum(1 for post in person.posts if post.item),
            }
        )
    return rows


@require_POST
@page("referrals.read")
def do_with_package(request: HttpRequest, package: UUID) -> HttpResponse:
    """One step with one package; the action itself checks the power, and a refusal is told in its own words."""
    by, verb, reason = _actor(request), request.POST.get("verb", ""), request.POST.get("reason", "").strip()
    if verb == "correct":
        made: list[actions.CorrectionPlanned] = []
        if _tried(
            request, lambda: made.append(actions.correct(by, package, reason)), "The next version is a draft now."
        ):
            return redirect("referrals:package", made[0].package)
        return redirect("referrals:package", package)
    steps: dict[str, tuple[Callable[[], object], str]] = {
        "build": (lambda: actions.build(by, package), "The package is being built."),
        "approve": (lambda: actions.approve(by, package), "The package is approved. It can be sent now."),
        "send": (lambda: actions.send(by, package), "The package is sent; the courier delivers it."),
        "withdraw": (lambda: actions.withdraw(by, package, reason), "The package is withdrawn."),
    }
    if verb not in steps:
        raise Missing("There is no such step.")
    _tried(request, *steps[verb])
    if request.POST.get("back") == "case":
        return redirect("referrals:case", queries.package(package).case)
    return redirect("referrals:package", package)


@require_POST
@page("referrals.build")
def set_terms(request: HttpRequest, package: UUID) -> HttpResponse:
    form = forms.TermsForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            for error in errors:
                messages.error(request, str(error))
        return redirect("referrals:package", package)
    given = form.cleaned_data
    terms = given | {"handling": tuple(given["handling"]), "received_under": tuple(given["received_under"])}
    _tried(
        request,
        lambda: actions.set_terms(_actor(request), package, **terms),
        "The terms are set. Build the package with them.",
    )
    return redirect("referrals:package", package)


@require_POST
@page("referrals.send")
def take_file(request: HttpRequest, package: UUID, file: UUID) -> HttpResponseBase:
    """The sealed file, to be carried over a channel of its own; that it was taken is recorded."""
    actions.take_file(_actor(request), package, file)
    sealed = next(each for each in queries.package(package).files if each.uuid == file)
    if not sealed.path.exists():
        raise Missing("The sealed file is not there any more: correct the package, so that it is built again.")
    return FileResponse(
        sealed.path.open("rb"), as_attachment=True, filename=sealed.name, content_type="application/octet-stream"
    )


# ---- what this room adds to pages of earlier rooms


def case_tab(request: HttpRequest, case: UUID) -> str:
    """Slot cases.case.tabs."""
    if not _actor(request).can("referrals.read"):
        return ""
    count = len(queries.lines(case))
    context = {"href": reverse("referrals:case", args=[case]), "count": count or None}
    return render_to_string("referrals/parts/case_tab.html", context, request)


def case_side(request: HttpRequest, case: UUID) -> str:
    """Slot cases.case.side: how far the case's packages are."""
    if not _actor(request).can("referrals.read"):
        return ""
    found = queries.lines(case)
    counted = [
        (words, tone, sum(each.state == state for each in found)) for state, (words, tone) in showing.STATES.items()
    ]
    context = {
        "href": reverse("referrals:case", args=[case]),
        "counted": [each for each in counted if each[2]],
        "overdue": sum(bool(each.overdue) for each in found),
    }
    return render_to_string("referrals/parts/case_side.html", context, request)


def partner_sent(request: HttpRequest, partner: UUID) -> str:
    """Slot exchange.partner.sent: what this partner was sent."""
    if not _actor(request).can("referrals.read"):
        return ""
    country = exchange.partner_named(partner).country
    found = [each for each in queries.packages() if each.country == country]
    return render_to_string("referrals/parts/partner_sent.html", {"packages": found}, request)
