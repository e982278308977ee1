from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from amparo.access import doors
from amparo.access.models import Officer
from amparo.matching import queries

pytestmark = pytest.mark.django_db(transaction=True)
SAID = {"name": "List <1>", "source": "A test", "version": "1", "scheme": "", "scope": "", "bare": "sha256"}


@pytest.fixture(autouse=True)
def _second_factor_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(doors, "is_mfa_enabled", lambda _: True)


def logged_in(role: str) -> Client:
    officer = Officer.objects.create(username=role, name=role.title(), roles=[role])
    client = Client()
    client.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def upload(client: Client, content: bytes, **more: str) -> str:
    file = SimpleUploadedFile("list.csv", content, "text/csv")
    return client.post(reverse("matching:import"), {**SAID, **more, "file": file}, follow=True).content.decode()


GOOD = b"md5,category\n" + b"ab" * 16 + b",B1\n"


def test_a_house_without_lists_says_that_nothing_is_compared() -> None:
    assert "Until one is imported" in logged_in("analyst").get(reverse("matching:lists")).content.decode()


def test_a_list_is_uploaded_and_stands_on_the_page() -> None:
    client = logged_in("supervisor")
    assert "1 listed item imported" in upload(client, GOOD)
    assert "List &lt;1&gt;" in client.get(reverse("matching:lists")).content.decode()
    assert [each.rows for each in queries.lists()] == [1]


def test_rows_that_cannot_be_read_are_shown_by_line_and_nothing_is_imported() -> None:
    client = logged_in("supervisor")
    shown = upload(client, GOOD + b"zz,B2\n")
    assert "Nothing was imported" in shown
    assert "md5 is not 32 hexadecimal digits" in shown
    assert queries.lists() == ()
    assert "1 listed item imported" in upload(client, GOOD + b"zz,B2\n", leave_out="on")


def test_a_file_that_is_no_list_is_refused_in_words() -> None:
    shown = upload(logged_in("supervisor"), b"\x00\xff" * 500)
    assert "note danger" in shown or "field-errors" in shown or "Nothing was imported" in shown
    assert queries.lists() == ()


def test_an_analyst_reads_lists_and_imports_none() -> None:
    client = logged_in("analyst")
    assert client.get(reverse("matching:import")).status_code == 403
    assert "Import a list" not in client.get(reverse("matching:lists")).content.decode()


def test_withdrawing_needs_a_reason() -> None:
    client = logged_in("supervisor")
    upload(client, GOOD)
    (facts,) = queries.lists()
    address = reverse("matching:withdraw", args=[facts.uuid])
    assert client.post(address, {"reason": ""}).status_code == 403
    assert client.post(address, {"reason": "withdrawn by its publisher"}).status_code == 302
    assert "withdrawn by its publisher" in client.get(reverse("matching:list", args=[facts.uuid])).content.decode()
