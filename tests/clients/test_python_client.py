"""The Python client, against a live door."""

from __future__ import annotations

import hashlib
import io
import random
import socket
import sys
import threading
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from amparo.foundation.home import Home
from amparo.intake.api import keys, submission, uploads
from amparo.intake.models import ApiUpload, Report
from amparo.vault import queries as vault
from tests.intake.intake_house import work
from tests.intake.platforms import CLI, WHOLE, answering, door_of

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients" / "python"))
amparo_client = pytest.importorskip("amparo_client")
from amparo_client import (  # noqa: E402
    Client,
    Problem,
    Unreachable,
    client as inner,
    report as wire,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with door_of(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def address(home: Home) -> Iterator[str]:
    with answering() as at:
        yield at


@pytest.fixture
def door(address: str) -> Client:
    return Client(address, keys.make_key(CLI, "Example Live").secret, sleep=lambda _: None)


def test_a_report_is_sent_completed_asked_about_and_taken_back(home: Home, door: Client) -> None:
    assert door.whoami().platform == "Example Live"
    thin = door.send({"text": "An account offers items.", "unheard_of": 1})
    assert thin.score < 30 and {each.field for each in thin.blocking} >= {"account", "ip_event"}
    whole = door.supplement(thin.id, WHOLE)
    assert whole.score == 100 and whole.missing == ()
    assert door.status(thin.id).state == "received" and not door.feedback(thin.id).decided
    door.retract(thin.id, "mistaken")
    assert door.status(thin.id).state == "retracted"


def test_a_refusal_names_every_fault_with_its_place(door: Client) -> None:
    with pytest.raises(Problem) as caught:
        door.send({"incident": {"danger_now": "perhaps"}, "files": [{"size_bytes": -1}]})
    assert caught.value.status == 422
    assert {pointer for pointer, _ in caught.value.errors} >= {"/incident/danger_now", "/files/0/size_bytes"}
    with pytest.raises(Problem) as nobody:
        Client(door.address, "no key").whoami()
    assert nobody.value.status == 401


def test_a_file_is_sent_in_parts_and_becomes_an_item(
    home: Home, door: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner, "PART_BYTES", 70_000)
    path = tmp_path / "item.bin"
    path.write_bytes(random.Random(5).randbytes(300_000))
    report = door.send(WHOLE).id
    sent = door.upload(path, report=report)
    assert sent.offset == 300_000 and sent.state == "checking"
    work(home)
    assert door.file(sent.id).state == "in_report"
    (item,) = vault.items_of_origin(report)
    assert item.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    # The same file again is the same upload: a client that crashed goes on where it stood.
    assert door.upload(path, report=report).id == sent.id


def test_a_file_of_which_a_part_failed_is_gone_on_with(
    home: Home, door: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner, "PART_BYTES", 50_000)
    keep, parts = Client._once, []

    def failing(self: Client, method: str, path: str, body: bytes, headers: Any) -> Any:
        parts.append(method) if method == "PATCH" else None
        if method == "PATCH" and len(parts) % 3 == 1:
            raise ConnectionResetError  # nothing of it came
        answer = keep(self, method, path, body, headers)
        if method == "PATCH" and len(parts) % 3 == 2:
            raise ConnectionResetError  # it came, and nothing was told
        return answer

    monkeypatch.setattr(Client, "_once", failing)
    data = random.Random(6).randbytes(220_000)
    sent = door.upload(io.BytesIO(data), name="a")
    work(home)
    assert door.file(sent.id).state == "whole" and ApiUpload.objects.count() == 1


def test_a_file_of_which_no_part_is_taken_is_told_after_some_tries(
    door: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Client._once

    def failing(self: Client, method: str, *given: Any) -> Any:
        if method == "PATCH":
            raise ConnectionResetError
        return keep(self, method, *given)

    monkeypatch.setattr(Client, "_once", failing)
    with pytest.raises(Unreachable):
        door.upload(io.BytesIO(b"abc"))


def test_a_file_that_was_given_up_is_begun_anew(home: Home, door: Client) -> None:
    first = door.upload(io.BytesIO(b"abc"))
    uploads.forget_parts(home, first.id)
    work(home)
    assert door.file(first.id).state == "differs"
    second = door.upload(io.BytesIO(b"abc"))
    work(home)
    assert second.id != first.id and door.file(second.id).state == "whole"
    door.give_up(second.id)
    assert door.file(second.id).state == "expired"


def test_what_is_sent_again_after_a_lost_answer_is_one_report(door: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, left = Client._once, [2]

    def lost(self: Client, *given: Any) -> Any:
        answer = keep(self, *given)
        if left[0]:
            left[0] -= 1
            raise ConnectionResetError  # the door did it, and its answer never came
        return answer

    monkeypatch.setattr(Client, "_once", lost)
    told = door.send({"text": "once"})
    assert Report.objects.count() == 1 and Report.objects.get().uuid == told.id


def test_haste_waits_as_long_as_the_door_says(door: Client, address: str) -> None:
    waited: list[float] = []
    slow = Client(address, keys.make_key(CLI, "Slow", reports_a_second=1).secret, sleep=waited.append, tries=2)
    for number in range(2):
        slow.send({"text": str(number)})
    with pytest.raises(Problem) as caught:
        slow.send({"text": "one too many"})
    assert caught.value.status == 429 and waited and waited[-1] >= 1


def test_a_door_that_never_answers_or_answers_nonsense_is_told(door: Client) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with pytest.raises(Unreachable):
            Client(f"http://127.0.0.1:{port}", "k", sleep=lambda _: None, tries=3).whoami()
    with socket.create_server(("127.0.0.1", 0)) as cut:

        def hang_up() -> None:
            for _ in range(2):
                cut.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        at = f"http://127.0.0.1:{cut.getsockname()[1]}"
        with pytest.raises(Unreachable):
            Client(at, "k", sleep=lambda _: None, tries=2).whoami()
    with pytest.raises(ValueError, match="https"):
        Client("http://reports.example.org", "k")
    assert "k-secret" not in repr(Client("https://reports.example.org", "k-secret"))


@pytest.mark.parametrize("name", [name for name, each in vars(wire).items() if typing.is_typeddict(each)])
def test_the_client_s_types_are_the_door_s_fields(name: str) -> None:
    model = getattr(submission, "Submission" if name == "Report" else name)
    assert list(getattr(wire, name).__annotations__) == list(model.model_fields)
    assert not getattr(wire, name).__required_keys__


def test_the_client_names_every_block_of_a_report() -> None:
    blocks = {each.__name__ for each in submission.Block.__subclasses__()} - {"Submission"}
    assert blocks <= set(vars(wire)) and UUID
