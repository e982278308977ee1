"""The public form's process over a socket: what it answers, whatever it is sent, and what it keeps."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amparo.foundation.clock import now
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake.form import codes, helplines, letters, mailboxes
from amparo.intake.form.texts import languages, texts
from amparo.vault import keys
from amparo.vault.keys import ProcessKeys
from tests.intake.form_server import FormServer, Page, form_home

HEAD = b"POST /en/sent HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
TYPED = HEAD + b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = form_home(tmp_path_factory.mktemp("form"))
    made.database.touch()
    return made


@pytest.fixture(scope="module")
def form(home: Home) -> Iterator[FormServer]:
    with FormServer(
        home, "tests.intake.form_probe:application", AMPARO_HOUSE_COUNTRY="ES", AMPARO_LINE_NAME="Line 7"
    ) as up:
        yield up
        said = up.stop()
    assert "127.0.0.1" not in said
    assert "failed" not in said


def waiting(home: Home) -> list[dict[str, Any]]:
    worker = ProcessKeys(home, "worker")
    return [letters.read(each, worker).said for each in letters.waiting(home)]


def with_length(body: bytes, head: bytes = TYPED) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def test_every_page_of_every_language_is_whole_and_carries_no_foreign_address_script_or_cookie(
    form: FormServer,
) -> None:
    for language in languages():
        for path in ("", "report/", "child/", "back/"):
            page = form.get(f"/{language}/{path}")
            assert page.status == 200
            assert f'<html lang="{language}" dir="{texts(language).direction}">' in page.text
            assert "{{" not in page.text and "{%" not in page.text
            assert not re.search(
                r"<(script|img|svg|iframe|link rel=\"(?!stylesheet))|\son\w+=|style=|http-equiv", page.text
            )
            outward = re.findall(r'(?:src|href|action)="(https?:[^"]+)"', page.text)
            assert set(outward) <= {"https://www.wikipedia.org/", "https://takeitdown.ncmec.org/"}
            assert "set-cookie" not in {name.lower() for name in page.headers}
            if "<form" in page.text and (number := page.text.find('href="tel:')) >= 0:
                assert number < page.text.index("<form")


def test_every_answer_forbids_scripts_keeping_and_passing_on(form: FormServer) -> None:
    for path, listed in (
        ("/", False),
        ("/es/", True),
        ("/es/report/", False),
        ("/es/nowhere/", False),
        ("/form.css", False),
    ):
        said = {name.lower(): value for name, value in form.get(path).headers.items()}
        assert said["cache-control"] == "no-store"
        assert said["referrer-policy"] == "no-referrer"
        assert (
            "default-src 'none'; style-src 'self'; form-action 'self'; img-src 'self'"
            in said["content-security-policy"]
        )
        assert ("x-robots-tag" not in said) is (listed or path == "/")


def test_the_entrance_leads_to_the_browser_s_language(form: FormServer) -> None:
    assert 'lang="ar"' in form.get("/", **{"Accept-Language": "xx, ar-MA;q=0.9, en;q=0.5"}).text
    assert 'lang="en"' in form.get("/", **{"Accept-Language": "tlh;q=zz"}).text


def test_what_not_to_do_and_the_emergency_number_stand_before_any_field(form: FormServer) -> None:
    start, report, child = (form.get(f"/en/{path}").text for path in ("", "report/", "child/"))
    assert start.index("tel:112") < start.index("Don’t download") < start.index("/en/report/")
    assert report.index("Don’t download") < report.index("<textarea")
    assert child.index("You did nothing wrong") < child.index("116 111") < child.index("<textarea")


def test_a_report_is_on_the_disk_before_it_is_answered_and_reloading_shows_the_same_code(
    form: FormServer, home: Home
) -> None:
    before = len(waiting(home))
    nonce = form.get("/es/report/").nonce
    first = form.post("/es/sent", nonce=nonce, route="report", text="Una sala a las 21:00.", danger="yes")
    assert first.status == 200
    assert len(waiting(home)) == before + 1
    again = form.post("/es/sent", nonce=nonce, route="report", text="Una sala a las 21:00.", danger="yes")
    assert (again.digits, again.words) == (first.digits, first.words)
    assert len(first.words) == 7
    assert len(waiting(home)) == before + 1
    assert codes.read(" ".join(first.words), "es") == codes.read(first.digits)


@pytest.mark.usefixtures("stretched_in_full")
def test_the_code_alone_opens_the_answer_in_words_or_digits(form: FormServer, home: Home) -> None:
    sent = form.post("/fr/sent", nonce=form.get("/fr/report/").nonce, text="Bonjour à vous.")
    box = codes.mailbox_of(codes.read(sent.digits), keys.code_key(home))
    assert "Il n’y a aucun message" in form.post("/fr/back/", code=sent.digits).text
    mailboxes.lay(home, box.uuid, box.public, mailboxes.Answer(new_id(), now(), "fr", "Quelle application <b>?"))
    for typed in (sent.digits, " ".join(sent.words).upper(), "-".join(word[:4] for word in sent.words)):
        assert "Quelle application &lt;b&gt;?" in form.post("/fr/back/", code=typed).text
    before = len(waiting(home))
    page = form.post("/fr/back/", code=sent.digits)
    back = form.post("/fr/back/", code=sent.digits, nonce=page.nonce, text="C’était Rooms.", danger="unknown")
    assert "Votre message est arrivé" in back.text
    assert "C’était Rooms." not in back.text
    assert back.nonce != page.nonce
    assert len(waiting(home)) == before + 1
    assert letters.read(letters.waiting(home)[-1], ProcessKeys(home, "worker")).mailbox == box.uuid


def test_a_mistyped_code_is_told_apart_and_kept_in_its_field(form: FormServer) -> None:
    for typed, said in (("zebra", "seven words"), ("zebra " * 6 + "xyzzy", "Word 7"), ("1" * 24, "not quite a code")):
        page = form.post("/en/back/", code=typed)
        assert page.status == 422
        assert said in page.text
        assert typed.strip() in page.text


def test_no_code_and_nothing_that_was_typed_stands_in_an_address(form: FormServer) -> None:
    page = form.post("/en/sent", nonce=form.get("/en/report/").nonce, text="In a room.")
    assert all(
        word not in " ".join(re.findall(r'(?:href|action)="([^"]+)"', page.text)).split("/") for word in page.words
    )


def test_the_receipt_comes_as_a_file_and_nothing_else_does(form: FormServer, home: Home) -> None:
    page = form.post("/en/sent", nonce=form.get("/en/report/").nonce, text="In a room.")
    text = page.text.partition('lang="en">\n')[2].partition("</textarea>")[0]
    file = form.post("/en/receipt", receipt=text)
    assert file.headers["content-disposition"] == 'attachment; filename="receipt.txt"'
    assert file.text == text
    assert "house: Line 7" in text
    assert form.get("/receipt-key").text == (home.keys / "form" / "receipt.pub").read_text()
    assert form.post("/en/receipt", receipt=text.replace("Line 7", "Line 8")).status == 400


def test_what_was_typed_is_kept_where_something_is_missing(form: FormServer, home: Home) -> None:
    before = len(waiting(home))
    page = form.post(
        "/de/sent", nonce="0" * 32, text=" \n", handle='"><b>@one', danger="no", zone="Europe/Madrid", live="over"
    )
    assert page.status == 422
    assert "&quot;&gt;&lt;b&gt;@one" in page.text
    assert page.nonce == "0" * 32
    assert re.search(r'value="no" checked', page.text)
    assert re.search(r'value="Europe/Madrid" dir="ltr" selected', page.text)
    assert len(waiting(home)) == before


HOSTILE = {
    "ten thousand fields": (with_length(b"&".join(b"f%d=1" % each for each in range(10_000))), 400),
    "three megabytes": (with_length(b"text=" + b"a" * 3_000_000), 413),
    "a huge field": (with_length(b"text=" + b"a" * 1_900_000), 422),
    "a length that lies downwards": (TYPED + b"Content-Length: 7\r\n\r\ntext=ab and much more", 200),
    "a negative length": (TYPED + b"Content-Length: -7\r\n\r\ntext=abc", 400),
    "a length that is no number": (TYPED + b"Content-Length: seven\r\n\r\ntext=abc", 400),
    "multipart without boundary": (with_length(b"x", HEAD + b"Content-Type: multipart/form-data\r\n"), 400),
    "broken multipart": (with_length(b"--x\r\nbro", HEAD + b"Content-Type: multipart/form-data; boundary=x\r\n"), 422),
    "multipart in multipart": (
        with_length(
            b"--x\r\nContent-Disposition: form-data; name=text\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n",
            HEAD + b"Content-Type: multipart/form-data; boundary=x\r\n",
        ),
        None,
    ),
    "another charset": (
        with_length(b"text=+AGE-", HEAD + b"Content-Type: application/x-www-form-urlencoded; charset=utf-7\r\n"), 400
    ),
    "JSON": (with_length(b'{"text": "abc"}', HEAD + b"Content-Type: application/json\r\n"), 422),
    "no body": (TYPED + b"\r\n", 422),
    "chunks": (TYPED + b"Transfer-Encoding: chunked\r\n\r\n8\r\ntext=abc\r\n0\r\n\r\n", None),
    "another method": (b"DELETE /en/sent HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
    "bytes in the address": (b"GET /%ff%00%fe/..%2f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
    "a nonce of another kind": (with_length(b"nonce=../../etc&text=%20"), 422),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_requests_get_an_answer_that_says_what_to_do(form: FormServer, home: Home, what: str) -> None:
    sent, status = HOSTILE[what]
    before = len(waiting(home))
    got = form.raw(sent)
    code = int(got.split(b" ", 2)[1])
    assert code == status if status else code < 500, got[:300]
    if what not in (
        "a negative length",
        "a length that is no number",
    ):  # those the server itself refuses, before any page
        assert b"<main" in got, got[:300]
    assert len(waiting(home)) - before == (1 if code == 200 else 0)


def test_nul_bidi_and_broken_characters_are_taken_and_sealed_as_they_came(form: FormServer, home: Home) -> None:
    got = form.raw(with_length(b"nonce=" + b"e" * 32 + b"&text=a%00b%E2%80%AEc%ff%ed%a0%80d"))
    assert got.startswith(b"HTTP/1.1 200")
    (said,) = [each for each in waiting(home) if each["text"].startswith("a\x00")]
    assert said["text"].startswith("a\x00b\u202ec")


def test_half_a_body_is_no_report_and_slow_ones_hold_up_nobody(form: FormServer, home: Home) -> None:
    before = len(waiting(home))
    lines = []
    for _ in range(8):
        line = socket.create_connection(("127.0.0.1", form.port), timeout=20)
        line.sendall(TYPED + b"Content-Length: 100\r\n\r\ntext=abc")
        lines.append(line)
    assert form.get("/en/").status == 200
    for line in lines:
        line.close()
    assert form.get("/en/back/").status == 200
    assert len(waiting(home)) == before


def test_many_at_once_are_each_answered(form: FormServer, home: Home) -> None:
    before, answers = len(waiting(home)), []

    def send(number: int) -> None:
        answers.append(form.post("/en/sent", nonce=f"{number:032x}", text=f"Room {number}."))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.status for each in answers] == [200] * 6
    assert len({each.digits for each in answers}) == 6
    assert len(waiting(home)) == before + 6


def test_the_kernel_denies_the_form_every_other_process_s_keys_and_the_database(form: FormServer) -> None:
    assert json.loads(form.get("/probe").text) == {
        "session": "PermissionError", "worker": "PermissionError", "database": "PermissionError", "home": "PermissionError",
        "own": "opened", "spool": "opened", "talk": "opened",
    }  # fmt: skip


def multipart(**parts: tuple[str, bytes]) -> bytes:
    body = b"".join(
        b"--x\r\nContent-Disposition: form-data; name=%s%s\r\n\r\n%s\r\n"
        % (name.encode(), f'; filename="{file}"'.encode() if file else b"", content)
        for name, (file, content) in parts.items()
    )
    return with_length(body + b"--x--\r\n", HEAD + b"Content-Type: multipart/form-data; boundary=x\r\n")


def test_files_are_dropped_unless_the_law_allows_them(form: FormServer, home: Home, tmp_path: Path) -> None:
    got = form.raw(multipart(nonce=("", b"d" * 32), text=("", b"With a file."), files=("a.bin", b"payload")))
    assert got.startswith(b"HTTP/1.1 200")
    worker = ProcessKeys(home, "worker")
    found = [letters.read(each, worker) for each in letters.waiting(home)]
    assert [each.files for each in found if each.said["text"] == "With a file."] == [()]

    other = form_home(tmp_path)
    helplines.own_file(other).write_text("")
    with FormServer(other, AMPARO_FORM_FILES="1") as open_to_files:
        numberless = open_to_files.get("/en/").text + open_to_files.get("/en/child/").text
        assert "Call the emergency services first" in numberless and "tel:" not in numberless
        assert '<ul class="numbers"' not in numberless and "Numbers in other countries" not in numberless
        assert 'type="file"' in open_to_files.get("/en/report/").text
        got = open_to_files.raw(multipart(text=("", b"With a file."), files=("a.bin", b"payload" * 500_000)))
        assert got.startswith(b"HTTP/1.1 200")
        (arrival,) = letters.waiting(other)
        (file,) = letters.read(arrival, ProcessKeys(other, "worker")).files
        assert (file.name, file.content) == ("a.bin", b"payload" * 500_000)
        too_large = b"x" * (26 * 1024 * 1024)
        assert open_to_files.raw(multipart(text=("", b"Large."), files=("b.bin", too_large))).startswith(
            b"HTTP/1.1 413"
        )


def test_a_disk_that_refuses_is_told_with_everything_kept(tmp_path: Path) -> None:
    home = form_home(tmp_path)
    with FormServer(home) as form:
        (home.spool / "tmp").rmdir()
        page: Page = form.post("/en/sent", nonce="c" * 32, text="In a room.", handle="@one")
        assert page.status == 503
        assert "it was not sent" in page.text
        assert "@one" in page.text
        assert page.nonce == "c" * 32
        (home.spool / "tmp").mkdir()
        assert form.post("/en/sent", nonce=page.nonce, text="In a room.", handle="@one").status == 200
