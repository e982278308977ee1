"""Children are forked from a process that has everything loaded: quickly, each its own, none left behind; or started alone."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from amparo.sandbox import starting
from amparo.sandbox.child import Child, Limits
from amparo.sandbox.readings import ExaminationFailed, Identified, reading_of
from amparo.sandbox.starting import Alone, Nursery
from amparo.sandbox.warden import SERVE, Box, Warden

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every child is started alone")


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    pool = Warden(2, entry="tests.sandbox.probes")
    yield pool
    pool.close()


def told(warden: Warden, probe: bytes) -> str:
    with warden.boundary(uuid4()) as box:
        reading = box.examine("identify", probe)
    assert isinstance(reading, Identified)
    return reading.kind


def nursery_of(warden: Warden) -> Nursery:
    told(warden, b"user")
    assert warden._nursery
    return warden._nursery


def processor_seconds(process: int) -> float:
    """Its own and those of its children that ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def has_ended(descriptor: int) -> bool:
    """By a process's descriptor, waiting a while."""
    return bool(select.select([descriptor], [], [], 20)[0])


def test_a_child_starts_without_loading_anything(warden: Warden) -> None:
    process = nursery_of(warden)._process.pid
    before = processor_seconds(process)
    for _ in range(10):
        told(warden, b"user")
    assert (processor_seconds(process) - before) / 10 < 0.1, "loading the decoders takes four times as long at least"


def test_forking_leaves_no_descriptor_and_no_dead_child_behind(warden: Warden) -> None:
    nursery = nursery_of(warden)
    process = nursery._process.pid
    for _ in range(5):
        told(warden, b"user")
    with nursery._lock:  # no order is under way, such as one for another spare
        open_ones = {each.readlink() for each in Path(f"/proc/{process}/fd").iterdir()}
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        states = [Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()[0] for each in children]
    assert len(open_ones) == 2, "its orders' socket, and the way nowhere"
    assert "Z" not in states
    assert len(children) <= 4, "spares and kept ones"


def test_the_nursery_runs_one_thread_and_has_no_secret(warden: Warden) -> None:
    process = nursery_of(warden)._process.pid
    assert len(list(Path(f"/proc/{process}/task").iterdir())) == 1
    names = {entry.split(b"=")[0] for entry in Path(f"/proc/{process}/environ").read_bytes().split(b"\0") if entry}
    assert names == {b"LANG", b"LC_ALL", b"OPENBLAS_NUM_THREADS"}


def test_a_killed_nursery_takes_its_children_along_and_the_next_examination_is_served(warden: Warden) -> None:
    nursery = nursery_of(warden)
    with warden.boundary(uuid4()) as box:
        first = box.examine("identify", b"process")
        assert isinstance(first, Identified)
        number = nursery._process.pid
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        descriptors = [os.pidfd_open(int(each)) for each in children]
        assert first.kind in children
        os.kill(number, signal.SIGKILL)
        for descriptor in descriptors:
            assert has_ended(descriptor)
            os.close(descriptor)
        second = box.examine("identify", b"process")
        assert isinstance(second, Identified) and second.kind != first.kind, "no file pays for it"
    assert nursery_of(warden) is not nursery


def test_a_child_that_died_while_it_waited_costs_no_examination(warden: Warden) -> None:
    with warden.boundary(uuid4()) as box:
        first = box.examine("identify", b"process")
        assert isinstance(first, Identified)
        child = os.pidfd_open(int(first.kind))
        signal.pidfd_send_signal(child, signal.SIGKILL)
        assert has_ended(child)
        os.close(child)
        assert isinstance(box.examine("identify", b"process"), Identified)


def under_way(box: Box, before: Child | None = None) -> Child:
    """The child that is at work, another than `before`."""
    until = time.monotonic() + 20
    while (child := box._child) is None or child is before or child.served == 0 or child.fit:
        assert time.monotonic() < until
        time.sleep(0.001)
    return child


def test_a_nursery_killed_during_an_examination_costs_the_file_nothing(warden: Warden) -> None:
    with warden.boundary(uuid4()) as box, ThreadPoolExecutor(1) as another:
        first = box.examine("identify", b"process")
        assert isinstance(first, Identified)
        os.kill(int(first.kind), signal.SIGSTOP)  # so that it is at work until it is killed
        second = another.submit(box.examine, "identify", b"process")
        under_way(box)
        os.kill(nursery_of_box(box)._process.pid, signal.SIGKILL)
        found = second.result(30)
        assert isinstance(found, Identified) and found.kind != first.kind


def test_a_file_whose_child_is_killed_twice_is_given_up(warden: Warden) -> None:
    with warden.boundary(uuid4()) as box, ThreadPoolExecutor(1) as another:
        endless = another.submit(box.examine, "identify", b"sleep")
        first = under_way(box)
        os.kill(first._process.pid, signal.SIGKILL)
        os.kill(under_way(box, before=first)._process.pid, signal.SIGKILL)
        with pytest.raises(ExaminationFailed) as failure:
            endless.result(30)
        assert failure.value.reason == "out_of_memory"


def test_after_many_children_another_nursery_begins_and_the_old_one_ends_with_its_last_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starting, "CHILDREN_A_NURSERY", 3)
    pool = Warden(1, entry="tests.sandbox.probes")
    try:
        kept = uuid4()
        with pool.boundary(kept) as box:
            box.examine("identify", b"user")
            first = nursery_of_box(box)
            process = os.pidfd_open(first._process.pid)
            for _ in range(4):
                box._drop()
                box.examine("identify", b"user")
            assert nursery_of_box(box) is not first
        assert has_ended(process)
        os.close(process)
    finally:
        pool.close()


def nursery_of_box(box: object) -> Nursery:
    process = box._child._process  # type: ignore[attr-defined]
    assert isinstance(process, starting.Forked)
    return process._nursery


def test_a_child_started_alone_is_as_locked_down_and_answers_alike() -> None:
    """As all are where forking decoders is unsafe."""
    child = Child(partial(Alone, SERVE), Limits(), 60)
    try:
        assert child.layers.limits
        facts, blobs = child.examine("identify", b"line\n", {}, 20)
        assert reading_of("identify", facts, blobs) == Identified("text", "text/plain", 1)
        os.kill(child._process.pid, signal.SIGKILL)
        with pytest.raises(ExaminationFailed) as failure:
            child.examine("identify", b"line\n", {}, 20)
        assert failure.value.reason == "out_of_memory"
    finally:
        child.end()
        child.end()
