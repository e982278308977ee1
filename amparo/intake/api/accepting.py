"""One report of a platform, whatever form it came in: sealed, in the ledger and graded for completeness. Knows no framework of the API.

    accepted = accept(home, key, submission, original)

Everything slow (sealing) is done before the one transaction in which the report stands in the ledger. When this returns, the report
is on the disk; done again under the same `arrival`, it doubles nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from amparo.foundation.home import Home
from amparo.intake.api.submission import Submission
from amparo.intake.statements import MEDIA_TYPE, Attached


@dataclass(frozen=True)
class KeyFacts:
    """Who asks, as its key says. sender: the tag of its reports (models.Sender). test: nothing that it sends reaches the queue."""

    uuid: UUID
    name: str
    sender: str
    test: bool
    scopes: frozenset[str]


@dataclass(frozen=True)
class Lack:
    """A field that a report of its kind should have and doesn't. grade: blocks, slows or would_help; pointer: where it belongs."""

    field: str
    pointer: str
    grade: str
    why: str


@dataclass(frozen=True)
class Accepted:
    """report: its uuid, by which it is asked for. reference: what officers call it ("" for a test). repeated: it was there before.

    score: 0 to 100, of the report and never of a person; blocks: the same for each of its parts that apply.
    """

    report: UUID
    reference: str
    received_at: str
    test: bool
    repeated: bool
    score: int
    blocks: dict[str, int]
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
) -> Accepted:
    """The report stands in the ledger and on the queue (a test: neither), its original sealed byte for byte.

    submission: as submission.py says; a dict is checked first (pydantic.ValidationError). original: the bytes as they came, in
    whichever form (media_type). files: those that came with it; files that were sent by `POST /files` are named in the submission's
    own `files` and join it by themselves. arrival: an id to do it again under after a crash. Raises OSError where the disk refuses.
    """
    raise NotImplementedError
