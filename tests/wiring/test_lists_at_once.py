"""What one process does to lists, another one sees at its next look-up: two real processes, one database, one shelf."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOOKING = """
import sys, django; django.setup()
from amparo.foundation.home import Home
from amparo.matching import known
from amparo.matching.shelf import Shelf
from tests.matching.lists_made import digests
shelf = Shelf.open(Home.from_env(), known.active_lists())
for line in sys.stdin:
    print(len(known.lookup(digests([1]))[0]), len(shelf.lookup(digests([1]))[0]), flush=True)
"""
CHANGING = """
import sys, django; django.setup()
from django.core.management import call_command
from amparo.access.acts import Actor
from amparo.matching import actions, queries
from tests.matching.lists_made import hash_of
call_command("migrate", "custody", verbosity=0), call_command("migrate", "matching", verbosity=0)
by = Actor.of_process("cli")
for line in sys.stdin:
    verb, name = line.split()
    if verb == "import":
        rows = [{"md5": hash_of("md5", 1).hex()}]
        actions.import_list(by, name=name, source="s", version="1", scheme="", scope="", rows=rows)
    else:
        actions.withdraw_list(by, queries.newest(name).uuid, "withdrawn by its publisher")
    print("done", flush=True)
"""


def test_lists_count_and_count_no_more_at_once_in_another_process(tmp_path: Path) -> None:
    environment = {**os.environ, "AMPARO_HOME": str(tmp_path), "AMPARO_DATABASE": ""}

    def started(script: str) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        return subprocess.Popen([sys.executable, "-c", script], env=environment, **pipes)  # type: ignore[call-overload]

    def answer(process: subprocess.Popen[str], line: str) -> list[str]:
        assert process.stdin and process.stdout
        process.stdin.write(f"{line}\n")
        return process.stdout.readline().split()

    with started(CHANGING) as changing:
        answer(changing, "import A"), answer(changing, "import B")
        with started(LOOKING) as looking:
            assert answer(looking, "") == ["2", "2"]
            answer(changing, "withdraw B")
            assert answer(looking, "") == ["1", "1"]
            answer(changing, "import C")
            assert answer(looking, "") == ["2", "1"]  # a shelf laid open for named lists asks those alone
