"""The way in: sign-up is closed, log-ins are recorded, and the password opens the officer's vault key for the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from amparo.access import actions as access
from amparo.access.acts import Actor

HOUSE = Actor.of_process("house")
COOKIE, SESSION_KEY = "amparo_key", "vault_key"


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        officer = super().authenticate(request, **credentials)
        if officer:
            from amparo.vault import actions as vault

            sealed, secret = vault.unlock_for_session(officer.uuid, credentials["password"])
            request.session[SESSION_KEY] = sealed
            request.vault_secret = secret  # type: ignore[attr-defined]
        return officer

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        access.record_failed_log_in(HOUSE, str(credentials.get("username", "")))
        super().authentication_failed(request, **credentials)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        access.record_log_in(HOUSE, user.uuid)
        return super().post_login(request, user, **kwargs)


class SessionSecret:
    """Middleware: carries the secret that opens the session's vault key in a cookie that no script can read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if secret := getattr(request, "vault_secret", None):
            response.set_cookie(COOKIE, secret, httponly=True, secure=settings.SECURE_COOKIES, samesite="Strict")
        elif COOKIE in request.COOKIES and SESSION_KEY not in request.session:
            response.delete_cookie(COOKIE, samesite="Strict")
        return response
