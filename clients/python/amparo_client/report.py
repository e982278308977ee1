"""The fields of a report, as the door knows them. All are optional; a field that isn't here is kept, too."""

from __future__ import annotations

from typing import Literal, TypedDict

Answer = Literal["yes", "no", "unknown"]


class Moment(TypedDict, total=False):
    """A time, as written: "2026-11-03T21:00:00". zone: an IANA name or an offset, where `raw` doesn't say it itself.

    kind: what happened then, such as captured, uploaded, seen, sent, reported, created, ended, incident.
    """

    raw: str
    zone: str
    kind: str


class NetworkEvent(TypedDict, total=False):
    """An address that was used. Without source port and second it leads to nobody."""

    address: str
    port: int
    at: Moment
    kind: str
    proxy: Answer
    log_kept_until: Moment


class Verified(TypedDict, total=False):
    """An e-mail address or a telephone number, and whether it was checked."""

    value: str
    kind: str
    verified: Answer
    verified_at: Moment
    country_code: str


class Device(TypedDict, total=False):
    kind: str
    identifier: str
    name: str
    event: str
    at: Moment


class Group(TypedDict, total=False):
    name: str
    identifier: str
    url: str


class Payment(TypedDict, total=False):
    """How money goes in or out. kind: wallet, account, card, processor, payout."""

    kind: str
    reference: str
    service: str


class Location(TypedDict, total=False):
    """evidence: what it is concluded from, such as "address of the last log-in"."""

    country: str
    region: str
    city: str
    postal_code: str
    address: str
    evidence: str
    verified: Answer
    at: Moment


class Person(TypedDict, total=False):
    """What is known of a person. Unknown age is treated as a child's."""

    name: str
    first_name: str
    last_name: str
    birth_date: str
    age: int
    age_source: str
    emails: list[Verified]
    phones: list[Verified]
    locations: list[Location]


class Account(TypedDict, total=False):
    """An account on a service. role: reported (who is reported), victim, payer, viewer, host, recipient, associated, other."""

    role: str
    service: str
    identifier: str
    screen_name: str
    display_names: list[str]
    profile_urls: list[str]
    person: Person
    created: Moment
    ip_events: list[NetworkEvent]
    devices: list[Device]
    groups: list[Group]
    payments: list[Payment]
    associated: list[Account]
    prior_reports: list[str]
    estimated_location: Location
    closed: Literal["", "no", "temporarily", "permanently", "unknown"]
    closed_at: Moment
    bio: str


class Victim(TypedDict, total=False):
    """A child known or at risk. contact_safe: whether writing to them puts them in danger."""

    person: Person
    account: Account
    contact_safe: Answer


class Place(TypedDict, total=False):
    """Where in a service. kind: web, email, newsgroup, chat, game, phone, live, peer_to_peer, off_line."""

    kind: str
    service: str
    url: str
    room: str
    room_identifier: str
    stream_identifier: str
    visibility: Literal["", "public", "private", "invited", "unknown"]
    viewers: int
    started: Moment
    ended: Moment
    from_second: int
    to_second: int
    content: str
    details: str


class Viewing(TypedDict, total=False):
    """That somebody at the sender looked at a file, from a log: by "person" or "machine", full or blurred."""

    by: Literal["person", "machine", "unknown"]
    at: Moment
    how: str


class Hash(TypedDict, total=False):
    kind: str
    value: str
    source: str
    quality: int
    distance_bits: int


class File(TypedDict, total=False):
    """A file of the report. upload: its identifier from `POST /files`, whether it was sent before or is still to be sent.

    viewed: whether a person at the sender looked at it. In some places it decides whether an officer may, without a warrant.
    """

    upload: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    hashes: list[Hash]
    viewed: Answer
    viewings: list[Viewing]
    metadata_viewed: Answer
    publicly_available: Answer
    relevance: Literal["", "reported", "supplemental"]
    held: Answer
    not_held_reason: str
    urls: list[str]
    classification_scheme: str
    classification: str
    marks: list[str]
    shared_times: int
    taken: Moment
    uploaded: Moment
    ip_events: list[NetworkEvent]
    account: str


class LedgerLine(TypedDict, total=False):
    """A movement of coins or money in the service. amount: whole numbers of the smallest unit of `currency`."""

    at: Moment
    sender: str
    receiver: str
    room: str
    amount: int
    currency: str
    value_amount: int
    value_currency: str
    reference: str


class Incident(TypedDict, total=False):
    """kind: the sender's code for what is alleged. danger_now: whether a child is in danger now; say why in `danger_reason`."""

    kind: str
    kinds: list[str]
    danger_now: Answer
    danger_reason: str
    crisis: Answer
    live: Literal["now", "planned", "over", "unknown"]
    times: list[Moment]
    marks: list[str]


class Preservation(TypedDict, total=False):
    """Whether the sender keeps what it has, on which ground, and until when."""

    held: Answer
    identifier: str
    scope: str
    until: Moment
    ground: str
    key_holder: str


class Finding(TypedDict, total=False):
    """How it was found. by: list, rule, viewers, person, other."""

    by: str
    rule: str
    version: str
    list_name: str
    viewers: int
    automated: Answer
    details: str


class Measure(TypedDict, total=False):
    """What the sender did: cut, hidden, removed, account_closed, payouts_frozen, user_told, user_not_told."""

    what: str
    at: Moment
    why: str


class Routing(TypedDict, total=False):
    """Which country, for what reason. country_of: act, accused or child. fallback: none was clear (DSA, Art. 18(2))."""

    country_of: Literal["", "act", "accused", "child"]
    country: str
    evidence: str


class Dsa(TypedDict, total=False):
    """Regulation (EU) 2022/2065, Article 18: a threat to life or safety. basis: which of its grounds."""

    article_18: Answer
    basis: str
    fallback: Answer
    notices: int
    good_faith: Answer


class Authority(TypedDict, total=False):
    """An authority that was told already, or served the sender with process."""

    name: str
    reference: str
    country: str
    told: Answer
    process: str


class Contact(TypedDict, total=False):
    """The desk that police can reach. A person's own name belongs in `moderator`."""

    company: str
    service: str
    email: str
    phone: str
    hours: str
    address: str
    terms_url: str


class Moderator(TypedDict, total=False):
    """Who wrote the report. Sealed apart at once: an officer reads it with a reason and a second person."""

    name: str
    contact: str


class Report(TypedDict, total=False):
    """One report. `test`: checked like any other and never on the queue."""

    schema_version: str
    test: bool
    reference: str
    sent_by: Literal["person", "machine", "unknown"]
    sent_at: Moment
    subject: str
    text: str
    language: str
    incident: Incident
    places: list[Place]
    accounts: list[Account]
    victims: list[Victim]
    files: list[File]
    hashes: list[Hash]
    ip_events: list[NetworkEvent]
    ledger: list[LedgerLine]
    preservation: Preservation
    found: list[Finding]
    measures: list[Measure]
    routing: list[Routing]
    dsa: Dsa
    authorities: list[Authority]
    prior_reports: list[str]
    additional: str
    contact: Contact
    moderator: Moderator
