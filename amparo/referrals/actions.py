"""The door: plan, build, approve, send, correct, withdraw. Two people stand between a case and another country."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.cases import queries as cases
from amparo.exchange import queries as exchange
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.referrals import queries, rules
from amparo.referrals.models import Package, PackageItem, PackagePerson, Receipt, SealedFile

TOKEN_BYTES = 16  # 128 bits: nobody guesses a package's token


def new_token() -> str:
    """A reply token. Lower case, because mail addresses carry it; a letter first, so that no spreadsheet takes it for a number."""
    return f"r{secrets.token_hex(TOKEN_BYTES)}"


def _locked(package: UUID) -> Package:
    """The row, held until the transaction ends. Raises Missing."""
    found = Package.objects.select_for_update().filter(uuid=package).first()
    if not found:
        raise Missing("There is no such package.", package=str(package))
    return found


def _refuse_if(obstacles: tuple[str, ...]) -> None:
    if obstacles:
        raise Refused(*obstacles)


@dataclass(frozen=True)
class Planned:
    case: UUID
    packages: tuple[UUID, ...]
    countries: tuple[str, ...]


@act("package.planned", power="referrals.build")
def plan(by: Actor, case: UUID, urgency: str = "normal", urgency_reason: str = "") -> Planned:
    """A draft for every competent country that has no package of this case yet; countries that have one are left alone."""
    _refuse_if(queries.obstacles_to_plan(case, by.uuid))
    facts, persons = cases.case(case), queries.persons_of_case(case)
    rows = Package.objects.filter(case=case).exclude(state=rules.WITHDRAWN)
    standing = set(rows.values_list("country", flat=True))
    by_country: dict[str, list[rules.PersonFacts]] = {}
    for person in persons:
        by_country.setdefault(person.country, []).append(person)
    made = []
    for country in rules.competent_countries(persons):
        if country in standing:
            continue
        earlier = Package.objects.filter(case=case, country=country).order_by("-version").first()
        package = Package.objects.create(
            reference=f"{facts.reference}-{country}",
            case=case,
            country=country,
            version=earlier.version + 1 if earlier else 1,
            supersedes=earlier.uuid if earlier else None,
            urgency=urgency,
            urgency_reason=urgency_reason,
            handling=_handling(country),
        )
        _set_part(package, by_country[country])
        made.append(package)
    return Planned(case, tuple(each.uuid for each in made), tuple(each.country for each in made))


def _handling(country: str) -> list[str]:
    """The codes that this partner's packages get unless an officer chooses others."""
    partner = exchange.partner(country)
    return list(partner.handling) if partner and partner.handling else ["H1", "H2"]


def _set_part(package: Package, persons: Sequence[rules.PersonFacts]) -> None:
    """Who the package would hold as the case stands now; building settles it."""
    known = {person: subject for subject, person in queries.subjects(package.reference).items()}
    package.persons.all().delete()
    number = max((int(each.removeprefix("S-")) for each in known.values()), default=0)
    rows = []
    for person in rules.part_for(package.country, persons).persons:
        if person not in known:
            number += 1
        rows.append(PackagePerson(package=package, person=person, subject=known.get(person, f"S-{number}")))
    PackagePerson.objects.bulk_create(rows, batch_size=500)


@dataclass(frozen=True)
class TermsSet:
    package: UUID
    case: UUID
    urgency: str
    handling: tuple[str, ...]
    evaluation: str


@act("package.terms_set", power="referrals.build")
def set_terms(
    by: Actor,
    package: UUID,
    *,
    urgency: str,
    urgency_reason: str = "",
    handling: tuple[str, ...],
    handling_text: str = "",
    source_grade: str = "B",
    information_grade: int = 2,
    received_under: tuple[str, ...] = (),
    permission: str = "",
    asked: tuple[str, ...] = (),
) -> TermsSet:
    """From now on the draft carries these terms. A package that is built already has to be built again with them."""
    row = _locked(package)
    if row.state not in rules.CHANGEABLE:
        raise Refused(f"A package that is {row.state} keeps its terms: correct it instead.")
    if urgency not in rules.URGENCIES:
        raise Refused("Choose how urgent the package is.")
    _refuse_if(tuple(rules.obstacles_of_handling(handling, handling_text, received_under, permission)))
    row.urgency, row.urgency_reason = urgency, urgency_reason
    row.handling, row.handling_text = list(handling), handling_text
    row.source_grade, row.information_grade = source_grade, information_grade
    row.received_under, row.permission, row.asked = list(received_under), permission, list(asked)
    row.state = rules.PLANNED
    row.save()
    return TermsSet(row.uuid, row.case, urgency, tuple(handling), f"{source_grade}{information_grade}")


@dataclass(frozen=True)
class BuildAsked:
    package: UUID
    case: UUID
    country: str
    version: int


@act("package.build_asked", power="referrals.build")
def build(by: Actor, package: UUID) -> BuildAsked:
    """The worker builds the package next; the officer who asked is the one who built it."""
    row = _locked(package)
    facts = queries.package(package)
    own = queries.persons_of_case(row.case, country=row.country)
    _refuse_if(queries.obstacles_to_build(facts, own, by.uuid))
    row.state, row.built_by, row.build_failed = rules.BUILDING, by.uuid, ""
    row.approved_by = row.approved_at = row.built_at = None
    row.save()
    return BuildAsked(row.uuid, row.case, row.country, row.version)


@dataclass(frozen=True)
class Built:
    """token_sha256 lets a court see later which token the package carried; the token itself is not kept."""

    package: UUID
    case: UUID
    country: str
    version: int
    persons: tuple[UUID, ...]
    items: tuple[UUID, ...]
    law: str
    contents_sha256: str
    manifest_sha256: str
    token_sha256: str
    sealed_sha256: tuple[str, ...]


@dataclass(frozen=True)
class Sealed:
    """What building made, to be recorded: see `jobs.build_package`."""

    persons: tuple[tuple[UUID, str], ...]
    items: tuple[tuple[UUID, str], ...]
    law: str
    answer_by: datetime
    acknowledge_by: datetime
    changes: tuple[str, ...]
    contents: dict[str, Any]
    contents_sha256: str
    manifest_sha256: str
    token_sha256: str
    files: tuple[tuple[str, str, str, int, str], ...]


@act("package.built", power="packages.build")
def record_built(by: Actor, package: UUID, sealed: Sealed) -> Built:
    """The package is built: sealed files, digests, and exactly who and what it holds."""
    row = _locked(package)
    if row.state != rules.BUILDING:
        raise Refused(f"Nobody asked for this package to be built; it is {row.state}.")
    for each in (row.persons, row.items, row.files):
        each.all().delete()
    PackagePerson.objects.bulk_create(
        [PackagePerson(package=row, person=who, subject=name) for who, name in sealed.persons], batch_size=500
    )
    PackageItem.objects.bulk_create(PackageItem(package=row, item=what, reference=name) for what, name in sealed.items)
    SealedFile.objects.bulk_create(
        SealedFile(package=row, form=form, name=name, sha256=sha256, size_bytes=size, recipient=recipient)
        for form, name, sha256, size, recipient in sealed.files
    )
    row.state, row.built_at = rules.BUILT, clock.now()
    row.law, row.answer_by, row.acknowledge_by = sealed.law, sealed.answer_by, sealed.acknowledge_by
    row.changes = list(sealed.changes)
    row.contents, row.contents_sha256 = sealed.contents, sealed.contents_sha256
    row.manifest_sha256, row.token_digest = sealed.manifest_sha256, sealed.token_sha256
    row.save()
    return Built(
        row.uuid, row.case, row.country, row.version,
        tuple(who for who, _ in sealed.persons), tuple(what for what, _ in sealed.items),
        sealed.law, sealed.contents_sha256, sealed.manifest_sha256, sealed.token_sha256,
        tuple(each[2] for each in sealed.files),
    )  # fmt: skip


@dataclass(frozen=True)
class BuildFailed:
    package: UUID
    case: UUID


@act("package.build_failed", power="packages.build")
def record_build_failed(by: Actor, package: UUID, sentence: str) -> BuildFailed:
    """The package is a draft again, and its page says why it could not be built."""
    row = _locked(package)
    if row.state == rules.BUILDING:
        row.state, row.build_failed = rules.PLANNED, sentence
        row.save()
    return BuildFailed(row.uuid, row.case)


@dataclass(frozen=True)
class Approved:
    package: UUID
    case: UUID
    built_by: UUID | None
    contents_sha256: str


@act("package.approved", power="referrals.approve")
def approve(by: Actor, package: UUID) -> Approved:
    """A second officer lets exactly these contents go out."""
    row = _locked(package)
    _refuse_if(rules.obstacles_to_approve(queries.package(package).for_rules(), by.uuid))
    row.state, row.approved_by, row.approved_at = rules.APPROVED, by.uuid, clock.now()
    row.save()
    return Approved(row.uuid, row.case, row.built_by, row.contents_sha256)


@dataclass(frozen=True)
class Sent:
    package: UUID
    case: UUID
    country: str
    version: int
    replaces: UUID | None
    answer_by: datetime | None
    manifest_sha256: str


@act("package.sent", power="referrals.send")
def send(by: Actor, package: UUID) -> Sent:
    """The courier may deliver it now. A corrected version withdraws the one before, whose receiver it tells."""
    row = _locked(package)
    now = clock.now()
    facts = queries.package(package)
    _refuse_if(rules.obstacles_to_send(facts.for_rules(), now))
    if not facts.newest:
        raise Refused("A newer version of this package exists: send that one.")
    row.state, row.sent_by, row.sent_at = rules.SENT_STATE, by.uuid, now
    row.acknowledge_by = _from_sending(row, now)
    row.save()
    if row.supersedes:
        Package.objects.filter(uuid=row.supersedes, state__in=rules.OUT).update(
            state=rules.WITHDRAWN, withdrawn_at=now, withdraw_reason=f"Replaced by version {row.version}."
        )
    return Sent(row.uuid, row.case, row.country, row.version, row.supersedes, row.answer_by, row.manifest_sha256)


def _from_sending(row: Package, now: datetime) -> datetime | None:
    """The acknowledgement's clock runs from the sending; the answer's day stands printed in the package and stays."""
    law = queries.law_named(row.law)
    return law.acknowledge[row.urgency].after(now) if law else row.acknowledge_by


@dataclass(frozen=True)
class Delivered:
    package: UUID
    case: UUID
    channel: str
    files: int


@act("package.delivered", power="packages.deliver")
def record_delivered(by: Actor, package: UUID, channel: str, files: int) -> Delivered:
    """The courier has put every sealed file where the partner gets it."""
    row = _locked(package)
    row.delivered_at = clock.now()
    row.save()
    Receipt.objects.create(package=row, kind="delivered", at=row.delivered_at, note=channel)
    return Delivered(row.uuid, row.case, channel, files)


@dataclass(frozen=True)
class Acknowledged:
    package: UUID
    case: UUID
    source: UUID | None
    answered: bool


@act("package.acknowledged", power="outcomes.record")
def acknowledge(
    by: Actor, package: UUID, *, at: datetime, source: UUID | None = None, answered: bool = False, note: str = ""
) -> Acknowledged:
    """The country has the package, as its reply `source` shows; `answered`: nothing in it waits for a word any more."""
    row = _locked(package)
    newest = Package.objects.filter(reference=row.reference, state__in=rules.OUT).order_by("-version").first() or row
    if newest.acknowledged_at is None or at < newest.acknowledged_at:
        newest.acknowledged_at = at
    if newest.state == rules.SENT_STATE:
        newest.state = rules.ACKNOWLEDGED
    newest.answered_at = (newest.answered_at or at) if answered else None
    newest.save()
    Receipt.objects.create(
        package=row, kind="answered" if answered else "acknowledged", at=at, source=source, note=note
    )
    return Acknowledged(newest.uuid, row.case, source, answered)


@dataclass(frozen=True)
class Withdrawn:
    package: UUID
    case: UUID
    was: str


@act("package.withdrawn", power="referrals.send")
def withdraw(by: Actor, package: UUID, reason: str) -> Withdrawn:
    """The package no longer stands. What already went out can't be called back: its receivers have to be told."""
    row = _locked(package)
    _refuse_if(rules.obstacles_to_withdraw(queries.package(package).for_rules()))
    if not reason.strip():
        raise Refused("Say why the package is withdrawn.")
    was = row.state
    row.state, row.withdrawn_at, row.withdraw_reason = rules.WITHDRAWN, clock.now(), reason
    row.save()
    return Withdrawn(row.uuid, row.case, was)


@dataclass(frozen=True)
class CorrectionPlanned:
    package: UUID
    case: UUID
    replaces: UUID
    country: str
    version: int


@act("package.correction_planned", power="referrals.build")
def correct(by: Actor, package: UUID, reason: str) -> CorrectionPlanned:
    """A draft of the next version, which will tell its receiver what changed; the version that is out stays until then."""
    return _new_version(package, reason)


def _new_version(package: UUID, reason: str) -> CorrectionPlanned:
    row = _locked(package)
    newer = Package.objects.filter(reference=row.reference, version__gt=row.version).exists()
    _refuse_if(rules.obstacles_to_correct(queries.package(package).for_rules(), newer))
    if not reason.strip():
        raise Refused("Say what was wrong or has changed: the receiver is told.")
    kept = {
        name: getattr(row, name)
        for name in (
            "reference", "case", "country", "urgency", "urgency_reason", "handling", "handling_text", "received_under",
            "permission", "source_grade", "information_grade", "asked",
        )
    }  # fmt: skip
    if row.state not in rules.OUT:
        row.state, row.withdrawn_at, row.withdraw_reason = rules.WITHDRAWN, clock.now(), reason
        row.save()
    new = Package.objects.create(**kept, version=row.version + 1, supersedes=row.uuid, change_reason=reason)
    _set_part(new, queries.persons_of_case(row.case, country=new.country))
    return CorrectionPlanned(new.uuid, new.case, row.uuid, new.country, new.version)


@dataclass(frozen=True)
class MoveTold:
    person: UUID
    case: UUID
    packages: tuple[UUID, ...]
    left: str
    now_in: str


@act("package.move_told", power="packages.build")
def follow_move(by: Actor, person: UUID, case: UUID, move: rules.Move) -> MoveTold:
    """Drafts for both countries, because a person whose package went to one is now the other's: both have to know."""
    persons = queries.persons_of_case(case)
    made = (
        _draft_with(case, move.left, f"A person of this package is now believed to be in {move.now_in}.", persons),
        _draft_with(case, move.now_in, f"A person came over from the part of {move.left}.", persons),
    )
    return MoveTold(person, case, tuple(each for each in made if each), move.left, move.now_in)


def _draft_with(case: UUID, country: str, reason: str, persons: tuple[rules.PersonFacts, ...]) -> UUID | None:
    """A draft for this country that holds its part as it is now; None while one is being built, which will hold it."""
    newest = (
        Package.objects.filter(case=case, country=country).exclude(state=rules.WITHDRAWN).order_by("-version").first()
    )
    if newest and newest.state == rules.BUILDING:
        return None
    if newest and newest.state not in rules.CHANGEABLE:
        return _new_version(newest.uuid, reason).package
    if newest is None:
        reference = f"{cases.case(case).reference}-{country}"
        newest = Package(reference=reference, case=case, country=country, handling=_handling(country))
    newest.state, newest.change_reason = rules.PLANNED, newest.change_reason or reason
    newest.save()
    _set_part(newest, persons)
    return newest.uuid


@dataclass(frozen=True)
class PackageRead:
    package: UUID
    case: UUID


@act("package.read", power="referrals.read")
def read_package(by: Actor, package: UUID) -> PackageRead:
    """That an officer saw what a package holds (Directive (EU) 2016/680, Article 25: consultation is logged)."""
    found = queries.package(package)
    return PackageRead(found.uuid, found.case)


@dataclass(frozen=True)
class FileTaken:
    package: UUID
    case: UUID
    file: UUID
    sha256: str


@act("package.file_taken", power="referrals.send")
def take_file(by: Actor, package: UUID, file: UUID) -> FileTaken:
    """That an officer took a sealed file out by hand, to carry it over another channel. Only once it was approved."""
    found = queries.package(package)
    if found.state not in (rules.APPROVED, *rules.OUT):
        raise Refused("Only an approved package leaves this house.")
    sealed = next((each for each in found.files if each.uuid == file), None)
    if sealed is None:
        raise Missing("There is no such file.")
    return FileTaken(found.uuid, found.case, sealed.uuid, sealed.sha256)
