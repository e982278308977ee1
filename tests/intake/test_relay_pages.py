"""The talk on a report's page: read, answered and set apart there, without an address of anybody."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import intake_house as house
import pytest
from test_queue_pages import browser, page

from amparo.access import doors
from amparo.foundation.home import Home
from amparo.intake import queries, relay_queries
from amparo.intake.relay_letters import languages, words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(doors, "is_mfa_enabled", lambda _: True)
    monkeypatch.setenv("AMPARO_SMARTHOST", "127.0.0.1:9")
    return house.new_house(tmp_path, monkeypatch)


def follow_up(home: Home, text: str, **headers: str) -> None:
    raw = house.mail(text).replace(b"Subject: Aviso", b"Subject: otra cosa\nIn-Reply-To: <1@mail.example.org>")
    for name, value in headers.items():
        raw = f"{name.replace('_', '-')}: {value}\n".encode() + raw
    house.put(home, raw)
    house.work(home)


@pytest.fixture
def report(home: Home) -> queries.ReportFacts:
    raw = house.mail("Les escribo por un grupo que está en la red.")
    return house.arrived(home, b"Message-ID: <1@mail.example.org>\n" + raw)


def address(report: UUID) -> str:
    return f"/reports/{report}/"


def test_an_officer_begins_from_a_text_in_the_reporters_language_and_sends_it(
    home: Home, report: queries.ReportFacts
) -> None:
    client = browser(home, "analyst")
    shown = page(client, address(report.uuid), draft="ask_when")
    assert "¿Cuándo lo vio?" in shown
    assert 'lang="es"' in shown
    assert "reporter@example.org" not in shown
    answer = client.post(f"{address(report.uuid)}answer/", {"words": "¿Cuándo <b>fue</b>?", "language": "es"})
    assert answer.status_code == 302
    (said,) = relay_queries.talk(report.uuid)
    assert (said.text, said.state, said.language) == ("¿Cuándo <b>fue</b>?", "waiting", "es")
    shown = page(client, address(report.uuid))
    assert "¿Cuándo &lt;b&gt;fue&lt;/b&gt;?" in shown
    assert "Waits to be sent" in shown


def test_the_talk_shows_who_wrote_folds_what_machines_wrote_and_hides_every_address(
    home: Home, report: queries.ReportFacts
) -> None:
    follow_up(home, "Fue ayer <script>alert(1)</script>")
    shown = page(browser(home, "analyst"), address(report.uuid))
    assert "Fue ayer &lt;script&gt;" in shown
    assert "by the mail that it answers" in shown
    assert "The reporter wrote again" in shown
    assert "example.org" not in re.sub(r"<(?:title|a)[^>]*>", "", shown)


def test_an_empty_answer_is_refused_with_a_sentence(home: Home, report: queries.ReportFacts) -> None:
    client = browser(home, "analyst")
    answer = client.post(f"{address(report.uuid)}answer/", {"words": " ", "language": "xx"})
    assert answer.status_code == 409 or b"Write what the reporter is to read" in answer.content
    assert relay_queries.talk(report.uuid) == ()


def test_who_may_not_answer_sees_the_talk_and_no_form(home: Home, report: queries.ReportFacts) -> None:
    follow_up(home, "Fue ayer")
    shown = page(browser(home, "liaison"), address(report.uuid))
    assert "Fue ayer" in shown
    assert "Write to the reporter" not in shown
    assert "Not part of this?" not in shown


def test_a_message_is_set_apart_from_its_page(home: Home, report: queries.ReportFacts) -> None:
    follow_up(home, "Es otro asunto")
    (said,) = relay_queries.talk(report.uuid)
    client = browser(home, "analyst")
    assert "Not part of this?" in page(client, address(report.uuid))
    assert client.post(f"/messages/{said.uuid}/apart/").status_code == 302
    house.work(home)
    assert said.arrival
    assert house.on_the_queue(queries.report(queries.arrival(said.arrival).report))


def test_a_house_without_a_mail_server_says_what_is_missing(
    home: Home, report: queries.ReportFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_up(home, "Fue ayer")
    monkeypatch.delenv("AMPARO_SMARTHOST")
    shown = page(browser(home, "analyst"), address(report.uuid))
    assert "AMPARO_SMARTHOST" in shown
    assert "Write to the reporter" not in shown


def test_a_forwarded_mails_sender_is_shown_as_a_claim(home: Home) -> None:
    said = (
        "Mire:\n\n---\nDe: Otra Cuenta <otra@example.org>\nEnviado: martes\nPara: a@example.org\nAsunto: sala\n\nhola"
    )
    report = house.arrived(home, house.mail(said))
    shown = page(browser(home, "analyst"), address(report.uuid))
    assert "It forwards a mail that claims to be from" in shown
    assert "Otra Cuenta" in shown


@pytest.mark.parametrize("code", ["ar", "ca", "de", "en", "es", "fr", "it", "pt"])
def test_every_language_has_every_text_and_none_repeats_a_report(code: str) -> None:
    assert code in languages()
    said, english = words(code), words("en")
    assert set(said.answers) == set(english.answers)
    assert "112" in said.foot
    assert all(title and len(text) > 40 for title, text in said.answers.values())
    assert all("{" not in text for text in (said.subject, said.foot, said.receipt))


def test_a_language_without_texts_gets_english_ones() -> None:
    assert words("xx").language == "en"
