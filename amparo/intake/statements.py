"""A report that comes with fields instead of as a mail: stated by a clerk, a platform, a partner's export or a form.

Its original is one JSON document, sealed byte for byte as it came or as it was written down; who reported is sealed apart, as with
a mail. Nothing in it has to be parsed in the sandbox: this house or its own pages wrote the document.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID, uuid5

from django.db import transaction

from amparo.access.acts import Actor
from amparo.foundation.canonical import canonical_bytes
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake import actions, spool
from amparo.intake.actions import Letter, Text
from amparo.intake.rules import Finding
from amparo.vault import actions as vault, queries as vault_queries
from amparo.vault.actions import Unentered
from amparo.vault.keys import CONTENT, IDENTITY, public_key

MEDIA_TYPE = "application/vnd.amparo.report+json"
TEXT_CHARACTERS = 200_000


@dataclass(frozen=True)
class Reporter:
    """Who reported, as they said it: sealed apart at once, shown by two people's leave. Empty for one who didn't say."""

    name: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)

    @property
    def lines(self) -> bytes:
        said = (("Name", self.name), ("Contact", self.contact))
        return "".join(f"{label}: {' '.join(value.split())}\r\n" for label, value in said if value.strip()).encode()


@dataclass(frozen=True)
class Statement:
    """One report with its fields (triage/stated.py says which ones triage reads; all are kept).

    channel: phone, letter, walk_in, bulk, form, api. sender: a tag for a platform or partner (models.Sender). original: the bytes
    as they came, where there are such; else the document written from the fields is the original. told_apart: where the same bytes
    of two senders are two reports, what tells them apart.
    """

    channel: str
    received_at: datetime
    subject: str
    body: str
    language: str = "unknown"
    sent_raw: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    sender: str = ""
    reporter: Reporter = field(default_factory=Reporter)
    original: bytes = b""
    media_type: str = MEDIA_TYPE
    told_apart: str = ""

    def document(self) -> bytes:
        """Its original's bytes. Without any of `reporter`."""
        return self.original or canonical_bytes(
            {
                "channel": self.channel,
                "received_at": self.received_at.isoformat(),
                "subject": self.subject,
                "text": self.body,
                "language": self.language,
                "sent": self.sent_raw,
                "fields": dict(self.fields),
            }
        )


@dataclass(frozen=True)
class Attached:
    """A file that came with a statement. name and media_type are the sender's own; neither is to be believed."""

    name: str
    media_type: str
    stream: BinaryIO = field(repr=False)


@dataclass(frozen=True)
class Sealed:
    """A statement whose original and files lie sealed on the disk, and whose rows are still to be written."""

    statement: Statement
    letter: Letter
    original: Unentered
    files: tuple[Unentered, ...]

    def entered(self, by: Actor) -> tuple[UUID, tuple[UUID, ...]]:
        """Original and files as items of the vault, within the caller's transaction."""
        items = [vault.enter_item(by, each).item for each in (self.original, *self.files)]
        return items[0], tuple(dict.fromkeys(items[1:]))


@dataclass(frozen=True)
class Taken:
    """report: its uuid; the earlier one's where the same original came before (`repeated`)."""

    arrival: UUID
    report: UUID
    repeated: bool


def seal(
    statement: Statement,
    files: Iterable[Attached] = (),
    *,
    arrival: UUID | None = None,
    identity_letter: bytes = b"",
    origin: UUID | None = None,
) -> Sealed:
    """The slow part, before any transaction. OSError where the disk refuses; what was sealed and never entered is swept.

    arrival: the id under which it was received, so that doing it again doubles nothing; else a
    new one. identity_letter: where the door sealed it already; else `reporter` is sealed here. origin: the report that the files
    belong to, where it is not this statement's own.
    """
    uuid = arrival or new_id()
    report = uuid5(uuid, "report")
    document = statement.document()
    digest = hashlib.sha256(f"{statement.told_apart}\0".encode() * bool(statement.told_apart) + document).hexdigest()
    within = vault_queries.compartment_named(CONTENT)
    name = "report.json" if statement.media_type == MEDIA_TYPE else "original"
    original = vault.seal_file(within, io.BytesIO(document), name=name, origin=uuid, media_type=statement.media_type)
    sealed = tuple(
        vault.seal_file(within, each.stream, name=each.name, origin=origin or report, media_type=each.media_type)
        for each in files
    )
    letter = Letter(
        arrival=uuid,
        channel=statement.channel,
        received_at=statement.received_at,
        digest=digest,
        size_bytes=len(document),
        header_bytes=0,
        reply_token_digest="",
        identity_letter=identity_letter or _identity(uuid, digest, statement),
        sender=statement.sender,
        report=report,
    )
    return Sealed(statement, letter, original, sealed)


def enter(by: Actor, sealed: Sealed, findings: Iterable[Finding] = ()) -> Taken:
    """The statement is a report on the queue, or the one it was before. From here on nothing of it can be lost."""
    said = sealed.statement
    text = Text(
        said.subject[:500], said.body[:TEXT_CHARACTERS], "stated", said.language, said.sent_raw[:200], said.fields
    )
    with transaction.atomic(savepoint=False):
        content, items = sealed.entered(by)
        taken = actions.take_in(by, sealed.letter, content)
        if not taken.repeated:
            actions.record_reading(by, taken.arrival, text, items, findings)
    return Taken(taken.arrival, taken.report, taken.repeated)


def _identity(arrival: UUID, digest: str, statement: Statement) -> bytes:
    if not statement.reporter.lines:
        return b""
    key = public_key(Home.from_env(), "house", IDENTITY)
    return spool.sealed_identity(arrival, "", statement.channel, digest, statement.reporter.lines, key)
