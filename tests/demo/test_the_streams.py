"""The streams demo's data: the same bytes for a seed, figures that agree with those stated by hand, neutral words."""

from __future__ import annotations

import email
import io
import zipfile
from dataclasses import asdict
from email.policy import default
from pathlib import Path

import openpyxl
import phonenumbers
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.coins import find_gaps, find_indicators, find_sessions, load_mapping, open_ledger
from amparo.cases.tables.reading import folder
from amparo.wiring.analyse_sheets import with_sheets
from amparo.wiring.demo import streams, streams_cast, streams_data
from amparo.wiring.demo.streams_data import Ledger, Streams, generate
from tests.demo.test_the_generator import NEUTRAL, WORDS

SEED = 2020


@pytest.fixture(scope="module", name="data")
def _data() -> Streams:
    return generate(SEED)


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones_with_the_same_figures(data: Streams) -> None:
    assert generate(SEED) == data
    other = generate(SEED + 1)
    assert other.ledgers[0].files != data.ledgers[0].files
    assert other.figures == data.figures


@settings(max_examples=25, deadline=None)
@given(st.integers(min_value=0, max_value=2**31))
def test_every_seed_ends_with_the_figures_of_the_case(seed: int) -> None:
    cast = streams_cast.cast(seed)
    assert asdict(streams_cast.figures(cast)) == streams_cast.EXPECTED
    names = [name for each in cast.payers for name in (each.first_account, each.second_account) if name]
    names += [cast.host.first_account, cast.host.second_account, *cast.viewers]
    assert len(set(names)) == len(names)


def test_sums_are_small_and_about_a_thousand_euro_in_all(data: Streams) -> None:
    sums = [euro for each in data.cast.payers for euro in (*each.first, *each.second)]
    assert set(sums) == {20, 25, 30}
    assert sum(data.figures.euro_minor.values()) == 104_000


def test_every_number_is_fictitious_and_of_its_country(data: Streams) -> None:
    for payer in data.cast.payers:
        if payer.phone:
            assert phonenumbers.region_code_for_number(phonenumbers.parse(payer.phone)) == payer.country


def _read(place: Path, given: Ledger) -> tuple[dict[str, tuple[int, int]], list[tuple], list[tuple], int]:
    for part in ("in", "work"):
        (place / part).mkdir()
    for name, content in given.files:
        (place / "in" / name).write_bytes(content)
    (place / "mapping.toml").write_text(given.mapping, "utf-8")
    mapping = load_mapping(place / "mapping.toml")
    found = with_sheets(folder(place / "in", mapping), mapping, place / "work", mapping.decimal)
    with open_ledger(found, mapping) as ledger:
        find_gaps(ledger)
        find_sessions(ledger)
        find_indicators(ledger)
        events = ledger.store.rows("SELECT event, count(*), sum(coins), sum(money_minor) FROM ledger GROUP BY event")
        gaps = ledger.store.rows("SELECT kind, account, difference FROM gaps")
        victims = ledger.store.rows("SELECT DISTINCT account FROM indicators WHERE possible_victim")
        return {event: (coins or 0, money or 0) for event, _, coins, money in events}, gaps, victims, ledger.bad_rows


def test_both_ledgers_are_read_whole_though_their_shapes_differ(data: Streams, tmp_path: Path) -> None:
    for given_ledger in data.ledgers:
        (tmp_path / given_ledger.platform).mkdir()
        events, gaps, victims, bad = _read(tmp_path / given_ledger.platform, given_ledger)
        platform = given_ledger.platform
        assert events["purchase"] == (data.figures.coins[platform], data.figures.euro_minor[platform])
        assert events["gift"][0] == data.figures.coins[platform]
        assert bad == 0
        if platform == streams_cast.FIRST:
            assert gaps == [("balance", data.cast.host.first_account, -streams_data.REMOVED_COINS)]
            assert victims == [(next(each.first_account for each in data.cast.payers if each.extorted),)]
        else:
            assert gaps == [] and victims == []


def test_a_figure_that_is_not_the_plan_s_is_named(data: Streams) -> None:
    shown = streams.planned(data)
    assert streams.differences(shown, data) == []
    (said,) = streams.differences({**shown, "safeguarded": 0}, data)
    assert said == "safeguarded is 0, planned 1"


def test_the_streams_say_only_neutral_words(data: Streams) -> None:
    message = email.message_from_bytes(data.report.data, policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    said = [str(message["Subject"]), body.get_content(), *(name for each in data.ledgers for name, _ in each.files)]
    (export,) = message.iter_attachments()
    with zipfile.ZipFile(io.BytesIO(export.get_content())) as archive:
        said += [archive.read("_chat.txt").decode(), *archive.namelist()]
    for name, content in (each for given_ledger in data.ledgers for each in given_ledger.files):
        if name.endswith(".xlsx"):
            rows = openpyxl.load_workbook(io.BytesIO(content)).active
            assert rows is not None
            said += [str(cell) for row in rows.values for cell in row if isinstance(cell, str)]
        else:
            said.append(content.decode("utf-8-sig"))
    used = {word.casefold() for text in said for word in WORDS.findall(text)}
    assert sorted(word for word in used - NEUTRAL if word.upper() not in streams_cast.COUNTRIES) == []
