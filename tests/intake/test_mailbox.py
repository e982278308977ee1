"""A real mailbox (Dovecot) is emptied into the spool: byte for byte, once, whatever is killed, and nothing is marked as read."""

from __future__ import annotations

import hashlib
import imaplib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.errors import Refused, Unreachable
from amparo.foundation.home import Home
from amparo.intake import mailbox_fetch
from amparo.intake.mailbox import mailbox_from_env
from amparo.intake.mailbox_fetch import Journal, Mailbox, look, recipients_of
from amparo.intake.spool import Spool
from tests.intake import dovecot
from tests.intake.dovecot import PASSWORD, USER, Dovecot
from tests.intake.receiving import letters, new_home, originals

NOTHING = os.environ.get("AMPARO_SKIP_NOTHING") == "1"
needs_dovecot = pytest.mark.skipif(not dovecot.PROGRAM and not NOTHING, reason=dovecot.ABSENT)
RAW = b"From: a.reporter@example.org\r\nTo: Line <report@report.example.org>\r\nSubject: see you %d\r\n\r\nitem shared\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with tempfile.TemporaryDirectory(prefix="amparo-dovecot-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with dovecot.running(Path(folder) / "server") as running:
            yield running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path)


@pytest.fixture
def spool(home: Home) -> Spool:
    return Spool.of_process(home, "receiver")


@pytest.fixture
def folder(server: Dovecot, request: pytest.FixtureRequest) -> str:
    """A folder of this test's own: nothing of another test is in it."""
    name = f"in-{hashlib.sha256(request.node.name.encode()).hexdigest()[:8]}"
    with server.conversation() as conversation:
        conversation.create(name)
    return name


def mailbox(server: Dovecot, folder: str, done: str = "done") -> Mailbox:
    return Mailbox(
        "127.0.0.1", server.plain, False, USER, folder, f"{folder}-{done}" if done else "", password=PASSWORD
    )


@needs_dovecot
def test_mails_are_kept_byte_for_byte_and_moved_and_their_seen_flag_is_left(
    home: Home, spool: Spool, server: Dovecot, folder: str
) -> None:
    raws = [
        RAW % 1,
        RAW % 2 + "mañana".encode("latin-1") + b"\r\n",
        b"Subject: " + b"x" * 70_000 + b"\r\n\r\n" + b"y" * 200_000 + b"\r\n",
        b"\r\nno header at all\r\n",
        b"Subject: lines\r\n\r\n.\r\n..\r\n>From here\r\n",
    ]
    server.deliver(*raws, folder=folder)
    asked = mailbox(server, folder)
    looked = look(asked, spool, Journal(home, asked))
    assert (looked.kept, looked.moved) == (5, 5)
    assert sorted(originals(home)) == sorted(raws)
    assert server.flags(folder) == []
    assert len(server.flags(asked.done)) == 5
    assert not any(b"Seen" in each for each in server.flags(asked.done))
    assert look(asked, spool, Journal(home, asked)).kept == 0


@needs_dovecot
def test_a_server_that_cannot_move_copies_and_removes(
    home: Home, spool: Spool, server: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imaplib.IMAP4, "capability", lambda _: ("OK", [b"IMAP4rev1 UIDPLUS AUTH=PLAIN"]))
    asked = mailbox(server, folder)
    server.deliver(RAW % 1, folder=folder)
    assert look(asked, spool, Journal(home, asked)).moved == 1
    assert (len(server.flags(folder)), len(server.flags(asked.done))) == (0, 1)


@needs_dovecot
def test_mails_that_stay_where_they_are_are_marked_and_taken_once(
    home: Home, spool: Spool, server: Dovecot, folder: str
) -> None:
    asked = mailbox(server, folder, done="")
    server.deliver(*(RAW % number for number in range(3)), folder=folder)
    assert look(asked, spool, Journal(home, asked)).kept == 3
    server.deliver(RAW % 9, folder=folder)
    assert look(asked, spool, Journal(home, asked)).kept == 1
    assert look(asked, spool, Journal(home, asked)).kept == 0
    assert all(b"$AmparoKept" in each and b"Seen" not in each for each in server.flags(folder))


@needs_dovecot
def test_a_mail_already_kept_is_moved_and_not_fetched_again(
    home: Home, spool: Spool, server: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the note and the move."""
    asked = mailbox(server, folder)
    server.deliver(RAW % 1, folder=folder)
    with monkeypatch.context() as dying:
        dying.setattr(mailbox_fetch, "_put_away", lambda *_: 0)
        assert look(asked, spool, Journal(home, asked)).moved == 0
    assert look(asked, spool, Journal(home, asked)) == mailbox_fetch.Looked(0, 1, 0)
    assert len(letters(home)) == 1


@needs_dovecot
def test_a_folder_made_anew_gives_its_mails_though_their_numbers_are_known(
    home: Home, spool: Spool, server: Dovecot, folder: str
) -> None:
    asked = mailbox(server, folder, done="")
    server.deliver(RAW % 1, folder=folder)
    look(asked, spool, Journal(home, asked))
    with server.conversation() as conversation:
        conversation.delete(folder)
        time.sleep(1.1)  # UIDVALIDITY counts seconds: this is the server's clock, not a wait for it
        conversation.create(folder)
    server.deliver(RAW % 2, folder=folder)
    assert look(asked, spool, Journal(home, asked)).kept == 1
    assert sorted(originals(home)) == [RAW % 1, RAW % 2]


@needs_dovecot
def test_a_mail_too_large_to_fetch_stays_and_the_others_come(
    home: Home, spool: Spool, server: Dovecot, folder: str
) -> None:
    asked = replace(mailbox(server, folder), limit_bytes=10_000)
    server.deliver(RAW % 1 + b"x" * 20_000 + b"\r\n", RAW % 2, folder=folder)
    assert look(asked, spool, Journal(home, asked)) == mailbox_fetch.Looked(1, 1, 1)
    assert len(server.flags(folder)) == 1
    assert look(asked, spool, Journal(home, asked)).too_large == 1


@needs_dovecot
@pytest.mark.parametrize("from_the_start", [True, False])
def test_tls_is_spoken_and_checked(
    home: Home, spool: Spool, server: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch, from_the_start: bool
) -> None:
    monkeypatch.setattr(mailbox_fetch, "_on_this_machine", lambda _: False)
    port = server.tls if from_the_start else server.plain
    asked = replace(mailbox(server, folder), port=port, tls=from_the_start)
    server.deliver(RAW % 1, folder=folder)
    with pytest.raises(Unreachable, match="can't be read"):
        look(asked, spool, Journal(home, asked))
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    assert look(asked, spool, Journal(home, asked)).kept == 1


@needs_dovecot
def test_a_server_elsewhere_without_tls_gets_no_password(
    home: Home, spool: Spool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(mailbox_fetch, "_on_this_machine", lambda _: False)
    with tempfile.TemporaryDirectory(prefix="amparo-dovecot-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)
        with dovecot.running(Path(place) / "server", tls="no") as plain:
            asked = mailbox(plain, "INBOX")
            with pytest.raises(Refused, match="no encryption"):
                look(asked, spool, Journal(home, asked))


@needs_dovecot
def test_a_wrong_password_and_no_server_are_tried_again_with_a_sentence_that_names_nobody(
    home: Home, spool: Spool, server: Dovecot, folder: str
) -> None:
    for asked in (
        replace(mailbox(server, folder), password="another"),
        replace(mailbox(server, folder), port=9),
        mailbox(server, "no such folder"),
    ):
        with pytest.raises(Unreachable) as told:
            look(asked, spool, Journal(home, asked))
        assert USER not in str(told.value)
        assert PASSWORD not in str(told.value)


@needs_dovecot
def test_a_full_disk_leaves_the_mail_in_the_mailbox(
    home: Home, spool: Spool, server: Dovecot, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    asked = mailbox(server, folder)
    server.deliver(RAW % 1, folder=folder)
    with monkeypatch.context() as filled:
        filled.setattr(spool, "put", full)
        with pytest.raises(Unreachable, match="stays in the mailbox"):
            look(asked, spool, Journal(home, asked))
    assert look(asked, spool, Journal(home, asked)).kept == 1


@needs_dovecot
def test_no_mail_is_lost_or_left_when_the_process_is_killed_again_and_again(
    home: Home, server: Dovecot, folder: str
) -> None:
    raws = [RAW % number for number in range(60)]
    environment = {
        **os.environ,
        "AMPARO_HOME": str(home.path),
        "AMPARO_IMAP": f"imap://{USER}@127.0.0.1:{server.plain}/{folder}",
        "AMPARO_IMAP_PASSWORD": PASSWORD,
        "AMPARO_IMAP_DONE": f"{folder}-done",
        "AMPARO_IMAP_SECONDS": "0.1",
        "AMPARO_LOG": "ERROR",
        "SSL_CERT_FILE": str(server.certificate),
    }
    for number in range(6):
        server.deliver(*raws[number * 10 : number * 10 + 10], folder=folder)
        process = subprocess.Popen(
            [sys.executable, "-m", "amparo.intake.mailbox"], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        assert process.stdout.readline().startswith("ready imap")
        before = len(list(home.spool.glob("*.mail")))
        until = time.monotonic() + 30
        while len(list(home.spool.glob("*.mail"))) < min(before + number + 1, 60) and time.monotonic() < until:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    asked = mailbox(server, folder)
    look(asked, Spool.of_process(home, "receiver"), Journal(home, asked))
    assert server.flags(folder) == []
    assert {each.raw_sha256 for each in letters(home)} == {hashlib.sha256(raw).hexdigest() for raw in raws}
    assert len(letters(home)) <= 60 + 6  # at most one more a kill, and the ledger knows it


# --- Without a server


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"To: Line <report@report.example.org>", ("report@report.example.org",)),
        (b"Delivered-To: x+a@report.example.org\r\nTo: y@report.example.org", ("x+a@report.example.org", "y@report.example.org")),
        (b"To: a@example.org,\r\n b@Report.Example.org", ("b@Report.Example.org",)),
        (b"To: undisclosed-recipients:;", ("report@report.example.org",)),
        (b"Subject: none", ("report@report.example.org",)),
    ],
)  # fmt: skip
def test_for_whom_a_mail_was_is_read_from_its_headers(head: bytes, found: tuple[str, ...]) -> None:
    assert recipients_of(head + b"\r\n\r\nTo: z@report.example.org", Mailbox("x", 1, True, "u")) == found


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_no_headers_make_asking_for_whom_fail(head: bytes) -> None:
    assert recipients_of(b"To: " + head, Mailbox("x", 1, True, "u"))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sets(st.integers(1, 12)), max_size=4))
def test_a_journal_stays_short_and_never_forgets_what_is_still_there(
    tmp_path_factory: pytest.TempPathFactory, looks: list[set[int]]
) -> None:
    home = Home(tmp_path_factory.mktemp("journal"))
    asked, noted = Mailbox("x", 1, True, "u"), set[int]()
    for present in looks:
        journal = Journal(home, asked)
        journal.opened(7)
        for uid in sorted(present):
            assert journal.knows(uid) or uid not in noted
            journal.note(uid)
            noted.add(uid)
        journal.forget_all_but(present)
    again = Journal(home, asked)
    again.opened(8)
    assert not any(again.knows(uid) for uid in range(31))


SETTINGS = {
    "http://x@mail.example.org": "write it as imaps",
    "imaps://mail.example.org": "write it as imaps",
    "imaps://u:secret@mail.example.org": "must not hold the password",
}


@pytest.mark.parametrize("told", SETTINGS)
def test_an_odd_setting_is_refused_with_a_sentence(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMPARO_IMAP", told)
    with pytest.raises(Refused, match=SETTINGS[told]):
        mailbox_from_env()


def test_settings_say_which_mailbox_and_a_password_that_others_can_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert mailbox_from_env() is None
    secret = tmp_path / "password"
    secret.write_text("päss\n")
    secret.chmod(0o640)
    monkeypatch.setenv("AMPARO_IMAP", "imaps://line%40example.org@mail.example.org/Meldungen/Neu")
    monkeypatch.setenv("AMPARO_IMAP_PASSWORD_FILE", str(secret))
    with pytest.raises(Refused, match="chmod 600"):
        mailbox_from_env()
    secret.chmod(0o600)
    found = mailbox_from_env()
    assert found
    assert (found.host, found.port, found.tls, found.user) == ("mail.example.org", 993, True, "line@example.org")
    assert (found.folder, found.password) == ("Meldungen/Neu", "päss")
    assert "päss" not in repr(found)
    assert "line" not in found.name
