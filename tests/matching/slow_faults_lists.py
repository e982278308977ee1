"""Workers killed again and again while they bring a list in, on both databases: nothing counts before all of it does.

Part of `make faults`; tests/wiring/test_list_killed.py has one killing for every day.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.foundation.home import Home
from amparo.matching.versions import shelf_of
from tests.throwaway_postgres import ABSENT, programs, throwaway_postgres

HASHES = 400_000

ASK = """
import sys, django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from amparo.access.acts import Actor
from amparo.foundation.home import Home
from amparo.matching import actions, incoming, jobs
from amparo.matching.rules import ListSaid
receiving = incoming.Receiving(Home.from_env())
receiving.write(open(sys.argv[1], "rb").read())
order = actions.Order(ListSaid("Long", "A test", "1"))
asked = actions.ask_import(Actor.of_process("cli"), receiving.finish(), order)
jobs.read_list.enqueue(act=str(asked.list), about={"list": str(asked.list)})
"""
WORK = """
import sys, django; django.setup()
from amparo.jobs import leases
from amparo.jobs.worker import Worker
Worker(sys.argv[1], duties=[leases.reap], queue="long", batch=1).run()
"""
# Looks for hashes of the list all the time, and says what it saw: how often nothing, how often all, how often something between.
LOOK = """
import hashlib, json, sys, time, django; django.setup()
import numpy as np
from amparo.matching import known, queries
from amparo.matching.rules import ListState
asked = np.frombuffer(b"".join(hashlib.md5(b"%d" % n).digest() for n in range(0, int(sys.argv[1]), 997)), np.uint8).reshape(-1, 16)
seen = {"nothing": 0, "all": 0, "some": 0}
until = time.monotonic() + 120
while time.monotonic() < until and seen["all"] < 3:
    there = sum(bool(found) for found in known.lookup({"md5": asked}))
    seen["nothing" if there == 0 else "all" if there == len(asked) else "some"] += 1
    time.sleep(0.002)
(facts,) = queries.lists()
print(json.dumps({**seen, "state": facts.state, "rows": facts.rows, "failure": facts.failure}))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    clean = {**os.environ, "AMPARO_HOME": str(tmp_path), "AMPARO_DATABASE": "", "AMPARO_LEASE_SECONDS": "1"}
    clean["AMPARO_LOG"] = "CRITICAL"
    if request.param == "sqlite":
        yield clean
    elif programs() is None:
        pytest.skip(ABSENT)
    else:
        with throwaway_postgres() as url:
            yield {**clean, "AMPARO_DATABASE": url}


def test_an_import_killed_at_every_stage_is_done_again_and_no_half_list_ever_counts(
    environment: dict[str, str], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    file = tmp_path / "list.txt"
    file.write_text("".join(f"{hashlib.md5(b'%d' % number).hexdigest()}\n" for number in range(HASHES)))

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", script, *arguments], env=environment, stdout=subprocess.PIPE, text=True
        )

    assert start(ASK, str(file)).wait() == 0
    looking, worker = start(LOOK, str(HASHES)), start(WORK, "w0")
    killed = 0
    # In the order in which an import leaves them. A worker that was killed begins anew from the last thing that is whole.
    for sign in (".incoming/*/records", ".incoming/*/reading.json", ".building/*/own/*/md5.*", "[0-9a-f]*/list.json"):
        while looking.poll() is None and not any(shelf_of(home).glob(sign)):
            time.sleep(0.002)
        if looking.poll() is None:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            killed += 1
            worker = start(WORK, f"w{killed}")
    told, _ = looking.communicate()
    worker.kill()
    worker.wait()
    seen = json.loads(told)
    assert (seen["state"], seen["rows"], seen["some"]) == ("active", HASHES, 0), seen
    assert seen["nothing"] > 0
    assert killed == 4
