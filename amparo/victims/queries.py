"""Series as values, for this room's pages and for later rooms, which get counts and states but never a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from amparo.access import queries as access
from amparo.cases import queries as cases
from amparo.cases.facts import ItemLine, ItemMark
from amparo.foundation.errors import Missing
from amparo.sandbox import queries as sandbox
from amparo.sandbox.queries import ExaminationFacts
from amparo.victims import rules
from amparo.victims.models import Clue, Series, SeriesItem, Step
from amparo.victims.proposals import Near, Proposal, clusters, near

STEP = 5000  # of a list of variables in one statement; SQLite takes 32,766


@dataclass(frozen=True)
class StepFacts:
    before: str
    status: str
    basis: str
    by_name: str
    at: datetime

    @property
    def status_name(self) -> str:
        return rules.STATUSES[self.status]


@dataclass(frozen=True)
class ClueFacts:
    uuid: UUID
    kind: str
    words: str
    confidence: str
    negative: bool
    item: UUID | None
    by_name: str
    at: datetime

    @property
    def kind_name(self) -> str:
        return rules.CLUES[self.kind]


@dataclass(frozen=True)
class SeriesFacts:
    """items: of the case, each once by its bytes. place: a country, "unknown", or empty while nobody said."""

    uuid: UUID
    case: UUID
    codename: str
    status: str
    children_count: int
    owner: UUID | None
    owner_name: str
    known_elsewhere: str
    known_elsewhere_words: str
    place: str
    place_evidence: str
    review_on: date | None
    opened_at: datetime
    items: tuple[UUID, ...]
    steps: tuple[StepFacts, ...]

    @property
    def name(self) -> str:
        return f"Series {self.codename}"

    @property
    def status_name(self) -> str:
        return rules.STATUSES[self.status]

    @property
    def identified(self) -> bool:
        return rules.is_identified(self.status)

    @property
    def known_elsewhere_name(self) -> str:
        return rules.KNOWN_ELSEWHERE[self.known_elsewhere]


def series(uuid: UUID) -> SeriesFacts:
    """Raises Missing."""
    found = Series.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such series.", series=str(uuid))
    return _facts([found])[0]


def series_of_case(case: UUID) -> tuple[SeriesFacts, ...]:
    return _facts(list(Series.objects.filter(case=case)))


def series_for(officer: UUID) -> tuple[SeriesFacts, ...]:
    """Every series of the cases that this officer may open, by those to review first, then newest."""
    mine = [each.uuid for each in cases.cases_for(officer)]
    found = _facts(list(Series.objects.filter(case__in=mine)))
    return tuple(sorted(found, key=lambda each: (each.review_on or date.max, -each.opened_at.timestamp())))


def series_of_items(items: Iterable[UUID]) -> dict[UUID, SeriesFacts]:
    """The series in which each of these items stands; items in none are absent."""
    rows = SeriesItem.objects.filter(item__in=list(items)).select_related("series")
    facts = {each.uuid: each for each in _facts([row.series for row in rows])}
    return {row.item: facts[row.series.uuid] for row in rows}


@dataclass(frozen=True)
class SeriesCounts:
    """series: all of them. children: as stated in them. The rest counts series, each in at most one of open and ended."""

    series: int
    children: int
    open: int
    identified: int
    located: int
    safeguarded: int
    closed: int
    not_a_child: int
    dead_end: int
    children_identified: int
    children_safeguarded: int


def child_is_identified(item: UUID) -> bool:
    """Whether this item belongs to a series whose child is identified: nobody needs to look for clues in it again."""
    found = series_of_items([item]).get(item)
    return bool(found and found.identified)


def counts(case: UUID) -> SeriesCounts:
    """The case's series by how far they are. identified and safeguarded include what lies beyond them on the way."""
    rows = list(Series.objects.filter(case=case).values_list("status", "children_count"))

    def those(states: Iterable[str]) -> int:
        return sum(status in states for status, _ in rows)

    def children(states: Iterable[str]) -> int:
        return sum(count for status, count in rows if status in states)

    real = [status for status in rules.STATUSES if status not in ("not_a_child", "ai_made")]
    return SeriesCounts(
        series=len(rows),
        children=children(real),
        open=those(
            [status for status in rules.STATUSES if status not in rules.ENDED | rules.IDENTIFIED | {"adult_now"}]
        ),
        identified=those(rules.IDENTIFIED),
        located=those(["located"]),
        safeguarded=those(rules.SAFE),
        closed=those(["closed"]),
        not_a_child=those(["not_a_child", "ai_made"]),
        dead_end=those(["dead_end"]),
        children_identified=children(rules.IDENTIFIED),
        children_safeguarded=children(rules.SAFE),
    )


def clues(uuid: UUID) -> tuple[ClueFacts, ...]:
    return tuple(
        ClueFacts(row.uuid, row.kind, row.words, row.confidence, row.negative, row.item, row.by_name, row.at)
        for row in Clue.objects.filter(series__uuid=uuid)
    )


def items_of(series: SeriesFacts) -> tuple[ItemLine, ...]:
    wanted = set(series.items)
    return tuple(line for line in cases.items(series.case) if wanted & set(line.same))


def near_items(series: SeriesFacts) -> tuple[tuple[ItemLine, Near], ...]:
    """Items of the case, in no series, near to one of this series: may belong to it."""
    lines = {line.item.uuid: line for line in cases.items(series.case)}
    taken = _taken(series.case)
    mine = {
        uuid: found
        for uuid, line in lines.items()
        if set(line.same) & set(series.items) and (found := fingerprint(line))
    }
    others = {
        uuid: found for uuid, line in lines.items() if line.item.sha256 not in taken and (found := fingerprint(line))
    }
    return tuple((lines[each.item], each) for each in near(mine, others))


def proposed_series(case: UUID) -> tuple[tuple[Proposal, tuple[ItemLine, ...]], ...]:
    """Items of the case in no series that lie near one another: each set may be a series."""
    found, marks = _proposed(case)
    near = {item for each in found for item in each.items}
    lines = {line.item.uuid: line for line in cases.items(case, [each for each in marks if each.item in near])}
    return tuple((each, tuple(lines[item] for item in each.items)) for each in found)


def proposals(case: UUID) -> int:
    """How many sets of items `proposed_series` would give."""
    return len(_proposed(case)[0])


def _proposed(case: UUID) -> tuple[tuple[Proposal, ...], tuple[ItemMark, ...]]:
    """By the items' fingerprints alone: a case may have ten thousand items, of which nothing else is asked here."""
    taken = _taken(case)
    marks = tuple(each for each in cases.item_marks(case) if each.sha256 not in taken)
    prints: dict[UUID, str] = {}
    for start in range(0, len(marks), STEP):
        wanted = [each.item for each in marks[start : start + STEP]]
        examined = sandbox.examinations(wanted)
        prints |= {item: print_ for item in wanted if (print_ := _print_of(examined.get(item)))}
    return clusters(prints), marks


def fingerprint(line: ItemLine) -> str:
    """The item's PDQ as 64 hexadecimal digits, or "" where it has none that means anything."""
    return _print_of(line.examination)


def _print_of(facts: ExaminationFacts | None) -> str:
    if facts is None or facts.state != "examined":
        return ""
    return str(facts.facts.get("pdq_hex") or "")


def _taken(case: UUID) -> frozenset[str]:
    return frozenset(SeriesItem.objects.filter(series__case=case).values_list("sha256", flat=True))


def _facts(rows: list[Series]) -> tuple[SeriesFacts, ...]:
    ids = [row.id for row in rows]
    names = {each.uuid: each.name for each in access.officers()}
    items: dict[int, list[UUID]] = {}
    for item in SeriesItem.objects.filter(series_id__in=ids):
        items.setdefault(item.series_id, []).append(item.item)
    steps: dict[int, list[StepFacts]] = {}
    for step in Step.objects.filter(series_id__in=ids):
        steps.setdefault(step.series_id, []).append(
            StepFacts(step.before, step.status, step.basis, step.by_name, step.at)
        )
    return tuple(
        SeriesFacts(
            row.uuid,
            row.case,
            row.codename,
            row.status,
            row.children_count,
            row.owner,
            names.get(row.owner, "") if row.owner else "",
            row.known_elsewhere,
            row.known_elsewhere_words,
            row.place,
            row.place_evidence,
            row.review_on,
            row.opened_at,
            tuple(items.get(row.id, ())),
            tuple(steps.get(row.id, ())),
        )
        for row in rows
    )
