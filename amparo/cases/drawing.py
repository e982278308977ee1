"""How the facts of a case become rows, strips and drawings on its pages. Reads through `queries` alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from amparo.cases import queries, rules
from amparo.cases.chats import network
from amparo.cases.chats.members import MemberLine
from amparo.cases.evidence import CustodyOfItem
from amparo.cases.facts import (
    CountryLine,
    DecisionFacts,
    GroupFacts,
    ItemLine,
    ItemMark,
    MembershipFacts,
    NoticeFacts,
    PersonFacts,
    PostFacts,
)
from amparo.custody.queries import ActLine
from amparo.foundation.times import Moment
from amparo.viewing import countries

MARKS = (
    ("first", "Posted an item first"),
    ("posted", "Posted"),
    ("silent", "Silent in the export"),
    ("left_at_once", "Added, left at once"),
    ("unconfirmed", "No confirmed country"),
)
POST_KINDS = (
    ("text", "Text"),
    ("media", "Media"),
    ("deleted", "Deleted"),
    ("view_once", "View once"),
    ("location", "Location"),
    ("live_location", "Live location"),
    ("contact", "Contact"),
    ("poll", "Poll"),
)
CAME = {
    "created": "created the group",
    "added": "was added",
    "joined": "joined",
    "joined_link": "joined by link",
    "seen": "first seen",
}
WENT = {"left": "left", "removed": "was removed"}


def named_country(code: str) -> str:
    return f"{code} {countries.country_name(code)}"


def map_rows(lines: Iterable[CountryLine], people: str) -> list[dict[str, object]]:
    """Countries for the map: how many persons point to each, and how many of them an officer confirmed."""
    return [
        {
            "country": line.country,
            "count": line.confirmed + line.candidates,
            "href": f"{people}?{urlencode({'country': line.country})}",
            "note": f"{line.confirmed} confirmed, {line.candidates} by evidence alone",
        }
        for line in lines
    ]


# ---- people


CSV_COLUMNS = (
    "reference", "name", "category", "age status", "stated age", "born on", "minors' track", "confirmed country",
    "candidate countries", "identifiers", "messages", "items first posted", "silent in export", "added and left at once",
)  # fmt: skip


def csv_row(person: PersonFacts) -> tuple[object, ...]:
    yes = {True: "yes", False: "no"}
    return (
        person.reference, person.handle, person.category, person.age.status, person.age.stated_age, person.age.born_on,
        yes[person.minors_track], person.confirmed_country, " ".join(person.candidates),
        " ".join(each.value for each in person.identifiers if each.kind != "name"), person.messages, person.first_posts,
        yes[person.silent], yes[person.left_at_once],
    )  # fmt: skip


def history(person: PersonFacts) -> tuple[dict[str, object], ...]:
    """What was decided of somebody, newest first, as a timeline takes it."""
    return tuple(
        {"when": each.at, "title": _decided(each), "text": each.reason, "by": each.by_name, "icon": _SIGNS[each.what]}
        for each in reversed(person.decisions)
    )


_SIGNS = {"category": "person", "age": "calendar", "country": "flag"}


def _decided(decision: DecisionFacts) -> str:
    match decision.what:
        case "category":
            now, before = rules.CATEGORIES.get(decision.value, ""), rules.CATEGORIES.get(decision.before, "")
            return f"{now}, before {before.lower()}" if before and before != now else now
        case "age":
            return rules.AGES.get(decision.value, "")
    moved = f", before {named_country(decision.before)}" if decision.before else ""
    return f"Competent: {named_country(decision.value)}{moved}"


def words_of(
    reading: Any, person: PersonFacts, limit: int = 100
) -> tuple[tuple[str, UUID, tuple[PostFacts, ...], int], ...]:
    """(group's name, its uuid, first messages, how many in all) for each group in which somebody wrote."""
    groups = dict.fromkeys((stay.group, stay.group_name) for stay in person.memberships)
    found = ((name, group, *reading.posts(group, person=person.uuid, limit=limit)) for group, name in groups)
    return tuple(each for each in found if each[3])


# ---- groups


@dataclass(frozen=True)
class StayLine:
    """A stay with its bar: where it lies in the export's window, in percent."""

    member: MemberLine
    stay: MembershipFacts
    start: float
    width: float
    came: str
    went: str
    present: str


def stays(found: Iterable[MemberLine], last: int) -> tuple[StayLine, ...]:
    """last: the export's last line."""
    drawn = []
    for member in found:
        each = member.stay
        start = 100 * (each.came_line - 1) / last if each.came_line else 0.0
        end = 100 * (each.went_line or last) / last
        came, went = CAME.get(each.came, each.came), WENT.get(each.went, each.went)
        width = round(max(1.0, end - start), 1)
        drawn.append(StayLine(member, each, round(start, 1), width, came, went, duration(each.seconds)))
    return tuple(drawn)


def duration(seconds: int | None) -> str:
    """Seconds as people say them: the two largest parts."""
    if seconds is None:
        return ""
    for size, unit, smaller, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {unit} {rest} {small}" if rest else f"{seconds // size} {unit}"
    return f"{seconds} s" if seconds else "under a minute"


def moves(found: Iterable[MembershipFacts]) -> tuple[dict[str, object], ...]:
    """Comings and goings of a group in the order of its lines, as a timeline takes them."""
    lines: list[tuple[int, dict[str, object]]] = []
    for each in found:
        if each.came != "seen":
            by = f" by {each.came_by}" if each.came_by else ""
            lines.append(
                (
                    each.came_line,
                    _move(
                        each,
                        each.came_at,
                        f"{each.person} {CAME.get(each.came, each.came)}{by}",
                        each.came_line,
                        "join",
                    ),
                )
            )
        if each.went and each.went_at and each.went_line:
            by = f" by {each.went_by}" if each.went_by else ""
            lines.append(
                (
                    each.went_line,
                    _move(
                        each,
                        each.went_at,
                        f"{each.person} {WENT.get(each.went, each.went)}{by}",
                        each.went_line,
                        "leave",
                    ),
                )
            )
    return tuple(move for _, move in sorted(lines, key=lambda pair: pair[0]))


def _move(stay: MembershipFacts, at: Moment, title: str, line: int, sign: str) -> dict[str, object]:
    return {"when": at, "title": title, "icon": sign, "raw": f"line {line}"}


NOTICES = {
    "group_created": ("created the group", "group"),
    "subject_changed": ("renamed the group", "edit"),
    "description_changed": ("changed the description", "edit"),
    "icon_changed": ("changed the icon", "picture"),
    "admin_granted": ("made an admin", "key"),
    "number_changed": ("changed their number", "phone"),
    "pinned": ("pinned a message", "star"),
    "migrated": ("moved the group", "group"),
}


def milestones(
    group: GroupFacts, notices: Iterable[NoticeFacts], first_items: Sequence[PostFacts]
) -> tuple[dict[str, object], ...]:
    """What happened in a group besides comings and goings: its making, its names, its first item, its last line."""
    lines = [
        (
            each.line,
            _milestone(
                each.at,
                f"{each.actor or 'Somebody'} {NOTICES[each.type][0]}",
                each.value or ", ".join(each.targets),
                each.line,
                NOTICES[each.type][1],
            ),
        )
        for each in notices
        if each.type in NOTICES
    ]
    if first_items:
        post = first_items[0]
        lines.append(
            (
                post.line,
                _milestone(
                    post.at, f"{post.person or 'Somebody'} posted the first item", post.media_name, post.line, "item"
                ),
            )
        )
    told = [milestone for _, milestone in sorted(lines, key=lambda pair: pair[0])]
    if group.last:
        told.append({"when": group.last, "title": "Last line of the export", "icon": "leave"})
    return tuple(told)


def _milestone(at: Moment, title: str, text: str, line: int, sign: str) -> dict[str, object]:
    return {"when": at, "title": title, "text": text, "icon": sign, "raw": f"line {line}"}


def activity(days: Sequence[tuple[date, int, int]]) -> list[dict[str, object]]:
    """Messages by day, by week where that is more than three weeks, by month where it is more than half a year."""
    if not days:
        return []
    span = (days[-1][0] - days[0][0]).days
    counted: dict[str, int] = {}
    for day, messages, _ in days:
        label = (
            str(day)
            if span <= 21
            else f"{day:%Y-%m}"
            if span > 183
            else f"week of {day - timedelta(days=day.weekday())}"
        )
        counted[label] = counted.get(label, 0) + messages
    return [{"label": label, "value": value} for label, value in counted.items()]


@dataclass(frozen=True)
class Column:
    """One step of the drawing of activity: in percent of its width and height, and the words for whoever asks."""

    x: float
    width: float
    height: float
    first_height: float
    words: str


def columns(steps: Sequence[tuple[str, int, int]]) -> tuple[Column, ...]:
    """Messages by step as columns, the items first posted drawn inside; the highest fills the drawing."""
    most = max((messages for _, messages, _ in steps), default=0) or 1
    width = 100 / max(1, len(steps))
    return tuple(
        Column(
            round(number * width, 3), round(width * 0.82, 3), round(100 * messages / most, 2), round(100 * firsts / most, 2),
            f"{label}: {messages:,} messages, {firsts:,} items first posted",
        )
        for number, (label, messages, firsts) in enumerate(steps)
    )  # fmt: skip


# ---- items


def chosen(found: Iterable[ItemMark], verdict: str, person: str, search: str) -> tuple[ItemMark, ...]:
    words = search.casefold().strip()
    return tuple(
        mark
        for mark in found
        if (not verdict or mark.state == verdict)
        and (not person or str(mark.first_poster or "") == person)
        and (not words or words in mark.said)
    )


def verdict_choices(found: Iterable[ItemMark]) -> list[tuple[str, str, int]]:
    states = Counter(str(mark.state) for mark in found)
    words = (
        ("hit", "Known item"),
        ("no_hit", "No match"),
        ("too_plain", "Too plain to compare"),
        ("not_examined", "Not examined"),
    )
    return [(state, said, states[state]) for state, said in words]


@dataclass(frozen=True)
class Strip:
    """An item's way through the house: its acts in order, alike ones gathered."""

    line: ItemLine
    steps: tuple[tuple[str, ActLine, int], ...]


STEP_WORDS = {
    "item.sealed": "Sealed",
    "item.examined": "Examined",
    "item.examination_failed": "Not readable",
    "item.matched": "Compared",
    "items.rewrapped": "Moved to the case",
    "items.sighted": "Taken into the case",
    "item.opened": "Opened by the worker",
    "item.revealed": "Revealed",
    "report.read_out": "Report read out",
    "series.opened": "In a series",
    "series.items_added": "In a series",
}


def strip(custody: CustodyOfItem, hidden: tuple[str, ...] = ()) -> Strip:
    steps: list[tuple[str, ActLine, int]] = []
    for act in (each for each in custody.acts if not each.kind.startswith(hidden)):
        words = STEP_WORDS.get(act.kind, act.kind.replace(".", " ").replace("_", " ").capitalize())
        if act.ended != "done":
            words = f"{words}: {act.ended}"
        elif act.kind == "item.opened" and act.actor_kind == "officer":
            words = f"Opened by {act.actor_name}"
        if steps and steps[-1][0] == words:
            steps[-1] = (words, steps[-1][1], steps[-1][2] + 1)
        else:
            steps.append((words, act, 1))
    return Strip(custody.line, tuple(steps))


# ---- network


def network_of(case: UUID, opened: str = "") -> dict[str, list[Any]]:
    def href(kind: str, subject: object) -> str:
        match kind:
            case "person":
                return reverse("cases:person", args=[case, subject])
            case "group":
                return reverse("cases:group", args=[case, subject])
            case "country":
                return f"{reverse('cases:network', args=[case])}?{urlencode({'country': subject})}"
            case "items_of":
                return f"{reverse('cases:items', args=[case])}?{urlencode({'person': subject})}"
        return f"{reverse('cases:evidence', args=[case])}#{subject}"

    return network.network(
        queries.people(case), queries.groups(case), queries.items(case), queries.devices(case), href, opened
    )
