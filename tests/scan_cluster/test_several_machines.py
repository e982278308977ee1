"""A scan on several machines: whoever dies, every file ends once; and nobody joins without a certificate of ours."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.foundation.errors import Refused, Unreachable
from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.matching.scan import keeping
from amparo.matching.scan.cluster import Certificates
from amparo.matching.scan.machines import Machines
from amparo.matching.scan.planning import chunks_of
from amparo.matching.scan.running import Stop
from amparo.matching.scan.store import Store
from amparo.matching.scan.walking import walk
from amparo.matching.shelf import Shelf
from maintenance.houses import free_port
from tests.matching.scanned import lines_of, listed, sha256, store_of

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


class Cluster:
    """A scheduler and workers as processes of their own, started with the commands that an operator types."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.keys, self.address = folder, f"tls://127.0.0.1:{free_port()}"
        self._home = home
        self._children: list[subprocess.Popen[str]] = []

    def certificates(self, name: str) -> Certificates:
        return Certificates(self.keys / "authority.pem", self.keys / f"{name}.pem", self.keys / f"{name}.key")

    def start(self, command: str, *more: str, name: str, ready: bool = True) -> subprocess.Popen[str]:
        """The process; with `ready`, once it has said that it is."""
        known = self.certificates(name)
        tls = ["--tls-ca", known.authority, "--tls-cert", known.certificate, "--tls-key", known.key]
        child = subprocess.Popen(
            [sys.executable, "-m", "amparo.wiring.cli", command, self.address, *more, *map(str, tls)],
            env={**os.environ, "AMPARO_HOME": str(self._home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._children.append(child)
        if ready:
            assert child.stdout
            assert child.stdout.readline().startswith("ready tls://"), child.communicate()[1]
        return child

    def end(self) -> None:
        for child in self._children:
            child.kill()
            child.communicate()


def made_keys(folder: Path) -> None:
    """An authority and its three certificates, by the commands in docs/operations.md."""
    folder.mkdir()
    block = re.search(r"^    umask 077\n(?:    .*\n)+", OPERATIONS.read_text(), flags=re.MULTILINE)
    assert block
    subprocess.run(["sh", "-e", "-c", block[0]], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made_keys(tmp_path / "keys")
    found = Cluster(tmp_path / "keys", tmp_path / "home")
    yield found
    found.end()


def test_with_a_worker_and_then_the_scheduler_killed_every_file_ends_once(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seized, home = tmp_path / "seized", Home(tmp_path / "home")
    for at in range(240):
        (seized / str(at % 7)).mkdir(parents=True, exist_ok=True)
        (seized / str(at % 7) / f"{at}.txt").write_bytes(b"item shared %d" % (at // 3))
    known = listed(home, [({"sha256": sha256(b"item shared 5")}, "A")])
    monkeypatch.setattr(chunks_of, "__defaults__", (10, 1 << 20))
    scheduler = cluster.start("scan-scheduler", name="scheduler")
    workers = [cluster.start("scan-worker", "--workers", "1", name="worker") for _ in range(2)]
    kept: Counter[int] = Counter()
    keep = keeping.keep

    def counted(store: Store, rows: list, *more: object) -> None:  # type: ignore[type-arg]
        keep(store, rows, *more)  # type: ignore[arg-type]
        kept.update(row.read.file for row in rows)
        if sum(kept.values()) == 60:
            workers[0].send_signal(signal.SIGKILL)
        if sum(kept.values()) == 120:
            scheduler.send_signal(signal.SIGKILL)
            scheduler.wait()
            cluster.start("scan-scheduler", name="scheduler")

    monkeypatch.setattr(keeping, "keep", counted)
    shelf, trouble = Shelf.open(home, [known]), set()
    with store_of(tmp_path / "scan", seized, lists=[known]) as store:
        assert walk(store)
        keeping.plan(store)
        machines = Machines(store, shelf, new_id(), cluster.address, cluster.certificates("scanner"))
        while True:
            machines.run(Stop(), lambda: trouble.add(machines.trouble))
            if keeping.end(store):
                break
    assert workers[0].wait() == scheduler.returncode == -signal.SIGKILL
    assert any("does not answer" in each for each in trouble)
    lines = lines_of(tmp_path / "scan")
    assert set(lines) == {f"./{at % 7}/{at}.txt" for at in range(240)}
    assert Counter(line["outcome"] for line in lines.values()) == {"known": 3, "unknown": 237}
    assert sum("copy_of" in line for line in lines.values()) == 160
    assert set(kept.values()) == {1}


def test_nobody_joins_or_asks_without_a_certificate_of_the_same_authority(cluster: Cluster, tmp_path: Path) -> None:
    made_keys(tmp_path / "foreign")
    cluster.start("scan-scheduler", name="scheduler")
    own, cluster.keys = cluster.keys, tmp_path / "foreign"
    stranger = cluster.start("scan-worker", name="worker", ready=False)
    with store_of(tmp_path / "scan", tmp_path) as store:
        foreign = Machines(store, Shelf([]), new_id(), cluster.address, cluster.certificates("scanner"))
        with pytest.raises(Refused, match="don't accept each other's certificates"):
            foreign.run(Stop())
        cluster.keys = own
        for plain in (cluster.address.replace("tls://", "tcp://"), cluster.address.removeprefix("tls://")):
            with pytest.raises(Refused, match="is not encrypted"):
                Machines(store, Shelf([]), new_id(), plain, cluster.certificates("scanner"))
    assert stranger.wait() == 1
    from distributed import Client

    with pytest.raises(OSError, match=r"Timed out|reset|closed"):
        Client(cluster.address.replace("tls://", "tcp://"), timeout=2, set_as_default=False)


def test_a_worker_that_does_not_see_the_evidence_stops_the_scan_rather_than_calling_every_file_gone(
    cluster: Cluster, tmp_path: Path
) -> None:
    seized = tmp_path / "seized"
    seized.mkdir()
    (seized / "a.txt").write_bytes(b"item shared")
    cluster.start("scan-scheduler", name="scheduler")
    cluster.start("scan-worker", "--workers", "1", name="worker")
    with store_of(tmp_path / "scan", seized) as store:
        assert walk(store)
        keeping.plan(store)
        seized.rename(tmp_path / "elsewhere")
        machines = Machines(store, Shelf([]), new_id(), cluster.address, cluster.certificates("scanner"))
        with pytest.raises(Unreachable, match=f"A worker can't go on: {seized} can't be read"):
            machines.run(Stop())
    assert {line["outcome"] for line in lines_of(tmp_path / "scan").values()} == {"open"}
