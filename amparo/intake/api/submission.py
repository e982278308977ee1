"""What a platform may say in a report: the fields of NCMEC's CyberTipline submission and more, all optional. No Django.

One definition for every door that platforms use: the JSON of `POST /reports` is read by it, the OpenAPI document is made
from it, and what comes in another form (CyberTipline XML, the JSON that police receive) is turned into it. A field that
isn't known here is kept with its report and never refused; a known one of a wrong type is refused with its place.

Three answers, everywhere: "yes", "no", "unknown". A time is kept as it was written, with its zone beside it. Money is
whole numbers of the smallest unit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

Answer = Literal["yes", "no", "unknown"]
Word = Annotated[str, Field(max_length=100)]  # a code, a name of a service, a zone
Line = Annotated[str, Field(max_length=2_000)]
Words = Annotated[str, Field(max_length=200_000)]
Count = Annotated[StrictInt, Field(ge=0, le=2**53 - 1)]
Money = Annotated[StrictInt, Field(ge=-(2**53 - 1), le=2**53 - 1)]
Port = Annotated[StrictInt, Field(ge=1, le=65_535)]
MOST = 1_000  # of each list


class Block(BaseModel):
    """A part of a report. What it says beyond its known fields is kept, too."""

    model_config = ConfigDict(extra="allow", str_strip_whitespace=False)


class Moment(Block):
    """A time, as written: "2026-11-03T21:00:00". zone: an IANA name or an offset, where `raw` doesn't say it itself.

    kind: what happened then, such as captured, uploaded, seen, sent, reported, created, ended, incident.
    """

    raw: Annotated[str, Field(max_length=200)] = ""
    zone: Word = ""
    kind: Word = ""


class NetworkEvent(Block):
    """An address that was used. Without source port and second it leads to nobody."""

    address: Word = ""
    port: Port | None = None
    at: Moment | None = None
    kind: Word = ""  # login, registration, upload, purchase, other, unknown
    proxy: Answer = "unknown"
    log_kept_until: Moment | None = None


class Verified(Block):
    """An e-mail address or a telephone number, and whether it was checked."""

    value: Line = ""
    kind: Word = ""  # home, work, mobile, business
    verified: Answer = "unknown"
    verified_at: Moment | None = None
    country_code: Word = ""


class Device(Block):
    kind: Word = ""  # imei, imsi, advertising, serial, browser ...
    identifier: Line = ""
    name: Line = ""
    event: Word = ""
    at: Moment | None = None


class Group(Block):
    name: Line = ""
    identifier: Line = ""
    url: Line = ""


class Payment(Block):
    """How money goes in or out. kind: wallet, account, card, processor, payout."""

    kind: Word = ""
    reference: Line = ""
    service: Word = ""


class Location(Block):
    """evidence: what it is concluded from, such as "address of the last log-in"."""

    country: Annotated[str, Field(max_length=60)] = ""  # ISO 3166
    region: Line = ""
    city: Line = ""
    postal_code: Word = ""
    address: Line = ""
    evidence: Line = ""
    verified: Answer = "unknown"
    at: Moment | None = None


class Person(Block):
    """What is known of a person. Unknown age is treated as a child's."""

    name: Line = ""
    first_name: Line = ""
    last_name: Line = ""
    birth_date: Word = ""
    age: Annotated[StrictInt, Field(ge=0, le=150)] | None = None
    age_source: Line = ""
    emails: Annotated[list[Verified], Field(max_length=MOST)] = []
    phones: Annotated[list[Verified], Field(max_length=MOST)] = []
    locations: Annotated[list[Location], Field(max_length=MOST)] = []


class Account(Block):
    """An account on a service. role: reported (who is reported), victim, payer, viewer, host, recipient, associated, other."""

    role: Word = "reported"
    service: Word = ""
    identifier: Line = ""  # the service's own, which stays when names change
    screen_name: Line = ""
    display_names: Annotated[list[Line], Field(max_length=MOST)] = []
    profile_urls: Annotated[list[Line], Field(max_length=MOST)] = []
    person: Person | None = None
    created: Moment | None = None
    ip_events: Annotated[list[NetworkEvent], Field(max_length=10_000)] = []
    devices: Annotated[list[Device], Field(max_length=MOST)] = []
    groups: Annotated[list[Group], Field(max_length=MOST)] = []
    payments: Annotated[list[Payment], Field(max_length=MOST)] = []
    associated: Annotated[list[Account], Field(max_length=MOST)] = []
    prior_reports: Annotated[list[Line], Field(max_length=MOST)] = []
    estimated_location: Location | None = None
    closed: Literal["", "no", "temporarily", "permanently", "unknown"] = ""
    closed_at: Moment | None = None
    bio: Line = ""


class Victim(Block):
    """A child known or at risk. contact_safe: whether writing to them puts them in danger."""

    person: Person | None = None
    account: Account | None = None
    contact_safe: Answer = "unknown"


class Place(Block):
    """Where in a service. kind: web, email, newsgroup, chat, game, phone, live, peer_to_peer, off_line."""

    kind: Word = ""
    service: Word = ""
    url: Line = ""
    room: Line = ""
    room_identifier: Line = ""
    stream_identifier: Line = ""
    visibility: Literal["", "public", "private", "invited", "unknown"] = ""
    viewers: Count | None = None
    started: Moment | None = None
    ended: Moment | None = None
    from_second: Count | None = None
    to_second: Count | None = None
    content: Words = ""  # of a chat or an e-mail, as far as it is told here and not in a file
    details: Line = ""


class Viewing(Block):
    """That somebody at the sender looked at a file, from a log: by "person" or "machine", full or blurred."""

    by: Literal["person", "machine", "unknown"] = "unknown"
    at: Moment | None = None
    how: Word = ""


class Hash(Block):
    kind: Word = ""  # md5, sha1, sha256, pdq, photodna ...
    value: Line = ""
    source: Line = ""
    quality: Annotated[StrictInt, Field(ge=0, le=100)] | None = None
    distance_bits: Annotated[StrictInt, Field(ge=0, le=256)] | None = None


class File(Block):
    """A file of the report. upload: its identifier from `POST /files`, whether it was sent before or is still to be sent.

    viewed: whether a person at the sender looked at it. In some places it decides whether an officer may, without a warrant.
    """

    upload: Annotated[str, Field(max_length=36)] = ""
    name: Line = ""
    media_type: Word = ""
    size_bytes: Count | None = None
    sha256: Word = ""
    hashes: Annotated[list[Hash], Field(max_length=MOST)] = []
    viewed: Answer = "unknown"
    viewings: Annotated[list[Viewing], Field(max_length=MOST)] = []
    metadata_viewed: Answer = "unknown"
    publicly_available: Answer = "unknown"
    relevance: Literal["", "reported", "supplemental"] = ""
    held: Answer = "unknown"  # whether the sender still has it; "no": only its hash is told
    not_held_reason: Line = ""
    urls: Annotated[list[Line], Field(max_length=MOST)] = []
    classification_scheme: Word = ""
    classification: Word = ""
    marks: Annotated[list[Word], Field(max_length=MOST)] = []  # potential_meme, viral, generative_ai, live_capture ...
    shared_times: Count | None = None
    taken: Moment | None = None
    uploaded: Moment | None = None
    ip_events: Annotated[list[NetworkEvent], Field(max_length=10_000)] = []
    account: Line = ""  # the account's identifier, where there are several


class LedgerLine(Block):
    """A movement of coins or money in the service. amount: whole numbers of the smallest unit of `currency`."""

    at: Moment | None = None
    sender: Line = ""
    receiver: Line = ""
    room: Line = ""
    amount: Money | None = None
    currency: Word = ""
    value_amount: Money | None = None
    value_currency: Word = ""
    reference: Line = ""


class Incident(Block):
    """kind: the sender's code for what is alleged. danger_now: whether a child is in danger now; say why in `danger_reason`."""

    kind: Word = ""
    kinds: Annotated[list[Word], Field(max_length=MOST)] = []
    danger_now: Answer = "unknown"
    danger_reason: Line = ""
    crisis: Answer = "unknown"
    live: Literal["now", "planned", "over", "unknown"] = "unknown"
    times: Annotated[list[Moment], Field(max_length=MOST)] = []
    marks: Annotated[list[Word], Field(max_length=MOST)] = []  # sextortion, csam_solicitation, minor_to_minor, spam ...


class Preservation(Block):
    """Whether the sender keeps what it has, on which ground, and until when."""

    held: Answer = "unknown"
    identifier: Line = ""
    scope: Line = ""
    until: Moment | None = None
    ground: Line = ""
    key_holder: Line = ""


class Finding(Block):
    """How it was found. by: list, rule, viewers, person, other."""

    by: Word = ""
    rule: Line = ""
    version: Line = ""
    list_name: Line = ""
    viewers: Count | None = None
    automated: Answer = "unknown"
    details: Line = ""


class Measure(Block):
    """What the sender did: cut, hidden, removed, account_closed, payouts_frozen, user_told, user_not_told."""

    what: Word = ""
    at: Moment | None = None
    why: Line = ""


class Routing(Block):
    """Which country, for what reason. country_of: act, accused or child. fallback: none was clear (DSA, Art. 18(2))."""

    country_of: Literal["", "act", "accused", "child"] = ""
    country: Annotated[str, Field(max_length=60)] = ""
    evidence: Line = ""


class Dsa(Block):
    """Regulation (EU) 2022/2065, Article 18: a threat to life or safety. basis: which of its grounds."""

    article_18: Answer = "unknown"
    basis: Line = ""
    fallback: Answer = "unknown"
    notices: Count | None = None  # received under Article 16
    good_faith: Answer = "unknown"


class Authority(Block):
    """An authority that was told already, or served the sender with process."""

    name: Line = ""
    reference: Line = ""
    country: Annotated[str, Field(max_length=60)] = ""
    told: Answer = "unknown"
    process: Line = ""


class Contact(Block):
    """The desk that police can reach. A person's own name belongs in `moderator`."""

    company: Line = ""
    service: Line = ""
    email: Line = ""
    phone: Line = ""
    hours: Line = ""
    address: Line = ""
    terms_url: Line = ""


class Moderator(Block):
    """Who wrote the report. Sealed apart at once: an officer reads it with a reason and a second person."""

    name: Line = ""
    contact: Line = ""


class Submission(Block):
    """One report. `test`: checked like any other and never on the queue."""

    schema_version: Word = "1"
    test: StrictBool = False
    reference: Line = ""  # the sender's own
    sent_by: Literal["person", "machine", "unknown"] = "unknown"
    sent_at: Moment | None = None
    subject: Annotated[str, Field(max_length=500)] = ""
    text: Words = ""
    language: Annotated[str, Field(max_length=20)] = ""
    incident: Incident = Field(default_factory=Incident)
    places: Annotated[list[Place], Field(max_length=MOST)] = []
    accounts: Annotated[list[Account], Field(max_length=MOST)] = []
    victims: Annotated[list[Victim], Field(max_length=MOST)] = []
    files: Annotated[list[File], Field(max_length=10_000)] = []
    hashes: Annotated[list[Hash], Field(max_length=10_000)] = []
    ip_events: Annotated[list[NetworkEvent], Field(max_length=10_000)] = []
    ledger: Annotated[list[LedgerLine], Field(max_length=10_000)] = []
    preservation: Preservation | None = None
    found: Annotated[list[Finding], Field(max_length=MOST)] = []
    measures: Annotated[list[Measure], Field(max_length=MOST)] = []
    routing: Annotated[list[Routing], Field(max_length=MOST)] = []
    dsa: Dsa | None = None
    authorities: Annotated[list[Authority], Field(max_length=MOST)] = []
    prior_reports: Annotated[list[Line], Field(max_length=MOST)] = []
    additional: Words = ""
    contact: Contact | None = None
    moderator: Moderator | None = None
