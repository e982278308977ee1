"""Packages as other rooms and pages see them. Reading here records nothing: `actions.read_package` does."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from amparo.access import queries as access
from amparo.cases import queries as cases
from amparo.exchange import queries as exchange
from amparo.foundation import clock
from amparo.foundation.errors import Missing
from amparo.foundation.home import Home
from amparo.referrals import law, rules
from amparo.referrals.lines import (
    PackageLine,
    anything_sent,
    cases_with_packages,
    counting,
    lines,
    standing_lines,
)
from amparo.referrals.models import Package, PackageItem, PackagePerson, Receipt, SealedFile

__all__ = [
    "PackageFacts", "PackageLine", "PackageWithObstacles", "PersonInPackage", "ReceiptFacts", "SealedFileFacts",
    "anything_sent", "cases_with_packages", "contents", "items_in", "law_named", "laws", "lines",
    "obstacles_to_build", "obstacles_to_plan", "outside", "overdue", "package", "package_by_token",
    "package_by_token_digest", "packages", "packages_folder", "part", "partner_facts", "persons_in", "persons_of",
    "persons_of_case", "ready", "sent_in", "standing", "standing_lines", "standing_of", "subjects", "versions",
    "with_obstacles",
]  # fmt: skip


@dataclass(frozen=True)
class SealedFileFacts:
    uuid: UUID
    form: str
    name: str
    sha256: str
    size_bytes: int
    recipient: str
    path: Path


@dataclass(frozen=True)
class ReceiptFacts:
    kind: str
    at: datetime
    source: UUID | None
    note: str


@dataclass(frozen=True)
class PackageFacts:
    """One version. persons, items: how many. newest: no later version exists. overdue: in words, empty while nothing is."""

    uuid: UUID
    reference: str
    case: UUID
    country: str
    version: int
    newest: bool
    supersedes: UUID | None
    state: str
    urgency: str
    urgency_reason: str
    handling: tuple[str, ...]
    handling_text: str
    received_under: tuple[str, ...]
    permission: str
    evaluation: str
    asked: tuple[str, ...]
    law: str
    change_reason: str
    changes: tuple[str, ...]
    persons: int
    items: int
    planned_at: datetime
    built_by: UUID | None
    built_by_name: str
    built_at: datetime | None
    approved_by: UUID | None
    approved_by_name: str
    approved_at: datetime | None
    sent_by: UUID | None
    sent_by_name: str
    sent_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    answered_at: datetime | None
    withdrawn_at: datetime | None
    withdraw_reason: str
    build_failed: str
    acknowledge_by: datetime | None
    answer_by: datetime | None
    overdue: str
    contents_sha256: str
    manifest_sha256: str
    files: tuple[SealedFileFacts, ...]
    receipts: tuple[ReceiptFacts, ...]

    @property
    def is_out(self) -> bool:
        return self.state in rules.OUT

    @property
    def due(self) -> datetime | None:
        """The next thing that this country owes us: its acknowledgement, then its answer."""
        if not self.is_out or self.answered_at:
            return None
        return self.answer_by if self.acknowledged_at else self.acknowledge_by

    def for_rules(self) -> rules.PackageFacts:
        return rules.PackageFacts(
            self.country, self.state, self.version, self.built_by, self.urgency, self.urgency_reason, self.handling,
            self.handling_text, self.received_under, self.permission, self.answer_by,
        )  # fmt: skip


@dataclass(frozen=True)
class PersonInPackage:
    person: UUID
    subject: str


def _rows() -> QuerySet[Package]:
    """Packages without what they hold: a megabyte each that only `contents` hands out."""
    return Package.objects.defer("contents")


def packages(case: UUID | None = None, now: datetime | None = None) -> tuple[PackageFacts, ...]:
    """The newest version for each country, of one case or of all, by reference."""
    rows = _rows() if case is None else _rows().filter(case=case)
    return tuple(each for each in _facts(list(rows.order_by("reference", "version")), now) if each.newest)


def package(uuid: UUID) -> PackageFacts:
    """Raises Missing."""
    found = Package.objects.filter(uuid=uuid).values_list("reference", flat=True).first()
    if found is None:
        raise Missing("There is no such package.", package=str(uuid))
    return next(each for each in versions(found) if each.uuid == uuid)


def versions(reference: str) -> tuple[PackageFacts, ...]:
    """Every version of one country's package, oldest first."""
    return _facts(list(_rows().filter(reference=reference).order_by("version")))


def standing(case: UUID, now: datetime | None = None) -> tuple[PackageFacts, ...]:
    """For each country the version that counts: the last that went out, else the newest; withdrawn ones only if alone."""
    return counting(_facts(list(_rows().filter(case=case).order_by("reference", "version")), now))


def standing_of(reference: str) -> PackageFacts | None:
    """The version of this country's package that counts, as `standing` says; None for a reference of no package."""
    found = versions(reference)
    out = tuple(each for each in found if each.is_out) or found
    return out[-1] if out else None


def package_by_token(token: str) -> PackageFacts | None:
    """The package, in the version that carried this reply token; None for a token that none of ours carried."""
    return package_by_token_digest(hashlib.sha256(token.strip().lower().encode()).hexdigest())


def package_by_token_digest(digest: str) -> PackageFacts | None:
    """The same by the SHA-256 of the lower-cased token, in hexadecimal."""
    found = Package.objects.filter(token_digest=digest, sent_at__isnull=False).first() if digest else None
    return package(found.uuid) if found else None


def persons_in(package: UUID) -> tuple[PersonInPackage, ...]:
    rows = PackagePerson.objects.filter(package__uuid=package)
    return tuple(PersonInPackage(each.person, each.subject) for each in rows)


def persons_of(packages: Iterable[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Who stands in each of these packages, in one question for every few hundred."""
    asked, found = list(packages), dict[UUID, list[UUID]]()
    for start in range(0, len(asked), 500):
        rows = PackagePerson.objects.filter(package__uuid__in=asked[start : start + 500])
        for package, person in rows.values_list("package__uuid", "person"):
            found.setdefault(package, []).append(person)
    return {package: tuple(persons) for package, persons in found.items()}


def items_in(package: UUID) -> tuple[UUID, ...]:
    return tuple(PackageItem.objects.filter(package__uuid=package).values_list("item", flat=True))


def subjects(reference: str) -> dict[str, UUID]:
    """Who each subject of this package is, in any version: a reply to an old version is understood too."""
    rows = PackagePerson.objects.filter(package__reference=reference).order_by("package__version")
    return {each.subject: each.person for each in rows}


def overdue(now: datetime | None = None) -> tuple[PackageFacts, ...]:
    """Packages whose acknowledgement or answer should have come by now, longest overdue first."""
    late = [each for each in packages(now=now) if each.overdue]
    return tuple(sorted(late, key=lambda each: each.due or each.planned_at))


def contents(package: UUID) -> dict[str, Any] | None:
    """What was sealed, as plain values and without the reply token; None before the package is built."""
    return Package.objects.values_list("contents", flat=True).get(uuid=package)


def laws() -> tuple[law.Law, ...]:
    """The laws in force here: the shipped files, and a deployment's own in AMPARO_HOME/law."""
    return law.read_laws(law.SHIPPED, Home.from_env().path / "law")


def law_named(name: str) -> law.Law | None:
    return next((each for each in laws() if each.name == name), None)


def partner_facts(country: str) -> rules.PartnerFacts | None:
    """What the rules need to know of a country's partner; None where none is registered."""
    return _partner(exchange.partner(country))


def _partner(found: exchange.PartnerFacts | None) -> rules.PartnerFacts | None:
    if found is None:
        return None
    return rules.PartnerFacts(found.country, found.authority, found.language, bool(found.openpgp), bool(found.age))


def persons_of_case(case: UUID, *, country: str = "") -> tuple[rules.PersonFacts, ...]:
    """Every person of a case, or those confirmed in one country, as the rules see them, in the case's order."""
    return tuple(
        rules.PersonFacts(
            each.uuid, each.reference, each.category, each.age_status, each.minors_track, each.confirmed_country
        )
        for each in cases.person_lines(case, country=country)
    )


def part(case: UUID, country: str) -> rules.Part:
    """As `rules.part_for` over the whole case, with only this country's persons read."""
    own = rules.part_for(country, persons_of_case(case, country=country))
    counts = Counter[str]()
    for other, category, count in cases.counts_by_country(case):
        if other != country and (category in rules.SENT or category in rules.UNDECIDED):
            counts[other] += count
    return rules.Part(country, own.persons, tuple(sorted(counts.items())))


@dataclass(frozen=True)
class PackageWithObstacles:
    """A package, and why each next step can't be taken by this officer now; an empty list means that it can."""

    package: PackageFacts
    to_build: tuple[str, ...]
    to_approve: tuple[str, ...]
    to_send: tuple[str, ...]
    to_correct: tuple[str, ...]
    to_withdraw: tuple[str, ...]


def with_obstacles(found: Sequence[PackageFacts], officer: UUID | None) -> tuple[PackageWithObstacles, ...]:
    """Each package with its obstacles, asked of the same rules as the actions ask."""
    now = clock.now()
    partners = {each.country: each for each in exchange.partners()}
    people: dict[tuple[UUID, str], list[rules.PersonFacts]] = {}
    closed = {case: outside(case, officer) for case in {each.case for each in found}}
    one = found[0].country if len(found) == 1 else ""
    for case in closed:
        for person in persons_of_case(case, country=one):
            if rules.is_sent(person):
                people.setdefault((case, person.country), []).append(person)
    return tuple(
        PackageWithObstacles(
            each,
            (*closed[each.case], *rules.obstacles_to_build(
                each.for_rules(), people.get((each.case, each.country), ()), _partner(partners.get(each.country))
            )),
            rules.obstacles_to_approve(each.for_rules(), officer),
            rules.obstacles_to_send(each.for_rules(), now),
            rules.obstacles_to_correct(each.for_rules(), newer_exists=not each.newest),
            rules.obstacles_to_withdraw(each.for_rules()),
        )
        for each in found
    )  # fmt: skip


def ready(found: Iterable[PackageWithObstacles], verb: str) -> tuple[PackageFacts, ...]:
    """Those with which this step ("build", "approve", "send") can be done now."""

    def against(each: PackageWithObstacles) -> bool:
        if verb == "build":
            return bool(each.to_build) or each.package.state != rules.PLANNED
        return bool(each.to_approve if verb == "approve" else each.to_send)

    return tuple(each.package for each in found if not against(each))


def outside(case: UUID, officer: UUID | None) -> tuple[str, ...]:
    """The obstacle of an officer who was not let into the case."""
    return () if cases.may_enter(officer, case) else (rules.NOT_IN_CASE,)


def obstacles_to_build(
    package: PackageFacts, persons: Sequence[rules.PersonFacts], officer: UUID | None
) -> tuple[str, ...]:
    held = set(rules.part_for(package.country, persons).persons)
    own = [each for each in persons if each.uuid in held]
    partner = partner_facts(package.country)
    return (*outside(package.case, officer), *rules.obstacles_to_build(package.for_rules(), own, partner))


def obstacles_to_plan(case: UUID, officer: UUID | None) -> tuple[str, ...]:
    return (*outside(case, officer), *rules.obstacles_to_plan(persons_of_case(case)))


def sent_in(case: UUID) -> dict[UUID, str]:
    """Person -> country of the package last sent with them in it."""
    rows = PackagePerson.objects.filter(package__case=case, package__state__in=rules.OUT).order_by("package__sent_at")
    return dict(rows.values_list("person", "package__country"))


def _facts(rows: list[Package], now: datetime | None = None) -> tuple[PackageFacts, ...]:
    now = now or clock.now()
    ids = [row.id for row in rows]
    persons = Counter(PackagePerson.objects.filter(package_id__in=ids).values_list("package_id", flat=True))
    items = Counter(PackageItem.objects.filter(package_id__in=ids).values_list("package_id", flat=True))
    files = _by_package(SealedFile.objects.filter(package_id__in=ids))
    receipts = _by_package(Receipt.objects.filter(package_id__in=ids))
    last = {row.reference: row.version for row in sorted(rows, key=lambda row: row.version)}
    names = {each.uuid: each.name for each in access.officers()}
    return tuple(
        _package(
            row,
            newest=last[row.reference] == row.version,
            counts=(persons[row.id], items[row.id]),
            files=[_file(each) for each in files.get(row.id, ())],
            receipts=[ReceiptFacts(each.kind, each.at, each.source, each.note) for each in receipts.get(row.id, ())],
            names=names,
            now=now,
        )
        for row in rows
    )


def _by_package(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.package_id, []).append(row)
    return found


def packages_folder() -> Path:
    """Where finished packages lie, each in a folder of its own: sealed to partners, so useless to whoever takes them."""
    return Home.from_env().path / "packages"


def _file(row: SealedFile) -> SealedFileFacts:
    return SealedFileFacts(
        row.uuid, row.form, Path(row.name).name, row.sha256, row.size_bytes, row.recipient, packages_folder() / row.name
    )


def _package(
    row: Package,
    *,
    newest: bool,
    counts: tuple[int, int],
    files: list[SealedFileFacts],
    receipts: list[ReceiptFacts],
    names: dict[UUID, str],
    now: datetime,
) -> PackageFacts:
    same = {
        name: getattr(row, name)
        for name in (
            "uuid", "reference", "case", "country", "version", "supersedes", "state", "urgency", "urgency_reason",
            "handling_text", "permission", "law", "change_reason", "planned_at", "built_by", "built_at", "approved_by",
            "approved_at", "sent_by", "sent_at", "delivered_at", "acknowledged_at", "answered_at", "withdrawn_at",
            "withdraw_reason", "build_failed", "acknowledge_by", "answer_by", "contents_sha256", "manifest_sha256",
        )
    }  # fmt: skip
    return PackageFacts(
        **same,
        newest=newest,
        handling=tuple(row.handling),
        received_under=tuple(row.received_under),
        evaluation=f"{row.source_grade}{row.information_grade}",
        asked=tuple(row.asked),
        changes=tuple(row.changes),
        persons=counts[0],
        items=counts[1],
        built_by_name=names.get(row.built_by, "") if row.built_by else "",
        approved_by_name=names.get(row.approved_by, "") if row.approved_by else "",
        sent_by_name=names.get(row.sent_by, "") if row.sent_by else "",
        overdue=rules.overdue(row.state, row.acknowledged_at, row.answered_at, row.acknowledge_by, row.answer_by, now),
        files=tuple(files),
        receipts=tuple(receipts),
    )
