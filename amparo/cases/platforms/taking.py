"""People taken from a platform into its case by a rule in words: thousands in one act, each with its evidence and countries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from amparo.access.acts import Actor, act
from amparo.cases.entering import is_human, name_of
from amparo.cases.identity import identified, pointers, visible
from amparo.cases.models import Attribution, Decision, Identifier, Person, Platform, PlatformPerson, PlatformStep
from amparo.cases.platforms import rules
from amparo.cases.platforms.actions import platform_of
from amparo.cases.platforms.rules import Choice
from amparo.cases.sealed_tables import SealedStore, opened_tables
from amparo.cases.tables.store import literal
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.vault.keys import Unlock

BATCH = 500
MOST_ACCOUNTS = 50  # of one person that are named; a person of more stands with their count


@dataclass(frozen=True)
class Chosen:
    """Whom a rule chooses now. persons, accounts: never the same unit. there: persons of them who stand in the case already."""

    words: str
    persons: int
    accounts: int
    there: int
    countries: tuple[tuple[str, int], ...]


def chosen(by: Actor, platform: UUID, choice: Choice, unlock: Unlock) -> Chosen:
    """Whom the rule would take, before anybody is taken."""
    found = Platform.objects.filter(uuid=platform).select_related("case").first()
    if not found:
        raise Missing("There is no such platform.", platform=str(platform))
    with _tables(by, found, unlock) as store:
        _without_taken(store, found)
        persons, accounts = store.rows(
            f"SELECT count(*), coalesce(sum(accounts), 0) FROM persons WHERE {_where(choice)}"
        )[0]
        there = store.one(
            f"SELECT count(*) FROM persons WHERE {_where(choice)} AND person IN (SELECT person FROM taken)"
        )
        countries = store.rows(
            f"SELECT country, count(*) FROM persons WHERE country IS NOT NULL AND {_where(choice)} GROUP BY 1 ORDER BY 2 DESC, 1"
        )
    return Chosen(choice.words(), persons, int(accounts), there, tuple((code, count) for code, count in countries))


@dataclass(frozen=True)
class PeopleTaken:
    """accounts: of these persons. The rule stands with each of them."""

    case: UUID
    platform: UUID
    persons: tuple[UUID, ...]
    accounts: int


@act("persons.taken", power="cases.edit")
def _take(by: Actor, platform: UUID, choice: Choice, reason: str, rows: Sequence[Taken]) -> PeopleTaken:
    """People of a seized platform are people of the case, chosen by a stated rule; nobody is thereby said to be anything."""
    found = platform_of(by, platform)
    there = set(PlatformPerson.objects.filter(platform=found).values_list("linked", flat=True))
    new = [each for each in rows if each.linked not in there]
    if not new:
        raise Refused("Everybody whom this rule chooses stands in the case already.")
    people = _write(found, new, f"{choice.words()} {reason.strip()}", by, clock.now())
    return PeopleTaken(found.case.uuid, platform, people, sum(each.account_count for each in new))


@dataclass(frozen=True)
class Taken:
    """One person as linked, as the tables show them. accounts: the first ones by name, of account_count."""

    linked: str
    account_count: int
    accounts: tuple[dict[str, Any], ...]

    @property
    def country(self) -> tuple[str, ...]:
        """Each country that an account points to, the surest first."""
        best: dict[str, float] = {}
        for each in self.accounts:
            if each["country"]:
                best[each["country"]] = max(best.get(each["country"], 0.0), each["confidence"] or 0.0)
        return tuple(sorted(best, key=lambda code: (-best[code], code)))


def take_people(
    by: Actor, platform: UUID, choice: Choice, reason: str, unlock: Unlock, *, most: int = rules.MOST_TAKEN
) -> PeopleTaken:
    """Everybody whom the rule chooses and who isn't in the case yet is a person of it. All or nobody.

    Refused without a rule, for a process, or for more than `most` at once.
    """
    found = Platform.objects.filter(uuid=platform).select_related("case").first()
    if not found:
        raise Missing("There is no such platform.", platform=str(platform))
    if obstacles := rules.obstacles_to_choice(choice, reason, human=is_human(by)):
        raise Refused(*obstacles)
    with _tables(by, found, unlock) as store:
        _without_taken(store, found)
        store.run(
            f"CREATE TEMP TABLE wanted AS SELECT person, accounts FROM persons WHERE {_where(choice)} "
            "AND person NOT IN (SELECT person FROM taken)"
        )
        count = int(store.one("SELECT count(*) FROM wanted"))
        if count > most:
            raise Refused(f"This rule chooses {count:,} persons: narrow it, or take them by country, {most:,} at most.")
        rows = _read(store)
    return _take(by, platform, choice, reason, rows)


def _tables(by: Actor, platform: Platform, unlock: Unlock) -> Any:
    step = PlatformStep.objects.filter(platform=platform, name="summary", state=PlatformStep.State.DONE).first()
    if not step:
        raise Refused("The list of accounts is not made yet: wait until the analysis is done.")
    tables = {name: UUID(item) for name, item in step.tables.items() if name in ("directory", "persons")}
    return opened_tables(by, tables, purpose=f"platform:{platform.case.reference}", unlock=unlock)


def _without_taken(store: SealedStore, platform: Platform) -> None:
    taken = list(PlatformPerson.objects.filter(platform=platform).values_list("linked", flat=True))
    store.run("CREATE TEMP TABLE taken AS SELECT unnest(?::VARCHAR[]) AS person", [taken])


def _where(choice: Choice) -> str:
    """The rule as a condition on a row of `persons`; every value is a number, or quoted."""
    said = ["true"]
    if choice.paid:
        said.append(f"payments >= {int(choice.paid)}")
    if choice.uploaded:
        said.append(f"items >= {int(choice.uploaded)}")
    if choice.card_country:
        said.append("cards > 0")
    if choice.confidence:
        said.append(f"confidence >= {float(choice.confidence)}")
    if choice.countries:
        said.append(f"country IN ({', '.join(map(literal, choice.countries))})")
    return " AND ".join(said)


_COLUMNS = (
    "person", "account", "handle", "name", "email", "phone", "country", "confidence", "payments", "cards", "items", "events",
    "first_at", "last_at", "file", "row",
)  # fmt: skip


def _read(store: SealedStore) -> list[Taken]:
    rows = store.rows(
        f"SELECT w.accounts, {', '.join('d.' + each for each in _COLUMNS)} FROM wanted w JOIN directory d USING (person) "
        f"QUALIFY row_number() OVER (PARTITION BY person ORDER BY account) <= {MOST_ACCOUNTS} ORDER BY d.person, d.account"
    )
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    counts: dict[str, int] = {}
    for count, *cells in rows:
        account = dict(zip(_COLUMNS, cells, strict=True))
        found[account["person"]].append(account)
        counts[account["person"]] = count
    return [Taken(person, counts[person], tuple(accounts)) for person, accounts in found.items()]


def _write(platform: Platform, new: list[Taken], rule: str, by: Actor, now: datetime) -> tuple[UUID, ...]:
    number = Person.objects.filter(case=platform.case).aggregate(last=Max("number"))["last"] or 0
    run = PlatformStep.objects.get(platform=platform, name="links").run
    people = [
        Person(case=platform.case, number=number + place, handle=_handle(each), category="contact")
        for place, each in enumerate(new, start=1)
    ]
    Person.objects.bulk_create(people, batch_size=BATCH)
    pairs = list(zip(people, new, strict=True))
    by_name = name_of(by)
    PlatformPerson.objects.bulk_create(
        [
            PlatformPerson(
                platform=platform,
                person=person,
                run=run,
                linked=each.linked,
                accounts=[account["account"] for account in each.accounts],
                said=_said(platform, each),
                rule=rule,
                taken_at=now,
            )
            for person, each in pairs
        ],
        batch_size=BATCH,
    )
    Decision.objects.bulk_create(
        [
            Decision(
                person=person, what=Decision.What.CATEGORY, value="contact", by=by.uuid, by_name=by_name, at=now,
                reason=f"Taken from {platform.name} by a rule: {rule} Nobody has decided more.",
            )
            for person, _ in pairs
        ],
        batch_size=BATCH,
    )  # fmt: skip
    Identifier.objects.bulk_create(
        [row for person, each in pairs for row in _identifiers(platform, person, each, by, now)], batch_size=BATCH
    )
    Attribution.objects.bulk_create(
        [row for person, each in pairs for row in _attributions(platform, person, each, by_name, now)], batch_size=BATCH
    )
    return tuple(person.uuid for person in people)


def _handle(each: Taken) -> str:
    first = each.accounts[0]
    return (visible(first["handle"] or first["name"] or "") or first["account"])[:200]


def _identifiers(platform: Platform, person: Person, each: Taken, by: Actor, now: datetime) -> list[Identifier]:
    found: dict[tuple[str, str], Identifier] = {}
    for account in each.accounts:
        where = f"{platform.name}, accounts, file {account['file']} row {account['row']}"
        stated = (("account", account["account"]), ("handle", account["handle"]), ("email", account["email"]))
        for kind, raw in (*stated, ("phone", account["phone"])):
            if not raw:
                continue
            value = raw if kind == "account" else identified(raw, kind).value
            found.setdefault(
                (kind, value[:200]),
                Identifier(
                    person=person,
                    kind=kind,
                    value=value[:200],
                    raw=raw[:240],
                    source=where[:240],
                    added_by=by.uuid,
                    added_at=now,
                ),
            )
    return list(found.values())


def _attributions(platform: Platform, person: Person, each: Taken, by_name: str, now: datetime) -> list[Attribution]:
    """Candidate countries: what the platform's rows point to, and beside it what a phone's prefix says."""

    def row(country: str, evidence: str, words: str, source: str, information: int) -> Attribution:
        return Attribution(
            person=person, country=country, evidence=evidence, words=words, kind="assessment", source_grade=source,
            information_grade=information, by_name=by_name, at=now,
        )  # fmt: skip

    rows = []
    for country in each.country:
        pointing = [account for account in each.accounts if account["country"] == country]
        sure = max(account["confidence"] or 0.0 for account in pointing)
        names = ", ".join(account["account"] for account in pointing[:5])
        words = (
            f"{platform.name}: {len(pointing)} of {len(each.accounts)} accounts point here ({names}), with a confidence of "
            f"{sure:.2f}; the evidence for each stands with the account."
        )
        rows.append(row(country, "platform", words, "B", 2 if sure >= 0.9 else 3))
    phones = {account["phone"] for account in each.accounts if account["phone"]}
    for phone in sorted(phones):
        rows += [
            row(each.country, "phone_prefix", f"{each.words} Source: {platform.name}.", "X", 4)
            for each in pointers(identified(phone, "phone").value)
        ]
    return rows


def _said(platform: Platform, each: Taken) -> list[str]:
    """What the tables show, a sentence an account: counts, the days between, and the row that names the account."""
    said = []
    for account in each.accounts:
        did = [
            f"{account[name]} {label if account[name] == 1 else label + 's'}"
            for name, label in (("payments", "payment"), ("items", "uploaded item"), ("events", "event"))
            if account[name]
        ]
        days = (
            f" between {account['first_at']:%Y-%m-%d} and {account['last_at']:%Y-%m-%d}" if account["first_at"] else ""
        )
        said.append(
            f"Account {account['account']} on {platform.name}: {', '.join(did) or 'no activity kept'}{days} "
            f"(file {account['file']}, row {account['row']})."
        )
    if each.account_count > len(each.accounts):
        said.append(f"{each.account_count - len(each.accounts)} further accounts are linked to this person.")
    return said
