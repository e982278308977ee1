"""What the package for one country holds, taken from the rooms that know it. Nothing of another country's persons enters.

A person's posts come along; the text of messages, file names and items' bytes never do. Times keep their raw text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor
from amparo.cases import queries as cases
from amparo.cases.facts import CaseFacts, IdentifierFacts, PersonFacts
from amparo.custody import queries as custody
from amparo.exchange import queries as exchange
from amparo.exchange.formats.contents import (
    AccountPart,
    Addressee,
    CandidatePart,
    CustodyLine,
    CustodyPart,
    DossierPart,
    ElsewherePart,
    Evaluation,
    GroupPart,
    HandlingCode,
    InclusionPart,
    ItemPart,
    KnownPart,
    PackageContents,
    PersonPart,
    PostPart,
)
from amparo.foundation import clock
from amparo.foundation.errors import Refused
from amparo.matching import queries as matching
from amparo.referrals import asked, queries, rules
from amparo.referrals.house import reply_address, this_house
from amparo.referrals.law import Span, law_for
from amparo.sandbox import queries as sandbox
from amparo.vault import queries as vault
from amparo.vault.keys import Unlock

# The acts that a receiver needs to judge where an item comes from; nobody's reading of it is told.
TOLD = ("case.opened", "item.sealed", "item.examined", "item.matched", "group.imported")
MOST_ACTS = 2000


@dataclass(frozen=True)
class Filled:
    """A package's contents, and which person and which item stand behind each reference in it."""

    contents: PackageContents
    persons: tuple[tuple[UUID, str], ...]
    items: tuple[tuple[UUID, str], ...]
    law: str
    answer_by: datetime
    acknowledge: Span
    changes: tuple[str, ...]


def filled(package: queries.PackageFacts, token: str, now: datetime, worker: Actor, keys: Unlock) -> Filled:
    """The contents of this package as the case stands now. Raises Refused for a country without partner or law.

    worker, keys: whoever opens the platforms' dossiers for it.
    """
    case = cases.case(package.case)
    part = queries.part(package.case, package.country)
    people = cases.people(package.case, only=part.persons)
    subjects = _subjects(package, [each.uuid for each in people])
    items = _item_references(people)
    partner, house = exchange.partner(package.country), this_house()
    if partner is None:
        raise Refused(f"No partner authority is registered for {package.country}: register it with its key.")
    rule = law_for(queries.laws(), house.country, package.country, now.date())
    persons = tuple(person_part(each, subjects[each.uuid], items) for each in people)
    answer_by = rule.answer[package.urgency].after(now)
    changes = _changes(package, persons, people)
    contents = PackageContents(
        reference=package.reference,
        version=package.version,
        made_at=now,
        sender=house,
        addressee=Addressee(package.country, partner.authority, partner.language),
        urgency=package.urgency,
        urgency_reason=package.urgency_reason,
        operation_reference=case.reference,
        operation_name=case.title,
        case_opened_at=case.opened_at,
        legal_basis=f"{case.legal_basis}. {rule.basis}. {rule.transfer}".strip(" ."),
        handling=tuple(HandlingCode(each, package.handling_text if each == "H3" else "") for each in package.handling),
        evaluation=Evaluation(package.evaluation[0], int(package.evaluation[1:])),
        limits_of_use=rule.limits_of_use,
        asked=_asked(package, partner.language, persons, changes),
        reply_token=token,
        reply_to=reply_address(token),
        answer_by=answer_by,
        persons=persons,
        items=item_parts(items, people, subjects),
        group=group_part(case),
        elsewhere=tuple(ElsewherePart(country, count) for country, count in part.elsewhere),
        custody=custody_part(case.uuid, items),
        dossier=dossier_part(cases.dossier_of(worker, case.uuid, part.persons, keys), subjects),
    )
    return Filled(
        contents,
        tuple(subjects.items()),
        tuple(items.items()),
        rule.name,
        answer_by,
        rule.acknowledge[package.urgency],
        changes,
    )


def dossier_part(found: Mapping[UUID, Sequence[Sequence[Any]]], subjects: Mapping[UUID, str]) -> DossierPart:
    """The platforms' dossiers, of the persons in this package alone. Links to others than them are left out."""
    if not found:
        return DossierPart()
    columns = tuple(cases.dossier_columns())
    kept = [place for place, name in enumerate(columns) if name != "person"]
    rows = (
        (subjects[person], *("" if row[place] is None else str(row[place]) for place in kept))
        for person, accounts in found.items()
        for row in accounts
    )
    told = tuple(sorted(rows, key=lambda row: (int(row[0].removeprefix("S-")), row)))
    return DossierPart(("person", *(columns[place] for place in kept)), told)


def _subjects(package: queries.PackageFacts, people: Sequence[UUID]) -> dict[UUID, str]:
    """What the receiver calls each person: as in earlier versions, else the next free number. Tells nothing of other parts."""
    before = {person: subject for subject, person in queries.subjects(package.reference).items()}
    highest = max((int(subject.removeprefix("S-")) for subject in before.values()), default=0)
    new = iter(range(highest + 1, highest + 1 + len(people)))
    return {person: before.get(person) or f"S-{next(new)}" for person in people}


def _item_references(people: Iterable[PersonFacts]) -> dict[UUID, str]:
    """The items that these people posted, in the order of the export, numbered for the receiver."""
    posts = sorted((post for person in people for post in person.posts if post.item), key=lambda post: post.line)
    items = dict.fromkeys(post.item for post in posts if post.item)
    return {item: f"I-{number}" for number, item in enumerate(items, start=1)}


def person_part(person: PersonFacts, subject: str, items: Mapping[UUID, str]) -> PersonPart:
    stays = person.memberships
    posts = (
        PostPart(post.at, items[post.item], post.first) for post in person.posts if post.item and post.item in items
    )
    return PersonPart(
        reference=subject,
        category=person.category,
        age_status=person.age.status,
        minors_track=person.minors_track,
        born_on=person.age.born_on,
        age_stated=person.age.stated_age,
        handles=tuple(dict.fromkeys([person.handle, *_values(person, "handle", "name")])),
        phones=_values(person, "phone"),
        accounts=tuple(
            _account(each, person) for each in person.identifiers if each.kind in ("account", "email", "number")
        ),
        countries=tuple(CandidatePart(each.country, each.words, each.kind, each.grade) for each in person.standing),
        joined=stays[0].came_at if stays else None,
        left=stays[-1].went_at if stays else None,
        posts=tuple(posts),
        facts=tuple(_facts(person)),
        assessments=tuple(_assessments(person)),
    )


def _values(person: PersonFacts, *kinds: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.value for each in person.identifiers if each.kind in kinds))


def _account(identifier: IdentifierFacts, person: PersonFacts) -> AccountPart:
    services = [*(each.platform_name for each in person.seized), *(stay.platform for stay in person.memberships)]
    service = "e-mail" if identifier.kind == "email" else next(iter(services), "not known")
    return AccountPart(service, identifier.value)


def _facts(person: PersonFacts) -> Iterable[str]:
    """What the export, or the seized platform's tables, show, and no more."""
    for each in person.seized:
        yield from each.said
    for stay in person.memberships:
        came = {
            "created": "Created the group",
            "added": "Was added to the group",
            "joined_link": "Joined the group by its link",
        }
        if stay.came in came:
            yield f"{came[stay.came]} (line {stay.came_line} of the export)."
        if stay.admin_line:
            yield f"Was made an administrator of the group (line {stay.admin_line} of the export)."
        if stay.left_at_once:
            yield "Left the group at once, with nothing posted."
    media = sum(1 for post in person.posts if post.item)
    if person.messages:
        yield f"Sent {person.messages} messages inside this export, {media} of them with a file."
    elif person.memberships:
        yield "Sent no message inside this export."
    if person.first_posts:
        yield f"Put {person.first_posts} files into the group that nobody had put there earlier in this export."


def _assessments(person: PersonFacts) -> Iterable[str]:
    """What officers decided, with their reasons: the last word on each question."""
    last = {each.what: each for each in person.decisions}
    said = {"category": "Category", "age": "Age", "country": "Competent country"}
    for what, label in said.items():
        if what in last:
            yield f"{label}: {last[what].reason}".rstrip(".") + "."


def item_parts(
    items: Mapping[UUID, str], people: Sequence[PersonFacts], subjects: Mapping[UUID, str]
) -> tuple[ItemPart, ...]:
    verdicts = matching.verdicts(items)
    first = {post.item: subjects[person.uuid] for person in people for post in person.posts if post.first}
    return tuple(_item_part(item, reference, verdicts[item], first.get(item)) for item, reference in items.items())


def _item_part(item: UUID, reference: str, verdict: matching.Verdict, first_posted_by: str | None) -> ItemPart:
    sealed, examined = vault.item(item), sandbox.examination(item)
    known = (
        KnownPart(
            hit.list_name, hit.list_version, hit.kind.value, hit.distance_bits if hit.kind.value == "near" else None,
            hit.scheme, hit.category,
        )
        for hit in verdict.hits
    )  # fmt: skip
    quality = examined.facts.get("quality")
    return ItemPart(
        reference=reference,
        size_bytes=sealed.size_bytes,
        media_type=sealed.media_type,
        md5=sealed.md5,
        sha1=sealed.sha1,
        sha256=sealed.sha256,
        pdq=str(examined.facts.get("pdq_hex") or "") or None,
        quality=quality if isinstance(quality, int) else None,
        known=tuple(known),
        first_posted_by=first_posted_by,
        examined=verdict.state.value != "not_examined",
    )


def group_part(case: CaseFacts) -> GroupPart | None:
    """The first group of the case; packages tell of one."""
    found = next(iter(cases.groups(case.uuid)), None)
    if found is None:
        return None
    return GroupPart(found.name, found.platform, found.members, found.first, found.last, found.exporter)


def custody_part(case: UUID, items: Mapping[UUID, str]) -> CustodyPart:
    """The acts that tell where these items come from, each with the proof that it stands in our signed record."""
    told = [
        act
        for act in custody.story(case, *items, kinds=TOLD)
        if act.ended == "done" and act.position is not None and not _is_of_others(act, set(items))
    ][:MOST_ACTS]
    checkpoint, signature, proofs = custody.proofs([act.position for act in told if act.position])
    lines = tuple(CustodyLine(act.position or 0, act.at, act.kind, act.digest) for act in told)
    note = f"{checkpoint}\n{signature}\n" if checkpoint else ""
    return CustodyPart(lines, tuple(InclusionPart(each.position, each.path) for each in proofs), note)


def _is_of_others(act: custody.ActLine, items: set[UUID]) -> bool:
    """Whether the act speaks of an item that this country doesn't get."""
    item = act.about.get("item")
    return isinstance(item, str) and UUID(item) not in items


def _asked(
    package: queries.PackageFacts, language: str, persons: Sequence[PersonPart], changes: tuple[str, ...]
) -> tuple[str, ...]:
    usual = package.asked or asked.asked_of(language, minors=any(each.minors_track for each in persons))
    if package.version == 1:
        return tuple(usual)
    return (asked.correction(language, package.version - 1, (package.change_reason, *changes)), *usual)


def _changes(
    package: queries.PackageFacts, persons: Sequence[PersonPart], people: Sequence[PersonFacts]
) -> tuple[str, ...]:
    """What differs from the version before, with where a person went who is no longer this country's."""
    if package.supersedes is None:
        return ()
    before = (queries.contents(package.supersedes) or {}).get("persons", [])
    after = [plain(each) for each in persons]
    told = rules.differences({each["reference"]: each for each in before}, {each["reference"]: each for each in after})
    gone = {each["reference"] for each in before} - {each["reference"] for each in after}
    known = queries.subjects(package.reference)
    now_in = {each.uuid: each.country for each in queries.persons_of_case(package.case)} if gone else {}
    moved = tuple(
        f"{subject} is now believed to be in {now_in[known[subject]]}, which is informed."
        for subject in sorted(gone)
        if now_in.get(known.get(subject, package.uuid))
    )
    return (*told, *moved)


def plain(value: Any) -> Any:
    """Contents as JSON values: dataclasses as objects, times in RFC 3339, everything else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return clock.as_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value
