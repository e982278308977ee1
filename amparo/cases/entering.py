"""Who may enter and change a case, and what every verb writes alike. Called by this room's acts alone."""

from __future__ import annotations

from uuid import UUID

from amparo.access import queries as access
from amparo.access.acts import Actor
from amparo.cases import rules
from amparo.cases.models import Case, CaseOfficer, Decision, Event, Person
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.times import Moment

STEP = 500


def officer_of(by: Actor) -> UUID:
    """The officer who acts. Raises Refused for a process."""
    if by.uuid is None:
        raise Refused("Only an officer does this.")
    return by.uuid


def case_of(uuid: UUID) -> Case:
    found = Case.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such case.", case=str(uuid))
    return found


def entered(by: Actor, uuid: UUID) -> Case:
    found = case_of(uuid)
    member = by.uuid is not None and CaseOfficer.objects.filter(case=found, officer=by.uuid).exists()
    if obstacles := rules.obstacles_to_entering(member=member, process=by.kind == "process"):
        raise Refused(*obstacles, case=str(uuid))
    return found


def editable(by: Actor, uuid: UUID) -> Case:
    found = entered(by, uuid)
    if found.state == Case.State.CLOSED:
        raise Refused("This case is closed: open it again before changing anything in it.", case=str(uuid))
    return found


def persons_of(by: Actor, uuids: tuple[UUID, ...]) -> tuple[Case, list[Person]]:
    """The people, all of one case that the actor may work on. Raises Refused, or Missing."""
    if not uuids:
        raise Refused("Choose at least one person.")
    asked = list(dict.fromkeys(uuids))  # in steps: a database takes only so many values in one question
    rows = [
        row
        for start in range(0, len(asked), STEP)
        for row in Person.objects.filter(uuid__in=asked[start : start + STEP]).select_related("case")
    ]
    if len(rows) != len(set(uuids)):
        raise Missing("One of these people is not there.")
    if len({row.case_id for row in rows}) > 1:
        raise Refused("These people stand in different cases: decide for one case at a time.")
    return editable(by, rows[0].case.uuid), rows


def person_of(case: Case, uuid: UUID) -> Person:
    found = Person.objects.filter(case=case, uuid=uuid).first()
    if not found:
        raise Missing("There is no such person in this case.", person=str(uuid))
    return found


def is_human(by: Actor) -> bool:
    return by.kind == "officer"


def name_of(by: Actor) -> str:
    """The officer's name as colleagues know it; a process as what it is."""
    if by.uuid is None:
        return f"Amparo's {by.name}"
    try:
        return access.officer(by.uuid).name
    except Missing:
        return by.name


def decide(by: Actor, rows: list[Person], what: str, value: str, reason: str, before: list[str]) -> None:
    now, name = clock.now(), name_of(by)
    Decision.objects.bulk_create(
        [
            Decision(
                person=row, what=what, value=value, before=was, reason=reason.strip(), by=by.uuid, by_name=name, at=now
            )
            for row, was in zip(rows, before, strict=True)
        ],
        batch_size=300,
    )


def write_note(
    by: Actor, case: Case, text: str, missing: str, person: Person | None = None, speaks_of: Moment | None = None
) -> Event:
    if not text.strip():
        raise Refused(missing)
    of = speaks_of or Moment("")
    return Event.objects.create(
        case=case, person=person, text=text.strip(), raw=of.raw, utc=of.utc, zone=of.zone, assumed_by=of.assumed_by,
        by=officer_of(by), by_name=name_of(by), at=clock.now(),
    )  # fmt: skip
