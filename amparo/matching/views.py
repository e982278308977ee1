from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.matching import actions, queries
from amparo.matching.forms import ImportForm, WithdrawForm
from amparo.sandbox.readings import ExaminationFailed, HashListReading
from amparo.sandbox.warden import the_warden
from amparo.vault import queries as vault

SHOWN_PROBLEMS = 50


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@page("lists.read")
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    context = {"title": _("Hash lists"), "lists": queries.lists(), "may_import": _actor(request).can("lists.import")}
    return render(request, "matching/lists.html", context)


@page("lists.read")
@require_safe
def hash_list(request: HttpRequest, hash_list: UUID) -> HttpResponse:
    facts = queries.hash_list(hash_list)
    known = queries.items_in(hash_list)
    items = vault.items(each.item for each in known)
    context = {
        "title": f"{facts.name} {facts.version}",
        "list": facts,
        "kinds": [(kind.upper().replace("SHA", "SHA-"), count) for kind, count in queries.kinds_of(hash_list).items()],
        "categories": [
            {"label": code or _("no category"), "value": count}
            for code, count in queries.categories_of(hash_list).items()
        ],
        "known": [{"each": each, "item": items.get(each.item)} for each in known],
        "may_withdraw": _actor(request).can("lists.import") and facts.withdrawn_at is None,
        "form": WithdrawForm(),
    }
    return render(request, "matching/list.html", context)


@page("lists.import")
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    """A file is read in the sandbox and becomes a list, whole; rows that can't be read are shown, and nothing is imported."""
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"title": _("Import a list"), "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            reading = _read(form)
            problems = reading.problems_in_all
            if problems and not form.cleaned_data["leave_out"]:
                context |= {
                    "problems": reading.problems[:SHOWN_PROBLEMS],
                    "problem_count": problems,
                    "good_count": len(reading.rows),
                }
            else:
                said = {name: form.cleaned_data[name] for name in ("name", "source", "version", "scheme", "scope")}
                done = actions.import_list(_actor(request), **said, rows=reading.rows)
                words = ngettext("{} listed item imported.", "{} listed items imported.", done.rows).format(
                    f"{done.rows:,}"
                )
                messages.success(request, f"{words} {_('Earlier items are being checked against it.')}")
                return redirect("matching:list", done.list)
        except (ExaminationFailed, Refused) as failure:
            for sentence in getattr(failure, "obstacles", (failure.sentence,)):
                form.add_error(None, sentence)
    return render(request, "matching/import.html", context)


def _read(form: ImportForm) -> HashListReading:
    # A list is no report and no case: each upload is a boundary of its own.
    with the_warden().boundary(new_id()) as box:
        data = form.cleaned_data["file"].read()
        return cast("HashListReading", box.examine("hash_list", data, bare=form.cleaned_data["bare"]))


@page("lists.import")
@require_POST
def withdraw(request: HttpRequest, hash_list: UUID) -> HttpResponse:
    form = WithdrawForm(request.POST)
    actions.withdraw_list(_actor(request), hash_list, form.cleaned_data["reason"] if form.is_valid() else "")
    messages.success(request, _("The list counts no more. Items known by it alone are being checked again."))
    return redirect("matching:list", hash_list)
