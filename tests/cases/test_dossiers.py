from __future__ import annotations

import csv
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from amparo.cases.linkage import dossiers
from amparo.cases.linkage.dossiers import DOSSIER_TABLES, write_dossiers
from amparo.cases.linkage.dossiers_tables import ACCOUNT_COLUMNS, EVENT_COLUMNS, NOBODY, PAYMENT_COLUMNS
from amparo.cases.tables.base import open_base
from amparo.cases.tables.base_import import import_base
from amparo.cases.tables.base_mapping import load_base_mapping
from amparo.foundation.errors import Missing, Refused
from tests.cases.countries_platform import Platform, crowd, opened, rows

FILES = {
    "README.txt", "manifest-sha256.txt", "accounts.csv", "accounts.parquet", "events.csv", "events.parquet", "payments.csv",
    "payments.parquet",
}  # fmt: skip
LARGE = """
platform = "large"
[[source]]
files = "accounts.csv"
table = "accounts"
columns = { account = "id" }
[[source]]
files = "events.parquet"
table = "events"
columns = { account = "id", at = "at", device = "device" }
time = { zone = "UTC" }
"""


@pytest.fixture
def platform() -> Platform:
    made = Platform()
    crowd(made, 6)
    made.account("nobody", handle="=HYPERLINK(1)")
    made.seen("nobody", "192.88.99.1", (1, 2))
    for number, reference in enumerate(("R-2", "R-1", "+R-3")):
        made.paid(f"es-0{number % 2}", "ES", f"card-{number}", reference)
    return made


def links(folder: Path, persons: dict[str, list[str]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    told = ", ".join(f"('{account}', '{person}')" for person, accounts in persons.items() for account in accounts)
    duckdb.sql(f"SELECT * FROM (VALUES {told}) t(account_id, person)").write_parquet(str(folder / "links.parquet"))
    return folder / "links.parquet"


def written(platform: Platform, folder: Path, **options: Any) -> tuple[Path, dict[str, Any]]:
    with opened(platform, folder) as base:
        run = write_dossiers(base, folder / "d.parquet", **options)
    return folder / "d.dossiers", run


def told(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened_file:
        return list(csv.DictReader(opened_file))


def bytes_below(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_account_and_every_row_of_it_lies_in_one_dossier_and_no_other(platform: Platform, tmp_path: Path) -> None:
    folder, run = written(platform, tmp_path)
    places = sorted(path.name for path in folder.iterdir() if path.is_dir())
    assert places == [NOBODY, "DE", "ES", "FR"]
    for table, given in (("accounts", platform.accounts), ("events", platform.events), ("payments", platform.payments)):
        found = [
            row
            for place in places
            if (file := folder / place / f"{table}.parquet").exists()
            for row in rows(file, "ALL")
        ]
        assert sorted(row["account_id"] for row in found) == sorted(row["id"] for row in given)
    whole = rows(tmp_path / "d.parquet", "account_id")
    assert {row["account_id"]: row["dossier"] for row in whole}["es-01"] == "ES"
    assert [row["country"] for row in whole if row["dossier"] == NOBODY] == [None]
    assert run["written"]["dossiers"] == 4


def test_the_rows_of_a_dossier_stand_by_account_and_time(platform: Platform, tmp_path: Path) -> None:
    platform.events.reverse()
    folder, _ = written(platform, tmp_path)
    found = duckdb.sql(f"FROM '{folder}/ES/events.parquet'").fetchall()
    assert [row[:2] for row in found] == sorted(row[:2] for row in found)
    assert [row["account_id"] for row in told(folder / "ES" / "accounts.csv")] == [
        f"es-0{number}" for number in range(6)
    ]


def test_an_account_names_its_references_and_which_of_its_address_events_are_complete(
    platform: Platform, tmp_path: Path
) -> None:
    platform.seen("es-00", "192.0.2.1", (9,))
    folder, _ = written(platform, tmp_path)
    account = next(
        row for row in rows(folder / "ES" / "accounts.parquet", "account_id") if row["account_id"] == "es-00"
    )
    assert (account["address_events"], account["address_events_complete"], account["address_events_incomplete"]) == (
        4,
        3,
        1,
    )
    assert (account["events"], account["payments"], account["uploads"]) == (4, 2, 0)
    assert account["payment_references"] == ["R-2", "+R-3"]
    complete = {
        row["at_utc"][:10]: row["complete"]
        for row in told(folder / "ES" / "events.csv")
        if row["account_id"] == "es-00"
    }
    assert complete["2026-02-09"] == "false"
    assert complete["2026-02-01"] == "true"


def test_no_cell_of_a_csv_is_a_formula_and_parquet_keeps_the_text(platform: Platform, tmp_path: Path) -> None:
    folder, _ = written(platform, tmp_path)
    for file in folder.rglob("*.csv"):
        for row in told(file):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values())
    assert told(folder / NOBODY / "accounts.csv")[0]["handle"] == "'=HYPERLINK(1)"
    assert rows(folder / NOBODY / "accounts.parquet", "account_id")[0]["handle"] == "=HYPERLINK(1)"


def test_a_stock_tool_checks_a_dossier_and_finds_one_changed_byte(platform: Platform, tmp_path: Path) -> None:
    folder, _ = written(platform, tmp_path)
    place = folder / "ES"
    assert {path.name for path in place.iterdir()} == FILES
    assert (place / "accounts.csv").stat().st_mode & 0o077 == 0
    check = ["sha256sum", "-c", "--quiet", "manifest-sha256.txt"]
    assert subprocess.run(check, cwd=place, capture_output=True, check=False).returncode == 0
    listing = json.loads((folder / "dossiers.json").read_text())
    entry = next(each for each in listing["dossiers"] if each["dossier"] == "ES")
    assert entry["manifest_sha256"] == hashlib.sha256((place / "manifest-sha256.txt").read_bytes()).hexdigest()
    data = bytearray((place / "events.parquet").read_bytes())
    data[len(data) // 2] ^= 1
    (place / "events.parquet").write_bytes(data)
    assert subprocess.run(check, cwd=place, capture_output=True, check=False).returncode == 1


def test_the_same_files_give_the_same_bytes_and_a_second_run_replaces_the_first(
    platform: Platform, tmp_path: Path
) -> None:
    folder, _ = written(platform, tmp_path / "one")
    first = bytes_below(folder)
    other, _ = written(platform, tmp_path / "two")
    assert bytes_below(other) == first
    platform.account("late")
    again, _ = written(platform, tmp_path / "one")
    assert bytes_below(again) != first
    assert not list((tmp_path / "one").glob(".d.dossiers*"))


def test_a_folder_that_holds_something_else_is_not_touched(platform: Platform, tmp_path: Path) -> None:
    (tmp_path / "d.dossiers").mkdir()
    (tmp_path / "d.dossiers" / "mine.txt").write_text("kept")
    with pytest.raises(Refused, match="holds no dossiers"):
        written(platform, tmp_path)
    assert (tmp_path / "d.dossiers" / "mine.txt").read_text() == "kept"


def test_accounts_and_persons_are_counted_apart_and_persons_only_where_links_are_given(
    platform: Platform, tmp_path: Path
) -> None:
    _, run = written(platform, tmp_path / "one")
    assert {figure["country"]: (figure["accounts"], figure["persons"]) for figure in run["figures"]}["ES"] == (6, None)
    given = links(tmp_path / "two", {"p1": ["es-00", "es-01", "fr-00"], **{f"q{n}": [f"es-0{n}"] for n in range(2, 6)}})
    folder, run = written(platform, tmp_path / "two", links=given)
    assert {figure["country"]: (figure["accounts"], figure["persons"]) for figure in run["figures"]}["ES"] == (6, 5)
    assert "Accounts: 6. Persons: 5 (as linked)." in (folder / "ES" / "README.txt").read_text()


def test_by_person_each_with_several_accounts_has_a_dossier_across_countries(
    platform: Platform, tmp_path: Path
) -> None:
    given = links(tmp_path, {"p1": ["es-00", "fr-00"], "../p2": ["es-02", "es-03"], "p3": ["de-00"]})
    folder, run = written(platform, tmp_path, links=given, by="person")
    listing = json.loads((folder / "dossiers.json").read_text())["dossiers"]
    assert {each["dossier"]: each["accounts"] for each in listing} == {"p1": 2, "../p2": 2}
    assert run["written"]["dossiers"] == 2
    assert all((folder / each["folder"] / "accounts.csv").is_file() for each in listing)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()].count("p2") == 0
    with pytest.raises(Missing, match="amparo analyse links"):
        written(platform, tmp_path / "two", by="person")


def test_answers_of_another_platform_are_refused(platform: Platform, tmp_path: Path) -> None:
    written(platform, tmp_path / "one")
    platform.account("unheard of")
    with pytest.raises(Refused, match="says nothing of 1 accounts"):
        written(platform, tmp_path / "two", countries=tmp_path / "one" / "d.countries.parquet")
    assert not (tmp_path / "two" / "d.dossiers").exists()


def test_more_dossiers_than_anybody_can_hand_over_are_refused(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossiers, "MOST_DOSSIERS", 3)
    with pytest.raises(Refused, match="more than 3"):
        written(platform, tmp_path)


def test_a_readme_names_every_column(platform: Platform, tmp_path: Path) -> None:
    folder, _ = written(platform, tmp_path)
    text = (folder / "ES" / "README.txt").read_text()
    for name, columns in (("accounts", ACCOUNT_COLUMNS), ("events", EVENT_COLUMNS), ("payments", PAYMENT_COLUMNS)):
        assert list(columns) == list(told(folder / "ES" / f"{name}.csv")[0])
        assert all(f"  {column}: " in text for column in columns)


def test_rows_that_outgrow_the_memory_are_cut_all_the_same_with_the_same_bytes(tmp_path: Path) -> None:
    rows = 250_000
    folder = tmp_path / "large"
    folder.mkdir()
    texts = "'agent ' || md5((i % 1000)::VARCHAR) || md5((i % 31)::VARCHAR) || md5(i::VARCHAR) || md5((i + 1)::VARCHAR)"
    name = "'u' || lpad(((i * 31) % 5003)::VARCHAR, 5, '0') AS id"
    at = "TIMESTAMP '2026-01-01' + to_seconds((i * 7919) % 9000000)"
    duckdb.sql(
        f"COPY (SELECT {name}, {at} AS at, {texts} AS device FROM range({rows}) t(i)) "
        f"TO '{folder / 'events.parquet'}' (FORMAT parquet)"
    )
    duckdb.sql(
        f"COPY (SELECT 'u' || lpad(i::VARCHAR, 5, '0') AS id FROM range(5003) t(i)) TO '{folder / 'accounts.csv'}'"
    )
    answers = tmp_path / "countries.parquet"
    unsaid = "NULL::DOUBLE AS confidence, NULL::VARCHAR AS best_guess, NULL::VARCHAR AS runner_up"
    duckdb.sql(
        "SELECT 'u' || lpad(i::VARCHAR, 5, '0') AS account_id, CASE WHEN i % 97 > 0 THEN 'ES' ELSE 'FR' END AS country, "
        f"{unsaid}, []::VARCHAR[] AS why, []::VARCHAR[] AS cautions FROM range(5003) t(i)"
    ).write_parquet(str(answers))
    (tmp_path / "mapping.toml").write_text(LARGE)
    import_base(folder, load_base_mapping(tmp_path / "mapping.toml"), tmp_path / "imported")
    found = []
    for memory in ("2GiB", "100MiB"):
        out = tmp_path / memory
        with open_base(tmp_path / "imported", None, tables=DOSSIER_TABLES, memory=memory) as base:
            write_dossiers(base, out / "d.parquet", countries=answers)
        found.append(bytes_below(out))
    assert found[0] == found[1]
    read = duckdb.sql(f"SELECT account_id, at_utc FROM '{tmp_path}/100MiB/d.dossiers/ES/events.parquet'").fetchall()
    assert read == sorted(read)
    assert len(read) > 240_000
