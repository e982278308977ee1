"""Idempotency: the same key and request are answered the same; the answer is written in the transaction of what it tells of."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError

from amparo.custody import prepared
from amparo.foundation import clock
from amparo.intake.api.keys import KeyFacts
from amparo.intake.api.problems import Problem
from amparo.intake.models import ApiAnswer

KEPT = timedelta(days=30)
LONGEST = 255
_running: set[tuple[UUID, str]] = set()
_lock = threading.Lock()


@dataclass(frozen=True)
class Said:
    """An answer. replayed: it was given before."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


@dataclass(frozen=True)
class Request:
    """What is done at most once. arrival: the same for the same key, so that a crash before the answer doubles nothing either."""

    key: KeyFacts
    idempotency: str
    digest: bytes

    @property
    def arrival(self) -> UUID:
        return uuid5(self.key.uuid, self.idempotency)

    def remember(self, status: int, body: dict[str, Any]) -> None:
        """Within the transaction of what was done."""
        prepared.write(
            ApiAnswer(
                key_id=self.key.row,
                idempotency=self.idempotency,
                digest=self.digest,
                status=status,
                answer=body,
                at=clock.now(),
            )
        )

    def earlier(self) -> Said | None:
        """What was answered before. Problem 422 where that was another request."""
        row = prepared.find(ApiAnswer, key=self.key.row, idempotency=self.idempotency)
        if row is None:
            return None
        if not hmac.compare_digest(bytes(row.digest), self.digest):
            raise Problem(422, "This Idempotency-Key was used for another request: give each its own.")
        return Said(row.status, row.answer, replayed=True)


def digest_of(method: str, path: str, body: bytes) -> bytes:
    return hashlib.sha256(f"{method} {path}\0".encode() + body).digest()


def once(request: Request, allow: Callable[[], None], do: Callable[[], Said]) -> Said:
    """The earlier answer, else what `do` answers now. allow: raises where one more isn't taken; not asked for a repetition."""
    with _alone(request):
        if found := request.earlier():
            return found
        allow()
        try:
            return do()
        except IntegrityError:  # another process of this door did it at the same time: its answer counts
            if found := request.earlier():
                return found
            raise


@contextmanager
def _alone(request: Request) -> Iterator[None]:
    mark = (request.key.uuid, request.idempotency)
    with _lock:
        if mark in _running:
            raise Problem(
                409, "The same request is still being worked on. Ask again in a second.", headers={"Retry-After": "1"}
            )
        _running.add(mark)
    try:
        yield
    finally:
        with _lock:
            _running.discard(mark)


def forget_old() -> int:
    """Answers older than they are kept are removed. How many."""
    old = ApiAnswer.objects.filter(at__lt=clock.now() - KEPT).order_by("at").values_list("id", flat=True)[:1000]
    return ApiAnswer.objects.filter(id__in=list(old)).delete()[0]
