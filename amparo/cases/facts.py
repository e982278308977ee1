"""What the cases room hands to other rooms: frozen values, complete enough to build a package from."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from amparo.cases import rules
from amparo.foundation.times import Moment
from amparo.matching.queries import Verdict
from amparo.matching.rules import State
from amparo.sandbox.queries import ExaminationFacts
from amparo.vault.queries import ItemFacts


@dataclass(frozen=True)
class OfficerLine:
    """An officer who may open the case."""

    uuid: UUID
    name: str
    unit: str
    granted_at: datetime


@dataclass(frozen=True)
class CaseFacts:
    """countries: those confirmed as competent for somebody, sorted. is_operation: there are two of them or more."""

    uuid: UUID
    reference: str
    title: str
    legal_basis: str
    opened_at: datetime
    opened_by: UUID
    opened_by_name: str
    state: str
    compartment: UUID
    reports: tuple[UUID, ...]
    officers: tuple[OfficerLine, ...]
    countries: tuple[str, ...]
    people: int
    groups: int

    @property
    def is_operation(self) -> bool:
        return len(self.countries) > 1

    @property
    def kind(self) -> str:
        return "Operation" if self.is_operation else "Case"


@dataclass(frozen=True)
class PersonRef:
    """Enough of a person to name and link them."""

    uuid: UUID
    reference: str
    handle: str

    def __str__(self) -> str:
        return f"{self.reference} {self.handle}"


@dataclass(frozen=True)
class IdentifierFacts:
    kind: str
    value: str
    raw: str
    source: str
    item: UUID | None

    @property
    def kind_name(self) -> str:
        return rules.IDENTIFIERS.get(self.kind, self.kind)


@dataclass(frozen=True)
class AttributionFacts:
    """A candidate country. kind: "fact" or "assessment". grade: 4x4, such as "B2"."""

    uuid: UUID
    country: str
    evidence: str
    words: str
    kind: str
    source_grade: str
    information_grade: int
    since: date | None
    until: date | None
    by_name: str
    at: datetime
    withdrawn_at: datetime | None
    withdrawn_by_name: str
    withdrawn_reason: str

    @property
    def grade(self) -> str:
        return f"{self.source_grade}{self.information_grade}"

    @property
    def evidence_name(self) -> str:
        return rules.EVIDENCE.get(self.evidence, self.evidence)


@dataclass(frozen=True)
class DecisionFacts:
    """A human decision on a person. what: category, age or country. before: what stood until then."""

    what: str
    value: str
    before: str
    reason: str
    by: UUID | None
    by_name: str
    at: datetime


@dataclass(frozen=True)
class MembershipFacts:
    """One stay in a group. came: created, added, joined, joined_link, seen. went: left, removed, or empty while there."""

    group: UUID
    group_name: str
    platform: str
    person: PersonRef
    came: str
    came_at: Moment
    came_line: int
    came_by: PersonRef | None
    went: str
    went_at: Moment | None
    went_line: int | None
    went_by: PersonRef | None
    seconds: int | None
    messages: int
    admin_line: int | None
    silent: bool
    left_at_once: bool


@dataclass(frozen=True)
class PostFacts:
    """One message. first: nobody put this item's bytes into the group at an earlier line of the export."""

    group: UUID
    person: PersonRef | None
    line: int
    at: Moment
    kind: str
    text: str
    media_name: str
    media_type: str
    media_omitted: bool
    sticker: bool
    item: UUID | None
    sha256: str
    first: bool


@dataclass(frozen=True)
class Age:
    """status: adult, child, unknown. basis: the words of whoever decided last; empty while nobody did."""

    status: str
    stated_age: int | None
    born_on: date | None
    basis: str
    by_name: str
    at: datetime | None

    @property
    def status_name(self) -> str:
        return rules.AGES[self.status]


@dataclass(frozen=True)
class PersonLine:
    """A person in one line, for rooms that count thousands. confirmed_country: empty while nobody confirmed one."""

    uuid: UUID
    reference: str
    category: str
    age_status: str
    confirmed_country: str

    @property
    def minors_track(self) -> bool:
        return rules.minors_track(self.age_status)


@dataclass(frozen=True)
class SeizedFacts:
    """That a person was taken from a seized platform. linked: as linked there. said: a sentence an account, with its row."""

    platform: UUID
    platform_name: str
    linked: str
    accounts: tuple[str, ...]
    said: tuple[str, ...]
    rule: str


@dataclass(frozen=True)
class PersonFacts:
    """Everything said of a person. posts: those that carry media; messages: how many in all. Nothing here is a score.

    confirmed_country: the one an officer confirmed as competent, or None. decisions: oldest first.
    """

    uuid: UUID
    case: UUID
    reference: str
    handle: str
    category: str
    age: Age
    identifiers: tuple[IdentifierFacts, ...]
    memberships: tuple[MembershipFacts, ...]
    posts: tuple[PostFacts, ...]
    messages: int
    attributions: tuple[AttributionFacts, ...]
    confirmed_country: str | None
    decisions: tuple[DecisionFacts, ...]
    seized: tuple[SeizedFacts, ...] = ()

    @property
    def category_name(self) -> str:
        return rules.CATEGORIES[self.category]

    @property
    def minors_track(self) -> bool:
        return rules.minors_track(self.age.status)

    @property
    def standing(self) -> tuple[AttributionFacts, ...]:
        """The candidates that nobody withdrew."""
        return tuple(each for each in self.attributions if not each.withdrawn_at)

    @property
    def candidates(self) -> tuple[str, ...]:
        """Candidate countries, each once."""
        return tuple(dict.fromkeys(each.country for each in self.standing))

    @property
    def silent(self) -> bool:
        return bool(self.memberships) and all(each.silent for each in self.memberships)

    @property
    def left_at_once(self) -> bool:
        return bool(self.memberships) and all(each.left_at_once for each in self.memberships)

    @property
    def first_posts(self) -> int:
        return sum(each.first for each in self.posts)

    @property
    def earlier_countries(self) -> tuple[str, ...]:
        """Countries that were competent before the present one: each of them is told when that changes."""
        changed = (each.before for each in self.decisions if each.what == "country" and each.before)
        return tuple(dict.fromkeys(each for each in changed if each != self.confirmed_country))


@dataclass(frozen=True)
class Moved:
    """Somebody whose confirmed country changed. before: the earlier ones, each of which has to be told."""

    person: PersonRef
    before: tuple[str, ...]
    now_in: str


@dataclass(frozen=True)
class PeopleOpen:
    """What is open about the people of a case, in persons; suspects are those whom an officer called suspect or convicted.

    undecided: contacts who put an item into a group first. minors: suspects who are children, or whose age nobody knows. moved: the
    first of moved_count.
    """

    undecided: int
    suspects: int
    unconfirmed: int
    ageless: int
    minors: int
    moved: tuple[Moved, ...] = ()
    moved_count: int = 0


@dataclass(frozen=True)
class NoticeFacts:
    line: int
    at: Moment
    type: str
    actor: PersonRef | None
    targets: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class GroupFacts:
    """A group as one export shows it. first, last: of the export's window. zone empty: nobody has said what the clock means.

    importing: (messages written, messages in all or None before it was read) while a long export comes in; else None.
    """

    uuid: UUID
    case: UUID
    name: str
    platform: str
    item: UUID
    exporter: str
    date_order: str
    alternatives: tuple[str, ...]
    zone: str
    zone_assumed_by: str
    zone_basis: str
    first: Moment | None
    last: Moment | None
    members: int
    silent: int
    left_at_once: int
    messages: int
    media: int
    unsupported_count: int
    unsupported_lines: tuple[str, ...]
    importing: tuple[int, int | None] | None = None


@dataclass(frozen=True)
class CountryLine:
    """A country of a case: how many persons it is confirmed for, and how many more only point to it."""

    country: str
    confirmed: int
    candidates: int


@dataclass(frozen=True)
class SightingFacts:
    """Where an item was found: in a report, or in a group at a line; neither for what this house made."""

    item: UUID
    report: UUID | None
    group: UUID | None
    group_name: str
    line: int | None
    person: PersonRef | None
    at: Moment | None


@dataclass(frozen=True)
class ItemMark:
    """An item of the case, once by its bytes, as lists are counted and filtered by: no detail of it was read.

    item: the one that is shown of those with these bytes. copies: posts that carried it. said: what a search looks into.
    """

    item: UUID
    sha256: str
    state: State
    first_poster: UUID | None
    copies: int
    said: str
    place: tuple[bool, str, int]


@dataclass(frozen=True)
class ItemLine:
    """An item of the case with what is known of it. first_poster: None where no group carried it.

    same: every item of the case with these bytes. copies: how many posts carried them.
    verdict: matching's answer; examination: the sandbox's, None while there is none.
    """

    item: ItemFacts
    verdict: Verdict
    examination: ExaminationFacts | None
    first_poster: PersonRef | None
    first_at: Moment | None
    sightings: tuple[SightingFacts, ...]
    copies: int
    sticker: bool
    same: tuple[UUID, ...]

    @property
    def media_type(self) -> str:
        """As the sandbox found it; before that, as the sender said, which is not to be believed."""
        if self.examination and self.examination.kind == "picture" and self.examination.facts.get("format"):
            return f"image/{str(self.examination.facts['format']).lower()}"
        return self.item.media_type or mimetypes.guess_type(self.item.name)[0] or ""

    @property
    def from_report(self) -> bool:
        """Whether somebody sent it; a scan's manifest was made here."""
        return any(each.report for each in self.sightings)

    @property
    def tile(self) -> dict[str, object]:
        """What a tile shows of it: never the item itself."""
        named = {"name": self.item.name, "reference": self.item.reference}
        return {**named, "media_type": self.media_type, "size_bytes": self.item.size_bytes}


@dataclass(frozen=True)
class NoteFacts:
    """An officer's note. speaks_of: the moment it is about, where that is another than when it was written."""

    uuid: UUID
    person: PersonRef | None
    text: str
    speaks_of: Moment | None
    by_name: str
    at: datetime


@dataclass(frozen=True)
class DeviceFacts:
    uuid: UUID
    kind: str
    label: str
    seal: str
    seized_on: date
    place: str
    person: PersonRef | None

    @property
    def kind_name(self) -> str:
        return rules.DEVICES[self.kind]
