"""What a house leaves on its disk and in its logs, and what each of its processes was given."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maintenance.houses import ROOT
from tests.threats.played import ATTACHED, CONTENT, IDENTITY, TYPED_AS_NAME, WRONG_PASSWORD, Played


def forms(word: str) -> list[bytes]:
    """How a word may stand in a file: as it is, in UTF-16, in hex, in base64 at each of the three offsets."""
    raw = word.encode()
    coded = [base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)]
    return [raw, word.encode("utf-16-le"), raw.hex().encode(), *(each for each in coded if len(each) > 8)]


def files(home: Path) -> Iterator[Path]:
    return (path for path in home.rglob("*") if path.is_file() and not path.is_symlink())


def found_in(home: Path, words: list[bytes]) -> list[str]:
    contents = {path: path.read_bytes().lower() for path in files(home)}
    return [
        f"{path.relative_to(home)}: {word!r}"
        for path, content in contents.items()
        for word in words
        if word.lower() in content
    ]


def test_the_search_would_find_what_stands_in_the_open(played: Played) -> None:
    """The report's own words are searchable rows: docs/threats.md says so, under what is not met."""
    assert any("amparo.sqlite3" in each for each in found_in(played.home, forms("zwolftontext 7319")))


def test_nothing_of_the_reporter_stands_anywhere_in_the_open(played: Played) -> None:
    """Database, its journal, spool, vault, custody, run, outbox: every byte of the home."""
    assert found_in(played.home, [form for word in IDENTITY for form in forms(word)]) == []


def test_nothing_that_was_attached_stands_anywhere_in_the_open(played: Played) -> None:
    assert found_in(played.home, [form for word in ATTACHED for form in forms(word)]) == []


@pytest.mark.parametrize("word", [*IDENTITY, *CONTENT, TYPED_AS_NAME, WRONG_PASSWORD, "zwolfton"])
def test_no_log_names_who_wrote_what_was_written_or_what_was_typed(played: Played, word: str) -> None:
    """At its most talkative (AMPARO_LOG=DEBUG), with mails that break every reader."""
    assert "amparo.jobs" in played.log  # it did log
    assert word.lower() not in played.log.lower()


def test_no_password_code_or_key_stands_in_a_log_or_outside_the_key_folders(played: Played) -> None:
    keys = [path for path in files(played.home / "keys") if path.suffix in {".key", ".asc"}]
    assert len(keys) >= 5
    for path in keys:
        text = path.read_text()
        lines = [line for line in text.splitlines() if len(line) > 30 and not line.startswith("-")]
        secret = [form for line in lines for form in (line.encode(), _raw(line)) if len(form) > 20]
        assert secret
        beside = [each for each in files(played.home) if played.home / "keys" not in each.parents]
        assert [each for each in beside for word in secret if word in each.read_bytes()] == [], path
        assert not any(line in played.log for line in lines)


def _raw(line: str) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except ValueError:
        return b""


def test_a_stolen_disk_and_database_open_nothing_without_the_keys(played: Played, tmp_path: Path) -> None:
    home = played.copy(tmp_path / "home")
    shutil.rmtree(home / "keys")
    command = [sys.executable, "-m", "tests.threats.thief"]
    environment = {**played.environment, "AMPARO_HOME": str(home)}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    tried = json.loads(told.stdout)
    assert all(tried.values()), f"nothing was tried on one of them: {tried}"
    assert {how for kind in tried.values() for how in kind} <= {"Refused", "Broken", "Missing"}, tried


@pytest.mark.parametrize("process", ["receiver", "worker", "house", "recovery"])
def test_up_refuses_every_key_that_others_can_read_and_says_how_to_mend_it(
    played: Played, tmp_path: Path, process: str
) -> None:
    home = played.copy(tmp_path / "home")
    keys = sorted(home.joinpath("keys", process).iterdir())
    assert keys
    for path in keys:
        path.chmod(0o644)
    command = [sys.executable, "-m", "amparo.wiring.cli", "up"]
    environment = {**played.environment, "AMPARO_HOME": str(home)}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 1
    assert [path.name for path in keys if f"chmod 600 {path}" not in told.stderr] == [], told.stderr


def test_a_key_that_others_could_replace_refuses_the_start_too(played: Played, tmp_path: Path) -> None:
    home = played.copy(tmp_path / "home")
    home.joinpath("keys", "worker").chmod(0o770)
    command = [sys.executable, "-m", "amparo.wiring.cli", "up"]
    environment = {**played.environment, "AMPARO_HOME": str(home)}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 1 and f"chmod 700 {home / 'keys' / 'worker'}" in told.stderr


def test_a_home_that_others_can_enter_shows_them_no_row(played: Played) -> None:
    """An installer makes /srv/amparo with mkdir: then only the files' own modes keep the database from others."""
    open_to_others = [str(path.relative_to(played.home)) for path in files(played.home) if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_behind_tls_every_cookie_travels_over_tls_only(played: Played) -> None:
    assert {line.partition("=")[0] for line in played.set_cookies} == {"csrftoken", "sessionid", "amparo_key"}
    for line in played.set_cookies:
        assert "; Secure" in line and "SameSite=Strict" in line, line
        assert line.startswith("csrftoken=") or "HttpOnly" in line, line


def test_a_log_in_gives_a_session_that_was_not_there_before(played: Played) -> None:
    sessions = [line for line in played.set_cookies if line.startswith("sessionid=")]
    assert len({re.match(r"sessionid=(\w+)", line)[1] for line in sessions}) > 1  # type: ignore[index]


def test_a_browser_behind_a_tls_proxy_logs_in(played: Played) -> None:
    assert played.answers["proxied log-in"] == 302


def test_the_doors_answered_as_the_story_says(played: Played) -> None:
    assert (played.answers["log-in"], played.answers["report"], played.answers["wrong log-in"]) == (302, 200, 200)
