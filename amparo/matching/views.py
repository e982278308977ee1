from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amparo.access.acts import Actor
from amparo.access.doors import page
from amparo.foundation.errors import Refused
from amparo.matching import actions, queries, wording
from amparo.matching.forms import ImportForm, WithdrawForm
from amparo.matching.queries import ListFacts
from amparo.matching.rules import ListState
from amparo.matching.uploads import ListUploadHandler
from amparo.vault import queries as vault

# The categories with most rows stand on the page; a list may have thousands.
SHOWN_CATEGORIES = 20


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@page("lists.read")
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    found = [{"each": each, "state": wording.state_of(each)} for each in queries.lists()]
    context = {"title": _("Hash lists"), "lists": found, "may_import": _actor(request).can("lists.import")}
    return render(request, "matching/lists.html", context)


@page("lists.read")
@require_safe
def hash_list(request: HttpRequest, hash_list: UUID) -> HttpResponse:
    facts = queries.hash_list(hash_list)
    known = queries.items_in(hash_list)
    items = vault.items(each.item for each in known)
    may_change = _actor(request).can("lists.import")
    context = {
        **_import_context(request, facts),
        "title": f"{facts.name} {facts.version}",
        "kinds": wording.kinds_of(facts),
        "categories": _categories(facts),
        "category_count": len(facts.categories),
        "known": [{"each": each, "item": items.get(each.item)} for each in known],
        "may_withdraw": may_change and facts.state is ListState.ACTIVE,
        "may_update": may_change and facts.state is ListState.ACTIVE,
        "form": WithdrawForm(),
    }
    return render(request, "matching/list.html", context)


def _categories(facts: ListFacts) -> list[dict[str, Any]]:
    """The largest categories, each under its scheme's own code."""
    largest = sorted(facts.categories, key=lambda each: -each[2])[:SHOWN_CATEGORIES]
    return [
        {"label": f"{scheme} {code}".strip() or _("no category"), "value": rows}
        for scheme, code, rows in sorted(largest)
    ]


def _import_context(request: HttpRequest, facts: ListFacts) -> dict[str, Any]:
    return {
        "list": facts,
        "state": wording.state_of(facts),
        "stage": wording.STAGES.get(facts.stage, ""),
        "pace": wording.pace_of(facts),
        "may_stop": _actor(request).can("lists.import") and facts.state is ListState.IMPORTING,
    }


@page("lists.read")
@require_safe
def progress(request: HttpRequest, hash_list: UUID) -> HttpResponse:
    """How far an import is, as a part of its page; the whole page is asked for again when it has ended."""
    facts = queries.hash_list(hash_list)
    answer = render(request, "matching/progress.html", _import_context(request, facts))
    if facts.state is not ListState.IMPORTING:
        answer["HX-Refresh"] = "true"
    return answer


# The form's check against posts from other sites reads the form, and with it the file; so the file's place on the disk is said
# before that, and the check itself comes right after.
@csrf_exempt
@page("lists.import")
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    """A file is taken and becomes a list in the background; its page shows how far it is."""
    handler = ListUploadHandler(request)
    request.upload_handlers = [handler]
    return _import_list(request, handler)


@csrf_protect
def _import_list(request: HttpRequest, handler: ListUploadHandler) -> HttpResponse:
    bases = tuple(each for each in queries.lists() if each.state is ListState.ACTIVE)
    chosen = request.GET.get("base", "")
    initial = next((_beginning(each) for each in bases if str(each.uuid) == chosen), {})
    form = ImportForm(request.POST or None, request.FILES or None, bases=bases, initial=initial)
    if request.method == "POST" and handler.refused:
        form.add_error("file", _("There is not enough room on the disk for this file."))
    elif request.method == "POST" and form.is_valid():
        received = form.cleaned_data["file"]
        try:
            actions.ask_import(_actor(request), received.upload, form.order())
        except Refused as refusal:
            for sentence in refusal.obstacles:
                form.add_error(None, sentence)
        else:
            received.keep()
            return redirect("matching:list", received.upload.list)
    return render(request, "matching/import.html", {"title": _("Import a list"), "form": form})


def _beginning(base: ListFacts) -> dict[str, object]:
    """What a version that takes the place of another has in common with it."""
    said = {name: getattr(base, name) for name in ("name", "source", "scheme", "scope")}
    return {**said, "base": str(base.uuid), "holds": "changes"}


@page("lists.import")
@require_POST
def stop(request: HttpRequest, hash_list: UUID) -> HttpResponse:
    actions.stop_import(_actor(request), hash_list)
    messages.success(request, _("The import was stopped. Nothing of it is kept."))
    return redirect("matching:list", hash_list)


@page("lists.import")
@require_POST
def withdraw(request: HttpRequest, hash_list: UUID) -> HttpResponse:
    form = WithdrawForm(request.POST)
    actions.withdraw_list(_actor(request), hash_list, form.cleaned_data["reason"] if form.is_valid() else "")
    messages.success(request, _("The list counts no more. Items known by it alone are being checked again."))
    return redirect("matching:list", hash_list)
