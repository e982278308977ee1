"""The line's mail keys are there for anybody to fetch, on a page and on the command line, and their secret halves for nobody."""

from __future__ import annotations

from pathlib import Path

import intake_house as house
import pytest
from django.test import Client

from amparo.exchange import mail_keys
from amparo.foundation.home import Home
from amparo.wiring import cli

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = house.new_house(tmp_path, monkeypatch)
    mail_keys.make_mail_keys(made, "Report line", "report@report.example.org")
    return made


def test_anybody_may_fetch_the_keys_and_compare_them(home: Home) -> None:
    client, public = Client(), mail_keys.public_mail_keys(home)
    shown = client.get("/mail-key/").content.decode()
    for fingerprint in (public.openpgp_fingerprint, public.smime_fingerprint):
        assert " ".join(fingerprint[place : place + 4] for place in range(0, len(fingerprint), 4)) in shown
    assert "report@report.example.org" in shown
    assert client.get("/mail-key/amparo-line.asc").content.decode() == public.openpgp
    assert client.get("/mail-key/amparo-line.pem").content.decode() == public.smime


def test_the_command_line_prints_the_public_keys_and_says_where_the_others_lie(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["keys", "--mail"]) == 0
    printed = capsys.readouterr().out
    assert "BEGIN PGP PUBLIC KEY BLOCK" in printed
    assert "BEGIN CERTIFICATE" in printed
    assert "PRIVATE" not in printed
    assert cli.main(["keys"]) == 0
    assert str(mail_keys.secret_path(home, "openpgp")) in capsys.readouterr().out


def test_before_the_first_start_the_page_is_missing_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.new_house(tmp_path, monkeypatch)
    assert Client().get("/mail-key/").status_code == 404
