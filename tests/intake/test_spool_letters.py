from __future__ import annotations

import fcntl
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.errors import Broken, Refused
from amparo.foundation.home import Home
from amparo.intake import spool
from amparo.intake.spool import Mail, Spool
from amparo.vault import envelope, keys
from tests.intake.receiving import identity_of, letters, new_home, originals

AT = datetime(2026, 3, 1, 21, 0, 0, 123456, tzinfo=UTC)
RAW = (
    b"Received: from mx.example.org ([192.0.2.7])\r\n\tby report.example.org; Sun, 1 Mar 2026 21:00:00 +0100\r\n"
    b'From: "A Reporter" <a.reporter@example.org>\r\nSubject: see you\r\n at 21:00\r\nMIME-Version: 1.0\r\n'
    b"X-Originating-IP: 192.0.2.7\r\ncontent-type: text/plain;\r\n\tcharset=utf-8\r\nDate: Sun, 1 Mar 2026 21:00 +0100\r\n"
    b"Message-ID: <1@example.org>\r\n\r\nitem shared\r\n"
)


def mail(raw: bytes = RAW) -> Mail:
    return Mail(raw, "a.reporter@example.org", ("report@report.example.org",), AT)


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return new_home(tmp_path_factory.mktemp("spool"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path)


def put(home: Home, raw: bytes = RAW) -> spool.Arrival:
    uuid = Spool.of_process(home, "receiver").put(mail(raw))
    return next(arrival for arrival in spool.arrivals(home) if arrival.uuid == uuid)


# --- Cutting


@pytest.mark.parametrize(
    ("raw", "header_block"),
    [
        (b"Subject: x\r\n\r\nbody", b"Subject: x\r\n\r\n"),
        (b"Subject: x\n\nbody", b"Subject: x\n\n"),
        (b"Subject: x\n\r\nbody\r\n\r\nmore", b"Subject: x\n\r\n"),
        (b"\r\nbody", b"\r\n"),
        (b"", b""),
        (b"Subject: x\r\n", b"Subject: x\r\n"),
        (b"Subject: x\r\n folded", b"Subject: x\r\n folded"),
        (b"From a Sun Mar  1\nSubject: x\n\nbody", b"From a Sun Mar  1\nSubject: x\n\n"),
        (b"no header at all\r\n\r\nsecond", b""),
        (b"no header at all", b""),
        (b"From my phone: nothing\r\n\r\nsecond", b""),
        (b"Subject: x\r\nwords without an empty line before them\r\n", b"Subject: x\r\n"),
        (b"Subject: x\r\nbroken line\r\nFrom: a\r\n\r\nbody", b"Subject: x\r\nbroken line\r\nFrom: a\r\n\r\n"),
    ],
)
def test_a_mail_is_cut_at_its_first_empty_line_and_never_hides_words_among_the_headers(
    raw: bytes, header_block: bytes
) -> None:
    assert spool.split(raw) == (header_block, raw[len(header_block) :])


def test_only_headers_that_say_how_to_read_the_body_are_kept_with_their_folding() -> None:
    assert spool.kept_headers(spool.split(RAW)[0]) == (
        b"Subject: see you\r\n at 21:00\r\nMIME-Version: 1.0\r\ncontent-type: text/plain;\r\n\tcharset=utf-8\r\n"
        b"Date: Sun, 1 Mar 2026 21:00 +0100\r\n"
    )


def test_a_bare_cr_starts_no_new_header_line() -> None:
    assert spool.kept_headers(b"X-Other: a\rSubject: b\r\n\r\n") == b""


PIECES = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"Subject", b"From: a", b"\0", b"\xff", b"x" * 2000, b"."]
)


@settings(deadline=None, max_examples=300)
@given(raw=st.lists(PIECES, max_size=25).map(b"".join) | st.binary(max_size=200))
def test_cutting_loses_no_byte_and_keeps_no_header_that_is_not_listed(raw: bytes) -> None:
    header_block, body = spool.split(raw)
    assert header_block + body == raw
    for line in re.findall(rb"^[^ \t\n][^\n]*", spool.kept_headers(header_block), re.MULTILINE):
        assert line.partition(b":")[0].strip().lower() in spool.KEPT_HEADERS


@settings(deadline=None, max_examples=40)
@given(raw=st.lists(PIECES, max_size=25).map(b"".join) | st.binary(max_size=200))
def test_the_two_letters_are_the_original_again_byte_for_byte(shared_home: Home, raw: bytes) -> None:
    arrival = put(shared_home, raw)
    letter = spool.read_letter(arrival, keys.ProcessKeys(shared_home, "worker"))
    assert spool.rejoin(identity_of(shared_home, letter), letter) == raw
    spool.remove(arrival)


# --- Who learns what


def test_the_content_letter_says_nothing_of_the_sender_and_the_identity_letter_everything(home: Home) -> None:
    put(home)
    (letter,) = letters(home)
    readable = letter.message + repr(letter).encode()
    for secret in (b"reporter@example", b"192.0.2.7", b"A Reporter", b"mx.example.org", b"<1@example.org>"):
        assert secret not in readable
    assert letter.message.endswith(b"\r\n\r\nitem shared\r\n")
    assert (letter.received_at, letter.raw_size_bytes) == (AT, len(RAW))
    identity = identity_of(home, letter)
    assert (identity.sender, identity.header_block) == ("a.reporter@example.org", spool.split(RAW)[0])


def test_nothing_lies_in_the_spool_in_the_clear(home: Home) -> None:
    stored = put(home).path.read_bytes()
    for word in (b"reporter", b"item shared", b"report.example.org", b"recipients"):
        assert word not in stored


def test_the_worker_cannot_open_the_identity_letter(home: Home) -> None:
    put(home)
    (letter,) = letters(home)
    worker = keys.ProcessKeys(home, "worker")
    with pytest.raises(Refused):
        worker.private_key(keys.public_key(home, "worker", keys.IDENTITY).compartment)
    content_key = worker.private_key(keys.public_key(home, "worker", keys.CONTENT).compartment)
    with pytest.raises(Broken):
        spool.open_identity(letter.identity_letter, content_key, letter.arrival)


def test_the_receivers_own_files_and_code_open_nothing_that_it_sealed(home: Home, tmp_path: Path) -> None:
    arrival = put(home)
    own = Home(tmp_path / "as-the-receiver-sees-it")
    own.make()
    for path in (home.keys / "receiver").iterdir():
        (own.keys / "receiver").mkdir(mode=0o700, exist_ok=True)
        shutil.copy2(path, own.keys / "receiver")
    keys.check_keys(own, "receiver")
    with pytest.raises(Refused):
        spool.read_letter(arrival, keys.ProcessKeys(own, "receiver"))
    stored = arrival.path.read_bytes()
    found = [stored[at.start() :] for at in re.finditer(envelope.LETTER_MAGIC, stored)]
    assert len(found) == 3
    public = (keys.public_key(own, "receiver", name).public for name in (keys.CONTENT, keys.IDENTITY, keys.RELAY))
    material = b"".join((keys.sender_key(own), *public))
    for letter in found:
        binding = envelope.letter_binding(letter)
        for at in range(0, len(material) - 31, 4):  # any 32 bytes the receiver has, as if they were the key
            with pytest.raises(Broken):
                envelope.open_letter(letter, material[at : at + 32], binding)


# --- On the disk


def test_arrivals_come_oldest_first_and_a_removed_one_is_gone(home: Home) -> None:
    put_ids = [put(home, b"Subject: %d\r\n\r\n" % number).uuid for number in range(5)]
    found = list(spool.arrivals(home))
    assert [arrival.uuid for arrival in found] == sorted(put_ids, key=str)
    spool.remove(found[0])
    spool.remove(found[0])
    assert list(spool.arrivals(home)) == found[1:]


def test_the_same_mail_twice_is_known_by_its_digest(home: Home) -> None:
    put(home), put(home)
    one, other = letters(home)
    assert one.arrival != other.arrival
    assert one.raw_sha256 == other.raw_sha256


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_one_changed_byte_of_a_spooled_mail_is_always_broken(shared_home: Home, data: st.DataObject) -> None:
    arrival = put(shared_home)
    stored = bytearray(arrival.path.read_bytes())
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
    arrival.path.write_bytes(stored)
    with pytest.raises(Broken):
        originals(shared_home)
    spool.remove(arrival)


def test_a_cut_file_is_broken_and_is_kept_aside(home: Home) -> None:
    arrival = put(home)
    arrival.path.write_bytes(arrival.path.read_bytes()[:20])
    with pytest.raises(Broken):
        spool.read_letter(arrival, keys.ProcessKeys(home, "worker"))
    kept = spool.set_aside(arrival)
    assert kept.stat().st_size == 20
    assert not list(spool.arrivals(home))


def test_a_file_under_another_arrivals_name_is_broken(home: Home) -> None:
    arrival = put(home)
    renamed = arrival.path.rename(home.spool / f"{UUID(int=7)}.mail")
    with pytest.raises(Broken):
        spool.read_letter(spool.Arrival(UUID(int=7), renamed), keys.ProcessKeys(home, "worker"))


def test_identity_and_content_of_two_mails_do_not_join(home: Home) -> None:
    put(home), put(home, b"Subject: another\r\n\r\n")
    one, other = letters(home)
    with pytest.raises(Broken):
        spool.rejoin(identity_of(home, one), other)


def test_unfinished_files_are_swept_and_those_still_being_written_are_not(home: Home) -> None:
    writing = Spool.of_process(home, "receiver")
    dead, alive = home.spool / "tmp" / "dead.part", home.spool / "tmp" / "alive.part"
    dead.write_bytes(b"half")
    with alive.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert writing.sweep() == 1
    assert (dead.exists(), alive.exists()) == (False, True)


def test_a_refusing_disk_leaves_nothing_behind(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = Spool.of_process(home, "receiver")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        writing.put(mail())
    assert not list(home.spool.rglob("*.*"))


def test_originals_of_many_mails_are_all_there(home: Home) -> None:
    raws = [b"Subject: %d\r\n\r\n%d\r\n" % (number, number) for number in range(20)]
    for raw in raws:
        put(home, raw)
    assert originals(home) == raws
