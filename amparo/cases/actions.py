"""The cases room's verbs. Each checks that the officer was let into the case, asks the rules, and is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from amparo.access import queries as access
from amparo.access.acts import Actor, act
from amparo.cases import importing, rules
from amparo.cases.chat import zone_of
from amparo.cases.groups.posts import Filed
from amparo.cases.groups.reading import from_json
from amparo.cases.identity import identified
from amparo.cases.models import (
    Attribution,
    Case,
    CaseOfficer,
    CaseReport,
    Decision,
    Device,
    Event,
    Group,
    Identifier,
    Person,
    Sighting,
)
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.times import Moment
from amparo.intake import actions as intake
from amparo.vault import actions as vault

HOUSE = Actor.of_process("house")
WORKER = "worker"  # holds every case's compartment: later items are examined, matched and packed by it


# ---- the case itself


@dataclass(frozen=True)
class CaseOpened:
    case: UUID
    report: UUID
    compartment: UUID
    reference: str


@act("case.opened", power="cases.open")
def open_case(by: Actor, report: UUID, title: str, basis: str) -> CaseOpened:
    """A case for this report, with a compartment of its own, open to nobody but whoever opened it."""
    obstacles = list(rules.obstacles_to_opening(title, basis))
    if by.uuid is None:
        obstacles.append("Only an officer opens a case.")
    if attached := CaseReport.objects.filter(report=report).select_related("case").first():
        obstacles.append(f"This report already stands in case {attached.case.reference}.")
    if obstacles:
        raise Refused(*obstacles)
    now = clock.now()
    last = Case.objects.select_for_update().filter(year=now.year).aggregate(last=Max("number"))["last"] or 0
    reference = f"AMP-{now.year}-{last + 1:04d}"
    assert by.uuid is not None
    made = vault.create_compartment(HOUSE, f"case:{reference}", (by.uuid, WORKER))
    case = Case.objects.create(
        year=now.year,
        number=last + 1,
        reference=reference,
        title=title.strip(),
        legal_basis=basis.strip(),
        opened_at=now,
        opened_by=by.uuid,
        compartment=made.compartment,
    )
    CaseOfficer.objects.create(case=case, officer=by.uuid, granted_by=by.uuid, granted_at=now)
    CaseReport.objects.create(case=case, report=report, added_by=by.uuid, added_at=now)
    intake.attach_to_case(by, report, case.uuid)
    return CaseOpened(case.uuid, report, made.compartment, reference)


@dataclass(frozen=True)
class ReportAdded:
    case: UUID
    report: UUID


@act("case.report_added", power="cases.open")
def add_report(by: Actor, case: UUID, report: UUID) -> ReportAdded:
    """The report and its items belong to the case from now on."""
    found = _editable(by, case)
    if CaseReport.objects.filter(case=found, report=report).exists():
        raise Refused("This report stands in the case already.")
    CaseReport.objects.create(case=found, report=report, added_by=by.uuid, added_at=clock.now())
    intake.attach_to_case(by, report, case)
    return ReportAdded(case, report)


@dataclass(frozen=True)
class CaseRead:
    case: UUID
    part: str
    about: UUID | None


@act("case.read", power="cases.read")
def read_case(by: Actor, case: UUID, part: str = "overview", about: UUID | None = None) -> CaseRead:
    """That somebody consulted a part of the case (Directive (EU) 2016/680, Article 25)."""
    _entered(by, case)
    return CaseRead(case, part, about)


@dataclass(frozen=True)
class CaseGranted:
    case: UUID
    officer: UUID


@act("case.granted", power="cases.grant")
def grant_case(by: Actor, case: UUID, officer: UUID, unlock: Any = None) -> CaseGranted:
    """The officer may open the case. unlock: the granting officer's keys, which open the compartment to the other."""
    found = _case(case)
    member = CaseOfficer.objects.filter(case=found, officer=by.uuid).exists()
    if obstacles := rules.obstacles_to_granting(member=member, supervises=by.can("officers.manage")):
        raise Refused(*obstacles, case=str(case))
    facts = access.officer(officer)
    if not facts.active:
        raise Refused(f"{facts.name} no longer works here.")
    if CaseOfficer.objects.filter(case=found, officer=officer).exists():
        raise Refused(f"{facts.name} may open this case already.")
    CaseOfficer.objects.create(case=found, officer=officer, granted_by=by.uuid, granted_at=clock.now())
    if unlock is not None:
        vault.grant(by, found.compartment, officer, unlock)
    return CaseGranted(case, officer)


@dataclass(frozen=True)
class CaseClosed:
    case: UUID


@act("case.closed", power="cases.grant")
def close_case(by: Actor, case: UUID, reason: str) -> CaseClosed:
    """Nothing in the case changes any more until it is opened again."""
    found = _editable(by, case)
    _note(by, found, reason, "Say why the case is closed.")
    Case.objects.filter(id=found.id).update(state=Case.State.CLOSED)
    return CaseClosed(case)


@dataclass(frozen=True)
class CaseReopened:
    case: UUID


@act("case.reopened", power="cases.grant")
def reopen_case(by: Actor, case: UUID, reason: str) -> CaseReopened:
    """Work on the case goes on."""
    found = _entered(by, case)
    if found.state == Case.State.OPEN:
        raise Refused("This case is open.")
    _note(by, found, reason, "Say why the case is opened again.")
    Case.objects.filter(id=found.id).update(state=Case.State.OPEN)
    return CaseReopened(case)


@dataclass(frozen=True)
class CaseNoted:
    case: UUID
    note: UUID
    person: UUID | None


@act("case.noted", power="cases.edit")
def note(
    by: Actor, case: UUID, text: str, person: UUID | None = None, speaks_of: Moment | None = None
) -> CaseNoted:
    """An officer's words on the timeline, about the case or one person."""
    found = _editable(by, case)
    about = _person(found, person) if person else None
    written = _note(by, found, text, "Write the note first.", about, speaks_of)
    return CaseNoted(case, written.uuid, person)


@dataclass(frozen=True)
class DeviceRegistered:
    case: UUID
    device: UUID
    kind: str


@act("device.registered", power="cases.edit")
def register_device(
    by: Actor, case: UUID, kind: str, label: str, seal: str, seized_on: date, place: str, person: UUID | None = None
) -> DeviceRegistered:
    """A seized device with its seal, so that what is found on it can be told from everything else."""
    found = _editable(by, case)
    obstacles = []
    if kind not in rules.DEVICES:
        obstacles.append("Choose the kind of device: phone, tablet, laptop, desktop or storage.")
    if not label.strip() or not seal.strip() or not place.strip():
        obstacles.append("Give the device's label, the number of its seal, and the place where it was seized.")
    if Device.objects.filter(case=found, seal=seal.strip()).exists():
        obstacles.append(f"Seal {seal.strip()} is registered in this case already.")
    if obstacles:
        raise Refused(*obstacles)
    device = Device.objects.create(
        case=found,
        person=_person(found, person) if person else None,
        kind=kind,
        label=label.strip(),
        seal=seal.strip(),
        seized_on=seized_on,
        place=place.strip(),
    )
    return DeviceRegistered(case, device.uuid, kind)


# ---- groups, by the worker


@dataclass(frozen=True)
class GroupImported:
    case: UUID
    group: UUID
    item: UUID
    members: int
    messages: int
    notices: int
    unsupported: int


@act("group.imported", power="groups.import")
def import_group(
    by: Actor, case: UUID, item: UUID, reading: Mapping[str, Any], files: Mapping[str, Filed], export_name: str = ""
) -> GroupImported:
    """The chat reading as a group of the case: each member a person, each message and notice a row, none left out."""
    found = _case(case)
    if Group.objects.filter(case=found, item=item).exists():
        raise Refused("This export stands in the case already.")
    done = importing.import_reading(found, item, from_json(reading), files, export_name, _name(by), clock.now())
    return GroupImported(case, done.group, item, done.members, done.messages, done.notices, done.unsupported)


@dataclass(frozen=True)
class ItemsSighted:
    case: UUID
    report: UUID
    items: tuple[UUID, ...]


@act("items.sighted", power="groups.import")
def sight_items(by: Actor, case: UUID, report: UUID, items: Mapping[UUID, str]) -> ItemsSighted:
    """That these items (uuid -> SHA-256) came into the case with this report."""
    found = _case(case)
    there = set(Sighting.objects.filter(case=found, report=report).values_list("item", flat=True))
    new = [Sighting(case=found, item=item, sha256=sha256, report=report) for item, sha256 in items.items() if item not in there]
    Sighting.objects.bulk_create(new, batch_size=500)
    return ItemsSighted(case, report, tuple(each.item for each in new))


@dataclass(frozen=True)
class ZoneSet:
    case: UUID
    group: UUID
    zone: str


@act("group.zone_set", power="cases.edit")
def set_zone(by: Actor, group: UUID, zone: str, basis: str) -> ZoneSet:
    """What the export's clock shows: from now on its times have a UTC, with the zone and whoever assumed it beside it."""
    found = Group.objects.filter(uuid=group).select_related("case").first()
    if not found:
        raise Missing("There is no such group.", group=str(group))
    _editable(by, found.case.uuid)
    obstacles = []
    try:
        zone_of(zone)
    except ValueError:
        obstacles.append(f"{zone!r} is no time zone: give a name such as Europe/Madrid, or an offset such as +02:00.")
    if not basis.strip():
        obstacles.append("Say why the clock shows this zone.")
    if obstacles:
        raise Refused(*obstacles)
    Group.objects.filter(id=found.id).update(zone=zone, zone_assumed_by=_name(by), zone_basis=basis.strip())
    return ZoneSet(found.case.uuid, group, zone)


# ---- people


@dataclass(frozen=True)
class PersonsCategorised:
    case: UUID
    persons: tuple[UUID, ...]
    category: str


@act("person.categorised", power="cases.edit")
def set_category(by: Actor, persons: tuple[UUID, ...], category: str, reason: str) -> PersonsCategorised:
    """Each of these people stands in this legal category, with the reason; only a human decides it."""
    case, rows = _persons(by, persons)
    if obstacles := rules.obstacles_to_category(category, reason, human=_human(by)):
        raise Refused(*obstacles)
    _decide(by, rows, Decision.What.CATEGORY, category, reason, [row.category for row in rows])
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
    case, rows = _persons(by, persons)
    obstacles = rules.obstacles_to_age(status, stated_age, born_on, basis, today=clock.now().date())
    if not _human(by):
        obstacles = (*obstacles, "Only a person decides how old somebody is taken to be.")
    if obstacles:
        raise Refused(*obstacles)
    _decide(by, rows, Decision.What.AGE, status, basis, [row.age_status for row in rows])
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
    case, rows = _persons(by, persons)
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
                by_name=_name(by),
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
    _editable(by, found.person.case.uuid)
    if found.withdrawn_at:
        raise Refused("This candidate country was withdrawn already.")
    if not reason.strip():
        raise Refused("Say why this candidate country is withdrawn.")
    Attribution.objects.filter(id=found.id).update(
        withdrawn_at=clock.now(), withdrawn_by_name=_name(by), withdrawn_reason=reason.strip()
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
    case, rows = _persons(by, persons)
    pointing = Attribution.objects.filter(person__in=rows, country=country, withdrawn_at=None)
    candidates = pointing.values("person").distinct().count() == len(rows)
    obstacles = rules.obstacles_to_confirming(country, basis, human=_human(by), candidates=candidates)
    if obstacles:
        raise Refused(*obstacles)
    moved = tuple(row.uuid for row in rows if row.confirmed_country not in ("", country))
    _decide(by, rows, Decision.What.COUNTRY, country, basis, [row.confirmed_country for row in rows])
    for row in rows:
        row.confirmed_country = country
    Person.objects.bulk_update(rows, ["confirmed_country"], batch_size=300)
    return CountryConfirmed(case.uuid, persons, country, moved)


@dataclass(frozen=True)
class IdentifierAdded:
    case: UUID
    person: UUID
    kind: str


@act("person.identifier_added", power="cases.edit")
def add_identifier(by: Actor, person: UUID, kind: str, raw: str, source: str) -> IdentifierAdded:
    """A phone, handle, e-mail or account of the person, normalised beside what was written."""
    case, (row,) = _persons(by, (person,))
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
        person=row, kind=kind, value=normal.value, raw=raw.strip(), source=source.strip(), added_by=by.uuid, added_at=clock.now()
    )
    return IdentifierAdded(case.uuid, person, kind)


# ---- shared by the verbs above


def _case(uuid: UUID) -> Case:
    found = Case.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such case.", case=str(uuid))
    return found


def _entered(by: Actor, uuid: UUID) -> Case:
    found = _case(uuid)
    member = by.uuid is not None and CaseOfficer.objects.filter(case=found, officer=by.uuid).exists()
    if obstacles := rules.obstacles_to_entering(member=member, process=by.kind == "process"):
        raise Refused(*obstacles, case=str(uuid))
    return found


def _editable(by: Actor, uuid: UUID) -> Case:
    found = _entered(by, uuid)
    if found.state == Case.State.CLOSED:
        raise Refused("This case is closed: open it again before changing anything in it.", case=str(uuid))
    return found


def _persons(by: Actor, uuids: tuple[UUID, ...]) -> tuple[Case, list[Person]]:
    """The people, all of one case that the actor may work on. Raises Refused, or Missing."""
    if not uuids:
        raise Refused("Choose at least one person.")
    rows = list(Person.objects.filter(uuid__in=uuids).select_related("case"))
    if len(rows) != len(set(uuids)):
        raise Missing("One of these people is not there.")
    if len({row.case_id for row in rows}) > 1:
        raise Refused("These people stand in different cases: decide for one case at a time.")
    return _editable(by, rows[0].case.uuid), rows


def _person(case: Case, uuid: UUID) -> Person:
    found = Person.objects.filter(case=case, uuid=uuid).first()
    if not found:
        raise Missing("There is no such person in this case.", person=str(uuid))
    return found


def _human(by: Actor) -> bool:
    return by.kind == "officer"


def _name(by: Actor) -> str:
    """The officer's name as colleagues know it; a process as what it is."""
    if by.uuid is None:
        return f"Amparo's {by.name}"
    try:
        return access.officer(by.uuid).name
    except Missing:
        return by.name


def _decide(by: Actor, rows: list[Person], what: str, value: str, reason: str, before: list[str]) -> None:
    now, name = clock.now(), _name(by)
    Decision.objects.bulk_create(
        [
            Decision(
                person=row, what=what, value=value, before=was, reason=reason.strip(), by=by.uuid, by_name=name, at=now
            )
            for row, was in zip(rows, before, strict=True)
        ],
        batch_size=300,
    )


def _note(
    by: Actor, case: Case, text: str, missing: str, person: Person | None = None, speaks_of: Moment | None = None
) -> Event:
    if not text.strip():
        raise Refused(missing)
    of = speaks_of or Moment("")
    return Event.objects.create(
        case=case, person=person, text=text.strip(), raw=of.raw, utc=of.utc, zone=of.zone, assumed_by=of.assumed_by,
        by=by.uuid, by_name=_name(by), at=clock.now(),
    )  # fmt: skip
