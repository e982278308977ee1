"""What officers decide about people: category, age, countries, identifiers. Verbs of the room's door (`actions`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.cases import rules
from amparo.cases.entering import STEP, decide, editable, is_human, name_of, persons_of
from amparo.cases.identity import identified
from amparo.cases.models import Attribution, Decision, Identifier, Person
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused


@dataclass(frozen=True)
class PersonsCategorised:
    case: UUID
    persons: tuple[UUID, ...]
    category: str


@act("person.categorised", power="cases.edit")
def set_category(by: Actor, persons: tuple[UUID, ...], category: str, reason: str) -> PersonsCategorised:
    """Each of these people stands in this legal category, with the reason; only a human decides it."""
    case, rows = persons_of(by, persons)
    if obstacles := rules.obstacles_to_category(category, reason, human=is_human(by)):
        raise Refused(*obstacles)
    decide(by, rows, Decision.What.CATEGORY, category, reason, [row.category for row in rows])
    for row in rows:
        row.category = category
    Person.objects.bulk_update(rows, ["category"], batch_size=300)
    return PersonsCategorised(case.uuid, persons, category)


@dataclass(frozen=True)
class PersonsAged:
    case: UUID
    persons: tuple[UUID, ...]
    status: str


@act("person.age_set", power="cases.edit")
def set_age(
    by: Actor,
    persons: UUID | tuple[UUID, ...],
    status: str,
    basis: str,
    stated_age: int | None = None,
    born_on: date | None = None,
) -> PersonsAged:
    """The age status, what it rests on, and with it whether the minors' track holds."""
    persons = persons if isinstance(persons, tuple) else (persons,)
    case, rows = persons_of(by, persons)
    obstacles = rules.obstacles_to_age(status, stated_age, born_on, basis, today=clock.now().date())
    if not is_human(by):
        obstacles = (*obstacles, "Only a person decides how old somebody is taken to be.")
    if obstacles:
        raise Refused(*obstacles)
    decide(by, rows, Decision.What.AGE, status, basis, [row.age_status for row in rows])
    for row in rows:
        row.age_status, row.stated_age, row.born_on = status, stated_age, born_on
    Person.objects.bulk_update(rows, ["age_status", "stated_age", "born_on"], batch_size=300)
    return PersonsAged(case.uuid, persons, status)


@dataclass(frozen=True)
class CountrySet:
    case: UUID
    persons: tuple[UUID, ...]
    country: str
    evidence: str
    kind: str


@act("person.country_set", power="cases.edit")
def set_country(
    by: Actor,
    persons: tuple[UUID, ...],
    country: str,
    words: str,
    *,
    evidence: str = "officer",
    kind: str = "assessment",
    source_grade: str = "X",
    information_grade: int = 4,
    since: date | None = None,
    until: date | None = None,
) -> CountrySet:
    """A candidate country for each of these people, beside those they have, with its evidence and grade."""
    case, rows = persons_of(by, persons)
    if obstacles := rules.obstacles_to_country(country, words, evidence, kind, source_grade, information_grade):
        raise Refused(*obstacles)
    now = clock.now()
    Attribution.objects.bulk_create(
        [
            Attribution(
                person=row,
                country=country,
                evidence=evidence,
                words=words.strip(),
                kind=kind,
                source_grade=source_grade,
                information_grade=information_grade,
                since=since,
                until=until,
                by=by.uuid,
                by_name=name_of(by),
                at=now,
            )
            for row in rows
        ],
        batch_size=300,
    )
    return CountrySet(case.uuid, persons, country, evidence, kind)


@dataclass(frozen=True)
class CountryWithdrawn:
    case: UUID
    person: UUID
    attribution: UUID


@act("person.country_withdrawn", power="cases.edit")
def withdraw_country(by: Actor, attribution: UUID, reason: str) -> CountryWithdrawn:
    """The candidate no longer stands; it stays readable, with the reason."""
    found = Attribution.objects.filter(uuid=attribution).select_related("person__case").first()
    if not found:
        raise Missing("There is no such candidate country.", attribution=str(attribution))
    editable(by, found.person.case.uuid)
    if found.withdrawn_at:
        raise Refused("This candidate country was withdrawn already.")
    if not reason.strip():
        raise Refused("Say why this candidate country is withdrawn.")
    Attribution.objects.filter(id=found.id).update(
        withdrawn_at=clock.now(), withdrawn_by_name=name_of(by), withdrawn_reason=reason.strip()
    )
    return CountryWithdrawn(found.person.case.uuid, found.person.uuid, attribution)


@dataclass(frozen=True)
class CountryConfirmed:
    """moved: those for whom another country was competent until now; both are to be told."""

    case: UUID
    persons: tuple[UUID, ...]
    country: str
    moved: tuple[UUID, ...]


@act("person.country_confirmed", power="cases.edit")
def confirm_country(by: Actor, persons: tuple[UUID, ...], country: str, basis: str) -> CountryConfirmed:
    """This country is competent for each of these people; an earlier one stays in their history."""
    case, rows = persons_of(by, persons)
    candidates = _pointing(rows, country) == len(rows)
    obstacles = rules.obstacles_to_confirming(country, basis, human=is_human(by), candidates=candidates)
    if obstacles:
        raise Refused(*obstacles)
    moved = tuple(row.uuid for row in rows if row.confirmed_country not in ("", country))
    decide(by, rows, Decision.What.COUNTRY, country, basis, [row.confirmed_country for row in rows])
    for row in rows:
        row.confirmed_country = country
    Person.objects.bulk_update(rows, ["confirmed_country"], batch_size=300)
    return CountryConfirmed(case.uuid, persons, country, moved)


def _pointing(rows: list[Person], country: str) -> int:
    """How many of these people have the country among their standing candidates."""
    found = 0
    for start in range(0, len(rows), STEP):
        ids = [row.id for row in rows[start : start + STEP]]
        standing = Attribution.objects.filter(person_id__in=ids, country=country, withdrawn_at=None)
        found += standing.values("person").distinct().count()
    return found


@dataclass(frozen=True)
class IdentifierAdded:
    case: UUID
    person: UUID
    kind: str


@act("person.identifier_added", power="cases.edit")
def add_identifier(by: Actor, person: UUID, kind: str, raw: str, source: str) -> IdentifierAdded:
    """A phone, handle, e-mail or account of the person, normalised beside what was written."""
    case, (row,) = persons_of(by, (person,))
    normal = identified(raw, kind)
    obstacles = []
    if kind not in rules.IDENTIFIERS:
        obstacles.append("Choose what kind of identifier it is.")
    if not raw.strip() or not source.strip():
        obstacles.append("Give the identifier as it is written, and where it stands.")
    if kind == "phone" and not normal.value.startswith("+"):
        obstacles.append("Write the phone number with its country code, such as +34 …")
    if Identifier.objects.filter(person=row, kind=kind, value=normal.value).exists():
        obstacles.append("The person has this identifier already.")
    if obstacles:
        raise Refused(*obstacles)
    Identifier.objects.create(
        person=row,
        kind=kind,
        value=normal.value,
        raw=raw.strip(),
        source=source.strip(),
        added_by=by.uuid,
        added_at=clock.now(),
    )
    return IdentifierAdded(case.uuid, person, kind)
