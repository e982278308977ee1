"""Codes of words, receipts and the catalogues of the public form: what holds without any process."""

from __future__ import annotations

import os
import re
import shutil
import string
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.errors import Broken, Refused
from amparo.foundation.home import Home
from amparo.intake.form import codes, fields, helplines, receipts, texts as catalogue
from amparo.intake.form.codes import NoCode
from amparo.intake.form.fields import merged
from amparo.intake.triage.stated import stated_of
from amparo.vault import envelope, keys
from amparo.wiring import cli

FEW = 200 if os.environ.get("AMPARO_FUZZ") else 25  # drawing a code looks through five lists of words
KEY = bytes(range(32))
NONCES = st.text("0123456789abcdef", min_size=32, max_size=32)
LANGUAGES = st.sampled_from(["en", "es", "fr", "it", "pt", "de", "ca", "ar"])
WHEN = datetime(2026, 11, 22, 21, 0, 5, tzinfo=UTC)


@settings(max_examples=FEW)
@given(NONCES, LANGUAGES, LANGUAGES)
def test_a_code_is_read_from_its_words_or_digits_whatever_the_page_s_language(
    nonce: str, shown: str, typed_at: str
) -> None:
    code = codes.draw(KEY, nonce)
    assert codes.draw(KEY, nonce) == code
    assert codes.read(" ".join(code.words(shown)), typed_at) == code
    assert codes.read(code.digits, typed_at) == code
    assert len(code.words(shown)) == 7
    assert len(code.digits.replace(" ", "")) == 24


@settings(max_examples=FEW)
@given(NONCES, LANGUAGES, st.sampled_from([" ", ", ", "-", "\n", " 1. ", " \u00a0 "]), st.booleans(), st.booleans())
def test_typing_forgives_case_accents_separators_and_everything_behind_the_fourth_letter(
    nonce: str, language: str, between: str, loud: bool, short: bool
) -> None:
    code = codes.draw(KEY, nonce)
    words = [codes._folded(word) for word in code.words(language)]
    words = [word[:4] + ("" if short else "xx") if len(word) > 4 else word for word in words]
    typed = between.join(words)
    assert codes.read(f"  {typed.upper() if loud else typed}. ", language) == code
    digits = code.digits.replace(" ", between if between.strip(" ,-\n\u00a0") == "" else "")
    assert codes.read(digits.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))) == code


@settings(max_examples=FEW)
@given(NONCES, LANGUAGES, st.integers(0, 6), st.integers(1, 2047))
def test_one_other_word_is_nearly_always_told_and_never_taken_for_the_code(
    nonce: str, language: str, at: int, by: int
) -> None:
    code, known = codes.draw(KEY, nonce), codes.word_list(codes.list_of(language))
    words = list(code.words(language))
    words[at] = known[(known.index(words[at]) + by) % 2048]
    try:
        taken = codes.read(" ".join(words), language)
    except NoCode as wrong:
        taken, reason = None, wrong.reason
    assert taken != code
    assert taken or reason == "check"


def test_ninety_eight_of_a_hundred_slips_are_told_at_least() -> None:
    told = tried = 0
    for number in range(40):
        code = codes.draw(KEY, f"{number:032x}")
        digits = code.digits.replace(" ", "")
        for at in range(24):
            slip = digits[:at] + str((int(digits[at]) + 1 + number % 9) % 10) + digits[at + 1 :]
            tried += 1
            try:
                codes.read(slip)
            except NoCode:
                told += 1
    assert told / tried >= 0.98  # seven bits: one in 128 passes, and opens no mailbox


@given(st.text(max_size=300))
def test_whatever_is_typed_is_a_code_or_a_reason(typed: str) -> None:
    reason, place = "", 0
    try:
        codes.read(typed)
    except NoCode as wrong:
        reason, place = wrong.reason, wrong.place
    assert reason in ("", "empty", "count", "word", "check")
    assert (place > 0) == (reason == "word")


def test_a_word_of_no_list_is_named_by_its_place() -> None:
    words = list(codes.draw(KEY, "a" * 32).words("es"))
    words[2] = "xyzzy"
    with pytest.raises(NoCode) as wrong:
        codes.read(" ".join(words), "es")
    assert (wrong.value.reason, wrong.value.place) == ("word", 3)


def test_no_code_holds_a_word_that_nobody_who_reports_should_be_handed() -> None:
    for number in range(300):
        code = codes.draw(KEY, str(number))
        assert not any(codes._UNWANTED.intersection(code.words(language)) for language in codes.LISTS)


def test_mailboxes_differ_by_code_and_by_house() -> None:
    one, two = codes.draw(KEY, "1"), codes.draw(KEY, "2")
    first = codes.mailbox_of(one, KEY)
    assert codes.mailbox_of(one, KEY) == first
    assert len({first.uuid, codes.mailbox_of(two, KEY).uuid, codes.mailbox_of(one, KEY[::-1]).uuid}) == 3
    assert len({first.private, codes.mailbox_of(two, KEY).private, codes.mailbox_of(one, KEY[::-1]).private}) == 3
    letter = envelope.seal_letter(b"x", first.public, envelope.Binding(first.uuid, first.uuid))
    assert envelope.open_letter(letter, first.private, envelope.Binding(first.uuid, first.uuid)) == b"x"


# --- Receipts ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair() -> tuple[bytes, bytes]:
    return envelope.new_signing_key()


def made(pair: tuple[bytes, bytes], statement: str = "In a room.\nAt nine.") -> str:
    return receipts.text_of(receipts.make("Line  7", KEY, "a" * 32, statement, WHEN), pair[0])


@settings(max_examples=FEW)
@given(st.text(max_size=400))
def test_a_receipt_is_for_its_words_and_no_others(statement: str) -> None:
    private, public = envelope.new_signing_key()
    text = receipts.text_of(receipts.make("Line", KEY, "a", statement, WHEN), private).encode()
    assert receipts.verify(text, public, statement).same_words
    assert receipts.verify(text, public, f"  {statement}\r\n").same_words  # as an editor saves it
    assert not receipts.verify(text, public, statement + "x").same_words
    assert receipts.verify(text, public).signed


def test_a_receipt_names_neither_words_nor_reporter_and_its_number_is_the_same_each_time(
    pair: tuple[bytes, bytes],
) -> None:
    text = made(pair)
    assert "room" not in text
    assert text.splitlines()[:2] == ["amparo receipt 1", "house: Line 7"]
    assert "received: 2026-11-22T21:00:05Z" in text
    assert made(pair) == text


def test_every_changed_character_of_a_receipt_is_seen(pair: tuple[bytes, bytes]) -> None:
    text = made(pair)
    for at in range(len(text)):
        # Of the signature's last letter only two bits count: every other letter there is tried.
        letters = string.ascii_letters + string.digits if text[at + 1 : at + 2] == "=" else "01"
        for letter in letters.replace(text[at], ""):
            try:
                assert not receipts.verify((text[:at] + letter + text[at + 1 :]).encode(), pair[1]).signed
            except Broken:
                continue


@pytest.mark.parametrize("text", [b"", b"amparo receipt 1\n", b"\xff\xfe", b"x" * 10_000, b"a: b\n" * 6])
def test_what_is_no_receipt_is_refused_with_a_sentence(pair: tuple[bytes, bytes], text: bytes) -> None:
    with pytest.raises(Broken, match="no receipt"):
        receipts.verify(text, pair[1])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_stock_openssl_verifies_a_receipt_by_the_commands_that_the_format_s_page_tells(
    pair: tuple[bytes, bytes], tmp_path: Path
) -> None:
    page = Path("docs/formats/receipt.md").read_text()
    commands = page.partition("```sh\n")[2].partition("```")[0]
    (tmp_path / "receipt.txt").write_text(made(pair))
    (tmp_path / "receipt-key.pem").write_bytes(pair[1])
    (tmp_path / "statement.txt").write_text("In a room.\nAt nine.")
    done = subprocess.run(["sh", "-e", "-c", commands], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Signature Verified Successfully" in done.stdout
    assert receipts.verify(made(pair).encode(), pair[1]).receipt.statement_sha256 in done.stdout
    (tmp_path / "receipt.txt").write_text(made(pair).replace("Line 7", "Line 8"))
    assert subprocess.run(["sh", "-e", "-c", commands], cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_the_command_checks_offline_and_ends_with_1_where_something_differs(
    pair: tuple[bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path / "home"))
    home = Home.from_env()
    keys.make_keys(home)
    file, words = tmp_path / "receipt.txt", tmp_path / "words.txt"
    file.write_text(receipts.text_of(receipts.make("Line", KEY, "a", "In a room.", WHEN), keys.receipt_keys(home)[0]))
    words.write_text("In a room.\r\n")
    assert cli.main(["receipt", str(file), "--text", str(words)]) == 0
    assert "good" in capsys.readouterr().out
    words.write_text("In another room.")
    assert cli.main(["receipt", str(file), "--text", str(words)]) == 1
    (tmp_path / "other.pem").write_bytes(pair[1])
    assert cli.main(["receipt", str(file), "--key", str(tmp_path / "other.pem")]) == 1
    assert "BAD" in capsys.readouterr().out


# --- Fields, catalogues, help lines --------------------------------------------------------------------------------------


@settings(max_examples=FEW)
@given(st.dictionaries(st.sampled_from(sorted(fields.FIELDS["report"])), st.text(max_size=80)))
def test_whatever_is_typed_becomes_fields_that_triage_reads(said: dict[str, str]) -> None:
    typed = fields.typed("report", said)
    whole = fields.submission("report", "en", "a" * 32, typed)
    stated = stated_of(whole.fields)
    assert stated.danger_now == (said.get("danger") if said.get("danger") in ("yes", "no") else "unknown")
    assert whole.arrival == fields.submission("report", "en", "a" * 32, typed).arrival
    assert whole.document(WHEN)
    assert set(fields.obstacles("report", typed)) <= set(fields.FIELDS["report"])


def test_a_later_no_does_not_take_back_a_yes() -> None:
    first = {"danger_now": "yes", "live": "over", "identifiers": [{"kind": "handle", "value": "@a"}]}
    later = {"danger_now": "no", "live": "now", "identifiers": [{"kind": "handle", "value": "@b"}], "route": "back"}
    assert merged(first, later) == {
        "danger_now": "yes", "live": "now", "route": "back",
        "identifiers": [{"kind": "handle", "value": "@a"}, {"kind": "handle", "value": "@b"}],
    }  # fmt: skip


def files() -> dict[str, dict[str, str]]:
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in catalogue.FOLDER.glob("*.toml")}


def test_every_language_has_every_text_with_the_same_braces_and_none_besides() -> None:
    found = files()
    assert set(found) == {"en", "es", "fr", "pt", "de", "it", "ca", "ar"}
    for language, said in found.items():
        assert set(said) == set(found["en"]), language
        for key, text in said.items():
            assert text.strip(), (language, key)
            assert sorted(re.findall(r"\{\w*\}", text)) == sorted(re.findall(r"\{\w*\}", found["en"][key])), (
                language,
                key,
            )
            assert "<" not in text


def test_no_language_leaves_a_text_in_english_or_in_another_script() -> None:
    found = files()
    short = {"report_danger_no", "child_danger_no", "child_crisis_no", "child_ongoing_no", "direction", "talk_title"}
    for language, said in found.items():
        if language == "en":
            continue
        assert [key for key in said if said[key] == found["en"][key] and key not in short] == []
        if language == "ar":
            latin = re.compile(rf"[{string.ascii_letters}]{{2,}}")
            assert {word for text in said.values() for word in latin.findall(re.sub(r"\{\w*\}", "", text))} <= {
                "IP", "JavaScript", "Tor", "rtl"
            }  # fmt: skip


def test_no_text_uses_words_that_belittle_or_blame() -> None:
    for said in files().values():
        assert not re.search(r"porn|pädo|pedo(?!f)|kinderporn|بورن", " ".join(said.values()), re.IGNORECASE)


def test_a_home_s_own_file_of_numbers_replaces_the_shipped_one_and_a_broken_one_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMPARO_HOUSE_COUNTRY", "es")
    home = Home(tmp_path)
    shipped = helplines.load(home)
    assert (shipped.own.code, shipped.own.emergency[0].number) == ("ES", "112")
    assert shipped.own.for_children and shipped.removal and len(shipped.others) > 10
    (tmp_path / "helplines.toml").write_text(
        'source = "us"\nfirst = "ZZ"\n[countries.ZZ]\nname = "Z"\nemergency = [["+00 1", "E"]]\n'
    )
    own = helplines.load(home)
    assert [(each.number, each.dialled) for each in own.own.lines] == [("+00 1", "+001")]
    (tmp_path / "helplines.toml").write_text("")
    none = helplines.load(home)
    assert (none.own.lines, none.others, none.removal) == ((), (), ())
    (tmp_path / "helplines.toml").write_text("countries = 3")
    with pytest.raises(Refused, match="no list of help lines"):
        helplines.load(home)
