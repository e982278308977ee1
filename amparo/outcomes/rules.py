"""What a reply's row says, or why it can't be taken. A row is somebody else's text: values in, outcomes or sentences out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

ANSWERS = ("acknowledged", "opened", "need_more", "arrested", "identified", "no_action")
KINDS = (*ANSWERS, "devices_seized", "children_identified", "children_safeguarded")
# An answer to the package as a whole; the others speak of one person.
OF_PACKAGE = frozenset({"acknowledged", "opened", "need_more", "no_action"})
DEVICES = ("phone", "tablet", "laptop", "desktop", "storage")
WHOLE_PACKAGE = "package"
COUNTRY = re.compile(r"[A-Z]{2}")
NUMBER = re.compile(r"[0-9]{1,6}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
OLDEST, YOUNGEST = 110, 8
MOST_DEVICES = 10_000
LONGEST_NOTE = 2000


@dataclass(frozen=True)
class PackageFacts:
    """What a row is laid beside. subjects: what the receiver calls each person, in any version, and who that is.

    persons_answerable: for the whole reference; tokens: SHA-256 of each version's token -> its version.
    """

    package: UUID
    reference: str
    country: str
    subjects: Mapping[str, UUID]
    version: int


@dataclass(frozen=True)
class Row:
    """A row as it was read: the line it ends on, and its cells by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Said:
    """One outcome that a row states, ready to be kept. person: None for the package as a whole."""

    line: int
    person: UUID | None
    subject: str
    kind: str
    at: date | None = None
    arrested_in: str = ""
    ordered_by: str = ""
    age: int | None = None
    reason: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Fault:
    """Why one line can't be taken, in a sentence for the officer. line: 0 for the reply as a whole."""

    line: int
    sentence: str


@dataclass(frozen=True)
class Verdict:
    said: tuple[Said, ...]
    faults: tuple[Fault, ...]

    @property
    def state(self) -> str:
        if not self.faults:
            return "taken" if self.said else "refused"
        return "partly" if self.said else "refused"


def judge(
    rows: Iterable[Row], package: PackageFacts, now: datetime, reasons: Sequence[str], countries: frozenset[str]
) -> Verdict:
    """Every row either taken whole or told what is wrong with it; a row left empty says nothing and is no fault.

    now: aware; a date may be one day ahead of UTC, because somewhere it is tomorrow already. reasons, countries: the
    codes that are known.
    """
    said: list[Said] = []
    faults: list[Fault] = []
    for row in rows:
        if not _says_anything(row):
            continue
        try:
            said += _read(row, package, now, reasons, countries)
        except _Unfit as unfit:
            faults.append(Fault(row.line, unfit.sentence))
    return Verdict(tuple(said), tuple(faults))


class _Unfit(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def quoted(text: str) -> str:
    """Somebody else's words inside our sentence: one line, short, in quotation marks."""
    flat = " ".join(text.split())
    return f"“{flat[:40]}…”" if len(flat) > 41 else f"“{flat}”"


def _says_anything(row: Row) -> bool:
    known = {"reply_token", "package_reference", "version", "subject"}
    return any(value.strip() for name, value in row.cells.items() if name not in known)


def _cell(row: Row, name: str) -> str:
    return row.cells.get(name, "").strip()


def _read(
    row: Row, package: PackageFacts, now: datetime, reasons: Sequence[str], countries: frozenset[str]
) -> list[Said]:
    subject, person = _subject(row, package)
    kind = _kind(row, person)
    at = _day(row, now)
    shared = {
        "line": row.line,
        "person": person,
        "subject": subject,
        "at": at,
        "note": _cell(row, "note")[:LONGEST_NOTE],
    }
    said = []
    if kind:
        arrest = _arrest(row, countries) if kind == "arrested" else {}
        if kind != "arrested":
            _refuse_arrest_cells(row, kind)
        said.append(Said(**shared, kind=kind, reason=_reason(row, kind, reasons), **arrest))  # type: ignore[arg-type]
    if devices := _devices(row):
        said.append(Said(**shared, kind="devices_seized", counts=devices))  # type: ignore[arg-type]
    said += [
        Said(**shared, kind=column, counts={"children": count})  # type: ignore[arg-type]
        for column in ("children_identified", "children_safeguarded")
        if (count := _count(row, column))
    ]
    if not said:
        raise _Unfit("The row has no outcome: fill in the column “outcome”, or leave the row empty.")
    return said


def _subject(row: Row, package: PackageFacts) -> tuple[str, UUID | None]:
    reference = _cell(row, "package_reference")
    if reference and reference.casefold() != package.reference.casefold():
        raise _Unfit(f"The row speaks of {quoted(reference)}, but its token belongs to {package.reference}.")
    subject = _cell(row, "subject")
    if subject.casefold() == WHOLE_PACKAGE:
        return WHOLE_PACKAGE, None
    by_name = {name.casefold(): name for name in package.subjects}
    name = by_name.get(subject.casefold())
    if name is None:
        raise _Unfit(f"{quoted(subject)} is no subject of {package.reference}.")
    return name, package.subjects[name]


def _kind(row: Row, person: UUID | None) -> str:
    kind = _cell(row, "outcome").casefold().replace(" ", "_")
    if kind and kind not in ANSWERS:
        raise _Unfit(f"{quoted(_cell(row, 'outcome'))} is no outcome: use {', '.join(ANSWERS)}.")
    if kind and person is None and kind not in OF_PACKAGE:
        raise _Unfit(f"“{kind}” speaks of a person: put it on that person's row.")
    return kind


def _day(row: Row, now: datetime) -> date | None:
    text = _cell(row, "date")
    if not text:
        return None
    try:
        # Only this order: 03/04/2026 is two different days, and a wrong day in a case is worse than a question.
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise _Unfit(f"{quoted(text)} is no date: write year-month-day, such as 2026-02-20.")
    if day > (now + timedelta(hours=14)).date():
        raise _Unfit(f"{day.isoformat()} lies in the future.")
    if day.year < 2000:
        raise _Unfit(f"{day.isoformat()} lies too far back.")
    return day


def _arrest(row: Row, countries: frozenset[str]) -> dict[str, object]:
    age = _cell(row, "age")
    if age and not (NUMBER.fullmatch(age) and YOUNGEST <= int(age) <= OLDEST):
        raise _Unfit(f"{quoted(age)} is no plausible age: whole years from {YOUNGEST} to {OLDEST}.")
    return {
        "arrested_in": _country(row, "arrested_in", countries),
        "ordered_by": _country(row, "ordered_by", countries),
        "age": int(age) if age else None,
    }


def _country(row: Row, column: str, countries: frozenset[str]) -> str:
    code = _cell(row, column).upper()
    if code and not (COUNTRY.fullmatch(code) and code in countries):
        raise _Unfit(f"{quoted(_cell(row, column))} in “{column}” is no country: use its two letters, such as ES.")
    return code


def _refuse_arrest_cells(row: Row, kind: str) -> None:
    for column in ("arrested_in", "ordered_by", "age"):
        if _cell(row, column):
            raise _Unfit(f"“{column}” is filled in, but the outcome is “{kind}”: it belongs to an arrest.")


def _reason(row: Row, kind: str, reasons: Sequence[str]) -> str:
    reason = _cell(row, "reason").casefold().replace(" ", "_")
    if reason and reason not in reasons:
        raise _Unfit(f"{quoted(_cell(row, 'reason'))} is no reason: use {', '.join(reasons)}.")
    if kind == "no_action" and not reason:
        raise _Unfit(f"“no_action” needs its reason: {', '.join(reasons)}.")
    return reason if kind == "no_action" else ""


def _devices(row: Row) -> dict[str, int]:
    found = {sort: _count(row, f"devices_{sort}") for sort in DEVICES}
    return {sort: count for sort, count in found.items() if count}


def _count(row: Row, column: str) -> int:
    text = _cell(row, column)
    if not text:
        return 0
    if not NUMBER.fullmatch(text) or int(text) > MOST_DEVICES:
        raise _Unfit(f"{quoted(text)} in “{column}” is no plausible number.")
    return int(text)
