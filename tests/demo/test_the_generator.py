"""The demo's data: the same bytes for a seed, sums that agree, abstract pictures, fictitious numbers, neutral words."""

from __future__ import annotations

import csv
import email
import io
import re
import zipfile
from collections import Counter
from email.policy import default
from itertools import combinations
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from amparo.wiring.demo import archives, cast, chat, lists, phones, pictures, plan
from amparo.wiring.demo.cast import Entry, Exit, Fate
from amparo.wiring.demo.generator import DEFAULT_SEED, Operation, generate
from amparo.wiring.demo.pictures import Kind

WORDS = re.compile(r"[^\W\d_]+")
NEUTRAL = frozenset((Path(__file__).parent / "neutral_words.txt").read_text("utf-8").split())
NEAR_BITS = 31
APART_BITS = 60


@pytest.fixture(scope="module", name="operation")
def _operation() -> Operation:
    return generate(DEFAULT_SEED)


def test_the_same_seed_gives_the_same_bytes(operation: Operation) -> None:
    assert generate(DEFAULT_SEED) == operation


def test_another_seed_gives_another_export_with_the_same_figures(operation: Operation) -> None:
    other = generate(DEFAULT_SEED + 1)
    assert other.export != operation.export
    assert other.figures == operation.figures


@settings(max_examples=25, deadline=None)
@given(st.integers(min_value=0, max_value=2**31))
def test_every_seed_ends_with_the_figures_of_the_case(seed: int) -> None:
    figures = plan.figures(cast.members(seed))
    assert (figures.arrested, figures.countries, figures.under_18, figures.youngest) == (33, 11, 5, 15)
    assert figures.by_country == plan.EXPECTED_BY_COUNTRY
    assert figures.by_country["ES"] == 17
    assert figures.by_country["UY"] == 2


def test_the_answers_count_each_arrested_person_once_though_two_countries_name_one(operation: Operation) -> None:
    arrested = [line for answer in operation.answers for line in answer.persons if line.outcome == "arrested"]
    twice = [member for member, times in Counter(line.member for line in arrested).items() if times > 1]
    assert len(arrested) == 34
    assert len({line.member for line in arrested}) == 33
    assert len(twice) == 1
    moved = next(m for m in operation.members if m.key == twice[0])
    assert (moved.country, moved.arrested_in, moved.order_made_by) == ("IT", "ES", "IT")


def test_each_of_the_eleven_countries_answers_and_arrests_at_least_one(operation: Operation) -> None:
    assert tuple(answer.country for answer in operation.answers) == cast.COUNTRIES
    assert all(operation.figures.by_country[country] >= 1 for country in cast.COUNTRIES)


def test_devices_of_all_five_sorts_are_seized(operation: Operation) -> None:
    seized: Counter[str] = Counter()
    for answer in operation.answers:
        seized.update(answer.devices)
    assert set(seized) == set(plan.DEVICES)
    assert all(seized.values())


def test_the_cast_has_someone_who_left_after_ten_seconds_one_by_link_one_removed_and_silent_ones(
    operation: Operation,
) -> None:
    members = operation.members
    assert 55 <= len(members) <= 65
    assert sum(m.exit is Exit.LEFT_AT_ONCE for m in members) == 1
    assert any(m.entry is Entry.LINK for m in members)
    assert any(m.exit is Exit.REMOVED for m in members)
    assert sum(not m.posts for m in members) >= 10
    assert all(m.posts for m in members if m.fate is Fate.ARRESTED)


def test_whoever_left_at_once_left_ten_seconds_after_being_added(operation: Operation) -> None:
    name = next(m.shown_as for m in operation.members if m.exit is Exit.LEFT_AT_ONCE)
    lines = [line for line in operation.chat.text.split("\r\n") if name in line]
    assert len(lines) == 2
    seconds = [sum(int(n) * f for n, f in zip(re.findall(r"\d+", s)[3:6], (3600, 60, 1), strict=True)) for s in lines]
    assert seconds[1] - seconds[0] == cast.LEFT_AFTER_SECONDS


def test_every_phone_number_is_read_as_one_of_its_country(operation: Operation) -> None:
    for member in operation.members:
        if member.phone is None:
            assert member.country is None
            continue
        number = phonenumbers.parse(member.phone, None)
        assert phonenumbers.is_valid_number(number), member.phone
        assert phonenumbers.region_code_for_number(number) == member.country
    numbers = [m.phone for m in operation.members if m.phone]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("country", sorted(phones.RANGES))
def test_a_range_ends_where_it_says(country: str) -> None:
    held = phones.RANGES[country]
    last = held.last - held.first
    for n in (0, last):
        assert phonenumbers.region_code_for_number(phonenumbers.parse(held.number(n), None)) == country
    with pytest.raises(ValueError, match="has no number"):
        held.number(last + 1)


def test_every_picture_decodes_but_the_one_cut_short(operation: Operation) -> None:
    for picture in operation.album:
        if picture.kind is Kind.TRUNCATED:
            with pytest.raises(OSError, match="truncated"), Image.open(io.BytesIO(picture.data)) as image:
                image.load()
        else:
            assert pictures.decoded(picture.data).shape[2] == 3


def test_near_copies_are_near_their_original_and_never_equal_to_it(operation: Operation) -> None:
    copies = [p for p in operation.album if p.kind is Kind.NEAR_COPY]
    assert len(copies) >= 8
    for copy in copies:
        assert copy.copy_of is not None
        assert 0 < pictures.distance_bits(copy.pdq, operation.picture(copy.copy_of).pdq) <= NEAR_BITS


def test_different_pictures_are_far_apart(operation: Operation) -> None:
    different = [p for p in operation.album if p.kind in (Kind.ORIGINAL, Kind.LOOSE, Kind.STICKER)]
    nearest = min(pictures.distance_bits(one.pdq, other.pdq) for one, other in combinations(different, 2))
    assert nearest > APART_BITS


def test_the_export_holds_every_file_that_the_chat_names_and_no_other(operation: Operation) -> None:
    with zipfile.ZipFile(io.BytesIO(operation.export)) as archive:
        named = {posted.file_name for posted in operation.chat.posted}
        assert set(archive.namelist()) == named | {"_chat.txt"}
        digests = Counter(archive.read(name) for name in named)
        inner = [name for name in named if name.endswith(".zip")]
        with zipfile.ZipFile(io.BytesIO(archive.read(inner[0]))) as nested:
            assert len(nested.namelist()) == 2
    assert sum(times > 1 for times in digests.values()) >= chat.REPOSTS


def test_every_line_of_the_chat_has_a_stamp_but_the_two_odd_ones_and_the_rest_of_long_messages(
    operation: Operation,
) -> None:
    stamp = re.compile(r"\[\d{1,2}/\d{1,2}/\d\d, \d{1,2}:\d\d:\d\d\] [^:]+: ")
    unstamped = [line for line in operation.chat.text.split("\r\n") if line and not stamp.match(line)]
    assert unstamped == [chat.BEFORE_ALL, chat.IMPOSSIBLE]


def test_known_lists_cover_some_series_and_leave_others_unknown(operation: Operation) -> None:
    exact, near = operation.known
    sums = {row["sha256"] for row in csv.DictReader(io.StringIO(exact.as_csv().decode()))}
    assert len(sums) == len(exact.rows) > lists.OTHER_ROWS
    originals = [p for p in operation.album if p.kind is Kind.ORIGINAL]
    values = [row["pdq"] for row in near.rows]
    for picture in originals:
        distance = min(pictures.distance_bits(picture.pdq, value) for value in values)
        if picture.family in lists.NEAR_FAMILIES:
            assert 0 < distance <= NEAR_BITS
        if picture.family in lists.UNKNOWN_FAMILIES:
            assert distance > NEAR_BITS


def test_the_report_carries_the_export_and_two_pictures_of_which_no_list_knows(operation: Operation) -> None:
    message = email.message_from_bytes(operation.report.data, policy=default)
    names = [part.get_filename() for part in message.iter_attachments()]
    assert names == ["chat.zip", "imagen-1.jpg", "imagen-2.jpg"]
    assert next(message.iter_attachments()).get_content() == operation.export
    assert {operation.picture(key).family for key in operation.attached} <= lists.UNKNOWN_FAMILIES
    body = message.get_body(("plain",))
    assert body is not None
    assert "peligro ahora" in body.get_content()


def test_an_encrypted_archive_opens_with_its_password_and_not_without() -> None:
    data = archives.encrypted("nota.txt", b"hola\n", b"demo", 7)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("nota.txt", pwd=b"demo") == b"hola\n"
        with pytest.raises(RuntimeError, match="password"):
            archive.read("nota.txt")


def test_noise_is_small_and_one_mail_is_another_one_again(operation: Operation) -> None:
    data = [letter.data for letter in operation.noise]
    assert len(set(data)) == len(data) - 1
    assert all(len(each) < 200_000 for each in data)


def test_the_demo_says_only_neutral_words(operation: Operation) -> None:
    said = [operation.chat.text, *(posted.file_name for posted in operation.chat.posted)]
    for letter in (operation.report, *operation.noise):
        message = email.message_from_bytes(letter.data, policy=default)
        said += [str(message["Subject"] or ""), letter.label]
        for part in message.walk():
            if part.get_content_type() == "text/plain" and letter.label != "broken MIME":
                said.append(part.get_content())
            said.append(part.get_filename() or "")
    used = {word.casefold() for text in said for word in WORDS.findall(text)}
    assert sorted(used - NEUTRAL) == []
