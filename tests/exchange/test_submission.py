"""A mail leaves by the house's own server: encrypted where it goes elsewhere, logged in where that is wanted, once."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

from amparo.exchange import submission
from amparo.foundation.errors import Refused, Unreachable
from maintenance.houses import free_port
from tests.exchange import certificates


class Server:
    def __init__(self) -> None:
        self.taken: list[tuple[str | None, list[str], bool, str]] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            secret = session.ssl is not None
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, secret, str(session.host_name)))
        return self.answer


def letter() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "line@report.example.org", "someone@example.org", "item"
    made.set_content("see you at 21:00")
    return made


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    certificate, context = certificates.make(tmp_path)
    handler, port = Server(), free_port()

    def knows(server: object, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        right = getattr(given, "login", b"") == b"amparo" and getattr(given, "password", b"") == b"a password"
        return AuthResult(success=right, handled=False)

    running = Controller(
        handler,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=knows,
    )
    running.start()
    monkeypatch.setenv("AMPARO_SMARTHOST", f"127.0.0.1:{port}")
    monkeypatch.setenv("AMPARO_SMARTHOST_USER", "amparo")
    monkeypatch.setenv("AMPARO_SMARTHOST_PASSWORD", "a password")
    monkeypatch.setenv("AMPARO_MAIL_FROM", "line@report.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    yield handler
    running.stop()


def test_a_mail_goes_encrypted_and_logged_in_with_the_envelope_that_is_asked_for(server: Server) -> None:
    submission.submit(letter(), called="the reporter", sender="line+back@report.example.org", recipient="r@example.org")
    assert server.taken == [("line+back@report.example.org", ["r@example.org"], True, "report.example.org")]


def test_a_wrong_password_is_worth_another_try_and_says_what_to_set(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMPARO_SMARTHOST_PASSWORD", "another")
    with pytest.raises(Unreachable, match="AMPARO_SMARTHOST_USER"):
        submission.submit(letter(), called="the reporter")


def test_a_server_that_nobody_vouches_for_gets_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unreachable):
        submission.submit(letter(), called="the reporter")
    assert server.taken == []


@pytest.mark.parametrize(("answer", "error"), [("550 no such user", Refused), ("451 later", Unreachable)])
def test_an_answer_is_told_without_the_address(server: Server, answer: str, error: type[Exception]) -> None:
    server.answer = answer
    with pytest.raises(error) as told:
        submission.submit(letter(), called="the reporter", recipient="r@example.org")
    assert answer[:3] in str(told.value)
    assert "example.org" not in str(told.value)


def test_a_password_is_never_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    handler, port = Server(), free_port()
    running = Controller(handler, hostname="127.0.0.1", port=port)
    running.start()
    monkeypatch.setenv("AMPARO_SMARTHOST", f"127.0.0.1:{port}")
    monkeypatch.setenv("AMPARO_SMARTHOST_USER", "amparo")
    with pytest.raises(Refused, match="password is not sent"):
        submission.submit(letter(), called="the reporter")
    monkeypatch.delenv("AMPARO_SMARTHOST_USER")
    submission.submit(letter(), called="the reporter")
    running.stop()
    assert len(handler.taken) == 1


def test_no_server_and_an_odd_one_are_refused_with_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMPARO_SMARTHOST", raising=False)
    with pytest.raises(Refused, match="set AMPARO_SMARTHOST"):
        submission.submit(letter(), called="x")
    monkeypatch.setenv("AMPARO_SMARTHOST", "mail.example.org:submission")
    with pytest.raises(Refused, match=r"mail\.example\.org:587"):
        submission.submit(letter(), called="x")
    monkeypatch.setenv("AMPARO_SMARTHOST", f"127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable):
        submission.submit(letter(), called="x")


def test_tls_from_the_start_is_spoken_at_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken: list[int] = []

    def begun(host: str, port: int, **options: object) -> None:
        spoken.append(port)
        assert isinstance(options["context"], ssl.SSLContext)
        raise ConnectionRefusedError

    monkeypatch.setattr(submission.smtplib, "SMTP_SSL", begun)
    monkeypatch.setenv("AMPARO_SMARTHOST", "127.0.0.1:465")
    with pytest.raises(Unreachable):
        submission.submit(letter(), called="x")
    assert spoken == [465]
