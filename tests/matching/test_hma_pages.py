from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client as Browser
from django.urls import reverse

from amparo.access import doors
from amparo.access.acts import Actor
from amparo.access.models import Officer
from amparo.matching.hma import actions, queries
from amparo.wiring import cli

pytestmark = pytest.mark.django_db(transaction=True)
CLI = Actor.of_process("cli")


@pytest.fixture(autouse=True)
def _second_factor_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(doors, "is_mfa_enabled", lambda _: True)


def logged_in(role: str) -> Browser:
    officer = Officer.objects.create(username=role, name=role.title(), roles=[role])
    browser = Browser()
    browser.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def test_a_key_is_shown_once_works_and_is_taken_back() -> None:
    browser = logged_in("supervisor")
    answer = browser.post(reverse("matching:make_key"), {"client-name": "A <platform>"})
    page = answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    (key,) = set(re.findall(r"amparo_\d+_[\w-]{43}", page))
    assert "A &lt;platform&gt;" in page
    assert key not in browser.get(reverse("matching:systems")).content.decode()
    asked = {"Authorization": f"Bearer {key}"}
    assert Browser().get("/hma/c/banks", headers=asked).status_code == 200
    (client,) = queries.clients()
    assert (client.name, client.made_by, client.questions) == ("A <platform>", "supervisor", 1)
    assert browser.post(reverse("matching:revoke_key", args=[client.uuid])).status_code == 302
    assert Browser().get("/hma/c/banks", headers=asked).status_code == 401
    assert "Revoked" in browser.get(reverse("matching:systems")).content.decode()


def test_what_cannot_be_done_is_said_on_the_page() -> None:
    browser = logged_in("supervisor")
    for _ in range(2):
        answer = browser.post(reverse("matching:make_key"), {"client-name": "Twice"})
    assert (answer.status_code, "has a key already" in answer.content.decode()) == (422, True)
    answer = browser.post(
        reverse("matching:add_server"), {"server-name": "x", "server-address": "http://hma.example.org"}
    )
    assert (answer.status_code, "Use https" in answer.content.decode()) == (422, True)
    assert queries.servers() == ()


def test_a_server_is_added_read_and_forgotten_from_the_page() -> None:
    browser = logged_in("supervisor")
    given = {"server-name": "Ours", "server-address": "http://hma:5100/", "server-token": "t0ken"}
    assert browser.post(reverse("matching:add_server"), given).status_code == 302
    (server,) = queries.servers()
    assert server.address == "http://hma:5100"
    assert "t0ken" not in browser.get(reverse("matching:systems")).content.decode()
    assert browser.post(reverse("matching:read_server", args=[server.uuid])).status_code == 302
    shown = browser.get(reverse("matching:servers")).content.decode()
    assert "Being read" in shown and "hx-get" in shown
    assert browser.post(reverse("matching:remove_server", args=[server.uuid])).status_code == 302
    assert "hx-get" not in browser.get(reverse("matching:servers")).content.decode()


def test_an_analyst_sees_who_may_ask_and_changes_nothing() -> None:
    made = actions.make_key(CLI, "A platform")
    server = actions.add_server(CLI, name="Ours", address="http://hma:5100").server
    browser = logged_in("analyst")
    page = browser.get(reverse("matching:systems")).content.decode()
    assert "A platform" in page and "Make a key" not in page and "Read now" not in page
    for name, arguments in (
        ("make_key", []),
        ("revoke_key", [made.client]),
        ("add_server", []),
        ("read_server", [server]),
        ("remove_server", [server]),
    ):
        assert browser.post(reverse(f"matching:{name}", args=arguments)).status_code == 403
    assert Browser().get(reverse("matching:systems")).status_code == 302


def test_the_terminal_makes_and_takes_back_keys_and_knows_servers(capsys: pytest.CaptureFixture[str]) -> None:
    def amparo(*words: str) -> tuple[int, str]:
        status = cli.main(["hma", *words])
        return status, capsys.readouterr().out

    status, key = amparo("key", "A platform")
    asked = {"Authorization": f"Bearer {key.strip()}"}
    assert status == 0
    assert Browser().get("/hma/c/banks", headers=asked).status_code == 200
    assert amparo("add", "Ours", "http://hma:5100")[0] == 0
    assert amparo("read", "Ours")[0] == 0
    told = amparo("show")[1]
    assert "A platform  may ask  1 questions" in told and "being read" in told and key.strip() not in told
    assert amparo("revoke", "A platform")[0] == 0
    assert amparo("forget", "Ours")[0] == 0
    assert Browser().get("/hma/c/banks", headers=asked).status_code == 401
    for wrong in (("revoke", "A platform"), ("read", "Ours"), ("add", "X", "http://hma.example.org")):
        assert amparo(*wrong)[0] == 1
