"""A sender's format that drifts: its reports lack fields that they used to have. Said aloud, instead of silent empty reports.

Compared are a platform's newest reports with those of the thirty days before them: the share of expected fields that were given,
all together and each by itself. A field that doesn't apply counts nowhere, so that other kinds of reports are no drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.ids import new_id
from amparo.intake import clocks, notices
from amparo.intake.models import ApiKey, ApiReport, Sender, SenderDrift

NEWEST = 30  # reports that are compared
BEFORE = timedelta(days=30)
MOST_BEFORE = 3_000
FEWEST = 20  # of each: fewer say nothing
FALL_PERCENT = 15  # by how many points the share of all fields falls
OFTEN_PERCENT, SELDOM_PERCENT = 80, 20  # a field by itself: from nearly always to nearly never
BACK_PERCENT = 10  # within so many points of before: it is over


@dataclass(frozen=True)
class Fall:
    """field: "" for the share of all. before, now: in percent."""

    field: str
    before_percent: int
    now_percent: int
    reports: int


Counts = dict[str, tuple[int, int]]


def counts_of(reports: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Counts:
    """field -> (given, expected), and "" for all of them together. reports: (expected, given) each."""
    found: dict[str, list[int]] = {}
    for expected, given in reports:
        had = set(given)
        for field in expected:
            for name in ("", field):
                sums = found.setdefault(name, [0, 0])
                sums[0] += field in had
                sums[1] += 1
    return {name: (given, expected) for name, (given, expected) in found.items()}


def falls(before: Counts, now: Counts, reports: int) -> tuple[Fall, ...]:
    """What fell. Pure."""
    found = []
    for name, (given, expected) in now.items():
        had, of = before.get(name, (0, 0))
        if of < FEWEST or expected < FEWEST:
            continue
        was, is_now = had * 100 // of, given * 100 // expected
        fell = was - is_now >= FALL_PERCENT if not name else was >= OFTEN_PERCENT and is_now <= SELDOM_PERCENT
        if fell:
            found.append(Fall(name, was, is_now, reports))
    return tuple(found)


def is_back(before_percent: int, now: Counts, field: str) -> bool:
    """Whether a field that was lost is there again, about as often as before."""
    given, expected = now.get(field, (0, 0))
    return expected >= FEWEST and given * 100 // expected >= before_percent - BACK_PERCENT


# --- Seen, told, over --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SenderDrifted:
    """field: "" for the share of all fields; before, now: in percent. to: who was told, None where nobody could be."""

    drift: UUID
    sender: UUID
    field: str
    before: int
    now: int
    to: UUID | None


@act("sender.drifted", power="reports.rank")
def say(by: Actor, sender: UUID, fall: Fall) -> SenderDrifted:
    """A named person is told that a sender's reports lost what they used to have; the system page says it until it is over."""
    row, to = Sender.objects.get(uuid=sender), clocks.on_duty()
    made = SenderDrift.objects.create(
        uuid=new_id(),
        sender=row,
        field=fall.field,
        before_percent=fall.before_percent,
        now_percent=fall.now_percent,
        reports=fall.reports,
        seen_at=clock.now(),
        told=to,
    )
    what = f"“{fall.field}”" if fall.field else "Expected fields"
    words = f"{what}: {fall.before_percent} % of its reports had it, now {fall.now_percent} %"
    notices.tell(to, "drift", sender=row, words=words)
    return SenderDrifted(made.uuid, sender, fall.field, fall.before_percent, fall.now_percent, to)


@dataclass(frozen=True)
class SenderDriftEnded:
    drift: UUID
    sender: UUID


@act("sender.drift_ended", power="reports.rank")
def end(by: Actor, drift: UUID) -> SenderDriftEnded:
    """The sender's reports have their fields again."""
    row = SenderDrift.objects.select_related("sender").get(uuid=drift)
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at"])
    return SenderDriftEnded(drift, row.sender.uuid)


def watch(by: Actor) -> int:
    """Every platform that reported in the last days is compared with itself. How much was said; done again, nothing more is."""
    since = clock.now() - timedelta(days=2)
    active = (
        ApiReport.objects.filter(received_at__gte=since).order_by().values_list("key__sender", flat=True).distinct()
    )
    return sum(_watch(by, sender) for sender in Sender.objects.filter(id__in=list(active)))


def _watch(by: Actor, sender: Sender) -> int:
    keys = list(ApiKey.objects.filter(sender=sender).values_list("id", flat=True))
    rows = ApiReport.objects.filter(key__in=keys).order_by("-received_at", "-id")
    newest = list(rows.values_list("expected", "given", "received_at")[:NEWEST])
    if len(newest) < FEWEST:
        return 0
    first = newest[-1][2]
    earlier = rows.filter(received_at__lt=first, received_at__gte=first - BEFORE)
    known = {each.field: each for each in SenderDrift.objects.filter(sender=sender, ended_at=None)}
    now = counts_of((expected, given) for expected, given, _ in newest)
    before = counts_of(earlier.values_list("expected", "given")[:MOST_BEFORE])
    done = 0
    for each in known.values():
        if is_back(each.before_percent, now, each.field):
            with transaction.atomic():
                end(by, each.uuid)
            done += 1
    for fall in falls(before, now, len(newest)):
        if fall.field not in known:
            with transaction.atomic():
                say(by, sender.uuid, fall)
            done += 1
    return done
