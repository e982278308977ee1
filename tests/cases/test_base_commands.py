"""`amparo analyse` on a whole platform, as it is typed. What each engine finds is held by its own tests."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest

from amparo.cases.tables.base import open_base
from amparo.cases.tables.base_mapping import load_base_mapping, parse_base_mapping
from benchmarks import platform

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("platform")
    platform.make(place, 1500, 7)
    return place


def analyse(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "amparo.wiring.cli", "analyse", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def told(place: Path) -> dict[str, str]:
    return {
        each.relative_to(place).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in sorted(place.rglob("*"))
        if each.is_file()
    }


def test_files_and_an_import_of_them_give_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    files = ("--in", raw / "platform", "--mapping", raw / "mapping.toml")
    for out in ("files", "import"):
        (tmp_path / out).mkdir()
    assert analyse("import", *files, "--out", tmp_path / "base").returncode == 0
    first = analyse("first-posts", *files, "--out", tmp_path / "files" / "f.parquet")
    second = analyse("first-posts", "--in", tmp_path / "base", "--out", tmp_path / "import" / "f.parquet")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert told(tmp_path / "files") == told(tmp_path / "import")


def test_a_confined_run_reads_only_what_its_engine_needs(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for each in (raw / "platform").iterdir():
        data = each.read_bytes() if each.name.startswith(("posts", "items")) else b"\xff\x00 no table at all"
        (tmp_path / "in" / each.name).write_bytes(data)
    done = analyse(
        "first-posts",
        "--in",
        tmp_path / "in",
        "--mapping",
        raw / "mapping.toml",
        "--out",
        tmp_path / "f.parquet",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    assert {each["name"] for each in json.loads(done.stdout)["files"]} == {"posts.parquet", "items.jsonl"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("links", "--in", "{raw}/platform", "--out", "{tmp}/x.parquet"), "Give the platform's mapping"),
        (
            ("circles", "--in", "{raw}/platform", "--mapping", "{raw}/none.toml", "--out", "{tmp}/x.parquet"),
            "There is no mapping at",
        ),
        (
            (
                "circles",
                "--in",
                "{raw}/platform",
                "--mapping",
                "{raw}/mapping.toml",
                "--out",
                "{raw}/platform/x.parquet",
            ),
            "evidence",
        ),
        (
            ("import", "--in", "{raw}/platform", "--mapping", "{raw}/mapping.toml", "--out", "{raw}/platform/base"),
            "evidence",
        ),
        (
            (
                "countries",
                "--in",
                "{raw}",
                "--mapping",
                "{raw}/mapping.toml",
                "--out",
                "{tmp}/x.parquet",
                "--links",
                "{tmp}/no",
            ),
            "no file",
        ),
        ((), "Say which engine"),
    ],
)
def test_a_refusal_is_one_sentence_that_says_what_to_do(
    raw: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = analyse(*(each.format(raw=raw, tmp=tmp_path) for each in words))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_rows_that_are_no_records_stand_beside_the_result(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "posts.csv").write_text("u,g,t,i\n1,g1,2026-01-01T00:00:00,v1\n,g1,2026-01-01T00:00:00,v1\n")
    (tmp_path / "m.toml").write_text(
        '[[source]]\nfiles = "posts.csv"\ntable = "posts"\ncolumns = { account = "u", group = "g", at = "t", item = "i" }\n'
    )
    done = analyse(
        "first-posts", "--in", tmp_path / "in", "--mapping", tmp_path / "m.toml", "--out", tmp_path / "f.parquet"
    )
    assert "1 rows are no records" in done.stdout, done.stderr
    bad = duckdb.connect().execute(f"SELECT file, \"row\", problem FROM '{tmp_path}/f.bad-rows.parquet'").fetchall()
    assert bad == [("posts.csv", 2, "the account is empty")]


def test_the_same_numbers_give_the_same_platform_and_other_ones_another(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        platform.make(tmp_path / name, 1000, seed)
    assert told(tmp_path / "a") == told(tmp_path / "b")
    assert told(tmp_path / "a") != told(tmp_path / "c")


@pytest.mark.parametrize("shape", ["csv", "jsonl"])
def test_every_shape_of_the_platform_is_read_without_a_bad_row(tmp_path: Path, shape: str) -> None:
    made = platform.make(tmp_path, 1000, 7, shape=shape)
    with open_base(tmp_path / "platform", load_base_mapping(tmp_path / "mapping.toml")) as base:
        assert base.bad == 0
        assert [base.counts[name] for name in ("accounts", "events", "payments", "items", "memberships", "posts")] == [
            made[name] for name in ("accounts", "events", "payments", "items", "memberships", "posts")
        ]


def test_a_hidden_platform_has_neither_addresses_nor_devices_nor_phones(tmp_path: Path) -> None:
    platform.make(tmp_path, 1000, 7, hidden=True)
    with open_base(tmp_path / "platform", load_base_mapping(tmp_path / "mapping.toml")) as base:
        assert base.store.one("SELECT count(*) FROM events WHERE coalesce(address, device, country) IS NOT NULL") == 0
        assert base.store.one("SELECT count(*) FROM accounts WHERE coalesce(phone, zone, country) IS NOT NULL") == 0
        assert base.store.one("SELECT count(*) FROM payments WHERE issuer IS NOT NULL") > 0


def test_the_mapping_in_the_documents_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "formats" / "platforms.md").read_text().split("```toml\n")[1].split("```")[0]
    mapping = parse_base_mapping(text.encode(), "docs.toml", tmp_path)
    assert [each.table for each in mapping.sources] == ["accounts", "events", "identifiers"]
    assert tomllib.loads(text)["addresses"]["accept_old"] is False
