"""The partners, as plain facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from amparo.exchange import keys, rules
from amparo.exchange.models import Partner
from amparo.exchange.sealing import RecipientKeys
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused


@dataclass(frozen=True)
class PartnerFacts:
    """openpgp: the armoured certificate; fingerprint: its own, hexadecimal capitals; age: the recipient. Empty where none."""

    uuid: UUID
    country: str
    authority: str
    language: str
    channel: str
    mail: str
    openpgp: str
    fingerprint: str
    age: str
    fingerprint_checked_on: date | None
    handling: tuple[str, ...]
    registered_at: datetime
    keys_since: datetime

    @property
    def reference(self) -> str:
        return self.country

    @property
    def recipient(self) -> RecipientKeys:
        """What `sealing.seal` needs."""
        return RecipientKeys(self.openpgp, self.age)


def _facts(row: Partner) -> PartnerFacts:
    return PartnerFacts(
        row.uuid,
        row.country,
        row.authority,
        row.language,
        row.channel,
        row.mail,
        row.openpgp,
        row.openpgp_fingerprint,
        row.age,
        row.fingerprint_checked_on,
        tuple(row.handling),
        row.registered_at,
        row.keys_since,
    )


def partners() -> tuple[PartnerFacts, ...]:
    """All partners, by country."""
    return tuple(_facts(row) for row in Partner.objects.order_by("country"))


def partner(country: str) -> PartnerFacts | None:
    """The partner of a country (ISO 3166-1, two capitals); None where none is registered."""
    row = Partner.objects.filter(country=country).first()
    return _facts(row) if row else None


def partner_named(uuid: UUID) -> PartnerFacts:
    """Raises Missing."""
    row = Partner.objects.filter(uuid=uuid).first()
    if row is None:
        raise Missing("There is no such partner.", partner=str(uuid))
    return _facts(row)


def remarks_on(facts: PartnerFacts) -> tuple[str, ...]:
    """What an officer should know about this partner's keys today, in sentences; empty when all is well."""
    today = clock.now().date()
    if not facts.openpgp:
        return rules.remarks_on_key(None, facts.fingerprint_checked_on, opens_with_gnupg=True, today=today)
    try:
        read = keys.read_certificate(facts.openpgp)
    except Refused as refused:
        return refused.obstacles
    expires_on = read.expires_at.date() if read.expires_at else None
    return rules.remarks_on_key(expires_on, facts.fingerprint_checked_on, read.opens_with_gnupg, today)
