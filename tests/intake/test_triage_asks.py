"""What is missing is asked for exactly, once, in the reporter's language."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from uuid import UUID

import pytest

from amparo.access.acts import Actor
from amparo.access.rules import powers_of
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.intake import actions, asks, moments, queries, senders
from amparo.intake.actions import Letter, Text
from amparo.intake.models import FieldsAsked
from amparo.intake.triage.asks import FOLDER, WHY, Event, lacks, languages, request
from amparo.intake.triage.facts import Said
from amparo.intake.triage.signals import signals_in
from amparo.intake.triage.stated import stated_of
from amparo.intake.triage.traces import traces_in

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = Actor.of_process("worker")
ALBA = Actor("officer", "alba", new_id(), powers_of(["analyst"]))
WHOLE = "On Telegram @a_name, on 3 November 2026 at 21:05."


def missing(
    text: str, said: Said | None = None, doubts: tuple[str, ...] = (), *events: Event, times: int = 0
) -> set[str]:
    return set(lacks(text, traces_in(text), signals_in(text), said or Said(), doubts, events, times).missing)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (WHOLE, set()),
        ("Somebody wrote something in a group.", {"where", "when"}),
        ("It was today, it is @a_name.", {"service"}),
        ("On Telegram @a_name.", {"when"}),
        ("Yesterday, 3.11.2026, the number 600 000 001", {"phone_country", "where"}),
        ("Today, the number +34 600 000 001", set()),
        ("It is urgent, on Telegram @a_name, 3 November 2026", {"danger_now"}),
        ("She is in danger now, on Telegram @a_name", set()),
        ("Fue el 3 de noviembre en t.me/a_name", set()),
        ("Das war am 3. März auf t.me/a_name", set()),
    ],
)
def test_exactly_what_is_missing_is_asked_for(text: str, asked: set[str]) -> None:
    assert missing(text) == asked


def test_a_report_without_port_and_zone_is_asked_for_port_and_zone_alone() -> None:
    assert missing(WHOLE, None, ("no_zone",), Event(False, True, True), times=1) == {"ip_port", "time_zone"}


@pytest.mark.parametrize(
    ("events", "doubts", "asked"),
    [
        ((Event(True, True, True),), (), set()),
        ((Event(True, True, False),), (), {"ip_second"}),
        ((Event(True, False, False),), (), {"ip_time"}),
        ((Event(True, True, True), Event(False, True, True)), (), {"ip_port"}),
        ((Event(True, True, True),), ("twelve_hour",), {"time_half"}),
        ((Event(True, True, True),), ("day_or_month", "zone_name"), {"time_day", "time_zone"}),
    ],
)
def test_an_address_is_asked_for_what_it_lacks(
    events: tuple[Event, ...], doubts: tuple[str, ...], asked: set[str]
) -> None:
    assert missing(WHOLE, None, doubts, *events, times=1) == asked


def test_what_does_not_apply_is_not_expected() -> None:
    found = lacks(WHOLE, traces_in(WHOLE), signals_in(WHOLE), Said(), (), ())
    assert set(found.expected) == {"where", "when", "service"}
    assert found.given == 3


@pytest.mark.parametrize("language", languages())
def test_every_request_has_its_words_in_every_language_and_says_what_not_to_do(language: str) -> None:
    words = tomllib.loads((FOLDER / f"{language}.toml").read_text())
    assert set(words) == {"intro", "outro", *WHY}
    text, spoken = request(WHY, language)
    assert spoken == language
    assert text.count("\n- ") == len(WHY)
    assert text.endswith(words["outro"])


def test_there_are_requests_in_eight_languages_and_others_get_english() -> None:
    assert languages() == ("ar", "ca", "de", "en", "es", "fr", "it", "pt")
    assert request(["where"], "unknown")[1] == "en"
    assert request([], "es") == ("", "es")


def report(text: str, fields: dict[str, object] | None = None, sender: str = "") -> UUID:
    letter = Letter(new_id(), "api", datetime(2026, 11, 3, tzinfo=UTC), None, 0, 0, "", b"", sender)
    taken = actions.take_in(WORKER, letter, None)
    read = Text("", text, "plain", "es", "Tue, 03 Nov 2026 21:00:00 +0100", fields or {})
    actions.record_reading(WORKER, taken.arrival, read, (), ())
    moments.note(taken.report, stated_of(fields or {}), read.sent_raw)
    return taken.report


EVENT = {"ip_events": [{"address": "192.0.2.7", "raw": "2026-11-03 21:05:09"}]}


def test_a_platforms_report_is_asked_from_its_fields() -> None:
    found = asks.of_report(queries.report(report("on Telegram @a_name", EVENT)))
    assert set(found.missing) == {"ip_port", "time_zone"}


def test_without_an_address_the_request_is_there_to_be_copied_and_is_noted_as_asked() -> None:
    uuid = report("on Telegram @a_name", EVENT)
    ready = asks.ready(queries.report(uuid))
    assert ready.language == "es"
    assert "El puerto de origen" in ready.words
    assert any("no way to answer" in each for each in ready.obstacles)
    done = asks.ask(ALBA, queries.report(uuid))
    assert (done.sent, set(done.codes)) == (False, {"ip_port", "time_zone"})
    again = asks.ready(queries.report(uuid))
    assert again.asked_at
    assert FieldsAsked.objects.count() == 1


def test_where_nothing_is_missing_nothing_is_asked() -> None:
    with pytest.raises(Refused, match="Nothing is missing"):
        asks.ask(ALBA, queries.report(report(WHOLE)))


def test_how_complete_a_senders_reports_are_is_counted_once_a_report() -> None:
    uuid = report("on Telegram @a_name", EVENT, "api:platform")
    for _ in range(2):
        asks.count(uuid, asks.of_report(queries.report(uuid)))
    (facts,) = senders.senders(datetime(2026, 11, 3, tzinfo=UTC).date())
    assert (facts.total.asked, facts.total.given) == (8, 6)
    assert facts.total.complete_percent == 75
