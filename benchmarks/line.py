"""What a whole house keeps up with: mails and platforms' reports a second, from the door to their place in the queue.

    .venv/bin/python -m benchmarks.line [--database sqlite|postgres] [--mails 600] [--reports 300] [--workers 2] [--connections 8]

Starts every process of a house (`amparo up`) on the disk of the temporary folder; PostgreSQL syncs, as a unit's own does. First
mails as fast as they are acknowledged, and until the last stands ranked in the queue: how many a second the doors take, and how
many the workers keep up with. Then mails at half of that pace, for the time from the acknowledgement to the queue. Then a
platform's reports as fast as they are answered. Every acknowledged one must be a report, once. The limit beside it: what the
processors allow, were they never waiting (the house's CPU seconds a mail, on all cores). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import random
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.api import platform_report
from maintenance.houses import ROOT, House, house
from maintenance.processes import below, in_threads, processor_seconds
from tests.throwaway_postgres import throwaway_postgres

ADDRESS = "report@report.example.org"
WORDS = (
    "item",
    "shared",
    "group",
    "room",
    "link",
    "coins",
    "seen",
    "yesterday",
    "wrote",
    "somebody",
    "asked",
    "account",
)
DEADLINE_S = 1_800.0
# What stands in the queue: reports by their channel or the beginning of their subject, and the seconds from arrival to rank.
TOLD = """
import django, json, sys
django.setup()
from django.db.models import Min, Q
from amparo.intake.models import Report
for line in sys.stdin:
    rows = Report.objects.filter(Q(channel=line.strip()) | Q(subject__startswith=line.strip()), rankings__isnull=False)
    rows = list(rows.annotate(ranked=Min("rankings__at")).values_list("received_at", "ranked"))
    print(json.dumps(sorted((ranked - received).total_seconds() for received, ranked in rows)), flush=True)
"""


def main() -> int:
    asked = _arguments()
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(throwaway_postgres(durable=True)) if asked.database == "postgres" else ""
        place = stack.enter_context(house("--workers", str(asked.workers), database=url))
        ledger = stack.enter_context(_ledger(place))
        found = _flooded(place, ledger, asked)
        found |= _paced(place, ledger, asked, found["mails_to_queue_per_second"] / 2)
        found |= _of_a_platform(place, ledger, asked)
        found["memory_mib"] = _memory(place.process.pid)
    told = {
        "benchmark": "line",
        "database": asked.database,
        "workers": asked.workers,
        "connections": asked.connections,
        **found,
    }
    told |= {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "machine": platform.machine()}
    for name, value in told.items():
        print(f"  {name:<34} {value}")
    print(json.dumps(told))
    return 1 if found["lost_or_doubled"] or found["api_lost_or_doubled"] else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What a whole house keeps up with.")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--mails", type=int, default=600)
    parser.add_argument("--reports", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=8)
    return parser.parse_args()


@contextlib.contextmanager
def _ledger(place: House) -> Iterator[Callable[[str], list[float]]]:
    """Asks the house's database, from a process of its own: the waits of all reports whose subject begins so."""
    environment = {**place.environment, "DJANGO_SETTINGS_MODULE": "amparo.wiring.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", TOLD],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(beginning: str) -> list[float]:
        assert process.stdin and process.stdout
        print(beginning, file=process.stdin, flush=True)
        waits: list[float] = json.loads(process.stdout.readline())
        return waits

    try:
        yield ask
    finally:
        process.terminate()
        process.wait()


def _mail(name: str, number: int) -> bytes:
    """A report of usual length that names an account, a room and an address; no two alike."""
    draw = random.Random(f"{name} {number}")
    text = " ".join(draw.choices(WORDS, k=150))
    lead = f"user{draw.randrange(10_000)} https://live.example/room/{draw.randrange(1_000)}"
    return f"Subject: {name} {number:06}\r\nMessage-ID: <{name}.{number}@example.org>\r\n\r\n{text} {lead}\r\n".encode()


def _flooded(place: House, ledger: Callable[[str], list[float]], asked: argparse.Namespace) -> dict[str, Any]:
    """Mails as fast as they are taken, and until all stand in the queue."""
    waits: list[float] = []
    before, started = processor_seconds(place.process.pid), time.perf_counter()

    def send(connection: int) -> None:
        with smtplib.SMTP(*place.smtp) as client:
            for number in range(connection, asked.mails, asked.connections):
                begun = time.perf_counter()
                client.sendmail(f"sender{connection}@example.org", [ADDRESS], _mail("flood", number))
                waits.append(time.perf_counter() - begun)

    taken_s = in_threads(asked.connections, send)
    there = _until(ledger, "flood", asked.mails)
    through_s = time.perf_counter() - started
    cpu_ms = (processor_seconds(place.process.pid) - before) * 1000 / asked.mails
    rate = asked.mails / through_s
    return {
        "mails": asked.mails,
        "mails_taken_per_second": round(asked.mails / taken_s, 1),
        **_shares("mail_taken", waits),
        "mails_to_queue_per_second": round(rate, 2),
        "mails_a_day": round(rate * 86_400),
        "cpu_ms_per_mail": round(cpu_ms, 1),
        "share_of_processors": round(rate * cpu_ms / 1000 / (os.cpu_count() or 1), 2),
        "lost_or_doubled": abs(asked.mails - there),
    }


def _paced(
    place: House, ledger: Callable[[str], list[float]], asked: argparse.Namespace, rate: float
) -> dict[str, Any]:
    """Mails at an even pace below what the house keeps up with: how long each takes to its place in the queue."""
    many, started = max(20, asked.mails // 4), time.perf_counter()
    pause = threading.Event()
    with smtplib.SMTP(*place.smtp) as client:
        for number in range(many):
            pause.wait(max(0.0, started + number / rate - time.perf_counter()))
            client.sendmail("paced@example.org", [ADDRESS], _mail("paced", number))
    _until(ledger, "paced", many)
    return {"paced_per_second": round(rate, 2), **_shares("paced_to_queue", ledger("paced"))}


def _until(ledger: Callable[[str], list[float]], name: str, many: int) -> int:
    """Waits until so many stand in the queue, and says how many do."""
    end, there = time.monotonic() + DEADLINE_S, 0
    while there < many and time.monotonic() < end:
        threading.Event().wait(0.5)
        there = len(ledger(name))
        print(f"\r{name}: {there:,} of {many:,} in the queue", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return there


def _of_a_platform(place: House, ledger: Callable[[str], list[float]], asked: argparse.Namespace) -> dict[str, Any]:
    key = place.amparo("platforms", "key", f"Benchmark {uuid4()}", "--rate", "10000").stdout.strip()
    address, waits, told = urlsplit(place.api), [], set()

    def send(connection: int) -> None:
        line = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
        for number in range(connection, asked.reports, asked.connections):
            headers = {
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "Idempotency-Key": uuid4().hex,
            }
            begun = time.perf_counter()
            line.request("POST", "/api/v1/reports", platform_report(number, 4_000), headers)
            answer = line.getresponse()
            said = answer.read()
            waits.append(time.perf_counter() - begun)
            if answer.status != 201:
                raise RuntimeError(f"{answer.status}: {said[:200]!r}")
            told.add(json.loads(said)["id"])
        line.close()

    seconds = in_threads(asked.connections, send)
    found = {
        "api_reports": asked.reports,
        "api_reports_per_second": round(asked.reports / seconds, 1),
        **_shares("api", waits),
    }
    there = _until(ledger, "api", asked.reports)
    return found | {"api_lost_or_doubled": max(abs(asked.reports - each) for each in (there, len(told)))}


def _shares(name: str, waits: list[float]) -> dict[str, float]:
    held = sorted(waits)
    return {
        f"{name}_p50_ms": round(held[len(held) // 2] * 1000, 1),
        f"{name}_p99_ms": round(held[int(len(held) * 0.99)] * 1000, 1),
    }


def _memory(process: int) -> dict[str, int]:
    """MiB of each kind of process, shared pages counted once among them (PSS)."""
    names = {"wiring.wsgi": "house", "wiring.public": "form", "wiring.api": "api", "receiver": "receiver", "courier": "courier",
             "run worker": "workers", "nursery": "sandbox"}  # fmt: skip
    held: dict[str, int] = {}
    for each in (process, *below(process)):
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{each}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
            name = next((names[mark] for mark in names if mark in command), "others")
            held[name] = held.get(name, 0) + kib
    return {name: kib // 1024 for name, kib in sorted(held.items())}


if __name__ == "__main__":
    sys.exit(main())
