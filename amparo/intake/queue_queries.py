"""The queue: a piece of it by keys, its rows, its filters. What it costs depends on what is shown, never on what waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Left

from amparo.intake.models import Bundle, Ranking, Report, ReportState, WorkItem
from amparo.intake.triage import AXES, Axis, Reason
from amparo.intake.triage.signals import fold

EXCERPT_CHARACTERS = 180
SHORTEST_HEADING = 12
MOST_COUNTED = 10_000  # beyond it "more than" is said


@dataclass(frozen=True)
class QueueFilter:
    """What of the queue is asked for; empty fields filter nothing. order: "rank", "received" or "-received"."""

    state: str = ReportState.NEW
    danger: str = ""
    language: str = ""
    channel: str = ""
    search: str = ""
    work_items: bool = False
    lane: str = ""
    sender: UUID | None = None
    order: str = "rank"


@dataclass(frozen=True)
class QueueRow:
    """excerpt: how its text begins, without what its heading says already; None where there is no text.

    members: of the bundle that it stands for or belongs to; 0 without one. lifted: it belongs to one, but stands by itself.
    """

    uuid: UUID
    reference: str
    received_at: datetime
    channel: str
    subject: str
    excerpt: str | None
    language: str
    state: str
    attachments: int
    open_work_items: int
    unread: bool
    axes: dict[str, Axis]
    floor: str
    band: str
    look_by: datetime | None
    decide_by: datetime | None
    lane: str
    bundle: UUID | None
    bundle_reference: str
    members: int
    lifted: bool
    owner: UUID | None


def queue(wanted: QueueFilter) -> QuerySet[Report]:
    """The reports asked for, in order, not fetched yet: cut a piece with `piece`, or a slice, and hand it to `rows`."""
    # A report that waits for its first ranking comes first ("" before any place): nobody knows yet what it says.
    order = {
        "rank": ("place", "received_at", "id"),
        "received": ("received_at", "id"),
        "-received": ("-received_at", "-id"),
    }[wanted.order if wanted.order in ("received", "-received") else "rank"]
    # A text can be a million characters long; a row shows its beginning.
    found = _filtered(wanted).defer("text", "search_text").annotate(beginning=Left("text", EXCERPT_CHARACTERS * 3))
    return found.order_by(*order)


def _filtered(wanted: QueueFilter) -> QuerySet[Report]:
    # Replies to packages are not reports; they are here only when asked for, or when nobody knew them.
    found = (
        Report.objects.filter(state=wanted.state) if wanted.state else Report.objects.exclude(state=ReportState.REPLY)
    )
    # A search looks behind the rows too; else a bundle is one row, and a flood stands in its own lane.
    if wanted.state == ReportState.NEW and not wanted.search and not wanted.sender:
        found = found.filter(hidden=False, lane=wanted.lane)
    elif wanted.lane:
        found = found.filter(lane=wanted.lane)
    if wanted.sender:
        found = found.filter(sender__uuid=wanted.sender)
    if wanted.danger:
        found = found.filter(danger=wanted.danger)
    if wanted.language:
        found = found.filter(language=wanted.language)
    if wanted.channel:
        found = found.filter(channel=wanted.channel)
    for word in fold(wanted.search).split():
        found = found.filter(search_text__contains=word)
    if wanted.work_items:
        found = found.filter(Exists(WorkItem.objects.filter(report=OuterRef("pk"), settled_at=None)))
    return found


@dataclass(frozen=True)
class Piece:
    """after: the key by which the next piece begins; "" for the last. many: of the whole queue, to MOST_COUNTED and one more."""

    reports: tuple[Report, ...]
    after: str
    many: int


def piece(wanted: QueueFilter, after: str = "", limit: int = 25) -> Piece:
    """The next reports after that key, in order; from the beginning where it is no key. By keys and not by numbers: what was shown
    is shown no second time when others arrive meanwhile, and the thousandth piece costs what the first does.
    """
    found = queue(wanted)
    if beginning := _after(wanted.order, after):
        found = found.filter(beginning)
    reports = list(found[: limit + 1])
    following = _key(reports[limit - 1]) if len(reports) > limit else ""
    return Piece(tuple(reports[:limit]), following, _filtered(wanted).order_by()[: MOST_COUNTED + 1].count())


def _key(row: Report) -> str:
    microseconds = (row.received_at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
    return f"{row.place}~{microseconds}~{row.pk}"


def _after(order: str, key: str) -> Q | None:
    """The condition for what comes after this key; None for what is no key."""
    place, _, rest = key[:80].partition("~")
    microseconds, _, number = rest.partition("~")
    if not (_is_number(microseconds) and _is_number(number)):
        return None
    at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(microseconds))
    if order == "-received":
        return Q(received_at__lte=at) & (Q(received_at__lt=at) | Q(id__lt=int(number)))
    later = Q(received_at__gt=at) | Q(received_at=at, id__gt=int(number))
    if order == "received":
        return Q(received_at__gte=at) & later
    # The first condition alone is a range of the index; the second cuts off its beginning.
    return Q(place__gte=place) & (Q(place__gt=place) | Q(place=place) & later)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 17


def rows(reports: Iterable[Report]) -> tuple[QueueRow, ...]:
    """The rows of a piece of the queue, in its order."""
    shown = list(reports)
    waiting = WorkItem.objects.filter(report__in=[row.id for row in shown], settled_at=None)
    open_work_items = dict(waiting.order_by().values_list("report_id").annotate(Count("id")))
    current = Ranking.objects.filter(report__in=[row.id for row in shown], current=True).defer("facts")
    rankings = {each.report_id: each for each in current}
    bundles = Bundle.objects.in_bulk([row.bundle_id for row in shown if row.bundle_id])
    return tuple(
        _row(each, rankings.get(each.id), open_work_items.get(each.id, 0), bundles.get(each.bundle_id or 0))
        for each in shown
    )


def _row(row: Report, ranking: Ranking | None, open_work_items: int, bundle: Bundle | None) -> QueueRow:
    return QueueRow(
        row.uuid,
        row.reference or "",
        row.received_at,
        row.channel,
        row.subject,
        excerpt_of(row.subject, str(getattr(row, "beginning", ""))),
        row.language,
        row.state,
        row.attachments,
        open_work_items,
        row.first_read_at is None,
        axes_of(ranking.axes) if ranking else {},
        ranking.floor if ranking else "",
        row.band,
        row.look_by,
        row.decide_by,
        row.lane,
        bundle.uuid if bundle else None,
        (bundle.reference or "") if bundle else "",
        bundle.members if bundle else 0,
        bool(bundle and bundle.head_id != row.id),
        row.owner,
    )


def excerpt_of(heading: str, beginning: str) -> str | None:
    """How a text goes on after a heading that was made of its first words; all of its beginning under another heading."""
    text, head = " ".join(beginning.split()), " ".join(heading.rstrip(" …").split())
    if not text:
        return None
    if len(head) >= SHORTEST_HEADING and text.startswith(head):
        rest = text[len(head) :].lstrip(" .,;:")
        text = f"… {rest}" if rest else ""
    return text if len(text) <= EXCERPT_CHARACTERS else text[: EXCERPT_CHARACTERS - 1].rstrip() + "…"


def axes_of(stored: dict[str, Any]) -> dict[str, Axis]:
    """A ranking's axes as they were kept."""
    return {
        name: Axis(
            stored[name]["level"],
            tuple(Reason(each["code"], each["words"], tuple(each["found"])) for each in stored[name]["reasons"]),
        )
        for name in AXES
    }


@dataclass(frozen=True)
class QueueCounts:
    """How many rows of the queue there are by danger, language and channel; of each state at most MOST_COUNTED and one more."""

    states: dict[str, int]
    danger: dict[str, int]
    languages: dict[str, int]
    channels: dict[str, int]
    work_items: int


def counts() -> QueueCounts:
    """One walk along one index, however many filters there are."""
    rows_of = Report.objects.filter(state=ReportState.NEW, hidden=False, lane="").order_by()
    dangers, languages, channels = Counter[str](), Counter[str](), Counter[str]()
    for danger, language, channel, many in rows_of.values_list("danger", "language", "channel").annotate(Count("id")):
        dangers[danger] += many
        languages[language] += many
        channels[channel] += many
    states = {
        state.value: Report.objects.filter(state=state).order_by()[: MOST_COUNTED + 1].count() for state in ReportState
    }
    waiting = WorkItem.objects.filter(settled_at=None).order_by()[: MOST_COUNTED + 1].count()
    return QueueCounts(
        states, dict(dangers.most_common()), dict(languages.most_common()), dict(channels.most_common()), waiting
    )
