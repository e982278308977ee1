"""What a ledger's file holds, before anybody said what its columns mean: their names, first values, and words that come again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amparo.cases.coins.mapping import Source
from amparo.cases.tables import csv_rows, reading
from amparo.cases.tables.reading import FORMATS, Sheet, SourceFile
from amparo.cases.tables.store import Store
from amparo.foundation.errors import Refused

FIRST_VALUES, MOST_WORDS, MOST_COLUMNS, LONGEST_VALUE = 3, 24, 80, 60
SAMPLE = 20_000  # rows looked at for words that come again; a rare word beyond them is told when the ledger is read


def look(store: Store, name: str, path: Path, book: Sheet | None) -> dict[str, Any]:
    """{"format", "records", "columns": [{"name", "values": [text], "words": [text]}]}. Refused where nothing can be seen.

    words: of a column that repeats itself, which may be the kind of event. records: the path of the array in a JSON file.
    """
    shape = FORMATS.get(name.rpartition(".")[2].lower(), "")
    records = ""
    if shape in ("json", "jsonl"):
        shape, records, columns = _json(store, name, path, shape)
    elif shape == "parquet":
        columns = _parquet(store, path)
    elif book:
        columns = list(book.columns)
    else:
        columns = csv_rows.header(path, "")[0]
    columns = list(dict.fromkeys(each for each in columns if each))[:MOST_COLUMNS]
    if not columns:
        raise Refused(f"{name} has no columns.")
    numbered = {f"c{number}": column for number, column in enumerate(columns)}
    source = Source(files=name, format=shape, columns=numbered, records=records)
    reading.stage(store, SourceFile(name, path, "", path.stat().st_size, 0, book), source, tuple(numbered))
    return {
        "format": shape,
        "records": records,
        "columns": [{"name": column, **_seen(store, f'"f_{field}"')} for field, column in numbered.items()],
    }


def _seen(store: Store, column: str) -> dict[str, list[str]]:
    some = f"(SELECT {column} AS v, row FROM staged ORDER BY row LIMIT {SAMPLE}) WHERE v IS NOT NULL"
    values = store.rows(f"SELECT v FROM {some} GROUP BY v ORDER BY min(row) LIMIT {FIRST_VALUES}")
    words = store.rows(f"SELECT v, count(*) FROM {some} GROUP BY v ORDER BY min(row) LIMIT {MOST_WORDS + 1}")
    again = len(words) <= MOST_WORDS and any(count > 1 for _, count in words)
    return {
        "values": [str(row[0])[:LONGEST_VALUE] for row in values],
        "words": [str(row[0]) for row in words]
        if again and all(len(str(row[0])) <= LONGEST_VALUE for row in words)
        else [],
    }


def _parquet(store: Store, path: Path) -> list[str]:
    import duckdb

    place = store.link(path, "parquet")
    try:
        return [
            str(row[0]) for row in store.rows(f"DESCRIBE SELECT * FROM read_parquet({place}, hive_partitioning=false)")
        ]
    except duckdb.Error as error:
        raise Refused("This file can't be read as Parquet.") from error


_PLACES = ("$", "$.*", "$.*.*")  # how deep an array of rows is looked for


def _json(store: Store, name: str, path: Path, shape: str) -> tuple[str, str, list[str]]:
    """(format, path of the array that holds the rows, columns). Nested objects give paths as columns."""
    import duckdb

    place, most = store.link(path, "json"), max(path.stat().st_size + 1, 1 << 24)
    first = _first_sign(path)
    if first == "[" or shape == "jsonl":
        kind = "newline_delimited" if first != "[" else "array"
        found = "jsonl" if first != "[" else "json"
        rows = f"read_json_objects({place}, format='{kind}', maximum_object_size={most}, ignore_errors={first != '['})"
        return found, "", _keys(store, rows)
    whole = f"read_json_objects({place}, format='unstructured', maximum_object_size={most})"
    try:
        for records in _arrays(store, whole):
            inside = f"(SELECT unnest(CAST(json_extract(json, '{records}') AS JSON[])) AS json FROM {whole})"
            if columns := _keys(store, inside):
                return "json", records, columns
        return "jsonl", "", _keys(store, whole)
    except duckdb.Error as error:
        raise Refused(f"{name} can't be read as JSON.") from error


def _first_sign(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(4096).decode("utf-8-sig", "replace").lstrip()[:1]


def _arrays(store: Store, whole: str) -> list[str]:
    """Paths of arrays of objects, at most three keys deep, nearest first."""
    found, ahead = [], ["$"]
    for _ in range(3):
        deeper = []
        for at in ahead[:20]:
            rows = store.rows(
                f"SELECT key, json_type(json_extract(json, '{at}.' || '\"' || key || '\"')) FROM (SELECT json, "
                f"unnest(json_keys(json, '{at}')) AS key FROM (SELECT json FROM {whole} LIMIT 1)) "
                "WHERE regexp_full_match(key, '[A-Za-z0-9_-]+') LIMIT 200"
            )
            found += [f"{at}.{key}" for key, kind in rows if kind == "ARRAY"]
            deeper += [f"{at}.{key}" for key, kind in rows if kind == "OBJECT"]
        ahead = deeper
    return found[:20]


def _keys(store: Store, rows: str) -> list[str]:
    """The names that the first rows have, in order; "$.a.b" for what lies in an object of theirs."""
    import duckdb

    try:
        named = store.rows(
            f"SELECT key, min(n), bool_or(kind = 'OBJECT') FROM (SELECT n, key, json_type(json, '$.\"' || replace(key, '\"', '') "
            f"|| '\"') AS kind FROM (SELECT json, row_number() OVER () AS n, unnest(json_keys(json)) AS key FROM "
            f"(SELECT json FROM {rows} LIMIT 200) WHERE json_type(json) = 'OBJECT')) GROUP BY key "
            f"ORDER BY 2, 1 LIMIT {MOST_COLUMNS}"
        )
        found: list[str] = []
        for key, _, nested in named:
            if not nested:
                found.append(str(key))
                continue
            inside = store.rows(
                f"SELECT DISTINCT k FROM (SELECT unnest(json_keys(json, '$.\"' || $1 || '\"')) AS k FROM (SELECT json FROM {rows} "
                "LIMIT 200)) ORDER BY k LIMIT 20",
                [str(key).replace('"', "")],
            )
            found += [f'$."{key}"."{each[0]}"' for each in inside]
    except duckdb.Error as error:
        raise Refused("This file can't be read as JSON.") from error
    return found
