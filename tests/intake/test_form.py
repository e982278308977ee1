"""The public form from the page to the queue, and the talk by the code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.foundation.clock import now
from amparo.foundation.errors import Broken, Refused
from amparo.foundation.home import Home
from amparo.intake import actions, form_collector, mailbox_queries, queries, relay, relay_queries, spool
from amparo.intake.form import codes, fields, letters, mailboxes
from amparo.intake.form.codes import Mailbox
from amparo.intake.form.letters import FormFile, FormSpool, Submission
from amparo.intake.models import Arrival, Report
from amparo.intake.queries import ReportFacts
from amparo.vault import actions as vault, keys, queries as vault_queries
from amparo.vault.keys import CONTENT, IDENTITY, ProcessKeys
from tests.intake.intake_house import new_house, officer, on_the_queue, picture, work

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
WORDS = "They broadcast in a room at 21:00."


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return new_house(tmp_path, monkeypatch)


def mailbox(home: Home, nonce: str) -> Mailbox:
    key = keys.code_key(home)
    return codes.mailbox_of(codes.draw(key, nonce), key)


def sent(
    home: Home, nonce: str = "0" * 32, route: str = fields.REPORT, files: tuple[FormFile, ...] = (), **said: str
) -> UUID:
    """The arrival's id: as the form's process leaves what was sent."""
    typed = fields.typed(route, {"text": WORDS, **said})
    box = mailbox(home, nonce)
    whole = replace(fields.submission(route, "en", nonce, typed, files), mailbox=box.uuid, public=box.public)
    return FormSpool(home).put(whole, now())


def the_report(home: Home) -> ReportFacts:
    work(home)
    return queries.report(Report.objects.get().uuid)


def test_what_was_typed_stands_on_the_queue_in_the_fields_that_triage_reads(home: Home) -> None:
    sent(home, danger="yes", platform="Rooms", handle="@one\n@two", address="https://rooms.example.org/7", room="Room 7",
         phone="+34 600 000 001", payment="TX-12", when="last night about ten", zone="Europe/Madrid", live="now",
         more="Nothing else.")  # fmt: skip
    report = the_report(home)
    assert report.channel == "form"
    assert report.text == f"{WORDS}\n\nNothing else."
    assert report.subject == WORDS
    stated = report.fields
    assert (stated["danger_now"], stated["live"]) == ("yes", "now")
    assert [(each["kind"], each["value"]) for each in stated["identifiers"]] == [
        ("address", "https://rooms.example.org/7"), ("handle", "@one"), ("handle", "@two"), ("room", "Room 7"),
        ("phone", "+34 600 000 001"), ("payment", "TX-12"),
    ]  # fmt: skip
    assert stated["times"] == [{"name": "happened", "raw": "last night about ten", "zone": "Europe/Madrid"}]
    assert report.ranking is not None
    assert report.ranking.floor
    assert on_the_queue(report)
    assert not list(home.spool.glob("*.form"))


def test_the_original_is_sealed_byte_for_byte_and_holds_no_name(home: Home) -> None:
    arrival = sent(home, name="Persona de Prueba", contact="reporter@example.org")
    document = letters.read(letters.waiting(home)[0], ProcessKeys(home, "worker")).document
    the_report(home)
    content = Arrival.objects.get(uuid=arrival).content
    assert content
    with vault.open_item(WORKER, content, "test", ProcessKeys(home, "worker")) as opened:
        assert opened.read() == document
    assert b"Prueba" not in document
    assert b"reporter@example.org" not in document
    assert json.loads(document)["text"] == WORDS
    identity = Arrival.objects.get(uuid=arrival).identity
    private = ProcessKeys(home, "recovery").private_key(keys.public_key(home, "house", IDENTITY).compartment)
    opened_letter = spool.open_identity(bytes(identity.letter), private, arrival)
    assert opened_letter.header_block == b"Name: Persona de Prueba\r\nContact: reporter@example.org\r\n"
    with pytest.raises(Refused):
        ProcessKeys(home, "worker").private_key(keys.public_key(home, "house", IDENTITY).compartment)


def test_nothing_that_was_sent_lies_in_the_spool_in_the_clear(home: Home) -> None:
    sent(home, name="Persona de Prueba", files=(FormFile("a.jpg", "image/jpeg", picture()),))
    stored = b"".join(path.read_bytes() for path in home.spool.glob("*.form"))
    for plain in (WORDS.encode(), b"Prueba", picture()[:64], b"a.jpg"):
        assert plain not in stored


def test_the_forms_own_keys_open_nothing_that_it_sealed(home: Home) -> None:
    sent(home)
    for name in (CONTENT, IDENTITY):
        with pytest.raises(Refused):
            ProcessKeys(home, "form").private_key(keys.public_key(home, "form", name).compartment)


def test_the_same_form_sent_again_is_one_report_whenever_it_comes(home: Home) -> None:
    first = sent(home)
    assert sent(home) == first
    assert len(letters.waiting(home)) == 1
    work(home)
    assert sent(home) == first
    work(home)
    assert (Report.objects.count(), Arrival.objects.count()) == (1, 1)
    assert not list(home.spool.glob("*.form"))


def test_two_people_who_write_the_same_are_two_reports(home: Home) -> None:
    sent(home, "1" * 32)
    sent(home, "2" * 32)
    work(home)
    assert Report.objects.count() == 2


def test_a_form_that_was_changed_and_sent_again_joins_its_report_and_lifts_it(home: Home) -> None:
    sent(home)
    before = the_report(home)
    assert before.ranking is not None
    assert not before.ranking.floor
    sent(home, text="A child is there now.", danger="yes", handle="@three")
    after = the_report(home)
    assert after.uuid == before.uuid
    assert [each.text for each in relay_queries.talk(after.uuid)] == ["A child is there now."]
    assert after.fields["danger_now"] == "yes"
    assert after.ranking is not None
    assert after.ranking.floor


def test_files_are_items_of_the_report_also_those_that_come_later(home: Home) -> None:
    sent(home, files=(FormFile("a.jpg", "image/jpeg", picture(1)),))
    report = the_report(home)
    sent(home, text="One more.", files=(FormFile("b.jpg", "image/jpeg", picture(2)),))
    work(home)
    assert len(vault_queries.items_of_origin(report.uuid)) == 2


def test_an_answer_lies_sealed_in_the_mailbox_and_the_code_alone_opens_it(home: Home) -> None:
    sent(home)
    report = the_report(home)
    by, _ = officer(home, "supervisor", "analyst")
    relay.answer(by, report.uuid, "Which app was it?", "en")
    work(home)
    (answer,) = mailboxes.read(home, mailbox(home, "0" * 32))
    assert (answer.text, answer.language) == ("Which app was it?", "en")
    (letter,) = home.talk.glob("*/*.letter")
    assert b"Which app" not in letter.read_bytes()
    other = Mailbox(mailbox(home, "0" * 32).uuid, mailbox(home, "1" * 32).private)
    assert mailboxes.read(home, other) == ()
    assert mailboxes.read(home, mailbox(home, "1" * 32)) == ()
    assert relay_queries.talk(report.uuid)[0].state == "sent"


def test_what_is_written_back_joins_the_report_opens_it_again_and_ranks_it(home: Home) -> None:
    sent(home)
    report = the_report(home)
    by, _ = officer(home, "supervisor", "analyst")
    actions.close_report(by, report.uuid, "nothing_to_follow")
    typed = fields.typed(fields.BACK, {"text": "It was Rooms.", "danger": "yes"})
    box = mailbox(home, "0" * 32)
    back = replace(fields.submission(fields.BACK, "en", "a" * 32, typed), mailbox=box.uuid, public=box.public)
    arrival = FormSpool(home).put(back, now())
    again = the_report(home)
    assert again.state == "new"
    (said,) = relay_queries.talk(report.uuid)
    assert (said.text, said.joined_by, said.arrival) == ("It was Rooms.", "mailbox", arrival)
    assert Arrival.objects.count() == 2
    assert again.ranking is not None
    assert again.ranking.floor
    assert "follow_up" in [each.kind for each in again.work_items]


def test_a_code_that_nobody_has_makes_a_report_of_its_own_of_what_is_written_under_it(home: Home) -> None:
    box = mailbox(home, "f" * 32)
    back = Submission("b" * 32, "en", "Hello?", mailbox=box.uuid, public=box.public)
    FormSpool(home).put(back, now())
    assert the_report(home).text == "Hello?"
    assert mailbox_queries.report_of(box.uuid)


def test_a_changed_file_of_the_spool_is_set_aside_and_stands_on_the_queue(home: Home) -> None:
    sent(home)
    (path,) = home.spool.glob("*.form")
    stored = bytearray(path.read_bytes())
    stored[-1] ^= 1
    path.write_bytes(stored)
    report = the_report(home)
    assert [each.kind for each in report.work_items] == ["changed_on_disk"]
    assert (home.spool / "aside" / path.name).exists()


@pytest.mark.parametrize("place", ["frame", "identity", "content"])
def test_every_changed_byte_is_broken(home: Home, place: str) -> None:
    sent(home, name="A")
    (arrival,) = letters.waiting(home)
    stored = bytearray(arrival.path.read_bytes())
    at = {"frame": 30, "identity": 200, "content": len(stored) - 40}[place]
    stored[at] ^= 1
    arrival.path.write_bytes(stored)
    with pytest.raises(Broken):
        letters.read(arrival, ProcessKeys(home, "worker"))


def test_control_and_bidi_characters_are_in_the_original_and_not_in_the_report(home: Home) -> None:
    sent(home, text="a\x00b\u202ec\u2066d\r\ne", handle="\u202egpj.x")
    report = the_report(home)
    assert report.text == "abcd\ne"
    assert report.fields["identifiers"][0]["value"] == "gpj.x"


def test_a_worker_that_ends_at_any_step_loses_and_doubles_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(home, files=(FormFile("a.jpg", "image/jpeg", picture()),))

    class Ended(BaseException):
        pass

    def ends(*given: object, **named: object) -> None:
        raise Ended

    steps: tuple[tuple[object, str], ...] = (
        (form_collector.statements, "enter"), (form_collector, "ReporterMailbox"), (form_collector.spool, "remove")
    )  # fmt: skip
    for place, name in steps:
        kept: Callable[..., object] = getattr(place, name)
        monkeypatch.setattr(
            place,
            name,
            ends
            if name != "ReporterMailbox"
            else type("M", (), {"objects": type("O", (), {"create": staticmethod(ends)})}),
        )
        with pytest.raises(Ended):
            form_collector.collect(home, ProcessKeys(home, "worker"), 20)
        monkeypatch.setattr(place, name, kept)
    report = the_report(home)
    assert Report.objects.count() == 1
    assert mailbox_queries.mailbox_of(report.uuid)
    assert report.attachments == 1
