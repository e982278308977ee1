"""A mail's text in the letters its writer saw, whatever the mail says of them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside import charsets
from amparo.sandbox.inside.charsets import lettered, likeliest
from amparo.sandbox.inside.decoding import warm

TEXTS = {
    "cp1252": "Buenos días, la niña está en la habitación; mañana más información",
    "cp1251": "Здравствуйте, я хочу сообщить о группе, где обмениваются файлами",
    "koi8-r": "Привет всем участникам группы",
    "cp866": "Привет всем участникам группы",
    "iso8859-5": "Привет всем участникам группы",
    "cp1253": "Καλημέρα, θέλω να αναφέρω μια ομάδα",
    "cp1255": "שלום רב, אני רוצה לדווח על קבוצה",
    "cp1256": "مرحبا، أريد الإبلاغ عن مجموعة",
    "cp874": "สวัสดีครับ ผมต้องการแจ้งเรื่องกลุ่ม",
    "cp932": "こんにちは、グループについて報告します",
    "euc_jp": "こんにちは、グループについて報告します",
    "cp949": "안녕하세요 그룹에 대해 신고하고 싶습니다",
    "gb18030": "您好，我想举报一个群组，里面有人发送文件",
    "big5": "您好，我想舉報一個群組，裡面有人傳送檔案",
}
# What mail says when it is wrong: a default, another charset, or nothing.
WRONG = ["", "us-ascii", "unknown-8bit", "iso-8859-1", "windows-1252", "utf-8", "x-nobody-knows"]


@pytest.mark.parametrize("charset", TEXTS)
@pytest.mark.parametrize("said", WRONG)
def test_text_whose_charset_is_not_the_one_it_names_is_read_in_the_one_that_fits(charset: str, said: str) -> None:
    assert lettered(TEXTS[charset].encode(charset), said).text == TEXTS[charset]


@pytest.mark.parametrize("charset", TEXTS)
@pytest.mark.parametrize("said", [*TEXTS, "", "iso-8859-1", "gb2312", "shift_jis"])
def test_utf_8_under_any_other_name_is_read_as_utf_8(charset: str, said: str) -> None:
    assert lettered(TEXTS[charset].encode(), said).text == TEXTS[charset]


FEW = {
    "mañana": "latin-1",
    "Müller": "latin-1",
    "naïve, 5 €": "cp1252",
    "“hola”": "cp1252",
    "ação": "latin-1",
    "no\xa0break\xa0space\xa0after\xa0each\xa0word\xa0here\xa0": "latin-1",
}


@pytest.mark.parametrize(("text", "charset"), FEW.items())
@pytest.mark.parametrize("said", ["", "iso-8859-1"])
def test_a_few_accents_are_not_taken_for_another_alphabet(text: str, charset: str, said: str) -> None:
    assert lettered(text.encode(charset), said).text == text


def test_seven_bit_charsets_announce_themselves_though_the_mail_says_ascii() -> None:
    for charset in ("iso-2022-jp", "iso-2022-kr"):
        text = "今日は" if charset.endswith("jp") else "안녕하세요"
        assert lettered(text.encode(charset), "us-ascii").text == text


def test_utf_7_is_refused_and_shown_as_it_stands() -> None:
    read = lettered(b"Hi +AOEA6QDt-", "utf-7")
    assert (read.text, read.sentence) == ("Hi +AOEA6QDt-", charsets.UNKNOWN)


def test_wide_text_without_a_mark_is_read_by_where_its_zeros_stand() -> None:
    for codec in ("utf-16-le", "utf-16-be"):
        assert lettered("mañana a las 21:00".encode(codec), "utf-16").text == "mañana a las 21:00"


def test_a_letter_cut_at_the_end_does_not_cost_the_rest() -> None:
    cut = TEXTS["big5"].encode("big5")[:-1]
    assert lettered(cut).text.startswith(TEXTS["big5"][:-1])


def test_one_stray_byte_in_utf_8_is_marked_and_the_rest_read() -> None:
    read = lettered("niña, mañana, señal, año".encode() + b"\xff", "utf-8")
    assert read.text.startswith("niña, mañana, señal, año")
    assert read.sentence == charsets.UNFIT


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([*WRONG, *TEXTS, "utf-16", "utf-32", "iso-2022-jp", "hz", "\0", "é" * 50])
)
def test_any_bytes_under_any_name_give_text(data: bytes, said: str) -> None:
    assert isinstance(lettered(data, said).text, str)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=200))
def test_utf_8_that_says_so_is_never_read_as_anything_else(text: str) -> None:
    assert lettered(text.encode(), "utf-8").text == text.removeprefix("\ufeff")


def test_guessing_takes_the_same_time_for_a_page_and_for_a_book() -> None:
    warm()
    charsets.warm()
    data = bytes(range(128, 256)) * 100_000
    started = time.process_time()
    likeliest(data)
    assert time.process_time() - started < 0.5
