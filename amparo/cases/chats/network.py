"""The case as nodes and edges: drawn one by one while that stays readable, gathered by country or person beyond. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from amparo.cases.facts import DeviceFacts, GroupFacts, ItemLine, PersonFacts

MOST_PERSONS = 120  # beyond it labels overlap at any size of screen
MOST_ITEMS = 60

NOWHERE = "-"  # people without a country, as an address names them

Node = dict[str, Any]
Edge = dict[str, Any]
Href = Callable[[str, object], str]


def network(
    people: Sequence[PersonFacts],
    groups: Iterable[GroupFacts],
    items: Sequence[ItemLine],
    devices: Iterable[DeviceFacts],
    href: Href,
    opened: str = "",
) -> dict[str, list[Any]]:
    """{"nodes": [...], "edges": [...]} as the drawing takes it. href(kind, uuid or country): where a node leads.

    opened: a country whose people are drawn one by one although there are many.
    """
    big = len(people) > MOST_PERSONS
    alone = [each for each in people if not big or (place(each) or NOWHERE) == opened][:MOST_PERSONS]
    drawn = {each.uuid for each in alone}
    gathered = [each for each in people if each.uuid not in drawn]
    nodes: list[Node] = [_group(each, href) for each in groups]
    edges: list[Edge] = []
    for each in alone:
        nodes.append(_person(each, href))
        edges += _stays(each)
        for account in (found for found in each.identifiers if found.kind in ("handle", "email", "account")):
            key = f"a{account.kind}:{account.value}"
            nodes.append({"id": key, "label": account.value, "kind": "account", "note": account.kind_name})
            edges.append({"source": f"p{each.uuid}", "target": key, "label": "uses"})
    _gathered(gathered, href, nodes, edges)
    _items(items, {str(uuid) for uuid in drawn}, href, nodes, edges)
    for device in devices:
        nodes.append(
            {
                "id": f"d{device.uuid}",
                "label": device.label,
                "kind": "device",
                "note": f"{device.kind_name}, seal {device.seal}",
            }
        )
        if device.person and device.person.uuid in drawn:
            edges.append({"source": f"p{device.person.uuid}", "target": f"d{device.uuid}", "label": "device"})
    unique = {node["id"]: node for node in nodes}
    return {"nodes": list(unique.values()), "edges": edges}


def place(person: PersonFacts) -> str:
    """The country under which somebody is gathered: confirmed, else the only candidate, else none."""
    return person.confirmed_country or (person.candidates[0] if len(person.candidates) == 1 else "")


def _group(group: GroupFacts, href: Href) -> Node:
    note = f"{group.members} members, {group.messages} messages"
    return {
        "id": f"g{group.uuid}",
        "label": group.name,
        "kind": "group",
        "href": href("group", group.uuid),
        "note": note,
    }


def _person(person: PersonFacts, href: Href) -> Node:
    where = person.confirmed_country or " or ".join(person.candidates) or "country not known"
    note = [person.handle, person.category_name, person.age.status_name.lower(), where]
    if person.left_at_once:
        note.append("added, left at once")
    elif person.silent:
        note.append("silent in this export")
    return {
        "id": f"p{person.uuid}",
        "label": person.reference,
        "kind": "person",
        "href": href("person", person.uuid),
        "note": ", ".join(note),
        "tone": "info" if person.category in ("victim", "possible_victim") else "",
    }


def _stays(person: PersonFacts) -> Iterable[Edge]:
    for group in dict.fromkeys(stay.group for stay in person.memberships):
        stays = [stay for stay in person.memberships if stay.group == group]
        how = "created" if stays[0].came == "created" else "admin of" if stays[0].admin_line else "member of"
        if stays[-1].went:
            how = "left" if stays[-1].went == "left" else "removed from"
        yield {"source": f"p{person.uuid}", "target": f"g{group}", "label": how}


def _gathered(people: Sequence[PersonFacts], href: Href, nodes: list[Node], edges: list[Edge]) -> None:
    for country, count in sorted(Counter(map(place, people)).items()):
        key = f"c{country}"
        label = f"{country or 'Country not known'}: {count} persons"
        nodes.append(
            {
                "id": key,
                "label": label,
                "kind": "country",
                "href": href("country", country or NOWHERE),
                "note": "Open to see them one by one",
            }
        )
        theirs = dict.fromkeys(stay.group for each in people if place(each) == country for stay in each.memberships)
        edges += [{"source": key, "target": f"g{group}", "label": "members of"} for group in theirs]


def _items(items: Sequence[ItemLine], drawn: set[str], href: Href, nodes: list[Node], edges: list[Edge]) -> None:
    posted = [each for each in items if any(found.person for found in each.sightings)]
    if len(posted) > MOST_ITEMS:
        posted_first = Counter(str(each.first_poster.uuid) for each in posted if each.first_poster)
        for person, count in posted_first.items():
            if person in drawn:
                nodes.append(
                    {
                        "id": f"n{person}",
                        "label": f"{count} items",
                        "kind": "item",
                        "href": href("items_of", person),
                        "note": "First posted by this person",
                    }
                )
                edges.append({"source": f"p{person}", "target": f"n{person}", "label": "posted first"})
        return
    for each in posted:
        key = f"i{each.item.uuid}"
        nodes.append(
            {
                "id": key,
                "label": each.item.reference,
                "kind": "item",
                "href": href("item", each.item.uuid),
                "note": f"{each.copies} posts",
            }
        )
        first = str(each.first_poster.uuid) if each.first_poster else ""
        people = dict.fromkeys(str(found.person.uuid) for found in each.sightings if found.person)
        edges += [
            {"source": f"p{person}", "target": key, "label": "posted first" if person == first else "posted"}
            for person in people
            if person in drawn
        ]
