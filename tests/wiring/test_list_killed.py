"""An import killed in the middle: nothing of it counts, and whoever takes it up again finishes it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from amparo.foundation.home import Home
from amparo.matching.versions import shelf_of

HASHES = 40_000

BEGUN = """
import sys, django; django.setup()
from django.core.management import call_command
call_command("migrate", "custody", verbosity=0), call_command("migrate", "matching", verbosity=0)
from amparo.access.acts import Actor
from amparo.foundation.home import Home
from amparo.matching import actions, incoming, jobs
from amparo.matching.rules import ListSaid
receiving = incoming.Receiving(Home.from_env())
receiving.write(open(sys.argv[1], "rb").read())
asked = actions.ask_import(Actor.of_process("cli"), receiving.finish(), actions.Order(ListSaid("Long", "A test", "1")))
jobs.read_list.call(act=str(asked.list), about={"list": str(asked.list)})
"""
ENDED = """
import hashlib, sys, django; django.setup()
import numpy as np
from amparo.matching import jobs, known, queries
hashes = b"".join(hashlib.md5(b"%d" % number).digest() for number in range(0, int(sys.argv[1]), 99))
asked = np.frombuffer(hashes, np.uint8).reshape(-1, 16)
there = lambda: sum(bool(found) for found in known.lookup({"md5": asked}))
(facts,) = queries.lists()
before = there()
jobs.read_list.call(act=str(facts.uuid), about={"list": str(facts.uuid)})
print(facts.state, before, queries.lists()[0].state, there() == len(asked))
"""


def test_a_killed_import_is_done_again_and_no_half_list_ever_counts(tmp_path: Path) -> None:
    shelf = shelf_of(Home(tmp_path))
    environment = {**os.environ, "AMPARO_HOME": str(tmp_path), "AMPARO_DATABASE": ""}
    file = tmp_path / "list.txt"
    file.write_text("".join(f"{hashlib.md5(b'%d' % number).hexdigest()}\n" for number in range(HASHES)))
    with subprocess.Popen([sys.executable, "-c", BEGUN, str(file)], env=environment) as working:
        while working.poll() is None and not any(shelf.glob(".building/*/own/*/md5.digests")):
            time.sleep(0.001)
        working.send_signal(signal.SIGKILL)
    assert working.returncode == -signal.SIGKILL
    command = [sys.executable, "-c", ENDED, str(HASHES)]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["importing", "0", "active", "True"]
    assert [list((shelf / name).iterdir()) for name in (".incoming", ".building")] == [[], []]
