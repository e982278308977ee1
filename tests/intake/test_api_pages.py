"""The pages of platforms, and the alarm where a sender's format drifts."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, strategies as st

from amparo.access import doors
from amparo.access.acts import Actor
from amparo.access.models import Officer
from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.intake import clocks, notices
from amparo.intake.api import drift, keys, queries
from amparo.intake.api.accepting import accept
from amparo.intake.models import ApiKey, ApiReport, SenderDrift
from tests.intake.intake_house import new_house, officer
from tests.intake.platforms import WHOLE, Platform, door_of

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(doors, "is_mfa_enabled", lambda _: True)
    return new_house(tmp_path, monkeypatch)


def browser(home: Home, role: str) -> Client:
    actor, _ = officer(home, role)
    client = Client()
    client.force_login(
        Officer.objects.get(uuid=actor.uuid), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def reported(platform: Platform, number: int, said: Any) -> None:
    """So many reports of this kind, as tests: what is compared is the same."""
    for each in range(number):
        assert platform.report({**said, "reference": f"T-{each}"}).status_code == 201


def without(said: Any, *names: str) -> dict[str, Any]:
    made = copy.deepcopy(said)
    for name in names:
        made[f"{name}_renamed"] = made.pop(name)
    return made


def test_fields_that_a_platform_s_reports_lose_are_told_to_a_named_person_once_and_shown_until_they_are_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with door_of(tmp_path, monkeypatch) as home:
        actor, _ = officer(home, "supervisor")
        platform = Platform(test=True, reports_a_second=1_000)
        reported(platform, 40, WHOLE)
        assert drift.watch(WORKER) == 0
        reported(platform, 30, without(WHOLE, "accounts", "preservation"))
        said = drift.watch(WORKER)
        lost = {each.field for each in queries.drifts()}
        assert said == len(lost) and {"account", "ip_event", "preserved"} <= lost
        assert drift.watch(WORKER) == 0  # said once
        told = [each for each in notices.for_officer(clocks.on_duty() or actor.uuid) if each.code == "drift"]
        assert told and all(each.sender for each in told)
        reported(platform, 30, WHOLE)
        assert drift.watch(WORKER) == len(lost)
        assert not [each for each in queries.drifts() if each.ended_at is None]


def test_few_reports_and_other_kinds_of_reports_are_no_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with door_of(tmp_path, monkeypatch):
        platform = Platform(test=True, reports_a_second=1_000)
        reported(platform, 10, WHOLE)
        reported(platform, 10, {"text": "x"})
        assert drift.watch(WORKER) == 0
        # Files come with some reports only: what is asked of them applies to those alone.
        other = Platform("Other", test=True, reports_a_second=1_000)
        reported(other, 40, {**WHOLE, "files": [{"viewed": "yes", "sha256": "0" * 64, "not_held_reason": "gone"}]})
        reported(other, 30, WHOLE)
        assert drift.watch(WORKER) == 0


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True), st.integers(20, 60), st.integers(20, 60))
def test_reports_of_one_kind_never_drift_from_themselves(given_: list[str], before: int, now: int) -> None:
    one = (["a", "b", "c"], given_)
    assert drift.falls(drift.counts_of([one] * before), drift.counts_of([one] * now), now) == ()


def test_a_key_is_made_on_the_page_shown_once_and_revoked(home: Home) -> None:
    client = browser(home, "supervisor")
    page = client.get("/platforms/")
    assert page.status_code == 200 and b"No platform reports by a key yet" in page.content
    made = client.post(
        "/platforms/make/", {"name": "Example Live", "scopes": ["reports", "files"], "reports_a_second": "5"}
    )
    secret = made.context["made"].secret
    assert secret in made.content.decode() and made["Cache-Control"] == "no-store"
    key = ApiKey.objects.get()
    assert key.reports_a_second == 5 and key.scopes == ["files", "reports"] and not key.test
    again = client.get("/platforms/").content.decode()
    assert "Example Live" in again and secret not in again
    double = client.post("/platforms/make/", {"name": "Example Live", "scopes": ["reports"], "reports_a_second": "5"})
    assert double.status_code == 422 and b"has such a key already" in double.content
    ApiReport.objects.create(
        uuid="00000000-0000-4000-8000-000000000001", key=key, received_at=clock.now(), score=40,
        missing=[["ip_port", "/x", "blocks"]], expected=["ip_port"],
    )  # fmt: skip
    SenderDrift.objects.create(
        sender=key.sender,
        field="ip_port",
        before_percent=90,
        now_percent=3,
        reports=30,
        seen_at=clock.now() - timedelta(hours=1),
    )
    figures = client.get(f"/platforms/{key.uuid}/").content.decode()
    assert "Source port" in figures and "Blocks a follow-up" in figures and "1 of 1 reports" in figures
    system = client.get("/oversight/system/").content.decode()
    assert "Senders whose reports lost fields" in system and "Example Live" in system
    assert "The public form’s numbers are not checked" in system
    (home.path / "helplines.toml").write_text("")
    assert "The public form’s numbers" not in client.get("/oversight/system/").content.decode()
    assert client.post(f"/platforms/{key.uuid}/revoke/").status_code == 302
    assert ApiKey.objects.get().revoked_at is not None


def test_a_report_s_page_says_what_its_platform_told(home: Home) -> None:
    made = keys.make_key(Actor.of_process("cli"), "Example Live")
    facts = keys.facts_of(ApiKey.objects.get(uuid=made.key))
    told = accept(home, facts, {"text": "See this.", "reference": "T-7"}, b"{}")
    page = browser(home, "analyst").get(f"/reports/{told.report}/").content.decode()
    assert "From a platform" in page and "T-7" in page and "An IP address" in page and f"{told.score} %" in page


def test_an_analyst_sees_platforms_and_makes_no_key(home: Home) -> None:
    client = browser(home, "analyst")
    page = client.get("/platforms/").content.decode()
    assert "Make a key" not in page
    assert (
        client.post("/platforms/make/", {"name": "x", "scopes": ["reports"], "reports_a_second": "1"}).status_code
        == 403
    )
    assert ApiKey.objects.count() == 0
