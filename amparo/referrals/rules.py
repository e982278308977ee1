"""Who is competent, what each may get, and what stands in the way of building, approving and sending. Values in, sentences out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# Whoever only met the case (contact, witness, reporter) isn't sent to another country by a package.
SENT = frozenset({"suspect", "convicted", "victim", "possible_victim"})
UNDECIDED = frozenset({"", "undecided", "unknown", None})
HANDLING = ("H0", "H1", "H2", "H3")
URGENCIES = ("danger_now", "urgent", "normal")

# planned -> built -> approved -> sent -> acknowledged; withdrawn ends any of them.
PLANNED, BUILDING, BUILT, APPROVED, SENT_STATE, ACKNOWLEDGED, WITHDRAWN = (
    "planned", "building", "built", "approved", "sent", "acknowledged", "withdrawn",
)  # fmt: skip
STATES = (PLANNED, BUILDING, BUILT, APPROVED, SENT_STATE, ACKNOWLEDGED, WITHDRAWN)
OUT = frozenset({SENT_STATE, ACKNOWLEDGED})
CHANGEABLE = frozenset({PLANNED, BUILT})
NOT_IN_CASE = "Only an officer of this case builds its packages: ask one of them to let you in."


@dataclass(frozen=True)
class PersonFacts:
    """A person as the case knows them. country: the confirmed one, or empty while there are only candidates."""

    uuid: UUID
    reference: str
    category: str
    age_status: str
    minors_track: bool
    country: str = ""


@dataclass(frozen=True)
class PartnerFacts:
    """The authority that a country's packages go to, and which of its keys we hold."""

    country: str
    authority: str
    language: str
    openpgp: bool
    age: bool


@dataclass(frozen=True)
class PackageFacts:
    """What the rules need to know of one package."""

    country: str
    state: str
    version: int
    built_by: UUID | None
    urgency: str
    urgency_reason: str
    handling: tuple[str, ...]
    handling_text: str
    received_under: tuple[str, ...] = ()
    permission: str = ""
    answer_by: datetime | None = None


@dataclass(frozen=True)
class Part:
    """What one country gets: its persons, and for every other country a count and nothing else."""

    country: str
    persons: tuple[UUID, ...]
    elsewhere: tuple[tuple[str, int], ...]


def is_sent(person: PersonFacts) -> bool:
    return person.category in SENT or person.category in UNDECIDED


def competent_countries(persons: Iterable[PersonFacts]) -> tuple[str, ...]:
    """Every country to which a person of this case is confirmed to belong, in order of code. A candidate alone is no country."""
    return tuple(sorted({person.country for person in persons if person.country and is_sent(person)}))


def part_for(country: str, persons: Sequence[PersonFacts]) -> Part:
    """The part of the case that `country` may have. Persons keep the order they are given in."""
    counts = Counter(
        person.country for person in persons if person.country and person.country != country and is_sent(person)
    )
    own = tuple(person.uuid for person in persons if person.country == country and is_sent(person))
    return Part(country, own, tuple(sorted(counts.items())))


def obstacles_to_plan(persons: Sequence[PersonFacts]) -> tuple[str, ...]:
    if not persons:
        return ("This case has no persons yet: bring in the group or add a person.",)
    if not competent_countries(persons):
        return ("No person of this case has a confirmed country: confirm one on the case's people page.",)
    return ()


def obstacles_to_build(
    package: PackageFacts, persons: Sequence[PersonFacts], partner: PartnerFacts | None
) -> tuple[str, ...]:
    """Why this country's package can't be built; `persons` are those of its part."""
    return tuple(_obstacles_to_build(package, persons, partner))


def _obstacles_to_build(
    package: PackageFacts, persons: Sequence[PersonFacts], partner: PartnerFacts | None
) -> Iterator[str]:
    if package.state not in CHANGEABLE:
        yield f"A package that is {package.state} can't be built again: correct it instead, and the receiver is told what changed."
    if not persons and package.version == 1:
        yield f"No person of this case belongs to {package.country} any more."
    yield from _obstacles_of_persons(persons)
    yield from _obstacles_of_partner(package.country, partner)
    yield from obstacles_of_handling(
        package.handling, package.handling_text, package.received_under, package.permission
    )
    if package.urgency not in URGENCIES:
        yield "Choose how urgent the package is."
    elif package.urgency != "normal" and not package.urgency_reason.strip():
        yield "Say why the package is urgent: the receiver's clock depends on it."


def _obstacles_of_persons(persons: Sequence[PersonFacts]) -> Iterator[str]:
    for person in persons:
        if person.category in UNDECIDED:
            yield f"{person.reference} has no legal category yet: decide it on the case's people page."
        elif person.category in ("suspect", "convicted") and person.age_status != "adult" and not person.minors_track:
            yield f"{person.reference} is not known to be an adult and is not on the minors' track."


def _obstacles_of_partner(country: str, partner: PartnerFacts | None) -> Iterator[str]:
    if partner is None:
        yield f"No partner authority is registered for {country}: register it with its key."
    elif not (partner.openpgp or partner.age):
        yield f"{partner.authority} ({country}) has no key: a package can't be sealed to it."


def obstacles_of_handling(
    codes: Sequence[str], text: str, received_under: Sequence[str], permission: str
) -> Iterator[str]:
    """H0 any lawful police use, H1 not in court, H2 not passed on, H3 other (SIENA's codes).

    received_under: the codes under which our own sources gave us what the package holds; permission: where their
    consent is filed.
    """
    if not codes:
        yield "Choose at least one handling code."
    for code in codes:
        if code not in HANDLING:
            yield f"{code} is no handling code: use {', '.join(HANDLING)}."
    if "H0" in codes and len(set(codes)) > 1:
        yield "H0 allows any lawful police use and can't stand beside a restriction."
    if "H3" in codes and not text.strip():
        yield "H3 needs the text of its restriction."
    if "H2" in received_under and not permission.strip():
        yield "What we hold was given to us under H2 (not to be passed on): record the source's permission first."
    if "H1" in received_under and "H1" not in codes:
        yield "What we hold was given to us under H1 (not in court): the package must carry H1 too."


def obstacles_to_approve(package: PackageFacts, approver: UUID | None) -> tuple[str, ...]:
    if package.state != BUILT:
        return (f"Only a built package can be approved; this one is {package.state}.",)
    if approver is None:
        return ("A package is approved by an officer, never by a process.",)
    # Two people, always: whoever chose what goes out is not the one who lets it go.
    if approver == package.built_by:
        return ("You built this package: another officer approves it.",)
    return ()


def obstacles_to_send(package: PackageFacts, now: datetime) -> tuple[str, ...]:
    if package.state != APPROVED:
        return (f"Only an approved package can be sent; this one is {package.state}.",)
    if package.answer_by and package.answer_by <= now:
        return (
            "The day by which this package asks for an answer is past: correct it, so that it is built with a new one.",
        )
    return ()


def obstacles_to_correct(package: PackageFacts, newer_exists: bool) -> tuple[str, ...]:
    if newer_exists:
        return ("A newer version of this package exists already: work on that one.",)
    if package.state == WITHDRAWN:
        return ("This package is withdrawn: plan the country's package anew.",)
    if package.state in (PLANNED, BUILDING):
        return ("This package is not built yet: build it with what is right now.",)
    return ()


def obstacles_to_withdraw(package: PackageFacts) -> tuple[str, ...]:
    if package.state == WITHDRAWN:
        return ("This package is withdrawn already.",)
    if package.state == BUILDING:
        return ("This package is being built right now: wait until that is done.",)
    return ()


def overdue(
    state: str,
    acknowledged_at: datetime | None,
    answered_at: datetime | None,
    acknowledge_by: datetime | None,
    answer_by: datetime | None,
    now: datetime,
) -> str:
    """What should have come from the country by now, in words; empty while nothing is late."""
    if state not in OUT or answered_at:
        return ""
    if acknowledged_at is None and acknowledge_by and acknowledge_by < now:
        return "Not acknowledged"
    if answer_by and answer_by < now:
        return "Not answered"
    return ""


@dataclass(frozen=True)
class Move:
    """A person whose package names another country than the one they are now confirmed to be in."""

    person: UUID
    left: str
    now_in: str


def moves(sent_in: dict[UUID, str], persons: Iterable[PersonFacts]) -> tuple[Move, ...]:
    """Who moved since the packages went out. sent_in: person -> country of the package last sent with them in it."""
    return tuple(
        Move(person.uuid, sent_in[person.uuid], person.country)
        for person in persons
        if person.uuid in sent_in and person.country and person.country != sent_in[person.uuid]
    )


def differences(before: dict[str, dict[str, object]], after: dict[str, dict[str, object]]) -> tuple[str, ...]:
    """What a correction changed, a sentence each: subject -> its fields, in the old version and in the new one."""
    said = []
    for subject in sorted(before.keys() | after.keys(), key=_in_number_order):
        if subject not in before:
            said.append(f"{subject} is new.")
        elif subject not in after:
            said.append(f"{subject} is no longer in this package.")
        else:
            changed = sorted(name for name in before[subject] if before[subject].get(name) != after[subject].get(name))
            said += [f"{subject}: {', '.join(name.replace('_', ' ') for name in changed)} changed."] if changed else []
    return tuple(said)


def _in_number_order(subject: str) -> tuple[str, int]:
    name, _, number = subject.partition("-")
    return name, int(number) if number.isdigit() else 0
