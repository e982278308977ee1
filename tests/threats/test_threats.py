"""docs/threats.md names no file and no test that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "threats.md").read_text()
DOORS = (
    "Mail",
    "Public form",
    "Sandbox",
    "Vault and keys",
    "Record",
    "Log-in and pages",
    "Jobs",
    "Platforms that report",
    "Systems that ask the lists",
    "Packages and replies",
    "People",
    "Operations",
    "Ledgers and seized tables",
)


def rows() -> list[list[str]]:
    """The cells of every row of the tables of threats, headings left out."""
    met = TEXT.partition("## What is not met")[0]
    lines = [line for line in met.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [each for each in cells if each[1] != "met by"]


ROWS = rows()


def names_in(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_door_has_its_table() -> None:
    assert tuple(re.findall(r"^## (.+)$", TEXT, flags=re.MULTILINE)) == (*DOORS, "What is not met")
    assert len(ROWS) > 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_every_threat_names_a_file_and_tests_that_exist(row: list[str]) -> None:
    assert len(row) == 3, row
    files = re.findall(r"`([^`]+)`", row[1])
    assert files
    assert [each for each in files if not (ROOT / "amparo" / each).exists() and not (ROOT / each).exists()] == []
    named = re.findall(r"`([^`]+)`", row[2])
    assert named
    for each in named:
        place, _, name = each.partition("::")
        path = ROOT / "tests" / place
        assert path.is_file(), each
        assert name.startswith("test_"), each
        assert name in names_in(path), each


def test_what_is_not_met_names_only_files_that_exist() -> None:
    unmet = TEXT.partition("## What is not met")[2]
    places = [each for each in re.findall(r"`([^`]+)`", unmet) if re.search(r"\.(md|py|importlinter)\b", each)]
    assert len(places) >= 3
    for each in places:
        path = each.partition("::")[0]
        assert (ROOT / path).exists() or (ROOT / "tests" / path).exists(), each
