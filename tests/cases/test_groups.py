from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from amparo.cases.groups.members import group_name, members, window
from amparo.cases.groups.names import unified
from amparo.cases.groups.posts import Filed, is_sticker, posts
from amparo.cases.groups.reading import ChatReading, from_json, from_lines
from amparo.foundation.ids import new_id

START = datetime(2026, 5, 4, 21, 0)  # noqa: DTZ001 - a wall clock, as exports write it
ANA, BEA, CAI, DAN = "+34 749 00 00 10", "+598 92 000 010", "Pixel Norte", "+44 20 7946 0010"


def ts(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


def message(line: int, sender: str, text: str = "hola", media: str = "") -> dict[str, Any]:
    found = {"name": media, "type": "image", "omitted": False} if media else None
    kind = "media" if media else "text"
    return {
        "item": "message",
        "ts": ts(line),
        "raw": f"r{line}",
        "line": line,
        "sender": sender,
        "kind": kind,
        "text": text,
        "media": found,
    }


def notice(line: int, type_: str, actor: str = "", targets: tuple[str, ...] = (), value: str = "") -> dict[str, Any]:
    return {
        "item": "event",
        "ts": ts(line),
        "raw": f"r{line}",
        "line": line,
        "type": type_,
        "actor": actor,
        "targets": list(targets),
        "value": value,
    }


def reading(*items: dict[str, Any], names: tuple[str, ...] = ()) -> ChatReading:
    return from_json(
        {
            "format": "whatsapp",
            "date_order": "dmy",
            "alternatives": [],
            "zone_offset": None,
            "members": list(names),
            "items": list(items),
            "unsupported": {"count": 0, "lines": []},
        }
    )


def of(found: ChatReading, name: str) -> Any:
    return next(each for each in members(found) if each.name == name)


def test_someone_added_who_left_at_once_without_a_word_is_marked() -> None:
    found = reading(
        notice(1, "group_created", ANA, value="Grupo 21"), notice(2, "member_added", ANA, (BEA,)),
        notice(3, "member_left", BEA), message(9, ANA),
    )  # fmt: skip
    bea = of(found, BEA)
    assert bea.left_at_once and bea.silent
    (stay,) = bea.intervals
    assert (stay.came.how, stay.came.by, stay.came.line, stay.went.how, stay.went.line, stay.seconds) == (
        "added",
        ANA,
        2,
        "left",
        3,
        60,
    )


def test_someone_who_came_by_link_and_left_at_once_is_not_marked() -> None:
    found = reading(notice(2, "member_joined_link", BEA), notice(3, "member_left", BEA))
    assert not of(found, BEA).left_at_once


def test_someone_who_posted_before_leaving_at_once_is_not_marked() -> None:
    found = reading(notice(2, "member_added", ANA, (BEA,)), message(3, BEA), notice(4, "member_left", BEA))
    assert not of(found, BEA).left_at_once and not of(found, BEA).silent


def test_a_second_stay_is_a_second_interval() -> None:
    found = reading(
        notice(1, "member_added", ANA, (BEA,)), notice(4, "member_removed", ANA, (BEA,)),
        notice(8, "member_joined_link", BEA), message(20, ANA),
    )  # fmt: skip
    first, second = of(found, BEA).intervals
    assert (first.went.how, first.went.by, first.seconds) == ("removed", ANA, 180)
    assert (second.came.how, second.went, second.seconds) == ("joined_link", None, 720)


def test_who_only_posts_was_there_before_anything_says_how() -> None:
    (stay,) = of(reading(message(5, CAI)), CAI).intervals
    assert stay.came_before_the_window and stay.came.line == 5


def test_a_silent_member_is_silent_only_inside_the_window() -> None:
    found = reading(notice(1, "member_added", ANA, (DAN,)), message(2, ANA))
    assert of(found, DAN).silent and not of(found, ANA).silent
    assert [turn.line for turn in window(found)] == [1, 2]


def test_the_exporter_is_no_member_by_the_word_you() -> None:
    found = reading(notice(1, "member_added", ANA, ("Tú",)), notice(2, "member_added", "You", (BEA,)))
    assert {each.name for each in members(found)} == {ANA, BEA}


def test_the_last_subject_names_the_group() -> None:
    found = reading(
        notice(1, "group_created", ANA, value="Grupo 21"), notice(3, "subject_changed", ANA, value="Grupo 21 nuevo")
    )
    assert group_name(found, "x.txt") == "Grupo 21 nuevo"
    assert group_name(reading(), "Chat de WhatsApp con Grupo 9.zip") == "Grupo 9"


def test_the_first_poster_is_known_by_the_bytes_not_the_name() -> None:
    same = "ab" * 32
    files = {"a.jpg": Filed(new_id(), same), "b.jpg": Filed(new_id(), same), "c.jpg": Filed(new_id(), "cd" * 32)}
    found = reading(
        message(1, ANA, media="a.jpg"),
        message(2, BEA, media="b.jpg"),
        message(3, BEA, media="folder/c.jpg"),
        message(4, CAI, media="gone.jpg"),
    )
    assert [(each.message.sender, each.first, each.filed is not None) for each in posts(found, files)] == [
        (ANA, True, True),
        (BEA, False, True),
        (BEA, True, True),
        (CAI, False, False),
    ]


def test_stickers_are_items_marked_as_stickers() -> None:
    found = reading(message(1, ANA, media="STK-20260504-WA0001.webp"), message(2, ANA, media="IMG-1.jpg"))
    assert [is_sticker(each) for each in found.messages] == [True, False]


def test_a_number_changed_by_the_services_own_notice_is_one_member() -> None:
    found, also = unified(
        reading(
            message(1, BEA),
            notice(2, "number_changed", BEA, value="+598 92 000 011"),
            message(3, "\u202a+598 92 000 011\u202c"),
        )
    )
    assert [(each.name, each.messages) for each in members(found)] == [(BEA, 2)]
    assert [(each.name, each.line) for each in also[BEA]] == [("+598 92 000 011", 2)]


def test_a_number_that_somebody_used_before_is_not_joined_to_the_one_who_changed_to_it() -> None:
    found, also = unified(reading(message(1, BEA), message(2, DAN), notice(3, "number_changed", BEA, value=DAN)))
    assert {each.name for each in members(found)} == {BEA, DAN} and not also


def test_a_number_written_in_two_ways_is_one_member() -> None:
    found, _ = unified(
        reading(message(1, "+34 749 00 00 10"), message(2, "\u202a+34\u00a0749\u00a000\u00a000\u00a010\u202c"))
    )
    assert [each.messages for each in members(found)] == [2]


def test_a_member_list_naming_the_exporter_adds_nobody() -> None:
    assert [each.name for each in members(reading(message(1, ANA), names=(ANA, "Tú")))] == [ANA]


def test_what_no_column_can_keep_is_shown_as_such() -> None:
    found = reading(message(1, ANA, "a\x00b\ud800c"))
    assert found.messages[0].text == "a\ufffdb\ufffdc"


NAMES = st.sampled_from([ANA, BEA, CAI, DAN])
COMINGS = st.tuples(
    st.sampled_from(
        [
            "member_added",
            "member_joined",
            "member_joined_link",
            "member_left",
            "member_removed",
            "admin_granted",
            "subject_changed",
        ]
    ),
    NAMES,
    NAMES,
)
LINES = st.lists(st.one_of(NAMES, COMINGS), max_size=40)


def chat(lines: list[Any]) -> ChatReading:
    items = [
        message(number, each)
        if isinstance(each, str)
        else notice(number, each[0], each[1], (each[2],) if each[0] != "member_left" else ())
        for number, each in enumerate(lines, start=1)
    ]
    return reading(*items)


@given(LINES)
def test_no_message_is_lost(lines: list[Any]) -> None:
    found = chat(lines)
    assert [each.message for each in posts(found, {})] == list(found.messages)
    assert sum(each.messages for each in members(found)) == len(found.messages)


@given(LINES)
def test_every_stay_has_its_lines_and_stays_never_overlap(lines: list[Any]) -> None:
    for member in members(chat(lines)):
        assert member.intervals
        ends = 0
        for stay in member.intervals:
            assert 1 <= stay.came.line <= len(lines) and stay.came.line >= ends
            if stay.went:
                assert stay.came.line <= stay.went.line <= len(lines)
                ends = stay.went.line
        assert all(stay.went for stay in member.intervals[:-1])


@given(LINES)
def test_every_message_lies_inside_a_stay_of_its_sender(lines: list[Any]) -> None:
    found = chat(lines)
    stays = {each.name: each.intervals for each in members(found)}
    for each in found.messages:
        assert any(
            stay.came.line <= each.line and (stay.went is None or each.line <= stay.went.line)
            for stay in stays[each.sender]
        )


def lines_of(found: dict[str, Any]) -> list[bytes]:
    """As the sandbox writes a reading: an item a line."""
    head = {name: found[name] for name in ("format", "date_order", "alternatives")}
    tail = {name: found[name] for name in ("zone_offset", "members", "unsupported")}
    items = ",\n".join(json.dumps(each, ensure_ascii=False) for each in found["items"])
    body = f"\n{items}\n]" if items else "]"
    text = json.dumps(head)[:-1] + ',\n"items":[' + body + ",\n" + json.dumps(tail)[1:] + "\n"
    return text.encode().splitlines(keepends=True)


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=6))
def test_a_reading_taken_line_by_line_is_the_one_taken_whole(said: list[tuple[str, str]]) -> None:
    items = [message(number, sender, text) for number, (sender, text) in enumerate(said, 1)]
    whole: dict[str, Any] = {
        "format": "whatsapp", "date_order": "dmy", "alternatives": [], "zone_offset": "+02:00", "members": [ANA],
        "items": [*items, notice(9, "member_added", ANA, (BEA,))] if said else [],
        "unsupported": {"count": 1, "lines": [{"line": 3, "text": "?"}]},
    }  # fmt: skip
    assert from_lines(lines_of(whole)) == from_json(whole) == from_lines([json.dumps(whole).encode()])


@given(st.lists(st.tuples(st.sampled_from([ANA, BEA]), st.sampled_from(["said", "left", "added"])), max_size=12))
def test_of_many_messages_only_those_that_open_a_stay_are_kept_and_no_stay_is_lost(told: list[tuple[str, str]]) -> None:
    rows = [
        message(line, who)
        if what == "said"
        else notice(line, f"member_{what}", who if what == "left" else DAN, () if what == "left" else (who,))
        for line, (who, what) in enumerate(told, 1)
    ]
    for name in {who for who, _ in told}:
        there, stays = False, 0
        for who, what in told:
            if who == name and what == "left":
                stays, there = stays + (not there), False
            elif who == name and not there:
                stays, there = stays + 1, True
        assert len(of(reading(*rows), name).intervals) == stays
