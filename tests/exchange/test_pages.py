from __future__ import annotations

import pyrage
import pytest
from allauth.account import views as account
from django.test import Client
from django.urls import include, path, reverse

from amparo.access import doors
from amparo.access.models import Officer
from amparo.exchange import openpgp, queries

# This room's addresses and the way in: its pages must stand without any later room.
urlpatterns = [
    path("log-in/", account.login, name="account_login"),
    path("log-out/", account.logout, name="account_logout"),
    path("second-factor/", include("allauth.mfa.urls")),
    path("partners/", include("amparo.exchange.urls")),
    path("", include("amparo.viewing.urls")),
]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def second_factor_given(monkeypatch):
    monkeypatch.setattr(doors, "is_mfa_enabled", lambda _: True)


def logged_in(role: str) -> Client:
    officer = Officer.objects.create(username=role, name=role.title(), roles=[role])
    client = Client()
    client.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def liaison() -> Client:
    return logged_in("liaison")


FIELDS = {
    "country": "es",
    "authority": "Unidad <b>Central</b>",
    "language": "es",
    "channel": "handover",
    "handling": "H1,H2",
}


def registered(client: Client, **changes: str) -> str:
    certificate = str(openpgp.new_key("Partner <p@example.org>").extract_certificate())
    return client.post(reverse("exchange:partner_new"), {**FIELDS, "openpgp": certificate, **changes}).headers.get(
        "Location", ""
    )


def test_an_empty_list_says_what_to_do_next(liaison):
    page = liaison.get(reverse("exchange:partners"))
    assert page.status_code == 200 and "No partner is registered" in page.content.decode()


def test_a_partner_is_registered_and_shown_with_its_fingerprint(liaison):
    address = registered(liaison, checked_on="2026-01-02")
    page = liaison.get(address).content.decode()
    facts = queries.partners()[0]
    assert facts.fingerprint[:4] + " " + facts.fingerprint[4:8] in page and "Fingerprint compared" in page
    assert "Unidad &lt;b&gt;Central&lt;/b&gt;" in page and "<b>Central" not in page
    assert facts.authority.replace("<b>", "&lt;b&gt;")[:8] in liaison.get(reverse("exchange:partners")).content.decode()


def test_a_key_that_nobody_compared_is_marked(liaison):
    assert "Fingerprint not compared" in liaison.get(registered(liaison)).content.decode()


def test_a_refusal_keeps_the_form_and_says_every_reason(liaison):
    page = liaison.post(reverse("exchange:partner_new"), {**FIELDS, "country": "e1", "openpgp": "none"})
    text = page.content.decode()
    assert page.status_code == 422 and "two capital letters" in text and "no OpenPGP certificate" in text
    assert "Unidad &lt;b&gt;Central" in text and queries.partners() == ()


def test_the_keys_are_replaced_by_form(liaison):
    address = registered(liaison)
    age = str(pyrage.x25519.Identity.generate().to_public())
    liaison.post(f"{address}keys/", {"age": age})
    facts = queries.partners()[0]
    assert (facts.openpgp, facts.age) == ("", age)
    assert age in liaison.get(address).content.decode()


def test_an_analyst_sees_partners_and_registers_none(liaison):
    address = registered(liaison)
    analyst = logged_in("analyst")
    assert analyst.get(address).status_code == 200
    assert analyst.get(reverse("exchange:partner_new")).status_code == 403
    assert analyst.post(f"{address}keys/", {}).status_code == 403


def test_nobody_sees_partners_without_logging_in():
    assert "log-in" in Client().get(reverse("exchange:partners")).headers["Location"]
