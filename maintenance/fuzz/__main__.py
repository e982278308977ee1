"""Fuzzes every reader of hostile bytes, each in a process of its own at the lowest priority.

python -m maintenance.fuzz [TARGET ...] [--seconds 60] [--runs N] [--seed 0] [--engine coverage|mutation] [--list] [--seeds]

A finding is a failure that is no refusal, a crash, a hang, more memory than the sandbox allows, or an answer that sandbox.readings
refuses. Its input is kept in var/fuzz/; the exit status is 1. --seeds writes tests/seeds/ anew.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from maintenance.fuzz.targets import BY_NAME, CLOCK_SECONDS, TARGETS, Target
from maintenance.fuzz.worker import ENGINES, Current, Orders, Report

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var" / "fuzz"
RESTARTS = 8
# A worker on a busy machine may wait long for its turn; one that waits longer waits for something else.
STALLED_SECONDS = 900.0


def engine_of(target: Target, wished: str | None) -> str:
    """Coverage leads where the code is Python and the library for it installs."""
    guided = target.guided and importlib.util.find_spec("atheris") is not None
    return wished or ("coverage" if guided else "mutation")


def fuzzed(target: Target, engine: str, seconds: float, runs: int, seed: int) -> Report:
    """All that was seen of one target. A worker that dies is a finding, and another goes on in its place."""
    whole, until = Report(), time.monotonic() + seconds
    for restart in range(RESTARTS):
        left = until - time.monotonic()
        if left <= 0 or (runs and whole.runs >= runs):
            break
        orders = Orders(target.name, engine, left, runs - whole.runs if runs else 0, seed + restart)
        with tempfile.TemporaryDirectory(prefix="amparo-fuzz-") as name:
            folder = Path(name)
            code, said = _worked(folder, orders)
            report = _report(folder)
            for key, what in report.findings.items():
                whole.findings.setdefault(
                    key, _keep(target, folder / what.split(" ", 1)[0]) + ": " + what.split(" ", 1)[1]
                )
            if code:
                cause, key = _death(code, said)
                whole.findings.setdefault(key, _keep(target, folder / "current", raw=True) + ": " + cause)
        whole.runs += report.runs
        whole.seconds += report.seconds
        whole.answers = max(whole.answers, report.answers)
        whole.peak_bytes = max(whole.peak_bytes, report.peak_bytes)
        if not code:
            break
    return whole


def _worked(folder: Path, orders: Orders) -> tuple[int, str]:
    (folder / "orders.json").write_text(json.dumps(asdict(orders)))
    command = [sys.executable, "-m", "maintenance.fuzz.worker", str(folder)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    patience = orders.seconds + STALLED_SECONDS
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
    return code, (folder / "said").read_text(errors="replace")[-4000:]


def _report(folder: Path) -> Report:
    path = folder / "report.json"
    return Report(**json.loads(path.read_text())) if path.exists() else Report()


def _death(code: int, said: str) -> tuple[str, str]:
    """What ended a worker, and that with where it was."""
    if code == -signal.SIGPROF:
        where = next((line.strip() for line in said.splitlines() if line.strip().startswith("File")), "in a library")
        return f"no answer in {CLOCK_SECONDS:.0f} s, {where}", f"hang {where}"
    name = signal.Signals(-code).name if code < 0 else f"exit {code}"
    frames = [line.strip() for line in said.splitlines() if line.strip().startswith("File")]
    last = said.strip().splitlines()[-1][:200] if said.strip() else ""
    where = frames[0] if frames else last
    return f"{name}, {where}", f"{name} {where}"


def _keep(target: Target, path: Path, *, raw: bool = False) -> str:
    """Where the input now lies, for good."""
    data = Current.read(path) if raw else path.read_bytes()
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"{target.name}-{sha256(data).hexdigest()[:12]}"
    kept.write_bytes(data)
    return str(kept.relative_to(ROOT))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", choices=[*BY_NAME, []], default=[])
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--runs", type=int, default=0, help="inputs for each target, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--list", action="store_true", help="the targets' names")
    parser.add_argument("--seeds", action="store_true", help="write the seeds anew")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(BY_NAME))
        return 0
    if asked.seeds:
        from maintenance.fuzz.seeds import write

        return write()
    findings = 0
    for target in [BY_NAME[name] for name in asked.targets] or TARGETS:
        engine = engine_of(target, asked.engine)
        report = fuzzed(target, engine, asked.seconds, asked.runs, asked.seed)
        rate = report.runs / report.seconds if report.seconds else 0.0
        print(
            f"{target.name:22} {engine:9} {report.runs:9,} runs {rate:9,.0f}/s {report.answers:6,} answers "
            f"{report.peak_bytes >> 20:5} MB  {len(report.findings)} findings",
            flush=True,
        )
        for what in report.findings.values():
            print(f"    {what}", flush=True)
        findings += len(report.findings)
    print(f"{findings} findings." if findings else "No findings.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
