"""The board of an operation, and the records behind each of its figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate

from amparo.access import queries as access
from amparo.cases import queries as cases
from amparo.foundation import clock
from amparo.foundation.errors import Missing
from amparo.outcomes import counting, figures
from amparo.outcomes.counting import Arrest, CountryRow, OutcomeFacts, PackageState
from amparo.outcomes.figures import ChildrenFacts, Figure, PlatformFacts
from amparo.outcomes.models import Outcome, Reply
from amparo.referrals import queries as packages
from amparo.victims import queries as victims


@dataclass(frozen=True)
class ReplyFacts:
    """An answer as it was taken. faults: (line, sentence) of the rows that could not be; line 0 is the reply as a whole."""

    uuid: UUID
    case: UUID | None
    package: UUID | None
    reference: str
    country: str
    version: int | None
    source: str
    item: UUID | None
    arrival: UUID | None
    recorded_by_name: str
    received_at: datetime
    state: str
    rows_taken: int
    faults: tuple[tuple[int, str], ...]
    settled_at: datetime | None
    settled_by_name: str
    settled_note: str

    @property
    def needs_attention(self) -> bool:
        return bool(self.faults) and self.settled_at is None


@dataclass(frozen=True)
class OutcomeLine:
    """One outcome for people: who by reference, what, and which reply says so."""

    uuid: UUID
    reply: UUID
    reference: str
    country: str
    person: UUID | None
    person_reference: str
    subject: str
    kind: str
    at: date | None
    arrested_in: str
    ordered_by: str
    age: int | None
    reason: str
    counts: dict[str, int]
    note: str
    received_at: datetime
    source: str
    superseded_by: UUID | None


@dataclass(frozen=True)
class Board:
    """One operation. rows: by country, most arrests first. late: rows whose acknowledgement or answer is overdue."""

    case: UUID
    reference: str
    title: str
    as_of: datetime
    figures: dict[str, Figure]
    rows: tuple[CountryRow, ...]
    arrests: tuple[Arrest, ...]
    replies: tuple[ReplyFacts, ...]

    @property
    def late(self) -> tuple[CountryRow, ...]:
        return tuple(row for row in self.rows if row.overdue)

    @property
    def by_country(self) -> dict[str, int]:
        """Persons arrested in each country, most first."""
        return dict(self.figures["arrested"].parts)


def board(case: UUID, as_of: datetime | None = None) -> Board:
    """The operation as its records stand. Raises Missing."""
    facts, now = cases.case(case), as_of or clock.now()
    outcomes = outcome_facts(case)
    states = package_states(case, outcomes, now)
    platforms = [
        PlatformFacts(each.name, each.accounts, each.persons, each.items) for each in cases.platform_counts(case)
    ]
    found = figures.figures(states, outcomes, children(case), len(facts.reports), now, platforms)
    return Board(
        case,
        facts.reference,
        facts.title,
        now,
        {each.key: each for each in found},
        counting.country_rows(states, outcomes),
        counting.arrests(outcomes),
        replies(case),
    )


def first_figures(case: UUID, as_of: datetime | None = None) -> dict[str, Figure]:
    """The board's arrests and answers alone, for a page that shows no more: not every person of every package is read for it."""
    now = as_of or clock.now()
    rows = Outcome.objects.filter(case=case, superseded_by=None)
    day = Coalesce("at", TruncDate("received_at", tzinfo=UTC))
    told = rows.aggregate(since=Min(day), packages=Count("reference", distinct=True))
    lines = packages.standing_lines(case, now)
    late = [each for each in lines if each.overdue]
    outcomes: Iterable[OutcomeFacts] = _outcomes(rows.filter(kind__in=counting.RESULTS)) if late else ()
    waiting = {each.reference: each.overdue for each in _states(late, outcomes) if each.overdue}
    states = [
        PackageState(
            each.reference,
            each.country,
            each.state,
            (),
            each.sent_at,
            each.acknowledged_at is not None,
            waiting.get(each.reference, ""),
        )
        for each in lines
    ]
    arrested = _outcomes(rows.filter(kind="arrested"))
    found = figures.first_figures(states, arrested, told["packages"], told["since"], now)
    return {each.key: each for each in found}


def outcome_facts(case: UUID, *, reference: str = "", persons: Sequence[UUID] = ()) -> tuple[OutcomeFacts, ...]:
    """Every outcome of the case, replaced ones too: `counting.standing` knows which count.

    reference: only what was said on this package, and arrests that others report of `persons`.
    """
    rows = Outcome.objects.filter(case=case).order_by("id")
    if reference:
        mine = set(persons)
        arrests = rows.filter(kind="arrested").exclude(reference=reference).values_list("id", "person")
        rows = rows.filter(Q(reference=reference) | Q(id__in=[number for number, person in arrests if person in mine]))
    return _outcomes(rows)


def _outcomes(rows: QuerySet[Outcome]) -> tuple[OutcomeFacts, ...]:
    told = rows.values_list(
        "uuid",
        "reference",
        "country",
        "person",
        "kind",
        "received_at",
        "at",
        "arrested_in",
        "ordered_by",
        "age_at_event",
        "reason",
        "counts",
        "reply__source",
    )
    return tuple(OutcomeFacts(*each) for each in told)  # fmt: skip


def package_states(case: UUID, outcomes: Iterable[OutcomeFacts], now: datetime) -> tuple[PackageState, ...]:
    """Each country's package in the version that counts. Late is only what somebody still waits for."""
    return _states(packages.standing_lines(case, now), outcomes)


def _states(
    standing: Sequence[packages.PackageLine | packages.PackageFacts], outcomes: Iterable[OutcomeFacts]
) -> tuple[PackageState, ...]:
    found = []
    answered = {each.person for each in counting.standing(outcomes) if each.person and each.kind in counting.RESULTS}
    held = packages.persons_of(each.uuid for each in standing)
    for each in standing:
        persons = held.get(each.uuid, ())
        late = each.overdue if not persons or set(persons) - answered else ""
        found.append(
            PackageState(
                each.reference, each.country, each.state, persons, each.sent_at, each.acknowledged_at is not None, late
            )
        )
    return tuple(found)


def unanswered(case: UUID, reference: str) -> int:
    """How many persons of this package no country has said a result of."""
    standing = packages.standing_of(reference)
    if standing is None:
        return 0
    persons = packages.persons_of([standing.uuid]).get(standing.uuid, ())
    outcomes = outcome_facts(case, reference=reference, persons=persons)
    rows = counting.country_rows(_states([standing], outcomes), outcomes)
    return sum(row.unanswered for row in rows if row.reference)


def children(case: UUID) -> ChildrenFacts:
    found = victims.counts(case)
    return ChildrenFacts(found.series, found.open, found.identified, found.safeguarded)


def boards() -> tuple[Board, ...]:
    """The board of every case that has a package, newest case first."""
    return tuple(
        sorted((board(case) for case in packages.cases_with_packages()), key=lambda each: each.reference, reverse=True)
    )


def reply(uuid: UUID) -> ReplyFacts:
    """Raises Missing."""
    found = Reply.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such reply.", reply=str(uuid))
    return _replies([found])[0]


def replies(case: UUID | None = None) -> tuple[ReplyFacts, ...]:
    """Replies of one case or of all, newest first."""
    rows = Reply.objects.all() if case is None else Reply.objects.filter(case=case)
    return _replies(rows.order_by("-received_at", "-id"))


def replies_needing_attention() -> tuple[ReplyFacts, ...]:
    """Replies with rows that could not be taken and that nobody has dealt with, whichever case; also those of no package."""
    return tuple(each for each in replies() if each.needs_attention)


def _replies(rows: Iterable[Reply]) -> tuple[ReplyFacts, ...]:
    names = {each.uuid: each.name for each in access.officers()}
    return tuple(
        ReplyFacts(
            each.uuid, each.case, each.package, each.reference, each.country, each.version, each.source, each.item,
            each.arrival, names.get(each.recorded_by, "") if each.recorded_by else "", each.received_at, each.state,
            each.rows_taken, tuple((fault["line"], fault["sentence"]) for fault in each.faults), each.settled_at,
            names.get(each.settled_by, "") if each.settled_by else "", each.settled_note,
        )
        for each in rows
    )  # fmt: skip


def outcome_lines(
    *,
    case: UUID | None = None,
    reply: UUID | None = None,
    only: Iterable[UUID] | None = None,
    person: UUID | None = None,
) -> tuple[OutcomeLine, ...]:
    """Outcomes in the order received, replaced ones too."""
    rows = Outcome.objects.select_related("reply").order_by("received_at", "id")
    if case is not None:
        rows = rows.filter(case=case)
    if reply is not None:
        rows = rows.filter(reply__uuid=reply)
    if person is not None:
        rows = rows.filter(person=person)
    wanted = None if only is None else set(only)
    kept = [row for row in rows if wanted is None or row.uuid in wanted]
    names = _person_references({row.case for row in kept})
    return tuple(
        OutcomeLine(
            each.uuid, each.reply.uuid, each.reference, each.country, each.person,
            names.get(each.person, "") if each.person else "", each.subject, each.kind, each.at, each.arrested_in,
            each.ordered_by, each.age_at_event, each.reason, each.counts, each.note, each.received_at, each.reply.source,
            each.superseded_by,
        )
        for each in kept
    )  # fmt: skip


def _person_references(held: Iterable[UUID]) -> dict[UUID | None, str]:
    return {each.uuid: each.reference for case in held for each in cases.people(case)}
