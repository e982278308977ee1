"""Ledgers that are spreadsheets, or arrays somewhere inside a JSON file."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from amparo.cases.coins import load_mapping, open_ledger, trace_coins
from amparo.cases.coins.ledger import Ledger
from amparo.cases.tables.reading import folder
from amparo.foundation.errors import Refused
from amparo.wiring.analyse_sheets import with_sheets
from amparo.wiring.cli import main

HEAD = ("what", "when", "who", "to", "n", "left", "price")
SHEET = """
[money]
currency = "EUR"
[numbers]
decimal = "{decimal}"
[time]
zone = "Europe/Madrid"
[[source]]
files = "*.{ending}"
{more}
columns = {{ event = "what", time = "when", account = "who", counterparty = "to", coins = "n", balance = "left", money = "price" }}
[source.events]
buy = "purchase"
give = "gift"
cash = "payout"
"""
BEGAN = datetime(2026, 3, 1, 20, 0)  # noqa: DTZ001 - a sheet's dates have no zone
ROWS = [
    ("buy", BEGAN, "ana", None, 100, 100, 1.05),
    ("give", BEGAN + timedelta(minutes=5), "ana", "bo", 60, 40, None),
    ("cash", BEGAN + timedelta(hours=1), "bo", None, 60, None, 0.6),
]


def book(rows: list[tuple], title: str = "ledger", before: int = 0) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = title
    other = made.create_sheet("other")
    other.append(["nothing", "of", "ours"])
    for _ in range(before):
        sheet.append([])
    sheet.append(list(HEAD))
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@contextmanager
def ledger(place: Path, data: bytes, *, more: str = "", decimal: str = ".", ending: str = "xlsx") -> Iterator[Ledger]:
    (place / "in").mkdir(exist_ok=True)
    (place / "work").mkdir(exist_ok=True)
    (place / "in" / f"a.{ending}").write_bytes(data)
    (place / "m.toml").write_text(SHEET.format(more=more, decimal=decimal, ending=ending))
    mapping = load_mapping(place / "m.toml")
    found = with_sheets(folder(place / "in", mapping), mapping, place / "work", mapping.decimal)
    with open_ledger(found, mapping) as opened:
        yield opened


def events(found: Ledger) -> list[tuple]:
    return found.store.rows("SELECT event, at_utc, account, coins, money_minor, row FROM ledger ORDER BY n")


def test_a_spreadsheet_s_rows_are_events_with_the_row_numbers_and_dates_that_it_shows(tmp_path: Path) -> None:
    with ledger(tmp_path, book(ROWS)) as found:
        assert events(found) == [
            ("purchase", datetime(2026, 3, 1, 19, 0), "ana", 100, 105, 2),  # noqa: DTZ001 - UTC, as DuckDB gives it
            ("gift", datetime(2026, 3, 1, 19, 5), "ana", 60, None, 3),  # noqa: DTZ001
            ("payout", datetime(2026, 3, 1, 20, 0), "bo", 60, 60, 4),  # noqa: DTZ001
        ]
        assert found.folder.files[0].name == "a.xlsx"


def test_numbers_of_a_sheet_are_read_whatever_sign_the_mapping_gives_to_decimals(tmp_path: Path) -> None:
    with ledger(tmp_path, book(ROWS, before=2), decimal=",") as found:
        assert [(row[4], row[5]) for row in events(found)] == [(105, 4), (None, 5), (60, 6)]


def test_a_sheet_is_found_by_its_name_and_a_wrong_name_says_which_there_are(tmp_path: Path) -> None:
    with ledger(tmp_path, book(ROWS, title="gifts 2026"), more='sheet = "gifts 2026"') as found:
        assert found.count == 3
    with pytest.raises(Refused, match="It has: gifts 2026, other"):
        ledger(tmp_path, book(ROWS, title="gifts 2026"), more='sheet = "missing"').__enter__()


@pytest.mark.parametrize("data", [b"PK\x03\x04 not a workbook", b"", b"\0" * 4096, book(ROWS)[:-700]])
def test_a_broken_spreadsheet_ends_in_a_sentence(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Refused, match=r"a\.xlsx"):
        ledger(tmp_path, data).__enter__()


def test_a_spreadsheet_that_no_sandbox_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xlsx").write_bytes(book(ROWS))
    (tmp_path / "m.toml").write_text(SHEET.format(more="", decimal=".", ending="xlsx"))
    with (
        pytest.raises(Refused, match="only the sandbox"),
        open_ledger(tmp_path / "in", load_mapping(tmp_path / "m.toml")),
    ):
        pass


def test_the_command_line_reads_a_spreadsheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xlsx").write_bytes(book(ROWS))
    (tmp_path / "m.toml").write_text(SHEET.format(more="", decimal=".", ending="xlsx"))
    words = ["analyse", "coins", "--in", str(tmp_path / "in"), "--mapping", str(tmp_path / "m.toml")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("amparo.wiring.analyse_command.confine", lambda **_: False)  # this process has more tests to run
        assert main([*words, "--out", str(tmp_path / "out.parquet"), "--json"]) == 0
    run = json.loads(capsys.readouterr().out)
    assert run["coins"] == {
        "entered": 100, "of_known_origin": 100, "origin_unknown": 0, "ended": 60, "left_in_accounts": 40,
    }  # fmt: skip


ACCOUNTS = ("ana", "bo", "cai", "dan")
MOVE = st.one_of(
    st.tuples(st.just("buy"), st.sampled_from(ACCOUNTS), st.none(), st.integers(1, 500)),
    st.tuples(st.just("give"), st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 500)),
    st.tuples(st.just("cash"), st.sampled_from(ACCOUNTS), st.none(), st.integers(1, 500)),
)


@pytest.mark.parametrize("ending", ["xlsx", "json"])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MOVE, min_size=1, max_size=25))
def test_coins_are_conserved_by_both_rules_through_every_shape(tmp_path: Path, ending: str, moves: list[tuple]) -> None:
    rows = [
        (what, BEGAN + timedelta(seconds=at), who, to, n, None, None) for at, (what, who, to, n) in enumerate(moves)
    ]
    if ending == "xlsx":
        data, more = book(rows), ""
    else:
        objects = [
            {name: str(value) for name, value in zip(HEAD, row, strict=True) if value is not None} for row in rows
        ]
        data, more = json.dumps({"export": {"rows": objects}}).encode(), 'records = "$.export.rows"'
    with ledger(tmp_path, data, ending=ending, more=more) as found:
        trace = trace_coins(found)
        ends = trace.ends()
        bought = sum(n for what, _, _, n in moves if what == "buy")
        assert int(ends.coins.sum()) == bought + trace.unknown_coins
        assert int(ends.coins[ends.known].sum()) == bought
        for who in {each[1] for each in moves}:
            through = trace.through([who])
            assert sum(each.fifo_coins for each in through.origins) == sum(each.fifo_coins for each in through.ends)
            came, went = (sum(each.haircut_coins for each in side) for side in (through.origins, through.ends))
            assert came == pytest.approx(went, rel=1e-9)


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ("$.data.items", {"data": {"items": [{"t": 1}, {"t": 2}]}}),
        ('$."my data"[1]', {"my data": [[], [{"t": 1}, {"t": 2}]]}),
        ("$.days[*].items", {"days": [{"items": [{"t": 1}]}, {"items": [{"t": 2}]}]}),
        ("$.days[*].items[*]", {"days": [{"items": [{"t": 1}]}, {"items": [{"t": 2}]}]}),
    ],
)
def test_rows_are_found_at_the_path_of_their_array(tmp_path: Path, records: str, told: object) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(json.dumps(told, indent=2))
    (tmp_path / "m.toml").write_text(
        f"[[source]]\nfiles = '*.json'\nrecords = '{records}'\nevent = 'purchase'\n"
        "columns = { time = '$.t', account = '$.t', coins = '$.t' }\ntime = { format = 'epoch_s' }"
    )
    mapping = load_mapping(tmp_path / "m.toml")
    with open_ledger(tmp_path / "in", mapping) as found:
        assert found.store.rows("SELECT row FROM bad ORDER BY row") == [(1,), (2,)]  # 1970 is before every platform


def test_a_path_at_which_nothing_lies_says_so(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text('{"data": []}')
    for records, told in (("$.items", "holds nothing at"), ("items", "is the path of the array")):
        (tmp_path / "m.toml").write_text(
            f"[[source]]\nfiles = '*.json'\nrecords = '{records}'\nevent = 'purchase'\n"
            "columns = { time = 't', account = 'a', coins = 'n' }"
        )
        with pytest.raises(Refused, match=told), open_ledger(tmp_path / "in", load_mapping(tmp_path / "m.toml")):
            pass
