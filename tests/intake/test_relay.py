"""The talk with a reporter by mail: what joins it, what goes out, and who learns whose address (nobody)."""

from __future__ import annotations

import base64
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import intake_house as house
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session
from django.db import connection

from amparo.access.acts import Actor
from amparo.custody import queries as custody
from amparo.exchange import mail_keys
from amparo.foundation import clock
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.intake import actions, queries, relay, relay_jobs, relay_queries
from amparo.intake.postmarks import relay_token
from amparo.vault import actions as vault_actions, queries as vault
from amparo.vault.keys import ProcessKeys
from maintenance.houses import free_port

pytestmark = pytest.mark.django_db(transaction=True)

LINE = "report@report.example.org"
REPORTER = "a.reporter@example.org"
BOX = '"Persona de Prueba" <a.reporter@example.org>'
WORKER = Actor.of_process("worker")


class Mailbox:
    """The reporter's side of the world: what the house's mail server was given, whole, and what it answers."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.answer = "250 OK"
        self._lock = threading.Lock()

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:
        with self._lock:
            if self.answer.startswith("250"):
                self.mails.append((str(envelope.mail_from), envelope.rcpt_tos, bytes(envelope.content or b"")))
        return self.answer

    def last(self) -> EmailMessage:
        message = message_from_bytes(self.mails[-1][2], policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = house.new_house(tmp_path, monkeypatch)
    monkeypatch.setenv("AMPARO_LINE_NAME", "Línea de ejemplo")
    return made


@pytest.fixture
def mailbox(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    handler, port = Mailbox(), free_port()
    running = Controller(handler, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
    running.start()
    monkeypatch.setenv("AMPARO_SMARTHOST", f"127.0.0.1:{port}")
    yield handler
    running.stop()


def mail(
    text: str = "Les escribo por un grupo.", *, sender: str = BOX, number: str = "1", to: str = LINE, **headers: str
) -> bytes:
    """A mail of the reporter's; headers by name, "_" for "-"."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "Aviso"
    message["Message-ID"] = f"<{number}@mail.example.org>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def arrives(home: Home, raw: bytes, *recipients: str, sender: str = REPORTER) -> queries.ArrivalFacts:
    """The arrival after everything that follows from it was done."""
    uuid = house.put(home, raw, *(recipients or (LINE,)), sender=sender)
    house.work(home)
    return queries.arrival(uuid)


@pytest.fixture
def report(home: Home) -> queries.ReportFacts:
    return queries.report(arrives(home, mail()).report)


@pytest.fixture
def officer(home: Home) -> Actor:
    return house.officer(home, "analyst")[0]


def answered(home: Home, mailbox: Mailbox, officer: Actor, report: UUID, words: str = "¿Cuándo fue?") -> EmailMessage:
    relay.answer(officer, report, words, "es")
    house.work(home)
    return mailbox.last()


# --- What goes out


def test_an_answer_reaches_the_reporter_from_an_address_that_nobody_can_guess(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    letter = answered(home, mailbox, officer, report.uuid)
    back, to, raw = mailbox.mails[-1]
    assert to == [REPORTER]
    assert letter["To"] == REPORTER
    sender = letter["From"].addresses[0]
    assert sender.display_name == "Línea de ejemplo"
    assert sender.domain == "report.example.org"
    assert len(relay_token(sender.addr_spec)) == 32  # of base32: 160 bits
    assert relay_token(back) not in ("", relay_token(sender.addr_spec))
    assert (letter["In-Reply-To"], letter["References"]) == ("<1@mail.example.org>", "<1@mail.example.org>")
    text = letter.get_content()
    assert text.startswith("¿Cuándo fue?")
    assert "112" in text  # the foot, in the reporter's language
    assert letter["Subject"] == "Su mensaje a la línea de denuncia"
    (said,) = relay_queries.talk(report.uuid)
    assert (said.kind, said.state, said.author) == ("answer", "sent", officer.uuid)
    for secret in (officer.name, "Inés", "Unit 3", str(officer.uuid), "Aviso", "un grupo"):
        assert secret.encode() not in raw
        assert secret not in text


def test_the_address_stands_nowhere_in_the_open_and_its_token_nowhere_at_all(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    letter = answered(home, mailbox, officer, report.uuid)
    tokens = [relay_token(letter["From"].addresses[0].addr_spec), relay_token(mailbox.mails[-1][0])]
    stored = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            stored += repr(cursor.fetchall()).encode()
    for secret in (*tokens, REPORTER, "mail.example.org", "Persona de Prueba"):
        assert secret.encode() not in stored


def test_what_the_officer_can_ask_for_names_no_address(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    answered(home, mailbox, officer, report.uuid)
    told = (queries.report(report.uuid), relay_queries.talk(report.uuid), relay_queries.reachable(report.uuid))
    known = repr((told, custody.story(report.uuid)))
    assert "reporter@" not in known
    assert "example.org" not in known


def test_a_second_answer_has_the_same_address_and_another_way_back(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    first, second = (answered(home, mailbox, officer, report.uuid, words) for words in ("¿Dónde?", "¿Cuándo?"))
    assert first["From"] == second["From"]
    assert first["Message-ID"] != second["Message-ID"]
    assert mailbox.mails[0][0] != mailbox.mails[1][0]
    other = queries.report(arrives(home, mail(number="77")).report)
    assert answered(home, mailbox, officer, other.uuid)["From"] != first["From"]


def test_a_mail_sent_twice_because_the_courier_was_killed_is_the_same_mail(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = relay.answer(officer, report.uuid, "¿Cuándo fue?", "es")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(relay, "record_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            relay_jobs.deliver.func(act="", about={"message": str(written.message)})
    house.work(home)
    assert len(mailbox.mails) == 2
    assert mailbox.mails[0] == mailbox.mails[1]
    assert relay_queries.message(written.message).state == "sent"


def test_a_server_that_is_away_is_asked_again_for_days_and_then_an_officer_learns_it(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.answer = "451 later"
    written = relay.answer(officer, report.uuid, "¿Cuándo fue?", "es")
    about = {"message": str(written.message)}
    for _ in range(3):
        relay_jobs.deliver.func(act="", about=about)
    assert relay_queries.message(written.message).state == "waiting"
    real = clock.now
    monkeypatch.setattr(relay_jobs, "now", lambda: real() + timedelta(days=5))
    relay_jobs.deliver.func(act="", about=about)
    failed = relay_queries.message(written.message)
    assert failed.state == "failed"
    assert "example.org" not in failed.reason
    assert "answer_lost" in house.kinds(queries.report(report.uuid))


def test_an_address_that_the_server_refuses_is_told_to_an_officer_at_once(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    mailbox.answer = "550 no such user a.reporter@example.org"
    written = relay.answer(officer, report.uuid, "¿Cuándo fue?", "es")
    house.work(home)
    failed = relay_queries.message(written.message)
    assert (failed.state, "550" in failed.reason, "example" in failed.reason) == ("failed", True, False)
    assert "answer_lost" in house.kinds(queries.report(report.uuid))


@pytest.mark.parametrize("words", ["", " \n ", "x" * 20_001])
def test_an_answer_without_words_or_with_too_many_is_refused(
    home: Home, officer: Actor, report: queries.ReportFacts, words: str
) -> None:
    with pytest.raises(Refused):
        relay.answer(officer, report.uuid, words, "es")


def test_who_may_not_answer_is_told_whom_to_ask(home: Home, report: queries.ReportFacts) -> None:
    liaison, _ = house.officer(home, "liaison")
    with pytest.raises(Refused, match="Analyst"):
        relay.answer(liaison, report.uuid, "hola", "es")


@pytest.mark.parametrize(
    ("sender", "reply_to", "envelope", "goes_to"),
    [
        (BOX, "", "bounces@list.example.org", REPORTER),
        (BOX, "other@example.org", REPORTER, "other@example.org"),
        ("a.reporter@example.org", "", "<>", REPORTER),
        ("one@example.org, two@example.org", "", REPORTER, REPORTER),
        ('"señal" <señal@example.org>', "", REPORTER, "señal@example.org"),
    ],
)
def test_an_answer_goes_where_a_mail_program_would_send_it(
    home: Home, mailbox: Mailbox, officer: Actor, sender: str, reply_to: str, envelope: str, goes_to: str
) -> None:
    headers = f"From: {sender}\r\n" + (f"Reply-To: {reply_to}\r\n" if reply_to else "")
    raw = f"{headers}Subject: Aviso\r\n\r\nun grupo\r\n".encode()
    found = queries.report(arrives(home, raw, sender=envelope).report)
    answered(home, mailbox, officer, found.uuid)
    assert mailbox.mails[-1][1] == [goes_to]


@pytest.mark.parametrize("sender", ["nobody", "", "x <line+a@report.example.org>"])
def test_an_answer_that_can_go_nowhere_or_would_come_back_here_waits_for_a_person(
    home: Home, mailbox: Mailbox, officer: Actor, sender: str
) -> None:
    found = queries.report(arrives(home, f"From: {sender}\r\nSubject: a\r\n\r\nx\r\n".encode(), sender="").report)
    written = relay.answer(officer, found.uuid, "hola", "es")
    house.work(home)
    assert relay_queries.message(written.message).state == "failed"
    assert mailbox.mails == []
    assert "answer_lost" in house.kinds(queries.report(found.uuid))


# --- What joins the talk


def talk_of(report: UUID) -> list[tuple[str, str]]:
    return [(each.kind, each.joined_by) for each in relay_queries.talk(report) if not each.outgoing]


def test_what_is_sent_to_the_relay_address_joins_the_report_whatever_else_it_says(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    to = answered(home, mailbox, officer, report.uuid)["From"].addresses[0].addr_spec
    raw = mail("Fue el martes a las 21:00; la cuenta es @cuenta.prueba", number="2", sender="Otro <other@example.net>")
    arrival = arrives(home, raw, to.upper(), sender="other@example.net")
    assert arrival.state == "follow_up"
    assert not queries.is_report(arrival.report)
    _, said = relay_queries.talk(report.uuid)
    assert (said.kind, said.joined_by, said.other_sender) == ("person", "token", True)
    assert "el martes" in said.text
    again = queries.report(report.uuid)
    assert "follow_up" in house.kinds(again)
    assert again.ranking
    assert again.ranking.axes["actionable"].level != "none"  # the account stands in the follow-up alone
    assert queries.ledger().states["follow_up"] == 1


def test_what_answers_a_known_mail_joins_its_report_and_its_files_are_the_reports(
    home: Home, report: queries.ReportFacts
) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = BOX, LINE, "Otra cosa"
    message["Message-ID"], message["References"] = "<2@mail.example.org>", "<0@mail.example.org> <1@mail.example.org>"
    message.set_content("Les mando el chat")
    message.add_attachment(house.picture(), maintype="image", subtype="jpeg", filename="a.jpg")
    arrives(home, message.as_bytes())
    assert talk_of(report.uuid) == [("person", "reference")]
    assert relay_queries.talk(report.uuid)[0].other_sender is False
    assert [each.name for each in vault.items_of_origin(report.uuid) if not each.derived] == ["a.jpg"]
    arrives(
        home, mail("y esto", number="3", In_Reply_To="<2@mail.example.org>")
    )  # a mail of the talk, not of the report
    assert talk_of(report.uuid) == [("person", "reference")] * 2


def test_what_a_reporter_quotes_of_our_own_question_is_no_danger(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    asked = (
        "¿Hay una niña en peligro ahora? Si cree que hay peligro en este momento, llame antes al número de emergencias."
    )
    to = answered(home, mailbox, officer, report.uuid, asked)["From"].addresses[0].addr_spec
    quoted = "\n".join(f"> {line}" for line in mailbox.last().get_content().splitlines())
    arrives(home, mail(f"No, que yo sepa.\n\n{quoted}", number="2"), to)
    again = queries.report(report.uuid)
    assert again.later[0].split() == ["No,", "que", "yo", "sepa."]
    assert again.ranking
    assert again.ranking.axes["danger"].level == "none"
    arrives(home, mail(f"Sí: una niña está en peligro ahora.\n\n{quoted}", number="3"), to)
    assert queries.report(report.uuid).ranking.floor == "child_in_danger_now"  # type: ignore[union-attr]


def test_the_same_subject_and_sender_alone_make_another_report(home: Home, report: queries.ReportFacts) -> None:
    other = arrives(home, mail("Otro grupo", number="2"))
    assert other.state == "report"
    assert talk_of(report.uuid) == []


@pytest.mark.parametrize(
    "address",
    [f"report+{'a' * 32}@report.example.org", "report+short@report.example.org", f"x+{'2' * 33}@report.example.org"],
)
def test_a_guessed_address_makes_a_report_and_joins_nothing(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts, address: str
) -> None:
    answered(home, mailbox, officer, report.uuid)
    assert arrives(home, mail(number="2"), address).state == "report"
    assert talk_of(report.uuid) == []


def test_a_closed_report_stands_in_the_queue_again_when_the_reporter_writes(
    home: Home, officer: Actor, report: queries.ReportFacts
) -> None:
    actions.close_report(officer, report.uuid, "nothing_to_follow")
    arrives(home, mail("Una niña está en peligro ahora", number="2", In_Reply_To="<1@mail.example.org>"))
    again = queries.report(report.uuid)
    assert house.on_the_queue(again)
    assert again.state == "new"
    assert again.ranking
    assert again.ranking.floor == "child_in_danger_now"
    assert "follow_up" in house.kinds(again)


def test_a_follow_up_that_overtakes_its_report_waits_for_it(home: Home) -> None:
    late = house.put(home, mail("y además", number="2", In_Reply_To="<1@mail.example.org>"), LINE, sender=REPORTER)
    first = house.put(home, mail(), LINE, sender=REPORTER)
    (home.spool / f"{late}.mail").rename(home.spool / f"{UUID(int=first.int + 1)}.late")
    house.collector.collect(home)
    (home.spool / f"{UUID(int=first.int + 1)}.late").rename(home.spool / f"{late}.mail")
    house.collector.collect(home)
    from amparo.intake import jobs

    jobs.examine_arrival.func(arrival=str(late))
    assert queries.arrival(late).state == "taken_in"
    house.work(home)
    assert queries.arrival(late).state == "follow_up"
    assert talk_of(queries.arrival(first).report) == [("person", "reference")]


def test_what_was_taken_for_a_part_of_the_talk_can_be_set_apart_as_a_report_of_its_own(
    home: Home, officer: Actor, report: queries.ReportFacts
) -> None:
    arrival = arrives(home, mail("Es otro asunto", number="2", In_Reply_To="<1@mail.example.org>"))
    (said,) = relay_queries.talk(report.uuid)
    relay.set_apart(officer, said.uuid)
    house.work(home)
    own = queries.report(queries.arrival(arrival.uuid).report)
    assert own.text == "Es otro asunto"
    assert house.on_the_queue(own)
    with pytest.raises(Refused):
        relay.set_apart(officer, said.uuid)


def test_a_mail_from_another_address_never_moves_the_answers_by_itself(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    to = answered(home, mailbox, officer, report.uuid)["From"].addresses[0].addr_spec
    stranger = arrives(home, mail("soy yo", number="2", sender="other@example.net"), to, sender="other@example.net")
    answered(home, mailbox, officer, report.uuid)
    assert mailbox.mails[-1][1] == [REPORTER]
    relay.answer(officer, report.uuid, "¿Quién es?", "es", to=stranger.uuid)
    house.work(home)
    assert mailbox.mails[-1][1] == ["other@example.net"]
    with pytest.raises(Refused, match="to whom"):
        relay.answer(officer, report.uuid, "hola", "es", to=UUID(int=7))


def test_a_follow_up_that_cannot_be_read_is_a_work_item_of_its_report(
    home: Home, report: queries.ReportFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amparo.intake import jobs
    from amparo.sandbox.readings import ExaminationFailed

    def fails(*_: object) -> None:
        raise ExaminationFailed("timed_out")

    monkeypatch.setattr(jobs, "read_mail", fails)
    arrival = arrives(home, mail(number="2", In_Reply_To="<1@mail.example.org>"))
    assert arrival.state == "follow_up"
    assert "unreadable" in house.kinds(queries.report(report.uuid))


# --- Machines


AUTOMATIC = {
    "vacation": {"Auto_Submitted": "auto-replied (vacation)"},
    "old vacation": {"Precedence": "bulk"},
    "exchange": {"X_Auto_Response_Suppress": "All", "Auto_Submitted": "auto-generated"},
    "autoreply": {"X_Autoreply": "yes"},
    "responder": {"X_Autorespond": "out of office"},
}


@pytest.mark.parametrize("kind", AUTOMATIC)
def test_a_machines_answer_is_kept_in_the_talk_and_waits_for_nobody(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts, kind: str
) -> None:
    sent = answered(home, mailbox, officer, report.uuid)
    to = sent["From"].addresses[0].addr_spec
    arrival = arrives(home, mail("No estoy en la oficina", number="2", **AUTOMATIC[kind]), to)
    assert arrival.state == "automatic"
    assert talk_of(report.uuid) == [("auto_reply", "token")]
    assert "follow_up" not in house.kinds(queries.report(report.uuid))
    assert len(mailbox.mails) == 1


def test_an_answer_from_no_sender_to_the_relay_address_is_a_machines(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    to = answered(home, mailbox, officer, report.uuid)["From"].addresses[0].addr_spec
    assert arrives(home, mail(number="2"), to, sender="<>").state == "automatic"


@pytest.mark.parametrize("kind", [*AUTOMATIC, "null sender"])
def test_a_platforms_notice_by_a_machine_is_a_report_like_any_other(home: Home, kind: str) -> None:
    first = arrives(home, mail("Notice 1 about @cuenta.prueba", **AUTOMATIC.get(kind, {})), sender="<>")
    again = {**AUTOMATIC.get(kind, {"Auto_Submitted": "auto-generated"}), "References": "<1@mail.example.org>"}
    second = arrives(home, mail("Notice 2 about @otra.prueba", number="2", **again), sender="<>")
    assert (first.state, second.state) == ("report", "report")


def bounce(status: str, action: str, original: str, *, kind: str = "delivery-status") -> bytes:
    """As RFC 3464 says, with the address in its text, its codes and the mail that came back."""
    return (
        f"From: MAILER-DAEMON@mx.example.org\r\nTo: x\r\nSubject: Undelivered: {REPORTER}\r\nMessage-ID: <b@mx.example.org>\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind}; boundary="b"\r\n\r\n'
        f"--b\r\n\r\n<{REPORTER}>: no such user\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n"
        f"Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; {REPORTER}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {original}\r\nTo: {REPORTER}\r\n--b--\r\n"
    ).encode()


def test_a_bounce_says_which_answer_is_lost_and_the_address_in_it_stays_sealed(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    first = answered(home, mailbox, officer, report.uuid, "uno")
    second = answered(home, mailbox, officer, report.uuid, "dos")
    arrival = arrives(home, bounce("5.1.1", "failed", second["Message-ID"]), mailbox.mails[1][0], sender="<>")
    assert arrival.state == "automatic"
    one, two, came_back = relay_queries.talk(report.uuid)
    assert (one.state, two.state, came_back.kind) == ("sent", "returned", "bounce")
    assert "5.1.1" in two.reason
    assert "does not exist" in two.reason
    assert "answer_lost" in house.kinds(queries.report(report.uuid))
    assert arrival.content
    with vault_actions.open_item(WORKER, arrival.content, "test:bounce", ProcessKeys(home, "worker")) as opened:
        kept = opened.read()
    assert REPORTER.encode() not in kept
    assert first["Message-ID"].encode() not in kept


def test_a_delay_loses_nothing_and_a_bounce_of_somebody_elses_mail_is_only_kept(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts
) -> None:
    sent = answered(home, mailbox, officer, report.uuid)
    arrives(home, bounce("4.4.7", "delayed", sent["Message-ID"]), mailbox.mails[0][0], sender="<>")
    assert relay_queries.talk(report.uuid)[0].state == "sent"
    assert "answer_lost" not in house.kinds(queries.report(report.uuid))
    forged = arrives(home, bounce("5.1.1", "failed", "<x@y>"), LINE, sender="<>")
    assert forged.state == "automatic"
    assert not queries.is_report(forged.report)
    assert queries.ledger().waiting == 0


def test_a_report_about_abuse_in_the_form_of_a_multipart_report_is_a_report(home: Home) -> None:
    raw = bounce("5.0.0", "failed", "<x@y>", kind="feedback-report")
    assert arrives(home, raw, sender="<>").state == "report"


def test_a_mail_of_ours_that_comes_back_is_a_loop_and_answered_by_nothing(
    home: Home, mailbox: Mailbox, officer: Actor, report: queries.ReportFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMPARO_CONFIRM_RECEIPT", "1")
    answered(home, mailbox, officer, report.uuid)
    arrival = arrives(home, mailbox.mails[-1][2], LINE)
    assert arrival.state == "automatic"
    assert talk_of(report.uuid) == [("loop", "reference")]
    assert len(mailbox.mails) == 1


# --- Receipts


def test_a_receipt_goes_out_where_the_house_wants_it_once_an_hour_to_an_address(
    home: Home, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrives(home, mail(number="1"))
    assert mailbox.mails == []
    monkeypatch.setenv("AMPARO_CONFIRM_RECEIPT", "1")
    arrives(home, mail("Les escribo por otro grupo que está en la red.", number="2"))
    assert mailbox.last()["Auto-Submitted"] == "auto-replied"
    assert mailbox.last().get_content().startswith("Su mensaje ha llegado")
    arrives(home, mail(number="3"))
    arrives(home, mail(number="4", sender="A.Reporter+tag@EXAMPLE.org"), sender="A.Reporter+tag@EXAMPLE.org")
    assert len(mailbox.mails) == 1
    arrives(home, mail(number="5", sender="other@example.net"), sender="other@example.net")
    assert len(mailbox.mails) == 2
    real = clock.now
    monkeypatch.setattr(relay_jobs, "now", lambda: real() + timedelta(hours=2))
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(hours=2))
    arrives(home, mail(number="6"))
    assert len(mailbox.mails) == 3


@pytest.mark.parametrize(
    "headers",
    [*AUTOMATIC.values(), {"List_Id": "<list.example.org>"}, {"List_Unsubscribe": "<mailto:x@example.org>"}],
    ids=[*AUTOMATIC, "list", "newsletter"],
)
def test_no_machine_and_no_list_ever_gets_a_receipt(
    home: Home, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setenv("AMPARO_CONFIRM_RECEIPT", "1")
    assert arrives(home, mail(**headers)).state == "report"
    assert mailbox.mails == []


def test_a_sender_of_bounces_and_one_who_writes_again_get_no_receipt(
    home: Home, mailbox: Mailbox, report: queries.ReportFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMPARO_CONFIRM_RECEIPT", "1")
    arrives(home, mail(number="2"), sender="<>")
    arrives(home, mail(number="3", In_Reply_To="<1@mail.example.org>"))
    arrives(home, ("Received: from a by b; Sun, 1 Mar 2026\r\n" * 60).encode() + mail(number="4"))
    assert mailbox.mails == []


# --- Encrypted mail


@pytest.fixture
def keys(home: Home) -> Home:
    mail_keys.make_mail_keys(home, "Report line", LINE)
    return home


def encrypted_with_gpg(home: Home, ring: Path, content: bytes) -> bytes:
    gpg = ["gpg", "--homedir", str(ring), "--batch", "--trust-model", "always"]
    ring.mkdir(mode=0o700)
    published = mail_keys.public_mail_keys(home).openpgp.encode()
    subprocess.run([*gpg, "--import"], input=published, check=True, capture_output=True)
    done = subprocess.run([*gpg, "--armor", "-e", "-r", LINE], input=content, check=True, capture_output=True)
    return done.stdout


needs_gpg = pytest.mark.skipif(not shutil.which("gpg"), reason="apt install gnupg")
INNER = (
    b'Content-Type: multipart/mixed; boundary="i"\r\n\r\n--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
    b"Nos vemos ma\xc3\xb1ana\r\n--i\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: attachment\r\n\r\n"
    b"\x89PNG\r\n--i--\r\n"
)


@needs_gpg
def test_a_mail_encrypted_to_the_lines_openpgp_key_is_read_whole(keys: Home, tmp_path: Path) -> None:
    sealed = encrypted_with_gpg(keys, tmp_path / "ring", INNER)
    raw = (
        b"From: a@example.org\r\nSubject: ...\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="e"\r\n\r\n'
        b"--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--e\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n" + sealed + b"\r\n--e--\r\n"
    )
    report = queries.report(arrives(keys, raw).report)
    assert report.text == "Nos vemos mañana"
    assert [each.name for each in vault.items_of_origin(report.uuid) if not each.derived] == ["a.png"]
    found = relay_queries.mail_of(report.arrival.uuid)
    assert found
    assert found.opened == "openpgp"
    assert "sealed_mail" not in house.kinds(report)


@needs_gpg
def test_an_encrypted_message_within_a_text_is_read_beside_it(keys: Home, tmp_path: Path) -> None:
    sealed = encrypted_with_gpg(keys, tmp_path / "ring", "Nos vemos mañana".encode()).decode()
    report = queries.report(arrives(keys, mail(f"Hola:\n{sealed}\nadiós")).report)
    assert report.text.split() == ["Hola:", "adiós", "Nos", "vemos", "mañana"]


@pytest.mark.skipif(not shutil.which("openssl"), reason="apt install openssl")
def test_a_mail_signed_and_then_encrypted_by_smime_is_read_whole(keys: Home, tmp_path: Path) -> None:
    certificate, key = str(tmp_path / "c.pem"), str(tmp_path / "k.pem")
    make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=x"]
    sign = [
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-stream",
        "-outform",
        "SMIME",
        "-signer",
        certificate,
        "-inkey",
        key,
    ]
    close = ["cms", "-encrypt", "-binary", "-stream", "-outform", "DER", str(mail_keys.public_path(keys, "smime"))]
    subprocess.run(["openssl", *make], check=True, capture_output=True)
    signed = subprocess.run(["openssl", *sign], input=INNER, check=True, capture_output=True).stdout
    sealed = subprocess.run(["openssl", *close], input=signed, check=True, capture_output=True).stdout
    raw = (
        b"From: a@example.org\r\nSubject: Aviso\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\r\n\r\n'
        + base64.encodebytes(sealed)
    )
    report = queries.report(arrives(keys, raw).report)
    assert report.text == "Nos vemos mañana"
    found = relay_queries.mail_of(report.arrival.uuid)
    assert found
    assert (found.opened, found.signed) == ("smime", "smime")


def test_a_mail_that_does_not_open_is_a_work_item_with_its_sealed_part(keys: Home) -> None:
    armoured = "-----BEGIN PGP MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----"
    report = queries.report(arrives(keys, mail(armoured)).report)
    assert house.on_the_queue(report)
    (waiting,) = [each for each in report.work_items if each.kind == "sealed_mail"]
    assert "line's key" in waiting.sentence
    assert [each.name for each in vault.items_of_origin(report.uuid) if not each.derived] == ["encrypted.asc"]
