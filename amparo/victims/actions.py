"""The victims room's verbs. Each needs a power of this room and entry to the case; a move asks the rules first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from amparo.access import queries as access
from amparo.access.acts import Actor, act
from amparo.cases import queries as cases
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.victims import rules
from amparo.victims.models import Clue, Series, SeriesItem, Step


@dataclass(frozen=True)
class SeriesOpened:
    series: UUID
    case: UUID
    items: tuple[UUID, ...]
    children_count: int


@act("series.opened", power="victims.edit")
def open_series(
    by: Actor, case: UUID, items: tuple[UUID, ...], codename: str = "", children_count: int = 1
) -> SeriesOpened:
    """A series with these items of the case; without a code name it takes the next free one."""
    officer = _officer(by)
    _entered(by, case)
    used = list(Series.objects.values_list("codename", flat=True))
    codename = codename.strip().removeprefix("Series ") or rules.next_codename(used)
    obstacles = list(rules.obstacles_to_codename(codename, used))
    if not 1 <= children_count <= 50:
        obstacles.append("Say how many children the items show: at least one.")
    if obstacles:
        raise Refused(*obstacles)
    now = clock.now()
    series = Series.objects.create(
        case=case, codename=codename, children_count=children_count, opened_by=officer, opened_at=now
    )
    added = _add(officer, series, case, items)
    Step.objects.create(series=series, status="new", basis="Series opened.", by=officer, by_name=_name(by), at=now)
    return SeriesOpened(series.uuid, case, added, children_count)


@dataclass(frozen=True)
class ItemsAdded:
    series: UUID
    case: UUID
    items: tuple[UUID, ...]


@act("series.items_added", power="victims.edit")
def add_items(by: Actor, series: UUID, items: tuple[UUID, ...]) -> ItemsAdded:
    """These items of the case belong to the series: an officer's decision, whatever was proposed."""
    found = _series(by, series)
    return ItemsAdded(series, found.case, _add(_officer(by), found, found.case, items))


@dataclass(frozen=True)
class SeriesMoved:
    series: UUID
    case: UUID
    before: str
    status: str


@act("series.moved", power="victims.edit")
def move(by: Actor, series: UUID, status: str, basis: str, review_on: date | None = None) -> SeriesMoved:
    """The series stands at its next status; what is missing for that is said, not skipped."""
    found = _series(by, series)
    obstacles = rules.obstacles_to_move(
        found.status,
        status,
        basis,
        known_elsewhere=found.known_elsewhere,
        place=found.place,
        place_evidence=found.place_evidence,
        review_on=review_on,
        today=clock.now().date(),
    )
    if obstacles:
        raise Refused(*obstacles)
    before, found.status, found.review_on = found.status, status, review_on
    found.save(update_fields=["status", "review_on"])
    Step.objects.create(
        series=found,
        before=before,
        status=status,
        basis=basis.strip(),
        by=_officer(by),
        by_name=_name(by),
        at=clock.now(),
    )
    return SeriesMoved(series, found.case, before, status)


@dataclass(frozen=True)
class OwnerSet:
    series: UUID
    case: UUID
    officer: UUID


@act("series.owner_set", power="victims.edit")
def set_owner(by: Actor, series: UUID, officer: UUID) -> OwnerSet:
    """This officer answers for the series: someone who works on series and may open the case."""
    found = _series(by, series)
    facts = access.officer(officer)
    obstacles = []
    if facts.uuid not in {each.uuid for each in access.officers_with("victims.edit")}:
        obstacles.append(f"{facts.name} doesn't work on series of children.")
    if not cases.may_enter(officer, found.case):
        obstacles.append(f"{facts.name} was not let into this case yet.")
    if obstacles:
        raise Refused(*obstacles)
    Series.objects.filter(id=found.id).update(owner=officer)
    return OwnerSet(series, found.case, officer)


@dataclass(frozen=True)
class KnownElsewhereAnswered:
    series: UUID
    case: UUID
    answer: str


@act("series.known_elsewhere_answered", power="victims.edit")
def answer_known_elsewhere(by: Actor, series: UUID, answer: str, words: str = "") -> KnownElsewhereAnswered:
    """Whether another unit knows the series, and who said so: it saves a hunt for a child whom somebody found."""
    found = _series(by, series)
    if answer not in rules.KNOWN_ELSEWHERE:
        raise Refused("Choose the answer to: is this series known elsewhere?")
    if answer in rules.ANSWERED and not words.strip():
        raise Refused("Say who was asked and what they answered.")
    Series.objects.filter(id=found.id).update(known_elsewhere=answer, known_elsewhere_words=words.strip())
    return KnownElsewhereAnswered(series, found.case, answer)


@dataclass(frozen=True)
class PlaceStated:
    series: UUID
    case: UUID
    place: str


@act("series.place_stated", power="victims.edit")
def state_place(by: Actor, series: UUID, place: str, evidence: str) -> PlaceStated:
    """The country of the place, or "unknown" said out loud, with the evidence or what was tried."""
    found = _series(by, series)
    obstacles = []
    if place != rules.UNKNOWN_PLACE and not (len(place) == 2 and place.isupper()):
        obstacles.append("Choose a country, or say that it is unknown.")
    if not evidence.strip():
        obstacles.append("Say by what evidence, or what was tried without result.")
    if obstacles:
        raise Refused(*obstacles)
    Series.objects.filter(id=found.id).update(place=place, place_evidence=evidence.strip())
    return PlaceStated(series, found.case, place)


@dataclass(frozen=True)
class ClueAdded:
    series: UUID
    case: UUID
    clue: UUID
    kind: str


@act("series.clue_added", power="victims.edit")
def add_clue(
    by: Actor,
    series: UUID,
    kind: str,
    words: str,
    confidence: str = "assessment",
    *,
    negative: bool = False,
    item: UUID | None = None,
) -> ClueAdded:
    """A clue on the series' board: fact or assessment, leading on or closing a trail."""
    found = _series(by, series)
    if kind not in rules.CLUES or confidence not in rules.CONFIDENCE:
        raise Refused("Choose what the clue is, and whether it is a fact or an assessment.")
    if not words.strip():
        raise Refused("Say what the clue is.")
    clue = Clue.objects.create(
        series=found, item=item, kind=kind, words=words.strip(), confidence=confidence, negative=negative,
        by=_officer(by), by_name=_name(by), at=clock.now(),
    )  # fmt: skip
    return ClueAdded(series, found.case, clue.uuid, kind)


@dataclass(frozen=True)
class SeriesRead:
    series: UUID
    case: UUID


@act("series.read", power="victims.read")
def read_series(by: Actor, series: UUID) -> SeriesRead:
    """That somebody consulted a series."""
    return SeriesRead(series, _series(by, series).case)


def _entered(by: Actor, case: UUID) -> None:
    """Raises Missing, or Refused for an officer who was not let in."""
    cases.case(case)
    if not cases.may_enter(by.uuid, case):
        raise Refused(
            "This case is open only to officers who were let in. Ask the officer who opened it.", case=str(case)
        )


def _series(by: Actor, uuid: UUID) -> Series:
    found = Series.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such series.", series=str(uuid))
    _entered(by, found.case)
    return found


def _officer(by: Actor) -> UUID:
    if by.uuid is None:
        raise Refused("Only an officer works on series.")
    return by.uuid


def _name(by: Actor) -> str:
    return access.officer(by.uuid).name if by.uuid else by.name


def _add(officer: UUID, series: Series, case: UUID, items: tuple[UUID, ...]) -> tuple[UUID, ...]:
    """The items newly in the series. Raises Refused for none, or for one that is no item of the case."""
    if not items:
        raise Refused("Choose at least one item.")
    of_case = {uuid: line for line in cases.items(case) for uuid in line.same}
    if any(each not in of_case for each in items):
        raise Refused("Only items of the case can stand in its series.")
    taken = dict(SeriesItem.objects.filter(series__case=series.case).values_list("sha256", "series__codename"))
    new = {of_case[each].item.sha256: of_case[each].item.uuid for each in items}
    if other := {taken[sha256] for sha256 in new if sha256 in taken and taken[sha256] != series.codename}:
        raise Refused(f"Some of these items stand in series {', '.join(sorted(other))} already.")
    fresh = {sha256: item for sha256, item in new.items() if sha256 not in taken}
    now = clock.now()
    SeriesItem.objects.bulk_create(
        SeriesItem(series=series, item=item, sha256=sha256, added_by=officer, added_at=now)
        for sha256, item in fresh.items()
    )
    return tuple(fresh.values())
