"""The door of matching: bring a list in, withdraw it, record what an item was found to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused, Unreachable
from amparo.matching import rules
from amparo.matching.known import active_lists
from amparo.matching.models import Check, HashEntry, HashList, Hit
from amparo.matching.rules import Found, ListRow, State

BATCH_ROWS = 2_000


@dataclass(frozen=True)
class ListImported:
    list: UUID
    rows: int
    entries: int


@act("list.imported", power="lists.import")
def import_list(
    by: Actor, *, name: str, source: str, version: str, scheme: str, scope: str, rows: Iterable[Mapping[str, str]]
) -> ListImported:
    """A new list, whole or not at all; items that came before it are checked again.

    rows: {md5|sha1|sha256|pdq: hex digits, category: the list's own code}. Raises Refused, which names the rows that are wrong.
    """
    parsed, faults = _parsed(rows)
    obstacles = rules.obstacles_to_import(name, source, version, len(parsed), faults)
    if HashList.objects.filter(name=name, version=version).exists():
        obstacles += (
            f"Version {version} of {name} has been imported before. Lists are never edited: give it its new version.",
        )
    if obstacles:
        raise Refused(*obstacles)
    new = HashList.objects.create(
        name=name,
        source=source,
        version=version,
        scheme=scheme,
        scope=scope,
        row_count=len(parsed),
        imported_at=clock.now(),
    )
    entries = [
        HashEntry(list=new, row=number, kind=kind, value=value, category=row.category)
        for number, row in enumerate(parsed, 1)
        for kind, value in row.hashes
    ]
    HashEntry.objects.bulk_create(entries, batch_size=BATCH_ROWS)
    return ListImported(new.uuid, len(parsed), len(entries))


def _parsed(rows: Iterable[Mapping[str, str]]) -> tuple[list[ListRow], list[str]]:
    parsed, faults = [], []
    for number, cells in enumerate(rows, 1):
        try:
            parsed.append(rules.row_of(cells))
        except ValueError as fault:
            faults.append(f"row {number}: {fault}")
    return parsed, faults


@dataclass(frozen=True)
class ListWithdrawn:
    list: UUID


@act("list.withdrawn", power="lists.import")
def withdraw_list(by: Actor, hash_list: UUID, reason: str) -> ListWithdrawn:
    """From now on the list counts no more; what was found in it before keeps saying so, and items are checked again."""
    found = HashList.objects.filter(uuid=hash_list, withdrawn_at=None).first()
    if not found:
        raise Missing("There is no such list, or it was withdrawn already.", list=str(hash_list))
    if not reason.strip():
        raise Refused("Say why the list is withdrawn.")
    found.withdrawn_at, found.withdrawn_reason = clock.now(), reason.strip()[:300]
    found.save()
    return ListWithdrawn(found.uuid)


@dataclass(frozen=True)
class Compared:
    """What of an item was compared: its fingerprint, and what the sandbox took it for."""

    pdq: bytes
    kind: str
    examination: str


@dataclass(frozen=True)
class ItemMatched:
    item: UUID
    origin: UUID
    state: State
    check: UUID
    hits: int
    lists: int


@act("item.matched", power="items.match")
def record_check(
    by: Actor,
    *,
    item: UUID,
    origin: UUID,
    state: State,
    lists: Sequence[int],
    found: Sequence[Found],
    subject: Compared,
) -> ItemMatched:
    """The item's answer from now on. Raises Unreachable when the lists changed since it was compared: compare again."""
    if tuple(lists) != active_lists():
        raise Unreachable("A list was imported or withdrawn meanwhile; the item is compared again.", item=str(item))
    Check.objects.filter(item=item, current=True).update(current=False)
    check = Check.objects.create(
        item=item,
        origin=origin,
        state=state,
        lists=[
            str(each) for each in HashList.objects.filter(id__in=lists).order_by("id").values_list("uuid", flat=True)
        ],
        pdq=subject.pdq,
        kind=subject.kind[:30],
        examination=subject.examination[:20],
        at=clock.now(),
    )
    Hit.objects.bulk_create(
        Hit(check_made=check, entry_id=each.entry, kind=each.kind, distance_bits=each.distance_bits) for each in found
    )
    return ItemMatched(item, origin, state, check.uuid, len(found), len(lists))


@dataclass(frozen=True)
class CheckedAgain:
    """That items were laid beside the lists again with the same answer as before; those with another have an act of their own."""

    items: int
    lists: int


@act("items.checked_again", power="items.match")
def record_same_answers(by: Actor, checks: Sequence[int], lists: Sequence[int]) -> CheckedAgain:
    """These checks' answers hold for the present lists too."""
    if tuple(lists) != active_lists():
        raise Unreachable("A list was imported or withdrawn meanwhile; the items are compared again.")
    uuids = [str(each) for each in HashList.objects.filter(id__in=lists).order_by("id").values_list("uuid", flat=True)]
    Check.objects.filter(id__in=checks).update(lists=uuids, at=clock.now())
    return CheckedAgain(len(checks), len(lists))
