"""What a card says of a service, when two names are one service, and why a card can't be kept. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

FRESH_DAYS = 365  # after a year somebody should look whether a contact still answers
MOST_LINES = 40
LONGEST_NAME, LONGEST_TEXT = 80, 2000

Records = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Known:
    """What an officer says of a service. records: what is kept, how long. law_country: two letters, or empty."""

    name: str
    source: str
    checked_on: date
    also: tuple[str, ...] = ()
    operator: str = ""
    law_country: str = ""
    legal_contact: str = ""
    urgent_route: str = ""
    records: Records = field(default=())
    coin_rules: str = ""
    age_rules: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.also)


def key_of(name: str) -> str:
    """Of a service's name: without capitals, accents, spaces and signs, so that "Vega Live" and "vega-live" are one service."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return re.sub(r"[\W_]+", "", "".join(sign for sign in plain if not unicodedata.combining(sign)))[:LONGEST_NAME]


def records_of(text: str) -> Records:
    """Lines "what is kept: how long" as pairs; a line without a colon says nothing of how long."""
    pairs = (line.partition(":") for line in text.splitlines() if line.strip())
    return tuple((what.strip(), long.strip()) for what, _, long in pairs)


def text_of(records: Records) -> str:
    return "\n".join(f"{what}: {long}" if long else what for what, long in records)


def is_stale(checked_on: date, today: date) -> bool:
    return (today - checked_on).days > FRESH_DAYS


def obstacles_to_card(known: Known, today: date, taken: Mapping[str, str]) -> tuple[str, ...]:
    """Why this can't be a card. taken: keys of other cards' names -> the name of that card."""
    found = []
    if not key_of(known.name):
        found.append("Name the service by letters or digits.")
    for name in known.names:
        if len(name) > LONGEST_NAME:
            found.append(f"A service's name has at most {LONGEST_NAME} characters.")
        if key_of(name) in taken:
            found.append(f"{name} stands on the card of {taken[key_of(name)]} already: write there.")
    if not any(
        (known.operator, known.legal_contact, known.urgent_route, known.records, known.coin_rules, known.age_rules)
    ):
        found.append("Say at least one thing of the service: who runs it, how it is reached, what it keeps.")
    if not known.source.strip():
        found.append("Say how this is known: a document with its date, a call, a case.")
    if known.checked_on > today:
        found.append("The day on which it was checked lies ahead.")
    if len(known.records) > MOST_LINES:
        found.append(f"At most {MOST_LINES} kinds of records stand on a card.")
    if any(not what for what, _ in known.records):
        found.append("Each line of records begins with what is kept.")
    texts = (known.legal_contact, known.urgent_route, known.coin_rules, known.age_rules, known.source)
    if any(len(text) > LONGEST_TEXT for text in (*texts, text_of(known.records))):
        found.append(f"A text on a card has at most {LONGEST_TEXT:,} characters.")
    return tuple(found)
