from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.cases.coins import (
    find_indicators,
    find_sessions,
    load_indicators,
    load_mapping,
    open_ledger,
    sessions,
    write_sessions,
    write_trace,
)
from amparo.cases.coins.kernels import place
from amparo.cases.coins.sessions import FOUND
from amparo.cases.tables.store import opened

MAPPING = """
platform = "vega"
[[source]]
files = "streams.csv"
event = "broadcast"
columns = { stream = "id", host = "host", time = "from", end = "to" }
[[source]]
files = "rows.csv"
columns = { event = "what", time = "at", account = "who", host = "host", stream = "stream", coins = "n", country = "land" }
[source.events]
BUY = "purchase"
GIFT = "gift"
IN = "room_enter"
OUT = "room_exit"
CASH = "payout"
[[rate]]
since = 2026-01-01
coins = 10
money_minor = 105
currency = "EUR"
"""
STREAMS = """id,host,from,to
a1,ana,2026-03-01T20:00:00Z,2026-03-01T21:00:00Z
a2,ana,2026-03-01T20:50:00Z,2026-03-01T22:00:00Z
b1,bea,2026-03-01T20:00:00Z,2026-03-01T21:00:00Z
"""
ROWS = """what,at,who,host,stream,n,land
BUY,2026-03-01T19:00:00Z,pay1,,,500,es
IN,2026-03-01T20:05:00Z,pay1,ana,a1,,
GIFT,2026-03-01T20:10:00Z,pay1,ana,,100,
GIFT,2026-03-01T20:55:00Z,pay1,ana,,50,
GIFT,2026-03-01T20:55:10Z,pay1,ana,a2,5,
OUT,2026-03-01T20:40:00Z,pay1,ana,a1,,
IN,2026-03-01T20:30:00Z,pay2,ana,a1,,
GIFT,2026-03-01T21:01:30Z,pay2,bea,,7,
GIFT,2026-03-01T21:02:30Z,pay2,bea,,8,
GIFT,2026-03-01T19:59:00Z,pay2,ana,,9,
GIFT,2026-03-01T20:20:00Z,pay1,bea,,1,FR
CASH,2026-03-01T23:00:00Z,ana,,,100,
"""


@pytest.fixture
def vega(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "streams.csv").write_text(STREAMS)
    (tmp_path / "in" / "rows.csv").write_text(ROWS)
    (tmp_path / "m.toml").write_text(MAPPING)
    return tmp_path


def rows_of(file: Path, columns: str = "*") -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(f"SELECT {columns} FROM read_parquet('{file}')").fetchall()


def test_each_payment_is_in_its_broadcast_or_in_either_or_in_none_and_says_which_row_it_is(vega: Path) -> None:
    with open_ledger(vega / "in", load_mapping(vega / "m.toml")) as found:
        write_sessions(found, vega / "s.parquet")
    told = {
        row[0]: row[1:]
        for row in rows_of(vega / "s.parquet", "row, found, streams, coins, money_minor, currency, file")
    }
    assert told[3] == ("inside", ["a1"], 100, 1050, "EUR", "rows.csv")
    assert told[4][:2] == ("either", ["a1", "a2"])
    assert told[5][:4] == ("stated", ["a2"], 5, 53)  # 52.5 cents, half up
    assert told[8][:2] == ("grace", ["b1"])
    assert told[9][:2] == ("none", [])
    assert told[10][:2] == ("grace", ["a1"])


def test_presence_is_an_interval_with_the_rows_that_open_and_close_it(vega: Path) -> None:
    with open_ledger(vega / "in", load_mapping(vega / "m.toml")) as found:
        write_sessions(found, vega / "s.parquet")
    stays = rows_of(
        vega / "s.presence.parquet", "account, stream, seconds, closed_by, coins, overlapping, enter_row, exit_row"
    )
    assert stays == [
        ("pay1", "a1", 35 * 60, "exit", 100, 1, 2, 6),
        ("pay2", "a1", 30 * 60, "end of broadcast", 0, 1, 7, None),
    ]
    crossing = dict(rows_of(vega / "s.broadcasts.parquet", "stream, crosses"))
    assert crossing == {"a1": ["a2"], "a2": ["a1"], "b1": []}


def test_payers_of_several_hosts_and_candidate_countries_have_their_rows(vega: Path) -> None:
    with open_ledger(vega / "in", load_mapping(vega / "m.toml")) as found:
        write_sessions(found, vega / "s.parquet")
    payers = rows_of(vega / "s.payers.parquet", "payer, host_names, coins, evidence")
    assert payers == [
        ("pay1", ["ana", "bea"], 156, ["rows.csv:3", "rows.csv:11", "rows.csv:4", "rows.csv:5"]),
        ("pay2", ["ana", "bea"], 24, ["rows.csv:10", "rows.csv:8", "rows.csv:9"]),
    ]
    assert rows_of(vega / "s.countries.parquet") == [
        ("pay1", "ES", "candidate", 1, ["rows.csv:1"]),
        ("pay1", "FR", "candidate", 1, ["rows.csv:11"]),
    ]


def test_streams_that_no_row_announces_are_derived_and_say_so(vega: Path) -> None:
    (vega / "in" / "streams.csv").write_text("id,host,from,to\n")
    with open_ledger(vega / "in", load_mapping(vega / "m.toml")) as found:
        find_sessions(found)
        assert found.store.rows("SELECT stream, host, basis FROM broadcasts ORDER BY number") == [
            ("a1", "ana", "derived"),
            ("a2", "ana", "derived"),
        ]


moments = st.integers(0, 60)
intervals = st.tuples(st.integers(0, 2), moments, st.integers(0, 30))


@given(
    st.lists(intervals, max_size=15), st.lists(st.tuples(st.integers(0, 2), moments), max_size=20), st.integers(0, 5)
)
def test_placing_equals_looking_at_every_broadcast(streams: list, payments: list, grace: int) -> None:
    streams = sorted((host, began, began + length) for host, began, length in streams)
    host = np.array([each[0] for each in streams], np.int64)
    began, ended = (np.array([each[at] for each in streams], np.int64) for at in (1, 2))
    furthest = np.array(
        [max(e for h, _, e in streams[: n + 1] if h == each[0]) for n, each in enumerate(streams)], np.int64
    )
    low = np.array([int(np.searchsorted(host, who, "left")) for who, _ in payments], np.int32)
    high = np.array([int(np.searchsorted(host, who, "right")) for who, _ in payments], np.int32)
    times, ids = np.array([at for _, at in payments], np.int64), np.arange(len(streams), dtype=np.int32)
    found, counts = np.zeros(len(payments), np.int32), np.zeros(len(payments), np.int64)
    given_ = (times, ids, began, ended, furthest, low, high, grace, found)
    flat = np.empty(place(*given_, np.empty(0, np.int32), counts), np.int32)
    if len(flat):
        place(*given_, flat, counts)
    at = 0
    for number, (who, moment) in enumerate(payments):
        inside = [n for n, (h, b, e) in enumerate(streams) if h == who and b <= moment <= e]
        near = [n for n, (h, b, e) in enumerate(streams) if h == who and b - grace <= moment <= e + grace]
        wanted = inside or near
        kind = "none" if not wanted else "either" if len(wanted) > 1 else "inside" if inside else "grace"
        assert FOUND[found[number]] == kind
        assert sorted(flat[at : at + counts[number]].tolist()) == wanted
        at += int(counts[number])


def indicated(place_: Path, rows: list[str]) -> list[tuple]:
    (place_ / "in" / "rows.csv").write_text("what,at,who,host,stream,n,land\n" + "\n".join(rows) + "\n")
    with open_ledger(place_ / "in", load_mapping(place_ / "m.toml")) as found:
        find_sessions(found)
        left = find_indicators(found)
        assert "fatf-night" in left
        return found.store.rows("SELECT indicator, account, standing, possible_victim, words FROM indicators")


def gift(day: int, who: str, coins: int, hour: int = 20) -> str:
    return f"GIFT,2026-03-{day:02}T{hour}:00:00Z,{who},ana,,{coins},"


def test_one_payment_is_no_indicator(vega: Path) -> None:
    assert indicated(vega, [gift(1, "pay1", 100)]) == []


def test_small_repeated_payments_are_a_note_that_says_nothing_about_a_person(vega: Path) -> None:
    told = indicated(vega, [gift(day, "pay1", 150) for day in range(1, 25, 3)])
    assert [row[:4] for row in told] == [("fatf-small-repeated", "pay1", "note", False)]
    assert "One indicator is a note" in told[0][4]


def test_a_quick_run_that_stops_shows_a_possible_victim_in_every_note(vega: Path) -> None:
    run = [gift(1, "pay1", 150, hour) for hour in range(10, 16)] + [gift(30, "other", 5)]
    told = indicated(vega, run)
    assert {row[:4] for row in told} == {
        ("fatf-quick-run", "pay1", "possible victim", True),
        ("fatf-small-repeated", "pay1", "note", True),
    }


def test_no_indicator_scores_ranks_or_calls_anybody_anything(vega: Path) -> None:
    words = " ".join(f"{each.title} {each.says} {each.standing}".lower() for each in load_indicators())
    assert not any(word in words for word in ("score", "offender", "guilty", "perpetrator", "suspect", "criminal"))
    assert all(each.source and each.year >= 2019 for each in load_indicators())


def digests(place_: Path, stem: str) -> dict[str, str]:
    files = sorted(place_.glob(f"{stem}.*"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_same_inputs_give_the_same_bytes_and_another_folder_changes_nothing(vega: Path, tmp_path_factory) -> None:
    other = tmp_path_factory.mktemp("other")
    (vega / "in").joinpath("rows.csv").write_text(
        ROWS + "".join(f"GIFT,2026-03-01T20:1{n % 10}:00Z,p{n % 977},ana,,{n % 7},\n" for n in range(8_000))
    )
    told = []
    for place_ in (vega, other):
        with open_ledger(vega / "in", load_mapping(vega / "m.toml")) as found:
            write_trace(found, place_ / "t.parquet", accounts=["pay1"])
            write_sessions(found, place_ / "s.parquet")
        told.append(digests(place_, "t") | digests(place_, "s"))
    assert len(told[0]) == 14
    assert told[0] == told[1]


def command(place_: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "amparo.wiring.cli", "analyse", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AMPARO_HOME": str(place_ / "home")},
    )


def test_the_command_traces_a_ledger_and_says_what_to_do_when_it_can_t(vega: Path) -> None:
    given_ = ("--in", str(vega / "in"), "--mapping", str(vega / "m.toml"))
    done = command(vega, "coins", *given_, "--out", str(vega / "out" / "t.parquet"), "--account", "pay1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "vega: 15 events from 2 files" in done.stdout
    assert "FIFO" in done.stdout and "Haircut" in done.stdout
    parts = rows_of(vega / "out" / "t.parquet", 'origin_file, origin_row, via, "end", end_row, coins, origin')
    assert ("rows.csv", 1, ["rows.csv:3"], "payout", 12, 91, "purchase") in parts
    assert sum(row[5] for row in parts) == 524
    assert dict(_sums(vega / "out" / "t.accounts.parquet")) == {"from": 500, "to": 500}
    wrong = command(vega, "coins", *given_, "--out", str(vega / "in" / "t.parquet"))
    assert wrong.returncode == 1 and "into the evidence" in wrong.stderr
    wrong = command(vega, "coins", *given_, "--out", str(vega / "t.parquet"), "--account", "nobody")
    assert wrong.returncode == 1 and "No row with coins names the account 'nobody'" in wrong.stderr
    wrong = command(vega, "sessions", "--in", str(vega), "--mapping", str(vega / "x.toml"), "--out", "t.parquet")
    assert wrong.returncode == 1 and "There is no mapping at" in wrong.stderr


def _sums(file: Path) -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(f"SELECT direction, sum(fifo_coins) FROM read_parquet('{file}') GROUP BY 1").fetchall()


@settings(max_examples=30, deadline=None)
@given(
    st.sets(st.tuples(st.integers(0, 9), st.integers(0, 6)), max_size=50),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(1, 12),
)
def test_payers_common_to_two_hosts_are_those_that_sets_have_in_common(
    paid: set[tuple[int, int]], most_hosts: int, most_names: int, at_once: int, most_pairs: int
) -> None:
    hosts_of: dict[str, list[str]] = {}
    for payer, host in sorted(paid):
        hosts_of.setdefault(f"p{payer}", []).append(f"h{host}")
    expected = []
    for one in sorted({host for hosts in hosts_of.values() for host in hosts}):
        for other in sorted({host for hosts in hosts_of.values() for host in hosts}):
            both = sorted(
                p for p, h in hosts_of.items() if one < other and {one, other} <= set(h) and len(h) <= most_hosts
            )
            if len(both) >= 2:
                expected.append((one, other, len(both), both[:most_names]))
    expected.sort(key=lambda row: (-row[2], row[0], row[1]))
    with pytest.MonkeyPatch.context() as patch, opened() as store:
        for name, value in {
            "MOST_HOSTS": most_hosts, "COMMON_PAYERS": 2, "MOST_NAMES": most_names, "NAMES_AT_ONCE": at_once,
            "MOST_PAIRS": most_pairs,
        }.items():  # fmt: skip
            patch.setattr(sessions, name, value)
        store.run("CREATE TABLE payers (payer VARCHAR, hosts BIGINT, host_names VARCHAR[])")
        for payer, hosts in hosts_of.items():
            store.run("INSERT INTO payers VALUES (?, ?, ?)", [payer, len(hosts), hosts])
        left_out = sessions._host_pairs(store)
        assert store.rows("SELECT * FROM host_pairs") == expected[:most_pairs]
        assert left_out == max(0, len(expected) - most_pairs)
