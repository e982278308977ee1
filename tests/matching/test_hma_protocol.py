"""HMA's questions and answers as they are worded, without lists and without a house."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from amparo.matching.hma import address, courier, protocol
from amparo.matching.hma.protocol import BadRequest

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "cab08b36195edb1a1231d2d09fa450e0"


@given(st.lists(st.text(max_size=12), max_size=12))
def test_banks_have_names_that_hma_takes_and_each_list_its_own(names: list[str]) -> None:
    found = protocol.bank_names(names)
    assert set(found) == set(names)
    assert len(set(found.values())) == len(found)
    assert all(re.fullmatch("[A-Z_][A-Z0-9_]*", bank) and len(bank) < 255 for bank in found.values())


@given(st.lists(st.sampled_from(["a b", "A-B", "a_b", "a b 2", "é", "", "a b_2"]), max_size=10), st.text(max_size=5))
def test_no_bank_changes_its_name_because_another_list_comes(names: list[str], new: str) -> None:
    before, after = protocol.bank_names(names), protocol.bank_names([*names, new])
    assert before.items() <= after.items()


@given(st.integers(1, 1 << 20), st.integers(1, (1 << 32) - 1))
def test_a_contents_number_is_a_lists_row_and_exact_in_any_program(first: int, row: int) -> None:
    number = protocol.content_number(first, row)
    assert protocol.row_of_content(number) == (first, row)
    assert float(number) == number


@pytest.mark.parametrize("kind", protocol.SIGNALS)
def test_signals_are_taken_as_hma_takes_them(kind: str) -> None:
    good = MD5 if kind == "video_md5" else PDQ
    assert protocol.signal(kind, good) == bytes.fromhex(good)
    for text in (good.upper(), f" {good}\n"):
        if kind == "pdq":
            with pytest.raises(BadRequest, match="invalid signal: invalid PDQ hash"):
                protocol.signal(kind, text)
        else:
            assert protocol.signal(kind, text) == bytes.fromhex(good)
    for text in ("", good[:-1], good + "0", "g" * len(good), "٣" * len(good), good + "\0"):
        with pytest.raises(BadRequest) as told:
            protocol.signal(kind, text)
        assert told.value.status == 400


def test_pairs_are_compared_bit_by_bit() -> None:
    near = "facd8bcb2a49bcebdec1985228d5ae84bcd006c187c598c720c2b087b3fdb318"
    here = "facd8bcb2a49bcebdec1985298d5fe84bcd006c187c598c720c3c087b3fdb318"
    assert protocol.compared({"pdq": [here, near]}) == {"pdq": [True, {"distance": 9}]}
    assert protocol.compared({"pdq": ["0" * 64, "f" * 64]}) == {"pdq": [False, {"distance": 256}]}
    assert protocol.compared({"video_md5": [MD5, MD5.upper()]}) == {"video_md5": [True, {}]}
    for wrong in (
        ["x"],
        {"pdq": "x"},
        {"pdq": []},
        {"pdq": ["x", "x"]},
        {"pdq": [here] * 3},
        {"clip": [here, here]},
        {"pdq": [1, None]},
    ):
        with pytest.raises(BadRequest):
            protocol.compared(wrong)


ADDRESSES = {
    "https://hma.example.org": True,
    "https://hma.example.org:8443/hma": True,
    "http://localhost:5100": True,
    "http://127.0.0.1": True,
    "http://[::1]:5100": True,
    "http://192.168.1.5:5100": True,
    "http://hma:5100": True,
    "http://hma.example.org": False,
    "http://192.0.2.1.example.org": False,
    "ftp://hma.example.org": False,
    "https://user:pass@hma.example.org": False,
    "https://hma.example.org/?a=1": False,
    "https://hma.example.org/#x": False,
    "https://hma.example.org:x": False,
    "https://": False,
    "hma.example.org": False,
    "https://hma.example.org/a b": False,
    "https://hma.example.org\r\nX: y": False,
    "": False,
}


@pytest.mark.parametrize("where", ADDRESSES)
def test_lists_are_read_in_the_open_only_from_beside_the_house(where: str) -> None:
    assert (address.obstacles_to_address(where) == ()) is ADDRESSES[where]


def test_a_reading_ends_when_there_is_no_more_and_not_at_a_hole() -> None:
    said = {"pdq": 10, "video_md5": 4}
    assert not courier.is_over(9, courier.END_MISSES, said)
    assert not courier.is_over(10, courier.END_MISSES - 1, said)
    assert courier.is_over(10, courier.END_MISSES, said)
    assert courier.is_over(0, courier.HOLE_MISSES, said)
    assert courier.is_over(0, courier.END_MISSES, {})


def test_what_was_read_counts_only_when_nothing_is_missing() -> None:
    assert courier.obstacle_to_trust({"pdq": 5}, {"pdq": 5}, {"pdq": 6}) == ""
    assert courier.obstacle_to_trust({"pdq": 5}, {"pdq": 6}, {"pdq": 5}) == ""
    assert courier.obstacle_to_trust({"pdq": 4}, {"pdq": 5}, {"pdq": 5}).startswith(
        "This HMA says it holds 5 of pdq, but only 4"
    )
    assert courier.obstacle_to_trust({}, {"pdq": 1}, {"pdq": 1})


def test_only_a_contents_own_signals_are_counted() -> None:
    content = b'{"id":1,"metadata":{"json":{"pdq":"x"}},"signals": {"pdq":"0f", "video_md5" : "1f"}}'
    assert courier.signals_in(content) == ["pdq", "video_md5"]
    assert courier.signals_in(b"<html>") == []
