"""What is known of items, and of the lists they were compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from amparo.foundation.errors import Missing
from amparo.matching.comparing import Earlier
from amparo.matching.models import Check, HashList, Hit
from amparo.matching.rules import Found, HitKind, ListState, State

# --- Items ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HitFacts:
    """One listed item that this item is, or is near to (rules.Found). category is the list's own code, to be read in its scheme."""

    list_name: str
    list_version: str
    row: int
    kind: HitKind
    digest: str
    distance_bits: int
    framing: str
    turn: str
    at_ms: int | None
    frames: int
    scheme: str
    category: str

    @property
    def how(self) -> str:
        """By what it was found, in words."""
        from amparo.matching.wording import how

        return how(self)


@dataclass(frozen=True)
class Verdict:
    state: State
    hits: tuple[HitFacts, ...] = ()
    lists: int = 0
    at: datetime | None = None


def verdicts(items: Iterable[UUID]) -> dict[UUID, Verdict]:
    """The present answer for each of these items; "not examined" for one that was never compared."""
    wanted = list(items)
    checks = list(Check.objects.filter(item__in=wanted, current=True).only("item", "state", "lists", "at"))
    hits = _hits([check.id for check in checks])
    known = {
        check.item: Verdict(State(check.state), tuple(hits.get(check.id, ())), len(check.lists), check.at)
        for check in checks
    }
    return {item: known.get(item, Verdict(State.NOT_EXAMINED)) for item in wanted}


def states(items: Iterable[UUID]) -> dict[UUID, State]:
    """The present answer's kind for those of these items that were compared, in one query that reads nothing else."""
    rows = Check.objects.filter(item__in=list(items), current=True).order_by()
    return {item: State(state) for item, state in rows.values_list("item", "state")}


def checked(origin: UUID) -> int:
    """How many items of an arrival, report or seizure have been compared."""
    return Check.objects.filter(origin=origin, current=True).count()


def _hits(checks: Sequence[int]) -> dict[int, list[HitFacts]]:
    found: dict[int, list[HitFacts]] = {}
    for hit in Hit.objects.filter(check_made__in=checks).select_related("list").order_by("distance_bits", "id"):
        found.setdefault(hit.check_made_id, []).append(_hit(hit))
    return found


def _hit(hit: Hit) -> HitFacts:
    return HitFacts(
        hit.list.name,
        hit.list.version,
        hit.row,
        HitKind(hit.kind),
        hit.digest,
        hit.distance_bits,
        hit.framing,
        hit.turn,
        hit.at_ms,
        hit.frames,
        hit.scheme,
        hit.code,
    )


@dataclass(frozen=True)
class EarlierCheck:
    """An item that was compared before, with what is needed to compare it again. looks: packed; a video's are not here."""

    id: int
    item: UUID
    origin: UUID
    lists: tuple[UUID, ...]
    answer: Earlier
    looks: bytes
    look_count: int
    kind: str
    examination: str

    @property
    def looks_are_sealed(self) -> bool:
        """Whether its looks are those of frames, which have to be opened."""
        return bool(self.look_count and not self.looks)


def checks_after(check: int, limit: int, until: int) -> tuple[EarlierCheck, ...]:
    """The next current checks after row `check`, up to row `until`, in order."""
    current = Check.objects.filter(current=True, id__gt=check, id__lte=until)
    return tuple(_earlier(each) for each in current.prefetch_related("hits__list").order_by("id")[:limit])


def newest_check() -> int:
    """The row of the check made last; 0 before the first."""
    return Check.objects.aggregate(newest=Max("id"))["newest"] or 0


def _earlier(check: Check) -> EarlierCheck:
    lists = tuple(UUID(each) for each in check.lists)
    found = tuple(
        Found(
            hit.list.uuid,
            hit.row,
            HitKind(hit.kind),
            hit.digest,
            hit.distance_bits,
            hit.framing,
            hit.turn,
            hit.at_ms,
            hit.frames,
            hit.scheme,
            hit.code,
        )
        for hit in check.hits.all()
    )
    return EarlierCheck(
        check.id,
        check.item,
        check.origin,
        lists,
        Earlier(State(check.state), lists, found),
        bytes(check.looks),
        check.look_count,
        check.kind,
        check.examination,
    )


# --- Lists ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListFacts:
    """A list as its page shows it. items: how many items are known by it at present. counts: hashes by kind.

    categories: (scheme, code, rows). base: the version whose place it took, as (uuid, its version's name). stage, done, total: of
    its import; hashes_a_second and seconds_left of that stage, None where they can't be told.
    """

    uuid: UUID
    name: str
    source: str
    version: str
    scheme: str
    scope: str
    state: ListState
    rows: int
    items: int
    counts: dict[str, int]
    categories: tuple[tuple[str, str, int], ...]
    base: tuple[UUID, str] | None
    followed_by: tuple[UUID, str] | None
    difference: bool
    added: int
    removed: int
    missing: int
    format: str
    unsupported: dict[str, int]
    problems: tuple[tuple[str, str], ...]
    problem_count: int
    failure: str
    stage: str
    done: int
    total: int
    hashes_a_second: float | None
    seconds_left: float | None
    told_at: datetime | None
    asked_at: datetime | None
    imported_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_reason: str

    @property
    def hashes(self) -> int:
        return sum(self.counts.values())


_STATES = (ListState.IMPORTING, ListState.ACTIVE, ListState.FAILED, ListState.WITHDRAWN)


def lists() -> tuple[ListFacts, ...]:
    """Every list: those being imported first, then those that count, the failed, the withdrawn; by name and newest version."""
    found = [_facts(each, each.items) for each in _rows().order_by("name", "-id")]
    return tuple(sorted(found, key=lambda each: _STATES.index(each.state)))


def _rows() -> QuerySet[Any]:
    known = Count("hits__check_made", filter=Q(hits__check_made__current=True), distinct=True)
    return HashList.objects.annotate(items=known).select_related("base").prefetch_related("followed_by")


def hash_list(uuid: UUID) -> ListFacts:
    """Raises Missing."""
    found = _rows().filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such list.", list=str(uuid))
    return _facts(found, found.items)


def importing() -> tuple[UUID, ...]:
    """The lists on their way in."""
    return tuple(HashList.objects.filter(state=ListState.IMPORTING).order_by("id").values_list("uuid", flat=True))


def failed(uuid: UUID) -> bool:
    """Whether the list will never count."""
    return HashList.objects.filter(uuid=uuid, state=ListState.FAILED).exists()


def newest(name: str) -> ListFacts | None:
    """The version of this list that counts and came last."""
    found = _rows().filter(name=name, state=ListState.ACTIVE).order_by("-id").first()
    return _facts(found, found.items) if found else None


def _facts(each: HashList, items: int) -> ListFacts:
    rate, left = _pace(each)
    after = next((other for other in each.followed_by.all() if other.state != ListState.FAILED), None)
    return ListFacts(
        each.uuid,
        each.name,
        each.source,
        each.version,
        each.scheme,
        each.scope,
        ListState(each.state),
        each.row_count,
        items,
        each.counts,
        tuple((scheme, code, rows) for scheme, code, rows in each.categories),
        (each.base.uuid, each.base.version) if each.base else None,
        (after.uuid, after.version) if after and after.imported_at else None,
        each.difference,
        each.added_rows,
        each.removed_rows,
        each.missing_rows,
        each.format,
        each.unsupported,
        tuple((place, problem) for place, problem in each.problems),
        each.problem_count,
        each.failure,
        each.stage,
        each.done,
        each.total,
        rate,
        left,
        each.told_at,
        each.asked_at,
        each.imported_at,
        each.withdrawn_at,
        each.withdrawn_reason,
    )


def _pace(each: HashList) -> tuple[float | None, float | None]:
    """(hashes a second, seconds left) of the stage that is under way."""
    if not (each.stage_at and each.told_at and each.done) or each.told_at <= each.stage_at:
        return None, None
    rate = each.done / (each.told_at - each.stage_at).total_seconds()
    return rate, (each.total - each.done) / rate if each.total else None


@dataclass(frozen=True)
class KnownItem:
    """An item that a list knows, and how."""

    item: UUID
    origin: UUID
    hit: HitFacts
    at: datetime


def items_in(hash_list: UUID, limit: int = 500) -> tuple[KnownItem, ...]:
    """The items known by this list at present, newest first."""
    found = Hit.objects.filter(list__uuid=hash_list, check_made__current=True).select_related("check_made", "list")
    return tuple(
        KnownItem(hit.check_made.item, hit.check_made.origin, _hit(hit), hit.check_made.at)
        for hit in found.order_by("-id")[:limit]
    )
