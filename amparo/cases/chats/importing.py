"""Writes a chat reading into a case: people, stays, messages, notices, sightings. Called by the room's door and its jobs alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from django.db.models import Max

from amparo.cases.chats.talk import counts_of
from amparo.cases.groups.members import Member, Turn, group_name, named_after, window
from amparo.cases.groups.names import Changed
from amparo.cases.groups.posts import Filed, Posted, each_post, is_sticker
from amparo.cases.groups.reading import ChatReading
from amparo.cases.groups.skimming import Skimmed, skimmed
from amparo.cases.identity import Identified, Pointer, identified, pointers, visible
from amparo.cases.models import (
    Attribution,
    Case,
    Decision,
    Group,
    Identifier,
    Membership,
    Notice,
    Person,
    Post,
    Sighting,
)

BATCH = 300
STEP = 500
POSTS_AT_ONCE = 2000


@dataclass(frozen=True)
class Imported:
    group: UUID
    members: int
    messages: int
    notices: int
    unsupported: int


def import_reading(
    case: Case,
    item: UUID,
    reading: ChatReading,
    files: Mapping[str, Filed],
    export_name: str,
    by_name: str,
    now: datetime,
) -> Imported:
    """All rows of one export. Someone already in the case under the same number is that person, not a second one."""
    group, skim = awaited(case, item, export_name, now), skimmed(reading)
    people = enter_people(group, skim, by_name, now)
    write_posts(group, each_post(skim.each_message(), files, set()), people)
    return ended(group, skim)


def awaited(case: Case, item: UUID, export_name: str, now: datetime) -> Group:
    """The group before its export was read: nothing but that it is there."""
    return Group.objects.create(
        case=case,
        item=item,
        name=named_after(export_name),
        export_name=export_name[:240],
        posts_written=0,
        imported_at=now,
    )


def enter_people(group: Group, skim: Skimmed, by_name: str, now: datetime) -> dict[str, Person]:
    """Everything of the export but its messages. Each of its people by the one name that the reading gives them."""
    _describe(group, skim)
    people = _people(group, skim.members, by_name, now)
    _later_numbers(group, people, skim.changed, by_name, now)
    _memberships(group, skim.members, people)
    _notices(group, skim.reading, people)
    group.people = [people[each.name].id for each in skim.members]
    group.counted = counts_of(group)
    group.save()
    return people


def known_people(group: Group, skim: Skimmed) -> dict[str, Person]:
    """As `enter_people` gave them, for whoever goes on with an import."""
    rows = {each.id: each for start in range(0, len(group.people), STEP)
            for each in Person.objects.filter(id__in=group.people[start : start + STEP])}  # fmt: skip
    return {each.name: rows[row] for each, row in zip(skim.members, group.people, strict=True)}


def ended(group: Group, skim: Skimmed) -> Imported:
    """The export is in, whole."""
    group.posts_written, group.posts_in_all, group.people, group.counted = None, None, [], {}
    group.counted = counts_of(group)
    group.save(update_fields=["posts_written", "posts_in_all", "people", "counted"])
    reading = skim.reading
    return Imported(group.uuid, len(skim.members), skim.messages, len(reading.notices), reading.unsupported_count)


def _wall(ts: datetime | None) -> datetime | None:
    return ts.replace(tzinfo=UTC) if ts else None


def _describe(group: Group, skim: Skimmed) -> None:
    reading = skim.reading
    first, last = window(reading)
    group.name = group_name(reading, group.export_name)
    group.platform = reading.platform
    group.date_order = reading.date_order
    group.alternatives = list(reading.alternatives)
    if reading.zone_offset:
        group.zone, group.zone_assumed_by = reading.zone_offset, "stated"
    group.first_raw, group.first_wall = (first.raw[:60], _wall(first.ts)) if first else ("", None)
    group.last_raw, group.last_wall = (last.raw[:60], _wall(last.ts)) if last else ("", None)
    group.unsupported_count = reading.unsupported_count
    group.unsupported_lines = list(reading.unsupported_lines)[:200]
    group.posts_in_all = skim.messages


def _people(group: Group, found: tuple[Member, ...], by_name: str, now: datetime) -> dict[str, Person]:
    """A person for each member's name as written; the new ones with category, identifier and candidate countries."""
    case = group.case
    known = _known(case)
    number = Person.objects.filter(case=case).aggregate(last=Max("number"))["last"] or 0
    people: dict[str, Person] = {}
    new: list[tuple[Person, Member, Identified]] = []
    for member in found:
        who = identified(member.name)
        if who.kind != "name" and (there := known.get((who.kind, who.value))):
            people[member.name] = there
            continue
        number += 1
        person = Person(
            case=case, number=number, handle=visible(member.name)[:200] or "Without a name", category="contact"
        )
        people[member.name] = person
        if who.kind != "name":
            known[who.kind, who.value] = person
        new.append((person, member, who))
    Person.objects.bulk_create([person for person, _, _ in new], batch_size=BATCH)
    _say_of_new(group, new, by_name, now)
    return people


def _known(case: Case) -> dict[tuple[str, str], Person]:
    rows = Identifier.objects.filter(person__case=case).exclude(kind="name").select_related("person")
    return {(row.kind, row.value): row.person for row in rows}


def _later_numbers(
    group: Group, people: Mapping[str, Person], changed: Mapping[str, tuple[Changed, ...]], by_name: str, now: datetime
) -> None:
    """The numbers to which members changed, as the service's own notice says."""
    for name, each in ((name, each) for name, found in changed.items() for each in found):
        person, who = people.get(name), identified(each.name)
        if person is None or Identifier.objects.filter(person=person, kind=who.kind, value=who.value).exists():
            continue
        where = f"{group.platform} group {group.name}, line {each.line}: the member changed to this number"
        Identifier.objects.create(
            person=person,
            kind=who.kind,
            value=who.value[:200],
            raw=who.raw[:240],
            source=where[:240],
            item=group.item,
            added_at=now,
        )
        _attribute([(person, pointer, where) for pointer in pointers(who.value)], by_name, now)


def _say_of_new(group: Group, new: list[tuple[Person, Member, Identified]], by_name: str, now: datetime) -> None:
    source = f"{group.platform} group {group.name}"
    identifiers, decisions, pointing = [], [], []
    for person, member, who in new:
        line = member.intervals[0].came.line if member.intervals else 0
        where = f"{source}, line {line}" if line else f"{source}, list of members"
        identifiers.append(
            Identifier(
                person=person,
                kind=who.kind,
                value=who.value[:200],
                raw=who.raw[:240],
                source=where[:240],
                item=group.item,
                added_at=now,
            )
        )
        decisions.append(
            Decision(
                person=person,
                what=Decision.What.CATEGORY,
                value="contact",
                reason=f"Named in the {where}. Nobody has decided more.",
                by_name=by_name,
                at=now,
            )
        )
        if who.kind == "phone":
            pointing += [(person, pointer, where) for pointer in pointers(who.value)]
    Identifier.objects.bulk_create(identifiers, batch_size=BATCH)
    Decision.objects.bulk_create(decisions, batch_size=BATCH)
    _attribute(pointing, by_name, now)


def _attribute(pointing: list[tuple[Person, Pointer, str]], by_name: str, now: datetime) -> None:
    """Candidate countries. The reporter's export is a source that nobody has graded, and a prefix says only where a
    number was issued: X4."""
    Attribution.objects.bulk_create(
        [
            Attribution(
                person=person,
                country=pointer.country,
                evidence="phone_prefix",
                words=f"{pointer.words} Source: {where}.",
                kind="assessment",
                source_grade="X",
                information_grade=4,
                by_name=by_name,
                at=now,
            )
            for person, pointer, where in pointing
        ],
        batch_size=BATCH,
    )


def _memberships(group: Group, found: tuple[Member, ...], people: Mapping[str, Person]) -> None:
    rows = []
    for member in found:
        for interval in member.intervals:
            went = interval.went or Turn("", None, "", 0)
            rows.append(
                Membership(
                    group=group,
                    person=people[member.name],
                    came=interval.came.how,
                    came_raw=interval.came.raw[:60],
                    came_wall=_wall(interval.came.ts),
                    came_line=interval.came.line,
                    came_by=people.get(interval.came.by),
                    went=went.how,
                    went_raw=went.raw[:60],
                    went_wall=_wall(went.ts),
                    went_line=went.line or None,
                    went_by=people.get(went.by),
                    seconds=interval.seconds,
                    messages=member.messages,
                    admin_line=member.admin_line,
                    silent=member.silent,
                    left_at_once=member.left_at_once,
                )
            )
    Membership.objects.bulk_create(rows, batch_size=BATCH)


def write_posts(group: Group, posted: Iterable[Posted], people: Mapping[str, Person]) -> int:
    """How many were written, some thousand at a time: an export of millions is never held as rows."""
    rest, written = iter(posted), 0
    while some := list(islice(rest, POSTS_AT_ONCE)):
        rows = [_post(group, each, people) for each in some]
        Post.objects.bulk_create(rows, batch_size=POSTS_AT_ONCE)
        Sighting.objects.bulk_create(
            [Sighting(case=group.case, item=row.item, sha256=row.sha256, post=row) for row in rows if row.item],
            batch_size=BATCH,
        )
        written += len(rows)
    return written


def _post(group: Group, each: Posted, people: Mapping[str, Person]) -> Post:
    message, filed, media = each.message, each.filed, each.message.media
    return Post(
        group=group,
        person=people.get(message.sender),
        line=message.line,
        raw=message.raw[:60],
        wall=_wall(message.ts),
        kind=message.kind[:14],
        text=message.text,
        media_name=media.name[:240] if media else "",
        media_type=media.type[:60] if media else "",
        media_omitted=bool(media and media.omitted),
        sticker=is_sticker(message),
        item=filed.item if filed else None,
        sha256=filed.sha256 if filed else "",
        first=each.first,
        forwarded=message.forwarded,
    )


def _notices(group: Group, reading: ChatReading, people: Mapping[str, Person]) -> None:
    Notice.objects.bulk_create(
        [
            Notice(
                group=group,
                line=each.line,
                raw=each.raw[:60],
                wall=_wall(each.ts),
                type=each.type[:24],
                actor=people.get(each.actor),
                targets=[visible(target) for target in each.targets],
                value=each.value,
            )
            for each in reading.notices
        ],
        batch_size=BATCH,
    )
