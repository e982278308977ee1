from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, strategies as st

from amparo.exchange.formats.custody_csv import custody_csv
from amparo.exchange.formats.hashes_csv import COLUMNS, hashes_csv
from amparo.exchange.formats.tables import FORMULA_STARTS, csv_bytes, neutral, original
from tests.exchange import samples


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


@pytest.mark.parametrize("cell", ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\t=1", " =1", "＝1", "\r=1"])
def test_no_cell_begins_as_a_formula(cell):
    (row,) = rows_of(csv_bytes(("only",), [(cell,)]))
    assert row["only"].startswith("'")
    assert original(row["only"]) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_whatever_stands_in_the_cells_the_table_reads_back_and_runs_nothing(cells):
    (row,) = rows_of(csv_bytes([f"c{n}" for n in range(len(cells))], [cells]))
    for cell, written in zip(cells, row.values(), strict=True):
        assert not written.lstrip().startswith(FORMULA_STARTS)
        assert original(written) == "".join(" " if c in "\0\x0b\x0c" else c for c in cell)


def test_an_apostrophe_of_the_source_is_not_taken_for_ours():
    assert original(neutral("'quoted'")) == "'quoted'"


def test_the_hash_list_tells_hit_no_hit_and_not_examined_apart():
    rows = rows_of(hashes_csv(samples.package()))
    assert [row["state"] for row in rows] == ["hit", "hit", "no_hit", "not_examined"]
    assert rows[1]["distance_bits"] == "12"
    assert rows[0]["first_posted_by"] == "P-1"


def test_a_list_name_that_is_a_formula_is_neutralised_in_the_hash_list():
    hit = samples.replace(samples.KNOWN, list='=HYPERLINK("http://example.org")')
    (row,) = rows_of(hashes_csv(samples.package(items=(samples.item(1, known=(hit,)),), persons=())))
    assert row["list"] == '\'=HYPERLINK("http://example.org")'


def test_an_item_on_two_lists_stands_in_two_rows():
    other = samples.replace(samples.KNOWN, list="Second list")
    rows = rows_of(hashes_csv(samples.package(items=(samples.item(1, known=(samples.KNOWN, other)),), persons=())))
    assert [row["list"] for row in rows] == ["Example national list", "Second list"]
    assert tuple(rows[0]) == COLUMNS


def test_the_custody_table_names_each_act_its_digest_and_its_proof():
    first, second = rows_of(custody_csv(samples.package()))
    assert first["act"] == "case.opened" and len(first["inclusion_path"].split()) == 2
    assert second["position"] == "97" and second["inclusion_path"] == ""
