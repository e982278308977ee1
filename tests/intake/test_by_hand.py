"""A report that somebody told a clerk: by phone, by letter, in person."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from intake_house import new_house, officer, on_the_queue, picture, work

from amparo.access.acts import Actor
from amparo.foundation.clock import now
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake import desk, identities, queries
from amparo.intake.desk import Told
from amparo.intake.statements import Attached, Reporter
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.keys import ProcessKeys

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return new_house(tmp_path, monkeypatch)


def told(**changed: object) -> Told:
    said = {
        "channel": "phone",
        "received_at": now() - timedelta(minutes=3),
        "subject": "",
        "text": "A caller saw a broadcast announced for tonight.\nThey gave the room's name.",
        "language": "en",
        "fields": {
            "danger_now": "yes",
            "live": "planned",
            "identifiers": desk.identifiers_of([("room", "room-77", "a live app")]),
        },
        "reporter": Reporter("Persona de Prueba", "+34 600 000 009"),
    }
    return Told(**(said | changed))  # type: ignore[arg-type]


def test_what_was_told_by_phone_stands_on_the_queue_and_its_danger_lifts_it(home: Home) -> None:
    clerk, _ = officer(home, "analyst")
    taken = desk.take_by_hand(clerk, told())
    work(home)
    report = queries.report(taken.report)
    assert (report.channel, report.subject) == ("phone", "A caller saw a broadcast announced for tonight.")
    assert on_the_queue(report)
    assert report.ranking is not None
    assert report.ranking.axes["danger"].level == "high"


def test_the_same_form_sent_twice_is_one_report(home: Home) -> None:
    clerk, _ = officer(home, "analyst")
    form = new_id()
    first, second = desk.take_by_hand(clerk, told(), form=form), desk.take_by_hand(clerk, told(), form=form)
    assert (first.report, first.repeated, second.repeated) == (second.report, False, True)


def test_who_called_stands_neither_in_the_report_nor_in_its_original_and_opens_by_two_people(home: Home) -> None:
    clerk, _ = officer(home, "analyst")
    asker, unlock = officer(home, "supervisor")
    second, _ = officer(home, "supervisor")
    taken = desk.take_by_hand(clerk, told())
    facts = queries.arrival(taken.arrival)
    assert facts.content is not None
    with vault.open_item(
        Actor.of_process("worker"), facts.content, f"arrival:{facts.uuid}", ProcessKeys(home, "worker")
    ) as file:
        original = file.read()
    assert json.loads(original)["text"].startswith("A caller saw")
    assert b"Prueba" not in original
    assert "Prueba" not in queries.report(taken.report).text
    asked = identities.ask_for_identity(asker, taken.report, "witness")
    identities.agree_to_identity(second, asked.request)
    letter = identities.open_identity(asker, asked.request, unlock).letter
    assert letter.header_block.decode() == "Name: Persona de Prueba\r\nContact: +34 600 000 009\r\n"


def test_files_that_were_handed_in_are_sealed_and_examined_as_items_of_the_report(home: Home) -> None:
    clerk, _ = officer(home, "analyst")
    file = Attached("scan.jpg", "image/jpeg", io.BytesIO(picture(3)))
    taken = desk.take_by_hand(clerk, told(channel="letter"), [file])
    work(home)
    assert [each.name for each in vault_queries.items_of_origin(taken.report)] == ["scan.jpg"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"text": "  \n"}, "Write down what was said"),
        ({"received_at": now() + timedelta(days=1)}, "in the future"),
        ({"channel": "pigeon"}, "Choose how the report came"),
    ],
)
def test_what_cannot_be_a_report_is_refused_with_what_to_do(
    home: Home, changed: dict[str, object], sentence: str
) -> None:
    clerk, _ = officer(home, "analyst")
    with pytest.raises(Refused, match=sentence):
        desk.take_by_hand(clerk, told(**changed))


def test_nobody_without_the_power_takes_a_report(home: Home) -> None:
    auditor, _ = officer(home, "auditor")
    with pytest.raises(Refused, match="don't hold the power"):
        desk.take_by_hand(auditor, told())


def test_a_heading_is_cut_at_a_word_and_never_empty() -> None:
    assert desk.first_words("\n\n  one line \nanother") == "one line"
    long = desk.first_words("word " * 40)
    assert len(long) <= 82
    assert long.endswith("word …")
