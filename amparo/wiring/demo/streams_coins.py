"""The chapters of the two ledgers: sealed into the case, mapped, read by the worker, and what they say of broadcasts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from amparo.cases import queries as case_queries
from amparo.cases.cards.actions import write_card
from amparo.cases.cards.rules import Known
from amparo.cases.ledgers import (
    actions as coin_acts,
    drawing as coin_drawing,
    queries as coin_queries,
    tables as coin_tables,
)
from amparo.cases.ledgers.lists import LISTS
from amparo.cases.ledgers.queries import LedgerFacts
from amparo.cases.ledgers.tables import Asked
from amparo.cases.tables.store import Store
from amparo.foundation.errors import Refused
from amparo.foundation.ids import new_id
from amparo.vault import actions as vault, queries as vault_queries
from amparo.wiring.demo.staff import INVESTIGATOR
from amparo.wiring.demo.streams_data import Ledger

if TYPE_CHECKING:
    from amparo.wiring.demo.streams import StreamsStory

CARDS = (
    Known(
        "vega",
        "The platform's letter with its ledger, demo 22/2026",
        date(2026, 5, 20),
        also=("Vega Live",),
        operator="Vega Example S.A.",
        law_country="ES",
        legal_contact="orders@vega.example.org, in Spanish or English",
        urgent_route="Duty desk, all hours: urgent@vega.example.org",
        records=(
            ("Purchases, gifts and payouts", "5 years"),
            ("Room entries and exits", "180 days"),
            ("Log-ins", "90 days"),
        ),
        coin_rules="A gift reaches the host whole. Payouts once a week.",
        age_rules="18, as stated by the user; hosts show a document.",
    ),
    Known(
        "orion",
        "The platform's handbook for authorities, version 7",
        date(2026, 5, 21),
        operator="Orion Example Ltd",
        law_country="IE",
        legal_contact="Portal: https://authorities.orion.example.org",
        urgent_route="The same portal, marked as an emergency: answered within the hour",
        records=(
            ("Coins in and out", "7 years"),
            ("Log-ins with address and port", "1 year"),
            ("Broadcasts", "not kept"),
        ),
        age_rules="16, not checked.",
    ),
)


def read_ledgers(story: StreamsStory) -> None:
    """Both platforms' ledgers are sealed in the case and read by their own mappings."""
    story.tell.chapter("Two platforms hand over their ledgers, each in its own shape; both are sealed, mapped and read")
    by = story.staff[INVESTIGATOR]
    _write_cards(story)
    for given in story.data.ledgers:
        there = ledger_of(story, given.platform)
        if there is None:
            _add(story, given)
        facts = _standing(story, given.platform)
        if facts.state in ("new", "stopped", "failed"):
            mapping = coin_acts.save_mapping(
                by, given.platform, given.mapping, "Made from the platform's own description."
            )
            coin_acts.ask_reading(by, facts.uuid, mapping.mapping)
    story.tell.wait(
        "ledgers read",
        lambda: (sum(_read(story, each.platform) for each in story.data.ledgers), len(story.data.ledgers)),
    )
    for facts in coin_queries.ledgers(story.case):
        for line in _figures(facts):
            story.tell.line(f"{facts.platform}: {line}")


def _write_cards(story: StreamsStory) -> None:
    """What the unit learns of each platform stands on its card, for this case and every later one."""
    for each in CARDS:
        if case_queries.card_of(each.name) is None:
            write_card(story.staff[INVESTIGATOR], each)


def _add(story: StreamsStory, given: Ledger) -> None:
    within, origin = vault_queries.compartment(case_queries.case(story.case).compartment), new_id()
    sealed = [vault.seal_file(within, io.BytesIO(data), name=name, origin=origin) for name, data in given.files]
    coin_acts.add_ledger(story.staff[INVESTIGATOR], story.case, given.platform, sealed, uuid=origin)


def ledger_of(story: StreamsStory, platform: str) -> LedgerFacts | None:
    """The case's ledger of this platform, if there is one."""
    return next((each for each in coin_queries.ledgers(story.case) if each.platform == platform), None)


def _standing(story: StreamsStory, platform: str) -> LedgerFacts:
    found = ledger_of(story, platform)
    assert found is not None
    return found


def _read(story: StreamsStory, platform: str) -> bool:
    facts = _standing(story, platform)
    if facts.state == "failed":
        raise Refused(f"The ledger of {platform} could not be read: {facts.sentence}")
    return facts.state == "read"


def _figures(facts: LedgerFacts) -> list[str]:
    said = facts.summary
    bought = sum(line[2] for line in said["money"] if line[0] == "purchase")
    gaps = ", ".join(f"{kind} {count}" for kind, (count, _) in said["gaps"].items()) or "none"
    return [
        (
            f"{sum(count for count, _ in said['events'].values())} events, {said['events']['purchase'][1]:,} coins for "
            f"{coin_drawing.money(bought, 'EUR')}; gaps: {gaps}; {said['bad_rows']} rows are no events"
        )
    ]


@contextmanager
def opened(story: StreamsStory, platform: str, tables: tuple[str, ...]) -> Iterator[tuple[LedgerFacts, Store]]:
    """The sealed tables of a platform's ledger, opened with the investigator's own keys."""
    facts = _standing(story, platform)
    keys = story.staff.keys(INVESTIGATOR)
    with coin_tables.opened_ledger(story.staff[INVESTIGATOR], facts, tables, keys) as store:
        yield facts, store


def tell_broadcasts(story: StreamsStory) -> None:
    """Who was in which room and who paid: read from the sealed tables."""
    story.tell.chapter("The broadcasts: who was in the room, who paid, and that payments alone find nobody guilty")
    listing = LISTS["broadcasts"]
    for given in story.data.ledgers:
        with opened(story, given.platform, listing.tables) as (_, store):
            rows, _, _ = coin_tables.listed(store, listing, Asked())
        for stream, host, began, _, there, payers, coins, *_ in rows:
            story.tell.line(
                f"{given.platform} {stream}, {began:%d %B %H:%M} UTC, {host}: {there} there, {payers} paid {coins:,} coins"
            )
    with opened(story, story.data.ledgers[0].platform, ("indicators",)) as (_, store):
        for account, words in store.rows(
            "SELECT DISTINCT account, title FROM indicators WHERE possible_victim ORDER BY 1"
        ):
            story.tell.line(f"{account}: {words.lower()}; shown as a possible victim, a note and no finding")


def references(story: StreamsStory, facts: LedgerFacts) -> int:
    """How many payment references a ledger holds."""
    listing = LISTS["references"]
    with opened(story, facts.platform, listing.tables) as (_, store):
        return coin_tables.listed(store, listing, Asked(limit=1))[1]
