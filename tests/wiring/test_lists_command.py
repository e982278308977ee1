"""`amparo lists` and `amparo verify` as an operator types them, in a home of their own without a house that is up."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Several commands in one process: starting Python is most of what each costs.
TYPED = """
import contextlib, io, json, sys
from amparo.wiring.cli import main
told = []
for line in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(line)
    told.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""


def typed(home: Path, *lines: list[str]) -> list[tuple[int, str, str]]:
    """(status, output, errors) of each command."""
    environment = {**os.environ, "AMPARO_HOME": str(home), "AMPARO_DATABASE": ""}
    done = subprocess.run(
        [sys.executable, "-c", TYPED],
        input=json.dumps(lines),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [(status, out, err) for status, out, err in json.loads(done.stdout)]


def digest(number: int) -> str:
    return hashlib.md5(b"%d" % number).hexdigest()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    folder = tmp_path_factory.mktemp("lists")
    files = {
        "first": "md5,category\n" + "".join(f"{digest(number)},{'AB'[number % 2]}\n" for number in range(10)),
        "wrong": "md5\nzz\n",
        "gone": f"{digest(3)}\n{digest(99)}\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content)
    new = ["--source", "A test", "--scope", "tests", "--scheme", "test scheme"]
    commands = {
        "import": ["lists", "import", str(folder / "first"), "--name", "List", "--version", "1", *new],
        "import again": ["lists", "import", str(folder / "first"), "--name", "List", "--version", "1", *new],
        "wrong": ["lists", "import", str(folder / "wrong"), "--name", "Wrong", "--version", "1", *new],
        "withdrawals": ["lists", "update", "List", str(folder / "gone"), "--version", "2", "--withdrawals"],
        "show": ["lists", "show", "--json"],
        "export": ["lists", "export", "List", "--format", "csv", "--out", str(folder / "out")],
        "other": ["lists", "import", str(folder / "out"), "--name", "Other", "--version", "1", *new],
        "withdraw": ["lists", "withdraw", "Other", "--reason", "withdrawn by its publisher"],
        "withdraw again": ["lists", "withdraw", "Other", "--reason", "withdrawn by its publisher"],
        "after": ["lists"],
        "verify": ["verify", "--json"],
    }
    found = dict(zip(commands, typed(folder / "home", *commands.values()), strict=True))
    found["out"] = (0, (folder / "out").read_text(), str(folder / "home"))
    return found


def test_a_list_is_brought_in_without_a_house_that_is_up(told: dict[str, tuple[int, str, str]]) -> None:
    status, out, err = told["import"]
    assert (status, "10 listed items, 10 hashes" in out) == (0, True), (out, err)
    assert "Reading the file inside the sandbox" in err


def test_what_cannot_be_brought_in_is_refused_in_a_sentence(told: dict[str, tuple[int, str, str]]) -> None:
    assert told["import again"][0] == 1 and "has been imported before" in told["import again"][2]
    assert told["wrong"][0] == 1 and "line 2" in told["wrong"][2]


def test_what_changed_makes_the_next_version(told: dict[str, tuple[int, str, str]]) -> None:
    assert "0 are new in it, 1 were removed, 1 to be removed weren't there" in told["withdrawals"][1]
    lists = {each["version"]: each for each in json.loads(told["show"][1]) if each["name"] == "List"}
    assert {version: (each["state"], each["rows"]) for version, each in lists.items()} == {
        "1": ("withdrawn", 10),
        "2": ("active", 9),
    }


def test_a_list_that_was_written_is_read_again_as_it_was(told: dict[str, tuple[int, str, str]]) -> None:
    lines = told["out"][1].splitlines()
    assert len(lines) == 10
    assert {line.split(",")[1] for line in lines[1:]} == {digest(number) for number in (0, 1, 2, *range(4, 10))}
    assert "9 listed items, 9 hashes" in told["other"][1]


def test_a_withdrawn_list_is_said_to_count_no_more(told: dict[str, tuple[int, str, str]]) -> None:
    assert told["withdraw"][0] == 0
    assert told["withdraw again"][0] == 1
    assert "Other@1  Withdrawn" in told["after"][1]


def test_verifying_covers_every_byte_and_row_of_the_lists(told: dict[str, tuple[int, str, str]]) -> None:
    home = Path(told["out"][2])
    verdict = json.loads(told["verify"][1])
    assert (verdict["sound"], verdict["known_hash_lists"]) == (True, 3)
    file = max((home / "lists").glob("*/md5.digests"), key=lambda path: path.stat().st_size)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (changed,) = typed(home, ["verify"])
    assert changed[0] == 1 and "known-hash list" in changed[1] and "md5.digests" in changed[1]
