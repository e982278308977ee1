"""A case's ledgers, mappings and account links, as frozen values. Reading here records nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from amparo.cases.facts import PersonRef
from amparo.cases.models import AccountLink, CoinFile, CoinLedger, CoinMapping
from amparo.foundation.errors import Missing

READ, READING, WAITING = CoinLedger.State.READ, CoinLedger.State.READING, CoinLedger.State.WAITING
TONES = {"new": "", "waiting": "info", "reading": "info", "stopped": "warn", "read": "good", "failed": "danger"}


@dataclass(frozen=True)
class MappingFacts:
    uuid: UUID
    platform: str
    version: int
    text: str
    note: str
    by_name: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.platform}, version {self.version}"


@dataclass(frozen=True)
class FileFacts:
    """looked: see coin_looking.look; empty while the worker has not looked yet."""

    item: UUID
    name: str
    size_bytes: int
    looked: dict[str, Any]


@dataclass(frozen=True)
class LedgerFacts:
    """summary: see coins.case_tables. tables: table name -> sealed item, of the last reading that came to its end."""

    uuid: UUID
    case: UUID
    platform: str
    state: str
    state_name: str
    stage: str
    done: int
    told_at: datetime | None
    sentence: str
    summary: dict[str, Any]
    tables: dict[str, UUID]
    mapping: MappingFacts | None
    files: tuple[FileFacts, ...]
    added_by_name: str
    added_at: datetime
    read_at: datetime | None

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def moving(self) -> bool:
        """Whether the worker is about it."""
        return self.state in (READING, WAITING)

    @property
    def unit(self) -> str:
        return str(self.summary.get("unit", "coin"))


@dataclass(frozen=True)
class LinkFacts:
    """That an account is a person's. undone_at: since when it no longer is."""

    uuid: UUID
    person: PersonRef
    service: str
    account: str
    ledger: UUID | None
    words: str
    by_name: str
    at: datetime
    undone_at: datetime | None
    undone_by_name: str
    undone_reason: str


def ledger(uuid: UUID) -> LedgerFacts:
    """Raises Missing."""
    found = CoinLedger.objects.filter(uuid=uuid).select_related("case", "mapping").first()
    if not found:
        raise Missing("There is no such ledger.", ledger=str(uuid))
    return _ledger(found)


def ledgers(case: UUID) -> tuple[LedgerFacts, ...]:
    """The case's ledgers, oldest first."""
    return tuple(_ledger(row) for row in CoinLedger.objects.filter(case__uuid=case).select_related("case", "mapping"))


def mappings(platform: str = "") -> tuple[MappingFacts, ...]:
    """The newest version for each platform; of one platform all versions, newest first."""
    if platform:
        return tuple(_mapping(row) for row in CoinMapping.objects.filter(platform=platform))
    newest: dict[str, CoinMapping] = {}
    for row in CoinMapping.objects.all():
        newest.setdefault(row.platform, row)
    return tuple(_mapping(row) for row in newest.values())


def mapping(uuid: UUID) -> MappingFacts:
    """Raises Missing."""
    found = CoinMapping.objects.filter(uuid=uuid).first()
    if not found:
        raise Missing("There is no such mapping.", mapping=str(uuid))
    return _mapping(found)


def links(case: UUID, service: str = "", person: UUID | None = None) -> tuple[LinkFacts, ...]:
    """Which accounts are held to be whose, undone ones too, in the order in which they were stated."""
    rows = AccountLink.objects.filter(person__case__uuid=case).select_related("person", "ledger")
    if service:
        rows = rows.filter(service=service)
    if person:
        rows = rows.filter(person__uuid=person)
    return tuple(
        LinkFacts(
            row.uuid,
            PersonRef(row.person.uuid, row.person.reference, row.person.handle),
            row.service,
            row.account,
            row.ledger.uuid if row.ledger else None,
            row.words,
            row.by_name,
            row.at,
            row.undone_at,
            row.undone_by_name,
            row.undone_reason,
        )
        for row in rows
    )


def _ledger(row: CoinLedger) -> LedgerFacts:
    files = CoinFile.objects.filter(ledger=row).order_by("name", "id")
    return LedgerFacts(
        uuid=row.uuid,
        case=row.case.uuid,
        platform=row.platform,
        state=row.state,
        state_name=row.get_state_display(),
        stage=row.stage,
        done=row.done,
        told_at=row.told_at,
        sentence=row.sentence,
        summary=row.summary,
        tables={name: UUID(item) for name, item in row.tables.items()},
        mapping=_mapping(row.mapping) if row.mapping else None,
        files=tuple(FileFacts(each.item, each.name, each.size_bytes, each.looked) for each in files),
        added_by_name=row.added_by_name,
        added_at=row.added_at,
        read_at=row.read_at,
    )


def _mapping(row: CoinMapping) -> MappingFacts:
    return MappingFacts(row.uuid, row.platform, row.version, row.text, row.note, row.by_name, row.at)
