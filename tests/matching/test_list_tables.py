"""Sorted tables of digests against a dict, at sizes at which runs are put aside, merged, and begin alike."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.errors import Broken
from amparo.matching import tables
from amparo.matching.rules import DIGEST_BYTES
from amparo.matching.tables import DigestTable, TableWriter

# Digests that often begin alike, are alike, or end in zero bytes: text of fixed length is where those get lost.
BEGINNINGS = st.sampled_from([b"\0" * 8, b"\xff" * 8, b"same eig", b"\0" * 7 + b"\1"])
ENDINGS = st.one_of(st.sampled_from([b"", b"\0", b"\1", b"\1\0", b"\xff\0\1"]), st.binary(max_size=4))


@st.composite
def digests(draw: st.DrawFn, kind: str) -> list[bytes]:
    size = DIGEST_BYTES[kind]
    found = st.tuples(BEGINNINGS, ENDINGS).map(lambda parts: b"".join(parts).ljust(size, b"\0"))
    return draw(st.lists(st.one_of(found, st.binary(min_size=size, max_size=size)), max_size=60))


def as_array(values: Sequence[bytes], kind: str) -> np.ndarray:
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, DIGEST_BYTES[kind])


def written(folder: Path, kind: str, values: Sequence[bytes], at_once: int = 7) -> DigestTable:
    writer = TableWriter(folder / "table", kind, len(values), folder)
    for start in range(0, len(values), at_once):
        piece = values[start : start + at_once]
        rows = np.arange(start, start + len(piece))
        writer.add(as_array(piece, kind), rows + 1, rows % 5)
    assert [*writer.finish()][-1] == len(values)
    assert [path.name for path in folder.iterdir()] == ["table"]
    return DigestTable(folder / "table", kind)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "RUN_ENTRIES", 10)
    monkeypatch.setattr(tables, "MERGED_ENTRIES", 3)


@pytest.mark.parametrize("kind", DIGEST_BYTES)
@settings(max_examples=40)
@given(data=st.data())
def test_a_table_finds_what_a_dict_finds_every_time_it_is_listed(kind: str, data: st.DataObject) -> None:
    listed, asked = data.draw(digests(kind)), data.draw(digests(kind))
    asked = asked + listed[: data.draw(st.integers(0, len(listed)))]
    known: dict[bytes, list[int]] = {}
    for row, value in enumerate(listed, 1):
        known.setdefault(value, []).append(row)
    with tempfile.TemporaryDirectory() as folder:
        table = written(Path(folder), kind, listed)
        query, start, stop = table.find(as_array(asked, kind))
        found = {
            int(number): sorted(table.rows[first:last].tolist())
            for number, first, last in zip(query, start, stop, strict=True)
        }
        assert found == {number: known[value] for number, value in enumerate(asked) if value in known}
        assert query.tolist() == sorted(query.tolist())
        in_order = [bytes(value) for value in table.values(slice(0, len(table)))]
        assert in_order == sorted(listed)
        assert table.categories.tolist() == [(row - 1) % 5 for row in table.rows.tolist()]


def test_digests_of_another_size_are_refused(tmp_path: Path) -> None:
    table = written(tmp_path, "md5", [bytes(16)])
    with pytest.raises(ValueError, match="shape"):
        table.find(np.zeros((1, 20), np.uint8))


@pytest.mark.parametrize("how", ["cut", "longer", "another kind", "no header", "missing", "empty"])
def test_a_file_that_is_not_what_it_was_is_broken_when_it_is_opened(tmp_path: Path, how: str) -> None:
    written(tmp_path, "md5", [bytes([number]) * 16 for number in range(50)])
    path, kind = tmp_path / "table", "md5"
    whole = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "another kind":
        kind = "sha1"
    else:
        path.write_bytes(
            {"cut": whole[:-1], "longer": whole + b"\0", "no header": b"\0" * len(whole), "empty": b""}[how]
        )
    with pytest.raises(Broken):
        DigestTable(path, kind)


def test_a_header_that_lies_about_its_length_is_broken(tmp_path: Path) -> None:
    written(tmp_path, "md5", [bytes(16)])
    path = tmp_path / "table"
    whole = bytearray(path.read_bytes())
    for count in (0, 100, 1 << 40, (1 << 64) - 1):
        whole[32:40] = count.to_bytes(8, "little")
        path.write_bytes(whole)
        with pytest.raises(Broken):
            DigestTable(path, "md5")
