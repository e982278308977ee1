from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from amparo.access.doors import page
from amparo.exchange import actions, queries
from amparo.exchange.formats.sheet import spaced
from amparo.exchange.forms import KeysForm, PartnerForm
from amparo.foundation.errors import Refused


@require_safe
@page("partners.read")
def partner_list(request: HttpRequest) -> HttpResponse:
    rows = [(facts, spaced(facts.fingerprint), queries.remarks_on(facts)) for facts in queries.partners()]
    return render(request, "exchange/partners.html", {"title": _("Partners"), "rows": rows})


@require_safe
@page("partners.read")
def partner_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    facts = queries.partner_named(uuid)
    context = {
        "title": facts.authority,
        "partner": facts,
        "fingerprint": spaced(facts.fingerprint),
        "remarks": queries.remarks_on(facts),
    }
    return render(request, "exchange/partner.html", context)


@require_http_methods(["GET", "POST"])
@page("partners.edit")
def partner_new(request: HttpRequest) -> HttpResponse:
    form = PartnerForm(request.POST or None, request.FILES or None)
    obstacles: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            done = actions.register_partner(request.actor, form.details(), form.keys())  # type: ignore[attr-defined]
        except Refused as refused:
            obstacles = refused.obstacles
        else:
            messages.success(request, _("The partner is registered. Packages for its country can be sealed now."))
            return redirect("exchange:partner", uuid=done.partner)
    context = {"title": _("Register a partner"), "form": form, "obstacles": obstacles}
    return render(request, "exchange/partner_new.html", context, status=422 if obstacles else 200)


@require_http_methods(["GET", "POST"])
@page("partners.edit")
def partner_keys(request: HttpRequest, uuid: UUID) -> HttpResponse:
    facts = queries.partner_named(uuid)
    form = KeysForm(request.POST or None, request.FILES or None)
    obstacles: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            actions.replace_partner_key(request.actor, uuid, form.keys())  # type: ignore[attr-defined]
        except Refused as refused:
            obstacles = refused.obstacles
        else:
            messages.success(request, _("The keys are replaced. Packages sealed before keep to the old ones."))
            return redirect("exchange:partner", uuid=uuid)
    context = {"title": _("Replace the keys"), "form": form, "partner": facts, "obstacles": obstacles}
    return render(request, "exchange/partner_keys.html", context, status=422 if obstacles else 200)
