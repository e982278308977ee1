"""Lists that were made to harm: each costs its own examination, in memory that doesn't grow with it."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from amparo.matching import records
from amparo.sandbox.inside import hash_lists
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.inside.hash_lists import json_stream, lines, ncmec as ncmec_reader, records as found_records
from amparo.sandbox.readings import ExaminationFailed, HashListReading, reading_of
from amparo.sandbox.warden import Warden
from tests.sandbox.generated_lists import FORMS, Generated, md5
from tests.sandbox.listed import read

MD5 = "d" * 32
BOUNDARY = uuid4()
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
DEEP = 200_000

HOSTILE = {
    "billion laughs": f'<!DOCTYPE x [<!ENTITY e0 "ha">{ENTITIES}]><x>&e11;</x>'.encode(),
    "external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><queryResult><image><id>&e;</id></image></queryResult>',
    "document type elsewhere": b'<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd"><queryResult/>',
    "deep XML": b"<a>" * DEEP,
    "deep XML in an entry": b"<q><image><fingerprints>" + b"<md5>" * DEEP,
    "endless tag": b"<image " + b"a" * 4_000_000,
    "endless attribute": b'<image a="' + b"a" * 4_000_000,
    "many attributes": b"<image " + b" ".join(b'a%d="1"' % n for n in range(200_000)) + b"/>",
    "endless text": b"<q><image><fingerprints><md5>" + b"a" * 4_000_000 + b"</md5></fingerprints></image></q>",
    "unknown charset": b'<?xml version="1.0" encoding="x-strange"?><q/>',
    "deep JSON": b'{"value": ' * DEEP,
    "deep lists": b"[" * DEEP,
    "deep media": b'{"value": [{"MD5": ' + b"[" * DEEP,
    "endless string": b'{"value": [{"MD5": "' + b"a" * 4_000_000,
    "endless name": b'{"' + b"a" * 4_000_000,
    "huge numbers": b'{"value": [{"MD5": "%b", "MediaSize": %b, "Category": 1e99999}]}'
    % (MD5.encode(), b"9" * 100_000),
    "huge id": b'{"id": %b, "signals": {"video_md5": "%b"}, "disable_until_ts": %b}'
    % (b"9" * 5_000, MD5.encode(), b"9" * 5_000),
    "empty objects": b'{"value": [' + b"{}," * 50_000,
    "NUL": b"\0" * 2_000_000,
    "NUL in JSON": b'{"value": [{"MD5": "%b\0"}]}\0\0' % MD5.encode(),
    "NUL in a table": b"md5,category\n\0,\0\n" + MD5.encode() + b",\0\n",
    "a line without end": b"md5\n" + b"a" * 6_000_000,
    "an open quote": b'md5\n"' + b"a\n" * 200_000,
    "nothing but quotes": b'"' * 2_000_000,
    "nothing but delimiters": b"md5" + b"," * 500_000 + b"\n" + b"," * 500_000,
    "nothing but line ends": b"\n" * 500_000,
    "nothing but carriage returns": b"md5\r" + b"\r" * 200_000,
    "a mark and half a letter": b"\xff\xfem\0d\0005\0\n\0a",
    "frames without end": b'["' + b"0" * 64 + b',1,0"' + (b',"' + b"0" * 64 + b',1,0"') * 50_000,
}


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(1)
    yield pool
    pool.close()


@pytest.mark.parametrize("how", HOSTILE)
def test_a_list_made_to_harm_costs_one_examination_and_not_the_child(warden: Warden, how: str) -> None:
    began = time.monotonic()
    with warden.boundary(BOUNDARY) as box:
        try:
            reading = box.examine("hash_list", HOSTILE[how], limit_s=30)
            assert isinstance(reading, HashListReading)
            records.check(io.BytesIO(reading.records), len(reading.categories))
        except ExaminationFailed as failure:
            refused = failure.reason
        else:
            refused = "malformed"
        assert refused in {"malformed", "too_big"}
        assert time.monotonic() - began < 25
        assert box.examine("hash_list", MD5.encode()).row_count == 1


def test_entities_and_document_types_are_refused_whatever_they_say() -> None:
    for how in ("billion laughs", "external entity", "document type elsewhere"):
        with pytest.raises(Unreadable, match="document type or entities"):
            read(HOSTILE[how])


def test_what_is_nested_too_deeply_keeps_what_came_before() -> None:
    good = b'{"value": [{"MD5": "%b"}, %b' % (MD5.encode(), b"[" * 1_000)
    found, facts = read(good)
    assert [each.value for each in found] == [MD5]
    assert "nested more deeply" in facts["errors"][-1]["problem"]
    deep = b"<q><image><id>1</id><fingerprints><md5>%b</md5></fingerprints></image>" % MD5.encode()
    with pytest.raises(Unreadable, match="nested more deeply"):
        read(deep + b"<a>" * (ncmec_reader.DEPTH + 1))


def test_an_entry_that_is_too_long_ends_the_list_and_what_came_before_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "ENTRY_CHARACTERS", 2_000)
    monkeypatch.setattr(json_stream, "_PIECE_BYTES", 500)
    long = b'{"value": [{"MD5": "%b"}, {"MD5": "%b", "Comments": "%b"}]}' % (MD5.encode(), MD5.encode(), b"x" * 5_000)
    found, facts = read(long)
    assert len(found) == 1
    assert "too long" in facts["errors"][-1]["problem"]


class Nothing:
    """A sink that keeps nothing."""

    def begin(self, **about: object) -> None: ...

    def write(self, chunk: bytes) -> None: ...

    def void(self) -> None: ...


def peak_of(form: str, entries: int) -> int:
    """The most bytes that were held while a list was read, in pieces that are small beside it."""
    tracemalloc.start()
    facts = hash_lists.read(Generated(FORMS[form], entries), {}, Nothing())  # type: ignore[arg-type]
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert facts["rows"] == entries
    assert facts["errors_in_all"] == (form == "vics")  # its first one is empty
    return found


@pytest.mark.parametrize("form", FORMS)
def test_memory_does_not_grow_with_the_list(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((lines, "CHUNK_BYTES"), (found_records, "CHUNK_BYTES"), (ncmec_reader, "_CHUNK_BYTES")):
        monkeypatch.setattr(module, name, 1 << 14)
    monkeypatch.setattr(json_stream, "ENTRY_CHARACTERS", 1 << 14)
    monkeypatch.setattr(json_stream, "_PIECE_BYTES", 1 << 12)
    peak_of(form, 100)
    assert peak_of(form, 5_000) < peak_of(form, 2_000) + 50_000


def test_two_hundred_thousand_entries_go_from_file_to_file_through_the_sandbox(warden: Warden, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    with listed.open("wb") as file:
        source = Generated(FORMS["csv"], 200_000)
        while piece := source.read(1 << 20):
            file.write(piece)
    into = tmp_path / "records"
    with listed.open("rb") as data, into.open("w+b") as out, warden.boundary(BOUNDARY) as box:
        tracemalloc.start()
        reading = box.examine("hash_list", data, into=out)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        out.seek(0)
        counted = records.check(out, len(reading.categories))
    assert isinstance(reading, HashListReading)
    assert (reading.row_count, reading.hash_count, reading.records) == (200_000, 400_000, b"")
    assert (counted.rows, counted.hashes) == (200_000, {"md5": 200_000, "pdq": 200_000})
    assert into.stat().st_size == 400_000 * 44
    assert peak < 20_000_000


def test_every_problem_is_counted_though_not_every_one_is_shown(warden: Warden) -> None:
    with warden.boundary(BOUNDARY) as box:
        reading = box.examine("hash_list", b"md5,category\n" + b"x\n" * 5_000 + MD5.encode() + b",B1")
    assert isinstance(reading, HashListReading)
    assert reading.rows == ({"md5": MD5, "category": "B1"},)
    assert (len(reading.problems), reading.problems_in_all) == (1_000, 5_000)
    assert (reading.problems[0].line, reading.problems[0].element) == (2, "")


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-be", "cp1252", "utf-8-sig"])
def test_every_charset_is_at_hand_in_a_locked_child(warden: Warden, charset: str) -> None:
    data = f"md5;category\n{MD5};ü\n".encode(charset)
    with warden.boundary(uuid4()) as box:
        reading = box.examine("hash_list", data)
    assert isinstance(reading, HashListReading)
    assert reading.rows == ({"md5": MD5, "category": "ü"},)


@pytest.mark.parametrize("form", FORMS)
def test_every_format_is_read_in_a_locked_child(warden: Warden, form: str) -> None:
    data = Generated(FORMS[form], 300)
    with warden.boundary(BOUNDARY) as box:
        reading = box.examine("hash_list", data.read(10_000_000))
    assert isinstance(reading, HashListReading)
    assert (reading.row_count, reading.format) == (300, "csv" if form == "own" else form)
    assert "md5" not in reading.columns or reading.rows[299]["md5"] == md5(299)


FACTS: dict[str, object] = {
    "format": "csv", "version": "", "source": "", "rows": 0, "hashes": 0, "categories": [], "columns": [], "unsupported": {},
    "errors": [], "errors_in_all": 0,
}  # fmt: skip
UNTRUE = {
    "format": ("format", "exe"),
    "rows": ("rows", -1),
    "categories": ("categories", [["only one"]]),
    "a category that is no text": ("categories", [["a", 1]]),
    "kinds": ("unsupported", {"photodna": "many"}),
    "kinds that are none": ("unsupported", [1]),
    "problems": ("errors", [{"line": "x", "problem": "y"}]),
}


@pytest.mark.parametrize("how", UNTRUE)
def test_a_reply_of_another_form_is_not_believed(how: str) -> None:
    name, value = UNTRUE[how]
    with pytest.raises(ExaminationFailed):
        reading_of("hash_list", FACTS | {name: value}, [({}, b"")])


def test_a_reply_with_half_a_record_or_none_at_all_is_not_believed() -> None:
    for blobs in ([], [({}, b"x" * 43)], [({}, b""), ({}, b"")]):
        with pytest.raises(ExaminationFailed):
            reading_of("hash_list", FACTS, blobs)  # type: ignore[arg-type]


STARTS = [
    b"",
    b"<",
    b"<q><image>",
    b'{"value": [{',
    b"[",
    b'{"data": [{"indicator": ',
    b'{"signals": ',
    b"pdq ",
    b"vpdq [",
    b'{"0": {',
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=120), st.sampled_from(["", *hash_lists.FORMATS]))
def test_no_bytes_make_a_reader_fail_otherwise_than_by_refusing(start: bytes, data: bytes, told: str) -> None:
    with suppress(Unreadable):
        read(start + data, format=told)


NAMES = [
    *(
        "value",
        "Media",
        "data",
        "MD5",
        "PhotoDNA",
        "Category",
        "AlternativeHashes",
        "HashName",
        "HashValue",
        "indicator",
        "type",
    ),
    *("descriptors", "tags", "signals", "bank", "name", "id", "pdq", "vpdq", "should_delete", "disable_until_ts", "0"),
]
PLAIN = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner), max_leaves=15
)


@settings(max_examples=80, deadline=None)
@given(VALUES, st.sampled_from(["vics", "threatexchange", "hma"]))
def test_no_json_makes_a_reader_fail_otherwise_than_by_refusing(value: object, told: str) -> None:
    with suppress(Unreadable):
        read(json.dumps(value).encode(), format=told)
