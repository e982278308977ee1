"""Months of drawing by lot: each has a secret seed, bound by the record at its beginning and told by it at its end."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import IntegrityError, transaction

from amparo.access.acts import Actor, act
from amparo.custody import prepared
from amparo.foundation import clock
from amparo.intake.models import Month
from amparo.intake.triage.draws import commitment

WORKER = Actor.of_process("worker")
# Reports of a month are drawn from while they may still be closed or left low; the seed is told when that is over.
TOLD_AFTER = timedelta(days=62)


@dataclass(frozen=True)
class MonthBegun:
    """commitment: SHA-256 of the seed, in hex."""

    month: str
    commitment: str


@act("month.begun", power="reports.rank")
def _begin(by: Actor, month: date, seed: bytes) -> MonthBegun:
    """The month has a seed that nobody can choose or change any more."""
    Month.objects.create(month=month, seed=seed, begun_at=clock.now())
    return MonthBegun(f"{month:%Y-%m}", commitment(seed))


@dataclass(frozen=True)
class MonthTold:
    month: str
    seed: str


@act("month.told", power="reports.rank")
def _tell(by: Actor, month: date) -> MonthTold:
    """The seed stands in the record: everybody can check which of the month's reports were drawn."""
    row = Month.objects.get(month=month)
    Month.objects.filter(id=row.id).update(told_at=clock.now())
    return MonthTold(f"{month:%Y-%m}", bytes(row.seed).hex())


def seed(at: datetime) -> bytes:
    """The seed of the month (UTC) in which `at` lies, begun where it hasn't been."""
    month = at.astimezone(UTC).date().replace(day=1)
    if found := prepared.find(Month, month=month):
        return bytes(found.seed)
    # Of two workers that begin it at once one does; the other's act is undone with its row.
    with contextlib.suppress(IntegrityError), transaction.atomic():
        _begin(WORKER, month, secrets.token_bytes(32))
    return bytes(Month.objects.get(month=month).seed)


def tell_ended(at: datetime) -> int:
    """How many months' seeds were told just now: a duty of the worker."""
    due = Month.objects.filter(told_at=None, month__lte=(at - TOLD_AFTER).date().replace(day=1))
    ended = [each for each in due.values_list("month", flat=True) if _end(each) + TOLD_AFTER <= at]
    for month in ended:
        _tell(WORKER, month)
    return len(ended)


def _end(month: date) -> datetime:
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    return datetime(following.year, following.month, 1, tzinfo=UTC)
