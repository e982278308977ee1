"""The chapters of the payers: whose accounts they are, over services; what the payment services answer; who is competent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from amparo.cases import actions as cases, queries as case_queries
from amparo.cases.facts import PersonFacts
from amparo.cases.ledgers import actions as coin_acts, queries as coin_queries, tables as coin_tables
from amparo.cases.ledgers.lists import LISTS
from amparo.cases.ledgers.tables import Asked
from amparo.wiring.demo import streams_coins
from amparo.wiring.demo.staff import INVESTIGATOR
from amparo.wiring.demo.streams_cast import FIRST, SECOND, Payer
from amparo.wiring.demo.telling import counted

if TYPE_CHECKING:
    from amparo.wiring.demo.streams import StreamsStory

ANSWER = (
    "The payment service answered the request on the references {places}: its customer's address is in this country."
)


def by_phone(story: StreamsStory) -> dict[str, PersonFacts]:
    """The people of the chat by their numbers."""
    return {
        each.value: person
        for person in case_queries.people(story.case)
        for each in person.identifiers
        if each.kind == "phone"
    }


def take_payers(story: StreamsStory) -> None:
    """Each payer's accounts stand with a person of the case; who was there and paid nothing is not taken in."""
    story.tell.chapter("Accounts become people: over two platforms and the messenger, each link with its evidence")
    for payer in story.data.cast.payers:
        for service, account in ((FIRST, payer.first_account), (SECOND, payer.second_account)):
            paid = payer.first if service == FIRST else payer.second
            if paid and not _person_of(story, service, account):
                _take(story, payer, service, account)
    _take_host(story)
    links = [each for each in coin_queries.links(story.case) if not each.undone_at]
    people = {each.person.uuid for each in links}
    story.tell.line(
        f"{counted(len(links), 'account')} of {counted(len(people), 'person')}, contacts of unknown age until decided"
    )


def _take(story: StreamsStory, payer: Payer, service: str, account: str) -> None:
    ledger = streams_coins.ledger_of(story, service)
    assert ledger is not None
    words, countries = _evidence(story, service, account)
    person = None
    if payer.phone:
        person = by_phone(story)[payer.phone].uuid
        words = f"{_said_in_chat(story, person, account)} {words}"
    coin_acts.take_account(
        story.staff[INVESTIGATOR],
        story.case,
        service,
        account,
        words,
        person=person,
        ledger=ledger.uuid,
        countries=countries,
    )


def _take_host(story: StreamsStory) -> None:
    host = story.data.cast.host
    person = by_phone(story)[host.phone].uuid
    for service, account in ((FIRST, host.first_account), (SECOND, host.second_account)):
        ledger = streams_coins.ledger_of(story, service)
        if ledger and not _person_of(story, service, account):
            coin_acts.take_account(
                story.staff[INVESTIGATOR], story.case, service, account, _said_in_chat(story, person, account), person=person,
                ledger=ledger.uuid,
            )  # fmt: skip


def _said_in_chat(story: StreamsStory, person: UUID, account: str) -> str:
    (group,) = case_queries.groups(story.case)
    posts, _ = case_queries.posts(group.uuid, search=account, person=person, limit=1)
    return f"The person names this account in {group.name}, line {posts[0].line}."


def _evidence(story: StreamsStory, service: str, account: str) -> tuple[str, list[tuple[str, str]]]:
    """What the ledger says of an account, in words with rows; the countries that its columns state."""
    with streams_coins.opened(story, service, ("accounts", "events", "payments", "countries", "indicators")) as (
        _,
        store,
    ):
        found = coin_tables.account(store, account)
        rows = [f"{file}:{row}" for file, row in store.rows(
            "SELECT file, row FROM payments WHERE payer = $1 ORDER BY at_utc LIMIT 4", [account])]  # fmt: skip
    words = f"Bought {found.bought:,} coins and paid {len(found.hosts)} broadcaster ({', '.join(rows)})."
    stated = [
        (code, f"stated in {counted(count, 'row')} ({', '.join(places[:3])})")
        for code, count, places in found.countries
    ]
    return words, stated


def _person_of(story: StreamsStory, service: str, account: str) -> UUID | None:
    links = coin_queries.links(story.case, service)
    return next((each.person.uuid for each in links if each.account == account and not each.undone_at), None)


def ask_services(story: StreamsStory) -> None:
    """References go to the payment services, whose answers name the countries; an officer decides what each payer is."""
    story.tell.chapter(
        "Payment references go to the payment services; their answers name countries; an officer decides"
    )
    listing = LISTS["references"]
    places: dict[tuple[str, str], list[str]] = {}
    for given in story.data.ledgers:
        with streams_coins.opened(story, given.platform, listing.tables) as (facts, store):
            rows, count, _ = coin_tables.listed(store, listing, Asked(limit=coin_tables.EXPORT_ROWS))
        if not _asked(story):
            coin_acts.take_references(story.staff[INVESTIGATOR], facts.uuid, count)
        for service, reference, *_, account, _ in rows:
            places.setdefault((given.platform, account), []).append(f"{service} {reference}")
        story.tell.line(f"{given.platform}: {count} references, by payment service, with UTC and amount")
    for payer in story.data.cast.payers:
        _decide(story, payer, places)


def _asked(story: StreamsStory) -> bool:
    """Whether any payer was decided on already, which follows the requests."""
    people = {each.uuid: each for each in case_queries.people(story.case)}
    payer = story.data.cast.payers[0]
    found = _person_of(story, SECOND, payer.second_account)
    return bool(found and people[found].category != "contact")


def _decide(story: StreamsStory, payer: Payer, places: dict[tuple[str, str], list[str]]) -> None:
    by = story.staff[INVESTIGATOR]
    service, account = (SECOND, payer.second_account) if payer.second else (FIRST, payer.first_account)
    uuid = _person_of(story, service, account)
    assert uuid is not None
    person = case_queries.person(uuid)
    if person.category == "contact":
        if payer.extorted:
            reason = (
                "A quick run of payments that stopped, as of people who are extorted; their own account is asked for."
            )
            cases.set_category(by, (uuid,), "possible_victim", reason)
        else:
            cases.set_category(
                by, (uuid,), "suspect", "Paid in the host's broadcasts; the rows stand with the account."
            )
    if person.confirmed_country is None:
        words = ANSWER.format(places=", ".join(places[service, account][:3]))
        cases.set_country(
            by, (uuid,), payer.country, words, evidence="document", kind="fact", source_grade="A", information_grade=1
        )
        cases.confirm_country(by, (uuid,), payer.country, "The payment service's answer.")
