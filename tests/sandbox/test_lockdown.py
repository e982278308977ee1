"""Every forbidden thing, tried from inside a really locked-down child, as root and as an ordinary user."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from amparo.sandbox.child import Limits
from amparo.sandbox.readings import ExaminationFailed, Identified
from amparo.sandbox.warden import Warden

PROBES = "tests.sandbox.probes"
ROOT = Path(__file__).resolve().parents[2]
# A child that was denied something lives on, so these may share one.
SHARED = uuid4()
NEEDS_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel's layers are Linux's; elsewhere limits only"
)
pytestmark = NEEDS_LINUX

# What the filter answers with EPERM: something a library may try on its own, which then must fail softly.
DENIED = (
    "read_file", "write_file", "stat", "list_folder", "read_environment_of_init", "read_own_memory_file", "make_folder",
    "change_folder", "delete", "change_limits", "become_root", "kill_parent", "executable_memory", "heap_made_executable",
)  # fmt: skip
# What no decoder does by accident.
KILLED = (
    "tcp", "tcp6", "unix_socket", "socket_pair", "fork", "run_program", "trace_parent", "read_parent_memory",
    "new_namespace", "io_ring", "memory_file", "mount", "key_ring", "other_abi",
)  # fmt: skip
DEATHS = {
    "allocate_6_gb": "out_of_memory",
    "loop": "timed_out",
    "sleep": "timed_out",
    "segmentation_fault": "crashed",
    "abort": "crashed",
    "junk": "crashed",
    "huge_frame": "crashed",
    "endless_reply": "too_big",
    "exit": "crashed",
}


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    os.environ["AMPARO_TEST_SECRET"] = "must not be inherited"
    pool = Warden(2, entry=PROBES, limits=Limits(reply_bytes=8 << 20))
    yield pool
    pool.close()
    del os.environ["AMPARO_TEST_SECRET"]


def needs(warden: Warden, layer: str) -> None:
    if layer in warden.layers.missing():
        pytest.skip(f"this kernel or container does not give the layer {layer!r}")


def tried(warden: Warden, probe: str, boundary: UUID | None = None) -> str:
    with warden.boundary(boundary or uuid4()) as box:
        reading = box.examine("identify", probe.encode(), limit_s=20)
    assert isinstance(reading, Identified)
    return reading.kind


@pytest.mark.parametrize("probe", DENIED)
def test_what_names_a_file_or_a_right_is_denied(warden: Warden, probe: str) -> None:
    needs(warden, "calls")
    assert tried(warden, probe, SHARED) == "errno 1"


@pytest.mark.parametrize("probe", KILLED)
def test_what_no_decoder_does_by_accident_ends_the_child(warden: Warden, probe: str) -> None:
    needs(warden, "calls")
    with pytest.raises(ExaminationFailed) as failure:
        tried(warden, probe)
    assert failure.value.reason == "forbidden_call"


@pytest.mark.parametrize("probe", DEATHS)
def test_a_bomb_a_hang_or_a_crash_costs_one_examination_and_the_next_is_served(warden: Warden, probe: str) -> None:
    with warden.boundary(uuid4()) as box:
        with pytest.raises(ExaminationFailed) as failure:
            box.examine("identify", probe.encode(), limit_s=1 if DEATHS[probe] == "timed_out" else 30)
        assert failure.value.reason == DEATHS[probe]
        assert failure.value.sentence
        after = box.examine("identify", b"user")
        assert isinstance(after, Identified) and after.kind


def test_a_child_inherits_no_secret_and_no_open_file(warden: Warden) -> None:
    assert set(tried(warden, "environment").split("+")) <= {"LANG", "LC_ALL", "LC_CTYPE", "OPENBLAS_NUM_THREADS"}
    # Its two pipes, the two ends that go nowhere, and nothing else.
    assert tried(warden, "descriptors") == "0+1+2+3"


def test_threads_run_though_processes_may_not(warden: Warden) -> None:
    assert tried(warden, "threads") == "worked"


def test_a_child_is_never_root_and_roots_children_have_a_user_id_each(warden: Warden) -> None:
    needs(warden, "user")
    first, second = tried(warden, "user"), tried(warden, "user")
    assert "0" not in first.split()
    if os.geteuid() == 0:
        assert first != second
        assert "65534" not in first.split()


def test_all_layers_hold_here_or_are_named(warden: Warden) -> None:
    assert set(warden.layers.missing()) <= {"network", "user", "files", "calls"}
    assert warden.layers.limits


def test_a_child_never_serves_two_boundaries(warden: Warden) -> None:
    mine, other = uuid4(), uuid4()
    seen = {}
    for name, boundary in (("first", mine), ("other", other), ("again", mine)):
        with warden.boundary(boundary) as box:
            reading = box.examine("identify", b"process")
            assert isinstance(reading, Identified)
            seen[name] = reading.kind
    assert seen["first"] != seen["other"]
    assert seen["again"] == seen["first"], "within one boundary the warm child is kept"


def test_two_threads_in_one_boundary_have_a_child_each(warden: Warden) -> None:
    mine = uuid4()
    with warden.boundary(mine) as one, warden.boundary(mine) as two:
        first, second = one.examine("identify", b"process"), two.examine("identify", b"process")
    assert first != second


def test_the_child_dies_with_its_parent_even_in_an_endless_loop() -> None:
    code = (
        "import sys, threading; from uuid import uuid4; from amparo.sandbox.warden import Warden\n"
        f"pool = Warden(1, entry={PROBES!r})\n"
        "with pool.boundary(uuid4()) as box:\n"
        "    print(box.examine('identify', b'process').kind, flush=True)\n"
        "    box.examine('identify', b'loop', limit_s=300)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    descriptor = os.pidfd_open(int(parent.stdout.readline()))
    try:
        parent.kill()
        parent.wait()
        ready, _, _ = select.select([descriptor], [], [], 20)
        assert ready, "the child outlived its parent"
    finally:
        os.close(descriptor)
        parent.stdout.close()


@pytest.fixture(scope="module")
def ordinary() -> Iterator[Warden]:
    """A pool whose children were never root. Run as an ordinary user, the pool above is one already."""
    pool = Warden(2, entry="tests.sandbox.ordinary" if os.geteuid() == 0 else PROBES)
    yield pool
    pool.close()


@pytest.mark.parametrize("probe", DENIED)
def test_what_names_a_file_or_a_right_is_denied_to_an_ordinary_user(ordinary: Warden, probe: str) -> None:
    needs(ordinary, "calls")
    assert tried(ordinary, probe, SHARED) == "errno 1"


@pytest.mark.parametrize("probe", ["tcp", "unix_socket", "fork", "run_program", "trace_parent", "new_namespace"])
def test_what_no_decoder_does_ends_an_ordinary_users_child_too(ordinary: Warden, probe: str) -> None:
    needs(ordinary, "calls")
    with pytest.raises(ExaminationFailed) as failure:
        tried(ordinary, probe)
    assert failure.value.reason == "forbidden_call"
