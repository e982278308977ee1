"""The page of systems that ask the lists, and of servers that banks are read from."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.foundation.errors import Refused
from amparo.matching.hma import actions, queries
from amparo.matching.hma.actions import NewKey
from amparo.matching.hma.forms import ClientForm, ServerForm


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@page("lists.read")
@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    return _shown(request)


def _shown(
    request: HttpRequest,
    client_form: ClientForm | None = None,
    server_form: ServerForm | None = None,
    key: NewKey | None = None,
) -> HttpResponse:
    refused = client_form is not None or server_form is not None
    context = {
        "title": _("Other systems"),
        "clients": queries.clients(),
        "days": queries.COUNTED_DAYS,
        **_servers(request),
        "may_key": _actor(request).can("lists.keys"),
        "client_form": client_form or ClientForm(),
        "server_form": server_form or ServerForm(),
        "new_key": key,
        "base": request.build_absolute_uri("/hma"),
    }
    return render(request, "matching/systems.html", context, status=422 if refused else 200)


@page("lists.read")
@require_safe
def servers(request: HttpRequest) -> HttpResponse:
    """The servers alone, for as long as one is being read."""
    return render(request, "matching/servers.html", _servers(request))


def _servers(request: HttpRequest) -> dict[str, object]:
    found = queries.servers()
    return {
        "servers": found,
        "reading": any(each.reading for each in found),
        "may_import": _actor(request).can("lists.import"),
    }


@page("lists.keys")
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """The key stands in the answer to this request and nowhere else; asking again makes another one."""
    form = ClientForm(request.POST)
    if form.is_valid():
        try:
            return _shown(request, key=actions.make_key(_actor(request), form.cleaned_data["name"]))
        except Refused as refusal:
            for sentence in refusal.obstacles:
                form.add_error("name", sentence)
    return _shown(request, client_form=form)


@page("lists.keys")
@require_POST
def revoke(request: HttpRequest, client: UUID) -> HttpResponse:
    actions.revoke(_actor(request), client)
    messages.success(request, _("The key is revoked. Whoever sends it is told nothing from now on."))
    return redirect("matching:systems")


@page("lists.import")
@require_POST
def add_server(request: HttpRequest) -> HttpResponse:
    form = ServerForm(request.POST)
    if form.is_valid():
        try:
            actions.add_server(_actor(request), **form.cleaned_data)
        except Refused as refusal:
            for sentence in refusal.obstacles:
                form.add_error(None, sentence)
        else:
            messages.success(request, _("The server is known. Nothing is read from it until you say so."))
            return redirect("matching:systems")
    return _shown(request, server_form=form)


@page("lists.import")
@require_POST
def remove_server(request: HttpRequest, server: UUID) -> HttpResponse:
    actions.remove_server(_actor(request), server)
    messages.success(request, _("The server is forgotten. Lists that came from it stay until they are withdrawn."))
    return redirect("matching:systems")


@page("lists.import")
@require_POST
def read_server(request: HttpRequest, server: UUID) -> HttpResponse:
    actions.ask_reading(_actor(request), server)
    return redirect("matching:systems")
