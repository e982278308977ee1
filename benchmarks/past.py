"""What shares an identifier with a report, among a million reports: one answer, beside what one would ask instead.

    .venv/bin/python -m benchmarks.past [--database sqlite|postgres] [--reports 1000000] [--asked 500]

Fills a house of its own with reports that name accounts, phones, rooms, files and IP addresses with port and time; few of a kind
are named often, as in life, and one address stands in every twentieth report. Asks for the past of reports drawn at random, of
those that name the most common value, and of one that names two hundred values; and for what an arrival costs: its identifiers
written and its past asked once more for its rank. Beside it, for the same reports: the self-join of the same indexed table
without our limits, and the identifiers looked for in the reports' text, as a search field does. Times are wall milliseconds of
this process, which is what an officer waits for; on PostgreSQL its server computes beside it. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from benchmarks.houses import analysed, empty_house
from benchmarks.reports import NOON

BATCH = 5_000
VALUES = 200  # of the report that names many
SEARCHED = 5  # reports for which the text is searched: each reads the whole table


def main() -> int:
    asked = _arguments()
    with empty_house(asked.database) as folder:
        begun = time.monotonic()
        _fill(asked.reports)
        analysed()
        found: dict[str, Any] = {"benchmark": "past", "database": asked.database, "reports": asked.reports}
        found |= {"filled_s": round(time.monotonic() - begun), "bytes_on_disk": _bytes_on_disk(folder)}
        found |= _measured(asked)
    found |= {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "python": platform.python_version()}
    for name, value in found.items():
        print(f"  {name:<44} {value}")
    print(json.dumps(found))
    return 0 if found["found_as_the_join_finds"] else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The past of a report among many.")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres (a server of its own) or a URL")
    parser.add_argument("--reports", type=int, default=1_000_000)
    parser.add_argument("--asked", type=int, default=500)
    return parser.parse_args()


def _named(draw: random.Random, number: int, reports: int) -> list[Any]:
    """What a report names: two accounts, a room, perhaps a phone, a file, an address in use, and in every twentieth the same."""
    from amparo.intake.triage.traces import Trace

    def one(kind: str, form: str, of: float) -> Trace:
        # The square of an even draw: half of all mentions fall on a quarter of the values.
        value = form.format(int(draw.random() ** 2 * reports * of))
        return Trace(kind, value, value)

    found = [one("handle", "live:user{}", 0.5), one("handle", "chat:name{}", 0.5), one("room", "live:room{}", 0.05)]
    if draw.random() < 0.3:
        found.append(one("phone", "+34600{:07d}", 0.3))
    if draw.random() < 0.4:
        found.append(one("hash", "sha256:{:064x}", 0.2))
    address = f"192.0.2.{draw.randrange(256)}:{50_000 + draw.randrange(10_000)}"
    at = NOON - timedelta(seconds=draw.randrange(30 * 86_400))
    found.append(Trace("ip_port", address, address, at=at))
    if number % 20 == 0:
        found.append(Trace("address", "https://live.example", "https://live.example"))
    return list({(each.kind, each.value): each for each in found}.values())


def _fill(reports: int) -> None:
    """Reports and their traces; the last report names VALUES of others' values.

    The first BATCH reports are written by the house's own models, all others copied from them by the database, for speed: their
    identifiers, which alone count here, are their own.
    """
    begun = _batch(min(BATCH, reports))
    while begun < reports:
        _copied(begun, many := min(BATCH, reports - begun))
        begun += many
        print(f"\r{begun:,} of {reports:,} reports", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    _numbered_on()
    draw = random.Random(5)
    for begun in range(0, reports, BATCH):
        rows = range(begun + 1, min(begun + BATCH, reports) + 1)
        _traced({row: _named(draw, row, reports) for row in rows})
        print(f"\ridentifiers of {rows[-1]:,} of {reports:,} reports", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    _batch(1, reports)
    lots = (each for _ in range(80) for each in _named(draw, 1, reports))
    _traced({reports + 1: list({each.value: each for each in lots}.values())[:VALUES]})


def _batch(many: int, begun: int = 0) -> int:
    from amparo.foundation.ids import new_id
    from amparo.intake.models import Arrival, Report

    arrivals = Arrival.objects.bulk_create(
        Arrival(
            uuid=new_id(), channel="mail", received_at=NOON, taken_in_at=NOON, state="report", report_uuid=new_id(),
            size_bytes=0,
        )
        for _ in range(many)
    )  # fmt: skip
    draw = random.Random(4)
    texts = [" ".join(each.value for each in _named(draw, number, BATCH)) for number in range(many)]
    Report.objects.bulk_create(
        Report(
            uuid=arrival.report_uuid, reference=f"R-2026-{begun + number:07d}", arrival=arrival, received_at=NOON,
            channel="mail", subject="Item shared", text=text, search_text=text, language="en", state="new",
        )
        for number, (arrival, text) in enumerate(zip(arrivals, texts, strict=True))
    )  # fmt: skip
    return many


def _copied(begun: int, many: int) -> None:
    """Arrivals and reports begun + 1 to begun + many: the first ones again, with ids, uuids and references of their own."""
    from django.db import connection

    from amparo.intake.models import Arrival, Report

    uuid = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    own = {"id": f"id + {begun}", "uuid": uuid, "report_uuid": uuid, "arrival_id": f"arrival_id + {begun}",
           "reference": f"'R-2027-' || (id + {begun})"}  # fmt: skip
    with connection.cursor() as cursor:
        for model in (Arrival, Report):
            columns = [each.column for each in model._meta.local_concrete_fields]  # noqa: SLF001
            names = ", ".join(f'"{each}"' for each in columns)
            values = ", ".join(own.get(each, f'"{each}"') for each in columns)
            table = model._meta.db_table  # noqa: SLF001
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id <= {many}")


def _numbered_on() -> None:
    """PostgreSQL goes on counting behind what was copied; SQLite does so by itself."""
    from django.core.management.color import no_style
    from django.db import connection

    from amparo.intake.models import Arrival, Report

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Arrival, Report]):
            cursor.execute(statement)


def _traced(named: dict[int, list[Any]]) -> None:
    """Their rows in the table of traces, by the report's row."""
    from django.db import connection, transaction

    from amparo.intake import past

    rows = [
        (past.digest_of(each.kind, each.value), each.kind, each.value, row, "", "text", "", past._second(each))  # noqa: SLF001
        for row, values in named.items()
        for each in values
    ]
    statement = (
        "INSERT INTO intake_trace (digest, kind, value, report_id, case_reference, stands_in, role, event_s) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def _measured(asked: argparse.Namespace) -> dict[str, Any]:
    from amparo.intake import past
    from amparo.intake.models import Report, Trace as Row

    draw = random.Random(6)
    rows = draw.sample(range(1, asked.reports), asked.asked)
    drawn = list(Report.objects.filter(id__in=rows).values_list("id", "uuid"))
    often = Report.objects.filter(traces__kind="address").order_by("id").values_list("uuid", flat=True)[: asked.asked]
    many = Report.objects.order_by("-id").values_list("uuid", flat=True)[0]
    for _, uuid in drawn[:20]:
        past.of_report(uuid)
    found = _times("past", (lambda uuid=uuid: past.of_report(uuid) for _, uuid in drawn))
    found |= _times("of_a_common_value", (lambda uuid=uuid: past.of_report(uuid) for uuid in often))
    found |= _times("of_two_hundred_values", (lambda: past.of_report(many) for _ in range(20)))
    found["values_of_that"] = Row.objects.filter(report__uuid=many).count()
    found |= _times("arrival", (_arriving(number, asked.reports) for number in range(asked.asked)))
    found |= _times("self_join", (lambda row=row: _joined(row) for row, _ in drawn))
    found |= _times("text_search", (lambda row=row: _searched(row) for row, _ in drawn[:SEARCHED]))
    found["ratio_self_join_to_past"] = round(found["self_join_p50_ms"] / found["past_p50_ms"], 1)
    found["ratio_text_search_to_past"] = round(found["text_search_p50_ms"] / found["past_p50_ms"])
    found["found_as_the_join_finds"] = all(_agrees(row, uuid) for row, uuid in drawn[:100])
    return found


def _times(name: str, asks: Iterable[Callable[[], object]]) -> dict[str, float]:
    waits = []
    for ask in asks:
        begun = time.perf_counter()
        ask()
        waits.append((time.perf_counter() - begun) * 1000)
    waits.sort()
    return {
        f"{name}_p50_ms": round(statistics.median(waits), 2),
        f"{name}_p99_ms": round(waits[min(len(waits) - 1, int(len(waits) * 0.99))], 2),
        f"{name}_max_ms": round(waits[-1], 2),
    }


def _arriving(number: int, reports: int) -> Callable[[], object]:
    """A report arrives: made outside the measured time, its identifiers written and its past asked within it."""
    from amparo.access.acts import Actor
    from amparo.foundation.clock import now
    from amparo.foundation.ids import new_id
    from amparo.intake import actions, past
    from amparo.intake.actions import Letter, Text

    worker = Actor.of_process("worker")
    taken = actions.take_in(worker, Letter(new_id(), "mail", now(), None, 7000, 0, "", b""), None)
    actions.record_reading(worker, taken.arrival, Text("Item", "text", "plain", "en"), (), ())
    named = _named(random.Random(1_000_000 + number), number, reports)

    def arrive() -> None:
        past.trace_report(worker, taken.report, named)
        past.shared_by(taken.report)

    return arrive


_JOIN = """SELECT theirs.report_id, theirs."case", COUNT(*) FROM intake_trace mine
JOIN intake_trace theirs ON theirs.digest = mine.digest AND theirs.id <> mine.id
WHERE mine.report_id = %s GROUP BY theirs.report_id, theirs."case" """


def _joined(row: int) -> Sequence[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_JOIN, [row])
        return cursor.fetchall()


def _searched(row: int) -> set[int]:
    """The reports whose text holds one of the values, found by reading it."""
    from amparo.intake.models import Report, Trace as Row

    found: set[int] = set()
    for value in Row.objects.filter(report_id=row).exclude(kind="address").values_list("value", flat=True):
        found.update(Report.objects.filter(search_text__contains=value).values_list("id", flat=True)[:51])
    return found


def _agrees(row: int, uuid: Any) -> bool:
    """Whether every other of the self-join is found, and no more, but for what is said to be common."""
    from amparo.intake import past
    from amparo.intake.models import Report

    told = past.of_report(uuid)
    theirs = {report for report, _, _ in _joined(row)}
    ours = set(Report.objects.filter(uuid__in=[each.report for each in told.others]).values_list("id", flat=True))
    return ours <= theirs and (bool(told.common) or ours == theirs)


def _bytes_on_disk(folder: Any) -> int | None:
    file = folder / "amparo.sqlite3"
    return file.stat().st_size if file.exists() else None


if __name__ == "__main__":
    sys.exit(main())
