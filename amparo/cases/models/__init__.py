"""The nouns of an investigation, a module for each of its parts. No row holds a score of anybody."""

from __future__ import annotations

from amparo.cases.models.cards import PlatformCard
from amparo.cases.models.chats import Group, Membership, Notice, Post
from amparo.cases.models.investigation import Case, CaseOfficer, CaseReport, Device, Event, Sighting
from amparo.cases.models.ledgers import AccountLink, CoinFile, CoinLedger, CoinMapping
from amparo.cases.models.people import Attribution, Decision, Identifier, Person, PersonReason, ReadingOrder
from amparo.cases.models.platforms import LinkJudgement, Platform, PlatformPerson, PlatformStep

__all__ = [
    "AccountLink",
    "Attribution",
    "Case",
    "CaseOfficer",
    "CaseReport",
    "CoinFile",
    "CoinLedger",
    "CoinMapping",
    "Decision",
    "Device",
    "Event",
    "Group",
    "Identifier",
    "LinkJudgement",
    "Membership",
    "Notice",
    "Person",
    "PersonReason",
    "Platform",
    "PlatformCard",
    "PlatformPerson",
    "PlatformStep",
    "Post",
    "ReadingOrder",
    "Sighting",
]
