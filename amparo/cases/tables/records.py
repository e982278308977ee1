"""The SQL that turns a file's cells into a table's records, and says what is wrong with each, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from amparo.cases.tables.addresses import address_alone, port_beside
from amparo.cases.tables.amounts import amount, digits_of
from amparo.cases.tables.base_mapping import BaseSource
from amparo.cases.tables.reading import NO_OBJECT, Rows
from amparo.cases.tables.shapes import KINDS, LONGEST_NAME, TABLES, Field, columns_of
from amparo.cases.tables.store import ROW_GROUP, Store, literal
from amparo.cases.tables.times import EARLIEST, EPOCHS, ISO, LATEST, MOST_OFFSET_MIN, moment, offset, wall, zone_offset

BLANKS = "' ' || chr(9) || chr(10) || chr(13)"
_INTEGERS = frozenset(f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"))
_MOMENTS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"}
_MOMENT_UTC = "TIMESTAMP WITH TIME ZONE"
# What a part's `_bad` begins with; in this order, since the least one is looked for.
UNTRIMMED, DOUBT, LOST = "b", "d", "l"
LENGTH_DIGITS = 5


def parquet_file(place: Path, more: str = "") -> str:
    """What stands after FROM for a part."""
    return f"read_parquet({literal(str(place))}, {more}hive_partitioning=false)"


def what_is_bad() -> str:
    """The columns _lost, _doubt and _raw of a part, from its `_bad`."""
    length = f"CAST(substr(_bad, 2, {LENGTH_DIGITS}) AS INTEGER)"
    problem = f"substr(_bad, {LENGTH_DIGITS + 2}, {length})"
    return (
        f"CASE WHEN starts_with(_bad, '{LOST}') THEN {problem} END AS _lost, "
        f"CASE WHEN starts_with(_bad, '{DOUBT}') THEN {problem} END AS _doubt, "
        f"CASE WHEN _bad IS NOT NULL THEN substr(_bad, {LENGTH_DIGITS + 2} + {length}) END AS _raw"
    )


def _ends_blank(cell: str) -> str:
    return f"suffix({cell}, ' ')"


class RecordQuery:
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
        untrimmed = f"coalesce(min(_bad) = '{UNTRIMMED}', false)"
        return any(store.one(f"SELECT {each} FROM {parquet_file(part)}") for each in (least, untrimmed))

    def bad(self) -> str:
        """What is wrong with the row as one text, NULL for nothing: a letter, the length of the problem, the problem, the cells."""
        cells = ", ".join(f'CAST("t_{each.name}" AS VARCHAR)' for each in self.fields if self.given(each))
        problem = "coalesce(_lost, _doubt)"
        told = (
            f"CASE WHEN _lost IS NULL THEN '{DOUBT}' ELSE '{LOST}' END || lpad(CAST(length({problem}) AS VARCHAR), "
            f"{LENGTH_DIGITS}, '0') || {problem} || left(concat_ws(' | ', {cells}), 500)"
        )
        unread, text = self.ragged()
        wrong = "_lost IS NOT NULL OR _doubt IS NOT NULL"
        return f"CASE WHEN {wrong} THEN CASE WHEN {unread} THEN '{UNTRIMMED}' ELSE {told} END WHEN {text} THEN '{UNTRIMMED}' END"

    def ragged(self) -> tuple[str, str]:
        """Whether any cell begins or ends with a blank (of a row that was not read whole), and whether a text ends with one.

        What is no text (a time, an address, a number) is the same with a blank behind it, or could not be read.
        """
        if self.trims:
            return "false", "false"
        given = [each for each in self.fields if self.given(each) and not self.typed(each)]
        begins = [f""""t_{each.name}" <= '!'""" for each in given]
        ends = {each.name: self._ends_blank(f'"t_{each.name}"') for each in given}
        texts = [ends[each.name] for each in given if each.kind in {"text", "word"}]
        return " OR ".join([*begins, *ends.values()]) or "false", " OR ".join(texts) or "false"

    def _ends_blank(self, cell: str) -> str:
        # A CSV or JSON file with a tab in it is trimmed from the first: see make_part.
        return _ends_blank(cell) + (f" OR contains({cell}, chr(9))" if self.source.format == "parquet" else "")

    def write(self, store: Store, out: Path, compression: str) -> None:
        store.run(
            f"COPY ({self.text()}) TO {literal(str(out))} "
            f"(FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE {ROW_GROUP})"
        )

    def text(self) -> str:
        cells = [f'{self.cell(each)} AS "t_{each.name}"' for each in self.fields]
        number = [f'{self.rows.number} AS "row"'] if self.numbered else []
        query = f"SELECT {self.rows.whole} AS whole, {', '.join(number + cells)} FROM {self.rows.query}"
        for layer in (self.quick, self.written, self.moments, self.clocks):
            more = [column for each in self.times for column in layer(each)]
            query = f"SELECT *, {', '.join(more)} FROM ({query})" if more else query
        query = f"SELECT *, {', '.join(self.values())} FROM ({query})"
        query = f"SELECT *, {self.lost()} AS _lost, {self.doubt()} AS _doubt FROM ({query})"
        names = [_stored(name) for name, _ in columns_of(self.source.table)] + (['"row"'] if self.numbered else [])
        return f"SELECT {', '.join(names)}, {self.bad()} AS _bad FROM ({query})"

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

    def moments(self, field: Field) -> list[str]:
        """m: what a text says that is not read quickly."""
        if self.typed(field):
            return []
        slow, name = moment(f"t_{field.name}", self.source.time_formats), field.name
        if "iso" in self.source.time_formats:
            slow = f"CASE WHEN q_{name} BETWEEN {EARLIEST} AND {LATEST} THEN NULL ELSE {slow} END"
        return [f"{slow} AS m_{name}"]

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
            return [f"{wall(f'm_{name}')} AS w_{name}", f"{offset(text, formats)} AS o_{name}"]
        quick = f"q_{name} BETWEEN {EARLIEST} AND {LATEST}"
        return [
            f"CASE WHEN {quick} THEN epoch_us(q_{name}) ELSE {wall(f'm_{name}')} END AS w_{name}",
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
            told = _translated(text, self.source.countries)
            code = f"upper({told})"
            letters = f"ascii({code}) BETWEEN 65 AND 90 AND ascii(right({code}, 1)) BETWEEN 65 AND 90"
            # As nearly all stand, looked at alone: a CASE costs nothing where no row comes to it.
            rest = f"CASE WHEN length({code}) = 2 AND {letters} THEN {code} END"
            return f"CASE WHEN {told} IS NULL OR regexp_full_match({told}, '[A-Z]{{2}}') THEN {told} ELSE {rest} END"
        if field.kind == "address":
            return address_alone(text)
        if field.kind == "port":
            port = f"TRY_CAST({text} AS INTEGER)"
            if any(each.name == "address" for each in self.fields):
                port = f"coalesce({port}, {port_beside('t_address')})"
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


def _stored(name: str) -> str:
    """A column as parts keep it: a wall clock only where it is not UTC's own."""
    if not name.endswith("_wall"):
        return f'"{name}"'
    return f'nullif("{name}", "{_utc_of(name)}") AS "{name}"'


def restored(name: str) -> str:
    return f'coalesce("{name}", "{_utc_of(name)}") AS "{name}"' if name.endswith("_wall") else f'"{name}"'


def _utc_of(name: str) -> str:
    return f"{name.removesuffix('_wall')}_utc"


def _plain(text: str, told: str) -> str:
    return text if told in {"TIMESTAMP", _MOMENT_UTC} else f"CAST({text} AS TIMESTAMP)"


def _translated(text: str, words: dict[str, str]) -> str:
    if not words:
        return text
    return f"CASE {text} {' '.join(f'WHEN {literal(a)} THEN {literal(b)}' for a, b in words.items())} ELSE {text} END"
