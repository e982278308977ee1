"""Versions built from differences against a model in which a list is a dict of rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.foundation.home import Home
from amparo.matching import building, differences, exporting, fingerprints, rules, tables
from amparo.matching.looks import looks_of
from amparo.matching.records import KIND_NAMES, VALUE_BYTES
from amparo.matching.shelf import Shelf
from amparo.matching.versions import Version
from tests.matching.lists_made import CATEGORIES, Row, built, digests, hash_of, looks, write

KINDS = ("md5", "sha1", "sha256", "pdq", "reference")
IDENTITY = {"md5", "sha1", "sha256", "reference"}
NUMBERS = range(12)

HASHES = st.dictionaries(st.sampled_from(KINDS), st.sampled_from(NUMBERS), min_size=1).map(lambda row: [*row.items()])
ROWS = st.lists(st.tuples(HASHES, st.sampled_from([0, 1, 2, None]), st.sampled_from([False, False, True])), max_size=15)
Model = dict[int, tuple[Sequence[tuple[str, int]], int | None]]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (tables, "RUN_ENTRIES", 7),
        (tables, "MERGED_ENTRIES", 3),
        (building, "PIECE_RECORDS", 5),
        (differences, "SCANNED_ENTRIES", 4),
        (differences, "SEARCHED_ROWS", 2),
        (exporting, "SCANNED_ENTRIES", 3),
        (exporting, "SPAN_ROWS", 4),
        (fingerprints, "SEGMENT_ENTRIES", 6),
    ):
        monkeypatch.setattr(module, name, value)


def one_item(one: Sequence[tuple[str, int]], other: Sequence[tuple[str, int]]) -> bool:
    """Whether two rows speak of one item (differences.py)."""
    shared = set(one) & set(other)
    kinds = {kind for kind, _ in one} & {kind for kind, _ in other} & IDENTITY
    return any(kind in IDENTITY for kind, _ in shared) or (not kinds and any(kind == "pdq" for kind, _ in shared))


def apply(model: Model, after: int, rows: Sequence[Row]) -> None:
    for row, (hashes, category, gone) in enumerate(rows, 1):
        if gone:
            for other in [number for number, (theirs, _) in model.items() if one_item(hashes, theirs)]:
                del model[other]
        else:
            model[after + row] = (hashes, category)


def category_of(number: int | None) -> tuple[str, str]:
    return ("", "") if number is None else CATEGORIES[number]


def assert_same(home: Home, version: Version, model: Model) -> None:
    manifest = version.manifest
    hashes = [each for row, _ in model.values() for each in row]
    assert manifest.rows == len(model)
    assert manifest.counts == {kind: n for kind in KINDS if (n := sum(each[0] == kind for each in hashes))}
    named = [category_of(category) for _, category in model.values()]
    assert {(scheme, code): rows for scheme, code, rows in manifest.categories} == {
        each: named.count(each) for each in named
    }
    found = Shelf.open(home, [version.uuid]).lookup(digests(NUMBERS), looks(NUMBERS))
    for number in NUMBERS:
        known = {
            row: (hashes, category)
            for row, (hashes, category) in model.items()
            if any(kind != "reference" and each == number for kind, each in hashes)
        }
        assert {each.row for each in found[number]} == set(known)
        for each in found[number]:
            theirs, category = known[each.row]
            by = [kind for kind in ("sha256", "sha1", "md5", "pdq") if (kind, number) in theirs]
            assert (each.digest, each.distance_bits, each.scheme, each.code) == (by[0], 0, *category_of(category))


def exported(version: Version) -> Iterator[tuple[int, str, bytes, tuple[str, str]]]:
    categories = (*exporting.categories_of(version), ("", ""))
    for records in exporting.records_of(version):
        for record in records:
            kind = int(record["kind"])
            category = categories[min(int(record["category"]), len(categories) - 1)]
            yield int(record["row"]), KIND_NAMES[kind], bytes(record["value"][: VALUE_BYTES[kind]]), category


@settings(max_examples=25)
@given(first=ROWS, later=st.lists(st.tuples(ROWS, st.booleans()), max_size=4))
def test_every_version_is_the_one_before_less_what_was_withdrawn_and_with_what_was_added(
    first: list[Row], later: list[tuple[list[Row], bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        home, model, base, highest = Home(Path(folder)), Model(), None, 0
        for rows, shares in [(first, True), *later]:
            patch.setattr(rules, "SHARED_AT_LEAST", 0 if shares else 4)
            base, _ = built(home, rows, base)
            apply(model, highest, rows)
            highest += len(rows)
            assert base.manifest.highest_row == highest
            assert_same(home, base, model)
            expected = sorted(
                (row, kind, hash_of(kind, number), category_of(category))
                for row, (hashes, category) in model.items()
                for kind, number in hashes
            )
            assert sorted(exported(base)) == expected


def test_a_withdrawn_item_goes_with_all_its_hashes_and_its_look_alike_with_other_bytes_stays(tmp_path: Path) -> None:
    home = Home(tmp_path)
    one, other, bare = [("md5", 1), ("pdq", 9)], [("md5", 2), ("pdq", 9)], [("pdq", 9)]
    base, _ = built(home, [(one, 0, False), (other, 0, False), (bare, 0, False), ([("sha1", 3)], 0, False)])
    version, done = built(home, [([("md5", 1)], None, True), ([("md5", 7)], None, True)], base)
    assert (done.removed_rows, done.missing_rows) == (1, 1)
    (found,) = Shelf.open(home, [version.uuid]).lookup({}, looks([9]))
    assert [each.row for each in found] == [2, 3]
    version, done = built(home, [([("pdq", 9)], None, True)], version)
    assert (done.removed_rows, version.manifest.rows) == (2, 1)


def test_a_small_difference_shares_the_files_of_its_base_and_a_large_one_is_written_anew(tmp_path: Path) -> None:
    home = Home(tmp_path)
    base, _ = built(home, [([("md5", number)], 0, False) for number in range(100)])
    small, _ = built(home, [([("md5", number)], 0, False) for number in range(100, 110)], base)
    assert [part.uuid for part in small.parts] == [base.uuid, small.uuid]
    assert small.parts[0].manifest.own_counts == {"md5": 100}
    large, _ = built(home, [([("md5", number)], 0, False) for number in range(200, 240)], small)
    assert [part.uuid for part in large.parts] == [large.uuid]
    assert large.manifest.counts == {"md5": 150}


def test_versions_that_share_files_are_written_anew_before_their_parts_are_too_many(tmp_path: Path) -> None:
    home, version = Home(tmp_path), None
    sizes = []
    for number in range(12):
        rows = 400 if version is None else 1
        version, _ = built(home, [([("md5", 1000 * number + row)], 0, False) for row in range(rows)], version)
        sizes.append(len(version.parts))
    assert sizes == [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4]


def test_an_item_that_is_withdrawn_and_listed_again_counts_by_its_new_row(tmp_path: Path) -> None:
    home = Home(tmp_path)
    base, _ = built(home, [([("md5", 1)], 0, False)])
    version, _ = built(home, [([("md5", 1)], None, True), ([("md5", 1)], 1, False)], base)
    ((found,),) = Shelf.open(home, [version.uuid]).lookup(digests([1]))
    assert (found.row, found.code) == (3, "B")


def test_records_that_are_not_of_the_form_build_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    list_uuid = UUID(int=1)
    path = tmp_path / "records"
    for wrong in (b"x" * 43, np.zeros(1, "u1").tobytes() * 44, b"\1" * 44):
        path.write_bytes(wrong)
        with pytest.raises(ValueError, match=r"\w"):
            building.build(home, list_uuid, building.Source(path, CATEGORIES))
        assert not (tmp_path / "lists" / str(list_uuid)).exists()


def test_a_list_that_says_nothing_is_built_and_knows_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    version, _ = built(home, [])
    assert Shelf.open(home, [version.uuid]).lookup(digests([1]), [looks_of([hash_of("pdq", 1)])]) == [[]]


def test_a_file_of_withdrawals_alone_adds_nothing_and_takes_back_all_that_it_names(tmp_path: Path) -> None:
    home = Home(tmp_path)
    base, _ = built(home, [([("md5", number), ("pdq", number)], 0, False) for number in range(4)])
    source = write(tmp_path / "records", [([("md5", 1)], None, False), ([("md5", 3)], None, True)])
    done = building.build(home, UUID(int=9), replace(source, withdrawals=True), base)
    assert (done.added_rows, done.removed_rows, done.manifest.rows, done.manifest.counts) == (
        0,
        2,
        2,
        {"md5": 2, "pdq": 2},
    )
    found = Shelf.open(home, [UUID(int=9)]).lookup(digests(range(4)), looks(range(4)))
    assert [len(each) for each in found] == [1, 0, 1, 0]
