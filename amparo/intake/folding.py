"""Folding: reports that tell of the same stand in the queue as one row, each link with its reason, nothing deleted, undone whole.

A report joins by looking up what it shares (`FoldKey`): a few rows, however large the bundle is; its members are never gone
through. One of them, the head, stands for all: whichever stands highest by the rule. A member that has a floor and names something
that the bundle did not know is lifted out: it stands by itself too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet

from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.intake import past, rules, rulings, senders
from amparo.intake.models import Bundle, BundleLink, BundleTrace, FoldKey, Ranking, Report, ReportState, WorkItem
from amparo.intake.triage import Rule
from amparo.intake.triage.folds import LADDER, NOT_OF_ONE_SENDER, Key, still_open
from amparo.intake.triage.traces import WEAK, Trace

MOST_COMPARED = 100  # of a member's identifiers, with what its bundle knows


@dataclass(frozen=True)
class Match:
    """Another report with which this one shares a key, the strongest that still folds."""

    key: Key
    holder: int


def match(report: UUID, keys: Sequence[Key], rule: Rule) -> Match | None:
    """What this report is folded by, if anything; from now on others are folded by its keys. Call it within a transaction.

    No act: an index learns what the report holds, and nothing is decided.
    """
    row = _report(report)
    digests = {past.digest_of(f"fold:{key.kind}", key.value): key for key in keys}
    # Put first and read afterwards, in one order: of two workers with the same key one waits, and sees the other's.
    FoldKey.objects.bulk_create(
        [
            FoldKey(digest=digest, kind=key.kind, report=row, bundle=row.bundle, last_at=row.received_at)
            for digest, key in sorted(digests.items())
        ],
        ignore_conflicts=True,
        batch_size=200,
    )
    held = list(FoldKey.objects.select_for_update().filter(digest__in=list(digests)).order_by("digest"))
    if row.bundle_id is not None or row.stands_alone:
        return None
    order = list(LADDER)
    for held_key in sorted(held, key=lambda each: order.index(each.kind)):
        if _folds(held_key, row, rule):
            return Match(digests[bytes(held_key.digest)], held_key.id)
    return None


def _folds(key: FoldKey, row: Report, rule: Rule) -> bool:
    theirs = key.report
    if key.report_id == row.id or key.apart or theirs.state == ReportState.REPLY:
        return False
    if key.bundle_id is None and theirs.stands_alone:
        return False
    one_sender = row.sender is not None and row.sender_id == theirs.sender_id and row.sender.kind == "mail"
    if one_sender and key.kind in NOT_OF_ONE_SENDER:
        return False
    return still_open(key.kind, key.last_at, row.received_at, rule.fold)


@dataclass(frozen=True)
class ReportFolded:
    """kind: what of the ladder they share. other: the report that had it first. hidden: another stands for this one."""

    report: UUID
    bundle: UUID
    kind: str
    other: UUID
    hidden: bool


@act("report.folded", power="reports.rank")
def fold(by: Actor, report: UUID, found: Match, traces: Iterable[Trace] = ()) -> ReportFolded:
    """The report belongs to the bundle of what it shares. traces: what it names, by which the bundle learns whether that is new."""
    row = _report(report)
    key = FoldKey.objects.select_related("report", "bundle").get(id=found.holder)
    theirs = key.report
    bundle = key.bundle or theirs.bundle or _begin(theirs)
    more = _learn(bundle, traces)
    BundleLink.objects.create(
        bundle=bundle,
        report=row,
        other=theirs,
        kind=key.kind,
        words=found.key.evidence[:200],
        says_more=more,
        joined_at=clock.now(),
    )
    Bundle.objects.filter(id=bundle.id).update(members=F("members") + 1)
    row.bundle = bundle
    row.save(update_fields=["bundle"])
    if row.sender_id is not None:
        senders.add(row.sender_id, row.received_at.date(), folded=1)
    FoldKey.objects.filter(report=row, bundle=None, apart=False).update(bundle=bundle)
    FoldKey.objects.filter(id=key.id).update(bundle=bundle)
    FoldKey.objects.filter(id=key.id, last_at__lt=row.received_at).update(last_at=row.received_at)
    stand(row)
    row.refresh_from_db(fields=["hidden"])
    return ReportFolded(report, bundle.uuid, key.kind, theirs.uuid, row.hidden)


def _begin(first: Report) -> Bundle:
    """A bundle of this one report, which stands for it."""
    bundle = Bundle.objects.create(made_at=clock.now(), members=1, head=first)
    bundle.reference = f"B-{bundle.made_at:%Y}-{bundle.pk:06d}"
    bundle.save(update_fields=["reference"])
    BundleLink.objects.create(bundle=bundle, report=first, kind="first", words="the first", joined_at=clock.now())
    Report.objects.filter(id=first.id).update(bundle=bundle)
    FoldKey.objects.filter(report=first, bundle=None, apart=False).update(bundle=bundle)
    known = first.traces.exclude(kind__in=WEAK).values_list("digest", "kind")[:MOST_COMPARED]
    BundleTrace.objects.bulk_create(
        [BundleTrace(bundle=bundle, digest=digest, kind=kind) for digest, kind in known], ignore_conflicts=True
    )
    return bundle


def _learn(bundle: Bundle, traces: Iterable[Trace]) -> bool:
    """Whether any of these was new to the bundle; it knows all of them from now on."""
    named = {past.digest_of(each.kind, each.value): each.kind for each in traces if each.kind not in WEAK}
    asked = dict(list(named.items())[:MOST_COMPARED])
    known = {bytes(each) for each in bundle.traces.filter(digest__in=list(asked)).values_list("digest", flat=True)}
    new = [BundleTrace(bundle=bundle, digest=each, kind=kind) for each, kind in asked.items() if each not in known]
    BundleTrace.objects.bulk_create(new, ignore_conflicts=True)
    return bool(new)


# --- Who stands for a bundle ------------------------------------------------------------------------------------------------


def stand(row: Report) -> None:
    """After its place has changed: the report stands for its bundle, or behind the one that does. Two rows are looked at."""
    if row.bundle_id is None or row.state != ReportState.NEW or row.stands_alone:
        return
    bundle = Bundle.objects.select_for_update().get(id=row.bundle_id)
    head = Report.objects.filter(id=bundle.head_id or 0, state=ReportState.NEW).first()
    if head is None or head.id == row.id:
        _put_first(bundle, _best(bundle) or row)
    elif _order(row) < _order(head):
        _put_first(bundle, row)
    else:
        _stand_behind(bundle, row)


def _order(row: Report) -> tuple[bool, str, object, int]:
    """As the queue orders them; one that waits for its first ranking stands for nobody."""
    return (row.place == "", row.place, row.received_at, row.id)


def _best(bundle: Bundle) -> Report | None:
    """Of those that wait, whichever stands highest: the first row of an index."""
    waiting = bundle.reports.filter(state=ReportState.NEW, stands_alone=False).exclude(place="")
    return waiting.order_by("place", "received_at", "id").first()


def _put_first(bundle: Bundle, head: Report) -> None:
    former = bundle.head_id
    Bundle.objects.filter(id=bundle.id).update(head=head)
    bundle.head = head
    _show(head)
    if former is not None and former != head.id:
        before = Report.objects.filter(id=former, state=ReportState.NEW, stands_alone=False).first()
        if before is not None:
            _stand_behind(bundle, before)


def _stand_behind(bundle: Bundle, row: Report) -> None:
    """Hidden; unless it has a floor and says more than the bundle knew: then it is lifted out, so many of a bundle at most."""
    link = BundleLink.objects.filter(report=row, left_at=None).first()
    if link and row.place.startswith("0.") and link.says_more:
        if not link.lifted and bundle.lifted < rulings.current().fold.lifted_at_most:
            BundleLink.objects.filter(id=link.id).update(lifted=True)
            Bundle.objects.filter(id=bundle.id).update(lifted=F("lifted") + 1)
            link.lifted = True
        if link.lifted:
            _show(row)
            return
    if not row.hidden:
        Report.objects.filter(id=row.id).update(hidden=True)
        Ranking.objects.filter(report=row, current=True).update(changes_at=None)
        row.hidden = True


def _show(row: Report) -> None:
    """It stands in the queue; what was hidden has a clock again."""
    if row.hidden:
        Report.objects.filter(id=row.id).update(hidden=False)
        Ranking.objects.filter(report=row, current=True).update(changes_at=clock.now())
        row.hidden = False


# --- A bundle is decided with its head ----------------------------------------------------------------------------------------


def behind(row: Report) -> QuerySet[Report]:
    """The reports that this one stands for; none while it is hidden itself or no bundle's head. Those with open work items stay."""
    if row.bundle_id is None or row.hidden or not Bundle.objects.filter(id=row.bundle_id, head=row).exists():
        return Report.objects.none()
    unread = WorkItem.objects.filter(report=OuterRef("pk"), settled_at=None)
    return Report.objects.filter(bundle=row.bundle_id, state=ReportState.NEW, hidden=True).exclude(Exists(unread))


def after_leaving(row: Report) -> None:
    """The report no longer waits: of its bundle, the next one stands for those that still do."""
    if row.bundle_id is None:
        return
    bundle = Bundle.objects.select_for_update().get(id=row.bundle_id)
    if bundle.head_id == row.id and (best := _best(bundle)):
        _put_first(bundle, best)


# --- Undone -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BundleUnfolded:
    bundle: UUID
    reports: int
    reason: str


@act("bundle.unfolded", power="reports.triage")
def unfold(by: Actor, bundle: UUID, reason: str, words: str = "") -> BundleUnfolded:
    """Every report of the bundle stands by itself again; what had folded them folds nothing any more."""
    row = _bundle(bundle)
    obstacles = rules.obstacles_to_reason(reason, words, rules.UNFOLDING)
    if row.unfolded_at:
        obstacles = ("This bundle was unfolded before.",)
    if obstacles:
        raise Refused(*obstacles, bundle=str(bundle))
    at = clock.now()
    reports = Report.objects.filter(bundle=row)
    Ranking.objects.filter(report__in=reports.filter(state=ReportState.NEW), current=True).update(changes_at=at)
    count = reports.update(bundle=None, hidden=False)
    row.links.filter(left_at=None).update(left_at=at, left_by=by.uuid)
    row.keys.update(bundle=None, apart=True)
    row.head, row.members, row.unfolded_at, row.unfolded_by = None, 0, at, by.uuid
    row.unfolded_text = f"{rules.UNFOLDING[reason]}{': ' if words.strip() else ''}{words.strip()}"
    row.save()
    return BundleUnfolded(bundle, count, reason)


@dataclass(frozen=True)
class ReportTakenOut:
    report: UUID
    bundle: UUID
    reason: str


@act("report.taken_out", power="reports.triage")
def take_out(by: Actor, report: UUID, reason: str, words: str = "") -> ReportTakenOut:
    """This report stands by itself from now on; the rest of its bundle stays folded."""
    row = _report(report)
    obstacles = rules.obstacles_to_reason(reason, words, rules.UNFOLDING)
    if row.bundle is None:
        obstacles = ("This report belongs to no bundle.",)
    if obstacles or row.bundle is None:
        raise Refused(*obstacles, report=str(report))
    bundle = row.bundle
    BundleLink.objects.filter(report=row, left_at=None).update(left_at=clock.now(), left_by=by.uuid)
    Bundle.objects.filter(id=bundle.id).update(members=F("members") - 1)
    row.bundle, row.stands_alone = None, True
    _show(row)
    row.save(update_fields=["bundle", "stands_alone"])
    bundle.refresh_from_db()
    if bundle.head_id == row.id:
        Bundle.objects.filter(id=bundle.id).update(head=None)
        bundle.head = None
        if best := _best(bundle):
            _put_first(bundle, best)
    return ReportTakenOut(report, bundle.uuid, reason)


def _report(uuid: UUID) -> Report:
    row = Report.objects.select_related("bundle", "sender").filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such report.", report=str(uuid))
    return row


def _bundle(uuid: UUID) -> Bundle:
    row = Bundle.objects.select_for_update().filter(uuid=uuid).first()
    if not row:
        raise Missing("There is no such bundle.", bundle=str(uuid))
    return row
