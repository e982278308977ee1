"""The queue page while many reports wait, and what the ten-thousandth copy of one viral item costs beside the tenth.

    .venv/bin/python -m benchmarks.queue [--database sqlite|postgres] [--reports 100000] [--copies 1000]

Fills a house of its own with open reports, then asks for the queue page through every middleware, as an officer's browser does
(the second factor of the measuring officer is taken for given): the first piece, one far behind, one with filters, the live answer.
Beside it the same page with a hundred reports. Then copies of one item are taken in, read, traced, folded and ranked through the
house's own acts, and the mean cost of the last hundred stands beside that of the first hundred. Times are CPU seconds of this
process (and, for PostgreSQL, wall time too, since its server computes elsewhere). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.houses import analysed, empty_house

TIMES = 15


def main() -> int:
    asked = _arguments()
    with empty_house(asked.database):
        found = {"benchmark": "queue", "database": asked.database, "reports": asked.reports}
        found |= _pages(asked.reports)
        if asked.copies:
            found |= _copies(asked.copies)
    found |= {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "python": platform.python_version()}
    for name, value in found.items():
        print(f"  {name:<44} {value}")
    print(json.dumps(found))
    return 0 if found.get("rows_of_the_bundle", 1) == 1 else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The queue page while many reports wait.")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres (a server of its own) or a URL")
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=1000)
    return parser.parse_args()


def _pages(many: int) -> dict[str, Any]:
    from benchmarks.reports import make

    client, found = _officer(), {}
    make(100)
    analysed()
    found["page_of_100_ms"] = _measured(lambda: client.get("/"))
    make(many - 100, seed=2, start=100)
    analysed()
    found["page_ms"] = _measured(lambda: client.get("/"))
    far = _far(many)
    found["page_far_behind_ms"] = _measured(lambda: client.get("/", {"after": far}))
    found["page_filtered_ms"] = _measured(lambda: client.get("/", {"danger": "high"}))
    found["page_newest_ms"] = _measured(lambda: client.get("/", {"sort": "-received"}))
    live = {"HX-Request": "true"}
    found["live_answer_ms"] = _measured(lambda: client.get("/", headers=live))
    return found


def _officer() -> Any:
    from django.test import Client

    from amparo.access import actions as access, doors
    from amparo.access.acts import Actor
    from amparo.access.models import Officer

    doors.is_mfa_enabled = lambda _: True
    added = access.add_officer(
        Actor.of_process("cli"), "alba", "Alba", "Unit", ("analyst",), "six quiet words on a line"
    )
    client = Client(headers={"host": "localhost"})
    client.force_login(Officer.objects.get(uuid=added.officer), "allauth.account.auth_backends.AuthenticationBackend")
    return client


def _far(many: int) -> str:
    """The key behind which the last hundredth of the queue stands."""
    from amparo.intake import queue_queries
    from amparo.intake.models import Report

    order = Report.objects.filter(state="new", hidden=False, lane="").order_by("place", "received_at", "id")
    return queue_queries._key(order[many * 99 // 100])  # noqa: SLF001 - the address of a page far behind


def _measured(ask: Callable[[], Any]) -> float | list[float]:
    """Median CPU milliseconds of some asks; for a database in another process the median wall time beside it."""
    from django.db import connection

    cpu, wall = [], []
    for _ in range(TIMES):
        begun, started = time.process_time(), time.perf_counter()
        answer = ask()
        cpu.append((time.process_time() - begun) * 1000)
        wall.append((time.perf_counter() - started) * 1000)
        assert answer.status_code in (200, 204), answer.status_code
    median = round(statistics.median(cpu[2:]), 1)
    return median if connection.vendor == "sqlite" else [median, round(statistics.median(wall[2:]), 1)]


def _copies(many: int) -> dict[str, Any]:
    from django.db import transaction

    from amparo.access.acts import Actor
    from amparo.foundation.clock import now
    from amparo.foundation.ids import new_id
    from amparo.intake import actions, folding, past, queue_queries
    from amparo.intake.actions import Letter, Text
    from amparo.intake.models import Bundle
    from amparo.intake.queue_queries import QueueFilter
    from amparo.intake.triage import Facts, place, shipped_rule
    from amparo.intake.triage.folds import Key, keys_of_text
    from amparo.intake.triage.traces import traces_in

    worker, rule = Actor.of_process("worker"), shipped_rule()
    viral = Key("file", "a" * 64, "aaaaaaaaaaaa…")
    costs = []
    for number in range(many):
        begun = time.process_time()
        text = f"This item goes round, copy {number}, see https://copies.example/{number}"
        taken = actions.take_in(worker, Letter(new_id(), "mail", now(), None, 7000, 0, "", b""), None)
        actions.record_reading(worker, taken.arrival, Text("Item", text, "plain", "en"), (), ())
        named = traces_in(text)
        with transaction.atomic():
            past.trace_report(worker, taken.report, named)
            if found := folding.match(taken.report, (viral, *keys_of_text(text, named)), rule):
                folding.fold(worker, taken.report, found, named)
        facts = Facts(now(), True)
        actions.rank(worker, taken.report, place(facts, now(), rule), facts)
        costs.append(time.process_time() - begun)
    bundle = Bundle.objects.order_by("-members").first()
    shown = queue_queries.rows(queue_queries.queue(QueueFilter(order="-received"))[:3])
    edge = max(1, min(100, many // 2))
    return {
        "copies": many,
        "bundle_of": bundle.members if bundle else 0,
        "rows_of_the_bundle": sum(row.bundle is not None for row in shown),
        "first_copies_ms": round(statistics.mean(costs[1 : edge + 1]) * 1000, 2),
        "last_copies_ms": round(statistics.mean(costs[-edge:]) * 1000, 2),
        "ratio_last_to_first": round(statistics.mean(costs[-edge:]) / statistics.mean(costs[1 : edge + 1]), 2),
    }


if __name__ == "__main__":
    sys.exit(main())
