"""What an officer chose on the page, as the mapping that the engine reads."""

from __future__ import annotations

from datetime import date

from hypothesis import given, strategies as st

from amparo.cases.coins.mapping import parse
from amparo.cases.ledgers.mapping_text import PlatformSaid, SourceSaid, exactly, gathered, patterns, written

PLATFORM = PlatformSaid("vega", "coin", "EUR", ".", "iso", "", (date(2026, 1, 1), 100, 105))


def said(name: str, **more: object) -> SourceSaid:
    given_ = {"event": "purchase", "columns": {"time": "t", "account": "a", "coins": "n"}, "words": {}, **more}
    return SourceSaid(name, "csv", **given_)  # type: ignore[arg-type]


def test_a_mapping_made_of_one_month_s_file_reads_the_next_month_s() -> None:
    assert patterns(["march.csv", "rooms.json"]) == {"march.csv": "*.csv", "rooms.json": "*.json"}
    assert patterns(["gifts-03.csv", "buys-03.csv"]) == {"gifts-03.csv": "gifts-*.csv", "buys-03.csv": "buys-*.csv"}


def test_files_of_one_pattern_are_one_source_where_all_was_said_alike_and_each_its_own_where_not() -> None:
    names = ["buys-03.csv", "buys-04.csv"]
    assert [each.files for each in gathered([said(name) for name in names], names)] == ["buys-*.csv"]
    different = [said(names[0]), said(names[1], event="payout")]
    assert [each.files for each in gathered(different, names)] == names


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), min_size=1, max_size=20)


@given(TEXT, TEXT, TEXT)
def test_whatever_a_platform_calls_its_columns_and_words_comes_through_as_it_is(
    column: str, word: str, name: str
) -> None:
    source = SourceSaid(
        exactly(f"{name}.csv"), "csv", "", {"event": column, "time": "t", "account": "a"}, {word: "room_enter"}
    )
    mapping = parse(written(PLATFORM, [source]).encode(), "x")
    assert mapping.sources[0].columns["event"] == column
    assert mapping.sources[0].words == {word: ("room_enter", "")}
    assert mapping.source_of(f"{name}.csv") == 0
    assert mapping.rates[0].coins == 100
