"""The door of exchange: register a partner, replace its keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.exchange import keys, rules
from amparo.exchange.models import Partner
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused


@dataclass(frozen=True)
class PartnerKeys:
    """What the partner gave: an armoured OpenPGP certificate, an age recipient, or both.

    checked_on: the day on which somebody compared the fingerprint with the partner by another channel; None: nobody did.
    """

    openpgp: str = ""
    age: str = ""
    checked_on: date | None = None


@dataclass(frozen=True)
class PartnerRegistered:
    partner: UUID
    country: str
    fingerprint: str
    age_recipient: str
    checked: bool


@act("partner.registered", power="partners.edit")
def register_partner(by: Actor, details: rules.PartnerDetails, given: PartnerKeys) -> PartnerRegistered:
    """From now on packages for this country can be sealed to these keys. Raises Refused with every reason at once."""
    taken = Partner.objects.filter(country=details.country).exists()
    obstacles = (*rules.obstacles_to_register(details, taken=taken), *_obstacles_of(given))
    if obstacles:
        raise Refused(*obstacles)
    now = clock.now()
    partner = Partner(
        country=details.country,
        authority=details.authority.strip(),
        language=details.language,
        channel=details.channel,
        mail=details.mail,
        handling=list(details.handling),
        registered_at=now,
    )
    fingerprint = _keep(partner, given)
    return PartnerRegistered(partner.uuid, partner.country, fingerprint, partner.age, given.checked_on is not None)


@dataclass(frozen=True)
class PartnerKeyReplaced:
    partner: UUID
    country: str
    fingerprint_before: str
    fingerprint: str
    age_recipient: str
    checked: bool


@act("partner.key_replaced", power="partners.edit")
def replace_partner_key(by: Actor, partner: UUID, given: PartnerKeys) -> PartnerKeyReplaced:
    """From now on packages are sealed to the new keys alone. What was sealed before keeps to the old ones."""
    held = Partner.objects.select_for_update().filter(uuid=partner).first()
    if held is None:
        raise Missing("There is no such partner.")
    if obstacles := _obstacles_of(given):
        raise Refused(*obstacles)
    before = held.openpgp_fingerprint
    fingerprint = _keep(held, given)
    return PartnerKeyReplaced(held.uuid, held.country, before, fingerprint, held.age, given.checked_on is not None)


def _obstacles_of(given: PartnerKeys) -> tuple[str, ...]:
    found: list[str] = []
    if not (given.openpgp.strip() or given.age.strip()):
        found.append("Give the partner's OpenPGP certificate, its age recipient, or both.")
    for text, read in ((given.openpgp, keys.read_certificate), (given.age, keys.usable_recipient)):
        if text.strip():
            try:
                read(text)
            except Refused as refused:
                found.extend(refused.obstacles)
    if given.checked_on and given.checked_on > clock.now().date():
        found.append("The day on which the fingerprint was compared lies in the future.")
    return tuple(found)


def _keep(partner: Partner, given: PartnerKeys) -> str:
    """Writes the keys to the row; hands back the OpenPGP fingerprint, or nothing where there is only age."""
    partner.openpgp = given.openpgp.strip()
    partner.openpgp_fingerprint = keys.read_certificate(partner.openpgp).fingerprint if partner.openpgp else ""
    partner.age = given.age.strip()
    partner.fingerprint_checked_on = given.checked_on
    partner.keys_since = clock.now()
    partner.save()
    return partner.openpgp_fingerprint
