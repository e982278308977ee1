"""The sections of a case's pages, and the parts of each: which there are, and which of them a page belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from django.urls import reverse

from amparo.cases.facts import CaseFacts, GroupFacts

NAMED = 40  # characters of a group's name in a tab; the page has all of it


@dataclass(frozen=True)
class Part:
    label: str
    href: str
    count: int | None = None
    here: bool = False


@dataclass(frozen=True)
class Section:
    """label, href: of its first page. parts: its pages, where there are several. here: the page that is shown is one of them."""

    label: str
    href: str
    count: int | None
    parts: tuple[Part, ...]
    here: bool = False


def sections(case: CaseFacts, path: str, group: GroupFacts | None = None) -> tuple[Section, ...]:
    """path: of the page that is shown. group: of which it is, if of one."""
    found = tuple(_sections(case, group))
    # The overview's address is the beginning of every other.
    ways = {each.label: tuple(part.href for part in each.parts) or (each.href,) for each in found}
    overview, *others = found
    here = [replace(each, here=path.startswith(ways[each.label])) for each in others]
    return replace(overview, here=path == overview.href), *here


def _sections(case: CaseFacts, group: GroupFacts | None) -> list[Section]:
    def at(name: str) -> str:
        return reverse(f"cases:{name}", args=[case.uuid])

    people = [Part("Everyone", at("people"), case.people)]
    people += [Part("Look first", at("first_looks"))] if case.groups else []
    people += [] if case.groups else [Part("Network", at("network"))]
    found = [
        Section("Overview", at("case"), None, ()),
        Section("Timeline", at("timeline"), None, ()),
        Section("People", at("people"), case.people, tuple(people)),
    ]
    if case.groups:
        shown = [Part(_short(group.name), _group(case.uuid, group.uuid), group.members, here=True)] if group else []
        parts = [Part("All groups", at("groups"), case.groups), *shown]
        parts += [
            Part("Items across", at("across")),
            Part("Network", at("network")),
            Part("Overlaps", at("overlaps")),
            Part("Activity", at("activity")),
        ]
        found.append(Section("Groups", at("groups"), case.groups, tuple(parts)))
    found += [
        Section("Items", at("items"), None, (Part("Items", at("items")), Part("Evidence", at("evidence")))),
        Section("Coins", at("coins"), None, ()),
        Section("Platform", at("platforms"), None, ()),
    ]
    return found


def _group(case: UUID, group: UUID) -> str:
    return reverse("cases:group", args=[case, group])


def _short(name: str) -> str:
    return name if len(name) <= NAMED else f"{name[: NAMED - 1]}…"
