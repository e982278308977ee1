"""One target in a process of its own, under the sandbox's own memory limit: what it runs is written down first, so that no
crash, hang or kill loses the input that caused it.

python -m maintenance.fuzz.worker FOLDER, with orders.json in the folder; it leaves report.json and findings there.
"""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import random
import resource
import signal
import struct
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

ENGINES = ("coverage", "mutation")
ALL = "all"
# Beside the sandbox's own: this process, its corpus, and the coverage's counters.
SPARE_BYTES = 400 << 20
CORPUS = 2_000
# The libraries in which the readers do their work; what is imported before instrumenting is not seen.
INSTRUMENTED = ["amparo.sandbox.inside", "email", "zipfile", "tarfile", "gzip", "csv", "ijson"]


@dataclass
class Orders:
    """target: its name, or ALL for one after the other. runs: how many inputs at most, 0 for as many as the seconds allow."""

    target: str
    engine: str
    seconds: float
    runs: int
    seed: int


@dataclass
class Report:
    runs: int = 0
    seconds: float = 0.0
    answers: int = 0
    peak_bytes: int = 0
    findings: dict[str, str] = field(default_factory=dict)


class Current:
    """The input at work, in a file that outlives this process."""

    def __init__(self, path: Path) -> None:
        size = (1 << 20) + 4
        path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)

    def hold(self, data: bytes) -> None:
        self._map[4 : 4 + len(data)] = data
        self._map[:4] = struct.pack("!I", len(data))

    @staticmethod
    def read(path: Path) -> bytes:
        content = path.read_bytes()
        return content[4 : 4 + struct.unpack("!I", content[:4])[0]]


class Worker:
    def __init__(self, folder: Path, orders: Orders) -> None:
        from maintenance.fuzz.targets import BY_NAME, CLOCK_SECONDS, Finding

        self._folder, self._orders, self._finding, self._clock = folder, orders, Finding, CLOCK_SECONDS
        self._target = BY_NAME[orders.target]
        self._current = Current(folder / "current")
        self.report, self._answers, self._told = Report(), set[str](), time.monotonic()
        self._began = time.monotonic()

    def run(self, data: bytes) -> bool:
        """Whether the answer was a new one."""
        data = data[: 1 << 20]
        self._current.hold(data)
        # By processor time, since a busy machine hangs nothing: afterwards the signal ends the process, wherever it is.
        signal.setitimer(signal.ITIMER_PROF, self._clock)
        try:
            answer = self._target.run(data)
        except self._finding as finding:
            answer = self._found(finding, data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        self.report.runs += 1
        new = answer not in self._answers
        self._answers.add(answer)
        # A library's fuzzer ends the process without a word, so the last ones are told as they come.
        if time.monotonic() - self._told > 1 or self.report.runs == self._orders.runs:
            self.tell()
        return new

    def _found(self, finding: Exception, data: bytes) -> str:
        cause, place = finding.__cause__, ""
        trace = cause.__traceback__ if cause else None
        while trace:
            place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
            trace = trace.tb_next
        what = f"{finding} at {place}"
        # One input for each place and kind of failure.
        key = f"{type(cause).__name__} at {place}"
        if key not in self.report.findings:
            path = self._folder / f"finding-{len(self.report.findings)}"
            path.write_bytes(data)
            self.report.findings[key] = f"{path.name} {what[:300]}"
        return key

    def tell(self) -> None:
        self._told = time.monotonic()
        self.report.seconds = self._told - self._began
        self.report.answers = len(self._answers)
        self.report.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        (self._folder / "report.json").write_text(json.dumps(asdict(self.report)))

    def by_mutation(self) -> None:
        from maintenance.fuzz.mutation import Mutator

        chance = random.Random(self._orders.seed)
        mutator = Mutator(chance, self._target.words)
        corpus = self._target.seeds()
        for data in corpus:
            self.run(data)
        while not self._is_over():
            data = mutator.changed(chance.choice(corpus), chance.choice(corpus))
            if self.run(data) and len(corpus) < CORPUS:
                corpus.append(data)

    def _is_over(self) -> bool:
        if self._orders.runs and self.report.runs >= self._orders.runs:
            return True
        return time.monotonic() - self._began > self._orders.seconds

    def by_coverage(self, atheris: Any) -> None:
        """Ends the process."""
        words, corpus = self._folder / "words", self._folder / "corpus"
        corpus.mkdir(exist_ok=True)
        for number, data in enumerate(self._target.seeds()):
            (corpus / f"seed-{number}").write_bytes(data)
        quoted = ('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in self._target.words)
        words.write_text("".join(quoted))
        arguments = [f"-max_total_time={max(1, int(self._orders.seconds))}", f"-seed={self._orders.seed + 1}"]
        arguments += [f"-dict={words}", "-max_len=65536", "-rss_limit_mb=0", "-print_final_stats=0", "-verbosity=0"]
        arguments += [f"-runs={self._orders.runs}"] if self._orders.runs else []
        atheris.Setup([sys.argv[0], *arguments, str(corpus)], lambda data: self.run(data) and None)
        atheris.Fuzz()


def main(folder: Path) -> None:
    orders = Orders(**json.loads((folder / "orders.json").read_text()))
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    faulthandler.register(signal.SIGPROF, chain=True)
    atheris = None
    if orders.engine == "coverage":
        import atheris as atheris_

        atheris = atheris_
        with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
            from amparo.sandbox.inside import serve
    else:
        from amparo.sandbox.inside import serve
    from amparo.sandbox.inside.lockdown import MEMORY_BYTES

    serve.warm()
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES + SPARE_BYTES, MEMORY_BYTES + SPARE_BYTES))
    if orders.target == ALL:
        _one_after_the_other(folder, orders)
    elif atheris is None:
        worker = Worker(folder, orders)
        worker.by_mutation()
        worker.tell()
    else:
        Worker(folder, orders).by_coverage(atheris)


def _one_after_the_other(folder: Path, orders: Orders) -> None:
    """By mutation, each in a folder of its own."""
    from maintenance.fuzz.targets import TARGETS

    for target in TARGETS:
        own = folder / target.name
        own.mkdir()
        worker = Worker(own, replace(orders, target=target.name))
        worker.by_mutation()
        worker.tell()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
