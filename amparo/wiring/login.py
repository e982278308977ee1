"""The way in: sign-up is closed, log-ins are recorded, and the password opens the officer's vault key for the session."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from amparo.access import actions as access
from amparo.access.acts import Actor
from amparo.foundation.home import Home
from amparo.vault import actions as vault, envelope
from amparo.vault.keys import COOKIE, SESSION_FIELD, session_secret

HOUSE = Actor.of_process("house")
SECOND_FACTOR = b"second factor"


class Adapter(DefaultAccountAdapter):
    """allauth's account adapter."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """The officer whose password fits; their vault key is then open in this session and in no other."""
        officer = super().authenticate(request, **credentials)
        if officer and not officer.is_active:  # allauth hands them over, to be led to a page that this house hasn't
            self.authentication_failed(request, **credentials)
            return None
        if officer:
            sealed, secret = vault.unlock_for_session(officer.uuid, credentials["password"])
            request.session[SESSION_FIELD] = sealed
            request.vault_secret = secret  # type: ignore[attr-defined]
        return officer

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        access.record_failed_log_in(HOUSE, str(credentials.get("username", "")))
        super().authentication_failed(request, **credentials)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By name alone: allauth's own key holds the Host header, whose port a client makes up."""
        return str(credentials.get("username", "")).lower()

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        access.record_log_in(HOUSE, user.uuid)
        answer: HttpResponse = super().post_login(request, user, **kwargs)
        return answer


class SecondFactor(DefaultMFAAdapter):
    """allauth's second-factor adapter: its secrets lie in the database sealed under a key that only the house has."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(envelope.seal_under(_factor_key(), text.encode(), SECOND_FACTOR)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return envelope.open_under(_factor_key(), base64.b64decode(encrypted_text), SECOND_FACTOR).decode()


def _factor_key() -> bytes:
    return hashlib.sha256(SECOND_FACTOR + session_secret(Home.from_env()).encode()).digest()


class SessionSecret:
    """Middleware: carries the secret that opens the session's vault key in a cookie that no script can read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if secret := getattr(request, "vault_secret", None):
            response.set_cookie(COOKIE, secret, httponly=True, secure=settings.SECURE_COOKIES, samesite="Strict")
        elif COOKIE in request.COOKIES and SESSION_FIELD not in request.session:
            response.delete_cookie(COOKIE, samesite="Strict")
        return response
