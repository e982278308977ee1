"""Matching as a library: imported without Django, and a file's fingerprints in one call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from PIL import Image

import amparo.matching
from amparo.foundation.errors import Refused
from amparo.matching import HashIndex, pdq, pdq_of_file
from amparo.sandbox.inside.pdq import TURNS
from amparo.sandbox.readings import ExaminationFailed
from tests.sandbox.patterns import clouds

LATE = ("django", "numpy", "numba", "PIL", "av", "faiss")


def drawn(height: int = 500, width: int = 700, seed: int = 1) -> Image.Image:
    return Image.fromarray(np.stack([clouds(height, width, seed + place) for place in range(3)], axis=-1))


def published(image: Image.Image) -> str:
    vector, _ = pdqhash.compute(np.asarray(image))
    return np.packbits(vector.astype(bool)).tobytes().hex()


def digits(row: np.ndarray) -> str:
    return "".join(f"{word:016x}" for word in row.tolist())


def test_importing_matching_loads_nothing_that_is_not_asked_for() -> None:
    code = f"import sys, amparo.matching as m; print([n for n in {LATE} if n in sys.modules], sorted(m.__all__))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[] ['HashIndex', 'pdq', 'pdq_of_file']\n"


def test_index_and_fingerprints_need_no_django() -> None:
    code = (
        "import sys, numpy; from amparo.matching import HashIndex, pdq, pdq_of_file;"
        "row, quality = pdq(numpy.arange(90000, dtype='u4').reshape(300, 300).astype('u1'));"
        "HashIndex(row[None]).search(row[None]); print('django' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"


def test_another_name_is_no_part_of_it() -> None:
    with pytest.raises(AttributeError, match="no attribute 'pdqs'"):
        amparo.matching.pdqs  # type: ignore[attr-defined]  # noqa: B018
    assert set(amparo.matching.__all__) <= set(dir(amparo.matching))


def test_a_files_fingerprint_is_the_published_one_and_finds_itself(tmp_path: Path) -> None:
    image = drawn()
    image.save(tmp_path / "picture.png")
    found = pdq_of_file(tmp_path / "picture.png")
    assert (found.state, found.media_type, found.width, found.height) == ("examined", "image/png", 700, 500)
    assert digits(found.row) == published(image)
    assert [look.turn for look in found.looks] == list(TURNS)
    query_row, entry, distance_bits = HashIndex(found.row[None]).search(found.row[None])
    assert (query_row.tolist(), entry.tolist(), distance_bits.tolist()) == ([0], [0], [0])
    assert digits(pdq(np.asarray(image.convert("L")))[0]) == digits(found.row)


def test_a_mirrored_copy_in_a_frame_is_found_by_the_turn_of_its_trimmed_look(tmp_path: Path) -> None:
    image = drawn(700, 1000, 5)
    frame = Image.new("RGB", (1400, 700), "black")
    frame.paste(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (200, 0))
    frame.save(tmp_path / "copy.jpg", quality=80)
    image.save(tmp_path / "listed.png")
    listed, copy = pdq_of_file(tmp_path / "listed.png"), pdq_of_file(str(tmp_path / "copy.jpg"))
    assert len(copy.looks) == 16
    hits, _, _ = HashIndex(listed.row[None]).search(np.stack([look.row for look in copy.looks]))
    assert [copy.looks[hit][:2] for hit in hits] == [("trimmed", "flipy")]


def test_a_plain_picture_is_an_answer_of_its_own(tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), (9, 80, 9)).save(tmp_path / "plain.jpg")
    found = pdq_of_file(tmp_path / "plain.jpg")
    assert (found.state, found.quality) == ("too_plain", 0)


def test_what_is_missing_is_no_picture_or_is_cut_off_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pdq_of_file(tmp_path / "none.jpg")
    (tmp_path / "words.jpg").write_text("item shared")
    with pytest.raises(Refused, match="not a picture"):
        pdq_of_file(tmp_path / "words.jpg")
    drawn().save(tmp_path / "whole.jpg")
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) // 2])
    with pytest.raises(ExaminationFailed, match="cut off or damaged") as failure:
        pdq_of_file(tmp_path / "cut.jpg")
    assert failure.value.reason == "malformed"
