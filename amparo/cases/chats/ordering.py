"""What officers say about the order of reading: the unit's order, and reasons on people. Verbs of the room's door (`actions`)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max

from amparo.access.acts import Actor, act
from amparo.cases.entering import editable, is_human, name_of, officer_of, persons_of
from amparo.cases.groups import order as rule
from amparo.cases.models import PersonReason, ReadingOrder
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused


@dataclass(frozen=True)
class ReadingOrderSet:
    version: int
    reasons: tuple[str, ...]


@act("reading_order.set", power="rules.edit")
def set_reading_order(by: Actor, reasons: tuple[str, ...], why: str) -> ReadingOrderSet:
    """From now on people of every case are read about in this order of reasons; those left out place nobody."""
    newest = ReadingOrder.objects.select_for_update().order_by("-version").first()
    before = tuple(newest.reasons) if newest else rule.DEFAULT
    if obstacles := rule.obstacles_to_order(reasons, why, before):
        raise Refused(*obstacles)
    last = ReadingOrder.objects.aggregate(last=Max("version"))["last"] or 0
    made = ReadingOrder.objects.create(
        version=last + 1, reasons=list(reasons), why=why.strip(), by=officer_of(by), by_name=name_of(by), at=clock.now()
    )
    return ReadingOrderSet(made.version, reasons)


@dataclass(frozen=True)
class ReasonEntered:
    case: UUID
    person: UUID
    entry: UUID
    reason: str


@act("person.reason_entered", power="cases.edit")
def enter_reason(by: Actor, person: UUID, reason: str, words: str) -> ReasonEntered:
    """An officer's reason to look at somebody first, with what it rests on. It says nothing of what the person is."""
    case, (row,) = persons_of(by, (person,))
    if obstacles := rule.obstacles_to_reason(reason, words, human=is_human(by)):
        raise Refused(*obstacles)
    made = PersonReason.objects.create(
        person=row, reason=reason, words=words.strip(), by=officer_of(by), by_name=name_of(by), at=clock.now()
    )
    return ReasonEntered(case.uuid, person, made.uuid, reason)


@dataclass(frozen=True)
class ReasonWithdrawn:
    case: UUID
    person: UUID
    entry: UUID


@act("person.reason_withdrawn", power="cases.edit")
def withdraw_reason(by: Actor, entry: UUID, why: str) -> ReasonWithdrawn:
    """The reason no longer places the person; it stays readable, with why it fell."""
    found = PersonReason.objects.filter(uuid=entry).select_related("person__case").first()
    if not found:
        raise Missing("There is no such reason.", entry=str(entry))
    editable(by, found.person.case.uuid)
    if found.withdrawn_at:
        raise Refused("This reason was withdrawn already.")
    if not why.strip():
        raise Refused("Say why this reason is withdrawn.")
    PersonReason.objects.filter(id=found.id).update(
        withdrawn_at=clock.now(), withdrawn_by_name=name_of(by), withdrawn_why=why.strip()
    )
    return ReasonWithdrawn(found.person.case.uuid, found.person.uuid, entry)
