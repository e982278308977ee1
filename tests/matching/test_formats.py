"""Lists written for other systems: read again they are the same, and other programs' ways of reading find what is there."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.matching import formats
from amparo.matching.formats.hma import bank_name
from amparo.matching.records import KINDS, NO_CATEGORY, VALUE_BYTES, Records, made
from amparo.sandbox.inside.hash_lists import own
from tests.sandbox.listed import Entry, read_all

Listed = tuple[Records, list[tuple[str, str]]]
MD5, SHA1, SHA256, PDQ = b"\x11" * 16, b"\x22" * 20, b"\x33" * 32, b"\x44" * 32
VICS = [("VICS 2.0 UK", "1"), ("VICS 2.0 UK", "2"), ("", "x")]


def write(
    form: str, records: Records, categories: list[tuple[str, str]], pieces: int = 1
) -> tuple[bytes, formats.Written]:
    into = io.BytesIO()
    written = formats.write(form, [records] if pieces == 1 else [records[:0], records], categories, into)
    return into.getvalue(), written


def entries_of(records: Records, categories: list[tuple[str, str]]) -> list[Entry]:
    names = {number: name for name, number in KINDS.items()}
    found = []
    for record in records:
        kind = names[int(record["kind"])]
        category = categories[int(record["category"])] if record["category"] != NO_CATEGORY else None
        value = record["value"][: VALUE_BYTES[int(record["kind"])]].tobytes().hex()
        found.append(Entry(int(record["row"]), kind, value, category, bool(record["flags"])))
    return found


# Codes as the readers leave them: on one line, with no blanks around them.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=12
) | st.sampled_from(["1", "=1+1", "'quoted'", 'a "b", c;d', "-", "@x y", "VICS 2.0 UK", "0"])
CATEGORIES = st.lists(
    st.tuples(st.sampled_from(["", "VICS 2.0 UK", "NCMEC", "=x"]) | TEXTS, TEXTS), max_size=4, unique=True
)


@st.composite
def lists(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS), first: str = "", withdrawn: bool = True) -> Listed:
    """A list as a reader hands it over: rows in order, each with its hashes in the order of their kinds and each hash once."""
    categories = draw(CATEGORIES)
    found, number = [], 0
    for _ in range(draw(st.integers(0, 6))):
        number += draw(st.integers(1, 3)) if not first else 1
        category = draw(st.sampled_from([*range(len(categories)), NO_CATEGORY]))
        flag = draw(st.booleans()) if withdrawn else False
        hashes = draw(st.sets(st.tuples(st.sampled_from(kinds), st.integers(0, 5)), min_size=1, max_size=6))
        hashes |= {(first, 0)} if first else set()
        for kind, value in sorted(hashes, key=lambda each: (KINDS[each[0]], each[1])):
            found.append((number, category, kind, int(flag), bytes([value]) * VALUE_BYTES[KINDS[kind]]))
    return made(found), categories


@settings(max_examples=60, deadline=None)
@given(lists())
def test_any_list_written_as_a_table_and_read_again_is_the_same(listed: Listed) -> None:
    records, categories = listed
    data, written = write("csv", records, categories)
    found, facts = read_all(data)
    assert sorted(found) == sorted(entries_of(records, categories))
    assert (facts["format"], facts["errors"]) == ("csv", [])
    with (
        pytest.MonkeyPatch.context() as patch
    ):  # the reader of many lines at once and that of single lines say the same
        patch.setattr(own, "_take_many", lambda *_: False)
        assert read_all(data)[0] == found
    assert (written.rows, written.hashes, written.left_out) == (facts["rows"], facts["hashes"], {})


@settings(max_examples=60, deadline=None)
@given(
    lists(kinds=("md5", "sha1", "sha256", "pdq"), first="md5", withdrawn=False),
    st.sampled_from(["UK", "Default", "US"]),
)
def test_any_list_with_an_md5_in_each_row_written_as_vics_and_read_again_is_the_same(
    listed: Listed, country: str
) -> None:
    records, categories = listed
    scheme = f"VICS 2.0 {country}"
    numbered = [(scheme, str(number)) for number, _ in enumerate(categories)]
    data, written = write("vics", records, numbered)
    found, facts = read_all(data)
    assert sorted(found) == sorted(entries_of(records, numbered))
    assert (facts["format"], facts["errors"], written.left_out) == ("vics", [], {})
    assert (written.rows, written.hashes) == (facts["rows"], facts["hashes"])


@settings(max_examples=60, deadline=None)
@given(lists(kinds=("md5", "sha256", "pdq")))
def test_any_list_without_sha1_written_for_hma_and_read_again_is_the_same(listed: Listed) -> None:
    records, categories = listed
    data, written = write("hma", records, categories)
    found, facts = read_all(data, format="hma")
    assert sorted(found) == sorted(entries_of(records, categories))
    assert (facts["errors"], written.left_out) == ([], {})
    assert (written.rows, written.hashes) == (facts["rows"], sum(each.kind != "reference" for each in found))


@settings(max_examples=40, deadline=None)
@given(lists(kinds=("md5", "sha256", "pdq"), withdrawn=False))
def test_the_signals_of_any_list_are_read_again(listed: Listed) -> None:
    records, categories = listed
    data, _ = write("threatexchange", records, categories)
    found, facts = read_all(data, format="threatexchange")
    assert sorted((each.kind, each.value) for each in found) == sorted(
        (each.kind, each.value) for each in entries_of(records, categories)
    )
    assert facts["errors"] == []


def a_list() -> Listed:
    rows = [
        (1, 0, "md5", 0, MD5),
        (1, 0, "sha1", 0, SHA1),
        (1, 0, "pdq", 0, PDQ),
        (1, 0, "reference", 0, PDQ),
        (2, 1, "md5", 0, MD5),
        (2, 1, "md5", 0, b"\x12" * 16),
        (3, 2, "sha1", 0, SHA1),
        (4, 2, "md5", 1, MD5),
        (5, 2, "md5", 0, b"\x13" * 16),
        (5, 2, "sha256", 0, SHA256),
    ]
    return made(rows), VICS


def test_what_vics_cannot_hold_is_counted() -> None:
    data, written = write("vics", *a_list())
    document = json.loads(data)
    assert list(document) == ["@odata.context", "value"]
    assert (
        document["@odata.context"] == "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"
    )
    assert document["value"][0] == {
        "MediaID": 1,
        "Category": 1,
        "MD5": "11" * 16,
        "SHA1": "22" * 20,
        "IsPrecategorized": True,
        "AlternativeHashes": [{"HashName": "PDQ", "HashValue": "44" * 32}],
    }
    assert [(media["MediaID"], media["Category"]) for media in document["value"]] == [(1, 1), (2, 2), (5, None)]
    assert document["value"][1]["AlternativeHashes"] == [{"HashName": "MD5", "HashValue": "12" * 16}]
    assert (written.rows, written.hashes) == (3, 7)
    assert written.left_out == {"rows without an MD5": 1, "withdrawn rows": 1, "categories of another scheme": 1}


@pytest.mark.parametrize("code", ["A1", "-1", "1.0", "٣", "01", "9" * 12])
def test_a_code_that_is_no_plain_number_is_no_category_of_vics(code: str) -> None:
    data, written = write("vics", made([(1, 0, "md5", 0, MD5)]), [("VICS 2.0 UK", code)])
    assert json.loads(data)["value"][0]["Category"] is None
    assert written.left_out == {"categories of another scheme": 1}


def as_a_token_reader_finds_it(data: bytes) -> list[tuple[dict[str, str], dict[str, str]]]:
    """How a public tool goes through a VICS file: token by token, strict about the first member, loose about the rest.

    The data model's address must come first, `value` second. On the list's own level a name decides what its value is taken for;
    a record counts when it has a hash and something said of it. One level deeper only PhotoDNA is looked for.
    """
    pairs = json.loads(data, object_pairs_hook=list)
    (first, address), (second, value) = pairs
    assert first == "@odata.context"
    assert re.fullmatch(
        r"http://github\.com/VICSDATAMODEL/ProjectVic/DataModels/2\.0\.xml/\w+/\$metadata#Media", address
    )
    assert second == "value"
    found = []
    for media in value:
        hashes, said = {}, {}
        for name, each in media:
            if name in {"MD5", "SHA1"}:
                hashes[name] = each.strip()  # a null here ends that program
                assert re.fullmatch("[0-9A-Fa-f]+", hashes[name]) and len(hashes[name]) == {"MD5": 32, "SHA1": 40}[name]
            elif name == "Category" and isinstance(each, int) and each >= 0:
                said[name] = str(each)
            elif name in {
                "VictimIdentified",
                "OffenderIdentified",
                "IsDistributed",
                "Series",
                "IsPrecategorized",
                "Tags",
            }:
                said[name] = str(each).lower()
        if hashes and said:
            found.append((hashes, said))
    return found


def as_a_document_reader_finds_it(data: bytes) -> list[tuple[str, str, int | None]]:
    """How another one does: the whole document, names in any case, a category where it is a number."""
    found = []
    for record in json.loads(data)["value"]:
        low = {name.lower(): value for name, value in record.items()}
        category = int(low["category"]) if str(low.get("category") or "").strip() else None
        digests = [(kind, low[kind]) for kind in ("md5", "sha1", "sha256") if isinstance(low.get(kind), str)]
        found += [
            (kind, text.lower(), category) for kind, text in digests if re.fullmatch("[0-9a-fA-F]+", text.strip())
        ]
    return found


def test_public_ways_of_reading_vics_find_every_row_and_its_category() -> None:
    data, _ = write("vics", *a_list())
    assert as_a_token_reader_finds_it(data) == [
        ({"MD5": "11" * 16, "SHA1": "22" * 20}, {"Category": "1", "IsPrecategorized": "true"}),
        ({"MD5": "11" * 16}, {"Category": "2", "IsPrecategorized": "true"}),
        ({"MD5": "13" * 16}, {"IsPrecategorized": "false"}),
    ]
    assert as_a_document_reader_finds_it(data) == [
        ("md5", "11" * 16, 1),
        ("sha1", "22" * 20, 1),
        ("md5", "11" * 16, 2),
        ("md5", "13" * 16, None),
    ]


def test_an_empty_list_is_a_list_in_every_format() -> None:
    for form in formats.FORMATS:
        data, written = write(form, made([]), [], pieces=2)
        found, facts = read_all(data, format=form)
        assert (found, facts["errors"], written.rows) == ([], [], 0)


def test_what_hma_cannot_hold_is_counted_and_its_banks_have_names_that_it_takes() -> None:
    data, written = write("hma", *a_list())
    contents: list[dict[str, Any]] = [json.loads(line) for line in data.splitlines()]
    assert [content["signals"] for content in contents] == [
        {"pdq": "44" * 32, "video_md5": "11" * 16},
        {"video_md5": "11" * 16},
        {"video_md5": "12" * 16},
        {"video_md5": "11" * 16},
        {"video_md5": "13" * 16, "video_sha256": "33" * 32},
    ]
    assert [content["id"] for content in contents] == [1, 2, 3, 4, 5]
    assert [content["disable_until_ts"] for content in contents] == [1, 1, 1, 0, 1]
    assert {content["bank"]["name"] for content in contents} == {"VICS_2_0_UK_1", "VICS_2_0_UK_2", "X"}
    assert written.left_out == {"SHA-1, which has no type there": 2}
    for name in (bank_name("", "1"), bank_name("é", ""), bank_name("a" * 999), bank_name()):
        assert re.fullmatch("[A-Z_][A-Z0-9_]*", name) and len(name) <= 255


def test_pieces_of_any_size_are_written_as_one_list() -> None:
    records, categories = a_list()
    whole, _ = write("csv", records, categories)
    for cut in (4, 6, 7, 8):
        into = io.BytesIO()
        formats.write("csv", [records[:cut], np.array(records[cut:])], categories, into)
        assert into.getvalue() == whole
