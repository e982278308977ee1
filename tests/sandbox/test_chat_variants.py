"""A chat invented at random, written as any phone would write it, is read back as it was; and no line of it is lost."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside import chat
from amparo.sandbox.inside.chats import wordings
from amparo.sandbox.inside.chats.lines import Reader
from amparo.sandbox.inside.chats.stamps import Day, order_of
from tests.sandbox.collected import Collected

LRM, RLM, NARROW, NBSP, MARK = "\u200e", "\u200f", "\u202f", "\u00a0", "\ufeff"
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def reading(text: str | bytes) -> dict[str, Any]:
    sink = Collected()
    chat.read(io.BytesIO(text if isinstance(text, bytes) else text.encode()), {}, sink)
    document: dict[str, Any] = json.loads(sink.blobs[0][1])
    return document


def half(at: datetime, am: str, pm: str, blank: str = NARROW) -> str:
    return f"{at.hour % 12 or 12}:{at:%M}{blank}{pm if at.hour > 11 else am}"


def half_seconds(at: datetime, am: str, pm: str, blank: str = NARROW) -> str:
    return f"{at.hour % 12 or 12}:{at:%M:%S}{blank}{pm if at.hour > 11 else am}"


Stamp = Callable[[datetime], str]
ANDROID: dict[str, Stamp] = {
    "es": lambda at: f"{at.day}/{at.month}/{at:%y}, {at.hour}:{at:%M} - ",
    "es, 12 h": lambda at: f"{at.day}/{at.month}/{at:%y}, {half(at, f'a.{NBSP}m.', f'p.{NBSP}m.', NBSP)} - ",
    "es-MX": lambda at: f"{at:%d/%m/%Y} {half(at, f'a.{NARROW}m.', f'p.{NARROW}m.', ' ')} - ",
    "en-GB": lambda at: f"{at:%d/%m/%Y}, {at:%H:%M} - ",
    "en-US": lambda at: f"{at.month}/{at.day}/{at:%y}, {half(at, 'AM', 'PM')} - ",
    "en-US, 24 h": lambda at: f"{at.month}/{at.day}/{at:%y}, {at:%H:%M} - ",
    "en-IN": lambda at: f"{at:%d/%m/%y}, {half(at, 'am', 'pm')} - ",
    "fr": lambda at: f"{at:%d/%m/%Y} à {at:%H:%M} - ",
    "de": lambda at: f"{at:%d.%m.%y}, {at:%H:%M} - ",
    "pt": lambda at: f"{at:%d/%m/%Y} {at:%H:%M} - ",
    "it": lambda at: f"{at:%d/%m/%y}, {at:%H:%M} - ",
    "nl": lambda at: f"{at:%d-%m-%Y} {at:%H:%M} - ",
    "sv": lambda at: f"{at:%Y-%m-%d} {at:%H:%M} - ",
    "ja": lambda at: f"{at.year}/{at.month}/{at.day} {at:%H:%M} - ",
    "ar": lambda at: f"{at.day}{RLM}/{at.month}{RLM}/{at.year}، {half(at, 'ص', 'م', ' ')} - ".translate(ARABIC),
}
IPHONE: dict[str, Stamp] = {
    "es": lambda at: f"[{at.day}/{at.month}/{at:%y}, {at.hour}:{at:%M:%S}] ",
    "es-MX": lambda at: f"[{at:%d/%m/%y}, {half_seconds(at, f'a.{NBSP}m.', f'p.{NBSP}m.')}] ",
    "en-US": lambda at: f"[{at.month}/{at.day}/{at:%y}, {half_seconds(at, 'AM', 'PM')}] ",
    "en-GB": lambda at: f"[{at:%d/%m/%Y}, {at:%H:%M:%S}] ",
    "de": lambda at: f"[{at:%d.%m.%y}, {at:%H:%M:%S}] ",
    "sv": lambda at: f"[{at:%Y-%m-%d}, {at:%H:%M:%S}] ",
    "ar": lambda at: f"[{at.day}{RLM}/{at.month}{RLM}/{at.year}، {half_seconds(at, 'ص', 'م', ' ')}] ".translate(ARABIC),
    "he": lambda at: f"[{at.day}.{at.month}.{at.year}, {half_seconds(at, 'לפנה״צ', 'אחה״צ', ' ')}] ",
    "old": lambda at: f"{at:%d/%m/%y}, {at:%H:%M:%S}: ",
}
VARIANTS = [(stamp, False, name) for name, stamp in ANDROID.items()]
VARIANTS += [(stamp, True, name) for name, stamp in IPHONE.items()]

NAMES = (
    "Ana",
    "Luis García",
    "+34 600 000 001",
    f"+34{NBSP}600{NBSP}000{NBSP}002",
    "Eva 🌻",
    "نور",
    "Team: Ana",
    "Team: Luis",
    "O'Neil (x)",
)
WORDS = st.text(st.sampled_from("ab é,.:-[]()/0159 🌻م\u200f\u202e\t"), min_size=1, max_size=24)


def words_of(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


@dataclass(frozen=True)
class Said:
    sender: str
    lines: tuple[str, ...]
    after_s: int


SAID = st.builds(
    Said,
    st.sampled_from(NAMES),
    st.lists(WORDS.filter(words_of), min_size=1, max_size=3).map(tuple),
    st.integers(0, 200_000),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.lists(SAID, min_size=2, max_size=25),
    st.sampled_from(VARIANTS),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
)
def test_what_was_said_is_read_back_whoever_wrote_the_export(
    said: list[Said], variant: tuple[Stamp, bool, str], end: str, marked: bool, tilde: bool
) -> None:
    stamp, iphone, _ = variant
    # Days above 12 first, so that the order is certain; each name twice and the team's both, so that those with a colon show it.
    at = datetime(2019, 5, 28, 9, 5, 7)  # noqa: DTZ001 - a wall clock
    team = ("Team: Ana", "Team: Luis") if any(each.sender.startswith("Team") for each in said) else ()
    said = [*said, *(Said(name, ("here",), 60) for name in team)]
    spoken = [*said, *(Said(each.sender, ("again",), 60) for each in said)]
    lines, moments = [], []
    for each in spoken:
        at += timedelta(seconds=each.after_s)
        name = f"~{NARROW}{each.sender}" if tilde and each.sender.startswith("+") else each.sender
        lines.append((LRM if marked and iphone else "") + stamp(at) + name + ": " + end.join(each.lines))
        moments.append(at)
    text = (MARK if marked else "") + end.join(lines) + end
    found = reading(text)
    messages = [each for each in found["items"] if each["item"] == "message"]
    assert found["unsupported"]["count"] == 0
    assert [each["sender"] for each in messages] == [each.sender for each in spoken]
    assert [words_of(each["text"]) for each in messages] == [words_of("".join(each.lines)) for each in spoken]
    seconds = "%S" if iphone else "00"
    assert [each["ts"] for each in messages] == [
        f"{moment:%Y-%m-%dT%H:%M}:{moment.strftime(seconds)}" for moment in moments
    ]
    covered = sorted(number for each in found["items"] for number in range(each["line"], each["line"] + each["lines"]))
    assert covered == list(range(1, len(text.removeprefix(MARK).split(end))))


@pytest.mark.parametrize("table", wordings.known(), ids=lambda table: table.language)
def test_what_a_language_says_of_files_and_deleted_words_is_known_on_both_phones(table: wordings.Wordings) -> None:
    android = reading("".join(f"13/05/19, 21:00 - Ana: {wording}\n" for wording in table.omitted))["items"]
    iphone = reading("".join(f"[13/05/19, 21:00:00] Ana: {LRM}{wording}\n" for wording in table.omitted))["items"]
    for (wording, kind), *both in zip(table.omitted.items(), android, iphone, strict=True):
        for item in both:
            assert item["media"] is not None, wording
            # A wording that two languages share may be another kind of file in the other.
            assert item["media"]["omitted"] and item["kind"] == (
                "contact" if item["media"]["type"] == "contact" else "media"
            )
            assert kind == item["media"]["type"] or sum(wording in each.omitted for each in wordings.known()) > 1
    kinds = {"deleted": table.deleted, "view_once": table.view_once, "live_location": table.live_location}
    for kind, known in kinds.items():
        # Of one that is a capital word for a person the messenger's own form is meant.
        said = reading(
            "13/05/19, 20:00 - Ana: x\n" + "".join(f"13/05/19, 21:00 - Ana: {each}\n" for each in sorted(known))
        )
        assert [each["kind"] for each in said["items"][1:]] == [kind] * len(known)
    for before in table.attached_before:
        (item,) = reading(f"[13/05/19, 21:00:00] Ana: a caption {LRM}<{before}: 00000001-PHOTO-2019.jpg>\n")["items"]
        assert (item["kind"], item["media"]["name"], item["text"]) == ("media", "00000001-PHOTO-2019.jpg", "a caption")
    for after in table.attached_after:
        (item,) = reading(f"13/05/19, 21:00 - Ana: {LRM}IMG-1.jpg ({after})\na caption\n")["items"]
        assert (item["media"]["name"], item["media"]["type"], item["text"]) == ("IMG-1.jpg", "image", "a caption")
    for wording in table.edited:
        for said in (
            f"13/05/19, 21:00 - Ana: two\nlines {wording}",
            f"[13/05/19, 21:00:00] Ana: two\nlines {LRM}{wording}",
        ):
            (item,) = reading(said + "\n")["items"]
            assert (item["text"], item["edited"]) == ("two\nlines", True)


FILLED = {"actor": "Ana", "targets": "Luis", "value": "Second name", "rest": "."}


EITHER = re.compile(r"\(([^()]*\|[^()]*)\)")


def spelled_out(wording: str) -> Iterator[str]:
    """So many of what a wording stands for that each of its words comes once, filled in."""
    for place, filled in FILLED.items():
        wording = wording.replace("{" + place + "}", filled)
    most = max((len(either[1].split("|")) for either in EITHER.finditer(wording)), default=1)
    for number in range(most):
        yield EITHER.sub(lambda either, at=number: (words := either[1].split("|"))[at % len(words)], wording)


@pytest.mark.parametrize("table", wordings.known(), ids=lambda table: table.language)
def test_each_notice_of_each_language_is_its_event_on_both_phones(table: wordings.Wordings) -> None:
    said = [(notice.type, text) for notice in table.notices for text in spelled_out(notice.wording)]
    android = reading("".join(f"13/05/19, 21:00 - {text}\n" for _, text in said))["items"]
    # A name with a mark before every notice, as an iPhone writes them.
    iphone = reading("".join(f"[13/05/19, 21:00:00] Meeting: {LRM}{text}\n" for _, text in said))["items"]
    for (kind, text), one, other in zip(said, android, iphone, strict=True):
        assert (one["item"], one["type"]) == (other["item"], other["type"]) == ("event", kind), text


def test_an_unknown_language_is_split_right_and_its_notices_stay_notices() -> None:
    android = (
        "13.05.19, 21:00 - Ana zmienia coś\n13.05.19, 21:01 - Ana: cześć\n"
        "13.05.19, 21:02 - Ana: <pominięto multimedia>\n"
    )
    assert [each["item"] for each in reading(android)["items"]] == ["event", "message", "message"]
    iphone = (
        f"[13.05.19, 21:00:00] Grupa: {LRM}Wiadomości i połączenia są w pełni szyfrowane. Nikt spoza czatu nie może ich czytać.\n"
        f"[13.05.19, 21:00:01] Grupa: {LRM}Ana stworzyła grupę\n[13.05.19, 21:00:02] Ana: cześć\n"
        f"{LRM}[13.05.19, 21:00:03] Ana: {LRM}obraz pominięty\n"
    )
    found = reading(iphone)
    assert [each.get("type") or each["kind"] for each in found["items"]] == ["notice", "notice", "text", "text"]
    assert found["members"] == ["Ana"]


def test_a_notice_whose_unseen_mark_got_lost_is_a_notice() -> None:
    found = reading(
        "[13/05/19, 21:00:00] Meeting: Messages and calls are end-to-end encrypted.\n"
        "[13/05/19, 21:00:01] Meeting: Ana added Luis\n[13/05/19, 21:00:02] Luis: Luis left\n"
        "[13/05/19, 21:00:03] Ana: Luis left\n[13/05/19, 21:00:04] Ana: so he did\n"
    )
    kinds = [each.get("type") or each["kind"] for each in found["items"]]
    assert kinds == ["encryption_notice", "member_added", "member_left", "text", "text"]
    assert found["members"] == ["Ana", "Luis"]


def test_two_exports_behind_one_another_are_both_read() -> None:
    first = "".join(f"13/05/2019, 21:{minute:02} - Ana: a {minute}\n" for minute in range(5))
    second = "".join(f"[14.05.19, 21:{minute:02}:00] Luis: b {minute}\n" for minute in range(9))
    assert [each["sender"] for each in reading(first + second)["items"]] == ["Ana"] * 5 + ["Luis"] * 9


def test_what_is_quoted_at_length_from_another_export_stays_one_message() -> None:
    quoted = "".join(f"[14.05.19, 21:{minute:02}:00] Luis: b {minute}\n" for minute in range(30))
    text = f"13/05/2019, 21:00 - Ana: hola\n13/05/2019, 21:01 - Ana: mirad\n{quoted}13/05/2019, 21:09 - Eva: ya\n"
    found = reading(text)["items"]
    assert [each["sender"] for each in found] == ["Ana", "Ana", "Eva"]
    assert found[1]["lines"] == 31


@pytest.mark.parametrize(
    ("dates", "order", "said"),
    [
        (["13/05/19"], "dmy", "13/05/19 (line 1) is no date in the order mdy."),
        (["30/04/19", "01/05/19"], "dmy", "30/04/19 (line 1) is no date in the order mdy."),
        (["11/04/19", "12/04/19", "01/05/19"], "dmy",
         "In the order mdy, time would run backwards from 12/04/19 (line 2) to 01/05/19 (line 3)."),
        (["04/05/19", "05/05/19"], "ambiguous", "No part of a date is above 12, and time runs forward in either order."),
        (["19/05/27", "19/05/28", "19/05/29", "19/05/30", "19/05/31", "19/06/01"], "ymd", "Read as dmy"),
        (["2019/05/04"], "ymd", "The year stands first: 2019/05/04 (line 1)."),
    ],
)  # fmt: skip
def test_the_order_of_dates_names_its_evidence(dates: list[str], order: str, said: str) -> None:
    found = order_of([Day(raw, line) for line, raw in enumerate(dates, 1)])
    assert found.name == order
    assert found.evidence[0].startswith(said)


@pytest.mark.parametrize(
    "said",
    [
        "\u200e<adjunto: 00000002-PHOTO-2019-05-13-21-00-00.jpg>",
        "<adjunto: 00000002-PHOTO-2019-05-13-21-00-00.jpg>",
        "ubicación: https://maps.google.com/?q=1,2",
        "\u200eENCUESTA:",
        "precio: 10",
    ],
)
def test_somebody_who_always_begins_alike_keeps_the_name(said: str) -> None:
    lines = [f"[{day}/05/19, 21:00:00] \u202a+34\xa0600\xa0000\xa0001\u202c: {said}" for day in range(13, 18)]
    found = reading("[13/05/19, 20:00:00] Ana: hola\n" + "\n".join(lines) + "\n")
    assert {each["sender"] for each in found["items"]} == {"Ana", "+34\xa0600\xa0000\xa0001"}


def test_names_that_hold_a_colon_are_kept_whole_and_words_that_do_are_not() -> None:
    found = reading(
        "13/05/19, 21:00 - Team: Ana: hola\n13/05/19, 21:01 - Team: Luis: hola: uno\n13/05/19, 21:02 - Team: Ana: ya\n"
        "13/05/19, 21:03 - Team: Luis: ya\n13/05/19, 21:04 - Eva: nota: dos\n13/05/19, 21:05 - Eva: nota: tres\n"
        "13/05/19, 21:06 - Eva: no\n"
    )
    assert [each["sender"] for each in found["items"]] == ["Team: Ana", "Team: Luis"] * 2 + ["Eva"] * 3
    assert [each["text"] for each in found["items"]][1::3] == ["hola: uno", "nota: dos"]


def test_an_attachment_may_be_followed_by_the_mark_of_an_edit() -> None:
    (item,) = reading(f"[13/05/19, 21:00:00] Ana: see {LRM}<attached: 1-PHOTO.jpg> {LRM}<This message was edited>\n")[
        "items"
    ]
    assert (item["kind"], item["media"]["name"], item["text"], item["edited"]) == ("media", "1-PHOTO.jpg", "see", True)


@pytest.mark.parametrize(
    ("text", "actor", "targets"),
    [
        ("Ana added Luis, Eva, and 2 others", "Ana", ["Luis", "Eva"]),
        (
            "Ana added +34 600 000 001, +34 600 000 002, and +34 600 000 003",
            "Ana",
            ["+34 600 000 001", "+34 600 000 002", "+34 600 000 003"],
        ),
        ("Ana añadió a Luis, Eva y a Marta", "Ana", ["Luis", "Eva", "Marta"]),
        ("Ana añadió a Luis y a 2 Amigos", "Ana", ["Luis", "2 Amigos"]),
        ("Luis was added by Ana", "Ana", ["Luis"]),
        ("Ana added Luis to the community", "Ana", ["Luis"]),
        ("Du wurdest von Ana hinzugefügt", "Ana", ["Du"]),
        ("Luis foi removido por Ana", "Ana", ["Luis"]),
    ],
)
def test_a_notice_names_each_and_counts_nobody_as_one(text: str, actor: str, targets: list[str]) -> None:
    (event,) = reading(f"13/05/19, 21:00 - {text}\n")["items"]
    assert (event["actor"], event["targets"], event["text"]) == (actor, targets, text)


def test_a_document_that_was_left_out_keeps_its_name() -> None:
    (item,) = reading(f"[13/05/19, 21:00:00] Ana: {LRM}report.pdf • {LRM}3 pages {LRM}document omitted\n")["items"]
    assert item["media"] == {"name": "report.pdf", "type": "document", "omitted": True}


def test_a_line_too_long_for_a_notice_is_not_searched_for_one() -> None:
    text = "Messages and calls " * 50_000
    (item,) = reading(f"13/05/19, 21:00 - {text}\n")["items"]
    assert (item["type"], item["value"]) == ("notice", text.strip())


def test_who_deleted_a_message_may_be_named() -> None:
    (item,) = reading("13/05/19, 21:00 - Ana: This message was deleted by admin Luis\n")["items"]
    assert item["kind"] == "deleted"


@pytest.mark.parametrize("stamp", ["13/05/19, 21:00 - ", "[13/05/19, 21:00:00] ", "13/05/19, 21:00:00: "])
def test_blanks_behind_one_stamp_take_no_letter_of_the_next_name(stamp: str) -> None:
    found = reading(f"{stamp}  Ana: hola\n{stamp}Luis: hola\n{stamp} Ana: ya\n{stamp}Luis: ya\n")
    assert [each["sender"] for each in found["items"]] == ["Ana", "Luis", "Ana", "Luis"]


@pytest.mark.parametrize(
    "stamps",
    [
        ("2023/12/31 下午11:59 - ", "2024/1/1 上午12:00 - "), ("2023. 12. 31. 오후 11:59 - ", "2024. 1. 1. 오전 12:00 - "),
        ("2023-12-31 23:59 - ", "2024-1-1 0:00 - "), ("2023年12月31日 23:59 - ", "2024年1月1日 0:00 - "),
        ("31/12/2023, 11:59 PTG - ", "1/1/2024, 12:00 PG - "), ("2023-12-31 11:59 nm. - ", "2024-01-01 12:00 vm. - "),
        ("31/12/23, 11:59 अपराह्न - ", "01/01/24, 12:00 पूर्वाह्न - "), ("31.12.2023 г., 23:59 ч. - ", "1.01.2024 г., 0:00 ч. - "),
        ("३१/१२/२०२३, ११:५९ pm - ", "१/१/२०२४, १२:०० am - "), ("31. 12. 2023. 23:59 - ", "1. 1. 2024. 0:00 - "),
        ("31/12/2023, à 23:59 - ", "1/1/2024, à 00:00 - "), ("[31/12/23, 23.59.00] ", "[1/1/24, 0.00.00] "),
        ("12.31.23, 11:59 P.M. - ", "1.1.24, 12:00 A.M. - "),
        ("[12/31/23, 11:59:00\u202fPM] ", "\u200e[1/1/24, 12:00:00\u202fAM] "),
    ],
)  # fmt: skip
def test_the_day_of_one_digit_is_of_the_same_export_as_that_of_two(stamps: tuple[str, str]) -> None:
    found = reading(f"{stamps[0]}Ana: a\n{stamps[1]}Luis: b\n")
    said = [(each["ts"], each["sender"], each["text"]) for each in found["items"]]
    assert said == [("2023-12-31T23:59:00", "Ana", "a"), ("2024-01-01T00:00:00", "Luis", "b")]


def test_where_marks_are_kept_what_somebody_says_of_another_is_no_notice() -> None:
    found = reading(
        f"[13/05/19, 21:00:00] Meeting: {LRM}Messages and calls are end-to-end encrypted.\n[13/05/19, 21:00:01] Ana: hola\n"
        "[13/05/19, 21:00:02] Luis: Ana left\n"
    )
    assert [each.get("type") or each["kind"] for each in found["items"]] == ["encryption_notice", "text", "text"]
    assert found["members"] == ["Ana", "Luis"]


@pytest.mark.parametrize(
    "words", ["position : ", "Position\u202f: ", "ubicación: ", "Standort: ", "posizione: ", "الموقع: "]
)
def test_a_place_is_one_however_the_colon_stands(words: str) -> None:
    (item,) = reading(f"13/05/19, 21:00 - Ana: {words}https://maps.google.com/?q=1.5,-2.5\n")["items"]
    assert item["kind"] == "location"


SHOWN = st.sampled_from(
    [
        "hola",
        "hola",
        "mañana a las 21:00",
        "null",
        "(y)",
        "<b>",
        f"{LRM}imagen omitida",
        "Ana",
        "a: b",
        "13/05/19, 9",
        "",
        " ",
    ]
)
WRITTEN = st.tuples(
    st.sampled_from(["", "", "", LRM]),
    st.sampled_from(["13/05/19, 21:00 - ", "[13/05/19, 21:00:00] ", "14/05/19, 09:05 - ", "31/02/19, 21:00 - ", ""]),
    st.sampled_from(["", " "]),
    st.sampled_from(["Ana: ", "Ana: ", "Luis: ", "Luis:", "Ana added ", "Team: Ana: ", ""]),
    SHOWN,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(WRITTEN, min_size=1, max_size=20))
def test_what_is_written_at_a_look_is_what_a_close_look_writes(lines: list[str]) -> None:
    text = "13/05/19, 21:00 - Ana: hola\n13/05/19, 21:00 - Luis: hola\n" + "\n".join(lines)
    found = reading(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "plain", lambda *_: "")
        assert reading(text) == found
