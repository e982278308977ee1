from __future__ import annotations

import asyncio
import json
import logging
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from amparo.foundation.home import Home
from amparo.intake import receiver, spool
from amparo.intake.receiver import Desk, Limits
from amparo.vault import keys
from tests.intake.receiving import ADDRESS, DOMAIN, Conversation, Receiver, identity_of, letters, new_home, originals

RAW = b"From: <a.reporter@example.org>\r\nSubject: see you at 21:00\r\n\r\n%s"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Receiver]]:
    home = new_home(tmp_path_factory.mktemp("receiver"))
    process = Receiver(home, AMPARO_MAIL_LIMIT_MIB="1")
    yield home, process
    process.stop()


@pytest.fixture
def home(running: tuple[Home, Receiver]) -> Home:
    home, _ = running
    for arrival in list(spool.arrivals(home)):
        spool.remove(arrival)
    return home


@pytest.fixture
def smtp(home: Home, running: tuple[Home, Receiver]) -> Iterator[Conversation]:
    conversation = Conversation(running[1].smtp)
    yield conversation
    conversation.close()


@pytest.fixture
def lmtp(home: Home, running: tuple[Home, Receiver]) -> Iterator[Conversation]:
    conversation = Conversation(running[1].lmtp)
    yield conversation
    conversation.close()


# --- Every byte


@pytest.mark.parametrize(
    "body",
    [
        b"item shared\r\n",
        b"",
        b"a bare LF\nand another\n\n.\n and a bare CR\r.\r",
        b"NUL \0 bytes \0\0",
        bytes(range(256)).replace(b"\r", b"").replace(b"\n", b"") * 3,
        "mañana a las 21:00, señal 🙂".encode(),
        b"x" * 700_000,
        b"y" * 300_000 + b"\n" + b"z" * 300_000,
        b"line\r\n" * 60_000,
        b"\n.\r\n a smuggled end\n.\n",
        b"\r.\r an end of CR alone\r\n\n.\r\r\n",
    ],
    ids=[
        "plain",
        "empty",
        "bare",
        "NUL",
        "8bit",
        "UTF-8",
        "huge line",
        "bare LF in huge",
        "many lines",
        "LF dot",
        "CR dot",
    ],
)
def test_a_mail_is_kept_byte_for_byte(home: Home, smtp: Conversation, body: bytes) -> None:
    assert smtp.mail(RAW % body).startswith("250 2.0.0 Kept as ")
    assert originals(home) == [RAW % body + b"\r\n"]


def test_lines_that_begin_with_a_dot_lose_only_the_one_that_smtp_added(home: Home, smtp: Conversation) -> None:
    assert smtp.mail(RAW % b"..\r\n...two\r\nmid.dle\r\n.. .").startswith("250")
    assert originals(home) == [RAW % b".\r\n..two\r\nmid.dle\r\n. .\r\n"]


def test_an_empty_mail_is_kept(home: Home, smtp: Conversation) -> None:
    smtp.begin()
    smtp.send(b".\r\n")
    assert smtp.answer().startswith("250")
    assert originals(home) == [b""]


def test_a_header_of_half_a_megabyte_is_kept(home: Home, smtp: Conversation) -> None:
    raw = b"X-Long: " + b"a" * 500_000 + b"\r\n" + RAW % b"item shared"
    assert smtp.mail(raw).startswith("250")
    assert originals(home) == [raw + b"\r\n"]


def test_an_end_that_arrives_in_single_bytes_is_still_the_end(home: Home, smtp: Conversation) -> None:
    smtp.begin()
    for byte in RAW % b"item shared" + b"\r\n.\r\n":
        smtp.send(bytes([byte]))
    assert smtp.answer().startswith("250")
    assert originals(home) == [RAW % b"item shared\r\n"]


def test_pipelined_mails_are_all_kept_in_order(home: Home, smtp: Conversation) -> None:
    one = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<report@report.example.org>\r\nDATA\r\n"
    smtp.send(b"EHLO there\r\n")
    assert "PIPELINING" in smtp.answer()
    smtp.send(b"".join(one + RAW % (b"%d\r\n.\r\n" % number) for number in range(5)) + b"QUIT\r\n")
    answers = [smtp.answer()[:3] for _ in range(21)]
    assert answers == ["250", "250", "354", "250"] * 5 + ["221"]
    assert originals(home) == [RAW % (b"%d\r\n" % number) for number in range(5)]


def test_smtputf8_addresses_are_kept(home: Home, smtp: Conversation) -> None:
    smtp.say(b"EHLO there")
    assert smtp.say("MAIL FROM:<señal@example.org> SMTPUTF8 BODY=8BITMIME".encode()).startswith("250")
    assert smtp.say("RCPT TO:<aviso+ñ@REPORT.example.org>".encode()).startswith("250")
    assert smtp.say(b"DATA").startswith("354")
    smtp.send("Subject: señal\r\n\r\nmañana".encode() + b"\r\n.\r\n")
    assert smtp.answer().startswith("250")
    (letter,) = letters(home)
    assert letter.recipients == ("aviso+ñ@REPORT.example.org",)
    assert identity_of(home, letter).sender == "señal@example.org"


@pytest.mark.parametrize(
    "sender",
    [
        b"<>",
        b"<odd..dots.@example.org>",
        b'<"with space"@example.org>',
        b"<\xff\xfe@example.org>",
        b"<@a.example,@b:c@d.example>",
    ],
)
def test_an_odd_sender_does_not_cost_the_report(home: Home, smtp: Conversation, sender: bytes) -> None:
    smtp.say(b"EHLO there")
    assert smtp.say(b"MAIL FROM:" + sender).startswith("250")
    assert smtp.say(b"RCPT TO:<report@report.example.org>").startswith("250")
    smtp.say(b"DATA")
    smtp.send(RAW % b"item shared\r\n.\r\n")
    assert smtp.answer().startswith("250")
    (letter,) = letters(home)
    assert identity_of(home, letter).sender


def test_a_mail_by_smtplib_is_kept(home: Home, running: tuple[Home, Receiver]) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a.reporter@example.org", ADDRESS, "see you at 21:00"
    message.set_content("item shared")
    message.add_attachment(b"PK\x05\x06" + bytes(18), maintype="application", subtype="zip", filename="chat.zip")
    with smtplib.SMTP("127.0.0.1", running[1].smtp) as client:
        client.send_message(message)
    (letter,) = letters(home)
    assert letter.recipients == (ADDRESS,)
    assert b"a.reporter" not in letter.message


# --- Answers


def test_an_oversized_mail_is_refused_with_a_sentence_and_the_conversation_goes_on(
    home: Home, smtp: Conversation
) -> None:
    answer = smtp.mail(RAW % b"x" * 1_100_000)
    assert answer.startswith("552 5.3.4")
    assert "larger than our limit of 1 MiB" in answer
    assert "Send the files in several mails" in answer
    assert letters(home) == []
    assert smtp.mail(RAW % b"smaller").startswith("250")


def test_an_oversized_mail_is_refused_before_it_is_sent_where_its_size_is_announced(smtp: Conversation) -> None:
    assert "SIZE 1048576" in smtp.say(b"EHLO there")
    assert "our limit of 1 MiB" in smtp.say(b"MAIL FROM:<a@example.org> SIZE=1048577")
    assert smtp.say(b"MAIL FROM:<a@example.org> SIZE=1048576").startswith("250")


def test_a_mail_of_exactly_the_limit_is_kept(home: Home, smtp: Conversation) -> None:
    head = RAW % b""
    raw = head + b"x" * (1024 * 1024 - len(head) - 2)
    assert smtp.mail(raw).startswith("250")
    assert smtp.mail(raw + b"x").startswith("552")
    assert len(letters(home)) == 1


@pytest.mark.parametrize(
    "address", [b"someone@example.com", b"report@evil.report.example.org", b"report", b"@" + DOMAIN.encode()]
)
def test_mail_for_others_is_not_passed_on(smtp: Conversation, address: bytes) -> None:
    smtp.say(b"EHLO there")
    smtp.say(b"MAIL FROM:<a@example.org>")
    assert smtp.say(b"RCPT TO:<" + address + b">").startswith("550 5.7.1")
    assert smtp.say(b"DATA").startswith("503")


def test_a_hundred_recipients_are_taken_and_the_rest_told_to_come_again(home: Home, smtp: Conversation) -> None:
    smtp.say(b"EHLO there")
    smtp.say(b"MAIL FROM:<a@example.org>")
    answers = [smtp.say(b"RCPT TO:<reply+%d@report.example.org>" % number)[:3] for number in range(102)]
    assert answers == ["250"] * 100 + ["452"] * 2


def test_lmtp_answers_once_for_each_accepted_recipient(home: Home, lmtp: Conversation) -> None:
    lmtp.say(b"LHLO there")
    lmtp.say(b"MAIL FROM:<a@example.org>")
    recipients = (b"a@report.example.org", b"b@else.example", b"reply+X1@report.example.org")
    codes = [lmtp.say(b"RCPT TO:<%s>" % recipient)[:3] for recipient in recipients]
    assert codes == ["250", "550", "250"]
    assert lmtp.say(b"DATA").startswith("354")
    lmtp.send(RAW % b"item shared\r\n.\r\n")
    one, other = lmtp.answer(), lmtp.answer()
    assert one == other
    assert one.startswith("250 2.0.0 Kept as ")
    assert lmtp.say(b"NOOP").startswith("250")
    (letter,) = letters(home)
    assert letter.recipients == ("a@report.example.org", "reply+X1@report.example.org")
    assert identity_of(home, letter).via == "lmtp"


def test_lmtp_refuses_an_oversized_mail_once_for_each_recipient(lmtp: Conversation) -> None:
    lmtp.begin(recipients=2, hello=b"LHLO there")
    lmtp.send(b"x" * 1_100_000 + b"\r\n.\r\n")
    assert [lmtp.answer()[:3] for _ in range(2)] == ["552", "552"]
    assert lmtp.say(b"NOOP").startswith("250")


def test_a_mail_by_pythons_lmtp_client_is_kept(home: Home, running: tuple[Home, Receiver]) -> None:
    with smtplib.LMTP("127.0.0.1", running[1].lmtp) as client:  # it reads one answer only: one recipient
        assert client.sendmail("a@example.org", [ADDRESS], RAW % b"item shared") == {}
    assert originals(home) == [RAW % b"item shared\r\n"]


def test_an_overlong_command_and_an_unknown_one_are_refused_and_the_conversation_goes_on(smtp: Conversation) -> None:
    assert smtp.say(b"EHLO " + b"x" * 5000).startswith("500")
    assert smtp.say(b"EHLO " + b"x" * 600_000).startswith("500")
    assert smtp.say(b"\xff\xfe").startswith("500")
    assert smtp.say(b"RUN").startswith("500")
    assert smtp.say(b"EHLO there").startswith("250")


def test_a_connection_cut_within_a_mail_leaves_nothing(home: Home, running: tuple[Home, Receiver]) -> None:
    cut = Conversation(running[1].smtp)
    cut.begin()
    cut.send(RAW % b"half of it")
    cut.close()
    whole = Conversation(running[1].smtp)
    assert whole.mail(RAW % b"whole").startswith("250")
    whole.close()
    assert originals(home) == [RAW % b"whole\r\n"]
    assert not list((home.spool / "tmp").iterdir())


# --- Under pressure


NARROW = """
from amparo.foundation.home import Home
from amparo.intake.receiver import Doors, Limits, run
limits = Limits(mail_bytes=100_000, connections=2, waiting_bytes=50_000)
run(Home.from_env(), Doors("127.0.0.1:0", "127.0.0.1:0", limits=limits))
"""


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[tuple[Home, Receiver]]:
    home = new_home(tmp_path)
    process = Receiver(home, code=NARROW)
    yield home, process
    process.stop()


def test_more_connections_than_the_limit_are_told_to_come_again(narrow: tuple[Home, Receiver]) -> None:
    _, process = narrow
    one, other = Conversation(process.smtp), Conversation(process.smtp)
    third = Conversation(process.smtp)
    assert third.greeting.startswith("421 4.3.2")
    assert one.say(b"NOOP").startswith("250")
    assert one.say(b"QUIT").startswith("221")
    assert one.answer() == ""
    fourth = Conversation(process.smtp)
    assert fourth.mail(RAW % b"item shared").startswith("250")
    for each in (one, other, third, fourth):
        each.close()


def test_more_mail_at_once_than_fits_in_memory_is_told_to_come_again(narrow: tuple[Home, Receiver]) -> None:
    home, process = narrow
    conversation = Conversation(process.smtp)
    assert conversation.mail(b"a" * 100_001).startswith("552")  # however long it is read
    assert conversation.mail(b"a" * 90_000).startswith("452 4.3.1")
    assert conversation.mail(b"a" * 40_000).startswith("250")  # what was refused no longer counts
    assert originals(home) == [b"a" * 40_000 + b"\r\n"]
    conversation.close()


def test_a_spool_that_cannot_be_written_is_answered_with_451_until_it_can(narrow: tuple[Home, Receiver]) -> None:
    home, process = narrow
    parts = home.spool / "tmp"
    parts.rename(home.spool / "elsewhere")
    conversation = Conversation(process.smtp)
    assert conversation.mail(RAW % b"item shared").startswith("451 4.3.1")
    (home.spool / "elsewhere").rename(parts)
    assert conversation.mail(RAW % b"item shared").startswith("250")
    assert originals(home) == [RAW % b"item shared\r\n"]
    conversation.close()


# --- A desk alone


class _Refusing:
    def put(self, mail: spool.Mail) -> None:
        raise OSError(30, "Read-only file system")


def test_a_disk_that_refuses_is_answered_with_451_and_the_log_says_no_address(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(_Refusing(), frozenset({DOMAIN}), Limits())  # type: ignore[arg-type]
    with caplog.at_level(logging.DEBUG):
        answer = asyncio.run(desk.take(RAW % b"x", "a.reporter@example.org", (ADDRESS,), "smtp"))
    assert answer.code == 451
    assert "try again later" in answer.sentence
    assert "errno 30" in caplog.text
    assert "example.org" not in caplog.text


def test_every_sentence_of_the_door_is_ascii_and_fits_a_reply_line() -> None:
    desk = Desk(_Refusing(), frozenset({DOMAIN}), Limits())  # type: ignore[arg-type]
    for answer in (desk.too_big, desk.recipient("x@else.example", 0), desk.recipient(ADDRESS, 100)):
        assert str(answer).isascii()
        assert len(str(answer)) < 510  # RFC 5321, 4.5.3.1.5


def test_an_odd_limit_or_address_is_refused_with_a_sentence(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    for name, value in (("AMPARO_MAIL_LIMIT_MIB", "a lot"), ("AMPARO_SMTP", "25"), ("AMPARO_SMTP", "192.0.2.1:25")):
        done = subprocess.run(
            [sys.executable, "-m", "amparo.intake.receiver"],
            env={"AMPARO_HOME": str(home.path), "AMPARO_LMTP": "", name: value},
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 1
        assert (name if "LIMIT" in name else "listen at") in done.stderr
        assert "Traceback" not in done.stderr


def test_a_key_that_others_can_read_refuses_the_receivers_start(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    (home.keys / "receiver" / "content.pub").chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-m", "amparo.intake.receiver"],
        env={"AMPARO_HOME": str(home.path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert f"chmod 600 {home.keys / 'receiver' / 'content.pub'}" in done.stderr


# --- What the process touches

CONFINED = """
import os, sys
from pathlib import Path
from amparo.intake import receiver
receiver.main()
for path in map(Path, sys.argv[1:]):
    try:
        path.read_bytes()
    except PermissionError:
        print("denied", path.name)
"""


def test_the_kernel_denies_the_receiver_every_other_process_s_keys_and_the_database(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    home.database.write_bytes(b"")
    others = [home.keys / "worker" / "worker.key", home.keys / "recovery" / "recovery.key", home.database]
    process = Receiver(home, code=CONFINED.replace("sys.argv[1:]", repr([str(each) for each in others])))
    process.process.terminate()
    told, _ = process.process.communicate()
    if not confine_works():
        pytest.skip("this kernel has no Landlock")
    assert told.split() == ["denied", "worker.key", "denied", "recovery.key", "denied", "amparo.sqlite3"]


def confine_works() -> bool:
    script = "from amparo.foundation.confinement import confine; print(confine(readable=(), writable=()))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return done.stdout.strip() == "True"


WATCHED = """
import json, sys
touched = []
def watch(event, arguments):
    if event == "open":
        touched.append(str(arguments[0]))
    elif event.startswith(("sqlite3", "subprocess", "os.exec", "os.fork", "socket.connect", "ctypes.dlopen")):
        touched.append(event)
sys.addaudithook(watch)
from amparo.intake import receiver
receiver.main()
print(json.dumps({"touched": touched, "modules": sorted(sys.modules)}))
"""


def test_the_receiver_touches_no_private_key_no_database_and_nothing_but_its_folder_and_the_spool(
    tmp_path: Path,
) -> None:
    home = new_home(tmp_path)
    process = Receiver(home, code=WATCHED)
    with smtplib.SMTP("127.0.0.1", process.smtp) as client:
        client.sendmail("a.reporter@example.org", [ADDRESS], RAW % b"item shared")
    process.process.terminate()
    told, written = process.process.communicate()
    facts = json.loads(told)
    assert len(letters(home)) == 1
    inside = [path for path in facts["touched"] if path.startswith(str(home.path))]
    allowed = (str(home.keys / "receiver"), str(home.spool))
    assert [path for path in inside if not path.startswith(allowed)] == []
    read = {Path(path) for path in inside if path.startswith(str(home.keys))} - {home.keys / "receiver"}
    assert {path.name for path in read if path.suffix != ".pub"} <= {"sender.key"}
    assert not {"sqlite3", "socket.connect", "subprocess.Popen", "os.exec", "os.fork"} & set(facts["touched"])
    roots = {name.partition(".")[0] for name in facts["modules"]}
    assert not roots & {"django", "sqlite3", "pysqlite3", "psycopg", "amparo.wiring"}
    assert "example.org" not in written
    assert "127.0.0.1" not in written


def test_the_log_names_the_arrival_and_neither_addresses_nor_peers(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    process = Receiver(home, AMPARO_LOG="DEBUG")
    with smtplib.SMTP("127.0.0.1", process.smtp, local_hostname="laptop.example.org") as client:
        client.sendmail("a.reporter@example.org", [ADDRESS], RAW % b"item shared")
    written = process.stop()
    (letter,) = letters(home)
    assert f"kept {letter.arrival}" in written
    for word in ("example.org", "127.0.0.1", "see you", "item shared"):
        assert word not in written


def test_the_receiver_ends_when_told_and_forgets_what_a_killed_one_left_unfinished(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    (home.spool / "tmp").mkdir()
    (home.spool / "tmp" / "left.part").write_bytes(b"half")
    process = Receiver(home)
    assert not list((home.spool / "tmp").iterdir())
    assert "swept 1" in process.stop()
    assert process.process.returncode == 0


def test_the_doors_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMPARO_MAIL_DOMAINS", " Report.Example.ORG , tips.example.net,")
    monkeypatch.setenv("AMPARO_LMTP", "")
    doors = receiver.Doors.from_env()
    assert doors.domains == frozenset({"report.example.org", "tips.example.net"})
    assert doors.lmtp == ""
    assert keys.FOLDERS["receiver"] == ("content.pub", "identity.pub", "relay.pub", "sender.key")
