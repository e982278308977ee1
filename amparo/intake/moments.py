"""Times and addresses of a report: as they were written, as they were read, and settled by a person where they are doubtful."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from amparo.access import queries as access
from amparo.access.acts import Actor, act
from amparo.foundation import clock
from amparo.foundation.errors import Missing, Refused
from amparo.foundation.home import Home
from amparo.foundation.times import Moment
from amparo.intake.models import IpEvent, Report, StatedTime
from amparo.intake.triage import identifiers
from amparo.intake.triage.networks import Networks, Table, read_table, said_of
from amparo.intake.triage.stated import Stated
from amparo.intake.triage.times import DOUBTS, HARMLESS, TimeReading, read_time
from amparo.intake.triage.traces import Trace
from amparo.intake.triage.zones import zone_of

SENT = "sent"
MOST = 200  # times of one report


# --- Filling --------------------------------------------------------------------------------------------------------------------


def note(report: UUID, stated: Stated, sent_raw: str) -> None:
    """The report's times and addresses stand in the tables; those there already are left as they are, settled or not. No act."""
    row = Report.objects.get(uuid=report)
    if sent_raw.strip():
        _time(row, SENT, sent_raw, "")
    for each in stated.times[:MOST]:
        _time(row, each.name or "time", each.raw, each.zone)
    for event in stated.ip_events[:MOST]:
        address = identifiers.ip(event.address)
        if address:
            time = _time(row, f"ip {address}", event.raw, event.zone) if event.raw else None
            facts = {"report": row, "address": address, "port": event.port, "time": time}
            IpEvent.objects.get_or_create(**facts, defaults={"kind": event.kind})


def _time(row: Report, name: str, raw: str, zone: str) -> StatedTime:
    reading = read_time(raw, zone)
    moment = reading.moment
    return StatedTime.objects.get_or_create(
        report=row,
        name=name[:60],
        raw=raw[:200],
        defaults={
            "zone_stated": zone[:60],
            "utc": moment.utc,
            "zone": moment.zone[:60],
            "assumed_by": moment.assumed_by,
            "precision": reading.precision,
            "doubts": list(reading.doubts),
        },
    )[0]


def timed_traces(report: UUID) -> tuple[Trace, ...]:
    """The addresses with their ports and certain times, as traces: two at one moment lead to one line."""
    rows = IpEvent.objects.filter(report__uuid=report, time__utc__isnull=False).exclude(port=0).select_related("time")
    return tuple(
        Trace("ip_port", _with_port(row.address, row.port), row.address, "field", at=row.time.utc if row.time else None)
        for row in rows
    )


def _with_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


# --- Settled by a person --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TimeSettled:
    time: UUID
    report: UUID
    utc: datetime


@act("time.settled", power="reports.triage")
def settle(by: Actor, time: UUID, zone: str, utc: datetime | None, words: str) -> TimeSettled:
    """The time is this moment, by this officer and for this reason. zone: what its clock shows; utc: which of its candidates.

    The moment must be one that what was written can mean: a person settles a doubt, and never writes a time.
    """
    row = StatedTime.objects.select_related("report").filter(uuid=time).first()
    if not row:
        raise Missing("There is no such time.", time=str(time))
    if by.uuid is None:
        raise Refused("Only a person settles a time.", time=str(time))
    if not words.strip():
        raise Refused("Say what settles it: who stated the zone, or what else shows it.", time=str(time))
    if zone.strip():
        try:
            zone_of(zone.strip())
        except ValueError as error:
            raise Refused(str(error), time=str(time)) from error
    reading = read_time(row.raw, zone.strip() or row.zone_stated, zone_wins=bool(zone.strip()))
    chosen = _chosen(reading, utc)
    row.utc, row.zone, row.assumed_by = chosen, (reading.zone or zone.strip())[:60], access.officer(by.uuid).name[:120]
    row.settled_by, row.settled_at, row.settled_text = by.uuid, clock.now(), words.strip()
    row.save()
    return TimeSettled(row.uuid, row.report.uuid, chosen)


def _chosen(reading: TimeReading, utc: datetime | None) -> datetime:
    moments = [each.utc for each in reading.candidates]
    if not moments:
        raise Refused("State its zone first." if reading.wall else "Nobody can tell from this what moment it was.")
    if utc is None and len(moments) == 1:
        return moments[0]
    if utc not in moments:
        raise Refused("Choose one of the moments that it can be.")
    return utc


# --- Reading --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TimeFacts:
    """candidates: (moment, what would have to be so). blocking: the doubts for which it can't be used in an order."""

    uuid: UUID
    name: str
    moment: Moment
    precision: str
    doubts: tuple[str, ...]
    blocking: tuple[str, ...]
    candidates: tuple[tuple[datetime, str], ...]
    settled_by: UUID | None
    settled_at: datetime | None
    settled_text: str

    @property
    def settled(self) -> bool:
        return self.moment.utc is not None


@dataclass(frozen=True)
class EventFacts:
    """warnings: what must be known before anybody acts on it. missing: why it can't be used in an order yet."""

    uuid: UUID
    address: str
    port: int
    kind: str
    time: TimeFacts | None
    warnings: tuple[str, ...]
    missing: tuple[str, ...]
    leads: bool


def times(report: UUID) -> tuple[TimeFacts, ...]:
    return tuple(_time_facts(row) for row in StatedTime.objects.filter(report__uuid=report))


def events(report: UUID) -> tuple[EventFacts, ...]:
    rows = IpEvent.objects.filter(report__uuid=report).select_related("time")
    return _event_facts(rows)


def _time_facts(row: StatedTime) -> TimeFacts:
    settled = row.utc is not None
    doubts = tuple(str(each) for each in row.doubts)
    candidates = (
        () if settled else tuple((each.utc, each.words) for each in read_time(row.raw, row.zone_stated).candidates)
    )
    return TimeFacts(
        row.uuid,
        row.name,
        Moment(row.raw, row.utc, row.zone, row.assumed_by),
        row.precision,
        tuple(DOUBTS.get(each, each) for each in doubts),
        () if settled else tuple(DOUBTS.get(each, each) for each in doubts if each not in HARMLESS),
        candidates,
        row.settled_by,
        row.settled_at,
        row.settled_text,
    )


def _event_facts(rows: Iterable[IpEvent]) -> tuple[EventFacts, ...]:
    networks = the_networks().networks
    return tuple(_event(row, networks) for row in rows)


def _event(row: IpEvent, networks: Networks) -> EventFacts:
    time = _time_facts(row.time) if row.time else None
    said = said_of(row.address, networks)
    return EventFacts(
        row.uuid,
        row.address,
        row.port,
        row.kind,
        time,
        said.warnings,
        tuple(_missing(row.port, time, said.leads)),
        said.leads,
    )


def _missing(port: int, time: TimeFacts | None, leads: bool) -> list[str]:
    found = []
    if not leads:
        found.append("The address leads to no line.")
    if not port:
        found.append("The port is missing: behind a carrier's NAT thousands share one address.")
    if time is None:
        found.append("The time is missing.")
    elif not time.settled:
        found.append(f"Its time is not settled: {'; '.join(time.blocking) or 'it can mean several moments'}.")
    elif time.precision != "second":
        found.append("The second is missing from its time: a port is given to another within it.")
    return found


def the_networks() -> Table:
    """The house's table of ranges, read again when its file changes; without a file, what the standards reserve."""
    path = Home.from_env().path / "networks.csv"
    try:
        stat = path.stat()
    except OSError:
        return _table("", 0, 0)
    return _table(str(path), stat.st_mtime_ns, stat.st_size)


@lru_cache(2)
def _table(path: str, changed_ns: int, size_bytes: int) -> Table:
    if not path:
        return Table(Networks(), ())
    with open(path, encoding="utf-8", errors="replace") as file:
        return read_table(file.read())
