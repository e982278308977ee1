"""A spreadsheet's rows, taken out inside the sandbox and written as a table of our own, which the engines read.

The sandbox decodes; what it says is looked at line by line before it is passed on (another form is Refused).
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

from amparo.cases.tables.reading import Sheet
from amparo.foundation.errors import Refused
from amparo.sandbox.readings import ExaminationFailed, TableReading
from amparo.sandbox.warden import Box

ROWS = 1_048_576  # as many as a sheet can have
SECONDS = 1_800.0


def taken_out(box: Box, file: BinaryIO, name: str, to: Path, *, sheet: str = "", decimal: str = ".") -> Sheet:
    """The sheet of this name, or the first that holds something, its rows written to `to` (the folder's owner reads it alone).

    A row's number is the one that a spreadsheet shows; its first row with cells names the columns. Dates are written as the sheet
    has them, without a zone. Refused, with what to do, where it can't be read.
    """
    with tempfile.TemporaryFile(dir=to.parent) as lines:
        try:
            reading = box.examine(
                "table", file, into=cast("BinaryIO", lines), limit_s=SECONDS, rows=ROWS, sheet=sheet, decimal=decimal
            )
        except ExaminationFailed as failure:
            said = failure.sentence or "The spreadsheet could not be decoded in the bounds that the sandbox sets."
            raise Refused(f"{name}: {said} Or save it as CSV, and read that.") from failure
        columns = cast("TableReading", reading).columns
        lines.seek(0)
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL)
            for line in lines:
                writer.writerow(_row(line, len(columns)))
    return Sheet(columns, to)


def _row(line: bytes, width: int) -> list[object]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    number, cells = (said.get("row"), said.get("cells")) if isinstance(said, dict) else (None, None)
    if (
        not isinstance(number, int)
        or not isinstance(cells, list)
        or len(cells) != width
        or not all(isinstance(each, str) for each in cells)
    ):
        raise Refused(
            "The sandbox's answer is not of its form: nothing of it is believed. Keep the file and report this."
        )
    return [number, *(cell.replace("\0", "\N{REPLACEMENT CHARACTER}") for cell in cells)]
