"""One file of a platform becomes one Parquet part of one table: every record in its place, with what is wrong with it.

A part holds the table's columns, `_lost` (why the record is none), `_doubt` (what is wrong with one that stands all the same)
and `_raw` (the start of such a record). Its rows stand as in the file, so that a row's place is its number, or it has a column
`row`. One pass reads, parses and writes; nothing is held in memory.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from amparo.cases.tables.amounts import amount, digits_of
from amparo.cases.tables.base_mapping import BaseSource
from amparo.cases.tables.csv_rows import BadRecord
from amparo.cases.tables.reading import NO_OBJECT, Rows, SourceFile, read
from amparo.cases.tables.shapes import KINDS, LONGEST_NAME, TABLES, Field, columns_of
from amparo.cases.tables.store import ROW_GROUP, Store, literal
from amparo.cases.tables.times import (
    EARLIEST,
    EPOCHS,
    ISO,
    LATEST,
    MOST_OFFSET_MIN,
    offset,
    wall,
    zone_offset,
)

LONGEST_ADDRESS = 45
SAMPLE = 4096  # rows
BLANKS = "' ' || chr(9) || chr(10) || chr(13)"
_INTEGERS = frozenset(f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"))
_MOMENTS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"}
_MOMENT_UTC = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True)
class Part:
    """numbered: whether it has a column `row`. lost, doubts: of its rows. unread: a Parquet file of the records that are not
    even in it (row, problem, raw), None if there are none."""

    place: Path
    numbered: bool
    rows: int
    lost: int
    doubts: int
    unread: Path | None


def make_part(store: Store, file: SourceFile, source: BaseSource, out: Path, compression: str = "snappy") -> Part:
    """Writes the file's records to `out`, which lies in the store's work folder."""
    numbered = False

    def take(rows: Rows) -> None:
        nonlocal numbered
        # A Parquet file's own numbers are its places.
        numbered = bool(rows.number) and source.format != "parquet"
        query = _Query(source, rows, numbered)
        # Trimming every cell costs half as much again as all the rest, and most files need none: it is done where the first
        # rows need it, and a file in which a later one does is read a second time.
        sample = f"(SELECT * FROM {rows.query} LIMIT {SAMPLE})"
        query.trims = (
            numbered or source.format in {"json", "jsonl"} or _has_tabs(file, source) or query.is_ragged(store, sample)
        )
        query.write(store, out, compression)
        if not query.trims and query.left_ragged(store, out):
            query.trims = True
            query.write(store, out, compression)

    bad = read(store, file, source, take)
    count, lost, doubts = store.rows(f"SELECT count(*), count(_lost), count(_doubt) FROM {_parquet(out)}")[0]
    return Part(out, numbered, count, lost, doubts, _unread(store, bad, out.with_suffix(".unread.parquet")))


def _unread(store: Store, bad: Sequence[BadRecord], out: Path) -> Path | None:
    if not bad:
        return None
    texts = {name: np.array([getattr(each, name) for each in bad], dtype=object) for name in ("problem", "raw")}
    store.table("given_bad", {"row": np.array([each.row for each in bad], dtype=np.int64)} | texts)
    store.run(f'COPY (SELECT * FROM given_bad ORDER BY "row") TO {literal(str(out))} (FORMAT parquet)')
    store.run("DROP TABLE given_bad")
    return out


def in_time(store: Store, part: Part, table: str, out: Path) -> Part:
    """The part with its rows in the order of their time: itself where they stand so, else another, at `out`."""
    place = _parquet(part.place)
    moment = "coalesce(at_utc, at_wall)"
    if store.one(
        f"SELECT coalesce(bool_and(a >= b), true) FROM (SELECT {moment} AS a, lag({moment}) OVER () AS b FROM {place})"
    ):
        return part
    every = "* EXCLUDE (file_row_number)" + ("" if part.numbered else ', file_row_number + 1 AS "row"')
    store.run(
        f'COPY (SELECT {every} FROM {_parquet(part.place, "file_row_number=true, ")} ORDER BY {moment} NULLS LAST, "row") '
        f"TO {literal(str(out))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    part.place.unlink()
    return replace(part, place=out, numbered=True)


def newest_day(store: Store, part: Part) -> date | None:
    """The day of the newest event in the part."""
    found = store.one(f"SELECT CAST(max(coalesce(at_utc, at_wall)) AS DATE) FROM {_parquet(part.place)}")
    return found if isinstance(found, date) else None


def part_rows(place: Path, table: str, numbered: bool) -> str:
    """The query for a part's records and what is wrong with them, with their numbers."""
    names = ", ".join(_restored(name) for name, _ in columns_of(table))
    number = '"row"' if numbered else "file_row_number + 1"
    return f'SELECT {names}, {number} AS "row", _lost, _doubt, _raw FROM {_parquet(place, "file_row_number=true, ")}'


def _has_tabs(file: SourceFile, source: BaseSource) -> bool:
    """Whether a CSV holds a tab anywhere: cheaper to ask of its bytes than of every cell."""
    if source.format != "csv" or not file.size_bytes:
        return False
    with file.path.open("rb") as data, mmap.mmap(data.fileno(), 0, access=mmap.ACCESS_READ) as held:
        return held.find(b"\t") >= 0


def _ends_blank(cell: str) -> str:
    return f"suffix({cell}, ' ')"


def _parquet(place: Path, more: str = "") -> str:
    return f"read_parquet({literal(str(place))}, {more}hive_partitioning=false)"


class _Query:
    """The SQL from a file's cells to a part's rows, in layers: cells, quick times, written times, clocks, columns."""

    def __init__(self, source: BaseSource, rows: Rows, numbered: bool) -> None:
        self.source, self.rows, self.numbered = source, rows, numbered
        self.fields: Sequence[Field] = TABLES[source.table]
        self.times = [each for each in self.fields if each.kind == "time"]
        self.trims = True

    def type_of(self, field: Field) -> str:
        return self.rows.types.get(field.name, "VARCHAR").partition("(")[0]

    def typed(self, field: Field) -> bool:
        """Whether the file gives the field in a type that needs no reading of text."""
        told = self.type_of(field)
        if field.name in self.source.constants:
            return False
        if field.kind == "time":
            epoch = self.source.time_formats[0] in EPOCHS
            return told in _MOMENTS or told == _MOMENT_UTC or (told in _INTEGERS and epoch)
        return (field.kind in {"integer", "port"} and told in _INTEGERS) or (
            field.kind == "boolean" and told == "BOOLEAN"
        )

    def cell(self, field: Field) -> str:
        """The cell: of its own type, or a trimmed text that is not empty."""
        found = self.rows.columns.get(field.name)
        if found and self.typed(field):
            return found
        if found and self.type_of(field) != "VARCHAR":
            found = f"CAST({found} AS VARCHAR)"
        elif found and self.trims:
            # DuckDB's trim of spaces is several times faster than that of a set of characters.
            found = (
                f"nullif(CASE WHEN contains({found}, chr(9)) THEN trim({found}, {BLANKS}) ELSE trim({found}) END, '')"
            )
        if field.name in self.source.constants:
            told = literal(self.source.constants[field.name])
            return f"coalesce({found}, {told})" if found else told
        return found or "CAST(NULL AS VARCHAR)"

    def is_ragged(self, store: Store, place: str) -> bool:
        """Whether a cell there is empty, or begins or ends with a blank."""
        texts = [cell for name, cell in self.rows.columns.items() if self.rows.types[name] == "VARCHAR"]
        test = " OR ".join(f"{cell} <= '!' OR {_ends_blank(cell)}" for cell in texts)
        return bool(texts and store.one(f"SELECT coalesce(bool_or({test}), false) FROM {place}"))

    def left_ragged(self, store: Store, part: Path) -> bool:
        """Of a part: whether a cell should have been trimmed. What a text begins with is known from its least value, which
        Parquet keeps."""
        texts = [name for name, kind in columns_of(self.source.table) if kind == "VARCHAR"]
        least = " OR ".join(f"""coalesce(min("{name}") <= '!', false)""" for name in texts)
        ends = "coalesce(bool_or(_ragged), false)"
        return any(store.one(f"SELECT {each} FROM {_parquet(part)}") for each in (least, ends))

    def ragged(self) -> str:
        """Whether a cell of the row ends with a blank, or, where it could not be read, begins with one."""
        texts = [f'"t_{each.name}"' for each in self.fields if self.given(each) and not self.typed(each)]
        begins = " OR ".join(f"{each} <= '!'" for each in texts) or "false"
        ends = " OR ".join(_ends_blank(each) for each in texts) or "false"
        if self.source.format == "parquet":
            ends += "".join(f" OR contains({each}, chr(9))" for each in texts)
        return f"coalesce({ends}, false) OR (_lost IS NOT NULL OR _doubt IS NOT NULL) AND coalesce({begins}, false)"

    def write(self, store: Store, out: Path, compression: str) -> None:
        store.run(
            f"COPY ({self.text()}) TO {literal(str(out))} "
            f"(FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE {ROW_GROUP})"
        )

    def text(self) -> str:
        cells = [f'{self.cell(each)} AS "t_{each.name}"' for each in self.fields]
        number = [f'{self.rows.number} AS "row"'] if self.numbered else []
        query = f"SELECT {self.rows.whole} AS whole, {', '.join(number + cells)} FROM {self.rows.query}"
        for layer in (self.quick, self.written, self.clocks):
            more = [column for each in self.times for column in layer(each)]
            query = f"SELECT *, {', '.join(more)} FROM ({query})" if more else query
        query = f"SELECT *, {', '.join(self.values())} FROM ({query})"
        query = f"SELECT *, {self.lost()} AS _lost, {self.doubt()} AS _doubt FROM ({query})"
        ragged = "" if self.trims else f", {self.ragged()} AS _ragged"
        names = [_stored(name) for name, _ in columns_of(self.source.table)] + (['"row"'] if self.numbered else [])
        return f"SELECT {', '.join(names)}, _lost, _doubt, {self.raw()} AS _raw{ragged} FROM ({query})"

    def quick(self, field: Field) -> list[str]:
        """A time as most platforms write it, which DuckDB reads by itself; the rest is read more slowly."""
        if self.typed(field) or "iso" not in self.source.time_formats:
            return []
        text = f"t_{field.name}"
        usual = f"length({text}) = 19 OR (length({text}) = 20 AND right({text}, 1) = 'Z')"
        return [f"TRY_CAST(CASE WHEN {usual} THEN {text} END AS TIMESTAMP) AS q_{field.name}"]

    def written(self, field: Field) -> list[str]:
        if self.typed(field) or "iso" not in self.source.time_formats:
            return []
        told = f"regexp_extract(t_{field.name}, '{ISO}', ['d', 't', 'z'])"
        return [f"CASE WHEN q_{field.name} IS NULL THEN {told} END AS t_{field.name}_iso"]

    def clocks(self, field: Field) -> list[str]:
        """w: microseconds on the wall. o: minutes from UTC, where they are written."""
        name, formats = field.name, self.source.time_formats
        text = f"t_{name}"
        if self.typed(field):
            told = self.type_of(field)
            factor = EPOCHS.get(formats[0], 1)
            us = f"TRY(CAST({text} AS BIGINT) * {factor})" if told in _INTEGERS else f"epoch_us({_plain(text, told)})"
            early, late = (f"epoch_us({each})" for each in (EARLIEST, LATEST))
            certain = "NULL" if told in _MOMENTS else "0"
            return [
                f"CASE WHEN {us} BETWEEN {early} AND {late} THEN {us} END AS w_{name}",
                f"CAST({certain} AS INTEGER) AS o_{name}",
            ]
        if "iso" not in formats:
            epoch = any(each in EPOCHS for each in formats)
            written = (
                f"CASE WHEN regexp_full_match({text}, '\\d{{1,16}}') THEN 0 END" if epoch else "CAST(NULL AS INTEGER)"
            )
            return [f"{wall(text, formats)} AS w_{name}", f"{written} AS o_{name}"]
        quick = f"q_{name} BETWEEN {EARLIEST} AND {LATEST}"
        return [
            f"CASE WHEN {quick} THEN epoch_us(q_{name}) ELSE {wall(text, formats)} END AS w_{name}",
            f"CASE WHEN {quick} THEN CASE WHEN length({text}) = 20 THEN 0 END ELSE {offset(text, formats)} END AS o_{name}",
        ]

    def utc(self, name: str) -> str:
        clock, written = f"w_{name}", f"o_{name}"
        if self.source.zone == "UTC":
            return f"make_timestamp({clock} - coalesce({written}, 0)::BIGINT * 60000000)"
        told = f"WHEN {written} IS NOT NULL THEN make_timestamp({clock} - {written}::BIGINT * 60000000)"
        if not self.source.zone:
            return f"CASE {told} END"
        return f"CASE {told} ELSE make_timestamp({clock} - ({zone_offset(self.source.zone, clock)})) END"

    def values(self) -> list[str]:
        found = []
        for each in self.fields:
            text = f'"t_{each.name}"'
            if each.kind == "time":
                fits = f"abs(coalesce(o_{each.name}, 0)) <= {MOST_OFFSET_MIN}"
                found.append(f'CASE WHEN {fits} THEN {self.utc(each.name)} END AS "{each.name}_utc"')
                wall_clock = f"CASE WHEN {fits} THEN make_timestamp(w_{each.name}) END"
                found.append(f'{wall_clock} AS "{each.name}_wall"')
            elif each.kind == "amount":
                money = f"upper(coalesce(t_currency, {literal(self.source.currency)}))"
                plain = self.type_of(each) != "VARCHAR" and each.name not in self.source.constants
                signs = (".", "") if plain else (self.source.decimal, self.source.grouping)
                read_as = amount(text, digits_of(money), *signs)
                found.append(f'{read_as} AS "{each.name}_minor"')
            else:
                found.append(f'{self.value(each, text)} AS "{each.name}"')
        return found

    def value(self, field: Field, text: str) -> str:
        if field.kind == "word":
            return _translated(text, self.source.kinds)
        if field.kind == "country":
            code = f"upper({_translated(text, self.source.countries)})"
            letters = f"ascii({code}) BETWEEN 65 AND 90 AND ascii(right({code}, 1)) BETWEEN 65 AND 90"
            return f"CASE WHEN length({code}) = 2 AND {letters} THEN {code} END"
        if field.kind == "address":
            return _address(text)
        if field.kind == "port":
            port = f"TRY_CAST({text} AS INTEGER)"
            if any(each.name == "address" for each in self.fields):
                port = f"coalesce({port}, {_port_of('t_address')})"
            return f"CASE WHEN {port} BETWEEN 0 AND 65535 THEN {port} END"
        if field.kind == "integer":
            return f"TRY_CAST({text} AS BIGINT)"
        if field.kind == "boolean" and not self.typed(field):
            return (
                f"CASE WHEN lower({text}) IN ('yes', 'y') THEN true WHEN lower({text}) IN ('no', 'n') THEN false "
                f"ELSE TRY_CAST({text} AS BOOLEAN) END"
            )
        if field.name == "currency":
            code = f"upper(coalesce({text}, {literal(self.source.currency)}))"
            return f"CASE WHEN regexp_full_match({code}, '[A-Z]{{3}}') THEN {code} END"
        return text

    def lost(self) -> str:
        cases = [] if self.rows.whole == "true" else [("NOT whole", literal(NO_OBJECT))]
        for each in self.fields:
            if not each.needed:
                continue
            column = f"{each.name}_wall" if each.kind == "time" else each.name
            cases.append((f'"t_{each.name}" IS NULL', literal(f"the {each.name} is empty")))
            if each.kind == "time":
                told = f"left(CAST(t_{each.name} AS VARCHAR), 80)"
                cases.append((f'"{column}" IS NULL', f"'the {each.name} fits no format of the mapping: ' || {told}"))
            elif each.kind == "text":
                cases.append((f'length("{column}") > {LONGEST_NAME}', "'a name longer than any platform gives'"))
        if self.source.table == "identifiers":
            known = ", ".join(literal(each) for each in KINDS)
            cases.append((f"kind NOT IN ({known})", "'no [source.kinds] names the word ' || left(t_kind, 80)"))
        return f"CASE {' '.join(f'WHEN {when} THEN {then}' for when, then in cases)} END"

    def doubt(self) -> str:
        tests = [(each, self.doubtful(each)) for each in self.fields]
        cases = [(each, when) for each, when in tests if when and self.given(each)]
        if not cases:
            return "CAST(NULL AS VARCHAR)"
        told = ", ".join(
            f"CASE WHEN {when} THEN {literal(f'{each.name} is not readable: ')} || "
            f'left(CAST("t_{each.name}" AS VARCHAR), 80) END'
            for each, when in cases
        )
        return f"CASE WHEN {' OR '.join(f'({when})' for _, when in cases)} THEN concat_ws('; ', {told}) END"

    def given(self, field: Field) -> bool:
        return field.name in self.rows.columns or field.name in self.source.constants

    def doubtful(self, field: Field) -> str:
        plain = field.kind in {"text", "word"} and field.name != "currency"
        if plain or field.needed or (self.typed(field) and field.kind == "boolean"):
            return ""
        column = field.columns[-1][0]
        return f'"t_{field.name}" IS NOT NULL AND "{column}" IS NULL'

    def raw(self) -> str:
        cells = ", ".join(f'CAST("t_{each.name}" AS VARCHAR)' for each in self.fields if self.given(each))
        return f"CASE WHEN _lost IS NOT NULL OR _doubt IS NOT NULL THEN left(concat_ws(' | ', {cells}), 500) END"


def _stored(name: str) -> str:
    """A column as parts keep it: a wall clock only where it is not UTC's own."""
    if not name.endswith("_wall"):
        return f'"{name}"'
    return f'nullif("{name}", "{_utc_of(name)}") AS "{name}"'


def _restored(name: str) -> str:
    return f'coalesce("{name}", "{_utc_of(name)}") AS "{name}"' if name.endswith("_wall") else f'"{name}"'


def _utc_of(name: str) -> str:
    return f"{name.removesuffix('_wall')}_utc"


def _plain(text: str, told: str) -> str:
    return text if told in {"TIMESTAMP", _MOMENT_UTC} else f"CAST({text} AS TIMESTAMP)"


def _translated(text: str, words: dict[str, str]) -> str:
    if not words:
        return text
    return f"CASE {text} {' '.join(f'WHEN {literal(a)} THEN {literal(b)}' for a, b in words.items())} ELSE {text} END"


_WITH_PORT = "'^(?:::[fF]{4}:)?(\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})(?::(\\d{1,5}))?$'"
_BRACKETS = "'^\\[([0-9A-Fa-f:.]+)\\](?::(\\d{1,5}))?$'"


def _mixed(text: str) -> str:
    """Whether an address may carry a port, brackets, or IPv4 in IPv6."""
    return f"(contains({text}, ':') AND (contains({text}, '.') OR contains({text}, '[')))"


def _address(text: str) -> str:
    """An address alone, in small letters; NULL for what is none by its characters."""
    alone = f"CASE WHEN {_six(text)} THEN lower({text}) END"
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9.]{{7,15}}') THEN {text} "
        f"WHEN {_mixed(text)} THEN coalesce(lower({_apart(text, 1)}), {alone}) ELSE {alone} END"
    )


def _apart(text: str, part: int) -> str:
    """The address (1) or the port (2) of a text that holds both."""
    found = ", ".join(f"nullif(regexp_extract({text}, {shape}, {part}), '')" for shape in (_WITH_PORT, _BRACKETS))
    return f"coalesce({found})"


def _six(text: str) -> str:
    return f"(contains({text}, ':') AND regexp_full_match({text}, '[0-9A-Fa-f:.]{{2,{LONGEST_ADDRESS}}}'))"


def _port_of(text: str) -> str:
    return f"CASE WHEN {_mixed(text)} THEN TRY_CAST({_apart(text, 2)} AS INTEGER) END"
