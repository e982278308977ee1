"""One report of a platform, whatever form it came in: sealed, in the ledger and graded. Knows no framework of the API.

    accepted = accept(home, key, submission, original)

Everything slow (sealing) is done before the one transaction in which the report stands in the ledger. When this returns,
the report is on the disk; done again under the same `arrival`, it doubles nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from amparo.access.acts import Actor, act
from amparo.custody import prepared
from amparo.foundation import clock
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.intake import spool, statements
from amparo.intake.api import completeness, stating, uploads
from amparo.intake.api.completeness import Completeness, Lack
from amparo.intake.api.keys import KeyFacts
from amparo.intake.api.submission import Submission
from amparo.intake.models import ApiKey, ApiReport, Report
from amparo.intake.statements import MEDIA_TYPE, Attached, Reporter, Sealed, Statement
from amparo.vault import queries as vault
from amparo.vault.keys import IDENTITY, PublicKey

__all__ = ["API", "Accepted", "KeyFacts", "Lack", "accept", "statement_of", "table_of"]

API = Actor.of_process("api")
_one_writer = threading.Lock()
NO_SUCH_FILE = "No file of this key has this identifier: send it by POST /files, and name it in a supplement."


@dataclass(frozen=True)
class Accepted:
    """report: its uuid, by which it is asked for. reference: what officers call it ("" for a test). repeated: it was there before.

    score: 0 to 100, of the report and never of a person; parts: the same for each of its parts that apply.
    """

    report: UUID
    reference: str
    received_at: datetime
    test: bool
    repeated: bool
    score: int
    parts: dict[str, int]
    missing: tuple[Lack, ...]


def accept(
    home: Home,
    key: KeyFacts,
    submission: Submission | dict[str, Any],
    original: bytes,
    files: Sequence[Attached] = (),
    *,
    media_type: str = MEDIA_TYPE,
    arrival: UUID | None = None,
    by: Actor = API,
    also: Callable[[Accepted], None] | None = None,
) -> Accepted:
    """The report stands in the ledger and on the queue (a test: neither), its original sealed byte for byte.

    submission: as submission.py says; a dict is checked first (pydantic.ValidationError). original: the bytes as they came,
    in whichever form (media_type). files: those that came with it; files that were sent by `POST /files` are named in the
    submission's own `files` and join it by themselves. arrival: an id to do it again under, after a crash. also: done in the
    same transaction. Raises OSError where the disk refuses.
    """
    said = submission if isinstance(submission, Submission) else Submission.model_validate(submission)
    graded = completeness.graded(said, table_of(home))
    if key.test or said.test:
        return _enter(by, key, said, graded, None, arrival or new_id(), also).told
    statement = statement_of(key, said, original, media_type)
    uuid = arrival or new_id()
    sealed = sealed_of(statement, files, uuid)
    with _turn():
        return _enter(by, key, said, graded, sealed, uuid, also).told


@contextmanager
def _turn() -> Iterator[None]:
    """SQLite has one writer, and those who wait for it there sleep and are not served in turn: here they are."""
    if connection.vendor != "sqlite":
        yield
        return
    with _one_writer:
        yield


def table_of(home: Home) -> completeness.Table:
    """The unit's own table of completeness, or the shipped one."""
    return completeness.table(home.path / "completeness.toml")


def statement_of(key: KeyFacts, said: Submission, original: bytes, media_type: str) -> Statement:
    """What intake is handed: the words, the fields, the original, and whoever wrote it."""
    moderator = said.moderator
    return Statement(
        channel="api",
        received_at=clock.now(),
        subject=stating.subject_of(said, key.name),
        body=stating.body_of(said),
        language=said.language[:10] or "unknown",
        sent_raw=said.sent_at.raw if said.sent_at else "",
        fields=stating.fields_of(said),
        sender=key.sender,
        reporter=Reporter(moderator.name, moderator.contact) if moderator else Reporter(),
        original=original,
        media_type=media_type,
        told_apart=key.sender,
    )


def sealed_of(statement: Statement, files: Sequence[Attached], arrival: UUID) -> Sealed:
    """As `statements.seal`, with its author's name sealed to the key that the house's vault tells: no key file is read here."""
    letter = _identity_letter(arrival, statement)
    return statements.seal(replace(statement, reporter=Reporter()), files, arrival=arrival, identity_letter=letter)


def _identity_letter(arrival: UUID, statement: Statement) -> bytes:
    lines = statement.reporter.lines
    if not lines:
        return b""
    identity = vault.compartment_named(IDENTITY)
    public = PublicKey(IDENTITY, identity.uuid, identity.public_key)
    return spool.sealed_identity(arrival, "", statement.channel, "", lines, public)


@dataclass(frozen=True)
class ReportAccepted:
    """score, lacks: how complete it is, 0 to 100, and how many fields it lacks."""

    report: UUID
    key: UUID
    test: bool
    repeated: bool
    score: int
    lacks: int


@dataclass(frozen=True)
class _Entered:
    told: Accepted


def _enter(
    by: Actor,
    key: KeyFacts,
    said: Submission,
    graded: Completeness,
    sealed: Sealed | None,
    uuid: UUID,
    also: Callable[[Accepted], None] | None,
) -> _Entered:
    with transaction.atomic():
        repeated = False
        if sealed is not None:
            taken = statements.enter(by, sealed)
            uuid, repeated = taken.report, taken.repeated
        # A test's may be there already; of others the ledger has said so.
        known = repeated or sealed is None
        row = ApiReport.objects.select_related("report").filter(uuid=uuid).first() if known else None
        if row is None:
            row = prepared.write(_row(key, said, graded, sealed, uuid))
        else:
            repeated = True
        unknown = uploads.join(by, key, row, [each.upload for each in said.files])
        missing = tuple(Lack("file", f"/files/{number}/upload", "blocks", NO_SUCH_FILE) for number in unknown)
        reference = (row.report.reference or "") if row.report else ""
        told = Accepted(
            uuid, reference, row.received_at, sealed is None, repeated,
            graded.score, dict(graded.parts), (*missing, *graded.missing),
        )  # fmt: skip
        _record(by, told, key)
        if also:
            also(told)
    return _Entered(told)


@act("report.accepted", power="arrivals.take", savepoint=False)
def _record(by: Actor, told: Accepted, key: KeyFacts) -> ReportAccepted:
    """A platform's report stands in the ledger, and the platform is told what it lacks; a test is only checked."""
    return ReportAccepted(told.report, key.uuid, told.test, told.repeated, told.score, len(told.missing))


def _row(key: KeyFacts, said: Submission, graded: Completeness, sealed: Sealed | None, uuid: UUID) -> ApiReport:
    return ApiReport(
        uuid=uuid,
        key_id=key.row or ApiKey.objects.get(uuid=key.uuid).pk,
        report=prepared.find(Report, "uuid", "reference", uuid=uuid) if sealed else None,
        own_reference=said.reference,
        received_at=sealed.statement.received_at if sealed else clock.now(),
        score=graded.score,
        parts=dict(graded.parts),
        missing=[[each.field, each.pointer, each.grade] for each in graded.missing],
        expected=list(graded.expected),
        given=list(graded.given),
    )
