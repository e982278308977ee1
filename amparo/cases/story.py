"""How the acts about a case read on its timeline: a sentence, a sign, a tone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from amparo.cases import rules
from amparo.cases.facts import NoteFacts
from amparo.custody.queries import ActLine

# What is consulted, and what befalls single items and keys, stands in the record and on the evidence page: here it would
# bury what happened.
LEFT_OUT = (
    "item.",
    "items.",
    "key.",
    "compartment.",
    "work_item.",
    "case.read",
    "report.read",
    "series.read",
    "package.read",
    "package.build_asked",
    "package.file_taken",
    "board.read",
    "case.noted",
    "report.taken_up",
    "coins.reading_asked",
)
# "report.read" is a consultation; "report.read_out" is not.
KEPT = frozenset({"report.read_out"})
# What the record need not even hand out for the story.
UNASKED = tuple(each for each in LEFT_OUT if not any(kept.startswith(each) for kept in KEPT))

# What is done once for each country or series, by the thousand in a large case: one line, not a thousand.
FOLDED = ("package.", "reply.", "series.")
ALONE = 3
WITHIN = timedelta(hours=1)

SAID = {
    "arrival.taken_in": ("Report received", "inbox", ""),
    "report.read_out": ("Report read in the sandbox", "check", ""),
    "report.ranked": ("Report ranked", "queue", ""),
    "case.opened": ("Case opened", "folder", "accent"),
    "case.report_added": ("Another report added", "inbox", ""),
    "case.granted": ("An officer was let in", "key", ""),
    "case.closed": ("Case closed", "lock", ""),
    "case.reopened": ("Case opened again", "folder", ""),
    "group.import_begun": ("A long chat export is being imported", "chat", ""),
    "group.zone_set": ("Time zone of a group's clock set", "clock", ""),
    "device.registered": ("Device registered", "device", ""),
    "person.identifier_added": ("Identifier added", "hash", ""),
    "person.reason_entered": ("Reason to look at somebody first entered", "star", ""),
    "person.reason_withdrawn": ("Reason to look at somebody first withdrawn", "star", "warn"),
    "person.country_withdrawn": ("Candidate country withdrawn", "flag", "warn"),
    "coins.ledger_added": ("Ledger of a platform added", "coins", "info"),
    "coins.files_added": ("More files of a ledger added", "coins", ""),
    "coins.reading_stopped": ("Reading of a ledger stopped", "coins", ""),
    "coins.reading_failed": ("A ledger could not be read", "coins", "warn"),
    "coins.account_taken": ("An account is held to be a person's", "person", ""),
    "coins.link_undone": ("An account is no longer held to be a person's", "person", "warn"),
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


def lines(
    acts: Iterable[ActLine], notes: Iterable[NoteFacts], names: Mapping[UUID, str], hidden: tuple[str, ...] = ()
) -> tuple[Line, ...]:
    """Acts and notes as one story, oldest first. Refused and failed acts stand in the record, not here.

    names: of officers, by their uuid. hidden: beginnings of kinds that this reader has no power to learn of.
    """
    kept = [
        act for act in acts if act.ended == "done" and (act.kind in KEPT or not act.kind.startswith(LEFT_OUT + hidden))
    ]
    told = [line for acts in _folded(kept) for line in _line(acts, names)]
    written = [
        Line(each.at, f"Note on {each.person}" if each.person else "Note", each.text, each.by_name, "edit")
        for each in notes
    ]
    return _gathered(sorted((*told, *written), key=lambda line: line.when))


def _folded(acts: Iterable[ActLine]) -> list[list[ActLine]]:
    """Acts of one kind by one person that follow within the hour, whatever happens between them, at the place of the first."""
    found: list[list[ActLine]] = []
    last: dict[tuple[str, object], list[ActLine]] = {}
    for act in acts:
        run = last.get((act.kind, act.actor)) if act.kind.startswith(FOLDED) else None
        if run and act.at - run[-1].at <= WITHIN:
            run.append(act)
        else:
            last[act.kind, act.actor] = [act]
            found.append(last[act.kind, act.actor])
    return found


def _line(acts: Sequence[ActLine], names: Mapping[UUID, str]) -> Iterable[Line]:
    if len(acts) <= ALONE:
        return [_told(act, names) for act in acts]
    first = _told(acts[0], names)
    words = _words(acts[0].kind)
    countries = {country for act in acts if isinstance(country := act.about.get("country"), str) and country}
    title = f"{words}: {len(countries)} countries" if len(countries) > 1 else words
    return [replace(first, title=title, text=f"{len(acts):,} times, last {acts[-1].at:%H:%M}")]


def _gathered(told: Iterable[Line]) -> tuple[Line, ...]:
    """Alike lines that follow one another as one, with how often."""
    found: list[Line] = []
    for _, same in groupby(told, key=lambda line: (line.title, line.by, line.text)):
        first, *others = same
        found.append(replace(first, text=f"{len(others) + 1} times, last {others[-1].when:%H:%M}") if others else first)
    return tuple(found)


def _told(act: ActLine, names: Mapping[UUID, str]) -> Line:
    by = names.get(act.actor, act.actor_name) if act.actor else ""
    title, sign, tone = SAID.get(act.kind) or _counted(act)
    return Line(act.at, title, "", by, sign, tone)


def _counted(act: ActLine) -> tuple[str, str, str]:
    about: dict[str, Any] = act.about
    persons = _persons(about.get("persons"))
    match act.kind:
        case "group.imported":
            return f"Group imported: {about.get('members')} members, {about.get('messages')} messages", "chat", "info"
        case "coins.ledger_read":
            return f"Ledger read: {about.get('events'):,} events, {about.get('gaps')} gaps", "coins", "info"
        case "coins.references_taken":
            return f"{about.get('references')} payment references written out", "coins", ""
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
    country = about.get("country")
    tail = f": {country}" if isinstance(country, str) and country else ""
    return _words(act.kind) + tail, _SIGNS.get(act.kind.split(".")[0], ""), ""


def _words(kind: str) -> str:
    words = kind.replace(".", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


_SIGNS = {"series": "child", "package": "package", "reply": "mail", "outcome": "outcome", "report": "report"}


def _persons(found: object) -> str:
    count = len(found) if isinstance(found, list) else 1
    return "one person" if count == 1 else f"{count} persons"
