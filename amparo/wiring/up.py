"""`amparo up`: makes what is missing, starts every process, starts again what dies, and stops all together."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from amparo.foundation.errors import Refused, Unreachable
from amparo.foundation.home import Home
from amparo.intake.mailbox import mailbox_from_env
from amparo.intake.receiver import Doors
from amparo.intake.relay_letters import Line
from amparo.vault.keys import check_all_keys, make_keys

HOUSE_ADDRESS = "127.0.0.1:8000"
FORM_ADDRESS = "127.0.0.1:8001"
API_ADDRESS = "127.0.0.1:8002"
MAIL_ADDRESSES = {"AMPARO_SMTP": Doors.smtp, "AMPARO_LMTP": Doors.lmtp}
# Passwords, and the processes that each is told to.
TOLD_TO = {
    "AMPARO_DATABASE": ("worker", "courier", "house", "api"),
    "AMPARO_IMAP_PASSWORD": ("mailbox",),
    "AMPARO_SMARTHOST_PASSWORD": ("courier",),
}
RESTART_SECONDS = (0.2, 1, 5, 15)
SETTLED_SECONDS = 30
GRACE_SECONDS = 10
PR_SET_PDEATHSIG = 1


def house_address() -> str:
    return os.environ.get("AMPARO_HTTP", HOUSE_ADDRESS)


def form_address() -> str:
    """Where the public form is served; empty: not at all."""
    return os.environ.get("AMPARO_FORM", FORM_ADDRESS)


def api_address() -> str:
    """Where platforms report; empty: nowhere."""
    return os.environ.get("AMPARO_API", API_ADDRESS)


@dataclass
class Process:
    """One supervised process. `ready` is the beginning of the line by which it says that it serves; empty if it says none."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    ready: str = ""
    child: subprocess.Popen[str] | None = None
    deaths: int = 0
    started: float = 0.0
    due: float = 0.0
    is_ready: threading.Event = field(default_factory=threading.Event)


def processes(workers: int) -> list[Process]:
    """All processes of one machine: each its own program with its own keys (DESIGN, part 3)."""
    me, quiet = [sys.executable, "-m", "amparo.wiring.cli", "run"], {"AMPARO_LOG": "WARNING"}
    house = _served(house_address(), "amparo.wiring.wsgi:application", log="warning")
    api = _served(api_address(), "amparo.wiring.api:application", log="warning")
    # Whoever writes slowly holds a thread; each is cheap. Codes are stretched one at a time (intake/form/talking.py).
    form = _served(form_address(), "amparo.wiring.public:application", log="error", threads=32)
    return [
        Process("receiver", [sys.executable, "-m", "amparo.intake.receiver"], {"AMPARO_LOG": "WARNING"}, ready="ready"),
        *([Process("mailbox", [sys.executable, "-m", "amparo.intake.mailbox"], quiet)] if mailbox_from_env() else []),
        *(Process(f"worker-{n}", [*me, "worker", f"worker-{n}"]) for n in range(1, workers + 1)),
        Process("courier", [*me, "courier"]),
        Process("house", house),
        *([Process("form", form)] if form_address() else []),
        *([Process("api", api)] if api_address() else []),
    ]


def _served(address: str, application: str, *, log: str, threads: int = 4) -> list[str]:
    """The command that answers HTTP at this address."""
    host, _, port = address.rpartition(":")
    server = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host.strip("[]"), "--port", port]
    server += [
        "--workers",
        "1",
        "--blocking-threads",
        str(threads),
        "--backpressure",
        str(max(32, 2 * threads)),
        "--no-ws",
    ]
    return [*server, "--log-level", log, application]


def doors_must_be_free() -> None:
    """Unreachable where another program answers at an address of ours: asked before anything is made or brought up to date."""
    _must_be_free("AMPARO_HTTP", house_address())
    for variable, address in (("AMPARO_FORM", form_address()), ("AMPARO_API", api_address())):
        if address:
            _must_be_free(variable, address)
    for variable, default in MAIL_ADDRESSES.items():
        if address := os.environ.get(variable, default):
            _must_be_free(variable, address)


def prepare(home: Home) -> bool:
    """Keys made on the first start and checked on each; Django set up; database up to date. True on the first start."""
    first = make_keys(home)
    check_all_keys(home)

    import django

    django.setup()  # after the keys: its settings read one of them

    from django.core.management import call_command

    from amparo.exchange.keys import make_house_key
    from amparo.exchange.mail_keys import make_mail_keys
    from amparo.vault import actions as vault
    from amparo.wiring.officers import lay_foundations

    make_house_key(home, os.environ.get("AMPARO_HOUSE_NAME", "Amparo house"))
    line = Line.from_env()  # refused here rather than when the first answer is to go out
    make_mail_keys(home, line.name, f"{line.local}@{line.domain}")

    call_command("migrate", verbosity=0, interactive=False)
    lay_foundations(home)
    vault.sweep(home)
    return first


class Supervisor:
    """Keeps a home's processes running until told to stop."""

    def __init__(self, home: Home, workers: int):
        self._home = home
        self._processes = processes(workers)
        self._stopping = threading.Event()
        self._lock: TextIO | None = None

    def start(self) -> None:
        """Afterwards mail is taken and pages are served. Refused where this home is up already."""
        self._lock = _taken(self._home)
        for process in self._processes:
            self._spawn(process)
        self._write_state()
        threading.Thread(target=self._watch, daemon=True).start()
        self._wait_until_served()

    def stop(self) -> None:
        """Every process has ended; what was under way is finished or goes back to the queue."""
        self._stopping.set()
        for process in self._processes:
            if process.child and process.child.poll() is None:
                process.child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for process in self._processes:
            if process.child:
                try:
                    process.child.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.child.kill()
                    process.child.wait()
                _end_family(process.child)
        if self._lock:  # a house that was refused leaves the other's files alone
            self._state_file.unlink(missing_ok=True)
            self._lock.close()

    def wait(self) -> None:
        """Returns when `stop` was asked for by a signal."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        while not self._stopping.wait(3600):
            pass

    @property
    def _state_file(self) -> Path:
        return self._home.run / "processes.json"

    def _spawn(self, process: Process) -> None:
        environment = {**os.environ, "AMPARO_HOME": str(self._home.path), **process.environment}
        environment["DJANGO_SETTINGS_MODULE"] = "amparo.wiring.settings"
        for variable, told in TOLD_TO.items():
            if not process.name.startswith(told):
                environment.pop(variable, None)  # whoever breaks in there learns no password
        process.child = subprocess.Popen(
            process.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, and what a child started ends with it
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # one libc call, no lock taken
        )
        process.started = time.monotonic()
        threading.Thread(target=_relay, args=(process,), daemon=True).start()

    def _watch(self) -> None:
        """Starts again what has died, sooner at first than later; one that keeps dying holds up no other."""
        while not self._stopping.wait(0.2):
            for process in self._processes:
                if process.child and process.child.poll() is not None:
                    self._revive(process, process.child)

    def _revive(self, process: Process, child: subprocess.Popen[str]) -> None:
        now = time.monotonic()
        if not process.due:
            if now - process.started > SETTLED_SECONDS:
                process.deaths = 0
            pause = RESTART_SECONDS[min(process.deaths, len(RESTART_SECONDS) - 1)]
            process.deaths, process.due = process.deaths + 1, now + pause
            _end_family(child)
            print(f"{process.name} ended with {child.returncode}; starting it again in {pause} s", file=sys.stderr)
        elif now >= process.due and not self._stopping.is_set():
            process.due = 0.0
            self._spawn(process)
            self._write_state()

    def _write_state(self) -> None:
        children = {process.name: process.child.pid for process in self._processes if process.child}
        state = {"supervisor": os.getpid(), "processes": children, "http": house_address(), "api": api_address()}
        fresh = self._state_file.with_suffix(".new")
        fresh.write_text(json.dumps(state))
        fresh.rename(self._state_file)

    def _wait_until_served(self) -> None:
        deadline = time.monotonic() + 60
        for process in self._processes:
            if process.ready and not process.is_ready.wait(deadline - time.monotonic()):
                raise Unreachable(f"The {process.name} did not get ready: its own message stands above.")
        for address, words in (
            (house_address(), "The house does not serve pages"),
            (form_address(), "The public form does not serve pages"),
            (api_address(), "The platforms' door does not answer"),
        ):
            host, _, port = address.rpartition(":")
            while address and not _answers(host.strip("[]"), int(port)):
                if time.monotonic() > deadline or self._stopping.wait(0.05):
                    raise Unreachable(f"{words}: its own message stands above.")


def running(home: Home) -> int | None:
    """The process id of the supervisor that has this home up, if there is one."""
    try:
        with (home.run / "up.lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0)
    except FileNotFoundError:
        pass
    return None


def _taken(home: Home) -> TextIO:
    """The home's lock, held until the file is closed or its process ends: numbers of processes come again, locks don't."""
    file = (home.run / "up.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise already_up(running(home)) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def already_up(process: int | None) -> Refused:
    return Refused(f"This Amparo is up already (process {process}). Stop that one first.")


def _end_family(child: subprocess.Popen[str]) -> None:
    """Whatever an ended child had started ends too: granian's own process would go on listening beside the new one."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _relay(process: Process) -> None:
    """Passes a child's output on, and notes when it says that it is ready."""
    if process.child is None or process.child.stdout is None:
        return
    for line in process.child.stdout:
        if process.ready and line.startswith(process.ready):
            process.is_ready.set()
        else:
            print(f"{process.name}: {line}", end="", file=sys.stderr)


def _die_with_parent() -> None:
    """In the child, before it runs: no process of ours outlives its supervisor (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _must_be_free(variable: str, address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise Refused(f"{variable}={address} is no address: write it as 127.0.0.1:8010.")
    if int(port) and _answers(host.strip("[]"), int(port)):
        raise Unreachable(
            f"Something else answers at {address} already. Stop it, or choose another: {variable}={host}:PORT."
        )
