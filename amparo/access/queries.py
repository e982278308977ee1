"""Who works here."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from amparo.access.actors import Actor
from amparo.access.models import Officer
from amparo.access.rules import powers_of
from amparo.foundation.errors import Missing


@dataclass(frozen=True)
class OfficerFacts:
    uuid: UUID
    username: str
    name: str
    unit: str
    roles: tuple[str, ...]
    language: str
    active: bool


def _facts(officer: Officer) -> OfficerFacts:
    return OfficerFacts(
        officer.uuid,
        officer.username,
        officer.name,
        officer.unit,
        tuple(officer.roles),
        officer.language,
        officer.is_active,
    )


def officer(uuid: UUID) -> OfficerFacts:
    """Raises Missing."""
    found = Officer.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such officer.", officer=str(uuid))
    return _facts(found)


def officers() -> tuple[OfficerFacts, ...]:
    return tuple(_facts(each) for each in Officer.objects.order_by("username"))


def officers_with(power: str) -> tuple[OfficerFacts, ...]:
    """Active officers whose roles give them `power`."""
    return tuple(each for each in officers() if each.active and power in powers_of(each.roles))


def officer_named(username: str) -> OfficerFacts:
    """Raises Missing."""
    found = Officer.objects.filter(username=username).first()
    if not found:
        raise Missing(f"There is no officer called {username}.")
    return _facts(found)


def officer_actor(uuid: UUID, purpose: str = "") -> Actor:
    """The officer as an actor, with the powers of their roles; none once they are inactive. Raises Missing."""
    facts = officer(uuid)
    powers = powers_of(facts.roles) if facts.active else frozenset[str]()
    return Actor("officer", facts.username, facts.uuid, powers, purpose)
