"""Tables and plain text of hashes, as people, spreadsheets and other programs send them."""

from __future__ import annotations

import csv
import io
import random
from contextlib import suppress

import pytest
from hypothesis import given, settings, strategies as st

from amparo.sandbox.inside.frames import Unreadable
from amparo.sandbox.inside.hash_lists import lines, text
from amparo.sandbox.inside.hash_lists.records import Found
from tests.sandbox.collected import Collected
from tests.sandbox.listed import Entry, problems, read

MD5, SHA1, SHA256, PDQ = "d" * 32, "e" * 40, "a" * 64, "f" * 64


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_table_is_read_whatever_program_wrote_it(delimiter: str, charset: str, end: str, quoted: bool) -> None:
    lines = [["Category", "SHA-256", "Note", "md5", "PDQ"], ["2", SHA256.upper(), "ü", MD5, ""], ["", "", "", "", PDQ]]
    cells = [[f'"{cell}"' if quoted else cell for cell in line] for line in lines]
    found, facts = read(end.join(delimiter.join(line) for line in cells).encode(charset))
    assert found == [
        Entry(1, "md5", MD5, ("", "2")),
        Entry(1, "sha256", SHA256, ("", "2")),
        Entry(2, "pdq", PDQ),
    ]
    assert facts["columns"] == ["category", "md5", "pdq", "sha256"]
    assert facts["format"] == "csv"
    assert facts["errors"] == []


def test_hashes_alone_are_known_by_their_length() -> None:
    found, facts = read(f"# our list\n{MD5}\n{SHA1.upper()},B1\n\n  {SHA256}  \n".encode())
    assert [each[:4] for each in found] == [
        (1, "md5", MD5, None),
        (2, "sha1", SHA1, ("", "B1")),
        (3, "sha256", SHA256, None),
    ]
    assert (facts["errors"], facts["format"]) == ([], "text")
    assert read(PDQ.encode(), bare="pdq")[0] == [Entry(1, "pdq", PDQ)]


def test_a_column_called_hash_holds_any_kind() -> None:
    found, facts = read(f"id,Hash Value,class\n#1,{MD5},a\n2,{SHA1},a\n3,{PDQ},b\n4,abc,b\n".encode(), bare="pdq")
    assert [(each.row, each.kind) for each in found] == [(1, "sha1"), (2, "pdq")]
    assert problems(facts) == [
        (2, "it begins with #, so it is taken for a comment, though it holds a hash"),
        (5, "not a hash of 32, 40 or 64 hexadecimal digits"),
    ]


def test_a_type_beside_the_hash_says_its_kind() -> None:
    data = f"algorithm,digest\nSHA-256,{SHA256}\nPDQ,{PDQ}\nvideo_md5,{MD5}\nphash,0123\nMD5,{SHA1}\n".encode()
    found, facts = read(data)
    assert [(each.kind, each.value) for each in found] == [("sha256", SHA256), ("pdq", PDQ), ("md5", MD5)]
    assert facts["unsupported"] == {"phash": 1}
    assert problems(facts) == [(6, "md5 is not 32 hexadecimal digits")]


def test_names_of_columns_may_stand_below_comments_and_blanks() -> None:
    found, facts = read(f"\n# made by hand\n,,\nmd5,category,x\n{MD5},1,\n".encode())
    assert found == [Entry(1, "md5", MD5, ("", "1"))]
    assert facts["errors"] == []


def test_a_wrong_row_is_named_by_its_line_and_the_others_are_taken() -> None:
    found, facts = read(
        f"md5,sha1,category\n{MD5},,1\nnot a hash,,1\n,,2\n{MD5}0,,1\n{MD5},{MD5},2\n{MD5},,2\n".encode()
    )
    assert [(each.row, each.category) for each in found] == [(1, ("", "1")), (2, ("", "2"))]
    assert problems(facts) == [
        (3, "md5 is not 32 hexadecimal digits"),
        (4, "no hash in this row"),
        (5, "md5 is not 32 hexadecimal digits"),
        (6, "sha1 is not 40 hexadecimal digits"),
    ]


def test_lines_that_only_a_careful_look_takes_keep_their_place_among_the_others() -> None:
    odd = ["\u00a0" + "1" * 32 + "\u00a0", "      " + "2" * 32, "\x1f" + "3" * 32]
    rows = [f"{number:032x}" for number in range(10, 200)]
    mixed = [*rows[:50], odd[0], *rows[50:100], odd[1], odd[2], "zz", *rows[100:]]
    found, facts = read(("md5\n" + "\n".join(mixed) + "\n").encode())
    assert [each.value for each in found] == [cell.strip() for cell in mixed if cell != "zz"]
    assert [each.row for each in found] == list(range(1, len(mixed)))
    assert problems(facts) == [(105, "md5 is not 32 hexadecimal digits")]


def test_a_table_without_a_column_of_hashes_is_refused() -> None:
    with pytest.raises(Unreadable, match="no column of hashes"):
        read(b"category,comment\n1,x\n")


def test_a_spreadsheets_own_first_line_names_the_delimiter() -> None:
    assert read(f"sep=;\r\nmd5;category\r\n{MD5};a,b\r\n".encode())[0] == [Entry(1, "md5", MD5, ("", "a,b"))]
    assert read(f"sep=\t\nmd5\tcategory\n{MD5}\t1\n".encode())[0] == [Entry(1, "md5", MD5, ("", "1"))]


def test_photodna_is_counted_and_never_taken_for_something_else() -> None:
    data = f"md5,PhotoDNA\n{MD5},{'A' * 192}\n,{'B' * 192}\n{MD5},\n".encode()
    found, facts = read(data)
    assert [each.row for each in found] == [1, 2]
    assert facts["unsupported"] == {"photodna": 2}
    assert facts["errors"] == []
    assert read(f"photodna\n{'A' * 192}\n".encode())[1]["rows"] == 0


def test_a_category_in_windows_letters_is_read_as_it_was_written() -> None:
    found, _ = read(f"md5;categoría\n{MD5};señal\n".encode("cp1252"))
    assert found == [Entry(1, "md5", MD5, ("", "señal"))]


def test_a_cell_over_lines_is_one_cell_and_lines_are_counted_all_the_same() -> None:
    body = f'{MD5},"one\ntwo",1\n{SHA1},x,1\nzz,"a ""b""",2\n{MD5},y,3\n'
    found, facts = read(f"md5,comment,category\n{body}".encode())
    assert [(each.row, each.category) for each in found] == [(1, ("", "1")), (2, ("", "3"))]
    assert problems(facts) == [(4, "md5 is not 32 hexadecimal digits"), (5, "md5 is not 32 hexadecimal digits")]


def test_a_quote_that_nobody_closed_costs_what_stands_behind_it_and_says_so() -> None:
    many = "".join(f"{number:032x},\n" for number in range(2_000))
    found, facts = read(f'md5,comment\n{MD5},"\n{many}'.encode())
    ((line, words), *_) = problems(facts)
    assert line == 2
    assert "a cell that doesn't end" in words
    last = int(words.split("up to line ")[1].split()[0])
    assert [each.value for each in found] == [f"{number:032x}" for number in range(last - 2, 2_000)]


def test_a_line_without_end_is_named_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "CHUNK_BYTES", 100)
    monkeypatch.setattr(lines, "LINE_BYTES", 1_000)
    for ahead in range(90, 110):
        start = "md5\n" + "\n" * ahead + MD5 + "\n"
        found, facts = read((start + "x" * 100_000 + "\n" + SHA1[:32] + "\n").encode())
        assert [each.value for each in found] == [MD5, SHA1[:32]]
        assert problems(facts) == [(ahead + 3, "this line is longer than 1,000 bytes")]


def test_an_icse_export_keeps_its_classes_under_their_own_scheme() -> None:
    header = "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
    header += "Number of submissions;File Available;Media Type;Baseline"
    rows = [f"{MD5.upper()};{SHA1};{'QUFB' * 48};17;Yes;No;No;;3;No;Image;Yes", f";{SHA1};;18;;;;;1;;Video;"]
    found, facts = read("\r\n".join([header, *rows]).encode("utf-8-sig"))
    baseline = ("ICSE Baseline", "Yes")
    assert found == [Entry(1, "md5", MD5, baseline), Entry(1, "sha1", SHA1, baseline), Entry(2, "sha1", SHA1)]
    assert (facts["format"], facts["unsupported"]) == ("icse", {"photodna": 1})


def test_the_table_that_amparo_writes_loses_nothing() -> None:
    header = "row,md5,sha1,sha256,pdq,reference,withdrawn,scheme,category"
    rows = [
        f"3,{MD5},,,{PDQ},{SHA256},,VICS 2.0 UK,2",
        f"3,,,,{'0' * 64},,,VICS 2.0 UK,2",
        f'9,{MD5},,,,,withdrawn,"a, ""b""",ü',
        f"8,{MD5},,,,,,,",
        f"x,{MD5},,,,,,,",
        f"9,{MD5},,,,,gone,,",
    ]
    for data in ("\n".join([header, *rows]), "\r\n".join([header, *rows]).replace(f"{SHA256},,V", f"{SHA256},,V")):
        found, facts = read(data.encode("utf-8-sig"))
        assert found == [
            Entry(3, "md5", MD5, ("VICS 2.0 UK", "2")),
            Entry(3, "pdq", PDQ, ("VICS 2.0 UK", "2")),
            Entry(3, "pdq", "0" * 64, ("VICS 2.0 UK", "2")),
            Entry(9, "md5", MD5, ('a, "b"', "ü"), True),
        ]
        assert [line for line, _ in problems(facts)] == [5, 6, 7]
    semicolons = ";".join(header.split(",")) + f"\n1;{MD5};;;;;;s;c\n"
    assert read(semicolons.encode())[0] == [Entry(1, "md5", MD5, ("s", "c"))]


def test_a_column_of_numbers_taken_for_categories_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amparo.sandbox.inside.hash_lists.records.MOST_CATEGORIES", 50)
    with pytest.raises(Unreadable, match="more than 50 categories"):
        read(("md5,category\n" + "".join(f"{n:032x},{n}\n" for n in range(51))).encode())


# One reader of many lines at once, one of single lines: both give one answer.

CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            MD5,
            MD5.upper(),
            f" {MD5}\t",
            f'"{MD5}"',
            f'" {MD5}"',
            "#",
            '""',
            '"a""b"',
            "x,y",
            '"x,y"',
            "é",
            "\0",
        ]
    ),
    st.text(alphabet=st.sampled_from('ab"#;, \u00a0é\x1f'), max_size=6),
)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=12).map("\n".join)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(["", "md5,category\n", "category,md5,x\n", "photodna,md5\n", "id,hash\n"]), TABLES)
def test_many_lines_at_once_are_read_as_single_ones_are(header: str, body: str) -> None:
    data = (header + body).encode()

    def outcome() -> object:
        try:
            found, facts = read(data)
        except Unreadable as refusal:
            return refusal.sentence
        return found, facts | {"categories": sorted(facts["categories"])}  # their numbers are nobody's business

    at_once = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text._ManyLines, "take", lambda *_: False)
        assert outcome() == at_once


def test_what_the_standard_library_reads_is_what_is_read() -> None:
    draw = random.Random(3)
    rows = [
        [
            draw.choice(["", "a", 'say "so"', "x;y", "1, 2"]),
            draw.randbytes(16).hex(),
            draw.choice(["1", "B 2", "a long category"]),
        ]
        for _ in range(3_000)
    ]
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        out = io.StringIO(newline="")
        csv.writer(out, quoting=quoting).writerows([["note", "md5", "category"], *rows])
        found, facts = read(out.getvalue().encode())
        assert [(each.value, each.category) for each in found] == [(md5, ("", code)) for _, md5, code in rows]
        assert facts["errors"] == []


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_a_table_reader_fail_otherwise_than_by_refusing(data: bytes) -> None:
    for head in (
        b"",
        b"md5;category\n",
        b"row,md5,sha1,sha256,pdq,reference,withdrawn,scheme,category\n",
        b"\xff\xfe",
        b"sep=",
    ):
        with suppress(Unreadable):
            read(head + data)


def test_a_short_line_and_a_long_one_meet_at_every_border_of_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    data = f"md5,category\r\n{MD5},1\r\n\r\n{SHA1},2\r\n{MD5},é\r\n".encode()
    whole = read(data)
    for size in range(1, len(data) + 1):
        monkeypatch.setattr(lines, "CHUNK_BYTES", size)
        assert read(data) == whole


def test_a_table_is_read_in_pieces_whatever_they_are() -> None:
    data = f"md5\n{MD5}\n".encode("utf-16")
    for size in (1, 2, 3, 5):
        pieces = list(lines.utf8(io.BytesIO(data), size))
        assert b"".join(pieces) == f"md5\n{MD5}\n".encode()
    facts = text.read(io.BytesIO(data), {}, Found(Collected()))
    assert facts["rows"] == 1
