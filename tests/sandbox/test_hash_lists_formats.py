"""Lists of hashes in the formats of exchanges and tools, with the faults that real exporters have."""

from __future__ import annotations

import json

import pytest

from amparo.sandbox.inside.hash_lists import json_stream, vics
from tests.sandbox.listed import Entry, elements, problems, read, read_all

MD5, SHA1, SHA256, PDQ = "d" * 32, "e" * 40, "a" * 64, "f" * 64
MODEL = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#{}"
OLD_MODEL = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"


def hash_set(*media: object, model: str = MODEL.format("UK", "Media"), key: str = "@odata.context") -> bytes:
    return json.dumps({key: model, "value": list(media)}).encode()


def case_file(*media: object) -> bytes:
    case = {"CaseID": "{0D6E1C3A-0000-4000-8000-000000000000}", "CaseNumber": "7", "SourceApplicationName": "A Tool"}
    case |= {"SourceApplicationVersion": "1.2", "TotalMediaFiles": 99, "Media": list(media), "Title": "x"}
    return json.dumps({"@odata.context": MODEL.format("US", "Cases"), "value": [case]}).encode()


@pytest.mark.parametrize("piece", [1, 7, 100, 1 << 18])
def test_a_hash_set_and_a_case_file_are_read_alike_in_whatever_pieces(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "ENTRY_CHARACTERS", 300)
    monkeypatch.setattr(json_stream, "_PIECE_BYTES", piece)
    media = [{"MediaID": n, "Category": n % 3, "MD5": f"{n:032X}", "SHA1": SHA1} for n in range(40)]
    for data, country in ((hash_set(*media), "UK"), (case_file(*media), "US")):
        found, facts = read(data)
        assert [each.value for each in found if each.kind == "md5"] == [f"{n:032x}" for n in range(40)]
        assert found[:2] == [
            Entry(1, "md5", "0" * 32, (f"VICS 2.0 {country}", "0")),
            Entry(1, "sha1", SHA1, (f"VICS 2.0 {country}", "0")),
        ]
        assert (facts["format"], facts["version"], facts["errors"]) == ("vics", f"2.0 {country}", [])
    assert facts["source"] == "A Tool 1.2"


@pytest.mark.parametrize(
    ("address", "version"),
    [
        (OLD_MODEL, ("1.3", "")),
        ("http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media", ("1.2", "")),
        (MODEL.format("Default", "Media"), ("2.0", "Default")),
        (MODEL.format("CUSTOM", "Cases"), ("2.0", "CUSTOM")),
        ("HTTP://GITHUB.COM/vicsdatamodel/projectvic/datamodels/2.0.XML/ca/$METADATA#Media", ("2.0", "ca")),
        ("http://example.org/else", ("", "")),
    ],
)
def test_the_scheme_names_version_and_country_of_the_data_model(address: str, version: tuple[str, str]) -> None:
    assert vics.model_of(address) == version
    for key in ("@odata.context", "odata.metadata"):
        found, _ = read(hash_set({"MD5": MD5, "Category": 1}, model=address, key=key))
        assert found[0].category == (" ".join(["VICS", *version]).strip(), "1")


def test_a_model_that_stands_behind_the_media_counts_as_well() -> None:
    data = json.dumps({"value": [{"MD5": MD5, "Category": 4}], "odata.metadata": OLD_MODEL}).encode()
    assert read(data)[0][0].category == ("VICS 1.3", "4")


CATEGORIES = [
    (2, "2"),
    ("2", "2"),
    (" 2 ", "2"),
    (2.0, "2"),
    (0, "0"),
    ("2b", "2b"),
    (None, None),
    ("", None),
    ("null", None),
]


@pytest.mark.parametrize(("written", "code"), CATEGORIES)
def test_a_category_is_kept_as_it_stands(written: object, code: str | None) -> None:
    found, facts = read(hash_set({"MD5": MD5, "Category": written}, {"md5": MD5.upper(), "category": written}))
    assert [each.category for each in found] == [("VICS 2.0 UK", code) if code else None] * 2
    assert facts["errors"] == []


@pytest.mark.parametrize("written", [True, [1], {"a": 1}, 2.5])
def test_a_category_of_another_form_is_told_and_the_hash_is_taken(written: object) -> None:
    found, facts = read(hash_set({"MD5": MD5, "Category": written}))
    assert [each.category for each in found] == [None]
    assert [where for where, _ in elements(facts)] == ["Media 1"]


def test_only_the_category_says_what_was_decided() -> None:
    entry = {
        "MD5": MD5,
        "IsPrecategorized": "true",
        "PrecategorizationSource": "x",
        "VictimIdentified": "False",
        "DateUpdated": "/Date(1)/",
    }
    assert read(hash_set(entry))[0] == [Entry(1, "md5", MD5)]


def test_alternative_hashes_are_taken_by_their_name() -> None:
    others = [
        {"HashName": "SHA-256", "HashValue": SHA256},
        {"HashName": "PDQ", "HashValue": PDQ},
        {"HashName": "PhotoDNA", "HashValue": "QUFB" * 48},
        {"HashName": "MD5", "HashValue": MD5.upper()},
        {"HashName": "Other Thing", "HashValue": "1"},
        {"HashValue": "1"},
        "text",
    ]
    found, facts = read(
        hash_set(
            {"MD5": MD5, "PhotoDNA": "QUFB" * 48, "AlternativeHashes": others},
            {"AlternativeHashes": None, "SHA1": SHA1},
        )
    )
    assert [(each.row, each.kind) for each in found] == [(1, "md5"), (1, "sha256"), (1, "pdq"), (2, "sha1")]
    assert facts["unsupported"] == {"photodna": 2, "other_thing": 1, "unnamed": 1}
    assert facts["errors"] == []


def test_what_is_wrong_with_a_media_is_told_and_its_good_hashes_are_taken() -> None:
    found, facts = read(
        hash_set({"MD5": "zz", "SHA1": SHA1}, {"MD5": None}, {"MD5": 7}, {"PhotoDNA": "QUFB"}, {"MD5": MD5})
    )
    assert [(each.row, each.kind) for each in found] == [(1, "sha1"), (2, "md5")]
    assert elements(facts) == [
        ("Media 1", "md5 is not 32 hexadecimal digits"),
        ("Media 2", "no hash"),
        ("Media 3", "md5 is not 32 hexadecimal digits"),
    ]


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_mark_and_other_charsets_do_no_harm(charset: str) -> None:
    text = json.dumps({"odata.metadata": OLD_MODEL, "value": [{"MD5": MD5, "Comments": "ü€"}]}, ensure_ascii=False)
    assert read(text.encode(charset))[0] == [Entry(1, "md5", MD5)]


def test_what_a_strict_reader_ends_at_is_read_here() -> None:
    raw = b'{"value": [{"MD5": "%b", "Comments": "tab\there, line\nbreak, \xfc\xff", "Size": NaN}, {"MD5": "%b"},]}' % (
        MD5.encode(),
        SHA1[:32].encode(),
    )
    found, facts = read(raw)
    assert [each.value for each in found] == [MD5, SHA1[:32]]
    assert facts["errors"] == []


def test_every_length_of_a_file_that_breaks_off_keeps_what_stands_before_it() -> None:
    media = [
        {"MediaID": n, "MD5": f"{n:032x}", "Category": 1, "Exifs": [{"PropertyName": "x", "PropertyValue": "}]"}]}
        for n in range(6)
    ]
    for data in (hash_set(*media), case_file(*media)):
        complete = [data.index(b'"}]"}]}', data.index(f"{n:032x}".encode())) + 7 for n in range(6)]
        for length in range(1, len(data)):
            found, facts = read(data[:length], format="vics")
            assert [each.value for each in found] == [f"{n:032x}" for n in range(6) if complete[n] <= length]
            told = [words for _, words in elements(facts)]
            assert told and told[-1].startswith("the file can't be read on from here")


def test_a_fault_in_the_middle_is_told_with_where_it_is() -> None:
    data = hash_set({"MD5": MD5}, {"MD5": MD5}).replace(b"}, {", b"} {")
    found, facts = read(data)
    assert len(found) == 1
    assert elements(facts) == [("after Media 1", "the file can't be read on from here: a comma is missing")]


def test_lines_of_objects_and_lists_of_hashes_are_read_too() -> None:
    lines = b'{"MD5": "%b", "Category": 1}\n{"SHA1": "%b"}\n' % (MD5.encode(), SHA1.encode())
    assert [each.kind for each in read(lines)[0]] == ["md5", "sha1"]
    found, facts = read(json.dumps([MD5.upper(), SHA1, "x"]).encode())
    assert [each.kind for each in found] == ["md5", "sha1"]
    assert elements(facts) == [("hash 3", "md5 is not 32 hexadecimal digits")]


# NCMEC


def ncmec(*entries: str, namespace: bool = True, prefix: str = "") -> bytes:
    space = f' xmlns{prefix and ":" + prefix[:-1]}="https://hashsharing.ncmec.org/hashsharing/v2"' if namespace else ""
    start = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<{prefix}queryResult{space}>\n<images count="2">\n'
    )
    paging = "<paging><next>/v2/entries?start=1&amp;size=1000</next></paging>"
    return (start + "\n".join(entries) + f"\n</images>{paging}</{prefix}queryResult>").encode()


def image(
    number: str, fingerprints: str, classification: str = "<classification>A1</classification>", tag: str = "image"
) -> str:
    return (
        f'<{tag}><member id="42">Example &amp; Member</member><timestamp>2017-10-24T15:00:00Z</timestamp><id>{number}</id>'
        f"{classification}<fingerprints>{fingerprints}</fingerprints></{tag}>"
    )


FEEDBACK = (
    '<feedback><affirmativeFeedback type="Md5"><members><member id="9">X</member></members></affirmativeFeedback>'
    f"<md5>{MD5}</md5></feedback>"
)


@pytest.mark.parametrize(("namespace", "prefix"), [(True, ""), (False, ""), (True, "hs:")])
def test_an_entry_of_several_fingerprints_is_one_row(namespace: bool, prefix: str) -> None:
    prints = f"<md5>{MD5.upper()}</md5><sha1> {SHA1}\n</sha1><pdna>QUFB</pdna><pdq>{PDQ}</pdq><netclean>1</netclean>"
    large = '<tmk-pdqf rel="self" href="/v2/entries/1/fingerprints/TMK_PDQF"/>'
    entries = (
        image("i1", prints),
        image("v1", f"<md5>{MD5}</md5>{large}", "", "video").replace("</video>", FEEDBACK + "</video>"),
    )
    found, facts = read(ncmec(*entries, namespace=namespace, prefix=prefix))
    a1 = ("NCMEC", "A1")
    assert found == [
        Entry(1, "md5", MD5, a1),
        Entry(1, "sha1", SHA1, a1),
        Entry(1, "pdq", PDQ, a1),
        Entry(2, "md5", MD5),
    ]
    assert facts["unsupported"] == {"photodna": 1, "netclean": 1, "tmk_pdqf": 1}
    assert (facts["format"], facts["version"], facts["members"]) == ("ncmec", "v2" if namespace else "", {"42": 2})
    assert facts["errors"] == []


def test_a_tombstone_takes_back_the_entry_of_its_member_and_number() -> None:
    gone = (
        '<deletedImage><member id="42">M</member><id>i1</id><timestamp>2017-10-24T15:10:00Z</timestamp></deletedImage>'
    )
    other = gone.replace('"42"', '"43"')
    found, _ = read_all(
        ncmec(image("i1", f"<md5>{MD5}</md5>"), gone, other, image("i1", f"<md5>{MD5}</md5>", tag="deletedVideo"))
    )
    (number,) = [each.value for each in found if each.row == 1 and each.kind == "reference"]
    back = [each for each in found if each.withdrawn]
    assert [(each.row, each.kind) for each in back] == [
        (2, "reference"),
        (3, "reference"),
        (4, "md5"),
        (4, "reference"),
    ]
    assert [each.value == number for each in back if each.kind == "reference"] == [True, False, True]


def test_what_is_wrong_with_an_entry_is_told_by_line_and_number() -> None:
    entries = (
        image("1", "<md5>zz</md5>"),
        image("2", ""),
        '<deletedImage><member id="1"/></deletedImage>',
        image("3", f"<md5>{MD5}</md5>"),
    )
    found, facts = read(ncmec(*entries))
    assert [each.row for each in found] == [1]
    assert [(each["line"], each["element"], each["problem"]) for each in facts["errors"]] == [
        (4, "entry 1 (image)", "md5 is not 32 hexadecimal digits"),
        (5, "entry 2 (image)", "no hash"),
        (6, "entry 3 (deletedimage)", "it is taken back, but has neither number nor hash"),
    ]


def test_an_xml_that_breaks_off_is_read_up_to_there() -> None:
    data = ncmec(image("1", f"<md5>{MD5}</md5>"), image("2", f"<md5>{MD5}</md5>"))
    for length in range(data.index(b"</image>") + 8, len(data)):
        found, facts = read(data[:length])
        assert len(found) == data[:length].count(b"</image>")
        assert "can't be read on from here" in elements(facts)[-1][1]


# threatexchange and HMA


def test_lines_of_a_type_and_a_signal_are_read() -> None:
    frames = json.dumps([f"{PDQ},100,0.000", f"{PDQ},100,1.000", f"{'1' * 64},50,2.000", f"{'2' * 64},49,3.000"])
    lines = [
        "# a local file",
        f"pdq {PDQ}",
        f"video_md5 {MD5.upper()}",
        f"HASH_SHA1\t{SHA1}",
        f"video_sha256 {SHA256} 'A collaboration' FetchedSignalMetadata()",
        f"vpdq {frames}",
        "url https://example.org/",
        "raw_text some words",
        "pdq zz",
        "vpdq [1]",
        "nothing",
    ]
    found, facts = read("\n".join(lines).encode())
    assert [(each.row, each.kind, each.value) for each in found] == [
        (1, "pdq", PDQ),
        (2, "md5", MD5),
        (3, "sha1", SHA1),
        (4, "sha256", SHA256),
        (5, "pdq", PDQ),
        (5, "pdq", "1" * 64),
    ]
    assert facts["unsupported"] == {"vpdq frame too plain to compare": 1, "url": 1, "raw_text": 1}
    assert problems(facts) == [
        (9, "pdq is not 64 hexadecimal digits"),
        (10, "not a vPDQ signal"),
        (11, "neither a type and its signal nor a comment"),
    ]
    assert facts["format"] == "threatexchange"


def test_the_cache_of_the_command_line_is_read_in_both_its_forms() -> None:
    short = f"{MD5},7,2020-07-01T18:31:15+0000,tag_a tag_b\n{SHA1},8,mine,\n"
    long = f"{MD5},12345,7,2020-07-01T18:31:15+0000,tag_a tag_b\n{SHA1},5,8,mine,\n"
    for data in (short, long):
        found, facts = read(data.encode())
        assert [(each.kind, each.category) for each in found] == [
            ("md5", ("ThreatExchange", "tag_a tag_b")),
            ("sha1", None),
        ]
        assert facts["errors"] == []
    pdq = f"{PDQ},7,2020-07-01T18:31:15+0000,x\n".encode()
    assert [read(pdq, **how)[0][0].kind for how in ({}, {"bare": "pdq"}, {"name": "simple.HASH_PDQ.te"})] == [
        "sha256",
        "pdq",
        "pdq",
    ]
    assert read(b"0123,7,mine,x\n" + pdq, name="simple.HASH_TMK.te", format="threatexchange")[1]["rows"] == 0


def test_the_table_that_threatexchange_prints_is_read() -> None:
    header, seen = "signal_type,signal_str,collab,category,tags", "Sample,POSITIVE_CLASS"
    data = f"{header}\npdq,{PDQ},{seen},\nvideo_md5,{MD5},{seen},x\n"
    for how in ({}, {"format": "threatexchange"}):
        found, facts = read(data.encode(), **how)
        assert [(each.kind, each.category) for each in found] == [
            ("pdq", ("", "POSITIVE_CLASS")),
            ("md5", ("", "POSITIVE_CLASS")),
        ]
        assert facts["errors"] == []


def test_answers_of_the_threatexchange_api_are_read() -> None:
    tags = {"data": [{"text": "b"}, {"text": "a"}]}
    update = {"id": "1", "indicator": MD5, "type": "HASH_MD5", "last_updated": 1, "should_delete": False}
    data = {
        "data": [
            update
            | {"descriptors": {"data": [{"id": "7", "status": "MALICIOUS", "tags": tags}, {"tags": ["c", "a"]}]}},
            update | {"should_delete": True, "descriptors": {"data": []}},
            update,
            {"raw_indicator": PDQ, "type": "HASH_PDQ", "tags": ["x"], "owner": {"id": "2"}},
            {"indicator": "https://example.org", "type": "URI", "should_delete": False, "descriptors": {}},
            {"indicator": 7, "type": "HASH_MD5"},
            {"indicator": None, "id": "1", "should_delete": True},
            {"id": "1"},
        ],
        "paging": {"next": "https://example.org"},
    }
    found, facts = read_all(json.dumps(data).encode())
    labels = ("ThreatExchange", "a b c")
    assert [(each.row, each.kind, each.category, each.withdrawn) for each in found] == [
        (1, "md5", labels, False),
        (1, "reference", labels, False),
        (2, "md5", None, True),
        (2, "reference", None, True),
        (3, "md5", None, True),
        (3, "reference", None, True),
        (4, "pdq", ("ThreatExchange", "x"), False),
        (5, "reference", None, True),
    ]
    assert len({each.value for each in found if each.kind == "reference"}) == 1
    assert facts["unsupported"] == {"uri": 1}
    assert elements(facts) == [("indicator 6", "its indicator or type is no text"), ("indicator 8", "no indicator")]


@pytest.mark.parametrize("older", [False, True])
def test_a_vpdq_signal_alone_is_one_row(older: bool) -> None:
    frames = [(PDQ, 100), ("1" * 64, 60), ("2" * 64, 3)]
    new = [f"{digits},{quality},{n}.000" for n, (digits, quality) in enumerate(frames)]
    old = {
        str(n): {"quality": quality, "hash": digits, "timestamp": float(n)}
        for n, (digits, quality) in enumerate(frames)
    }
    found, facts = read(json.dumps(old if older else new).encode())
    assert [(each.row, each.kind, each.value) for each in found] == [(1, "pdq", PDQ), (1, "pdq", "1" * 64)]
    assert facts["unsupported"] == {"vpdq frame too plain to compare": 1}


def test_contents_of_hma_are_rows_by_their_bank() -> None:
    def content(number: int, signals: object, **more: object) -> dict[str, object]:
        bank = {"name": "BANK_A", "matching_enabled_ratio": 1.0}
        return {
            "id": number,
            "bank": bank,
            "signals": signals,
            "disable_until_ts": 1,
            "original_media_uri": None,
        } | more

    contents = [
        content(1, {"pdq": PDQ, "video_md5": MD5}, note="x", metadata={"json": {"media": [1]}}),
        content(2, {"pdq": PDQ}, disable_until_ts=0),
        content(3, {"pdq": PDQ}, disable_until_ts=1_000),
        content(4, {"pdq": PDQ}, disable_until_ts=3_000),
        content(5, {"clip": "x"}),
        content(6, {"pdq": ""}),
        content(7, None),
    ]
    for data in (json.dumps(contents), "\n".join(map(json.dumps, contents))):
        found, facts = read_all(data.encode(), now=2_000)
        bank = ("HMA", "BANK_A")
        assert [each[:2] + each[3:] for each in found if each.kind != "reference"] == [
            (1, "pdq", bank, False),
            (1, "md5", bank, False),
            (2, "pdq", bank, True),
            (3, "pdq", bank, False),
            (4, "pdq", bank, True),
        ]
        assert len({each.value for each in found if each.kind == "reference"}) == 4
        assert facts["unsupported"] == {"clip": 1}
        assert elements(facts) == [("content 6", "pdq is not 64 hexadecimal digits"), ("content 7", "no signals")]
        assert facts["format"] == "hma"
