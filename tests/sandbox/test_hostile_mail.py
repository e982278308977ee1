"""Mail as it really arrives: broken, oversized, in any script; nothing of it is lost."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email.message import EmailMessage
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside import mail
from amparo.sandbox.inside.markup import text_of_html
from amparo.sandbox.readings import MailReading
from amparo.sandbox.warden import Warden
from tests.sandbox.collected import Collected

TEXT = "Buenos días. En este grupo hay personas que comparten archivos. Les envío la exportación. Un saludo"

BOUNDARY = uuid4()


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(1)
    yield pool
    pool.close()


def examined(warden: Warden, data: bytes) -> MailReading:
    with warden.boundary(BOUNDARY) as box:
        reading = box.examine("mail", data)
    assert isinstance(reading, MailReading)
    return reading


def report() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ana Ejemplo <ana@example.org>"
    message["To"] = "report@example.org, second@example.org"
    message["Cc"] = "third@example.org"
    message["Subject"] = "Grupo de mensajería: información"
    message["Date"] = "Sun, 5 May 2019 21:00:00 +0200"
    message["Message-ID"] = "<1@example.org>"
    message.set_content(TEXT)
    return message


def test_a_report_with_attachments_is_read_whole(warden: Warden) -> None:
    message = report()
    message.add_attachment(
        b"PK\x03\x04 not really", maintype="application", subtype="zip", filename="Chat de WhatsApp.zip"
    )
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="../../imagen ñ.png")
    reading = examined(warden, message.as_bytes())
    assert reading.subject == "Grupo de mensajería: información"
    assert reading.sender_raw == "Ana Ejemplo <ana@example.org>"
    assert reading.recipients == ("report@example.org", "second@example.org", "third@example.org")
    assert reading.date_raw == "Sun, 05 May 2019 21:00:00 +0200"
    assert (reading.text, reading.text_source, reading.language) == (TEXT, "plain", "es")
    assert [(blob.name, blob.data) for blob in reading.attachments] == [
        ("Chat de WhatsApp.zip", b"PK\x03\x04 not really"),
        ("imagen ñ.png", b"\x89PNG"),
    ]
    assert reading.defects == ()


def test_of_a_text_said_twice_the_plain_one_is_read_and_the_other_counted(warden: Warden) -> None:
    message = report()
    message.add_alternative(f"<p>{TEXT}</p>", subtype="html")
    reading = examined(warden, message.as_bytes())
    assert (reading.text, reading.alternatives) == (TEXT, 1)


def test_a_mail_in_html_alone_is_read_as_text(warden: Warden) -> None:
    message = report()
    message.set_content(
        "<style>p{}</style><script>x()</script><p>see you</p><div>at 21:00 &amp; later</div>", subtype="html"
    )
    reading = examined(warden, message.as_bytes())
    assert (reading.text, reading.text_source) == ("see you\n\nat 21:00 & later", "html")


def test_a_mail_without_text_is_no_failure(warden: Warden) -> None:
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.add_attachment(b"item", maintype="application", subtype="octet-stream", filename="a.bin")
    reading = examined(warden, message.as_bytes())
    assert (reading.text, reading.text_source, reading.language) == ("", "none", "unknown")
    assert [blob.data for blob in reading.attachments] == [b"item"]


def test_a_forwarded_mail_is_one_attachment_to_be_examined_next(warden: Warden) -> None:
    inner = report()
    outer = report()
    outer.add_attachment(inner)
    reading = examined(warden, outer.as_bytes())
    (forwarded,) = reading.attachments
    assert forwarded.media_type == "message/rfc822"
    assert examined(warden, forwarded.data).text == TEXT


def multipart_nested(depth: int) -> bytes:
    head = b"From: a@example.org\r\nSubject: nested\r\nMIME-Version: 1.0\r\n"
    opening = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return head + opening + b"Content-Type: text/plain\r\n\r\nsee you at 21:00\r\n"


@pytest.mark.parametrize("depth", [60, 400, 2_000])
def test_nesting_of_any_depth_ends_in_a_reading_that_keeps_everything(warden: Warden, depth: int) -> None:
    data = multipart_nested(depth)
    reading = examined(warden, data)
    assert reading.subject == "nested"
    kept = reading.text.encode() + b"".join(blob.data for blob in reading.attachments)
    assert b"see you at 21:00" in kept
    assert reading.defects


def test_two_hundred_thousand_parts_are_kept_unread_within_seconds(warden: Warden) -> None:
    data = (
        b'From: a@example.org\nSubject: parts\nContent-Type: multipart/mixed; boundary="x"\n\n'
        + b"--x\n\na\n" * 200_000
    )
    with warden.boundary(BOUNDARY) as box:
        reading = box.examine("mail", data, limit_s=10)
    assert isinstance(reading, MailReading)
    assert reading.subject == "parts"
    assert "It has too many parts; the rest is kept unread, as one attachment." in reading.defects
    assert reading.text.count("a") + reading.attachments[-1].data.count(b"a") == 200_000


HEADERS = {
    "encoded words": b"Subject: " + b"=?utf-8?B?YQ==?= " * 20_000,
    "addresses": b"To: " + b", ".join(b"a%d@example.org" % number for number in range(20_000)),
    "one huge line": b"Subject: " + b"x" * 5_000_000,
    "a million lines": b"X-A: b\n" * 1_000_000 + b"Subject: x",
    "open quotes": b"To: " + b'"a' * 50_000,
    "brackets": b"To: " + b"<" * 100_000 + b"@" * 400,
    "parameters": b"Content-Type: text/plain; " + b"a*0*=b; " * 20_000,
    "comments": b"To: " + b"(" * 100_000 + b"a@example.org",
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_built_to_be_slow_is_cut_not_endured(warden: Warden, kind: str) -> None:
    with warden.boundary(BOUNDARY) as box:
        reading = box.examine("mail", b"From: a@example.org\n" + HEADERS[kind] + b"\n\nsee you at 21:00\n", limit_s=10)
    assert isinstance(reading, MailReading)
    assert reading.sender_raw == "a@example.org"
    assert "see you at 21:00" in reading.text + "".join(blob.data.decode() for blob in reading.attachments)


@pytest.mark.parametrize(
    "charset", ["x-nobody-knows", "idna", "punycode", "unicode_escape", "zlib_codec", "rot13", "utf-7", "iso-2022-cn"]
)
def test_a_charset_that_is_none_is_named_as_a_defect_and_the_text_still_read(warden: Warden, charset: str) -> None:
    data = f'From: a@example.org\nContent-Type: text/plain; charset="{charset}"\n\nitem shared\n'.encode()
    reading = examined(warden, data)
    assert reading.text == "item shared"
    assert any("character set" in defect for defect in reading.defects)


@pytest.mark.parametrize(
    ("charset", "text"),
    [("iso-8859-1", "mañana"), ("windows-1252", "“mañana”"), ("koi8-r", "привет"), ("iso-2022-jp", "今日は"), ("gb18030", "你好"),
     ("euc-kr", "안녕"), ("shift_jis", "今日は"), ("iso-8859-6", "مرحبا"), ("utf-16", "mañana"), ("windows-1256", "مرحبا")],
)  # fmt: skip
def test_the_charsets_of_real_mail_are_read(warden: Warden, charset: str, text: str) -> None:
    body = base64.encodebytes(text.encode(charset))
    head = f"From: a@example.org\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n"
    assert examined(warden, head.encode() + body).text == text


@pytest.mark.parametrize("charset", ["", "us-ascii", "unknown-8bit", "x-unknown", "'"])
def test_a_mail_that_does_not_know_its_charset_has_no_defect(warden: Warden, charset: str) -> None:
    data = f'From: a@example.org\nContent-Type: text/plain; charset="{charset}"\n\nitem shared\n'.encode()
    assert examined(warden, data).defects == ()


def test_text_of_a_wrong_charset_is_still_legible(warden: Warden) -> None:
    data = "From: Jos\xe9 <a@example.org>\nSubject: ma\xf1ana\n\nma\xf1ana".encode("latin-1")
    reading = examined(warden, data)
    assert (reading.subject, reading.text) == ("mañana", "mañana")
    assert reading.sender_raw == "José <a@example.org>"


BROKEN = {
    "no end of parts": b'From: a@example.org\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n\nitem shared\n',
    "no boundary": b"From: a@example.org\nContent-Type: multipart/mixed\n\nitem shared\n",
    "boundary never used": b'From: a@example.org\nContent-Type: multipart/mixed; boundary="x"\n\nitem shared\n',
    "no headers": b"\nitem shared\n",
    "no blank line": b"From: a@example.org\nitem shared\n",
    "nothing but text": b"item shared",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_structure_gives_what_can_be_read(warden: Warden, kind: str) -> None:
    reading = examined(warden, BROKEN[kind])
    assert "item shared" in reading.text + "".join(blob.data.decode() for blob in reading.attachments)


def test_a_damaged_attachment_is_kept_with_a_defect(warden: Warden) -> None:
    data = (
        b'From: a@example.org\nContent-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: image/png; name="a.png"\n'
        b"Content-Transfer-Encoding: base64\n\niVBORw0KGgo\n--x--\n"
    )
    reading = examined(warden, data)
    assert reading.attachments[0].data.startswith(b"\x89PNG")
    assert reading.defects


def test_nothing_at_all_is_a_mail_without_text(warden: Warden) -> None:
    assert examined(warden, b"").text == ""


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2_000))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    for head in (b"", b'Content-Type: multipart/mixed; boundary="x"\n\n--x\n', b"Subject: =?utf-8?q?"):
        facts = mail.read(head + data, {}, Collected())
        assert isinstance(facts["text"], str)


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300),
    st.binary(max_size=500),
)
def test_what_is_sent_is_read_again(text: str, attached: bytes) -> None:
    message = report()
    message.set_content(text)
    message.add_attachment(attached, maintype="application", subtype="octet-stream", filename="a.bin")
    sink = Collected()
    facts = mail.read(message.as_bytes(), {}, sink)
    assert facts["text"] == text.strip()
    assert [bytes(content) for _, content in sink.blobs] == [attached]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>/!-ab &;pscriptyle\n\"'", max_size=400))
def test_no_markup_survives_into_text_as_a_tag(markup: str) -> None:
    assert "<script>" not in text_of_html(markup.replace("&", ""))


def test_markup_built_to_be_slow_is_read_in_linear_time() -> None:
    for piece in ("<", "<!--", "<script>", "</", "&", "<p ", "<style"):
        text_of_html(piece * 300_000)
