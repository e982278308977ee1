"""What an imported base is: base.json beside its parts, which says of every input its bytes by digest and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.cases.tables.base_mapping import BaseMapping, parse_base_mapping
from amparo.cases.tables.parts import Part
from amparo.cases.tables.reading import Folder, SourceFile
from amparo.cases.tables.shapes import TABLES, UNIT_TABLES
from amparo.foundation.errors import Broken, Refused

RECORD = "base.json"
PARTS = "parts"
VERSION = 2  # of the parts: another one is read anew


@dataclass(frozen=True)
class Held:
    """A part with the number of the file it was made of."""

    file: int
    table: str
    part: Part


@dataclass(frozen=True)
class Record:
    """An import. units: the unit's tables by name, as kept, with what is said of each in every run."""

    mapping: BaseMapping
    folder: Folder
    held: tuple[Held, ...]
    units: dict[str, Path]
    told: dict[str, dict[str, str]]


def read_record(place: Path) -> Record:
    """The import in `place`. Refused where it is of another version, Broken where a part isn't as it was left."""
    try:
        told = json.loads((place / RECORD).read_bytes())
        if told["version"] != VERSION:
            raise Refused(
                f"{place} was imported by another version of Amparo. Import its files again: amparo analyse import."
            )
        mapping = parse_base_mapping(told["mapping"]["text"].encode(), told["mapping"]["name"], place)
        files = tuple(
            SourceFile(each["name"], place / each["name"], each["sha256"], each["size_bytes"], each["source"] - 1)
            for each in told["files"]
        )
        held = tuple(_held(place, number, each) for number, each in enumerate(told["files"]))
        units = {name: place / PARTS / each["part"] for name, each in told["units"].items() if name in UNIT_TABLES}
        said = {name: {key: str(value) for key, value in each["told"].items()} for name, each in told["units"].items()}
        left_out = tuple((each["name"], each["why"]) for each in told["left_out"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Broken(
            f"{place / RECORD} is not what an import leaves. Import the files again into another folder."
        ) from error
    return Record(mapping, Folder(files, left_out), held, units, said)


def _held(place: Path, number: int, told: dict[str, Any]) -> Held:
    if told["table"] not in TABLES or Path(told["part"]).name != told["part"]:
        raise ValueError(told["part"])
    part = place / PARTS / told["part"]
    size = part.stat().st_size if part.is_file() else -1
    if size != told["part_bytes"]:
        raise Broken(f"{part} is not as the import left it. Import the files again: only this part is made anew.")
    unread = part.with_suffix(".unread.parquet") if told["unread"] else None
    return Held(
        number,
        told["table"],
        Part(part, bool(told["numbered"]), int(told["rows"]), int(told["lost"]), int(told["doubts"]), unread),
    )
