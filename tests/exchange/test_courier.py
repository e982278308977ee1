from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from amparo.exchange import courier, submission
from amparo.foundation.errors import Missing, Refused, Unreachable
from amparo.foundation.home import Home


@dataclass(frozen=True)
class Unit:
    country: str = "ES"
    authority: str = "Unidad Central de Ejemplo"
    language: str = "es"
    channel: str = "handover"
    mail: str = "unit@example.org"


@pytest.fixture
def home(tmp_path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "AMP-2026-0007-ES-v1.zip.gpg"
    path.write_bytes(b"sealed bytes " * 1000)
    return path


class Server:
    """A mail server of the partner's side; `answer` is what it says to the data."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.answer = "250 OK"
        self.lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope):
        with self.lock:
            if self.answer.startswith("250"):
                self.mails.append(envelope.content)
        return self.answer


@pytest.fixture
def server(monkeypatch):
    handler = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = Controller(handler, hostname="127.0.0.1", port=port)
    running.start()
    monkeypatch.setenv("AMPARO_SMARTHOST", f"127.0.0.1:{port}")
    monkeypatch.setenv("AMPARO_MAIL_FROM", "liaison@house.example.org")
    yield handler
    running.stop()


def test_hand_over_puts_the_file_and_a_note_into_the_outbox(home, sealed):
    done = courier.deliver(home, sealed, Unit(), "package/openpgp")
    placed = home.outbox / sealed.name
    assert placed.read_bytes() == sealed.read_bytes() and done.where == str(placed) and done.channel == "handover"
    note = placed.with_name(f"{sealed.name}.txt").read_text("utf-8")
    assert done.sha256 in note and "Unidad Central de Ejemplo" in note and "Spain (ES)" in note
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.outbox.rglob("*"))


def test_a_file_that_lies_in_the_outbox_already_is_handed_over_where_it_is(home, sealed):
    placed = home.outbox / sealed.name
    placed.write_bytes(sealed.read_bytes())
    assert courier.deliver(home, placed, Unit(), "package/age").where == str(placed)


def test_one_key_is_one_delivery_however_often_it_is_asked_for(home, sealed, server):
    first = courier.deliver(home, sealed, Unit(channel="mail"), "package/openpgp")
    assert courier.deliver(home, sealed, Unit(channel="mail"), "package/openpgp") == first
    assert len(server.mails) == 1


def test_the_mail_carries_the_file_and_says_nothing_of_its_content(home, sealed, server):
    done = courier.deliver(home, sealed, Unit(channel="mail"), "package/openpgp")
    mail = message_from_bytes(server.mails[0], policy=policy.default)
    assert mail["Message-ID"] == done.receipt and done.receipt.endswith("@house.example.org>")
    assert mail["To"] == "unit@example.org" and mail["From"] == "liaison@house.example.org"
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == sealed.name and attached.get_content() == sealed.read_bytes()
    text = mail.get_body().get_content()
    assert done.sha256 in text and "paquete cifrado" in text and "Ejemplo" not in text


def test_a_courier_killed_after_sending_sends_again_under_the_same_message_id(home, sealed, server):
    first = courier.deliver(home, sealed, Unit(channel="mail"), "package/openpgp")
    for noted in (home.outbox / ".delivered").iterdir():
        noted.unlink()
    assert courier.deliver(home, sealed, Unit(channel="mail"), "package/openpgp").receipt == first.receipt
    assert len(server.mails) == 2


def test_a_server_that_puts_off_is_tried_again_and_one_that_refuses_is_not(home, sealed, server):
    server.answer = "451 later"
    with pytest.raises(Unreachable, match="451"):
        courier.deliver(home, sealed, Unit(channel="mail"), "k")
    server.answer = "554 no"
    with pytest.raises(Refused, match="554"):
        courier.deliver(home, sealed, Unit(channel="mail"), "k")
    server.answer = "250 OK"
    assert courier.deliver(home, sealed, Unit(channel="mail"), "k").channel == "mail"


def test_without_a_mail_server_the_refusal_says_what_to_do(home, sealed, monkeypatch):
    monkeypatch.delenv("AMPARO_SMARTHOST", raising=False)
    with pytest.raises(Refused, match="handed over by an officer"):
        courier.deliver(home, sealed, Unit(channel="mail"), "k")


def test_a_server_that_is_not_there_can_be_tried_again(home, sealed, monkeypatch):
    monkeypatch.setenv("AMPARO_SMARTHOST", "127.0.0.1:1")
    with pytest.raises(Unreachable):
        courier.deliver(home, sealed, Unit(channel="mail"), "k")


def test_a_package_goes_to_no_server_elsewhere_without_encryption(home, sealed, server, monkeypatch):
    monkeypatch.setattr(submission, "_on_this_machine", lambda _: False)
    with pytest.raises(Refused, match="offers no encryption"):
        courier.deliver(home, sealed, Unit(channel="mail"), "k")
    assert server.mails == []


def test_another_file_of_the_same_name_is_not_overwritten(home, sealed):
    (home.outbox / sealed.name).write_bytes(b"another")
    with pytest.raises(Refused, match="needs a new name"):
        courier.deliver(home, sealed, Unit(), "k")


def test_a_file_that_is_gone_is_missing(home, tmp_path):
    with pytest.raises(Missing, match="seal the package again"):
        courier.deliver(home, tmp_path / "gone.zip.gpg", Unit(), "k")


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_the_mail_is_written_in_the_partners_language(home, sealed, server, language):
    courier.deliver(home, sealed, Unit(channel="mail", language=language), language)
    subject = str(message_from_bytes(server.mails[0], policy=policy.default)["Subject"])
    assert subject.split(maxsplit=1)[0] == {"en": "Sealed", "es": "Paquete", "fr": "Dossier"}[language]
