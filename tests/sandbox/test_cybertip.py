"""NCMEC's formats as hostile bytes: read within limits, or refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside import cybertip
from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.readings import CybertipReading, Element, ExaminationFailed, Identified, reading_of
from amparo.sandbox.warden import Warden
from tests.sandbox.collected import Collected

SEEDS = Path(__file__).resolve().parents[1] / "seeds" / "cybertip"
REPORT = (SEEDS / "report.xml").read_bytes()
BOUNDARY = uuid4()


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(1)
    yield pool
    pool.close()


def read(data: bytes) -> CybertipReading:
    """As it comes over the pipe. Raises Unreadable."""
    sink = Collected()
    facts = cybertip.read(data, {}, sink)
    blobs = [(about, bytes(data)) for about, data in sink.blobs]
    return cast("CybertipReading", reading_of("cybertip", json.loads(json.dumps(facts)), blobs))


def names(element: Element) -> Iterator[str]:
    yield element.name
    for each in element.children:
        yield from names(each)


ENCODED = {
    "utf-8 with a mark": b"\xef\xbb\xbf<report><a>\xc3\xa4</a></report>",
    "utf-16 with a mark": '<?xml version="1.0" encoding="utf-16"?><report><a>ä</a></report>'.encode("utf-16"),
    "utf-16 without": '<?xml version="1.0" encoding="utf-16"?><report><a>ä</a></report>'.encode("utf-16-le"),
    "latin-1": b'<?xml version="1.0" encoding="iso-8859-1"?><report><a>\xe4</a></report>',
    "windows-1252": b'<?xml version="1.0" encoding="windows-1252"?><report><a>\xe4</a></report>',
    "latin-9": b'<?xml version="1.0" encoding="iso-8859-15"?><report><a>\xe4</a></report>',
    # What .NET and Java writers send when they make a text first.
    "utf-16 said, utf-8 sent": '<?xml version="1.0" encoding="utf-16"?><report><a>ä</a></report>'.encode(),
}


@pytest.mark.parametrize("name", ENCODED)
def test_a_report_in_any_encoding_that_writers_use_is_read_within_the_sandbox(warden: Warden, name: str) -> None:
    with warden.boundary(BOUNDARY) as box:
        reading = cast("CybertipReading", box.examine("cybertip", ENCODED[name], limit_s=20))
    assert reading.root().children[0].text == "ä"


def test_namespaces_prefixes_and_comments_change_nothing() -> None:
    plain = read(REPORT).root()
    prefixed = REPORT.replace(b"<", b"<n:").replace(b"<n:/", b"</n:").replace(b"<n:?", b"<?")
    prefixed = prefixed.replace(b"<n:report ", b'<n:report xmlns:n="urn:example:any" ')
    spaced = REPORT.replace(b"><", b">\n <!-- x -->\n  <")
    assert read(prefixed).root() == plain == read(spaced).root()
    assert read(REPORT.replace(b"<report ", b'<report xmlns="urn:example:any" ')).root() == plain


BOMB = (
    b'<!DOCTYPE report [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<report><additionalInfo>&b;</additionalInfo></report>"
)
HOSTILE = {
    "billion laughs": BOMB,
    "an external entity": b'<!DOCTYPE report [<!ENTITY a SYSTEM "file:///etc/passwd">]><report>&a;</report>',
    "an external document type": b'<!DOCTYPE report SYSTEM "http://example.org/a.dtd"><report/>',
    "a harmless document type": b"<!DOCTYPE report><report/>",
    "an unknown entity": b"<report>&nbsp;</report>",
    "a million levels": b"<a>" * 1_000_000,
    "40 levels": b"<report>" + b"<a>" * 40 + b"</a>" * 40 + b"</report>",
    "a million elements": b"<report>" + b"<a/>" * 1_000_000 + b"</report>",
    "many attributes": b"<report " + b" ".join(b'a%d=""' % n for n in range(5_000)) + b"/>",
    "a long text": b"<report><a>" + b"x" * 2_000_000 + b"</a></report>",
    "truncated": REPORT[:-10],
    "NUL": REPORT.replace(b"Ana", b"A\0a"),
    "a control character": REPORT.replace(b"Ana", b"A&#1;a"),
    "bytes of another encoding": REPORT.replace(b"Ana", b"\xe4na"),
    "an encoding nobody knows": b'<?xml version="1.0" encoding="x-none"?><report/>',
    "a codec that is no encoding": b'<?xml version="1.0" encoding="base64"?><report/>',
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?><report/>',
    "utf-16 cut in half": '<?xml version="1.0" encoding="utf-16"?><report/>'.encode("utf-16")[:-1],
    "another root": b"<html><report/></html>",
    "two roots": b"<report/><report/>",
    "nothing": b"",
    "blanks": b"  \n ",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "deep JSON": b"[" * 1_000_000,
    "deep JSON of the right form": b'{"reportedInformation":' + b'{"a":' * 60 + b"1" + b"}" * 61,
    "JSON of another form": b'{"reports": []}',
    "no report": b"[]",
    "NaN": b'{"reportedInformation": {"a": NaN}}',
    "a number of ten thousand digits": b'{"reportedInformation": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_built_to_harm_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises((Unreadable, RecursionError)) as refused:
        read(HOSTILE[name])
    if isinstance(refused.value, Unreadable):
        assert refused.value.sentence.endswith((".", "!"))


def test_within_the_sandbox_hostile_documents_cost_one_examination_each(warden: Warden) -> None:
    with warden.boundary(BOUNDARY) as box:
        for name in (
            "billion laughs",
            "a million levels",
            "many attributes",
            "deep JSON",
            "utf-7",
            "a codec that is no encoding",
        ):
            with pytest.raises(ExaminationFailed) as failed:
                box.examine("cybertip", HOSTILE[name], limit_s=20)
            assert failed.value.reason in ("malformed", "too_big"), name
        assert isinstance(box.examine("identify", b"next"), Identified)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(REPORT)), st.integers(0, 40))
def test_no_bytes_make_the_reader_fail_otherwise_than_by_refusing(noise: bytes, at: int, length: int) -> None:
    for data in (noise, REPORT[:at] + noise[:length] + REPORT[at + length :]):
        with suppress(Unreadable):
            read(data).root()


def test_the_json_that_police_receive_is_read_with_its_mark_and_its_numbers_as_texts() -> None:
    (report,) = read((SEEDS / "received.json").read_bytes()).received()
    assert report["reportId"] == "100000001"
    assert cast("dict[str, object]", report["reportedInformation"])["reportingEsp"] == {"espName": "Example Live"}
    assert len(list(read(b'[{"reportedInformation": {}}, {"reportedInformation": null}]').received())) == 2


@pytest.mark.parametrize(
    "lines",
    [b'["report", {}, "", [[["x"]]]]\n', b'{"a": 1}\n', b"[\n", b'["a"]\n["b"]\n', b'["report", {"a": 1}, "", []]\n'],
)
def test_a_reply_of_another_form_is_not_believed(lines: bytes) -> None:
    facts: dict[str, object] = {"form": "report", "documents": lines.count(b"\n")}
    reading = cast("CybertipReading", reading_of("cybertip", facts, [({}, lines)]))
    with pytest.raises(ExaminationFailed):
        reading.root()


def test_seeds_are_read() -> None:
    for path in SEEDS.iterdir():
        assert read(path.read_bytes()).count == 1
    assert "port" in names(read(REPORT).root())
