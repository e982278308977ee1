"""Every address of the house: the way in, then the rooms in their order."""

from __future__ import annotations

from pathlib import Path

from allauth.account import views as account
from django.urls import include, path

from amparo.wiring import password

PACKAGE = Path(__file__).resolve().parents[1]
ROOMS = (
    ("", "intake"),
    ("", "viewing"),
    ("lists/", "matching"),
    ("partners/", "exchange"),
    ("cases/", "cases"),
    ("series/", "victims"),
    ("packages/", "referrals"),
    ("board/", "outcomes"),
    ("oversight/", "oversight"),
)

urlpatterns = [
    path("log-in/", account.login, name="account_login"),
    path("log-out/", account.logout, name="account_logout"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", password.change_password, name="account_change_password"),
    path("second-factor/", include("allauth.mfa.urls")),
    path("hma/", include("amparo.matching.hma.api_urls")),
    *(path(prefix, include(f"amparo.{room}.urls")) for prefix, room in ROOMS if (PACKAGE / room / "urls.py").exists()),
]
