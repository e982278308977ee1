"""The cards of services, and which services a case names, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from amparo.cases.cards.rules import Known, is_stale, key_of
from amparo.cases.models import AccountLink, CaseOfficer, CoinLedger, Group, Platform, PlatformCard
from amparo.foundation import clock
from amparo.foundation.errors import Missing


@dataclass(frozen=True)
class CardFacts:
    """One version of a card. stale: not checked for over a year."""

    uuid: UUID
    key: str
    version: int
    known: Known
    by_name: str
    at: datetime
    stale: bool

    @property
    def checked_on(self) -> date:
        return self.known.checked_on


@dataclass(frozen=True)
class Service:
    """A service that cases name, as they write it, with its card if somebody wrote one."""

    name: str
    card: CardFacts | None


def cards() -> tuple[CardFacts, ...]:
    """The newest version of every card, by name."""
    found: dict[str, CardFacts] = {}
    for row in PlatformCard.objects.order_by("key", "-version"):
        found.setdefault(row.key, _facts(row))
    return tuple(sorted(found.values(), key=lambda each: each.known.name.casefold()))


def newest(key: str) -> CardFacts:
    """Raises Missing."""
    return versions(key)[0]


def written(uuid: UUID) -> CardFacts:
    """One version by its own identifier. Raises Missing."""
    row = PlatformCard.objects.filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such card.", card=str(uuid))
    return _facts(row)


def versions(key: str) -> tuple[CardFacts, ...]:
    """Every version of a card, the newest first. Raises Missing."""
    found = tuple(_facts(row) for row in PlatformCard.objects.filter(key=key).order_by("-version"))
    if not found:
        raise Missing("There is no such card.", card=key)
    return found


def taken_names(but: str = "") -> dict[str, str]:
    """Keys of the names on all cards but one -> that card's name."""
    return {key_of(name): each.known.name for each in cards() if each.key != but for name in each.known.names}


def card_of(name: str) -> CardFacts | None:
    return _by_name().get(key_of(name))


def services_of_case(case: UUID) -> tuple[Service, ...]:
    """The services whose exports, ledgers, accounts and bases the case holds."""
    return services_of((case,))


def services_in_reach(officer: UUID | None) -> tuple[Service, ...]:
    """The services that the officer's own cases name: of others' cases not even that is told."""
    return (
        services_of(CaseOfficer.objects.filter(officer=officer).values_list("case__uuid", flat=True)) if officer else ()
    )


def services_of(cases: Iterable[UUID]) -> tuple[Service, ...]:
    """By name; names that differ by capitals, spaces and signs alone, or stand on one card, are one service."""
    inside = list(cases)
    names = {
        *Group.objects.filter(case__uuid__in=inside).order_by().values_list("platform", flat=True).distinct(),
        *CoinLedger.objects.filter(case__uuid__in=inside).order_by().values_list("platform", flat=True).distinct(),
        *Platform.objects.filter(case__uuid__in=inside).order_by().values_list("name", flat=True).distinct(),
        *AccountLink.objects.filter(person__case__uuid__in=inside, undone_at=None)
        .order_by().values_list("service", flat=True).distinct(),
    }  # fmt: skip
    known, found = _by_name(), dict[str, Service]()
    for name in sorted(names):
        if key := key_of(name):
            card = known.get(key)
            found.setdefault(card.key if card else key, Service(card.known.name if card else name, card))
    return tuple(sorted(found.values(), key=lambda each: each.name.casefold()))


def _by_name() -> dict[str, CardFacts]:
    return {key_of(name): each for each in cards() for name in each.known.names}


def _facts(row: PlatformCard) -> CardFacts:
    known = Known(
        name=row.name,
        source=row.source,
        checked_on=row.checked_on,
        also=tuple(row.also),
        operator=row.operator,
        law_country=row.law_country,
        legal_contact=row.legal_contact,
        urgent_route=row.urgent_route,
        records=tuple((what, long) for what, long in row.records),
        coin_rules=row.coin_rules,
        age_rules=row.age_rules,
    )
    return CardFacts(
        row.uuid, row.key, row.version, known, row.by_name, row.at, is_stale(row.checked_on, clock.now().date())
    )
