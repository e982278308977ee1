"""A mail's parts come back byte for byte, and what a part holds is read or kept: cut, forwarded, packed, signed, encrypted."""

from __future__ import annotations

import base64
import binascii
import struct
import time
import zlib
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside import mail, tnef
from amparo.sandbox.inside.calendar_part import text_of_calendar
from amparo.sandbox.inside.forwarded import forwarded_in
from amparo.sandbox.inside.identify import identify
from amparo.sandbox.inside.mail_headers import addresses, described, read_headers, words
from amparo.sandbox.inside.mail_parts import DEPTH, PARTS, cut
from amparo.sandbox.inside.rtf import text_of_rtf, unpacked
from amparo.sandbox.inside.transfer import base64 as undone, quoted_printable
from amparo.sandbox.inside.uuencode import files_in
from tests.sandbox.collected import Collected

HEAD = b"From: a@example.org\r\nMIME-Version: 1.0\r\n"
TEXT = "Buenos días. En este grupo hay personas que comparten archivos."


def read(data: bytes) -> tuple[dict[str, Any], list[tuple[str, str, bytes]]]:
    """Facts, and (role, name, bytes) of each blob."""
    sink = Collected()
    facts = mail.read(data, {}, sink)
    return facts, [(str(about["role"]), str(about["name"]), bytes(content)) for about, content in sink.blobs]


# --- Structure

BODY = st.binary(max_size=200)
NAME = st.text("abcdefgh0123456789'()+_,-./:=?", min_size=1, max_size=60).map(lambda name: name.strip())


@st.composite
def trees(draw: st.DrawFn, depth: int = 0) -> tuple[bytes, list[bytes]]:
    """A part of any shape (headers and all), and the bodies of its leaves in order."""
    if depth == 4 or draw(st.booleans()):
        body = draw(BODY)
        return b"Content-Type: application/octet-stream\r\n\r\n" + body, [body]
    boundary = f"{depth}-{draw(st.integers(0, 10**9))}-mark".encode()
    children = [draw(trees(depth + 1)) for _ in range(draw(st.integers(1, 4)))]
    head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
    whole = b"".join(b"--" + boundary + b"\r\n" + child + b"\r\n" for child, _ in children)
    return head + whole + b"--" + boundary + b"--", [leaf for _, leaves in children for leaf in leaves]


@settings(max_examples=150, deadline=None)
@given(trees())
def test_every_leaf_of_any_tree_comes_back_byte_for_byte(tree: tuple[bytes, list[bytes]]) -> None:
    whole, leaves = tree
    if any(b"-mark" in leaf for leaf in leaves):
        return
    assert [part.body for part in cut(HEAD + whole).parts] == leaves


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=600), st.sampled_from([b"", b"--x\r\n", b"--x--\r\n", b"Content-Type: multipart/mixed\r\n\r\n"])
)
def test_no_bytes_make_cutting_fail_or_lose_the_body(data: bytes, between: bytes) -> None:
    whole = HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + between + data + between + data
    found = cut(whole)
    assert found.parts
    assert sum(len(part.body) for part in found.parts) <= len(whole)


def test_a_boundary_that_begins_another_one_is_not_mistaken_for_it() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=mark-2\r\n\r\n--mark-2\r\n\r\ninner\r\n--mark-2--\r\n"
    whole = (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=mark\r\n\r\n--mark\r\n"
        + inner
        + b"--mark\r\n\r\nouter\r\n--mark--"
    )
    assert [part.body for part in cut(whole).parts] == [b"inner", b"outer"]


@pytest.mark.parametrize(
    ("named", "stands"),
    [(b"boundary=other", b"mark"), (b"", b"mark"), (b'boundary=""', b"mark"), (b"boundary=other", b"--=_mark")],
)
def test_parts_whose_boundary_is_not_named_are_found_by_the_one_that_stands_there(named: bytes, stands: bytes) -> None:
    parts = b"".join(b"--%s\r\nContent-Type: text/plain\r\n\r\n%s\r\n" % (stands, word) for word in (b"one", b"two"))
    facts, _ = read(HEAD + b"Content-Type: multipart/mixed; " + named + b"\r\n\r\n" + parts + b"--%s--\r\n" % stands)
    assert facts["text"] == "one\n\ntwo"
    assert facts["defects"] == []
    assert facts["remarks"]


def test_a_mail_that_names_no_type_but_has_parts_is_read_by_its_parts() -> None:
    facts, _ = read(b"From: a@example.org\r\n\r\n--mark\r\nContent-Type: text/plain\r\n\r\nitem shared\r\n--mark--\r\n")
    assert facts["text"] == "item shared"


def test_a_mail_that_ends_within_its_last_part_is_read_and_says_so() -> None:
    facts, blobs = read(
        HEAD
        + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: image/png\r\n\r\n\x89PNG"
    )
    assert facts["text"] == "text"
    assert blobs[0][2] == b"\x89PNG"
    assert facts["defects"] == ["It ends before its last part does."]


def test_words_outside_the_parts_are_kept_and_the_usual_sentence_is_not() -> None:
    whole = HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n%s\r\n--x\r\n\r\ntext\r\n--x--\r\n%s"
    facts, blobs = read(whole % (b"This is a multi-part message in MIME format.", b""))
    assert (facts["defects"], blobs) == ([], [])
    facts, blobs = read(whole % (b"", b"see you at 21:00"))
    assert blobs[0][1:] == ("outside-its-parts.txt", b"see you at 21:00\r\n")
    assert facts["defects"]


def test_the_bounds_keep_what_lies_beyond_them() -> None:
    deep = HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(DEPTH + 9)
    )
    found = cut(deep + b"\r\nsee you")
    assert found.parts[-1].unread
    assert b"see you" in found.parts[-1].body
    many = cut(HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * (PARTS * 3))
    assert len(many.parts) == PARTS + 1
    assert sum(part.body.count(b"a") for part in many.parts) == PARTS * 3


def test_hostile_structure_is_cut_in_linear_time() -> None:
    pieces = (
        b"--x\r\n",
        b"--x--\r\n",
        b"--x",
        b"\n--",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n",
        b"content-type:",
        b"=?",
    )
    for piece in pieces:
        started = time.process_time()
        cut(HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + piece * (500_000 // len(piece)))
        assert time.process_time() - started < 2


# --- Headers


def test_a_header_broken_by_a_mail_program_is_joined_with_the_one_before_it() -> None:
    headers = read_headers(b"Content-Type: multipart/mixed;\r\nboundary=x\r\nSubject: a\r\n\r\nbody")
    assert described(headers).boundary == b"x"
    assert headers.text("subject") == "a"
    assert headers.defects


def test_headers_that_end_without_an_empty_line_leave_the_text_to_the_body() -> None:
    data = b"From: a@example.org\r\nSubject: a\r\nsee you at 21:00\r\nanother line\r\n\r\nmore"
    headers = read_headers(data)
    assert data[headers.size :].startswith(b"see you")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?B?w4E=?=", "Á"),
        (b"=?utf-8?Q?a=C3?= =?utf-8?Q?=B1o?=", "año"),  # a letter cut in two
        (b"=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        (b"=?iso-8859-1?Q?ma=F1ana?= now =?utf-8?B?8J+OiQ==?=", "mañana now 🎉"),
        (b"=?utf-8?B?w4E?=", "Á"),  # without its padding
        (b"=?utf-8*es?Q?ni=C3=B1a?=", "niña"),  # RFC 2231: with a language
        (b"=?x-nobody?Q?a?=", "a"),
        (b"=?utf-8?Q?never ended", "=?utf-8?Q?never ended"),
        ("mañana".encode("latin-1"), "mañana"),
        ("сообщение о группе".encode("koi8-r"), "сообщение о группе"),
        (b"folded\r\n\tover lines", "folded over lines"),
        (b"=?iso-2022-jp?B?GyRCOiNGfCRPGyhC?=", "今日は"),
    ],
)
def test_a_headers_words_are_read_as_they_were_meant(raw: bytes, text: str) -> None:
    assert words(raw) == text


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b'attachment; filename="a b.pdf"', "a b.pdf"),
        (b"attachment; filename=a_(1).pdf", "a_(1).pdf"),
        (b"attachment; filename=two words.pdf", "two words.pdf"),
        (b"attachment; filename*=utf-8''%E2%82%AC.pdf", "€.pdf"),
        (b"attachment; filename*0=long; filename*1=er.pdf", "longer.pdf"),
        (b"attachment; filename*0*=utf-8''%C3%B1; filename*1*=%C3%B1.pdf", "ññ.pdf"),
        (b'attachment; filename="=?utf-8?B?w7EucGRm?="', "ñ.pdf"),
        ("attachment; filename=ñ.pdf".encode("latin-1"), "ñ.pdf"),
        (b'attachment; filename="unclosed.pdf', "unclosed.pdf"),
        (b"attachment; filename='single.pdf'", "single.pdf"),
        (b'attachment; filename="a.pdf"; filename="b.pdf"', "a.pdf"),
        (b'attachment; filename="..\\\\..\\\\x.exe"', "x.exe"),
        (b'attachment; filename="photo\xe2\x80\xaegpj.exe"', "photogpj.exe"),
        (b'attachment; filename="/etc/passwd"', "passwd"),
        (b"attachment; filename=.", ""),
    ],
)
def test_a_files_name_is_read_however_it_is_written_and_is_only_a_name(value: bytes, name: str) -> None:
    assert described(read_headers(b"Content-Disposition: " + value + b"\r\n\r\n")).name == name


def test_addresses_with_semicolons_names_and_groups_are_told_apart() -> None:
    headers = read_headers(b'To: "A; B" <a@example.org>; b@example.org, friends: c@example.org, d@example.org;\r\n\r\n')
    assert addresses(headers, "to")[0] == ["a@example.org", "b@example.org", "c@example.org", "d@example.org"]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=500))
def test_no_bytes_make_reading_headers_fail(data: bytes) -> None:
    for head in (
        b"",
        b"Content-Type: ",
        b"Content-Disposition: attachment; filename*0*=",
        b"Subject: =?utf-8?q?",
        b"To: ",
    ):
        headers = read_headers(head + data)
        described(headers)
        headers.text("subject")
        addresses(headers, "to")


# --- Transfer encodings, uuencode, yEnc


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 77))
def test_base64_is_undone_whatever_its_lines(data: bytes, width: int) -> None:
    encoded = base64.b64encode(data)
    lines = b"\r\n".join(encoded[place : place + width] for place in range(0, len(encoded), width))
    assert undone(lines) == (data, "")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_quoted_printable_is_undone(data: bytes) -> None:
    encoded = b"".join(b"=%02X" % code for code in data)
    assert (
        quoted_printable(b"=\r\n".join(encoded[place : place + 75] for place in range(0, len(encoded), 75)))[0] == data
    )


def test_damaged_base64_gives_what_can_be_decoded_and_a_sentence() -> None:
    assert undone(b"YQ==\r\nYmM=\r\n")[0] == b"abc"  # two runs, as some programs write
    for damaged, data in ((b"YWJj!!!ZGVm", b"abcdef"), (b"YWJjZ", b"abc"), (b"YWI", b"ab")):
        assert undone(damaged)[0] == data
        assert undone(damaged)[1]
    assert undone(b"These are words and no code.")[0] == b"These are words and no code."


def uuencoded(name: bytes, data: bytes) -> bytes:
    lines = b"".join(binascii.b2a_uu(data[place : place + 45]) for place in range(0, len(data), 45))
    return b"begin 644 " + name + b"\n" + lines + b"`\nend\n"


def yencoded(name: bytes, data: bytes) -> bytes:
    moved = bytes((code + 42) & 255 for code in data)
    escaped = b"".join(b"=" + bytes([(code + 64) & 255]) if code in b"\0\n\r=" else bytes([code]) for code in moved)
    return b"=ybegin line=128 size=%d name=%s\r\n%s\r\n=yend size=%d crc32=%08x\r\n" % (
        len(data), name, escaped, len(data), zlib.crc32(data),
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=400))
def test_files_written_into_a_text_are_taken_out_of_it(data: bytes) -> None:
    for encoded in (uuencoded(b"a b.bin", data), yencoded(b"a b.bin", data)):
        text, found = files_in(b"see you at 21:00\n" + encoded + b"bye\n")
        assert [(each.name, each.data, each.sentence) for each in found] == [(b"a b.bin", data, "")]
        assert text == b"see you at 21:00\nbye\n"


def test_a_file_without_its_end_is_taken_and_words_are_left_alone() -> None:
    cut_off = uuencoded(b"a.bin", bytes(range(200)))[:-6]
    _, found = files_in(cut_off)
    assert found[0].data == bytes(range(200))
    assert found[0].sentence
    words_only = b"begin 644 times over\nand then\nend\n"
    assert files_in(words_only) == (words_only, [])


def test_a_text_full_of_beginnings_is_read_in_linear_time() -> None:
    for piece in (b"begin 644 a\n", b"=ybegin size=1 name=a\n", b"begin 644 a\nend\n", b"end\n", b" " * 40 + b"="):
        started = time.process_time()
        files_in(piece * (500_000 // len(piece)))
        quoted_printable(piece * (500_000 // len(piece)))
        assert time.process_time() - started < 2


# --- What holds more


def packed_in_outlook(files: dict[str, bytes], text: str = "", rtf: bytes = b"") -> bytes:
    """A winmail.dat, as MS-OXTNEF says."""

    def attribute(level: int, name: int, kind: int, body: bytes) -> bytes:
        return struct.pack("<BHHI", level, name, kind, len(body)) + body + struct.pack("<H", sum(body) & 0xFFFF)

    def properties(*each: tuple[int, int, bytes]) -> bytes:
        whole = b"".join(
            struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)
            for kind, number, value in each
        )
        return struct.pack("<I", len(each)) + whole

    stream = tnef.SIGNATURE + b"\x01\x00" + attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
    own = [(0x1F, 0x1000, text.encode("utf-16-le") + b"\0\0")] if text else []
    own += [(0x102, 0x1009, rtf)] if rtf else []
    stream += attribute(1, 0x9003, 6, properties(*own)) if own else b""
    for name, data in files.items():
        stream += (
            attribute(2, 0x9002, 6, bytes(14))
            + attribute(2, 0x8010, 1, b"SHORT~1.BIN\0")
            + attribute(2, 0x800F, 6, data)
        )
        stream += attribute(2, 0x9005, 6, properties((0x1F, 0x3707, name.encode("utf-16-le") + b"\0\0")))
    return stream


def stored_rtf(rtf: bytes) -> bytes:
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


def with_part(media_type: str, name: str, data: bytes, text: str = TEXT) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.org", "Grupo"
    message.set_content(text)
    message.add_attachment(
        data, maintype=media_type.split("/", maxsplit=1)[0], subtype=media_type.split("/")[1], filename=name or None
    )
    return message.as_bytes()


def test_a_winmail_dat_gives_its_text_and_its_files() -> None:
    packed = packed_in_outlook({"imagen ñ.png": b"\x89PNG", "chat.txt": b"see you"}, "nos vemos a las 21:00")
    facts, blobs = read(with_part("application/ms-tnef", "winmail.dat", packed, ""))
    assert [(name, data) for _, name, data in blobs] == [("imagen ñ.png", b"\x89PNG"), ("chat.txt", b"see you")]
    assert facts["text"] == "nos vemos a las 21:00"
    assert facts["defects"] == []


def test_a_winmail_dat_with_rich_text_alone_is_read_too() -> None:
    rtf = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard ma\'f1ana \u8364 ?5\par a las 21:00}"
    facts, _ = read(with_part("application/ms-tnef", "winmail.dat", packed_in_outlook({}, rtf=stored_rtf(rtf)), ""))
    assert facts["text"] == "mañana €5\na las 21:00"


def test_rich_text_that_was_html_gives_its_words_once() -> None:
    rtf = rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}see you\htmlrtf \par \htmlrtf0 {\*\htmltag72 </p>} at 21:00}"
    assert text_of_rtf(rtf) == "see you at 21:00"


def test_packed_rich_text_is_unpacked_as_its_makers_example_says() -> None:
    # MS-OXRTFCP, 4.1.1: {\rtf1\ansi\ansicpg1252\pard hello world}
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_a_damaged_winmail_dat_is_kept_beside_what_was_read_of_it() -> None:
    packed = packed_in_outlook({"a.bin": b"item", "b.bin": b"shared"})
    facts, blobs = read(with_part("application/ms-tnef", "winmail.dat", packed[:-50]))
    assert ("attachment", "winmail.dat", packed[:-50]) in blobs
    assert any(data == b"item" for _, _, data in blobs)
    assert facts["defects"]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 300), st.binary(max_size=6))
def test_no_bytes_make_reading_a_winmail_dat_fail(noise: bytes, at: int, change: bytes) -> None:
    whole = packed_in_outlook({"a.bin": b"item"}, "text", stored_rtf(b"{\\rtf1 a}"))
    for data in (tnef.SIGNATURE + noise, whole[:at] + change + whole[at + len(change) :], whole[:at] + noise):
        tnef.read(data)
    text_of_rtf(b"{\\rtf1" + noise)


def test_a_calendar_entry_is_read_as_lines_with_its_zone() -> None:
    calendar = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Quedada\\, en línea\r\nDTSTART;TZID=Europe/Madrid:20261103T210000\r\n"
        "ORGANIZER;CN=Cuenta de prueba:mailto:cuenta@example.org\r\nLOCATION:sala\r\n  tres\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert text_of_calendar(calendar).split("\n") == [
        "Event: Quedada, en línea",
        "Begins: 20261103T210000 (Europe/Madrid)",
        "Organiser: Cuenta de prueba <cuenta@example.org>",
        "Where: sala tres",
    ]
    facts, blobs = read(with_part("text/calendar", "", calendar.encode(), "see you"))
    assert facts["text"].startswith("see you\n\nEvent: Quedada")
    assert blobs[0][2].replace(b"\r\n", b"\n") == calendar.encode().replace(b"\r\n", b"\n")


def test_a_mail_attached_to_a_mail_is_kept_byte_for_byte_and_its_words_are_read_as_a_claim() -> None:
    inner = b"From: Otra Cuenta <otra@example.org>\r\nDate: Tue, 3 Nov 2026 21:00:00 +0100\r\n"
    inner += b"Subject: =?utf-8?Q?ni=C3=B1a?=\r\n\r\nnos vemos\r\n"
    outer = (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nmire esto\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
    )
    facts, blobs = read(outer + inner + b"\r\n--x--\r\n")
    assert blobs == [("attachment", "forwarded.eml", inner)]
    assert facts["text"] == (
        "mire esto\n\n[Forwarded mail]\nFrom: Otra Cuenta <otra@example.org>\nDate: Tue, 3 Nov 2026 21:00:00 +0100\n"
        "Subject: niña\n\nnos vemos"
    )
    assert facts["forwarded"][0]["sender_raw"] == "Otra Cuenta <otra@example.org>"


HEADS = {
    "gmail, en": "-- Forwarded message --\nFrom: Ana <ana@example.org>\nDate: Tue, 3 Nov\nSubject: item\nTo: <b@example.org>",
    "outlook, de": "Von: Ana <ana@example.org>\nGesendet: Dienstag, 3. November 2026 21:00\nAn: b@example.org\nBetreff: Gruppe",
    "outlook, es": "De: Ana <ana@example.org>\nEnviado: martes, 3 de noviembre de 2026 21:00\nPara: b@example.org\nAsunto: Grupo",
    "apple, fr": "> De: Ana <ana@example.org>\n> Objet: Groupe\n> Date: 3 novembre 2026\n> À: b@example.org",
    "starred, pt": "*De:* Ana <ana@example.org>\n*Enviado:* terça-feira\n*Para:* b@example.org\n*Assunto:* Grupo",
    "it": "Da: Ana <ana@example.org>\nInviato: martedì\nA: b@example.org\nOggetto: Gruppo",
    "ca": "De: Ana <ana@example.org>\nEnviat: dimarts\nPer a: b@example.org\nAssumpte: Grup",
    "ar": "من: Ana <ana@example.org>\nالتاريخ: الثلاثاء\nإلى: b@example.org\nالموضوع: مجموعة",
    "ja": "差出人: Ana <ana@example.org>\n日時: 2026年11月3日\n宛先: b@example.org\n件名: グループ",
    "with a copy line": "From: Ana <ana@example.org>\nSent: Tuesday\nTo: b@example.org\nCc: c@example.org\nSubject: item",
    "no address": "From: Ana\nSent: Tuesday\nTo: Berta\nSubject: item",
}


@pytest.mark.parametrize("kind", HEADS)
def test_the_head_of_a_forwarded_mail_is_told_in_many_languages(kind: str) -> None:
    (found,) = forwarded_in(f"mire esto\n\n{HEADS[kind]}\n\nnos vemos")
    assert found.sender_raw.startswith("Ana")
    assert found.subject


@pytest.mark.parametrize(
    "text",
    [
        "De: la cuenta\nhola: nada",
        "From: here to there\nI went",
        "Para: ti\nAsunto: nada",
        "To: b@example.org\nSubject: a",
        "",
    ],
)
def test_words_that_only_look_like_it_are_no_forwarded_head(text: str) -> None:
    assert forwarded_in(text) == []


def test_a_text_full_of_heads_is_read_in_linear_time() -> None:
    for piece in ("From: a@example.org\nDate: x\n", "De: ", ">" * 60 + " From: a\n", "a: b\n", ":" * 10):
        started = time.process_time()
        forwarded_in(piece * (500_000 // len(piece)))
        assert time.process_time() - started < 2


def test_encrypted_parts_are_handed_on_and_signatures_are_named() -> None:
    armoured = b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQ==\r\n-----END PGP MESSAGE-----\r\n"
    encrypted = (
        HEAD + b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=x\r\n\r\n'
        b"--x\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--x\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n" + armoured + b"--x--\r\n"
    )
    facts, blobs = read(encrypted)
    assert [(role, data.strip()) for role, _, data in blobs] == [("openpgp", armoured.strip())]
    assert facts["sealed"] == 1
    facts, blobs = read(HEAD + b"\r\nsee you\r\n" + armoured + b"bye\r\n")
    assert [role for role, _, _ in blobs] == ["openpgp_text"]
    assert facts["text"].split() == ["see", "you", "bye"]
    clear = b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n- -- see you\r\n"
    clear += b"-----BEGIN PGP SIGNATURE-----\r\n\r\nx\r\n-----END PGP SIGNATURE-----\r\n"
    facts, _ = read(HEAD + b"\r\n" + clear)
    assert (facts["text"], facts["signed"]) == ("-- see you", "openpgp")


def test_of_plain_and_html_the_html_is_read_too_where_the_plain_text_is_a_stub() -> None:
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content("Open this mail in a browser.")
    message.add_alternative(
        f"<p>{TEXT} Nos vemos mañana a las nueve en la sala de siempre, escribe pronto.</p>", subtype="html"
    )
    facts, _ = read(message.as_bytes())
    assert TEXT in facts["text"]
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content(TEXT)
    message.add_alternative(f"<div><p>{TEXT}</p></div>", subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG", maintype="image", subtype="png", filename="a.png")  # type: ignore[union-attr, index]
    facts, blobs = read(message.as_bytes())
    assert (facts["text"], facts["alternatives"], len(blobs)) == (TEXT, 1, 1)


def test_flowed_lines_are_joined_again() -> None:
    body = b"see you \r\nat 21:00\r\n> quoted \r\n> words\r\n-- \r\nAna\r\n"
    facts, _ = read(HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + body)
    assert facts["text"] == "see you at 21:00\n> quoted words\n-- \nAna"


def test_a_delivery_report_gives_its_codes_and_no_address() -> None:
    report = (
        HEAD
        + b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\nnot delivered\r\n"
        b"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        b"Final-Recipient: rfc822; a@example.org\r\nAction: failed\r\nStatus: 5.1.1 (no such user)\r\n--x--\r\n"
    )
    facts, _ = read(report)
    assert facts["delivery"] == [{"action": "failed", "status": "5.1.1"}]


def test_bytes_that_are_no_mail_are_kept_as_a_file() -> None:
    facts, blobs = read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
    assert facts["text"] == ""
    assert len(blobs[0][2]) == 508
    assert facts["defects"]


@pytest.mark.parametrize("before", [b"", b"From a@example.org Tue Nov  3 21:00:00 2026\n", b">From a@example.org\r\n"])
def test_a_mail_is_known_as_one_with_and_without_a_mailboxs_line_before_it(before: bytes) -> None:
    assert identify(before + b"Subject: item\nFrom: a@example.org\n\ntext")[0] == "mail"
    assert identify(before + b"somebody wrote: hello\n")[0] == "text"
