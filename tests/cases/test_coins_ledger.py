from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.coins import find_gaps, load_mapping, open_ledger, trace_coins
from amparo.cases.coins.ledger import Ledger
from amparo.foundation.errors import AmparoError, Missing, Refused

CSV = """
[money]
currency = "EUR"
[[source]]
files = "*.csv"
columns = { event = "what", time = "when", account = "who", counterparty = "to", coins = "n", balance = "left", money = "price" }
[source.events]
buy = "purchase"
give = "gift"
cash = "payout"
shop = "spend/goods"
note = "ignore"
"""
HEAD = "what,when,who,to,n,left,price\n"


@contextmanager
def ledger(place: Path, mapping: str, **files: str | bytes) -> Iterator[Ledger]:
    folder = place / "in"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        data = text.encode() if isinstance(text, str) else text
        (folder / name.replace("__", ".")).write_bytes(data)
    (place / "m.toml").write_text(mapping)
    with open_ledger(folder, load_mapping(place / "m.toml")) as found:
        yield found


def events(found: Ledger, columns: str = "event, account, coins") -> list[tuple]:
    return found.store.rows(f"SELECT {columns} FROM ledger ORDER BY n")


def bad(found: Ledger) -> list[tuple]:
    return found.store.rows("SELECT row, problem, kept FROM bad ORDER BY file, row")


def test_four_shapes_of_one_ledger_are_the_same_events(tmp_path: Path) -> None:
    rows = [
        ("buy", "2026-03-01T20:00:00Z", "ana", "", "100", "100", "1.05"),
        ("give", "2026-03-01T21:00:00+01:00", "ana", "bo", "60", "40", ""),
        ("shop", "2026-03-01 20:30:00.250Z", "bo", "", "10", "", ""),
    ]
    names = HEAD.strip().split(",")
    csv = HEAD + "".join(",".join(row) + "\n" for row in rows)
    objects = [dict(zip(names, row, strict=True)) for row in rows]
    shapes: dict[str, tuple[str, str | bytes]] = {
        "csv": ("a__csv", csv),
        "semicolons, quotes, CRLF, a mark": (
            "a__csv",
            b"\xef\xbb\xbf" + "".join(f'"{line}"\r\n'.replace(",", '";"') for line in csv.splitlines()).encode(),
        ),
        "jsonl": ("a__jsonl", "".join(json.dumps(each) + "\n" for each in objects)),
        "json": ("a__json", json.dumps(objects)),
    }
    told = {}
    for number, (shape, (name, data)) in enumerate(shapes.items()):
        place = tmp_path / str(number)
        place.mkdir()
        with ledger(place, CSV.replace("*.csv", name.replace("__", ".")), **{name: data}) as found:
            told[shape] = (
                events(found, "event, at_utc, account, counterparty, coins, balance, detail, row"),
                bad(found),
            )
    place = tmp_path / "parquet"
    (place / "in").mkdir(parents=True)
    con = duckdb.connect()
    con.execute(
        f"COPY (SELECT * FROM read_csv('{tmp_path}/0/in/a.csv', all_varchar=true)) TO '{place}/in/a.parquet'"
    ).fetchall()
    with ledger(place, CSV.replace("*.csv", "a.parquet")) as found:
        told["parquet"] = (
            events(found, "event, at_utc, account, counterparty, coins, balance, detail, row"),
            bad(found),
        )
    assert told["csv"][1] == []
    assert [row[0] for row in told["csv"][0]] == ["purchase", "gift", "spend"]
    assert all(each == told["csv"] for each in told.values())


def test_every_bad_row_is_listed_with_its_reason_and_none_is_in_the_ledger(tmp_path: Path) -> None:
    text = HEAD + (
        "buy,2026-03-01T20:00:00Z,ana,,100,100,1.05\n"
        "buy,yesterday,ana,,100,,\n"
        "buy,2026-03-01T20:00:00Z,,,100,,\n"
        "buy,2026-03-01T20:00:00Z,ana,,1.5,,\n"
        "buy,2026-03-01T20:00:00Z,ana,,-5,,\n"
        "give,2026-03-01T20:00:00Z,ana,,5,,\n"
        "steal,2026-03-01T20:00:00Z,ana,,5,,\n"
        "note,2026-03-01T20:00:00Z,ana,,,,\n"
        "buy,2026-03-01T20:00:00Z,ana\n"
        "\n"
        "buy,2026-03-01T20:01:00Z,ana,,7,,1.2345\n"
        "buy,2026-03-01T20:02:00Z,ana,,7,,\n"
    )
    with ledger(tmp_path, CSV, a__csv=text) as found:
        assert [(row, kept) for row, _, kept in bad(found)] == [
            *((number, False) for number in (2, 3, 4, 5, 6, 7, 9)),
            (10, True),
        ]
        words = " / ".join(problem for _, problem, _ in bad(found))
        for part in (
            "time fits no format",
            "account is empty",
            "no amount of this unit: 1.5",
            "below zero",
            "to nobody",
        ):
            assert part in words
        assert "names the word steal" in words
        assert "3 cells where the header names 7" in words
        assert events(found, "row, coins") == [(1, 100), (10, 7), (11, 7)]
        assert (found.count, found.bad_rows, found.doubts, found.ignored) == (3, 7, 1, 1)


def test_a_quote_that_nobody_closes_costs_its_own_line(tmp_path: Path) -> None:
    text = (
        HEAD
        + 'buy,2026-03-01T20:00:00Z,"ana,,5,,\n'
        + "".join(f"buy,2026-03-01T20:00:00Z,bo{number},,1,,\n" for number in range(300))
    )
    with ledger(tmp_path, CSV, a__csv=text) as found:
        assert (found.count, [row for row, *_ in bad(found)]) == (300, [1])


def test_a_cell_over_several_lines_and_other_charsets_are_read(tmp_path: Path) -> None:
    lines = HEAD + 'buy,2026-03-01T20:00:00Z,"Jo\nsé",,5,,\nbuy,2026-03-01T20:00:00Z,"a ""b"", c",,5,,\n'
    for name, data in {"one": lines.encode(), "two": lines.encode("utf-16"), "three": lines.encode("cp1252")}.items():
        place = tmp_path / name
        place.mkdir()
        with ledger(place, CSV, a__csv=data) as found:
            assert events(found) == [("purchase", "Jo\nsé", 5), ("purchase", 'a "b", c', 5)], name


def test_row_numbers_are_those_of_the_file_in_a_large_one(tmp_path: Path) -> None:
    text = HEAD + "".join(f"buy,2026-03-01T20:00:00Z,u{number},,{number},,\n" for number in range(1, 150_001))
    with ledger(tmp_path, CSV, a__csv=text) as found:
        assert found.store.one("SELECT count(*) FROM ledger WHERE row = coins AND account = 'u' || row") == 150_000


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**12), st.integers(0, 99))
def test_money_is_read_to_the_minor_unit_of_its_currency(tmp_path_factory, whole: int, part: int) -> None:
    place = tmp_path_factory.mktemp("money")
    mapping = CSV.replace('price" }', 'price", currency = "cur" }')
    text = (
        HEAD.strip()
        + ",cur\n"
        + (
            f"buy,2026-03-01T20:00:00Z,ana,,1,,{whole}.{part:02},EUR\n"
            f"buy,2026-03-01T20:00:00Z,ana,,1,,{whole},JPY\n"
            f"buy,2026-03-01T20:00:00Z,ana,,1,,{whole}.{part:02},KWD\n"
        )
    )
    with ledger(place, mapping, a__csv=text) as found:
        assert events(found, "money_minor") == [(whole * 100 + part,), (whole,), (whole * 1000 + part * 10,)]


def test_grouped_numbers_are_read_only_where_they_are_grouped_in_threes(tmp_path: Path) -> None:
    mapping = '[coins]\ndigits = 2\n[numbers]\ndecimal = ","\ngrouping = "."\n' + CSV
    rows = "".join(
        f'buy,2026-03-01T20:00:00Z,ana,,"{text}",,\n' for text in ("1.234,50", "12,5", "1.5", "1234", "1.23,4")
    )
    with ledger(tmp_path, mapping, a__csv=HEAD + rows) as found:
        assert events(found, "coins") == [(123450,), (1250,), (123400,)]
        assert [row for row, *_ in bad(found)] == [3, 5]


def test_utc_is_given_where_it_is_certain_and_nowhere_else(tmp_path: Path) -> None:
    times = (
        "2026-10-25 01:30:00",
        "2026-10-25 02:30:00",
        "2026-10-25 03:30:00",
        "2026-07-01 12:00:00",
        "2026-07-01T12:00:00-03:00",
    )
    text = HEAD + "".join(f"buy,{each},ana,,1,,\n" for each in times)
    (tmp_path / "madrid").mkdir()
    (tmp_path / "none").mkdir()
    with ledger(tmp_path / "madrid", '[time]\nzone = "Europe/Madrid"\n' + CSV, a__csv=text) as found:
        told = dict(events(found, "at_raw, strftime(at_utc, '%H:%M')"))
        assert told == dict(zip(times, ("23:30", None, "02:30", "10:00", "15:00"), strict=True))
        assert found.without_utc == 1
    with ledger(tmp_path / "none", CSV, a__csv=text) as found:
        assert dict(events(found, "at_raw, strftime(at_utc, '%H:%M')")) == dict.fromkeys(times) | {times[4]: "15:00"}


def test_a_removed_row_is_found_by_the_balances_around_it_and_its_coins_are_of_unknown_origin(tmp_path: Path) -> None:
    rows = [
        "buy,2026-03-01T20:00:00Z,ana,,100,100,",
        "buy,2026-03-01T20:01:00Z,ana,,50,150,",
        "give,2026-03-01T20:02:00Z,ana,bo,20,130,",
        "give,2026-03-01T20:03:00Z,ana,bo,130,0,",
        "cash,2026-03-01T20:04:00Z,bo,,150,0,",
    ]
    (tmp_path / "whole").mkdir()
    with ledger(tmp_path / "whole", CSV, a__csv=HEAD + "\n".join(rows) + "\n") as found:
        assert find_gaps(found) == 0
    del rows[1]
    with ledger(tmp_path, CSV, a__csv=HEAD + "\n".join(rows) + "\n") as found:
        assert find_gaps(found) == 1
        assert found.store.rows("SELECT kind, account, row_before, row_after, difference FROM gaps") == [
            ("balance", "ana", 0, 1, 50)
        ]
        ends = trace_coins(found).ends()
        assert int(ends.coins.sum()) == 150
        assert int(ends.coins[~ends.known].sum()) == 50


def test_an_opening_balance_is_no_gap_and_is_spent_first(tmp_path: Path) -> None:
    text = HEAD + "buy,2026-03-01T20:00:00Z,ana,,100,140,\ngive,2026-03-01T20:02:00Z,ana,bo,40,100,\n"
    with ledger(tmp_path, CSV, a__csv=text) as found:
        find_gaps(found)
        assert found.store.rows("SELECT kind, row_before, difference FROM gaps") == [("opening", None, 40)]
        trace = trace_coins(found)
        origins = trace.through(["bo"]).origins
        assert [(each.account, each.kind, each.fifo_coins) for each in origins if each.fifo_coins] == [
            ("ana", "unknown", 40)
        ]


def test_missing_and_repeated_numbers_are_listed(tmp_path: Path) -> None:
    mapping = CSV.replace('price" }', 'price", sequence = "no" }')
    text = HEAD.strip() + ",no\n" + "".join(f"buy,2026-03-01T20:0{no}:00Z,ana,,1,,,{no}\n" for no in (1, 2, 5, 5, 6))
    with ledger(tmp_path, mapping, a__csv=text) as found:
        find_gaps(found)
        assert found.store.rows("SELECT kind, row_before, row_after, difference FROM gaps ORDER BY row_after") == [
            ("sequence", 1, 2, 2),
            ("repeated", 2, 3, 0),
        ]


def test_the_same_file_twice_is_counted_once_and_links_are_not_followed(tmp_path: Path) -> None:
    text = HEAD + "buy,2026-03-01T20:00:00Z,ana,,100,100,\n"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.csv").symlink_to("/etc/passwd")
    with ledger(tmp_path, CSV, a__csv=text, b__csv=text, c__txt="x") as found:
        assert found.count == 1
        assert [name for name, _ in found.folder.left_out] == ["b.csv", "c.txt", "link.csv"]


def test_a_refund_takes_coins_back_and_a_refunded_gift_returns_them(tmp_path: Path) -> None:
    mapping = CSV + 'back = "refund"\n'
    text = HEAD + (
        "buy,2026-03-01T20:00:00Z,ana,,100,,\n"
        "give,2026-03-01T20:01:00Z,ana,bo,60,,\n"
        "back,2026-03-01T20:02:00Z,ana,bo,60,,\n"
        "back,2026-03-01T20:03:00Z,ana,,100,,\n"
    )
    with ledger(tmp_path, mapping, a__csv=text) as found:
        ends = trace_coins(found).ends()
        assert (int(ends.coins.sum()), int(ends.coins[ends.stands].sum())) == (100, 0)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("", "must be there at least once"),
        ('platform = 3\n[[source]]\nfiles="a.csv"', "text in quotes"),
        ('[[source]]\nfiles="a.csv"\nevent="theft"\ncolumns={time="t"}', "one of purchase"),
        ('[[source]]\nfiles="a.csv"\nevent="gift"\ncolumns={}', "columns.time"),
        ('[[source]]\nfiles="a.csv"\nevent="gift"\ncolumns={time="t", acount="u"}', "acount is no key"),
        ('[[source]]\nfiles="a.xyz"\nevent="gift"\ncolumns={time="t"}', "csv, jsonl, json, parquet or xlsx"),
        ('[time]\nzone="Mars/One"\n[[source]]\nfiles="a.csv"\nevent="gift"\ncolumns={time="t"}', "time.zone"),
        ('[money]\ncurrency="euro"\n[[source]]\nfiles="a.csv"\nevent="gift"\ncolumns={time="t"}', "ISO 4217"),
        ('[[rate]]\nsince="x"\n[[source]]\nfiles="a.csv"\nevent="gift"\ncolumns={time="t"}', "since = 2026-01-31"),
        ('[[source]]\nfiles="a.csv"\nevent="purchase"\ncolumns={time="t", money="m"}', "needs a currency"),
        ("[[[", "can't be read as TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_key_and_what_it_may_be(tmp_path: Path, mapping: str, words: str) -> None:
    (tmp_path / "m.toml").write_text(mapping)
    with pytest.raises(Refused, match=words):
        load_mapping(tmp_path / "m.toml")


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with (
        pytest.raises(Refused, match=r"a.csv has no column 'left' .* It has: what, when"),
        ledger(tmp_path, CSV, a__csv="what,when,who,to,n\n"),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a__parquet", b"PAR1 no parquet at all PAR1"),
        ("a__json", b'[{"what": "buy"'),
        ("a__csv", b""),
        ("a__parquet", b""),
        ("a__csv", b"\0" * 5000),
        ("a__jsonl", b"\xff\xfe{{{{\n" * 10),
        ("a__csv", HEAD.encode() + b"\xff\0,\x01" * 1000),
        ("a__csv", HEAD.encode() + b'"' * 100_001),
    ],
)
def test_hostile_bytes_end_in_listed_rows_or_in_a_sentence(tmp_path: Path, name: str, data: bytes) -> None:
    mapping = CSV.replace("*.csv", name.replace("__", "."))
    sentence = ""
    try:
        with ledger(tmp_path, mapping, **{name: data}) as found:
            assert found.count == 0
    except AmparoError as error:
        sentence = error.sentence
    assert len(sentence) < 1000
    assert str(tmp_path) not in sentence


def test_a_sum_of_coins_beyond_any_platform_is_refused(tmp_path: Path) -> None:
    text = HEAD + "buy,2026-03-01T20:00:00Z,ana,,999999999999999,,\n" * 3000
    with pytest.raises(Refused, match=r"coins.digits"), ledger(tmp_path, CSV, a__csv=text):
        pass


def test_the_reader_reaches_no_other_file_no_network_and_no_extension(tmp_path: Path) -> None:
    text = HEAD + "buy,2026-03-01T20:00:00Z,ana,,100,100,\n"
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with ledger(tmp_path, CSV, a__csv=text) as found:
        for statement in (
            f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
            "SELECT * FROM read_text('/etc/hostname')",
            "SELECT * FROM read_parquet('http://192.0.2.1/a.parquet')",
            "INSTALL httpfs",
            "LOAD httpfs",
            "ATTACH '/tmp/other.db'",
            f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
        ):
            with pytest.raises(duckdb.Error):
                found.store.run(statement)


def test_file_names_are_names_and_never_patterns_or_statements(tmp_path: Path) -> None:
    mapping = CSV.replace("*.csv", "*.csv")
    (tmp_path / "in").mkdir()
    text = HEAD + "buy,2026-03-01T20:00:00Z,ana,,100,100,\n"
    for number, name in enumerate(("*.csv", "a'; DROP TABLE ledger; --.csv", "[ab].csv", "who=x.csv")):
        (tmp_path / "in" / name).write_text(text.replace("ana", f"ana{number}"))
    with ledger(tmp_path, mapping) as found:
        assert found.count == 4


def test_nothing_to_read_is_missing_with_what_to_correct(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"No file in .* fits the mapping"), ledger(tmp_path, CSV, a__txt="x"):
        pass
    with (
        pytest.raises(Missing, match="is no folder"),
        open_ledger(tmp_path / "none", load_mapping(tmp_path / "m.toml")),
    ):
        pass
