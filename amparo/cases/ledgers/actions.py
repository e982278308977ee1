"""What officers and the worker do with a case's coins: ledgers, mappings, readings, accounts of people. Verbs of this room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from amparo.access.acts import Actor, act
from amparo.cases.coins.mapping import parse
from amparo.cases.deciding import add_identifier, set_country, withdraw_country
from amparo.cases.entering import editable, entered, name_of, officer_of, person_of
from amparo.cases.ledgers import rules
from amparo.cases.models import AccountLink, Attribution, CoinFile, CoinLedger, CoinMapping, Identifier, Person
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.ids import new_id
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.actions import Unentered

State = CoinLedger.State


def ledger_of(uuid: UUID) -> CoinLedger:
    """Raises Missing."""
    found = CoinLedger.objects.filter(uuid=uuid).select_related("case", "mapping").first()
    if not found:
        raise Missing("There is no such ledger.", ledger=str(uuid))
    return found


@dataclass(frozen=True)
class LedgerAdded:
    case: UUID
    ledger: UUID
    items: tuple[UUID, ...]


@act("coins.ledger_added", power="cases.edit")
def add_ledger(
    by: Actor,
    case: UUID,
    platform: str,
    files: Iterable[Unentered] = (),
    items: Iterable[UUID] = (),
    uuid: UUID | None = None,
) -> LedgerAdded:
    """A platform's ledger stands in the case: files sealed just now, and items that the case holds already."""
    found = editable(by, case)
    uploaded, there = list(files), list(items)
    known = vault_queries.items(there)
    obstacles = rules.obstacles_to_ledger(
        platform, [*(each.name for each in uploaded), *(i.name for i in known.values())]
    )
    if any(each.compartment != found.compartment for each in known.values()) or len(known) != len(set(there)):
        obstacles = (*obstacles, "One of these files is none of this case's.")
    if obstacles:
        raise Refused(*obstacles)
    ledger = CoinLedger.objects.create(
        uuid=uuid or new_id(),
        case=found,
        platform=platform.strip(),
        added_by=officer_of(by),
        added_by_name=name_of(by),
        added_at=clock.now(),
    )
    sealed = [vault.enter_item(by, each).item for each in uploaded]
    _take_files(ledger, [*sealed, *there])
    return LedgerAdded(case, ledger.uuid, (*sealed, *there))


@dataclass(frozen=True)
class LedgerFilesAdded:
    case: UUID
    ledger: UUID
    items: tuple[UUID, ...]


@act("coins.files_added", power="cases.edit")
def add_files(by: Actor, ledger: UUID, files: Iterable[Unentered]) -> LedgerFilesAdded:
    """More files of the same platform belong to the ledger, which is to be read again."""
    found = ledger_of(ledger)
    editable(by, found.case.uuid)
    uploaded = list(files)
    if obstacles := rules.obstacles_to_ledger(found.platform, [each.name for each in uploaded]):
        raise Refused(*obstacles)
    if found.state in (State.WAITING, State.READING):
        raise Refused("This ledger is being read: stop that first, or wait for its end.")
    sealed = [vault.enter_item(by, each).item for each in uploaded]
    _take_files(found, sealed)
    return LedgerFilesAdded(found.case.uuid, ledger, tuple(sealed))


def _take_files(ledger: CoinLedger, items: Iterable[UUID]) -> None:
    for facts in vault_queries.items(items).values():
        CoinFile.objects.get_or_create(
            ledger=ledger, item=facts.uuid, defaults={"name": facts.name, "size_bytes": facts.size_bytes}
        )


@dataclass(frozen=True)
class MappingSaved:
    mapping: UUID
    version: int
    sha256: str


@act("coins.mapping_saved", power="cases.edit")
def save_mapping(by: Actor, platform: str, text: str, note: str = "") -> MappingSaved:
    """The next version of the platform's mapping; the same text again is the version that stands. Refused with the wrong key."""
    if not platform.strip():
        raise Refused("Name the platform whose ledger this mapping reads.")
    if len(text) > rules.LONGEST_MAPPING:
        raise Refused("A mapping of more than 200,000 characters is none.")
    text = text.replace("\r\n", "\n")
    digest = parse(text.encode(), f"of {platform.strip()}").digest
    last = CoinMapping.objects.filter(platform=platform.strip()).order_by("-version").first()
    if last and last.text == text:
        return MappingSaved(last.uuid, last.version, digest)
    made = CoinMapping.objects.create(
        platform=platform.strip(),
        version=last.version + 1 if last else 1,
        text=text,
        note=note.strip(),
        by=officer_of(by),
        by_name=name_of(by),
        at=clock.now(),
    )
    return MappingSaved(made.uuid, made.version, digest)


@dataclass(frozen=True)
class ReadingAsked:
    case: UUID
    ledger: UUID
    mapping: UUID
    run: int


@act("coins.reading_asked", power="cases.edit")
def ask_reading(by: Actor, ledger: UUID, mapping: UUID) -> ReadingAsked:
    """The worker is to read the ledger by this mapping; what an earlier reading found stands until then."""
    found = ledger_of(ledger)
    editable(by, found.case.uuid)
    chosen = CoinMapping.objects.filter(uuid=mapping).first()
    if not chosen:
        raise Missing("There is no such mapping.", mapping=str(mapping))
    if found.state in (State.WAITING, State.READING):
        raise Refused("This ledger is being read already: stop that first, or wait for its end.")
    run = found.run + 1
    CoinLedger.objects.filter(id=found.id).update(
        mapping=chosen, state=State.WAITING, run=run, stage="", done=0, sentence="", told_at=clock.now()
    )
    return ReadingAsked(found.case.uuid, ledger, mapping, run)


@dataclass(frozen=True)
class ReadingStopped:
    case: UUID
    ledger: UUID
    run: int


@act("coins.reading_stopped", power="cases.edit")
def stop_reading(by: Actor, ledger: UUID) -> ReadingStopped:
    """The reading ends without a result. It can be asked for again."""
    found = ledger_of(ledger)
    editable(by, found.case.uuid)
    if found.state not in (State.WAITING, State.READING):
        raise Refused("This ledger is not being read.")
    CoinLedger.objects.filter(id=found.id).update(state=State.STOPPED)
    return ReadingStopped(found.case.uuid, ledger, found.run)


@dataclass(frozen=True)
class LedgerRead:
    case: UUID
    ledger: UUID
    run: int
    events: int
    bad_rows: int
    gaps: int
    items: tuple[UUID, ...]


@act("coins.ledger_read", power="groups.import")
def finish_reading(
    by: Actor, ledger: UUID, run: int, summary: Mapping[str, Any], tables: Mapping[str, UUID]
) -> LedgerRead:
    """What the worker read is the ledger's result, each table a sealed item. Refused where that reading was stopped meanwhile."""
    found = ledger_of(ledger)
    now = clock.now()
    done = CoinLedger.objects.filter(id=found.id, run=run, state=State.READING).update(
        state=State.READ,
        summary=dict(summary),
        tables={name: str(item) for name, item in tables.items()},
        read_at=now,
        told_at=now,
        sentence="",
    )
    if not done:
        raise Refused("This reading was stopped.")
    counts = summary["counts"]
    return LedgerRead(
        found.case.uuid, ledger, run, counts["events"], summary["bad_rows"], counts["gaps"], tuple(tables.values())
    )


@dataclass(frozen=True)
class ReadingFailed:
    case: UUID
    ledger: UUID
    run: int


@act("coins.reading_failed", power="groups.import")
def fail_reading(by: Actor, ledger: UUID, run: int, sentence: str) -> ReadingFailed:
    """The ledger could not be read; the sentence says what to do. What an earlier reading found stands."""
    found = ledger_of(ledger)
    CoinLedger.objects.filter(id=found.id, run=run).exclude(state=State.STOPPED).update(
        state=State.FAILED, sentence=sentence, told_at=clock.now()
    )
    return ReadingFailed(found.case.uuid, ledger, run)


# ---- accounts of people


@dataclass(frozen=True)
class AccountTaken:
    case: UUID
    person: UUID
    link: UUID
    ledger: UUID | None
    new: bool
    attributions: tuple[UUID, ...]


@act("coins.account_taken", power="cases.edit")
def take_account(
    by: Actor,
    case: UUID,
    service: str,
    account: str,
    words: str,
    *,
    person: UUID | None = None,
    ledger: UUID | None = None,
    countries: Iterable[tuple[str, str]] = (),
) -> AccountTaken:
    """The account at a service is this person's, or somebody's new in the case: a contact of unknown age, whatever they paid.

    words: the evidence, and where it stands. countries: (country, what the platform states and in which rows), candidates each.
    """
    found = editable(by, case)
    row = ledger_of(ledger) if ledger else None
    if row and row.case.id != found.id:
        raise Missing("There is no such ledger in this case.", ledger=str(ledger))
    _check_link(found.id, service, account, words)
    known = person_of(found, person) if person else None
    who = known or _new_person(found.id, account)
    link = AccountLink.objects.create(
        person=who,
        service=service.strip(),
        account=account.strip(),
        ledger=row,
        words=words.strip(),
        by=officer_of(by),
        by_name=name_of(by),
        at=clock.now(),
    )
    source = f"{service.strip()}: {words.strip()}"[:240]
    if not Identifier.objects.filter(person=who, kind="account", value=account.strip().casefold()).exists():
        add_identifier(by, who.uuid, "account", account.strip(), source)
    made = _candidates(by, who, service.strip(), countries)
    AccountLink.objects.filter(id=link.id).update(attributions=[str(each) for each in made])
    return AccountTaken(case, who.uuid, link.uuid, ledger, known is None, made)


def _check_link(case: int, service: str, account: str, words: str) -> None:
    obstacles = list(rules.obstacles_to_link(service, account, words))
    same = AccountLink.objects.filter(
        person__case_id=case, service=service.strip(), account=account.strip(), undone_at=None
    ).select_related("person")
    if there := same.first():
        obstacles.append(
            f"This account is {there.person.reference}'s in this case. Undo that link first, with the reason."
        )
    if obstacles:
        raise Refused(*obstacles)


def _new_person(case: int, account: str) -> Person:
    last = Person.objects.select_for_update().filter(case_id=case).order_by("-number").first()
    return Person.objects.create(
        case_id=case, number=last.number + 1 if last else 1, handle=account.strip()[:200], category="contact"
    )


def _candidates(by: Actor, who: Person, service: str, countries: Iterable[tuple[str, str]]) -> tuple[UUID, ...]:
    made = []
    for country, said in countries:
        set_country(
            by, (who.uuid,), country, f"{service}: {said}", evidence="document", source_grade="B", information_grade=3
        )
        made.append(Attribution.objects.filter(person=who).latest("id").uuid)
    return tuple(made)


@dataclass(frozen=True)
class LinkUndone:
    case: UUID
    person: UUID
    link: UUID
    attributions: tuple[UUID, ...]


@act("coins.link_undone", power="cases.edit")
def undo_link(by: Actor, link: UUID, reason: str) -> LinkUndone:
    """The account is no longer held to be this person's; candidate countries that rest on it are withdrawn with it."""
    found = AccountLink.objects.filter(uuid=link).select_related("person__case").first()
    if not found:
        raise Missing("There is no such link.", link=str(link))
    case = editable(by, found.person.case.uuid)
    if found.undone_at:
        raise Refused("This link was undone already.")
    if not reason.strip():
        raise Refused("Say why the account is not this person's.")
    AccountLink.objects.filter(id=found.id).update(
        undone_at=clock.now(), undone_by_name=name_of(by), undone_reason=reason.strip()
    )
    resting = Attribution.objects.filter(uuid__in=found.attributions, withdrawn_at=None).order_by("id")
    withdrawn = tuple(resting.values_list("uuid", flat=True))
    for each in withdrawn:
        withdraw_country(by, each, f"It rested on the account {found.account} at {found.service}: {reason.strip()}")
    same = AccountLink.objects.filter(person=found.person, account__iexact=found.account, undone_at=None)
    if not same.exists():
        Identifier.objects.filter(person=found.person, kind="account", value=found.account.casefold()).delete()
    return LinkUndone(case.uuid, found.person.uuid, link, withdrawn)


@dataclass(frozen=True)
class ReferencesTaken:
    case: UUID
    ledger: UUID
    references: int


@act("coins.references_taken", power="cases.read")
def take_references(by: Actor, ledger: UUID, references: int) -> ReferencesTaken:
    """Payment references were written out for a production request to the payment services."""
    found = ledger_of(ledger)
    entered(by, found.case.uuid)
    return ReferencesTaken(found.case.uuid, ledger, references)
