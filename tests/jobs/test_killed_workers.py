"""Jobs lose nothing and double no effect when workers are killed at random with SIGKILL, on both databases."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.throwaway_postgres import ABSENT, programs, throwaway_postgres

JOBS, KILLS, WORKERS, DEADLINE_SECONDS = 250, 8, 2, 150

PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.db import transaction
from tests.jobs.effects import slow_work
with transaction.atomic():
    for number in range({jobs}):
        slow_work.enqueue(number=number)
"""

WORK = """
import sys, django; django.setup()
from amparo.jobs import leases
from amparo.jobs.worker import Worker
Worker(sys.argv[1], duties=[leases.reap]).run()
"""

COUNT = """
import json, django; django.setup()
from amparo.custody.models import Act
from amparo.jobs.models import Job
from amparo.jobs.queries import counts
numbers = [act.about["number"] for act in Act.objects.filter(kind="test.effect")]
again = Job.objects.filter(attempts__gt=1).count()
print(json.dumps({"effects": len(numbers), "different": len(set(numbers)), "tried_again": again, **counts()}))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    clean = {**os.environ, "AMPARO_HOME": str(tmp_path), "AMPARO_LEASE_SECONDS": "2", "AMPARO_DATABASE": ""}
    clean["AMPARO_LOG"] = "CRITICAL"
    if request.param == "sqlite":
        yield clean
    elif programs() is None:
        pytest.skip(ABSENT)
    else:
        with throwaway_postgres() as url:
            yield {**clean, "AMPARO_DATABASE": url}


def run(script: str, environment: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def counted(environment: dict[str, str]) -> dict[str, int]:
    found: dict[str, int] = json.loads(run(COUNT, environment))
    return found


def start(number: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORK, f"w{number}"], env=environment)


def test_every_job_takes_effect_exactly_once_though_workers_are_killed_at_random(environment: dict[str, str]) -> None:
    run(PREPARE.format(jobs=JOBS), environment)
    chance = random.Random(7)
    workers = [start(number, environment) for number in range(WORKERS)]
    deadline = time.monotonic() + DEADLINE_SECONDS
    killed, found = 0, counted(environment)
    try:
        while found["done"] < JOBS and time.monotonic() < deadline:
            if killed < KILLS:
                victim = chance.randrange(WORKERS)
                workers[victim].send_signal(signal.SIGKILL)
                workers[victim].wait()
                workers[victim] = start(WORKERS + killed, environment)
                killed += 1
            found = counted(environment)  # takes most of a second: time for a worker to get into its jobs
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert found["tried_again"] > 0, "no kill hit a worker that held a job"
    assert (found["done"], found["effects"], found["different"]) == (JOBS, JOBS, JOBS)
