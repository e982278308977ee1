"""Banks that are read in from an HMA: whole or not at all, by the courier, and then like any other list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.foundation.errors import Missing, Refused, Unreachable
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.jobs.models import Job
from amparo.matching import jobs as list_jobs, queries as lists
from amparo.matching.hma import actions, courier, jobs, queries
from amparo.matching.rules import ListState
from amparo.vault import keys as vault_keys
from tests.matching.hma_played import Played, played

pytestmark = pytest.mark.django_db(transaction=True)
CLI = Actor.of_process("cli")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(courier, "END_MISSES", 20)
    monkeypatch.setattr(courier, "HOLE_MISSES", 60)
    monkeypatch.setattr(courier, "STEP_CONTENTS", 10)
    home = Home.from_env()
    vault_keys.make_keys(home)
    return home


@pytest.fixture
def hma() -> Iterator[Played]:
    with played() as server:
        for number in range(1, 40):
            signals = {"pdq": f"{number:064x}"} | ({"video_md5": f"{number:032x}"} if number % 3 == 0 else {})
            server.contents[number] = ("BANK_A" if number % 2 else "BANK_B", signals)
        yield server


def added(hma: Played, token: str = "") -> UUID:
    return actions.add_server(CLI, name="Partner", address=hma.address, token=token).server


def step(server: UUID) -> bool:
    """One job of the courier; whether another waits after it."""
    Job.objects.filter(task="amparo.matching.hma.jobs.read_next").delete()
    jobs.read_next.call(server=str(server))
    return Job.objects.filter(task="amparo.matching.hma.jobs.read_next").exists()


def read(server: UUID) -> None:
    """What the courier, the worker and the worker for lists do, one after the other."""
    actions.ask_reading(CLI, server)
    while step(server):
        pass
    if custody.acts(kind="lists.server_read", about=server).total:
        jobs.bring_in.call(act=str(new_id()), about={"server": str(server)})
        asked = custody.acts(kind="list.import_asked").lines[0]
        list_jobs.read_list.call(act=str(new_id()), about=asked.about)


def test_every_content_of_every_bank_becomes_a_row_of_one_list(home: Home, hma: Played) -> None:
    for gone in (1, 5, 6, 7, 30):
        del hma.contents[gone]
    server = added(hma)
    read(server)
    (facts,) = lists.lists()
    assert (facts.name, facts.state, facts.rows) == ("Partner", ListState.ACTIVE, 34)
    assert {kind: facts.counts[kind] for kind in ("pdq", "md5")} == {"pdq": 34, "md5": 11}
    assert {(scheme, code) for scheme, code, _ in facts.categories} == {("HMA", "BANK_A"), ("HMA", "BANK_B")}
    assert facts.source == f"HMA at {hma.address}"
    (seen,) = queries.servers()
    assert (seen.reading, seen.found, seen.said, seen.failure) == (False, 34, 45, "")
    assert not (actions.folder_of(home, server) / "contents").exists()


def test_reading_again_brings_the_next_version_in_the_place_of_the_last(
    home: Home, hma: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = added(hma)
    read(server)
    hma.contents[50] = ("BANK_A", {"pdq": "f" * 64})
    del hma.contents[2]
    first = lists.lists()[0].version
    monkeypatch.setattr(jobs, "version_now", lambda: f"{first} later")
    read(server)
    states = {each.version: (each.state, each.rows) for each in lists.lists()}
    assert states == {first: (ListState.WITHDRAWN, 39), f"{first} later": (ListState.ACTIVE, 39)}


def test_a_courier_that_was_killed_goes_on_where_the_last_step_ended(
    home: Home, hma: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = added(hma)
    actions.ask_reading(CLI, server)
    monkeypatch.setattr(jobs, "STEP_SECONDS", 0.0)
    steps = 0
    while step(server):
        steps += 1
        with (actions.folder_of(home, server) / "contents").open("ab") as file:
            file.write(b'{"id": 1, "signals": {"pdq": "half a con')  # what a killed step left behind
    assert steps > 3
    asked = [path for path in hma.asked if path.startswith("/api/c/bank/BANK_A/content/")]
    assert len(asked) == len(set(asked))
    jobs.bring_in.call(act=str(new_id()), about={"server": str(server)})
    list_jobs.read_list.call(act=str(new_id()), about=custody.acts(kind="list.import_asked").lines[0].about)
    assert [(each.rows, each.problem_count) for each in lists.lists()] == [(39, 0)]


def test_a_server_that_has_more_than_was_read_gives_no_list(home: Home, hma: Played) -> None:
    hma.says_more = 3
    server = added(hma)
    read(server)
    assert lists.lists() == ()
    (seen,) = queries.servers()
    assert seen.failure == "This HMA says it holds 42 of pdq, but only 39 could be read. Nothing was imported."
    assert custody.acts(kind="lists.reading_failed", about=server).total == 1


def test_a_hole_in_the_numbers_is_no_end(home: Home, hma: Played) -> None:
    hma.contents = {number: hma.contents[number] for number in (1, 2, 3)} | {58: ("BANK_B", {"pdq": "e" * 64})}
    read(added(hma))
    assert [each.rows for each in lists.lists()] == [4]


ANSWERS = {
    "no token": (lambda hma: setattr(hma, "token", "secret"), "does not let us in"),
    "another program": (lambda hma: setattr(hma, "body", b"<html>hello</html>"), "no banks"),
    "a redirect": (lambda hma: setattr(hma, "status", 302), "does not answer as HMA does (302)"),
    "too much": (lambda hma: setattr(hma, "body", b" " * (courier.ANSWER_BYTES + 1)), "more than any content"),
    "nothing there": (lambda hma: setattr(hma, "status", 404), "(404)"),
}


def test_a_server_that_is_none_is_told_and_not_asked_again(home: Home, hma: Played) -> None:
    server = added(hma)
    for change, words in ANSWERS.values():
        change(hma)
        read(server)
        assert words in queries.servers()[0].failure
        assert lists.lists() == ()
        hma.token, hma.status, hma.body = "", 0, b""
    read(server)
    assert [each.rows for each in lists.lists()] == [39]


def test_a_server_that_cannot_answer_now_is_asked_again(home: Home, hma: Played) -> None:
    server = added(hma)
    actions.ask_reading(CLI, server)
    hma.status = 503
    with pytest.raises(Unreachable):
        jobs.read_next.call(server=str(server))
    assert queries.servers()[0].reading
    hma.status, hma.drops = 0, 1  # and a connection that was closed meanwhile is opened again
    while step(server):
        pass
    assert queries.servers()[0].found == 39


def test_the_token_goes_to_the_server_and_lies_in_no_table(home: Home, hma: Played) -> None:
    hma.token = "a-secret-token"
    server = added(hma, token="a-secret-token")
    file = actions.token_file(home, server)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("a-secret-token", 0o600)
    read(server)
    assert [each.rows for each in lists.lists()] == [39]
    actions.remove_server(CLI, server)
    assert not file.exists()
    with pytest.raises(Missing):
        actions.remove_server(CLI, server)


def test_a_server_is_read_once_at_a_time_and_not_after_it_is_forgotten(home: Home, hma: Played) -> None:
    server = added(hma)
    actions.ask_reading(CLI, server)
    with pytest.raises(Refused, match="being read already"):
        actions.ask_reading(CLI, server)
    actions.remove_server(CLI, server)
    assert step(server) is False
    assert hma.asked == []
    with pytest.raises(Missing):
        actions.ask_reading(CLI, server)


HTTPS = "https://hma.example.org"


@pytest.mark.parametrize(
    ("name", "address", "token"),
    [
        (" ", HTTPS, ""),
        ("x" * 81, HTTPS, ""),
        ("a", "http://hma.example.org", ""),
        ("a", HTTPS, "line\nbreak"),
        ("a", HTTPS, "ü"),
    ],
)
def test_a_server_that_may_not_be_asked_is_refused(home: Home, name: str, address: str, token: str) -> None:
    with pytest.raises(Refused):
        actions.add_server(CLI, name=name, address=address, token=token)
    assert queries.servers() == ()
