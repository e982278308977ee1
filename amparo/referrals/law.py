"""By which law a package is sent, and by when an answer is due: read from dated files, never from code.

A file covers countries from a date to a date; a deployment's own files (AMPARO_HOME/law) replace ours of the same name.
docs/law.md tells people what stands in them. Nothing here is legal advice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from amparo.foundation.errors import Refused

SHIPPED = Path(__file__).parent / "law"
URGENCIES = ("danger_now", "urgent", "normal")


@dataclass(frozen=True)
class Span:
    """A length of time as laws state it: hours run from the second; days are whole calendar days in UTC."""

    amount: int
    unit: str

    def after(self, start: datetime) -> datetime:
        """When the span that begins at `start` (aware) is over.

        Days are counted as Regulation (EEC) 1182/71, Article 3 does: the day of the event isn't counted, the last day
        counts to its last second. Weekends and holidays are not skipped: a child in danger knows none.
        """
        start = start.astimezone(UTC)
        if self.unit == "hours":
            return start + timedelta(hours=self.amount)
        return datetime.combine(start.date() + timedelta(days=self.amount), time(23, 59, 59), UTC)

    def __str__(self) -> str:
        one = {"hours": "hour", "days": "day"}[self.unit]
        return f"{self.amount} {one if self.amount == 1 else self.unit}"


@dataclass(frozen=True)
class Law:
    """One file. parties: two-letter codes, or "*" for every country. sides: groups between which alone it applies."""

    name: str
    title: str
    valid_from: date
    valid_until: date | None
    checked_on: date
    source: str
    channel: str
    basis: str
    transfer: str
    limits_of_use: str
    both_parties: bool
    parties: frozenset[str]
    sides: tuple[frozenset[str], ...]
    answer: Mapping[str, Span]
    acknowledge: Mapping[str, Span]

    def covers(self, sender: str, addressee: str, on: date) -> bool:
        if on < self.valid_from or (self.valid_until and on > self.valid_until):
            return False
        if "*" in self.parties:
            return True
        if addressee not in self.parties or (self.both_parties and sender not in self.parties):
            return False
        return not self.sides or any((sender in side) != (addressee in side) for side in self.sides)


def read_laws(*folders: Path) -> tuple[Law, ...]:
    """Every law of these folders by name; a later folder's file replaces an earlier one's. Raises Refused for a bad file."""
    found: dict[str, Law] = {}
    for folder in folders:
        for file in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                law = _law(tomllib.loads(file.read_text(encoding="utf-8")))
            except (KeyError, TypeError, ValueError) as error:
                raise Refused(
                    f"The law file {file.name} can't be read: {error}. Correct it or take it away."
                ) from error
            found[law.name] = law
    return tuple(found[name] for name in sorted(found))


def _law(fields: Mapping[str, Any]) -> Law:
    return Law(
        name=fields["name"],
        title=fields["title"],
        valid_from=fields["valid_from"],
        valid_until=fields.get("valid_until"),
        checked_on=fields["checked_on"],
        source=fields["source"],
        channel=fields["channel"],
        basis=fields["basis"],
        transfer=fields.get("transfer", ""),
        limits_of_use=fields["limits_of_use"],
        both_parties=fields["both_parties"],
        parties=frozenset(fields["parties"]),
        sides=tuple(frozenset(side) for side in fields.get("sides", ())),
        answer=_spans(fields["answer"]),
        acknowledge=_spans(fields["acknowledge"]),
    )


def _spans(fields: Mapping[str, Mapping[str, int]]) -> dict[str, Span]:
    spans = {}
    for urgency in URGENCIES:
        ((unit, amount),) = fields[urgency].items()
        if unit not in ("hours", "days") or not isinstance(amount, int) or amount < 1:
            raise ValueError(f"{urgency} needs a whole number of hours or days")
        spans[urgency] = Span(amount, unit)
    return spans


def law_for(laws: Iterable[Law], sender: str, addressee: str, on: date) -> Law:
    """The law that covers the way from `sender` to `addressee` on a day: the most special one, the newest among equals.

    Special is what names the fewest parties; "*" comes last. Raises Refused when no file covers the day.
    """
    covering = [law for law in laws if law.covers(sender, addressee, on)]
    if not covering:
        raise Refused(f"No law file covers a package to {addressee} on {on.isoformat()}: add one (docs/law.md).")
    return min(
        covering,
        key=lambda law: ("*" in law.parties, not law.sides, len(law.parties), -law.valid_from.toordinal(), law.name),
    )
