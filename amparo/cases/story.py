"""How the acts about a case read on its timeline: a sentence, a sign, a tone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amparo.cases import rules
from amparo.cases.facts import NoteFacts
from amparo.custody.queries import ActLine

# What is consulted stands in the record, not in the story: it would bury what happened.
LEFT_OUT = frozenset({"case.read", "report.read", "series.read", "case.noted", "compartment.created", "items.sighted", "package.read"})

SAID = {
    "arrival.taken_in": ("Report received", "inbox", ""),
    "report.read_out": ("Report read in the sandbox", "check", ""),
    "report.ranked": ("Report ranked", "queue", ""),
    "case.opened": ("Case opened", "folder", "accent"),
    "case.report_added": ("Another report added", "inbox", ""),
    "case.granted": ("An officer was let in", "key", ""),
    "case.closed": ("Case closed", "lock", ""),
    "case.reopened": ("Case opened again", "folder", ""),
    "group.zone_set": ("Time zone of a group's clock set", "clock", ""),
    "device.registered": ("Device registered", "device", ""),
    "person.identifier_added": ("Identifier added", "hash", ""),
    "person.country_withdrawn": ("Candidate country withdrawn", "flag", "warn"),
}


@dataclass(frozen=True)
class Line:
    """One entry of a timeline, as the drawing of timelines takes it."""

    when: datetime
    title: str
    text: str = ""
    by: str = ""
    icon: str = ""
    tone: str = ""
    href: str = ""
    raw: str = ""


def lines(acts: Iterable[ActLine], notes: Iterable[NoteFacts]) -> tuple[Line, ...]:
    """Acts and notes as one story, oldest first. Refused and failed acts stand in the record, not here."""
    told = [_told(act) for act in acts if act.ended == "done" and act.kind not in LEFT_OUT]
    written = [
        Line(each.at, f"Note on {each.person}" if each.person else "Note", each.text, each.by_name, "edit") for each in notes
    ]
    return tuple(sorted((*told, *written), key=lambda line: line.when))


def _told(act: ActLine) -> Line:
    by = "" if act.actor_kind == "process" else act.actor_name
    title, sign, tone = SAID.get(act.kind) or _counted(act)
    return Line(act.at, title, "", by, sign, tone)


def _counted(act: ActLine) -> tuple[str, str, str]:
    about: dict[str, Any] = act.about
    persons = _persons(about.get("persons"))
    match act.kind:
        case "group.imported":
            return f"Group imported: {about.get('members')} members, {about.get('messages')} messages", "chat", "info"
        case "person.categorised":
            return f"{persons}: {rules.CATEGORIES.get(str(about.get('category')), '').lower()}", "person", ""
        case "person.age_set":
            return f"Age of {persons}: {rules.AGES.get(str(about.get('status')), '').lower()}", "person", ""
        case "person.country_set":
            return f"Candidate country of {persons}: {about.get('country')}", "flag", ""
        case "person.country_confirmed":
            moved = about.get("moved") or []
            tail = f", {len(moved)} moved from another" if moved else ""
            return f"{about.get('country')} confirmed as competent for {persons}{tail}", "flag", "good"
    words = act.kind.replace(".", " ").replace("_", " ")
    return words[:1].upper() + words[1:], "", ""


def _persons(found: object) -> str:
    count = len(found) if isinstance(found, list) else 1
    return "one person" if count == 1 else f"{count} persons"

