"""Everything that a package for ONE country holds, as plain values.

The referrals room fills it; the writers beside this file turn it into bytes; nothing else reaches a package. So what is
not here cannot leak, and what is here was put here for this addressee.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from amparo.foundation.times import Moment

LANGUAGES = ("en", "es", "fr")
# Directive (EU) 2016/680, Article 6, plus the roles in which people meet a case.
CATEGORIES = ("suspect", "convicted", "victim", "possible_victim", "witness", "reporter", "contact")
AGE_STATUSES = ("adult", "child", "unknown")
URGENCIES = ("danger_now", "urgent", "normal")
# Europol's handling codes; H3 carries its own text.
HANDLING = ("H0", "H1", "H2", "H3")
# Regulation (EU) 2016/794, Article 29: the 4x4 evaluation.
SOURCE_GRADES = ("A", "B", "C", "X")
INFORMATION_GRADES = (1, 2, 3, 4)


@dataclass(frozen=True)
class House:
    """Who sends. signing_fingerprint: of the OpenPGP certificate with which the package is signed, hexadecimal."""

    name: str
    country: str
    contact: str
    signing_fingerprint: str


@dataclass(frozen=True)
class Addressee:
    """Who receives. language: of the cover sheet and the instructions, one of LANGUAGES."""

    country: str
    authority: str
    language: str


@dataclass(frozen=True)
class HandlingCode:
    """One of HANDLING; `text` says the restriction where the code is H3."""

    code: str
    text: str = ""


@dataclass(frozen=True)
class Evaluation:
    """4x4: how reliable the source is (A, B, C, X) and how sure the information (1 to 4)."""

    source: str
    information: int

    def __str__(self) -> str:
        return f"{self.source}{self.information}"


@dataclass(frozen=True)
class CandidatePart:
    """One country in which a person may be, and why. Never a bare country.

    kind: "fact" or "assessment". grade: the evidence's 4x4 grade, such as "B2", or empty.
    """

    country: str
    evidence: str
    kind: str
    grade: str = ""


@dataclass(frozen=True)
class AccountPart:
    """An account: the service and what identifies it there."""

    service: str
    identifier: str


@dataclass(frozen=True)
class PostPart:
    """A person put an item into the group. item: an ItemPart's reference. first: nobody did so earlier in the source."""

    time: Moment
    item: str
    first: bool


@dataclass(frozen=True)
class PersonPart:
    """One person of this country's part. Unknown age is treated as a child's: minors_track is then true."""

    reference: str
    category: str
    age_status: str
    minors_track: bool
    born_on: date | None = None
    age_stated: int | None = None
    handles: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    accounts: tuple[AccountPart, ...] = ()
    countries: tuple[CandidatePart, ...] = ()
    joined: Moment | None = None
    left: Moment | None = None
    posts: tuple[PostPart, ...] = ()
    facts: tuple[str, ...] = ()
    assessments: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnownPart:
    """A hit: the item is on a list of known items.

    kind: "exact" or "near". distance_bits: 0 to 256, of 256-bit PDQ fingerprints; None where exact.
    scheme, category: the list's own scale and its code on it, opaque to us.
    """

    list: str
    version: str
    kind: str
    distance_bits: int | None = None
    scheme: str = ""
    category: str = ""


@dataclass(frozen=True)
class ItemPart:
    """One item, by its fingerprints only: no package carries an item's bytes or its file name.

    md5, sha1, sha256, pdq: lower-case hexadecimal. quality: PDQ's own, 0 to 100.
    known: empty when there was no hit; examined says whether anyone looked ("no match" is not "not examined").
    """

    reference: str
    size_bytes: int
    media_type: str
    md5: str
    sha1: str
    sha256: str
    pdq: str | None = None
    quality: int | None = None
    known: tuple[KnownPart, ...] = ()
    first_posted_by: str | None = None
    examined: bool = True


@dataclass(frozen=True)
class GroupPart:
    """The group that the people met in. exporter: what made the file that we read."""

    name: str
    platform: str
    member_count: int
    first: Moment | None = None
    last: Moment | None = None
    exporter: str = ""


@dataclass(frozen=True)
class ElsewherePart:
    """How many persons of the same operation another country has. A count and nothing else."""

    country: str
    persons: int


@dataclass(frozen=True)
class DossierPart:
    """What a seized platform's tables say of the accounts of the persons here: a row an account, each cell as text.

    columns: the first is `person`, the reference that the package gives whoever is held to use the account.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class CustodyLine:
    """One act of the record that concerns this package. digest: SHA-256 of the act's canonical body, hexadecimal."""

    position: int
    at: datetime
    kind: str
    digest: str


@dataclass(frozen=True)
class InclusionPart:
    """Proof that the act at `position` is in the record that the checkpoint signs.

    path: the siblings of RFC 9162, leaf to root, hexadecimal.
    """

    position: int
    path: tuple[str, ...]


@dataclass(frozen=True)
class CustodyPart:
    """checkpoint: the signed note's text, byte for byte, or empty."""

    lines: tuple[CustodyLine, ...] = ()
    proofs: tuple[InclusionPart, ...] = ()
    checkpoint: str = ""


@dataclass(frozen=True)
class PackageContents:
    """One package, one country, one version.

    reference: what people say, letters, digits, dot and hyphen. answer_by: by when an answer is asked for, or None.
    reply_token: a secret of this package, so that a reply by plain mail can be told from a forged one.
    """

    reference: str
    version: int
    made_at: datetime
    sender: House
    addressee: Addressee
    urgency: str
    urgency_reason: str
    operation_reference: str
    operation_name: str
    case_opened_at: datetime
    legal_basis: str
    handling: tuple[HandlingCode, ...]
    evaluation: Evaluation
    limits_of_use: str
    asked: tuple[str, ...]
    reply_token: str
    reply_to: str
    answer_by: datetime | None = None
    persons: tuple[PersonPart, ...] = ()
    items: tuple[ItemPart, ...] = ()
    group: GroupPart | None = None
    elsewhere: tuple[ElsewherePart, ...] = ()
    preservation: tuple[str, ...] = ()
    custody: CustodyPart = CustodyPart()
    dossier: DossierPart = DossierPart()

    @property
    def folder(self) -> str:
        """The name of the package's folder and, with endings, of its files."""
        return f"{self.reference}-v{self.version}"


SAFE_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")
COUNTRY = re.compile(r"[A-Z]{2}")
DIGEST_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64}


def obstacles_to_package(contents: PackageContents) -> tuple[str, ...]:
    """Why these contents can't become a package, in sentences for the officer; empty when they can."""
    return (*_obstacles_of_cover(contents), *_obstacles_of_persons(contents), *_obstacles_of_items(contents))


def _obstacles_of_cover(contents: PackageContents) -> Iterator[str]:
    if not SAFE_REFERENCE.fullmatch(contents.reference):
        yield "The package's reference may hold only letters, digits, dots and hyphens."
    if contents.version < 1:
        yield "A package's version counts from 1."
    if contents.addressee.language not in LANGUAGES:
        yield f"There is no cover sheet in the language {contents.addressee.language!r}: choose one of {', '.join(LANGUAGES)}."
    if not all(COUNTRY.fullmatch(country) for country in (contents.sender.country, contents.addressee.country)):
        yield "Sender and addressee each need a country of two capital letters."
    if contents.urgency not in URGENCIES:
        yield f"{contents.urgency!r} is no urgency: choose one of {', '.join(URGENCIES)}."
    if not contents.asked:
        yield "Say what is asked of the country."
    if not contents.legal_basis.strip():
        yield "Name the legal basis on which the package is sent."
    if not contents.handling:
        yield "Choose at least one handling code."
    for handling in contents.handling:
        if handling.code not in HANDLING:
            yield f"{handling.code!r} is no handling code."
        if handling.code == "H3" and not handling.text.strip():
            yield "Handling code H3 needs the text of its restriction."
    if contents.evaluation.source not in SOURCE_GRADES or contents.evaluation.information not in INFORMATION_GRADES:
        yield f"{contents.evaluation} is no 4x4 evaluation."
    moments = [contents.made_at, contents.case_opened_at, *(line.at for line in contents.custody.lines)]
    if any(moment.tzinfo is None for moment in (*moments, *filter(None, [contents.answer_by]))):
        yield "A time without zone can't leave the house."


def _obstacles_of_persons(contents: PackageContents) -> Iterator[str]:
    known_items, seen = {item.reference for item in contents.items}, set()
    for person in contents.persons:
        who = f"Person {person.reference}"
        if not SAFE_REFERENCE.fullmatch(person.reference):
            yield f"{who} needs a reference of letters, digits, dots and hyphens."
        if person.reference in seen:
            yield f"{who} stands twice in the package."
        seen.add(person.reference)
        if person.category not in CATEGORIES:
            yield f"{who} has no legal category (Directive (EU) 2016/680, Article 6)."
        if person.age_status not in AGE_STATUSES:
            yield f"{who} has no age status."
        # Unknown age is treated as a child's, whatever the room before us forgot.
        if person.category in ("suspect", "convicted") and person.age_status != "adult" and not person.minors_track:
            yield f"{who} is not known to be an adult and needs the minors' track."
        if not person.countries:
            yield f"{who} has no candidate country with its evidence."
        if any(candidate.kind not in ("fact", "assessment") for candidate in person.countries):
            yield f"{who} has a candidate country that is neither fact nor assessment."
        if missing := sorted({post.item for post in person.posts} - known_items):
            yield f"{who} posted items that the package does not list: {', '.join(missing[:3])}."


def _obstacles_of_items(contents: PackageContents) -> Iterator[str]:
    seen: set[str] = set()
    people = {person.reference for person in contents.persons}
    for item in contents.items:
        if not SAFE_REFERENCE.fullmatch(item.reference):
            yield f"Item {item.reference} needs a reference of letters, digits, dots and hyphens."
        if item.reference in seen:
            yield f"Item {item.reference} stands twice in the package."
        seen.add(item.reference)
        if item.first_posted_by is not None and item.first_posted_by not in people:
            yield f"Item {item.reference} names a person of another country's part."
        for name, length in DIGEST_LENGTHS.items():
            if not re.fullmatch(f"[0-9a-f]{{{length}}}", getattr(item, name)):
                yield f"Item {item.reference} has no valid {name.upper()}."
        if item.pdq is not None and not re.fullmatch("[0-9a-f]{64}", item.pdq):
            yield f"Item {item.reference} has a PDQ fingerprint that is not 64 hexadecimal digits."
