"""Many reports at once: what is shown before anything is taken in, what is refused, what an undo leaves alone."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from uuid import UUID

import intake_house as house
import pytest
from hypothesis import given, strategies as st

from amparo.access.acts import Actor
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.intake import actions, batches, columns, queries, queue_queries
from amparo.intake.queue_queries import QueueFilter
from amparo.sandbox.readings import ExaminationFailed

HEAD = ["ID", "Fecha", "Descripción", "URL", "Usuario", "Plataforma", "Urgente", "Denunciante", "Notas"]
ROWS = [
    [
        "A1",
        "3/11/2026 21:00",
        "Item shared in a group.\nSee the link.",
        "https://example.org/a",
        "",
        "chat app",
        "no",
        "Persona Uno",
        "x",
    ],
    ["A2", "", "", "", "user-two", "live app", "sí", "Persona Dos", ""],
    ["A3", "", "", "", "", "", "", "Persona Tres", "only a note"],
]


def table(rows: list[list[str]], delimiter: str = ";") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def workbook(rows: list[list[str]]) -> bytes:
    """A small XLSX with inline strings, made without any library of ours or theirs."""
    cells = "".join(
        f'<row r="{r}">'
        + "".join(f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{v}</t></is></c>' for c, v in enumerate(row))
        + "</row>"
        for r, row in enumerate(rows, 1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    link = (
        f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{document}/%s" Target="%s"/></Relationships>'
    )
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="rels" ContentType="{relations}"/></Types>',
        "_rels/.rels": link % ("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{document}"><sheets>'
        '<sheet name="Export" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": link % ("worksheet", "worksheets/s.xml"),
        "xl/worksheets/s.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    return house.new_house(tmp_path, monkeypatch)


@pytest.fixture
def clerk(home: Home) -> Actor:
    return house.officer(home, "analyst")[0]


def queue() -> set[str]:
    return {row.subject for row in queue_queries.rows(queue_queries.queue(QueueFilter()))}


def shown(clerk: Actor, data: bytes) -> UUID:
    return batches.show(clerk, "export.csv", "A hotline", data).batch


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "data",
    [
        table([HEAD, *ROWS]),
        table([HEAD, *ROWS], "\t"),
        workbook([HEAD, *ROWS]),
        json.dumps([dict(zip(HEAD, row, strict=True)) for row in ROWS]).encode(),
        "\n".join(json.dumps(dict(zip(HEAD, row, strict=True))) for row in ROWS).encode(),
    ],
    ids=["csv", "tabs", "xlsx", "json", "json lines"],
)
def test_a_table_of_any_kind_is_shown_row_by_row_and_nothing_of_it_is_taken_in(
    home: Home, clerk: Actor, data: bytes
) -> None:
    batch = shown(clerk, data)
    facts = batches.facts(batch)
    assert dict(facts.columns)["Descripción"] == "text"
    assert (facts.rows, facts.counts["wrong"]) == (3, 1)
    first, second = batches.shown_rows(batch, wrong=False, limit=10)
    assert (first.leads, second.leads, second.sealed) == (("https://example.org/a",), ("user-two",), True)
    (wrong,) = batches.shown_rows(batch, wrong=True, limit=10)
    assert "Nothing in this row says what happened" in wrong.problem
    house.work(home)
    assert queue() == set()


@pytest.mark.django_db(transaction=True)
def test_what_is_not_understood_is_said_row_by_row_and_the_row_can_be_a_report_all_the_same(
    home: Home, clerk: Actor
) -> None:
    head = ["text", "date", "ip", "port", "danger now", "sha256", "email"]
    rows = [
        ["one", "2026-13-45", "999.1.1.1", "70000", "perhaps", "abc", "nobody at all"],
        ["two", "3/11/2026 21:00", "192.0.2.7", "443", "yes", "a" * 64, "a@example.org"],
        ["three", "", "", "", "", "", ""],
    ]
    batch = shown(clerk, table([head, *rows]))
    assert batches.facts(batch).counts | {"shown": 3} == {"shown": 3, "wrong": 0, "remarked": 1}
    ((number, remark),) = batches.remarks(batch, 10)
    assert number == 2
    for word in ("2026-13-45", "999.1.1.1", "70000", "perhaps", "abc", "nobody at all"):
        assert f"“{word}”" in remark
    names = [name for name, _ in batches.facts(batch).columns]
    batches.choose_columns(clerk, batch, ["text", *["other"] * (len(names) - 1)])
    assert batches.remarks(batch, 10) == (), "what is kept as it stands is not read"


@pytest.mark.django_db(transaction=True)
def test_rows_become_reports_with_their_danger_and_reporters_are_nowhere_in_the_open(home: Home, clerk: Actor) -> None:
    batch = shown(clerk, table([HEAD, *ROWS]))
    batches.take(clerk, batch)
    house.work(home)
    assert batches.facts(batch).state == "taken"
    assert queue() == {"Item shared in a group.", "user-two"}
    top = queue_queries.rows(queue_queries.queue(QueueFilter()))[0]
    assert top.subject == "user-two"
    everything = json.dumps(
        [str(queries.report(each.report)) for each in batches.shown_rows(batch, wrong=False, limit=9) if each.report]
    )
    assert "Persona" not in everything


@pytest.mark.django_db(transaction=True)
def test_the_same_rows_imported_again_are_not_taken_twice(home: Home, clerk: Actor) -> None:
    for _ in range(2):
        batch = shown(clerk, table([HEAD, *ROWS]))
        batches.take(clerk, batch)
        house.work(home)
    assert batches.facts(batch).counts.get("repeated") == 2
    assert len(queue_queries.rows(queue_queries.queue(QueueFilter()))) == 2


@pytest.mark.django_db(transaction=True)
def test_an_import_is_undone_but_for_what_somebody_has_read_and_can_be_taken_in_again(home: Home, clerk: Actor) -> None:
    batch = shown(clerk, table([HEAD, *ROWS]))
    batches.take(clerk, batch)
    house.work(home)
    read = next(each for each in batches.shown_rows(batch, wrong=False, limit=9) if each.subject == "user-two")
    assert read.report is not None
    actions.read_report(clerk, read.report)
    batches.undo(clerk, batch)
    house.work(home)
    facts = batches.facts(batch)
    assert (facts.state, facts.counts.get("undone"), facts.counts.get("kept")) == ("undone", 1, 1)
    assert queue() == {"user-two"}
    again = shown(clerk, table([HEAD, *ROWS]))
    batches.take(clerk, again)
    house.work(home)
    assert queue() == {"Item shared in a group.", "user-two"}


@pytest.mark.django_db(transaction=True)
def test_a_column_can_be_said_to_be_another_and_never_unseals_a_reporter(home: Home, clerk: Actor) -> None:
    batch = shown(clerk, table([HEAD, *ROWS]))
    chosen = [target for _, target in batches.facts(batch).columns]
    chosen[HEAD.index("Notas")], chosen[HEAD.index("Denunciante")] = "text", "subject"
    batches.choose_columns(clerk, batch, chosen)
    facts = batches.facts(batch)
    assert facts.counts["wrong"] == 0
    assert dict(facts.columns)["Denunciante"] == "reporter_name"
    with pytest.raises(Refused, match="can't both be"):
        batches.choose_columns(clerk, batch, ["reference"] * len(chosen))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02" * 50,
        b"PK\x03\x04broken",
        b"[1, 2]",
        b'{"a"',
        b"only a heading\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(home: Home, clerk: Actor, data: bytes) -> None:
    with pytest.raises((ExaminationFailed, Refused)) as refusal:
        shown(clerk, data)
    assert refusal.value.sentence.endswith(".")


@pytest.mark.django_db(transaction=True)
def test_a_spreadsheet_bomb_costs_its_own_examination_only(home: Home, clerk: Actor) -> None:
    bomb = workbook([["text"], ["A" * 30_000_000]])
    with pytest.raises((ExaminationFailed, Refused)):
        shown(clerk, workbook([["text"]] + [["row"]] * 20_001))
    batches.show(clerk, "bomb.xlsx", "A hotline", bomb)
    assert (
        batches.shown_rows(shown(clerk, table([["text"], ["an item"]])), wrong=False, limit=1)[0].subject == "an item"
    )


@given(st.lists(st.text(max_size=12), min_size=1, max_size=12), st.data())
def test_any_row_is_a_report_or_says_why_not(names: list[str], data: st.DataObject) -> None:
    chosen = columns.recognised(names)
    cells = data.draw(st.lists(st.text(max_size=20), min_size=len(names), max_size=len(names)))
    row = columns.row_of(names, chosen, cells)
    assert bool(row.problem) != bool(row.subject or row.text or row.fields)
    assert not columns.obstacles(chosen)
