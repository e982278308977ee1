"""Every page states the power it needs; one that states nothing is not served."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from amparo.access import queries
from amparo.access.actors import Actor
from amparo.access.rules import obstacles_to
from amparo.foundation.errors import Refused

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

NOBODY = Actor("officer", "nobody", None, frozenset())


def page(power: str) -> Callable[[View[P]], View[P]]:
    """Heads a view: logged in with a second factor, and holding `power`; else the log-in, or a refusal that says whom to ask."""

    def head(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), reverse("account_login"))
            if not is_mfa_enabled(request.user):
                return redirect("mfa_activate_totp")
            if obstacles := obstacles_to(power, request.actor.powers):  # type: ignore[attr-defined]
                raise Refused(*obstacles)
            answer = view(request, *args, **kwargs)
            if not answer.has_header("Cache-Control"):
                answer["Cache-Control"] = "no-store"  # after the log-out, the back button shows nothing
            return answer

        guarded.power = power  # type: ignore[attr-defined]
        return guarded

    return head


def public_page(view: View[P]) -> View[P]:
    """Heads one of the few views that anybody may open."""
    view.power = ""  # type: ignore[attr-defined]
    return view


class Doorkeeper:
    """Middleware: gives each request its actor, and serves no view that states no power and isn't listed as open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        match = request.resolver_match
        if not hasattr(view, "power") and (match is None or match.view_name not in settings.OPEN_VIEWS):
            raise Http404


def _actor(request: HttpRequest) -> Actor:
    uuid = getattr(request.user, "uuid", None)
    return queries.officer_actor(uuid) if uuid else NOBODY
