"""A short run of the fuzzers over every reader, always with the same inputs; `make fuzz` is the long one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from amparo.sandbox.inside import serve
from amparo.sandbox.inside.frames import Facts
from maintenance.fuzz import seeds
from maintenance.fuzz.targets import SEEDS, TARGETS, Target
from maintenance.fuzz.worker import ALL, Orders

ROOT = Path(__file__).resolve().parents[2]
RUNS = 20


def worked(folder: Path, orders: Orders) -> subprocess.CompletedProcess[str]:
    (folder / "orders.json").write_text(json.dumps(asdict(orders)))
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "maintenance.fuzz.worker", str(folder)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=600)


def test_every_reader_is_fuzzed_from_seeds_that_it_reads() -> None:
    assert {target.kind for target in TARGETS} == set(serve.READERS)
    serve.warm()
    for target in TARGETS:
        answers = [target.run(data) for data in target.seeds()]
        assert all(":" not in answer for answer in answers), f"{target.name} refuses a seed: {answers}"


def test_the_seeds_of_our_own_writing_are_those_that_lie_there() -> None:
    """Those that libraries write differ with their versions."""
    written = [("cybertip", name, data) for name, data in seeds._tips()]
    written += [(target, "seed", data) for target, data in seeds._tables()]
    assert [(target, name) for target, name, data in written if (SEEDS / target / name).read_bytes() != data] == []
    kept = {each.name for each in (SEEDS / "cybertip").iterdir()}
    assert kept == {name for target, name, _ in written if target == "cybertip"}


def test_no_reader_fails_by_anything_but_a_refusal_in_a_short_run(tmp_path: Path) -> None:
    ended = worked(tmp_path, Orders(ALL, "mutation", 300, RUNS, 1))
    assert ended.returncode == 0, ended.stderr[-3000:]
    for target in TARGETS:
        report = json.loads((tmp_path / target.name / "report.json").read_text())
        assert report["runs"] >= RUNS
        assert report["findings"] == {}, target.name


def test_a_failure_an_answer_out_of_bounds_and_too_much_memory_are_findings() -> None:
    """The fuzzer would see them: tried on readers made for it."""

    def fail(*_: object) -> Facts:
        raise KeyError("x")

    def lie(*_: object) -> Facts:
        return {"kind": "text", "media_type": "text/plain", "lines": -1}

    def swell(*_: object) -> Facts:
        raise MemoryError

    for reader, seen in ((fail, "KeyError"), (lie, "refuses"), (swell, "memory")):
        assert seen in found_by(reader)


def found_by(reader: serve.Reader) -> str:
    from unittest import mock

    from maintenance.fuzz.targets import Finding

    with mock.patch.dict(serve.READERS, identify=reader):
        try:
            return Target("identify", "identify").run(b"x")
        except Finding as finding:
            return str(finding)


def test_an_endless_reader_ends_its_worker_and_the_input_is_kept(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from amparo.sandbox.inside import serve\n"
        "import maintenance.fuzz.targets as targets, maintenance.fuzz.worker as worker\n"
        "targets.CLOCK_SECONDS = 0.5\n"
        "def endless(*_):\n    while True: pass\n"
        "serve.READERS['reply'] = endless\n"
        "worker.main(Path(sys.argv[1]))\n"
    )
    (tmp_path / "orders.json").write_text(json.dumps(asdict(Orders("reply", "mutation", 60, 0, 0))))
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False, capture_output=True, timeout=120
    )
    assert ended.returncode < 0 and b"endless" in ended.stderr
    from maintenance.fuzz.worker import Current

    assert Current.read(tmp_path / "current") == Target("reply", "reply").seeds()[0]
