"""Filled reply forms, as people and spreadsheets send them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from amparo.exchange.formats.reply_form import COLUMNS
from amparo.exchange.formats.tables import csv_bytes
from amparo.sandbox.inside import reply, spreadsheet
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.readings import ExaminationFailed, Identified, ReplyReading, TableReading
from amparo.sandbox.warden import Warden
from tests.sandbox.collected import Collected

BOUNDARY = uuid4()


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(1)
    yield pool
    pool.close()


@pytest.mark.parametrize("data", [b'"' + b"x" * 1_000_000, b"md5\n" + b'"' * 400_001, b"\0" * 5_000, b"a," * 300_000])
def test_a_table_built_to_harm_costs_one_examination(warden: Warden, data: bytes) -> None:
    with warden.boundary(BOUNDARY) as box:
        with suppress(ExaminationFailed):
            box.examine("reply", data, limit_s=20)
        assert isinstance(box.examine("identify", b"next"), Identified)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_a_table_reader_fail_otherwise_than_by_refusing(data: bytes) -> None:
    for head in (b"", b"reply_token,subject\n"):
        with suppress(Unreadable):
            reply.read(head + data, {}, Collected())


FILLED = {
    "reply_token": "t0k3n", "package_reference": "P-2026-7", "version": "1", "subject": "person-4", "outcome": "arrested",
    "date": "2026-03-01", "arrested_in": "IT", "ordered_by": "ES", "age": "34", "devices_phone": "2",
    "note": "Detenido; «en casa», a las 21:00\nsegunda línea",
}  # fmt: skip
FORM = csv_bytes(COLUMNS, [[FILLED.get(column, "") for column in COLUMNS]])


def resaved(
    delimiter: str, charset: str, end: str = "\r\n", prefix: str = "", upper: bool = False, extra: int = 0
) -> bytes:
    """The form as a spreadsheet writes it after somebody opened and saved it."""
    table = list(csv.reader(io.StringIO(FORM.decode("utf-8-sig"), newline="")))
    header = [cell.upper().replace("_", " ") if upper else cell for cell in table[0]]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerows([[*row, *[""] * extra] for row in [header, *table[1:], [""] * len(header)]])
    return (prefix + out.getvalue()).encode(charset)


RESAVED = {
    "as written": FORM,
    "with a mark": b"\xef\xbb\xbf" + FORM,
    "semicolons, Windows-1252": resaved(";", "cp1252"),
    "tabs, UTF-16": resaved("\t", "utf-16"),
    "naming its delimiter": resaved(";", "utf-8-sig", prefix="sep=;\r\n"),
    "headers in capitals": resaved(",", "utf-8", end="\n", upper=True),
    "empty columns and rows": resaved(",", "utf-8", extra=5),
}


@pytest.mark.parametrize("how", RESAVED)
def test_a_reply_is_read_however_a_spreadsheet_saved_it_again(warden: Warden, how: str) -> None:
    with warden.boundary(BOUNDARY) as box:
        reading = box.examine("reply", RESAVED[how])
    assert isinstance(reading, ReplyReading)
    (row,) = reading.rows
    assert {column: row.cells[column].replace("\r\n", "\n") for column in FILLED} == FILLED
    assert reading.columns[: len(COLUMNS)] == COLUMNS
    assert reading.problems == ()


def test_a_column_nobody_asked_for_passes_through() -> None:
    facts: dict[str, Any] = reply.read(b"Reply Token;subject;extra\nt;p;x\n", {}, Collected())
    assert facts["rows"] == [{"line": 2, "cells": {"reply_token": "t", "subject": "p", "extra": "x"}}]


def test_a_row_with_an_unquoted_comma_is_named_by_its_line() -> None:
    facts: dict[str, Any] = reply.read(b"reply_token,subject,note\nt,p,one, two\nt,q,ok\n", {}, Collected())
    assert [row["cells"]["subject"] for row in facts["rows"]] == ["q"]
    assert [each["line"] for each in facts["errors"]] == [2]


def test_a_cell_that_was_made_harmless_for_spreadsheets_is_read_as_it_was_meant() -> None:
    facts: dict[str, Any] = reply.read(b"reply_token,subject,note\nt,p,'=1+1\nt,p,'quoted'\n", {}, Collected())
    assert [row["cells"]["note"] for row in facts["rows"]] == ["=1+1", "'quoted'"]


def test_what_is_no_reply_is_refused_with_the_missing_column() -> None:
    with pytest.raises(Unreadable, match="column subject is missing"):
        reply.read(b"reply_token,outcome\nt,arrested\n", {}, Collected())


def test_a_table_is_read_up_to_as_many_columns_as_it_may_have(warden: Warden) -> None:
    names = [f"c{number}" for number in range(1, spreadsheet.COLUMNS + 1)]
    table = csv_bytes(names, [dict.fromkeys(names, "x")])
    with warden.boundary(BOUNDARY) as box:
        reading = box.examine("table", table)
        assert isinstance(reading, TableReading)
        assert (reading.columns, reading.row_count) == (tuple(names), 1)
        with pytest.raises(ExaminationFailed, match="more than 200 columns") as refusal:
            box.examine("table", csv_bytes([*names, "one more"], []))
    assert refusal.value.reason == "too_big"
