"""The cases room's verbs. Each checks that the officer was let into the case, asks the rules, and is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from amparo.access import queries as access
from amparo.access.acts import Actor, act
from amparo.cases import rules
from amparo.cases.chats import importing
from amparo.cases.chats.ordering import enter_reason, set_reading_order, withdraw_reason
from amparo.cases.chats.talk import zone_of
from amparo.cases.deciding import (
    add_identifier,
    confirm_country,
    set_age,
    set_category,
    set_country,
    withdraw_country,
)
from amparo.cases.entering import case_of, editable, entered, name_of, officer_of, person_of, write_note
from amparo.cases.groups.posts import Filed
from amparo.cases.groups.reading import ChatReading
from amparo.cases.groups.skimming import Skimmed
from amparo.cases.models import Case, CaseOfficer, CaseReport, Device, Group, Sighting
from amparo.cases.platforms.actions import ask_analysis, judge_link, register_platform
from amparo.cases.platforms.rules import Choice
from amparo.cases.platforms.taking import take_people
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.times import Moment
from amparo.intake import actions as intake
from amparo.vault import actions as vault

__all__ = [
    "Choice", "add_identifier", "add_report", "ask_analysis", "begin_import", "close_case", "confirm_country", "end_import",
    "enter_reason", "grant_case", "import_group", "judge_link", "note", "open_case", "read_case", "register_device",
    "register_platform", "reopen_case", "set_age", "set_category", "set_country", "set_reading_order", "set_zone",
    "sight_items", "take_people", "withdraw_country", "withdraw_reason",
]  # fmt: skip

HOUSE = Actor.of_process("house")
WORKER = "worker"  # holds every case's compartment: later items are examined, matched and packed by it


@dataclass(frozen=True)
class CaseOpened:
    case: UUID
    report: UUID
    compartment: UUID
    reference: str


@act("case.opened", power="cases.open")
def open_case(by: Actor, report: UUID, title: str, basis: str) -> CaseOpened:
    """A case for this report, with a compartment of its own, open to nobody but whoever opened it."""
    opener = officer_of(by)
    obstacles = list(rules.obstacles_to_opening(title, basis))
    if attached := CaseReport.objects.filter(report=report).select_related("case").first():
        obstacles.append(f"This report already stands in case {attached.case.reference}.")
    if obstacles:
        raise Refused(*obstacles)
    now = clock.now()
    # Locked, so that two cases opened at once on PostgreSQL get different numbers.
    last = Case.objects.select_for_update().filter(year=now.year).order_by("-number").first()
    number = last.number + 1 if last else 1
    reference = f"AMP-{now.year}-{number:04d}"
    made = vault.create_compartment(HOUSE, f"case:{reference}", (opener, WORKER))
    case = Case.objects.create(
        year=now.year,
        number=number,
        reference=reference,
        title=title.strip(),
        legal_basis=basis.strip(),
        opened_at=now,
        opened_by=opener,
        compartment=made.compartment,
    )
    CaseOfficer.objects.create(case=case, officer=opener, granted_by=opener, granted_at=now)
    CaseReport.objects.create(case=case, report=report, added_by=opener, added_at=now)
    intake.attach_to_case(by, report, case.uuid)
    return CaseOpened(case.uuid, report, made.compartment, reference)


@dataclass(frozen=True)
class ReportAdded:
    case: UUID
    report: UUID


@act("case.report_added", power="cases.open")
def add_report(by: Actor, case: UUID, report: UUID) -> ReportAdded:
    """The report and its items belong to the case from now on."""
    found = editable(by, case)
    if CaseReport.objects.filter(case=found, report=report).exists():
        raise Refused("This report stands in the case already.")
    CaseReport.objects.create(case=found, report=report, added_by=officer_of(by), added_at=clock.now())
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
    entered(by, case)
    return CaseRead(case, part, about)


@dataclass(frozen=True)
class CaseGranted:
    case: UUID
    officer: UUID


@act("case.granted", power="cases.grant")
def grant_case(by: Actor, case: UUID, officer: UUID, unlock: Any = None) -> CaseGranted:
    """The officer may open the case. unlock: the granting officer's keys, which open the compartment to the other."""
    found = case_of(case)
    member = CaseOfficer.objects.filter(case=found, officer=officer_of(by)).exists()
    if obstacles := rules.obstacles_to_granting(member=member, supervises=by.can("officers.manage")):
        raise Refused(*obstacles, case=str(case))
    facts = access.officer(officer)
    if not facts.active:
        raise Refused(f"{facts.name} no longer works here.")
    if CaseOfficer.objects.filter(case=found, officer=officer).exists():
        raise Refused(f"{facts.name} may open this case already.")
    CaseOfficer.objects.create(case=found, officer=officer, granted_by=officer_of(by), granted_at=clock.now())
    if unlock is not None:
        vault.grant(by, found.compartment, officer, unlock)
    return CaseGranted(case, officer)


@dataclass(frozen=True)
class CaseClosed:
    case: UUID


@act("case.closed", power="cases.grant")
def close_case(by: Actor, case: UUID, reason: str) -> CaseClosed:
    """Nothing in the case changes any more until it is opened again."""
    found = editable(by, case)
    write_note(by, found, reason, "Say why the case is closed.")
    Case.objects.filter(id=found.id).update(state=Case.State.CLOSED)
    return CaseClosed(case)


@dataclass(frozen=True)
class CaseReopened:
    case: UUID


@act("case.reopened", power="cases.grant")
def reopen_case(by: Actor, case: UUID, reason: str) -> CaseReopened:
    """Work on the case goes on."""
    found = entered(by, case)
    if found.state == Case.State.OPEN:
        raise Refused("This case is open.")
    write_note(by, found, reason, "Say why the case is opened again.")
    Case.objects.filter(id=found.id).update(state=Case.State.OPEN)
    return CaseReopened(case)


@dataclass(frozen=True)
class CaseNoted:
    case: UUID
    note: UUID
    person: UUID | None


@act("case.noted", power="cases.edit")
def note(by: Actor, case: UUID, text: str, person: UUID | None = None, speaks_of: Moment | None = None) -> CaseNoted:
    """An officer's words on the timeline, about the case or one person."""
    found = editable(by, case)
    about = person_of(found, person) if person else None
    written = write_note(by, found, text, "Write the note first.", about, speaks_of)
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
    found = editable(by, case)
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
        person=person_of(found, person) if person else None,
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
    by: Actor, case: UUID, item: UUID, reading: ChatReading, files: Mapping[str, Filed], export_name: str = ""
) -> GroupImported:
    """The chat reading as a group of the case: each member a person, each message and notice a row, none left out."""
    found = case_of(case)
    if Group.objects.filter(case=found, item=item).exists():
        raise Refused("This export stands in the case already.")
    done = importing.import_reading(found, item, reading, files, export_name, name_of(by), clock.now())
    return GroupImported(case, done.group, item, done.members, done.messages, done.notices, done.unsupported)


@dataclass(frozen=True)
class GroupImportBegun:
    case: UUID
    group: UUID
    item: UUID


@act("group.import_begun", power="groups.import")
def begin_import(by: Actor, case: UUID, item: UUID, export_name: str = "") -> GroupImportBegun:
    """A long export has its place in the case from now on; the worker writes it there in steps (`chats.long_import`)."""
    found = case_of(case)
    if Group.objects.filter(case=found, item=item).exists():
        raise Refused("This export stands in the case already.")
    return GroupImportBegun(case, importing.awaited(found, item, export_name, clock.now()).uuid, item)


@act("group.imported", power="groups.import")
def end_import(by: Actor, group: Group, skim: Skimmed) -> GroupImported:
    """A long export is in, whole."""
    done = importing.ended(group, skim)
    return GroupImported(
        group.case.uuid, group.uuid, group.item, done.members, done.messages, done.notices, done.unsupported
    )


@dataclass(frozen=True)
class ItemsSighted:
    case: UUID
    report: UUID | None
    items: tuple[UUID, ...]


@act("items.sighted", power="groups.import")
def sight_items(by: Actor, case: UUID, report: UUID | None, items: Mapping[UUID, str]) -> ItemsSighted:
    """That these items (uuid -> SHA-256) came into the case with this report, or by themselves: a scan's manifest."""
    found = case_of(case)
    there = set(Sighting.objects.filter(case=found, report=report).values_list("item", flat=True))
    new = [
        Sighting(case=found, item=item, sha256=sha256, report=report)
        for item, sha256 in items.items()
        if item not in there
    ]
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
    editable(by, found.case.uuid)
    obstacles = []
    try:
        zone_of(zone)
    except ValueError:
        obstacles.append(f"{zone!r} is no time zone: give a name such as Europe/Madrid, or an offset such as +02:00.")
    if not basis.strip():
        obstacles.append("Say why the clock shows this zone.")
    if obstacles:
        raise Refused(*obstacles)
    Group.objects.filter(id=found.id).update(zone=zone, zone_assumed_by=name_of(by), zone_basis=basis.strip())
    return ZoneSet(found.case.uuid, group, zone)
