from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from amparo.access import doors
from amparo.access.acts import Actor
from amparo.access.models import Officer
from amparo.custody import queries as custody
from amparo.foundation.home import Home
from amparo.matching import actions, jobs, queries
from amparo.matching.incoming import folder_for
from amparo.matching.queries import ListFacts
from amparo.matching.rules import ListState
from amparo.matching.versions import shelf_of

pytestmark = pytest.mark.django_db(transaction=True)
CLI = Actor.of_process("cli")
SAID = {
    "name": "List <1>",
    "source": "A test",
    "version": "1",
    "scheme": "",
    "scope": "",
    "bare": "sha256",
    "holds": "whole",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(doors, "is_mfa_enabled", lambda _: True)  # the second factor was given
    return Home.from_env()


def logged_in(role: str) -> Client:
    officer = Officer.objects.create(username=role, name=role.title(), roles=[role])
    client = Client()
    client.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def upload(client: Client, content: bytes, **more: str) -> str:
    file = SimpleUploadedFile("list.csv", content, "text/csv")
    return client.post(reverse("matching:import"), {**SAID, **more, "file": file}, follow=True).content.decode()


def read() -> None:
    """Reads the lists that wait, as a worker would."""
    for line in custody.acts(kind="list.import_asked", ended="done").lines:
        if line.about["list"] in map(str, queries.importing()):
            jobs.read_list.call(act=str(line.uuid), about=line.about)


def brought_in(client: Client, content: bytes = b"md5,category\n" + b"ab" * 16 + b",B1\n", **more: str) -> ListFacts:
    upload(client, content, **more)
    read()
    return queries.lists()[0]


def from_rows(name: str = "List <1>") -> ListFacts:
    rows = [{"md5": "ab" * 16, "category": "B1"}]
    done = actions.import_list(CLI, name=name, source="A test", version="1", scheme="", scope="", rows=rows)
    return queries.hash_list(done.list)


def test_a_house_without_lists_says_that_nothing_is_compared() -> None:
    assert "Until one is imported" in logged_in("analyst").get(reverse("matching:lists")).content.decode()


def test_an_uploaded_list_counts_once_a_worker_has_read_it_and_its_file_is_gone(home: Home) -> None:
    client = logged_in("supervisor")
    assert "Nothing of this list counts until all of it does" in upload(
        client, b"md5,category\n" + b"ab" * 16 + b",B1\n"
    )
    assert [each.state for each in queries.lists()] == [ListState.IMPORTING]
    read()
    (facts,) = queries.lists()
    assert (facts.state, facts.rows, facts.categories) == (ListState.ACTIVE, 1, (("", "B1", 1),))
    assert "List &lt;1&gt;" in client.get(reverse("matching:lists")).content.decode()
    assert list((shelf_of(home) / ".incoming").iterdir()) == []
    assert {path.name for path in shelf_of(home).iterdir() if path.is_dir()} == {
        ".incoming",
        ".building",
        str(facts.uuid),
    }


def test_files_of_a_list_are_their_owner_s_alone(home: Home) -> None:
    facts = from_rows()
    folder = shelf_of(home) / str(facts.uuid)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_rows_that_cannot_be_read_are_shown_by_line_and_nothing_is_imported() -> None:
    client = logged_in("supervisor")
    content = b"md5,category\n" + b"ab" * 16 + b",B1\nzz,B2\n"
    facts = brought_in(client, content)
    assert facts.state is ListState.FAILED
    shown = client.get(reverse("matching:list", args=[facts.uuid])).content.decode()
    assert "Nothing was imported" in shown
    assert "line 3" in shown
    assert brought_in(client, content, leave_out="on").state is ListState.ACTIVE


def test_a_file_that_is_no_list_fails_in_words() -> None:
    facts = brought_in(logged_in("supervisor"), b"\x00\xff" * 500)
    assert (facts.state, bool(facts.failure)) == (ListState.FAILED, True)


def test_an_import_can_be_stopped_and_leaves_nothing(home: Home) -> None:
    client = logged_in("supervisor")
    upload(client, b"ab" * 16 + b"\n")
    (facts,) = queries.lists()
    assert client.post(reverse("matching:stop", args=[facts.uuid])).status_code == 302
    line = custody.acts(kind="list.import_asked", ended="done").lines[0]
    jobs.read_list.call(act=str(line.uuid), about=line.about)
    assert queries.lists()[0].state is ListState.FAILED
    assert not folder_for(home, facts.uuid).exists()


def test_while_it_is_imported_the_page_says_how_far_it_is_and_afterwards_asks_to_be_loaded_again() -> None:
    client = logged_in("supervisor")
    upload(client, b"ab" * 16 + b"\n")
    address = reverse("matching:progress", args=[queries.lists()[0].uuid])
    waiting = client.get(address)
    assert "hx-get" in waiting.content.decode() and "HX-Refresh" not in waiting
    read()
    assert client.get(address)["HX-Refresh"] == "true"


def test_the_next_version_takes_the_place_of_the_one_it_follows() -> None:
    client = logged_in("supervisor")
    first = from_rows()
    form = client.get(f"{reverse('matching:import')}?base={first.uuid}").content.decode()
    assert f'<option value="{first.uuid}" selected' in form
    second = brought_in(client, b"cd" * 16 + b"\n", version="2", base=str(first.uuid), holds="changes")
    assert (second.version, second.state, second.rows, second.added) == ("2", ListState.ACTIVE, 2, 1)
    assert queries.hash_list(first.uuid).state is ListState.WITHDRAWN
    shown = client.get(reverse("matching:list", args=[first.uuid])).content.decode()
    assert "Version 2" in shown and "Replaced" in shown
    assert "Follows on" in client.get(reverse("matching:list", args=[second.uuid])).content.decode()


def test_an_upload_that_is_refused_leaves_nothing_on_the_disk(home: Home) -> None:
    client = logged_in("supervisor")
    from_rows()
    assert "has been imported before" in upload(client, b"ab" * 16 + b"\n")
    assert list((shelf_of(home) / ".incoming").iterdir()) == []


def test_a_form_without_its_token_is_refused_and_its_file_kept_nowhere(home: Home) -> None:
    officer = logged_in("supervisor")
    client = Client(enforce_csrf_checks=True)
    client.cookies = officer.cookies
    file = SimpleUploadedFile("list.csv", b"ab" * 16, "text/csv")
    assert client.post(reverse("matching:import"), {**SAID, "file": file}).status_code == 403
    assert queries.lists() == ()
    assert not any((shelf_of(home) / ".incoming").glob("*"))


def test_an_analyst_reads_lists_and_imports_none() -> None:
    client = logged_in("analyst")
    assert client.get(reverse("matching:import")).status_code == 403
    assert "Import a list" not in client.get(reverse("matching:lists")).content.decode()


def test_withdrawing_needs_a_reason() -> None:
    client = logged_in("supervisor")
    facts = from_rows()
    address = reverse("matching:withdraw", args=[facts.uuid])
    assert client.post(address, {"reason": ""}).status_code == 403
    assert client.post(address, {"reason": "withdrawn by its publisher"}).status_code == 302
    assert "withdrawn by its publisher" in client.get(reverse("matching:list", args=[facts.uuid])).content.decode()
