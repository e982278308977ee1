"""A mapping as an officer put it together on a page, written as the TOML that the engine reads. No Django."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True)
class SourceSaid:
    """What was chosen for one file. columns: our field -> their column. words: their word -> our event."""

    files: str
    format: str
    event: str
    columns: Mapping[str, str]
    words: Mapping[str, str]
    records: str = ""
    time_format: str = ""  # of this file alone, where it writes times otherwise than the platform's others


@dataclass(frozen=True)
class PlatformSaid:
    platform: str
    unit: str
    currency: str
    decimal: str
    time_format: str
    zone: str
    rate: tuple[date, int, int] | None


def written(platform: PlatformSaid, sources: Sequence[SourceSaid]) -> str:
    """The mapping's text."""
    lines = [
        f"platform = {_text(platform.platform)}",
        "",
        "[coins]",
        f"unit = {_text(platform.unit)}",
        "[money]",
        f"currency = {_text(platform.currency)}",
        "[numbers]",
        f"decimal = {_text(platform.decimal)}",
        "[time]",
        f"format = {_text(platform.time_format)}",
        f"zone = {_text(platform.zone)}",
    ]
    for each in sources:
        lines += ["", "[[source]]", f"files = {_text(each.files)}", f"format = {_text(each.format)}"]
        lines += [f"records = {_text(each.records)}"] if each.records else []
        lines += [f"event = {_text(each.event)}"] if each.event else []
        lines += [f"time = {{ format = {_text(each.time_format)} }}"] if each.time_format else []
        inside = ", ".join(f"{field} = {_text(column)}" for field, column in each.columns.items())
        lines.append(f"columns = {{ {inside} }}")
        if each.words:
            lines += ["[source.events]", *(f"{_text(word)} = {_text(event)}" for word, event in each.words.items())]
    if platform.rate:
        since, coins, minor = platform.rate
        lines += ["", "[[rate]]", f"since = {since.isoformat()}", f"coins = {coins}", f"money_minor = {minor}"]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for the one control that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def exactly(name: str) -> str:
    """A pattern that fits this name alone: brackets and stars in it are no signs."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def patterns(names: Sequence[str]) -> dict[str, str]:
    """For each name a pattern that fits next month's file too: by its ending where it is the only one, else with any numbers."""
    endings = [name.rpartition(".")[2].lower() for name in names]
    found = {}
    for name, ending in zip(names, endings, strict=True):
        alone = endings.count(ending) == 1 and "." in name
        found[name] = f"*.{name.rpartition('.')[2]}" if alone else re.sub(r"\d+", "*", exactly(name))
    return found


def gathered(sources: Sequence[SourceSaid], names: Sequence[str]) -> list[SourceSaid]:
    """The sources by the patterns of their names. Files of one pattern are one source if all was said alike, else each its own."""
    by_name = patterns(names)
    alike: dict[str, list[SourceSaid]] = {}
    for name, each in zip(names, sources, strict=True):
        alike.setdefault(by_name[name], []).append(each)
    found = []
    for name, each in zip(names, sources, strict=True):
        group = alike[by_name[name]]
        if all(replace(other, files="") == replace(each, files="") for other in group):
            if group[0] is each:
                found.append(replace(each, files=by_name[name]))
        else:
            found.append(replace(each, files=exactly(name)))
    return found
