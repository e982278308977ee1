"""The board in words: stages, kinds, reasons, the way from report to child as bars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amparo.outcomes.figures import Figure
from amparo.outcomes.queries import Board
from amparo.viewing.countries import country_name

KINDS = {
    "acknowledged": "Acknowledged",
    "opened": "Case opened",
    "need_more": "Needs more from us",
    "arrested": "Arrested",
    "identified": "Identified",
    "no_action": "No action",
    "devices_seized": "Devices seized",
    "children_identified": "Children identified",
    "children_safeguarded": "Children safeguarded",
}
TONES = {
    "arrested": "accent",
    "identified": "info",
    "need_more": "warn",
    "children_safeguarded": "good",
    "opened": "info",
}
STAGES = {
    "planned": ("Draft", "neutral"),
    "building": ("Draft", "neutral"),
    "built": ("Draft", "neutral"),
    "approved": ("To be sent", "neutral"),
    "withdrawn": ("Withdrawn", "neutral"),
    "sent": ("Sent", "info"),
    "acknowledged": ("Acknowledged", "info"),
    "opened": ("Case opened", "info"),
    "need_more": ("Needs more from us", "warn"),
    "results": ("Results coming", "accent"),
    "answered": ("Answered", "good"),
    "arrested": ("Arrest without a package", "warn"),
}
REASONS = {
    "no_offence_here": "No offence under their law",
    "already_known": "Known to them already",
    "not_identifiable": "Could not be identified",
    "person_not_here": "Person is not there",
    "not_admissible": "Not admissible there",
    "other": "Other",
}
DEVICES = {
    "phone": "Phones",
    "tablet": "Tablets",
    "laptop": "Laptops",
    "desktop": "Desktop computers",
    "storage": "Storage media",
}
REPLY_STATES = {"taken": ("Taken", "good"), "partly": ("Taken in part", "warn"), "refused": ("Not taken", "danger")}


@dataclass(frozen=True)
class Bar:
    label: str
    value: int
    href: str = ""
    tone: str = "neutral"


def part_words(key: str, code: str) -> str:
    """How one part of a figure is called: a country, an age, a sort of device, a reason, or a way from one to another."""
    if key.startswith("platform_"):
        return code  # the platform's own name
    if key == "devices":
        return DEVICES.get(code, code)
    if key == "no_action":
        return REASONS.get(code, code)
    if key == "under_18":
        return f"{code} years"
    if key == "ordered_elsewhere":
        ordered, _, arrested = code.partition("-")
        return f"Ordered by {country_name(ordered)}, arrested in {country_name(arrested)}"
    return country_name(code)


def bars(figure: Figure) -> list[Bar]:
    return [Bar(part_words(figure.key, code), count) for code, count in figure.parts]


@dataclass(frozen=True)
class Step:
    """One step of the way from the report to the child. word: what happened there."""

    key: str
    word: str
    value: int
    unit: str
    tone: str = ""


def chain(board: Board) -> list[Step]:
    """From the reports to the children: each step is a figure of its own, with its own unit."""
    steps = (
        ("reports", "received", ""),
        ("packages_sent", "have their package", ""),
        ("packages_acknowledged", "acknowledged it", ""),
        ("referred", "referred", ""),
        ("arrested", "arrested", "accent"),
        ("series_open", "open for identification", "warn"),
        ("safeguarded", "with a child safe now", "good"),
    )
    found = board.figures
    return [
        Step(
            key,
            word,
            found[key].value,
            _one_or_many(found[key].value, found[key].unit),
            tone if found[key].value else "",
        )
        for key, word, tone in steps
    ]


def _one_or_many(count: int, unit: str) -> str:
    """The unit as one reads it beside the number; "series" is both."""
    one = {"countries": "country", "persons": "person", "reports": "report", "packages": "package", "devices": "device"}
    return one.get(unit, unit) if count == 1 else unit


def map_rows(board: Board, href: str) -> list[dict[str, Any]]:
    """A row for every country that has a part in the operation, also where nobody was arrested."""
    rows = []
    for row in board.rows:
        said = [STAGES.get(row.stage, (row.stage, ""))[0]] if row.reference else []
        said += [f"{row.referred} referred"] if row.referred else []
        said += [row.overdue] if row.overdue else []
        rows.append(
            {"country": row.country, "count": row.arrested, "href": f"{href}#{row.country}", "note": ", ".join(said)}
        )
    return rows


def counts_words(counts: dict[str, int]) -> str:
    """Such as "2 phones, 1 laptop"."""
    many = {"storage": "storage media", "children": "children"}
    one = {"storage": "storage medium", "children": "child", "desktop": "desktop computer"}
    said = (
        f"{count} {one.get(sort, sort) if count == 1 else many.get(sort, one.get(sort, sort) + 's')}"
        for sort, count in counts.items()
    )
    return ", ".join(said)


def of_kinds(board: Board, keys: Iterable[str]) -> list[Figure]:
    return [board.figures[key] for key in keys]
