"""Children are killed at random while many threads have files examined: each answer is right or says that there is none."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from amparo.foundation.errors import Unreachable
from amparo.sandbox.child import Limits
from amparo.sandbox.readings import ExaminationFailed, Identified
from amparo.sandbox.warden import Warden

SECONDS = float(os.environ.get("AMPARO_SECONDS") or 60)
THREADS = 4
SIGNALS = [signal.SIGKILL] * 4 + [signal.SIGSEGV] * 4 + [signal.SIGSTOP]
CAUSES = {"crashed", "out_of_memory", "timed_out"}


def test_a_killed_child_costs_one_examination_and_no_answer_is_ever_anothers(tmp_path: Path) -> None:
    pool = Warden(THREADS, limits=Limits(seconds=3))
    until = time.monotonic() + SECONDS
    children: list[int] = []  # pidfds: a number may be another process by now
    answered, lost, wrong = [0] * THREADS, [0] * THREADS, list[str]()

    def examine(thread: int) -> None:
        chance = random.Random(thread)
        while time.monotonic() < until:
            boundary = uuid4()
            # On a machine with too much to do, children may be killed faster than they start.
            with suppress(Unreachable), pool.boundary(boundary) as box:
                for _ in range(20):
                    lines = chance.randrange(1, 5_000)
                    path = tmp_path / f"{thread}"
                    path.write_bytes(b"line\n" * lines)
                    try:
                        with path.open("rb") as file:
                            reading = box.examine("identify", file if chance.random() < 0.5 else path.read_bytes())
                    except ExaminationFailed as failure:
                        lost[thread] += 1
                        if failure.reason not in CAUSES:
                            wrong.append(failure.reason)
                    else:
                        answered[thread] += 1
                        if reading != Identified("text", "text/plain", lines):
                            wrong.append(f"{reading} for {lines} lines")
                    if box._child and box._child.served == 1:
                        children.append(os.pidfd_open(box._child._process.pid))

    threads = [threading.Thread(target=examine, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    chance, killed, pause = random.Random(0), 0, threading.Event()
    while any(thread.is_alive() for thread in threads):
        pause.wait(chance.uniform(0.02, 0.3))
        with suppress(ProcessLookupError, IndexError):
            signal.pidfd_send_signal(chance.choice(children[-2 * THREADS :]), chance.choice(SIGNALS))
            killed += 1
    pool.close()
    for descriptor in children:
        os.close(descriptor)
    print(f"{sum(answered):,} answered, {sum(lost):,} lost, {killed:,} signals")
    assert wrong == []
    assert sum(answered) > SECONDS and sum(lost) > 0
