"""A saved index answers as the one it was, and a file that isn't one is refused in words."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from amparo.foundation.errors import Broken
from amparo.matching.engine import HashIndex, saved
from tests.matching.test_engine import flipped, loops, rows_like, triples  # noqa: F401 - a fixture

FRONT = saved._FRONT


@pytest.fixture(scope="module")
def index() -> HashIndex:
    """Two parts, one with gaps between its entries, and a tail."""
    generator = np.random.default_rng(3)
    rows = rows_like("unrelated", 60_000, generator)
    rows[1_000:1_100] = flipped(np.repeat(rows[1_003:1_004], 100, axis=0), 0, 30, generator)
    index = HashIndex(rows)
    index.remove(np.arange(0, 60_000, 2))
    index.remove(np.arange(1, 60_000, 8))
    index.settle()
    index.add(rows_like("unrelated", 20_000, generator))
    index.settle()
    index.add(rows_like("unrelated", 30, generator))
    index.remove([79_999, 80_003])
    assert any(len(part.numbers) for part in index._state.segments)
    return index


@pytest.fixture(scope="module")
def asked(index: HashIndex) -> np.ndarray:
    return flipped(index.rows([1003, 1005, 30_003, 70_000, 80_029]), 0, 33, np.random.default_rng(8))


@pytest.fixture
def path(index: HashIndex, tmp_path: Path) -> Path:
    index.save(tmp_path / "list.index")
    return tmp_path / "list.index"


@pytest.mark.usefixtures("loops")
def test_saved_and_opened_it_answers_alike(index: HashIndex, asked: np.ndarray, path: Path) -> None:
    opened = HashIndex.open(path, check=True)
    assert len(opened) == len(index)
    for within_bits in (0, 16, 31, 70):
        assert triples(opened, asked, within_bits) == triples(index, asked, within_bits)


def test_an_opened_index_changes_without_changing_its_file(index: HashIndex, asked: np.ndarray, path: Path) -> None:
    before = path.read_bytes()
    first, second = HashIndex.open(path), HashIndex.open(path)
    entries = first.add(asked)
    assert entries.tolist() == [80_030, 80_031, 80_032, 80_033, 80_034]
    first.remove([1003, 80_030])
    assert triples(second, asked) == triples(index, asked)
    assert path.read_bytes() == before
    first.save(path)
    third = HashIndex.open(path)
    assert triples(third, asked) == triples(first, asked) != triples(second, asked)
    assert third.add(asked[:1]).tolist() == [80_035]
    assert triples(second, asked) == triples(index, asked)  # its file was replaced, what it has mapped was not


def test_several_processes_map_one_file(index: HashIndex, asked: np.ndarray, path: Path) -> None:
    np.save(path.with_name("asked.npy"), asked)
    code = (
        "import sys, numpy as np; from amparo.matching.engine import HashIndex;"
        "print([each.tolist() for each in HashIndex.open(sys.argv[1]).search(np.load(sys.argv[2]))])"
    )
    command = [sys.executable, "-c", code, str(path), str(path.with_name("asked.npy"))]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    expected = str([each.tolist() for each in index.search(asked)])
    assert [other.communicate()[0].strip() for other in others] == [expected, expected]


def test_an_empty_index_is_saved_too(tmp_path: Path) -> None:
    HashIndex(np.empty((0, 4), np.uint64)).save(tmp_path / "none")
    opened = HashIndex.open(tmp_path / "none", check=True)
    assert len(opened) == 0
    row = np.zeros((1, 4), np.uint64)
    assert opened.add(row).tolist() == [0]
    opened.remove([0])
    opened.save(tmp_path / "none")
    opened = HashIndex.open(tmp_path / "none")
    assert (len(opened), opened.add(row).tolist()) == (0, [1])


def test_only_the_owner_reads_it_and_nothing_is_left_beside_it(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_file(
    index: HashIndex, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        index.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_killed_while_saving_it_leaves_the_old_file_whole(index: HashIndex, path: Path) -> None:
    code = (
        "import os, signal, sys; from amparo.matching.engine import HashIndex, saved\n"
        "index = HashIndex.open(sys.argv[1]); index.remove([80_029]); written = saved._written\n"
        "def half(file, array):\n"
        "    digest = written(file, array)\n"
        "    if array.nbytes > 1_000_000: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return digest\n"
        "saved._written = half; index.save(sys.argv[1])"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert len(HashIndex.open(path, check=True)) == len(index)


def test_a_file_cut_short_anywhere_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for length in (0, 1, 15, 16, 31, 40, 200, 5_000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(Broken, match=r"is no saved index|cut short or altered"):
            HashIndex.open(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(Broken, match="cut short or altered"):
        HashIndex.open(path)


def test_another_kind_of_file_is_refused(path: Path, tmp_path: Path) -> None:
    for content in (b"PK\x03\x04" + bytes(5_000), b"\x93NUMPY" + bytes(100), b"\0" * 10_000):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is no saved index"):
            HashIndex.open(path)
    with pytest.raises(FileNotFoundError):
        HashIndex.open(tmp_path / "nothing")


def test_a_newer_version_says_so(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[16] = 2
    path.write_bytes(whole)
    with pytest.raises(Broken, match="version 2 of the format; this program reads version 1"):
        HashIndex.open(path)


def test_any_altered_byte_of_the_header_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    header = FRONT.size + FRONT.unpack_from(whole)[2] + 32
    for place in [*range(0, header, 23), header - 1]:
        altered = bytearray(whole)
        altered[place] ^= 0x10
        path.write_bytes(altered)
        with pytest.raises(Broken):
            HashIndex.open(path)


def test_an_altered_array_is_noticed_when_asked(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    with pytest.raises(Broken, match="isn't what was written"):
        HashIndex.open(path, check=True)


def headed(path: Path, **changes: object) -> None:
    """Gives the file another header, whose own digest is right: what an attacker writes."""
    whole = path.read_bytes()
    _, _, length, size = FRONT.unpack_from(whole)
    said = json.loads(whole[FRONT.size : FRONT.size + length]) | changes
    raw = json.dumps(said).encode()
    front = FRONT.pack(saved.MAGIC, saved.VERSION, len(raw), size) + raw
    path.write_bytes((front + hashlib.sha256(front).digest()).ljust(4096, b"\0") + whole[4096:])


WIDTHS = [16] * 16


@pytest.mark.parametrize(
    "changes",
    [
        {"entries": -1},
        {"entries": 2**63},
        {"entries": 80_030.0},
        {"entries": True},
        {"entries": 10},
        {"entries": 80_038},
        {"segments": []},
        {"segments": 5},
        {"segments": [[0, 10**9, False, WIDTHS]]},
        {"segments": [[0, -5, False, WIDTHS]]},
        {"segments": [[0, 0, False, WIDTHS]]},
        {"segments": [[0, 100, False, [256]]]},
        {"segments": [[0, 100, False, [16] * 15]]},
        {"segments": [[0, 100, False, [-16, *[16] * 17]]]},
        {"segments": [[0, 100, False, ["16"] * 16]]},
        {"segments": [[0, 100, 1, WIDTHS]]},
        {"segments": [[5, 100, False, WIDTHS], [50, 100, False, WIDTHS]]},
        {"segments": [[0, 100, False]]},
        {"segments": [[[], 100, False, []]]},
        {"segments": {"a": 1}},
        {"digests": []},
        {"digests": None},
    ],
)
def test_a_header_that_contradicts_itself_or_the_file_is_refused(path: Path, changes: dict[str, object]) -> None:
    headed(path, **changes)
    with pytest.raises(Broken):
        HashIndex.open(path)


def test_a_header_that_is_no_object_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for raw in (b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"entries": 1e999}'):
        front = FRONT.pack(saved.MAGIC, saved.VERSION, len(raw), len(whole)) + raw
        path.write_bytes((front + hashlib.sha256(front).digest()).ljust(len(whole), b"\0")[: len(whole)])
        with pytest.raises(Broken):
            HashIndex.open(path)


@pytest.mark.usefixtures("loops")
def test_hostile_contents_may_answer_wrongly_but_never_read_outside(
    index: HashIndex, asked: np.ndarray, path: Path
) -> None:
    """Each array filled with the greatest and with random numbers, under a header that is whole."""
    whole = path.read_bytes()
    _, _, length, _ = FRONT.unpack_from(whole)
    said = json.loads(whole[FRONT.size : FRONT.size + length])
    shapes = [saved._Shape(first, rows, numbered, tuple(widths)) for first, rows, numbered, widths in said["segments"]]
    layout = saved._layout(said["entries"], shapes)
    places, _ = saved._places(layout, FRONT.size + length + 32)
    generator = np.random.default_rng(1)
    for (kind, count), place in zip(layout, places, strict=True):
        size = count * np.dtype(kind).itemsize
        for filling in (b"\xff" * size, generator.bytes(size)):
            path.write_bytes(whole[:place] + filling + whole[place + size :])
            try:
                opened = HashIndex.open(path)
            except Broken:
                continue
            for within_bits in (0, 31, 60):
                query_row, entry, distance_bits = opened.search(asked, within_bits)
                assert ((query_row >= 0) & (query_row < len(asked)) & (distance_bits <= within_bits)).all()
                assert (entry >= 0).all()
            opened.add(asked)
            opened.settle()
