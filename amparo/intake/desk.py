"""Reports taken by hand: by phone, by letter, from somebody who came in. A clerk writes down what they were told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Refused
from amparo.intake import statements
from amparo.intake.statements import Attached, Reporter, Sealed, Statement
from amparo.vault.actions import prepares

HOUSE = Actor.of_process("house")
CHANNELS = ("phone", "letter", "walk_in")


@dataclass(frozen=True)
class Told:
    """What a clerk wrote down. received_at: when the call, letter or person came. reporter is sealed apart at once.

    fields: as triage/stated.py says.
    """

    channel: str
    received_at: datetime
    subject: str
    text: str
    language: str
    fields: dict[str, Any]
    reporter: Reporter


@dataclass(frozen=True)
class ReportTaken:
    report: UUID
    arrival: UUID
    channel: str
    repeated: bool


def obstacles_to_taking(told: Told, now: datetime) -> tuple[str, ...]:
    """Why this can't be taken as a report; empty when it can."""
    found = []
    if told.channel not in CHANNELS:
        found.append("Choose how the report came: by phone, by letter or in person.")
    if not told.text.strip():
        found.append("Write down what was said: without it nobody can follow the report.")
    if told.received_at > now:
        found.append("A report can't have come in the future: mend its date and time.")
    return tuple(found)


@prepares("report.taken_by_hand")
def take_by_hand(by: Actor, told: Told, files: Sequence[Attached] = (), *, form: UUID | None = None) -> ReportTaken:
    """The report stands on the queue with its files sealed. form: the shown form's id; sent twice it is one report."""
    if not by.can("reports.take") or obstacles_to_taking(told, clock.now()):
        return _enter(by, told=told, sealed=None)
    statement = Statement(
        channel=told.channel,
        received_at=told.received_at,
        subject=told.subject.strip() or first_words(told.text),
        body=told.text.strip(),
        language=told.language,
        fields=told.fields,
        reporter=told.reporter,
    )
    return _enter(by, told=told, sealed=statements.seal(statement, files, arrival=form))


@act("report.taken_by_hand", power="reports.take")
def _enter(by: Actor, *, told: Told, sealed: Sealed | None) -> ReportTaken:
    obstacles = obstacles_to_taking(told, clock.now())
    if obstacles or sealed is None:
        raise Refused(*obstacles)
    taken = statements.enter(HOUSE, sealed)
    return ReportTaken(taken.report, taken.arrival, told.channel, taken.repeated)


def first_words(text: str, most: int = 80) -> str:
    """A heading for a report that has none: its first line, cut at a word."""
    line = next((each.strip() for each in text.splitlines() if each.strip()), "")
    if len(line) <= most:
        return line
    return line[:most].rsplit(" ", 1)[0].rstrip(".,;:") + " …"


# What a line of "where" on a form may name, with its kind for triage (triage/traces.py).
WHERE = ("address", "handle", "room", "phone", "email", "wallet", "payment")


def identifiers_of(rows: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
    """Stated identifiers from (kind, value, platform); rows without a value or of an unknown kind are left out."""
    return [
        {"kind": kind, "value": value.strip(), "platform": platform.strip(), "role": "reported"}
        for kind, value, platform in rows
        if kind in WHERE and value.strip()
    ]
