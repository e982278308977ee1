"""What is known of items, and of the lists they were compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from amparo.foundation.errors import Missing
from amparo.matching.models import Check, HashEntry, HashList, Hit
from amparo.matching.rules import HitKind, State


@dataclass(frozen=True)
class HitFacts:
    """One listed item that this item is, or is near to. category is the list's own code, to be read in its scheme."""

    list_name: str
    list_version: str
    kind: HitKind
    distance_bits: int
    scheme: str
    category: str


@dataclass(frozen=True)
class Verdict:
    state: State
    hits: tuple[HitFacts, ...] = ()
    lists: int = 0
    at: datetime | None = None


def verdicts(items: Iterable[UUID]) -> dict[UUID, Verdict]:
    """The present answer for each of these items; "not examined" for one that was never compared."""
    wanted = list(items)
    checks = list(Check.objects.filter(item__in=wanted, current=True))
    hits = _hits([check.id for check in checks])
    known = {
        check.item: Verdict(State(check.state), tuple(hits.get(check.id, ())), len(check.lists), check.at)
        for check in checks
    }
    return {item: known.get(item, Verdict(State.NOT_EXAMINED)) for item in wanted}


def checked(origin: UUID) -> int:
    """How many items of an arrival, report or seizure have been compared."""
    return Check.objects.filter(origin=origin, current=True).count()


def _hits(checks: Sequence[int]) -> dict[int, list[HitFacts]]:
    found: dict[int, list[HitFacts]] = {}
    for hit in Hit.objects.filter(check_made__in=checks).select_related("entry__list").order_by("distance_bits", "id"):
        of = hit.entry.list
        facts = HitFacts(of.name, of.version, HitKind(hit.kind), hit.distance_bits, of.scheme, hit.entry.category)
        found.setdefault(hit.check_made_id, []).append(facts)
    return found


@dataclass(frozen=True)
class ListFacts:
    """A list as the page of lists shows it. items: how many items are known by it at present."""

    uuid: UUID
    name: str
    source: str
    version: str
    scheme: str
    scope: str
    rows: int
    items: int
    imported_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str


def lists() -> tuple[ListFacts, ...]:
    """Every list, those that count first, then by name and newest version."""
    known = Count("entries__hits__check_made", filter=Q(entries__hits__check_made__current=True), distinct=True)
    found = HashList.objects.annotate(items=known).order_by("withdrawn_at", "name", "-id")
    return tuple(sorted((_facts(each, each.items) for each in found), key=lambda each: each.withdrawn_at is not None))


def hash_list(uuid: UUID) -> ListFacts:
    """Raises Missing."""
    found = next((each for each in lists() if each.uuid == uuid), None)
    if not found:
        raise Missing("There is no such list.", list=str(uuid))
    return found


def _facts(each: HashList, items: int) -> ListFacts:
    return ListFacts(
        each.uuid,
        each.name,
        each.source,
        each.version,
        each.scheme,
        each.scope,
        each.row_count,
        items,
        each.imported_at,
        each.withdrawn_at,
        each.withdrawn_reason,
    )


def kinds_of(hash_list: UUID) -> dict[str, int]:
    """How many hashes of each kind a list holds, and under "category: …" how many rows each of its categories has."""
    return dict(
        HashEntry.objects.filter(list__uuid=hash_list).values_list("kind").annotate(Count("id")).order_by("kind")
    )


def categories_of(hash_list: UUID) -> dict[str, int]:
    """How many listed items each of the list's categories has, by its own code."""
    found = HashEntry.objects.filter(list__uuid=hash_list).values_list("category")
    return dict(found.annotate(Count("row", distinct=True)).order_by("category"))


@dataclass(frozen=True)
class KnownItem:
    """An item that a list knows."""

    item: UUID
    origin: UUID
    kind: HitKind
    distance_bits: int
    category: str
    at: datetime


def items_in(hash_list: UUID, limit: int = 500) -> tuple[KnownItem, ...]:
    """The items known by this list at present, newest first."""
    found = Hit.objects.filter(entry__list__uuid=hash_list, check_made__current=True).select_related(
        "check_made", "entry"
    )
    return tuple(
        KnownItem(
            hit.check_made.item,
            hit.check_made.origin,
            HitKind(hit.kind),
            hit.distance_bits,
            hit.entry.category,
            hit.check_made.at,
        )
        for hit in found.order_by("-id")[:limit]
    )


@dataclass(frozen=True)
class EarlierCheck:
    """An item that was compared before, with what is needed to compare it again."""

    id: int
    item: UUID
    origin: UUID
    state: State
    pdq: bytes
    kind: str
    examination: str
    hits: frozenset[tuple[int, str, int]]


def checks_after(check: int, limit: int) -> tuple[EarlierCheck, ...]:
    """The next current checks after row `check`, in order."""
    found = Check.objects.filter(current=True, id__gt=check).prefetch_related("hits").order_by("id")[:limit]
    return tuple(
        EarlierCheck(
            each.id,
            each.item,
            each.origin,
            State(each.state),
            bytes(each.pdq),
            each.kind,
            each.examination,
            frozenset((hit.entry_id, hit.kind, hit.distance_bits) for hit in each.hits.all()),
        )
        for each in found
    )
