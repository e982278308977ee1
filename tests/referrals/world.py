"""An operation for the tests: a case with five people in three countries, partners with keys, two liaison officers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pyrage
import pytest
from django.conf import settings

from amparo.access import actions as access, queries as officers
from amparo.access.acts import Actor
from amparo.cases import actions as cases, queries as people
from amparo.exchange import actions as exchange, keys, sealing
from amparo.exchange.rules import PartnerDetails
from amparo.foundation.home import Home
from amparo.referrals import actions, jobs, queries
from amparo.wiring.seals import seal_record
from tests.cases import house

AUTHORITIES = {"ES": "Unidad Central de Ejemplo", "UY": "Unidad Nacional de Ejemplo", "GB": "Example Agency"}
COUNTRIES = {"P-1": "ES", "P-2": "UY", "P-3": "ES", "P-4": "GB", "P-5": "ES"}


@dataclass
class World:
    """Everybody and everything that a test of packages needs. identities: each partner's secret age key."""

    case: UUID
    vera: Actor
    leo: Actor
    mia: Actor
    persons: dict[str, UUID]
    identities: dict[str, str]


@contextmanager
def fresh_home(folder: Path) -> Iterator[Home]:
    """A home of its own in `folder`, as long as this lasts, with the house's name and mail domain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AMPARO_HOME", str(folder / "home"))
        patch.setenv("AMPARO_HOUSE_NAME", "Example Child Protection Unit")
        patch.setenv("AMPARO_HOUSE_COUNTRY", "ES")
        patch.setenv("AMPARO_MAIL_DOMAINS", "unit.example.org")
        home = Home.from_env()
        patch.setattr(settings, "HOME", home)
        yield home


def world(home: Home, countries: dict[str, str] | None = None) -> World:
    """A case whose people have categories, ages and confirmed countries; P-5, who left at once, stays a contact."""
    house.lay()
    keys.make_house_key(home)
    vera = house.officer("vera", "investigator", "supervisor", "victim_specialist")
    leo, mia = officer("leo", "liaison"), officer("mia", "liaison", "auditor")
    case = house.opened(vera, house.report()).case
    persons = {each.reference: each.uuid for each in people.people(case)}
    for reference, country in (COUNTRIES if countries is None else countries).items():
        confirm(vera, persons[reference], country)
    suspects = tuple(persons[each] for each in ("P-1", "P-2", "P-3", "P-4") if each in persons)
    cases.set_category(vera, suspects, "suspect", "Posted items into the group, or re-posted them.")
    cases.set_age(vera, suspects, "adult", "Stated in the profile.")
    cases.set_age(vera, persons["P-2"], "child", "Stated 15 in the group.", stated_age=15)
    identities = {country: partner(leo, country) for country in ("ES", "UY", "GB")}
    seal_record(home)
    return World(case, vera, leo, mia, persons, identities)


def officer(username: str, *roles: str) -> Actor:
    """An officer who opens nothing sealed, and so needs no key."""
    added = access.add_officer(house.CLI, username, username.capitalize(), "Liaison desk", roles, house.PASSWORD)
    return officers.officer_actor(added.officer)


def confirm(by: Actor, person: UUID, country: str) -> cases.CountryConfirmed:
    cases.set_country(
        by,
        (person,),
        country,
        f"Says that they live in {country}.",
        evidence="stated",
        kind="fact",
        source_grade="B",
        information_grade=2,
    )
    return cases.confirm_country(by, (person,), country, "Phone and own words agree.")


def partner(by: Actor, country: str) -> str:
    """A partner that opens with age; hands back its secret key, which the house never sees."""
    identity = pyrage.x25519.Identity.generate()
    details = PartnerDetails(
        country, AUTHORITIES.get(country, f"Authority of {country}"), {"ES": "es", "UY": "es"}.get(country, "en")
    )
    exchange.register_partner(by, details, exchange.PartnerKeys(age=str(identity.to_public())))
    return str(identity)


def built(of: World) -> dict[str, queries.PackageFacts]:
    """A built package for every country, by country."""
    for package in actions.plan(of.vera, of.case).packages:
        actions.build(of.vera, package)
        jobs.build_package.func("", {"package": str(package)})
    return {each.country: each for each in queries.packages(of.case)}


def sent(of: World) -> dict[str, queries.PackageFacts]:
    """Every country's package built by Vera, approved by Leo, sent and delivered."""
    for package in built(of).values():
        actions.approve(of.leo, package.uuid)
        send(of, package.uuid)
    return {each.country: each for each in queries.packages(of.case)}


def send(of: World, package: UUID) -> None:
    done = actions.send(of.leo, package)
    jobs.deliver_package.func("", {"package": str(done.package)})


def opened(of: World, package: queries.PackageFacts) -> dict[str, bytes]:
    """The package's files as its receiver sees them."""
    (file,) = package.files
    return sealing.opened(Path(file.path).read_bytes(), of.identities[package.country].encode()).files


def token(of: World, package: queries.PackageFacts) -> str:
    """The reply token, which stands nowhere but in the sealed package."""
    return opened(of, package)["data/reply/reply.csv"].decode().splitlines()[1].split(",")[0]


def subject(package: queries.PackageFacts, person: UUID) -> str:
    return next(each.subject for each in queries.persons_in(package.uuid) if each.person == person)
