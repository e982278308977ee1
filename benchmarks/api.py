"""Reports accepted per second by the platforms' door with durability, beside what the disk allows and a bare endpoint.

    .venv/bin/python -m benchmarks.api [--reports 600] [--connections 8] [--bytes 4000] [--database throwaway]

The database is SQLite; --database throwaway starts a PostgreSQL for it that syncs what it commits; a URL names one that is there.

Starts the door alone (granian, one process) on a home in the current folder's disk (temporary), sends reports over kept
connections, and checks that every acknowledged one is in the ledger, once. Beside it, in the same run and on the same disk: the
same bytes written, synced, renamed and their folder synced by as many threads; and a bare django-ninja endpoint that stores each
body as one row of the same kind of database, by the same server, with no sealing, no ledger, no grading. The ratios are the
result; the rates are this machine's. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from maintenance.houses import ROOT, free_port
from maintenance.processes import below, in_threads, processor_seconds
from tests.throwaway_postgres import throwaway_postgres

WARMING = 40  # reports before those that are timed: the first ones load the program
PREPARE = "from amparo.foundation.home import Home; from amparo.wiring.up import prepare; prepare(Home.from_env())"
COUNT = """
import django; django.setup()
from amparo.intake.models import ApiReport, Arrival, Report
print(Report.objects.count(), Arrival.objects.count(), ApiReport.objects.count())
"""
# What one would write with the same framework and nothing of ours: the body is a row, and the answer its number.
BARE = """
import os, sys
from pathlib import Path
sys.path.insert(0, os.environ["PLACE"])
import django
from django.conf import settings
from amparo.foundation.home import Home
from amparo.wiring import database
place = Path(os.environ["PLACE"])
settings.configure(
    SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], INSTALLED_APPS=[], MIDDLEWARE=[],
    DATABASES={"default": database.from_url(os.environ["AMPARO_DATABASE"], Home(place))}, USE_TZ=True,
)
django.setup()
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.urls import path
from ninja import NinjaAPI

class Kept(models.Model):
    body = models.BinaryField()
    class Meta:
        app_label = "bare"
        db_table = "bare_kept"

with connection.schema_editor() as editor:
    if "bare_kept" not in connection.introspection.table_names():
        editor.create_model(Kept)
connection.close()
api = NinjaAPI(docs_url=None, openapi_url=None)

@api.post("/reports", response={201: dict})
def keep(request):
    return 201, {"id": Kept.objects.create(body=request.body).pk}

urlpatterns = [path("api/v1/", api.urls)]
application = get_wsgi_application()
"""


def main() -> int:
    asked = _arguments()
    if asked.database != "throwaway":
        return _measured(asked, asked.database)
    with throwaway_postgres(durable=True) as url:
        return _measured(asked, url)


def _measured(asked: argparse.Namespace, database: str) -> int:
    bodies = [platform_report(number, asked.bytes) for number in range(asked.reports + WARMING)]
    with tempfile.TemporaryDirectory(dir=".", prefix="benchmark-") as folder:
        place = Path(folder).absolute()
        before = _disk(place, asked, len(bodies[0]))
        environment = _environment(place / "home", database)
        subprocess.run([sys.executable, "-c", PREPARE], env=environment, cwd=ROOT, check=True)
        key = _key(environment)
        with _served("amparo.wiring.api:application", environment) as (port, process):
            _, _, warming = _sent(port, asked, bodies[asked.reports :], key)
            idle = processor_seconds(process)
            seconds, waits, told = _sent(port, asked, bodies[: asked.reports], key)
            memory, used = _memory(process), processor_seconds(process) - idle
        counted = subprocess.run(
            [sys.executable, "-c", COUNT], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
        )
        (place / "bare_door.py").write_text(BARE)
        bare_environment = {**environment, "PLACE": str(place), "PYTHONPATH": f"{place}:{ROOT}"}
        with _served("bare_door:application", bare_environment) as (port, _):
            _sent(port, asked, bodies[asked.reports :], "none")
            bare_seconds, bare_waits, _ = _sent(port, asked, bodies[: asked.reports], "none")
        after = _disk(place, asked, len(bodies[0]))
    rows = [int(each) for each in counted.stdout.split()]
    rate, bare, disk = (
        asked.reports / each for each in (seconds, bare_seconds, asked.reports / statistics.mean((before, after)))
    )
    waits.sort()
    bare_waits.sort()
    result = {
        "benchmark": "api",
        "database": "postgresql" if database else "sqlite",
        "reports": asked.reports,
        "report_bytes": len(bodies[0]),
        "connections": asked.connections,
        "reports_per_second": round(rate, 1),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
        "cpu_ms_per_report": round(used * 1000 / asked.reports, 2),
        "memory_mib": memory,
        "disk_limit_per_second": round(disk, 1),
        "share_of_disk_limit": round(rate / disk, 3),
        "bare_per_second": round(bare, 1),
        "bare_p99_ms": round(bare_waits[int(len(bare_waits) * 0.99)] * 1000, 1),
        "share_of_bare": round(rate / bare, 3),
        "lost_or_doubled": sum(abs(len(bodies) - each) for each in (*rows, len(told | warming))),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }
    print(f"{rate:,.0f} reports/s of {len(bodies[0]):,} bytes over {asked.connections} connections")
    print(f"half within {result['p50_ms']} ms, 99 % within {result['p99_ms']} ms")
    print(f"{result['cpu_ms_per_report']} ms of CPU each; {memory} MiB")
    print(f"{rate / disk:.0%} of what the disk syncs ({disk:,.0f}/s); {rate / bare:.0%} of a bare row ({bare:,.0f}/s)")
    print(f"lost or doubled: {result['lost_or_doubled']}")
    print(json.dumps(result))
    return 1 if result["lost_or_doubled"] else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reports accepted per second with durability.")
    parser.add_argument("--reports", type=int, default=600)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--bytes", type=int, default=4_000, help="of each report's text")
    parser.add_argument(
        "--database", default="", help="throwaway (a PostgreSQL of its own) or postgresql://...; empty: SQLite"
    )
    return parser.parse_args()


def platform_report(number: int, size: int) -> bytes:
    chance = random.Random(number)
    said: dict[str, Any] = {
        "reference": f"T-{number}",
        "text": " ".join(chance.choice(("item", "shared", "room", "at", "21:00")) for _ in range(size // 5)),
        "incident": {
            "kind": "distribution",
            "danger_now": "no",
            "times": [{"raw": "2026-11-03T21:00:05Z", "kind": "uploaded"}],
        },
        "accounts": [
            {
                "service": "Example Live",
                "identifier": f"u-{number}",
                "ip_events": [
                    {
                        "address": f"192.0.2.{number % 256}",
                        "port": 50_000 + number % 10_000,
                        "at": {"raw": "2026-11-03T20:00:05Z"},
                    }
                ],
            }
        ],
    }
    return json.dumps(said).encode()


def _environment(home: Path, database: str) -> dict[str, str]:
    own = {"AMPARO_HOME": str(home), "AMPARO_DATABASE": database, "PYTHONPATH": str(ROOT), "AMPARO_LOG": "ERROR"}
    return {**os.environ, **own, "DJANGO_SETTINGS_MODULE": "amparo.wiring.settings"}


def _key(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "amparo.wiring.cli", "platforms", "key", f"Benchmark {uuid4()}", "--rate", "10000"]
    return subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def _served(application: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """The port and the server's process."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    command += ["--blocking-threads", "4", "--backpressure", "64", "--no-ws", "--log-level", "critical", application]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        for _ in range(600):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            except OSError:
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _sent(port: int, asked: argparse.Namespace, bodies: list[bytes], key: str) -> tuple[float, list[float], set[str]]:
    """Seconds for all, each one's own, and the ids that were told."""
    waits: list[float] = []
    told: set[str] = set()

    def send(connection: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for body in bodies[connection :: asked.connections]:
            headers = {
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "Idempotency-Key": uuid4().hex,
            }
            started = time.perf_counter()
            line.request("POST", "/api/v1/reports", body, headers)
            answer = line.getresponse()
            said = answer.read()
            waits.append(time.perf_counter() - started)
            if answer.status != 201:
                raise RuntimeError(f"{answer.status}: {said[:200]!r}")
            told.add(str(json.loads(said)["id"]))
        line.close()

    return in_threads(asked.connections, send), waits, told


def _disk(folder: Path, asked: argparse.Namespace, size: int) -> float:
    """Files a second: written, synced, renamed, folder synced, by as many threads."""
    place, content = folder / "disk", os.urandom(size)
    place.mkdir()
    each = max(1, asked.reports // asked.connections)

    def write(thread: int) -> None:
        for number in range(each):
            part, final = place / f"{thread}-{number}.part", place / f"{thread}-{number}"
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(final)
            descriptor = os.open(place, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)

    seconds = in_threads(asked.connections, write)
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    return each * asked.connections / seconds


def _memory(process: int) -> int:
    """MiB that the server holds."""
    held = 0
    for each in (process, *below(process)):
        status = Path(f"/proc/{each}/status").read_text()
        held += next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return held // 1024


if __name__ == "__main__":
    sys.exit(main())
