"""Reads a list in the test's own process, and its records as plain tuples."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np

from amparo.sandbox.inside import hash_lists
from amparo.sandbox.inside.hash_lists.records import DIGEST_BYTES, KINDS, RECORD
from tests.sandbox.collected import Collected

NAMES = {number: name for name, number in KINDS.items()}


class Entry(NamedTuple):
    """One record. category: (scheme, code), or None."""

    row: int
    kind: str
    value: str
    category: tuple[str, str] | None = None
    withdrawn: bool = False


def read(data: bytes, **options: object) -> tuple[list[Entry], dict[str, Any]]:
    """The records without references, and the facts."""
    entries, facts = read_all(data, **options)
    return [each for each in entries if each.kind != "reference"], facts


def read_all(data: bytes, **options: object) -> tuple[list[Entry], dict[str, Any]]:
    """All records, and the facts. The numbers that the facts state are held against the records."""
    sink = Collected()
    facts: dict[str, Any] = hash_lists.read(io.BytesIO(data), options, sink)
    ((about, stream),) = sink.blobs
    assert about["name"] == "records"
    records = np.frombuffer(bytes(stream), RECORD)
    entries = []
    for record in records:
        kind = NAMES[int(record["kind"])]
        size_bytes = DIGEST_BYTES.get(kind, 32)
        assert not record["value"][size_bytes:].any()
        category = None if record["category"] == 65_535 else tuple(facts["categories"][int(record["category"])])
        value = record["value"][:size_bytes].tobytes().hex()
        entries.append(Entry(int(record["row"]), kind, value, category, bool(record["flags"])))
    rows = [each.row for each in entries]
    assert rows == sorted(rows) and (not rows or rows[0] >= 1)
    assert facts["rows"] == len(set(rows))
    assert facts["hashes"] == sum(each.kind != "reference" for each in entries)
    assert len(facts["errors"]) == min(facts["errors_in_all"], 1_000)
    return entries, facts


def problems(facts: dict[str, Any]) -> list[tuple[int, str]]:
    return [(each["line"], each["problem"]) for each in facts["errors"]]


def elements(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["element"], each["problem"]) for each in facts["errors"]]
