"""A seized platform in a case: its steps, whom an officer takes into the case by which words, and what stands against it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Import takes a platform's tables in these steps, so that a stop costs one of them.
# An account's other rows become identifiers, and a table of addresses is laid beside the newest event: hence those together.
IMPORT = (
    ("accounts", "identifiers"), ("payments",), ("items",), ("memberships",), ("posts",), ("events", "networks", "issuers"),
)  # fmt: skip
TABLES = tuple(table for group in IMPORT for table in group)
ANALYSES = ("countries", "links", "overlaps", "first_posts", "dossiers", "summary")
# What rests on a step is done again with it.
RESTING = {"countries": ("dossiers", "summary"), "links": ("dossiers", "summary")}
STEP_NAMES = {
    "import": "Import",
    "countries": "Countries",
    "links": "Accounts of one person",
    "overlaps": "Overlaps with cases and reports",
    "first_posts": "First posts",
    "dossiers": "Dossiers by country",
    "summary": "Figures and the list of accounts",
}
UNITS = {
    "accounts": "accounts",
    "persons": "persons as linked",
    "items": "items",
    "events": "events",
    "payments": "payments",
    "memberships": "memberships",
    "posts": "posts",
    "identifiers": "further identifiers",
    "countries": "countries",
    "not_attributed": "accounts without a country",
}
VERDICTS = ("same", "different", "unsure")
MOST_TAKEN = 50_000  # persons in one act; more is taken in parts, by country
LONGEST_REASON = 2000


@dataclass(frozen=True)
class Choice:
    """Whom an officer takes from a platform: every condition holds for at least one account of the linked person, or for their sum.

    paid, uploaded: at least so many payments, items, of all accounts together. card_country: one payment's card names its country.
    confidence: of the country, 0 to 1. countries: none for all.
    """

    paid: int = 0
    uploaded: int = 0
    card_country: bool = False
    confidence: float = 0.0
    countries: tuple[str, ...] = ()

    def words(self) -> str:
        """The rule as it stands with each person taken by it."""
        said = []
        if self.paid:
            said.append(f"paid at least {_times(self.paid)}")
        if self.card_country:
            said.append("paid with a card whose issuer names its country")
        if self.uploaded:
            said.append(f"uploaded at least {self.uploaded} {'item' if self.uploaded == 1 else 'items'}")
        if self.confidence:
            said.append(f"were attributed to a country with a confidence of {self.confidence:g} or more")
        if self.countries:
            said.append(f"were attributed to {', '.join(self.countries)}")
        return f"Persons as linked whose accounts together {', and '.join(said)}." if said else ""


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def obstacles_to_choice(choice: Choice, reason: str, *, human: bool) -> tuple[str, ...]:
    """Why nobody is taken by this rule: without a condition it would be everybody, and a machine never chooses."""
    found = []
    if not human:
        found.append("Only an officer takes people into a case.")
    if not (choice.paid or choice.uploaded or choice.card_country):
        found.append("State what the accounts did: paid, paid with a card that names its country, or uploaded.")
    if choice.paid < 0 or choice.uploaded < 0 or not 0 <= choice.confidence <= 1:
        found.append("Counts are not below zero, and a confidence lies between 0 and 1.")
    if not reason.strip():
        found.append("Say why these people belong in the case.")
    return tuple(found)


def obstacles_to_judgement(
    account_a: str, account_b: str, verdict: str, reason: str, *, human: bool
) -> tuple[str, ...]:
    found = []
    if not human:
        found.append("Only an officer decides whether two accounts are one person's.")
    if not account_a or not account_b or account_a == account_b:
        found.append("Name two different accounts.")
    if verdict not in VERDICTS:
        found.append("Choose: the same person, different persons, or not decided.")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        found.append("Say why, in at most 2,000 characters.")
    return tuple(found)


def obstacles_to_import(name: str, mapping: str, folder: str) -> tuple[str, ...]:
    found = []
    if not name.strip():
        found.append("Give the platform a name.")
    if not mapping.strip():
        found.append("Give the mapping: it says which file holds what (docs/formats/platforms.md).")
    if not folder.strip():
        found.append("Give the folder in which the platform's files lie.")
    return tuple(found)


def standing(verdicts: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], str]:
    """(account, account, verdict), oldest first, to what stands of each pair: the last word."""
    return {(min(a, b), max(a, b)): verdict for a, b, verdict in verdicts}
