"""The pages of a case's groups, items, network and evidence. Views, split off for length."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from amparo.access.doors import page
from amparo.cases import actions, drawing, forms, queries
from amparo.cases.page_frame import PAGE, actor_of, frame_of, hidden_from, say, say_form
from amparo.foundation.errors import Missing, Refused


def _group_frame(request: HttpRequest, case: UUID, group: UUID, part: str) -> dict[str, Any]:
    frame = frame_of(request, case, part, group)
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
            actions.set_zone(actor_of(request), group, **form.cleaned_data)
        except Refused as error:
            say(request, error)
    else:
        say_form(request, form)
    return redirect("cases:group", case, group)


@page("cases.read")
def items(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "items")
    found = queries.items(case)
    shown = drawing.chosen(
        found, request.GET.get("verdict", ""), request.GET.get("person", ""), request.GET.get("search", "")
    )
    frame |= {
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")),
        "total": len(found),
        "verdicts": drawing.verdict_choices(found),
    }
    return render(request, "cases/items.html", frame)


@page("cases.read")
def network(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "network")
    opened = request.GET.get("country", "")
    frame |= {"data": drawing.network_of(case, opened), "opened": opened}
    return render(request, "cases/network.html", frame)


@page("cases.read")
def evidence(request: HttpRequest, case: UUID) -> HttpResponse:
    frame = frame_of(request, case, "evidence")
    found = drawing.chosen(queries.items(case), "", "", request.GET.get("search", ""))
    shown = Paginator(found, 25).get_page(request.GET.get("page"))
    frame |= {
        "page": shown,
        "strips": [drawing.strip(each, hidden_from(request)) for each in queries.evidence(case, shown.object_list)],
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
            actions.register_device(actor_of(request), case, **form.cleaned_data)
        except Refused as error:
            say(request, error)
    else:
        say_form(request, form)
    return redirect("cases:evidence", case)
