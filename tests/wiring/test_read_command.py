"""`amparo read` as a user runs it: one JSON object, refusals in a sentence, nothing that orders a terminal about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amparo.wiring import cli
from tests.sandbox import chat_samples as samples


def test_it_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "chat.txt"
    file.write_text("13/05/19, 21:00 - Ana: hola \u202edlrow\n13/05/19, 21:01 - Luis: \x9b31m\x1b[2J\n")
    assert cli.main(["read", str(file)]) == 0
    printed = capsys.readouterr().out
    found = json.loads(printed)
    assert found["members"] == ["Ana", "Luis"]
    assert [each["text"] for each in found["items"]] == ["hola \u202edlrow", "\x9b31m\x1b[2J"]
    # The marks are in the object, and not on the terminal.
    assert not any(sign in printed for sign in "\u202e\x9b\x1b")


def test_a_folder_of_lavas_is_read_by_its_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables, manifest = samples.lava()
    (tmp_path / "_lava_artifacts.db").write_bytes(tables)
    (tmp_path / "_lava_data.lava").write_text(manifest)
    for given in (tmp_path, tmp_path / "_lava_artifacts.db", tmp_path / "_lava_data.lava"):
        assert cli.main(["read", str(given)]) == 0
        assert json.loads(capsys.readouterr().out)["views_from"] == "data_views"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [("missing", None, "can't be read"), ("words.txt", b"see you at 21:00", "does not look like a chat export")],
)
def test_what_is_no_export_is_refused_in_a_sentence(
    name: str, data: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    if data is not None:
        file.write_bytes(data)
    assert cli.main(["read", str(file)]) == 1
    assert said in capsys.readouterr().err


def test_a_folder_is_no_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["read", str(tmp_path)]) == 1
    assert capsys.readouterr().err
