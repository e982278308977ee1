"""The records of a list, as both sides of the sandbox's wall write and check them."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

from amparo.matching import records
from amparo.matching.records import NO_CATEGORY, RECORD, check, made, whole_rows
from amparo.sandbox.inside.hash_lists import records as inside

MD5, SHA1, PDQ = b"\x11" * 16, b"\x22" * 20, b"\x33" * 32
LIST = [
    (1, 0, "md5", 0, MD5),
    (1, 0, "sha1", 0, SHA1),
    (2, NO_CATEGORY, "pdq", 0, PDQ),
    (2, NO_CATEGORY, "reference", 0, PDQ),
    (5, 1, "md5", 1, MD5),
]


def stream(rows: list[tuple[int, int, str, int, bytes]]) -> io.BytesIO:
    return io.BytesIO(made(rows).tobytes())


def test_both_sides_of_the_sandbox_write_the_same_form() -> None:
    assert inside.RECORD == RECORD
    assert inside.RECORD.itemsize == 44
    assert inside.KINDS == records.KINDS
    assert (inside.WITHDRAWN, inside.NO_CATEGORY) == (records.WITHDRAWN, records.NO_CATEGORY)
    assert all(
        inside.DIGEST_BYTES[kind] == records.VALUE_BYTES[number] for kind, number in list(inside.KINDS.items())[:4]
    )
    packed = inside._ONE.pack(7, 3, 1, 1, MD5)
    assert packed == made([(7, 3, "md5", 1, MD5)]).tobytes()


def test_a_checked_stream_is_counted_by_row_and_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    for block in (1, 2, 3, 1 << 20):
        monkeypatch.setattr(records, "BLOCK_RECORDS", block)
        counted = check(stream(LIST), 2)
        assert (counted.rows, counted.hashes) == (3, {"md5": 1, "sha1": 1, "pdq": 1})
        assert (counted.references, counted.withdrawn) == (1, 1)


def test_an_empty_stream_holds_nothing() -> None:
    assert check(io.BytesIO(), 0).rows == 0


def changed(**fields: int) -> bytes:
    array = made(LIST)
    for name, value in fields.items():
        array[name][2] = value
    return array.tobytes()


TAIL = made(LIST)
TAIL["value"][0][16] = 1
WRONG = {
    "not whole": made(LIST).tobytes()[:-1],
    "falling rows": changed(row=0),
    "a row before": made(LIST[::-1]).tobytes(),
    "row nought": made([(0, 0, "md5", 0, MD5)]).tobytes(),
    "kind": changed(kind=6),
    "no kind": changed(kind=0),
    "flag": changed(flags=2),
    "category": changed(category=2),
    "bytes behind the digest": TAIL.tobytes(),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_stream_of_another_form_is_refused(how: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        check(io.BytesIO(WRONG[how]), 2)


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_slices_never_cut_a_row_in_two(most: int) -> None:
    array = made(LIST)
    slices = list(whole_rows(array, most))
    assert np.array_equal(np.concatenate(slices), array)
    ends = [(int(each["row"][0]), int(each["row"][-1])) for each in slices]
    assert all(before[1] < after[0] for before, after in itertools.pairwise(ends))


def test_a_digest_of_a_wrong_length_is_no_record() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        made([(1, 0, "md5", 0, SHA1)])
