"""From a platform's files to staged rows of text: CSV, JSON lines, JSON arrays and Parquet, each row with its number."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping as Table, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from amparo.cases.tables import csv_rows
from amparo.cases.tables.store import Store, literal
from amparo.foundation.errors import Missing, Refused

NO_OBJECT = "no JSON object"
FORMATS = {  # by the ending of a name
    "csv": "csv",
    "tsv": "csv",
    "txt": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "json",
    "parquet": "parquet",
    "xlsx": "xlsx",
}
_RECORDS = re.compile(r"\$(\.[A-Za-z0-9_-]+|\.\"[^\"\\]+\"|\[\d+\]|\[\*\])+")


def records_path(path: str, shape: str) -> bool:
    """Whether this is the path of an array in a JSON file."""
    return shape in {"json", "jsonl"} and _RECORDS.fullmatch(path) is not None


class Source(Protocol):
    """Files of one shape. format: csv, json, jsonl, parquet or xlsx. columns: our field -> their column (or path, in JSON).

    records: in JSON, the path of the array that holds the rows ("" where the file is one). sheet: in XLSX, its name (""
    for the first).
    """

    @property
    def files(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def columns(self) -> Table[str, str]: ...
    @property
    def constants(self) -> Table[str, str]: ...
    @property
    def delimiter(self) -> str: ...
    @property
    def records(self) -> str: ...
    @property
    def sheet(self) -> str: ...


class Sources(Protocol):
    """A mapping, as far as reading goes."""

    @property
    def sources(self) -> Sequence[Source]: ...
    def source_of(self, name: str, /) -> int | None: ...


@dataclass(frozen=True)
class Sheet:
    """A spreadsheet's rows, taken out where hostile bytes are decoded: CSV without a header, each row with its number in front."""

    columns: tuple[str, ...]
    rows: Path


@dataclass(frozen=True)
class SourceFile:
    """One file to read: its name below the folder, its bytes by digest, and the mapping's source that reads it."""

    name: str
    path: Path
    sha256: str
    size_bytes: int
    source: int
    sheet: Sheet | None = None

    @property
    def read_from(self) -> Path:
        """The file that the tables open."""
        return self.sheet.rows if self.sheet else self.path


@dataclass(frozen=True)
class Folder:
    """The files a mapping reads, in the order of their names, and those it leaves out, each with the reason."""

    files: tuple[SourceFile, ...]
    left_out: tuple[tuple[str, str], ...]


def folder(place: Path, mapping: Sources, wanted: Collection[int] | None = None) -> Folder:
    """What lies in `place`, at any depth. Links are not followed. Missing or Refused where there is nothing to read.

    wanted: the sources that will be read; files of others are named, but not opened (all if None).
    """
    if not place.is_dir():
        raise Missing(f"{place} is no folder. Give the folder that holds the platform's files: --in FOLDER.")
    there: list[tuple[str, Path]] = []
    links: list[tuple[str, str]] = []
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_symlink():
            links.append((name, "a link, not a file"))
        elif path.is_file():
            there.append((name, path))
    found = chosen(there, mapping, wanted)
    if not found.files:
        patterns = ", ".join(source.files for source in mapping.sources)
        raise Missing(
            f"No file in {place} fits the mapping, which reads: {patterns}. Correct files = ... there, or --in."
        )
    return Folder(found.files, tuple(sorted((*links, *found.left_out))))


def chosen(there: Iterable[tuple[str, Path]], mapping: Sources, wanted: Collection[int] | None = None) -> Folder:
    """Of these files (name, where it can be opened) those that a source names, the same bytes once."""
    files: list[SourceFile] = []
    left_out: list[tuple[str, str]] = []
    digests: dict[str, str] = {}
    for name, path in there:
        source = mapping.source_of(name.rpartition("/")[2])
        if source is None:
            left_out.append((name, "no [[source]] of the mapping names it"))
            continue
        if wanted is not None and source not in wanted:
            files.append(SourceFile(name, path, "", path.stat().st_size, source))
            continue
        digest = sha256(path)
        if digest in digests:
            left_out.append((name, f"the same bytes as {digests[digest]}: counted once"))
            continue
        digests[digest] = name
        files.append(SourceFile(name, path, digest, path.stat().st_size, source))
    return Folder(tuple(files), tuple(left_out))


def sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Refused(f"{path} can't be read ({error.strerror}).") from error


@dataclass(frozen=True)
class Rows:
    """A file as DuckDB reads it, one row a record in the file's order. `query` stands after FROM.

    columns: our field -> SQL of its cell, with types: VARCHAR, or what a Parquet file says. number: SQL of the row's number, from
    1; "" where it is the row's place. whole: SQL of whether it is a record at all.
    """

    query: str
    columns: Table[str, str]
    types: Table[str, str]
    number: str = ""
    whole: str = "true"

    @property
    def numbered(self) -> str:
        """The number as SQL, whatever it is. Counting places is done by one thread."""
        return self.number or "row_number() OVER ()"


def read(store: Store, file: SourceFile, source: Source, take: Callable[[Rows], None]) -> list[csv_rows.BadRecord]:
    """Gives the file's rows to `take` (again, numbered by us, where DuckDB stops at a CSV's bad line).

    Returns the records that are no rows. Refused where the file isn't what the mapping says.
    """
    import duckdb

    try:
        if source.format == "csv":
            return _read_csv(store, file, source, take)
        if source.format == "parquet":
            take(_parquet(store, file, source))
        elif source.format == "xlsx":
            take(_sheet(store, file, source))
        else:
            take(_json(store, file, source))
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        told = str(error).splitlines()[0][:200].replace(str(store.work), "")
        raise Refused(
            f"{file.name} can't be read as {source.format} ({told}). Set format in the mapping, or leave the file out."
        ) from error
    return []


def stage(store: Store, file: SourceFile, source: Source, fields: Sequence[str]) -> list[csv_rows.BadRecord]:
    """Makes the table `staged`, in any order: row, whole (is it a record at all), and a text column "f_..." for each of `fields`.

    Returns the records that are no rows. Refused where the file isn't what the mapping says.
    """

    def take(rows: Rows) -> None:
        store.run(f"CREATE OR REPLACE TABLE staged AS {texts(rows, source, fields)}")

    bad = read(store, file, source, take)
    if source.format in {"json", "jsonl"}:
        found = [row[0] for row in store.rows("SELECT row FROM staged WHERE NOT whole ORDER BY row")]
        store.run("DELETE FROM staged WHERE NOT whole")
        if not found:
            refuse_empty(file, source, store.one("SELECT count(*) FROM staged"))
        bad += [csv_rows.BadRecord(row, NO_OBJECT, "") for row in found]
    return bad


def refuse_empty(file: SourceFile, source: Source, rows: int) -> None:
    """Refused where nothing stands at the place in a JSON file that the mapping names."""
    if source.records and not rows:
        raise Refused(f"{file.name} holds nothing at {source.records}. Correct records in the mapping.")


def texts(rows: Rows, source: Source, fields: Sequence[str]) -> str:
    """The query for a file's row, whole, and "f_..." for each of `fields`: trimmed, empty as NULL, constants filled in."""
    cells, trimmed = [f"{rows.numbered} AS row", f"{rows.whole} AS whole"], ["row", "whole"]
    for field in fields:
        name = f'"f_{field}"'
        found, kind = rows.columns.get(field, "CAST(NULL AS VARCHAR)"), rows.types.get(field, "VARCHAR")
        cells.append(f"{found} AS {name}" if kind == "VARCHAR" else f"CAST({found} AS VARCHAR) AS {name}")
        # Looked at before it is trimmed, since few need it and trimming costs eight times as much.
        told = f"CASE WHEN {name} <= '!' OR suffix({name}, ' ') THEN nullif(trim({name}), '') ELSE {name} END"
        if field in source.constants:
            told = f"coalesce({told}, {literal(source.constants[field])})"
        trimmed.append(f"{told} AS {name}")
    return f"SELECT {', '.join(trimmed)} FROM (SELECT {', '.join(cells)} FROM {rows.query})"


def _named(file: SourceFile, source: Source, names: list[str]) -> dict[str, str]:
    """Our field -> the name of their column as the file writes it (exactly, else but for capitals)."""
    loose = {name.casefold(): name for name in reversed(names)}
    found = {}
    for field, wanted in source.columns.items():
        name = wanted if wanted in names else loose.get(wanted.strip().casefold())
        if name is None:
            there = "".join(each if each.isprintable() else "?" for each in ", ".join(names[:30]))[:300]
            raise Refused(
                f"{file.name} has no column {wanted!r} (columns.{field}). It has: {there}. Correct the mapping."
            )
        found[field] = name
    return found


def _read_csv(store: Store, file: SourceFile, source: Source, take: Callable[[Rows], None]) -> list[csv_rows.BadRecord]:
    """DuckDB stops at the first record that it does not like; then we read the file ourselves."""
    import duckdb

    names, delimiter = csv_rows.header(file.path, source.delimiter)
    named = _named(file, source, names)
    # Positions, not names: a header may name a column twice, or hold anything.
    columns = {field: f'"c{names.index(name)}"' for field, name in named.items()}
    if len(delimiter) == 1 and len(names) > 1:
        shape = ", ".join(f"'c{each}': 'VARCHAR'" for each in range(len(names)))
        try:
            take(
                _texts(
                    f"read_csv({store.link(file.path, 'csv')}, auto_detect=false, header=true, columns={{{shape}}}, "
                    f"delim={literal(delimiter)}, quote='\"', escape='\"', null_padding=false, strict_mode=true, "
                    "ignore_errors=false)",
                    columns,
                )
            )
        except duckdb.InvalidInputException:
            pass
        else:
            return []
    with store.scratch("cleaned.csv") as out:
        bad = csv_rows.cleaned(file.path, names, delimiter, out)
        take(_texts(_numbered(store.link(out, "csv"), len(names)), columns, "r"))
    return bad


def _texts(query: str, columns: dict[str, str], number: str = "", whole: str = "true") -> Rows:
    return Rows(query, columns, dict.fromkeys(columns, "VARCHAR"), number, whole)


def _numbered(place: str, width: int) -> str:
    """Reads a CSV of our own: no header, every cell in quotes, each row with its number in front, called r."""
    shape = ", ".join(["'r': 'BIGINT'", *(f"'c{each}': 'VARCHAR'" for each in range(width))])
    return (
        f"read_csv({place}, auto_detect=false, header=false, columns={{{shape}}}, delim=',', "
        f"quote='\"', escape='\"', new_line='\\n', max_line_size={csv_rows.LONGEST_RECORD * 8})"
    )


def _sheet(store: Store, file: SourceFile, source: Source) -> Rows:
    if file.sheet is None:
        raise Refused(
            f"{file.name} is a spreadsheet, which only the sandbox opens: save it as CSV, or use amparo analyse."
        )
    names = list(file.sheet.columns)
    columns = {field: f'"c{names.index(name)}"' for field, name in _named(file, source, names).items()}
    return _texts(_numbered(store.link(file.sheet.rows, "csv"), len(names)), columns, "r")


def _parquet(store: Store, file: SourceFile, source: Source) -> Rows:
    place = store.link(file.path, "parquet")
    there = store.rows(f"DESCRIBE SELECT * FROM read_parquet({place}, hive_partitioning=false)")
    types = {row[0]: row[1] for row in there}
    named = _named(file, source, list(types))
    taken = any(name.casefold() == "file_row_number" for name in types)  # a column of theirs; then places are counted
    return Rows(
        f"read_parquet({place}{'' if taken else ', file_row_number=true'}, hive_partitioning=false)",
        {field: f'"{name.replace(chr(34), chr(34) * 2)}"' for field, name in named.items()},
        {field: types[name] for field, name in named.items()},
        "" if taken else "file_row_number + 1",
    )


def _json(store: Store, file: SourceFile, source: Source) -> Rows:
    """One parse a row: all paths at once."""
    paths = ", ".join(literal(_path(name)) for name in source.columns.values())
    columns = {field: f"cells[{place}]" for place, field in enumerate(source.columns, 1)}
    return _texts(
        f"(SELECT json ->> [{paths}] AS cells, coalesce(json_type(json) = 'OBJECT', false) AS whole "
        f"FROM {_records(store, file, source)})",
        columns,
        whole="whole",
    )


def _records(store: Store, file: SourceFile, source: Source) -> str:
    """What gives one `json` a row, in the file's order."""
    lines, place = source.format == "jsonl", store.link(file.path, source.format)
    if not source.records:
        shape, skip = ("newline_delimited", "true") if lines else ("array", "false")
        return f"read_json_objects({place}, format='{shape}', ignore_errors={skip})"
    shape = "newline_delimited" if lines else "unstructured"
    most = max(file.size_bytes + 1, 1 << 24)  # one object may be the whole file
    path = literal(source.records)
    arrays = f"json_extract(json, {path})" if "*" in source.records else f"[json_extract(json, {path})]"
    return (
        "(SELECT unnest(CASE WHEN json_type(part) = 'ARRAY' THEN CAST(part AS JSON[]) ELSE [part] END) AS json FROM "
        f"(SELECT unnest({arrays}) AS part FROM read_json_objects({place}, format='{shape}', maximum_object_size={most})) "
        "WHERE part IS NOT NULL)"
    )


def _path(name: str) -> str:
    """A JSON path: a name as it stands, or a path that is written as one (`$.user.id`)."""
    return name if name.startswith("$") else '$."' + name.replace('"', '\\"') + '"'
