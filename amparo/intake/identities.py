"""Who reported: sealed apart, opened with a reason and a second person, shown once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import rules, spool
from amparo.intake.models import IdentityRequest, Report, SealedIdentity
from amparo.intake.spool import IdentityLetter
from amparo.vault import envelope, queries as vault
from amparo.vault.keys import Unlock


@dataclass(frozen=True)
class IdentityAsked:
    request: UUID
    report: UUID
    reason: str


@act("identity.asked", power="reports.identity")
def ask_for_identity(by: Actor, report: UUID, reason: str, words: str = "") -> IdentityAsked:
    """A request that a second officer can agree to."""
    row = Report.objects.filter(uuid=report).first()
    if not row or not SealedIdentity.objects.filter(arrival_id=row.arrival_id).exists():
        raise Missing("There is no sealed identity for this report.", report=str(report))
    if obstacles := rules.obstacles_to_reason(reason, words, rules.IDENTITY):
        raise Refused(*obstacles, report=str(report))
    if by.uuid is None:
        raise Refused("Only a person can ask who reported.")
    made = IdentityRequest.objects.create(
        report=row, asked_by=by.uuid, asked_at=clock.now(), reason_code=reason, reason_text=words.strip()
    )
    return IdentityAsked(made.uuid, row.uuid, reason)


@dataclass(frozen=True)
class IdentityAgreed:
    request: UUID
    report: UUID


@act("identity.agreed", power="reports.identity")
def agree_to_identity(by: Actor, request: UUID) -> IdentityAgreed:
    """The second person agrees; whoever asked may open the letter within a day."""
    row = _request(request)
    if obstacles := rules.obstacles_to_agreeing(row.asked_by, by.uuid, row.agreed_at):
        raise Refused(*obstacles, request=str(request))
    row.agreed_by, row.agreed_at = by.uuid, clock.now()
    row.save()
    return IdentityAgreed(row.uuid, row.report.uuid)


@dataclass(frozen=True)
class IdentityOpened:
    """Its fields are recorded: identifiers alone. What was opened is beside them, to be shown once and kept nowhere."""

    request: UUID
    report: UUID
    agreed_by: UUID

    @property
    def letter(self) -> IdentityLetter:
        return self.__dict__["_letter"]  # type: ignore[no-any-return]


@act("identity.opened", power="reports.identity")
def open_identity(by: Actor, request: UUID, unlock: Unlock) -> IdentityOpened:
    """Whoever asked learns who reported, as a second person agreed. Refused without agreement or key, Broken for changed bytes."""
    row = _request(request)
    obstacles = rules.obstacles_to_opening(row.asked_by, by.uuid, row.agreed_at, row.opened_at, clock.now())
    if obstacles or row.agreed_by is None:
        raise Refused(*(obstacles or ("A second person has to agree first.",)), request=str(request))
    sealed = bytes(SealedIdentity.objects.get(arrival_id=row.report.arrival_id).letter)
    private = vault.private_key(envelope.letter_binding(sealed).compartment, unlock)
    letter = spool.open_identity(sealed, private, row.report.arrival.uuid)
    row.opened_at = clock.now()
    row.save()
    done = IdentityOpened(row.uuid, row.report.uuid, row.agreed_by)
    done.__dict__["_letter"] = letter
    return done


def _request(uuid: UUID) -> IdentityRequest:
    row = IdentityRequest.objects.select_related("report__arrival").filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such request.", request=str(uuid))
    return row
