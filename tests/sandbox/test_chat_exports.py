"""WhatsApp exports: both phones, seven languages, every date order; and that no line is ever lost."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside import chat
from amparo.sandbox.inside.chats import source as source_module, wordings
from amparo.sandbox.inside.chats.source import Source
from amparo.sandbox.inside.chats.whatsapp import looks_like_export
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.inside.identify import identify
from amparo.sandbox.readings import ChatReading
from amparo.sandbox.warden import Warden
from tests.sandbox.collected import Collected

LRM, RLM, NARROW, NBSP = "\u200e", "\u200f", "\u202f", "\u00a0"


def reading(text: str | bytes) -> dict[str, Any]:
    sink = Collected()
    chat.read(io.BytesIO(text if isinstance(text, bytes) else text.encode()), {}, sink)
    document: dict[str, Any] = json.loads(sink.blobs[0][1])
    return document


def items(text: str | bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reading(text)["items"]
    return found


# --- Stamps ---------------------------------------------------------------------------------------------------------------

# Each line says the same: 13 May 2019, 21:05, or 09:05 where it says so.
STAMPS = {
    "Android, Spain": ("13/5/19, 21:05 - ", "2019-05-13T21:05:00"),
    "Android, Spain, 12 h": (f"13/5/19, 9:05{NBSP}p.{NBSP}m. - ", "2019-05-13T21:05:00"),
    "Android, Mexico": (f"13/05/19 9:05 p.{NARROW}m. - ", "2019-05-13T21:05:00"),
    "Android, US": (f"5/13/19, 9:05{NARROW}PM - ", "2019-05-13T21:05:00"),
    "Android, UK": ("13/05/2019, 21:05 - ", "2019-05-13T21:05:00"),
    "Android, Germany": ("13.05.19, 21:05 - ", "2019-05-13T21:05:00"),
    "Android, France": ("13/05/2019 à 21:05 - ", "2019-05-13T21:05:00"),
    "Android, Portugal": ("13/05/19 às 21:05 - ", "2019-05-13T21:05:00"),
    "Android, Sweden": ("2019-05-13 21:05 - ", "2019-05-13T21:05:00"),
    "Android, Finland": ("13.5.2019 klo 21.05 - ", "2019-05-13T21:05:00"),
    "Android, Czechia": ("13. 5. 2019 21:05 - ", "2019-05-13T21:05:00"),
    "Android, Germany, 12 h": ("13.05.19, 9:05 nachm. - ", "2019-05-13T21:05:00"),
    "Android, Germany, in words": ("13.05.19, 21:05 Uhr - ", "2019-05-13T21:05:00"),
    "Android, Vietnam": ("13/05/2019, 9:05 CH - ", "2019-05-13T21:05:00"),
    "Android, Greece": ("13/05/2019, 9:05 ΜΜ - ", "2019-05-13T21:05:00"),
    "Android, China": ("2019年5月13日 下午9:05 - ", "2019-05-13T21:05:00"),
    "Android, Canada": ("2019-05-13 21h05 - ", "2019-05-13T21:05:00"),
    "iPhone, a colon behind": ("[13.5.2019, 21:05:59]: ", "2019-05-13T21:05:59"),
    "Android, Netherlands": ("13-05-19 21:05 - ", "2019-05-13T21:05:00"),
    "Android, Arabic": (f"١٣{RLM}/٥{RLM}/٢٠١٩، ٩:٠٥ م - ", "2019-05-13T21:05:00"),
    "Android, Korea": ("2019. 5. 13. 오후 9:05 - ", "2019-05-13T21:05:00"),
    "iPhone, Spain": ("[13/5/19, 21:05:59] ", "2019-05-13T21:05:59"),
    "iPhone, US": (f"[5/13/19, 9:05:59{NARROW}AM] ", "2019-05-13T09:05:59"),
    "iPhone, Germany": ("[13.05.19, 21:05:59] ", "2019-05-13T21:05:59"),
    "iPhone, Mexico": (f"[13/05/19 9:05:59{NBSP}a.m.] ", "2019-05-13T09:05:59"),
    "iPhone, marked": (f"{LRM}[13/05/2019, 21:05:59] ", "2019-05-13T21:05:59"),
    "iPhone, Arabic": (f"[{RLM}١٣{RLM}/٥{RLM}/٢٠١٩، ٩:٠٥:٥٩ ص] ", "2019-05-13T09:05:59"),
    "copied from a browser": ("[21:05, 13/05/2019] ", "2019-05-13T21:05:00"),
    "old iPhone": ("13/05/19, 9:05:59 PM: ", "2019-05-13T21:05:59"),
    "iPhone, Sweden": ("[2019-05-13, 21:05:59] ", "2019-05-13T21:05:59"),
}


@pytest.mark.parametrize("phone", STAMPS)
def test_every_phones_stamp_is_read(phone: str) -> None:
    stamp, moment = STAMPS[phone]
    (message,) = items(f"{stamp}Ana: hola\n")
    assert (message["ts"], message["sender"], message["text"]) == (moment, "Ana", "hola")
    assert message["raw"] in stamp


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["13/05/19"], "dmy"),
        (["05/13/19"], "mdy"),
        (["2019/05/04"], "ymd"),
        (["04/05/19"], "ambiguous"),
        (["04/05/19", "05/05/19"], "ambiguous"),
        (["30/04/19", "01/05/19"], "dmy"),
        # No part above 12, but read month first time would run backwards.
        (["11/04/19", "12/04/19", "01/05/19"], "dmy"),
        (["04/11/19", "04/12/19", "05/01/19"], "mdy"),
        # One impossible date does not outweigh the rest.
        (["13/05/19", "14/05/19", "31/02/19"], "dmy"),
        # Nor does something like a stamp that a member typed: 45 is no day, and one line makes no year stand first.
        (["13/05/19", "14/05/19", "45/1/26", "15/05/19"], "dmy"),
    ],
)
def test_the_order_of_day_and_month_is_decided_from_all_stamps(dates: list[str], order: str) -> None:
    found = reading("".join(f"{date}, 21:00 - Ana: hola\n" for date in dates))
    assert found["date_order"] == order
    assert found["alternatives"] == (["dmy", "mdy"] if order == "ambiguous" else [])


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_byte_order_marks_and_windows_line_ends_are_no_obstacle(mark: bytes) -> None:
    found = reading(mark + "13/05/19, 21:00 - Ana: mañana\r\na las 21:00\r\n".encode())
    assert [each["text"] for each in found["items"]] == ["mañana\na las 21:00"]


def test_an_export_in_utf_16_is_read() -> None:
    assert items("13/05/19, 21:00 - Ana: mañana\n".encode("utf-16"))[0]["text"] == "mañana"


# --- Items ----------------------------------------------------------------------------------------------------------------

EVENTS = {
    "es": {
        'Ana creó el grupo "Encuentro"': ("group_created", "Ana", [], "Encuentro"),
        "Ana añadió a Luis, Marta y +34 600 000 001": ("member_added", "Ana", ["Luis", "Marta", "+34 600 000 001"], None),
        "Añadiste a Luis": ("member_added", "Tú", ["Luis"], None),
        "Ana te añadió": ("member_added", "Ana", ["Tú"], None),
        "+34 600 000 001 se unió usando el enlace de invitación de este grupo": ("member_joined_link", "+34 600 000 001", [], None),
        "Luis salió del grupo": ("member_left", "Luis", [], None),
        "Ana eliminó a Luis": ("member_removed", "Ana", ["Luis"], None),
        'Ana cambió el asunto de "A: b" a "C: d"': ("subject_changed", "Ana", [], "C: d"),
        "Ana cambió el ícono de este grupo": ("icon_changed", "Ana", [], None),
        "Ahora eres admin. del grupo": ("admin_granted", None, ["Tú"], None),
    },
    "en": {
        "Ana created group “Meeting”": ("group_created", "Ana", [], "Meeting"),
        "You added Luis and Marta": ("member_added", "You", ["Luis", "Marta"], None),
        "Ana added you": ("member_added", "Ana", ["You"], None),
        "Luis joined using this group's invite link": ("member_joined_link", "Luis", [], None),
        "Luis joined using this group’s invite link": ("member_joined_link", "Luis", [], None),
        "Luis left": ("member_left", "Luis", [], None),
        "Ana removed Luis": ("member_removed", "Ana", ["Luis"], None),
        "You're now an admin": ("admin_granted", None, ["You"], None),
        'Ana changed the subject from "A: b" to "C: d"': ("subject_changed", "Ana", [], "C: d"),
        "Luis changed to +44 7700 900001": ("number_changed", "Luis", [], "+44 7700 900001"),
        "Your security code with Luis changed. Tap to learn more.": ("security_code", "Luis", [], None),
        "Ana pinned a message": ("pinned", "Ana", [], None),
    },
    "fr": {
        "Ana a créé le groupe « Réunion »": ("group_created", "Ana", [], "Réunion"),
        "Ana a ajouté Luis et Marta": ("member_added", "Ana", ["Luis", "Marta"], None),
        "Vous avez ajouté Luis": ("member_added", "Vous", ["Luis"], None),
        "Luis a quitté le groupe": ("member_left", "Luis", [], None),
        "Luis a rejoint le groupe via le lien d’invitation": ("member_joined_link", "Luis", [], None),
        "Ana a retiré Luis": ("member_removed", "Ana", ["Luis"], None),
    },
    "de": {
        "Ana hat die Gruppe „Treffen“ erstellt": ("group_created", "Ana", [], "Treffen"),
        "Ana hat Luis und Marta hinzugefügt": ("member_added", "Ana", ["Luis", "Marta"], None),
        "Du hast Luis hinzugefügt": ("member_added", "Du", ["Luis"], None),
        "Ana hat dich hinzugefügt": ("member_added", "Ana", ["Du"], None),
        "Luis ist der Gruppe mit dem Einladungslink beigetreten": ("member_joined_link", "Luis", [], None),
        "Luis hat die Gruppe verlassen": ("member_left", "Luis", [], None),
        "Ana hat Luis entfernt": ("member_removed", "Ana", ["Luis"], None),
    },
    "pt": {
        'Ana criou o grupo "Encontro"': ("group_created", "Ana", [], "Encontro"),
        "Ana adicionou Luis e Marta": ("member_added", "Ana", ["Luis", "Marta"], None),
        "Luis entrou usando o link de convite deste grupo": ("member_joined_link", "Luis", [], None),
        "Luis saiu": ("member_left", "Luis", [], None),
        "Ana removeu Luis": ("member_removed", "Ana", ["Luis"], None),
    },
    "it": {
        'Ana ha creato il gruppo "Incontro"': ("group_created", "Ana", [], "Incontro"),
        "Ana ha aggiunto Luis e Marta": ("member_added", "Ana", ["Luis", "Marta"], None),
        "Luis si è unito usando il link d'invito": ("member_joined_link", "Luis", [], None),
        "Luis ha abbandonato": ("member_left", "Luis", [], None),
        "Ana ha rimosso Luis": ("member_removed", "Ana", ["Luis"], None),
    },
    "ar": {
        'أنشأ سامي المجموعة "لقاء"': ("group_created", "سامي", [], "لقاء"),
        "قام سامي بإضافة ليلى": ("member_added", "سامي", ["ليلى"], None),
        "غادر سامي": ("member_left", "سامي", [], None),
        "انضم سامي باستخدام رابط الدعوة": ("member_joined_link", "سامي", [], None),
    },
}  # fmt: skip
CASES = [(language, text) for language, events in EVENTS.items() for text in events]


@pytest.mark.parametrize(("language", "text"), CASES)
def test_a_notice_is_the_same_event_on_both_phones(language: str, text: str) -> None:
    kind, actor, targets, value = EVENTS[language][text]
    for line in (f"13/05/19, 21:00 - {text}", f"[13/05/19, 21:00:00] Encuentro: {LRM}{text}"):
        (event,) = items(line + "\n")
        assert (event["item"], event["type"], event["actor"], event["targets"], event["value"]) == (
            "event",
            kind,
            actor,
            targets,
            value,
        )
        assert event["text"] == text


ENCRYPTED = {
    "es": "Los mensajes y las llamadas están cifrados de extremo a extremo. Nadie fuera de este chat puede leerlos.",
    "en": "Messages and calls are end-to-end encrypted. No one outside of this chat can read or listen to them.",
    "fr": "Les messages et les appels sont chiffrés de bout en bout. Aucun tiers ne peut les lire ou les écouter.",
    "de": "Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt. Niemand außerhalb dieses Chats kann sie lesen.",
    "pt": "As mensagens e as chamadas são protegidas com a criptografia de ponta a ponta. Ninguém fora desta conversa pode lê-las.",
    "it": "I messaggi e le chiamate sono crittografati end-to-end. Nessuno al di fuori di questa chat può leggerli.",
    "ar": "الرسائل والمكالمات مشفرة تمامًا بين الطرفين، بحيث لا يستطيع أحد خارج هذه الدردشة قراءتها.",
}


@pytest.mark.parametrize("language", ENCRYPTED)
def test_the_encryption_notice_makes_nobody_a_member_though_the_iphone_prints_the_group_as_its_author(
    language: str,
) -> None:
    for text in (ENCRYPTED[language], LRM + ENCRYPTED[language]):
        found = reading(f"[13/05/19, 21:00:00] Encuentro: {text}\n")
        assert [each["type"] for each in found["items"]] == ["encryption_notice"]
        assert found["members"] == []


def test_an_unknown_notice_stays_a_notice_with_its_text() -> None:
    (notice,) = items("13/05/19, 21:00 - Algo que ninguna tabla conoce\n")
    assert (notice["item"], notice["type"], notice["value"]) == ("event", "notice", "Algo que ninguna tabla conoce")


FILES = {
    "IMG-20190513-WA0001.jpg (archivo adjunto)": ("media", "IMG-20190513-WA0001.jpg", "image", False),
    "STK-20190513-WA0003.webp (file attached)": ("media", "STK-20190513-WA0003.webp", "sticker", False),
    "PTT-20190513-WA0001.opus (Datei angehängt)": ("media", "PTT-20190513-WA0001.opus", "voice", False),
    "informe (1).pdf (fichier joint)": ("media", "informe (1).pdf", "document", False),
    "Luis.vcf (file allegato)": ("contact", "Luis.vcf", "contact", False),
    f"{LRM}<adjunto: 00000012-PHOTO-2019-05-13-21-00-00.jpg>": ("media", "00000012-PHOTO-2019-05-13-21-00-00.jpg", "image", False),
    f"{LRM}<attached: 00000013-STICKER-2019-05-13-21-00-00.webp>": (
        "media", "00000013-STICKER-2019-05-13-21-00-00.webp", "sticker", False),
    f"{LRM}<pièce jointe : 00000014-VIDEO-2019-05-13-21-00-00.mp4>": (
        "media", "00000014-VIDEO-2019-05-13-21-00-00.mp4", "video", False),
    "<Multimedia omitido>": ("media", "", "unknown", True),
    f"{LRM}imagen omitida": ("media", "", "image", True),
    f"{LRM}sticker weggelassen": ("media", "", "sticker", True),
    f"{LRM}Contact card omitted": ("contact", "", "contact", True),
}  # fmt: skip


@pytest.mark.parametrize("text", FILES)
def test_a_file_is_named_and_typed_or_marked_as_left_out(text: str) -> None:
    kind, name, media_type, omitted = FILES[text]
    (message,) = items(f"[13/05/19, 21:00:00] Ana: {text}\n")
    assert message["kind"] == kind
    assert message["media"] == {"name": name, "type": media_type, "omitted": omitted}


def test_a_caption_stays_with_its_picture() -> None:
    (message,) = items("13/05/19, 21:00 - Ana: IMG-1.jpg (archivo adjunto)\nnos vemos\na las 21:00\n")
    assert (message["media"]["name"], message["text"], message["lines"]) == ("IMG-1.jpg", "nos vemos\na las 21:00", 3)


KINDS = {
    "Se eliminó este mensaje.": "deleted",
    "You deleted this message": "deleted",
    "Ce message a été supprimé": "deleted",
    "ubicación: https://maps.example.org/?q=1,2": "location",
    "Live-Standort wird geteilt": "live_location",
    "ENCUESTA:": "poll",
    "see you at 21:00": "text",
    "location of the meeting: the square": "text",
}


@pytest.mark.parametrize("text", KINDS)
def test_what_is_no_text_says_what_it_is(text: str) -> None:
    (message,) = items(f"13/05/19, 21:00 - Ana: {text}\n")
    assert message["kind"] == KINDS[text]


def test_a_line_someone_quoted_from_another_export_stays_in_their_message() -> None:
    (message,) = items("13/05/19, 21:00 - Ana: mirad\n[01/02/18, 10:00:00] Luis: hola\n12/05/2019 fue el día\n")
    assert message["text"] == "mirad\n[01/02/18, 10:00:00] Luis: hola\n12/05/2019 fue el día"


def test_a_sender_may_be_a_number_and_a_name_may_hold_marks() -> None:
    found = reading(
        f"[13/05/19, 21:00:00] {LRM}\u202a+34{NBSP}600{NBSP}000{NBSP}001\u202c: hola\n"
        f"[13/05/19, 21:00:01] ~{NARROW}Ana 🌻: hola: hola\n"
    )
    assert [each["sender"] for each in found["items"]] == [f"+34{NBSP}600{NBSP}000{NBSP}001", "Ana 🌻"]
    assert found["items"][1]["text"] == "hola: hola"


def test_an_impossible_date_is_shown_as_unsupported_with_what_follows_it() -> None:
    found = reading("13/05/19, 21:00 - Ana: hola\n31/02/19, 21:00 - Luis: dos\ntres\n14/05/19, 21:00 - Ana: cuatro\n")
    assert found["unsupported"] == {
        "count": 2,
        "lines": [{"line": 2, "text": "31/02/19, 21:00 - Luis: dos"}, {"line": 3, "text": "tres"}],
    }
    shown = [(each["ts"], each.get("text") or each["value"]) for each in found["items"]]
    assert shown == [
        ("2019-05-13T21:00:00", "hola"),
        (None, "31/02/19, 21:00 - Luis: dos"),
        (None, "tres"),
        ("2019-05-14T21:00:00", "cuatro"),
    ]


def test_what_is_no_export_is_refused() -> None:
    for text in (b"", b"see you at 21:00", b"2019-05-13T21:00:00Z INFO started\n" * 50, b"{}"):
        with pytest.raises(Unreadable):
            chat.read(io.BytesIO(text), {}, Collected())


def test_an_export_is_recognised_by_its_content() -> None:
    assert identify(b"13/05/19, 21:00 - Ana: hola\n") == ("chat", "text/plain")
    assert identify(b"see you at 21:00, 13/05/19\n")[0] == "text"
    assert not looks_like_export("From: a@example.org\nDate: 13/05/19, 21:00 - x\n")


@pytest.mark.parametrize("table", wordings.known(), ids=lambda table: table.language)
def test_every_table_of_wordings_is_whole(table: wordings.Wordings) -> None:
    assert {
        "group_created",
        "member_added",
        "member_removed",
        "member_left",
        "member_joined_link",
        "encryption_notice",
    } <= {notice.type for notice in table.notices}
    assert {"image", "video", "sticker", "unknown"} <= set(table.omitted.values())
    assert all(key and key == key.lower() for notice in table.notices for key in notice.keys)
    assert table.attached_before and table.attached_after and table.deleted


# --- Nothing lost -----------------------------------------------------------------------------------------------------------

STAMP = st.sampled_from(
    [
        "13/05/19, 21:00 - ",
        "04/05/19, 9:05 - ",
        "[13/05/19, 21:00:00] ",
        "5/13/19, 9:05 PM - ",
        "31/02/19, 21:00 - ",
        "",
    ]
)
LETTERS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n\r"), max_size=30)
WHO = st.sampled_from(["Ana: ", "+34 600 000 001: ", f"{LRM}~ Luis: ", "", "Ana added ", f"Group: {LRM}"])
TAIL = st.one_of(
    LETTERS,
    st.sampled_from(["Luis", "<Media omitted>", "a.jpg (file attached)", f"{LRM}<attached: b.webp>", ":", '"a: b"']),
)
LINE = st.tuples(STAMP, WHO, TAIL).map("".join)


@settings(max_examples=120, deadline=None)
@given(st.lists(LINE, min_size=1, max_size=25), st.sampled_from(["\n", "\r\n"]))
def test_every_line_is_part_of_just_one_item_and_what_fits_nothing_is_counted(lines: list[str], end: str) -> None:
    text = "13/05/19, 21:00 - Ana: hola" + end + end.join(lines) + end
    found = reading(text)
    covered: list[int] = []
    for item in found["items"]:
        covered += range(item["line"], item["line"] + item["lines"])
    blank = [number for number, line in enumerate(text.split(end), 1) if not line.strip()]
    assert len(covered) == len(set(covered))
    assert {*covered, *blank} >= set(range(1, found["lines"] + 1))
    assert found["lines"] == text.count("\n")
    assert found["unsupported"]["count"] == sum(each.get("unsupported", False) for each in found["items"])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["Ana", "Luis", "+34 600 000 001"]), st.lists(LETTERS, min_size=1, max_size=3)),
        min_size=1,
        max_size=20,
    )
)
def test_messages_written_to_an_export_are_read_again(messages: list[tuple[str, list[str]]]) -> None:
    text = "".join(f"13/05/19, 21:00 - {sender}: {chr(10).join(lines)}\n" for sender, lines in messages)
    found = [each for each in items(text) if each["item"] == "message" and each["kind"] in ("text", "view_once")]
    wanted = ["".join(re.findall(r"\w+", " ".join(lines))) for _, lines in messages]
    assert ["".join(re.findall(r"\w+", each["text"])) for each in found] == wanted
    assert [each["sender"] for each in found] == [sender for sender, _ in messages]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="abé\r\n", max_size=60), st.integers(1, 9), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_cutting_a_file_into_blocks_cuts_no_line_and_no_letter(text: str, block: int, charset: str) -> None:
    source = Source(io.BytesIO(text.encode(charset)))
    if charset != "utf-16":
        source.charset = "utf-8"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_module, "_BLOCK_BYTES", block)
        found = [line for piece, _ in source.blocks() for line in piece.split("\n")]
    assert found == text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n") * bool(text)


def test_a_long_export_is_read_in_the_child_with_its_counts_right() -> None:
    lines = [
        f"{day:02}/05/19, {hour:02}:{minute:02} - Ana: n {minute}\n"
        for day in range(1, 29)
        for hour in range(24)
        for minute in range(60)
    ]
    pool = Warden(1)
    try:
        with pool.boundary(uuid4()) as box:
            found = box.examine("chat", "".join(lines).encode())
    finally:
        pool.close()
    assert isinstance(found, ChatReading)
    assert (found.messages, found.lines, found.unsupported) == (len(lines), len(lines), 0)
    assert (found.first_at, found.last_at) == ("2019-05-01T00:00:00", "2019-05-28T23:59:00")
    assert len(json.loads(found.document)["items"]) == len(lines)
