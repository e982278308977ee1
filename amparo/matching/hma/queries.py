"""Systems that may ask, and servers that banks are read from, as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q, Sum

from amparo.foundation import clock
from amparo.foundation.errors import Missing
from amparo.matching.hma.models import Client, Server

COUNTED_DAYS = 30


@dataclass(frozen=True)
class ClientFacts:
    """A system that may ask, or might. questions, files, hits: of the last COUNTED_DAYS days."""

    uuid: UUID
    name: str
    made_by: str
    made_at: datetime
    revoked_at: datetime | None
    last_at: datetime | None
    questions: int
    files: int
    hits: int


def clients() -> tuple[ClientFacts, ...]:
    """Those that may ask first, then those whose key was revoked; each by name."""
    lately = Q(hours__hour__gte=clock.now() - timedelta(days=COUNTED_DAYS))
    found = Client.objects.annotate(
        last_at=Max("hours__last_at"),
        questions=Sum("hours__questions", filter=lately),
        files=Sum("hours__files", filter=lately),
        hits=Sum("hours__hits", filter=lately),
    ).order_by("name", "-id")
    facts = [
        ClientFacts(
            each.uuid,
            each.name,
            each.made_by,
            each.made_at,
            each.revoked_at,
            each.last_at,
            each.questions or 0,
            each.files or 0,
            each.hits or 0,
        )
        for each in found
    ]
    return tuple(sorted(facts, key=lambda each: each.revoked_at is not None))


@dataclass(frozen=True)
class ServerFacts:
    """An HMA that banks are read from. found: contents so far, or at the last reading. said: hashes that it says it has."""

    uuid: UUID
    name: str
    address: str
    reading: bool
    found: int
    said: int
    read_at: datetime | None
    failure: str


def servers() -> tuple[ServerFacts, ...]:
    return tuple(_facts(each) for each in Server.objects.order_by("name"))


def server_named(name: str) -> ServerFacts:
    """Raises Missing."""
    found = Server.objects.filter(name=name).first()
    if found is None:
        raise Missing(f"There is no server called {name}.")
    return _facts(found)


def _facts(each: Server) -> ServerFacts:
    said = sum(int(size) for size in each.said.values())
    return ServerFacts(each.uuid, each.name, each.address, each.reading, each.found, said, each.read_at, each.failure)
