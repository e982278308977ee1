"""Tables that DuckDB would not take whole: read line by line, so that every record is either a row or a listed problem."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amparo.foundation.errors import Refused

LONGEST_RECORD = 1 << 20  # characters; a longer one is a quote that nobody closed
MOST_LINES = 100  # of one record: an address has a few lines, an open quote has all that follow
MOST_BAD = (
    200_000  # records that are none, in one file: they are held in memory, and so many are another delimiter or format
)
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class BadRecord:
    """row: the record's number below the header, from 1. raw: its first 500 characters."""

    row: int
    problem: str
    raw: str


def header(file: Path, delimiter: str) -> tuple[list[str], str]:
    """The names of the columns and the delimiter, found in the first line that isn't empty if not told."""
    for line in _lines(file):
        if line.strip():
            found = delimiter or max(DELIMITERS, key=line.count)
            return [name.strip() for name in next(csv.reader([line], delimiter=found))], found
    raise Refused(f"{file.name} is empty: there is not even a line with the names of its columns.")


def cleaned(file: Path, names: list[str], delimiter: str, out: Path) -> list[BadRecord]:
    """Writes the records that fit to `out` (UTF-8, no header), each with its number in front; returns those that don't."""
    bad: list[BadRecord] = []
    with out.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL)
        records = _records(file)
        next(records, None)
        for number, (record, broken) in enumerate(records, 1):
            problem = broken
            cells = next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter), []) if not problem else []
            if not problem and len(cells) != len(names):
                problem = f"{len(cells)} cells where the header names {len(names)}"
            if problem:
                bad.append(BadRecord(number, problem, record[:500]))
                if len(bad) > MOST_BAD:
                    raise Refused(
                        f"{file.name} has more than {MOST_BAD:,} rows that are no records (row {number:,}: {problem}). "
                        "Look at delimiter and format in the mapping, or cut the file before what is broken."
                    )
            else:
                writer.writerow([number, *(cell.replace("\0", "\N{REPLACEMENT CHARACTER}") for cell in cells)])
    return bad


def _records(file: Path) -> Iterator[tuple[str, str]]:
    """Each record with its problem or none; blank lines are no records. An open quote costs one line, not the rest."""
    ahead: list[str] = []
    lines = _lines(file)
    while True:
        line = ahead.pop(0) if ahead else next(lines, "")
        if not line:
            return
        if not line.strip():
            continue
        held = [line]
        while sum(each.count('"') for each in held) % 2 and len(held) < MOST_LINES:
            more = ahead.pop(0) if ahead else next(lines, "")
            if not more:
                break
            held.append(more)
        record = "".join(held)
        if record.count('"') % 2 or len(record) > LONGEST_RECORD:
            ahead = held[1:] + ahead
            record, problem = held[0], "a quote is not closed, or the record is too long"
            yield record.rstrip("\r\n"), problem
        else:
            yield record.rstrip("\r\n"), ""


def _lines(file: Path) -> Iterator[str]:
    """The lines with their ends: UTF-16 with its mark, else UTF-8, and line by line Windows-1252 where it is neither."""
    with file.open("rb") as raw:
        start = raw.read(3)
    if start[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        with file.open(encoding="utf-16", errors="replace", newline="") as text:
            yield from text
        return
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        for line in text:
            yield line if line.isascii() else _repaired(line)


def _repaired(line: str) -> str:
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return line
