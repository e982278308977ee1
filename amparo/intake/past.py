"""The past: which earlier reports and cases name the same phone, account, room, file, coin address or IP address with its port.

Every report's identifiers stand in one indexed table. Asking for one report's links is a look-up of all its identifiers, which ends
after a few rows for each: a value that many name (a service's own address) says little, and is said to be common.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from amparo.access.acts import Actor, act
from amparo.foundation.errors import Missing
from amparo.intake.models import Report, ReportState, Trace as Row
from amparo.intake.triage.axes import in_words
from amparo.intake.triage.traces import KINDS, WEAK, Trace

COMMON = 50  # others that name a value; with more, it says little
SHOWN_OF_COMMON = 5
MOST_ASKED = 200  # identifiers of one report that are looked up, strong ones first
SAME_MOMENT = timedelta(minutes=10)  # within it, an address with its port is one line's, also behind a carrier's NAT


def digest_of(kind: str, value: str) -> bytes:
    """What is compared: 16 bytes of BLAKE2b over the kind and the whole normal form."""
    return hashlib.blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


# --- Filling --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReportTraced:
    """others: how many other reports and cases name one of these, the strong ones alone; at most a few."""

    report: UUID
    traces: int
    others: int


@act("report.traced", power="reports.examine")
def trace_report(by: Actor, report: UUID, traces: Iterable[Trace]) -> ReportTraced:
    """The report can be found by these identifiers; those that stand there already are not doubled."""
    row = Report.objects.filter(uuid=report).first()
    if not row:
        raise Missing("There is no such report.", report=str(report))
    rows = [_row(each, report=row, event_s=_second(each)) for each in traces]
    Row.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
    strong = [each.digest for each in rows if each.kind not in WEAK]
    others = Row.objects.filter(digest__in=strong[:MOST_ASKED]).exclude(report=row).values_list("report", "case")
    return ReportTraced(report, len(rows), len(set(others[:COMMON])))


def untraced(report: UUID, traces: Iterable[Trace]) -> tuple[Trace, ...]:
    """Those by which the report can't be found yet."""
    rows = Row.objects.filter(report__uuid=report).values_list("digest", "event_s")
    there = {(bytes(digest), event_s) for digest, event_s in rows}
    return tuple(each for each in traces if (digest_of(each.kind, each.value), _second(each)) not in there)


def _second(each: Trace) -> int:
    """When an address was used, in whole seconds since 1970; 0 where that is not known."""
    return int(each.at.timestamp()) if each.at else 0


@dataclass(frozen=True)
class CaseTraced:
    case: UUID
    traces: int


@act("case.traced", power="groups.import")
def trace_case(by: Actor, case: UUID, reference: str, traces: Iterable[Trace]) -> CaseTraced:
    """The case can be found by these identifiers of its people, by whoever reads a report that names one."""
    rows = [_row(each, case=case, case_reference=reference) for each in traces]
    Row.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
    return CaseTraced(case, len(rows))


def _row(each: Trace, **of: object) -> Row:
    return Row(
        digest=digest_of(each.kind, each.value),
        kind=each.kind,
        value=each.value[:200],
        stands_in=each.where,
        role=each.role[:12],
        **of,
    )


# --- Asking ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evidence:
    """What two share. words: a sentence's part such as "the same phone number +34600000001". strong: whether it alone links."""

    kind: str
    value: str
    words: str
    strong: bool


@dataclass(frozen=True)
class Other:
    """Another report, or a case, with everything it shares with the one asked about. Either report or case is there."""

    report: UUID | None
    case: UUID | None
    reference: str
    subject: str
    received_at: datetime | None
    state: str
    danger: str
    evidence: tuple[Evidence, ...]

    @property
    def strong(self) -> bool:
        return any(each.strong for each in self.evidence)


@dataclass(frozen=True)
class CommonValue:
    """A value that more than COMMON others name: it links nothing by itself, and only its newest others are looked at."""

    kind: str
    value: str


@dataclass(frozen=True)
class Past:
    """others: what shares most and strongest first, then the newest. asked: how many identifiers were looked up, of how many."""

    others: tuple[Other, ...]
    common: tuple[CommonValue, ...]
    asked: int
    traces: int


def of_report(report: UUID) -> Past:
    """What shares an identifier with this report. Raises Missing."""
    row = Report.objects.filter(uuid=report).values_list("id", flat=True).first()
    if row is None:
        raise Missing("There is no such report.", report=str(report))
    own = sorted(
        Row.objects.filter(report=row).annotate(many=RawSQL(_MANY, [row, COMMON + 1])),  # noqa: S611 - two numbers of ours
        key=lambda each: (each.kind in WEAK, each.id),
    )
    found: dict[tuple[int | None, UUID | None], list[tuple[Row, Row]]] = {}
    common = [each for each in own[:MOST_ASKED] if each.many > COMMON]
    theirs = _naming([bytes(each.digest) for each in own[:MOST_ASKED] if 0 < each.many <= COMMON], row)
    for value in common:
        digest = bytes(value.digest)
        theirs[digest] = list(_of_others(row).filter(digest=digest).order_by("-id")[:SHOWN_OF_COMMON])
    for mine in own[:MOST_ASKED]:
        for each in theirs.get(bytes(mine.digest), ()):
            found.setdefault((each.report_id, each.case), []).append((mine, each))
    values = tuple(CommonValue(each.kind, each.value) for each in common)
    known = {(each.kind, each.value) for each in values}
    return Past(_others(found, known), values, min(len(own), MOST_ASKED), len(own))


# How many others name the value of a row, as far as it matters: counting ends there, however many there are.
_MANY = """(SELECT COUNT(*) FROM (SELECT 1 FROM intake_trace AS theirs WHERE theirs.digest = intake_trace.digest
AND (theirs.report_id <> %s OR theirs.report_id IS NULL) LIMIT %s) AS few)"""


def _of_others(report: int) -> QuerySet[Row]:
    return Row.objects.filter(~Q(report=report))


def _naming(digests: Sequence[bytes], report: int) -> dict[bytes, list[Row]]:
    """Rows of others that hold one of these values, by the value, newest first."""
    found: dict[bytes, list[Row]] = {}
    for each in _of_others(report).filter(digest__in=digests).order_by("-id"):
        found.setdefault(bytes(each.digest), []).append(each)
    return found


def _others(
    found: dict[tuple[int | None, UUID | None], list[tuple[Row, Row]]], common: set[tuple[str, str]]
) -> tuple[Other, ...]:
    reports = {
        each.id: each
        for each in Report.objects.filter(id__in=[report for report, _ in found if report is not None]).only(
            "id", "uuid", "reference", "subject", "received_at", "state", "danger"
        )
    }
    others = []
    for (report, case), pairs in found.items():
        evidence = tuple(sorted((_evidence(*pair, common) for pair in pairs), key=lambda each: not each.strong))
        if report is not None:
            row = reports[report]
            others.append(
                Other(
                    row.uuid, None, row.reference or "", row.subject, row.received_at, row.state, row.danger, evidence
                )
            )
        else:
            others.append(Other(None, case, pairs[0][1].case_reference, "", None, "case", "", evidence))
    newest = sorted(others, key=lambda each: each.received_at.timestamp() if each.received_at else 0, reverse=True)
    return tuple(sorted(newest, key=lambda each: -sum(found.strong for found in each.evidence)))


def _evidence(mine: Row, theirs: Row, common: set[tuple[str, str]]) -> Evidence:
    named = f"the same {KINDS.get(mine.kind, mine.kind)} {mine.value}"
    strong = mine.kind not in WEAK and (mine.kind, mine.value) not in common
    if mine.kind == "ip_port":
        known = mine.event_s and theirs.event_s
        apart = timedelta(seconds=abs(mine.event_s - theirs.event_s)) if known else None
        strong = strong and apart is not None and apart <= SAME_MOMENT
        if apart is None:
            named += ", at a time that is not known: says little"
        elif not strong:
            named += f", {in_words(apart)} apart: says little"
        else:
            named += f", {int(apart.total_seconds())} seconds apart"
    elif mine.kind == "name":
        named += ", the service not stated in both: says little"
    elif mine.kind == "ip":
        named += ", without its port: shared by many"
    return Evidence(mine.kind, mine.value, named, strong)


# --- For ranking ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SharedBy:
    """For the axes: reports (other senders', outside the bundle), cases, and by which kinds; and whether danger is near."""

    reports: int
    cases: int
    kinds: tuple[str, ...]
    near_danger: tuple[str, ...]


def shared_by(report: UUID) -> SharedBy:
    """What strongly shares with this report outside its bundle, one a sender: nobody raises a report by writing twice."""
    past = of_report(report)
    strong = [each for each in past.others if each.strong]
    mine, bundle = Report.objects.filter(uuid=report).values_list("sender", "bundle").first() or (None, None)
    theirs = Report.objects.filter(uuid__in=[each.report for each in strong if each.report])
    theirs = theirs.exclude(state=ReportState.REPLY)
    if bundle is not None:
        theirs = theirs.exclude(bundle=bundle)
    told = {uuid: (sender, place) for uuid, sender, place in theirs.values_list("uuid", "sender", "place")}
    kinds: dict[str, None] = {}
    near: dict[str, None] = {}
    senders: set[object] = set()
    for each in strong:
        if each.report is not None:
            if each.report not in told:
                continue
            sender, place = told[each.report]
            if mine is not None and sender == mine:
                continue
            senders.add(sender or each.report)
            if place.startswith("0."):
                near.update(dict.fromkeys(found.kind for found in each.evidence if found.strong))
        kinds.update(dict.fromkeys(found.kind for found in each.evidence if found.strong))
    cases = {each.case for each in strong if each.case}
    return SharedBy(len(senders), len(cases), tuple(kinds), tuple(near))


# --- Against a whole platform -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KnownValue:
    """An identifier that a report or a case of the house names, in its normal form. Either report or case is there."""

    kind: str
    value: str
    report: UUID | None
    case: UUID | None
    reference: str


def known_values(kinds: Iterable[str], *, but_case: UUID) -> Iterator[KnownValue]:
    """Every identifier of these kinds that the house knows, but those of one case and its reports, in the order they came."""
    own_reports = Report.objects.filter(case=but_case).values("id")
    rows = Row.objects.filter(kind__in=list(kinds)).exclude(case=but_case).exclude(report__in=own_reports)
    told = rows.order_by("id").values_list(
        "kind", "value", "report__uuid", "case", "report__reference", "case_reference"
    )
    for kind, value, report, case, of_report, of_case in told.iterator(chunk_size=5000):
        yield KnownValue(kind, value, report, case, of_report or of_case)
