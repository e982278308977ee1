"""Several machines: a Dask scheduler, workers on as many machines as there are, mutual TLS between all of them.

Dask computes and nothing else: it remembers no result, and when its scheduler dies the chunks under way are asked for again.
Whoever reaches a port of Dask's can run code on its machine (it unpickles what it is sent), so nothing listens without TLS, and
every connection must show a certificate of the cluster's own authority. docs/operations.md says how these are made.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amparo.foundation.errors import Refused, Unreachable

_RECONNECT_SECONDS = 1.0
_GIVE_UP_SECONDS = 10.0


@dataclass(frozen=True)
class Certificates:
    """The cluster's authority, and this process's certificate and key; files in PEM."""

    authority: Path
    certificate: Path
    key: Path


def check(address: str, certificates: Certificates) -> None:
    """Refused for an address without TLS, and for files that can't be read."""
    if not address.startswith("tls://"):
        raise Refused(
            f"{address} is not encrypted, and whoever reaches it could run programs on every worker. Write it as tls://host:port."
        )
    for what, path in vars(certificates).items():
        try:
            path.open("rb").close()
        except OSError as error:
            raise Refused(f"The {what} can't be read: {path} ({error.strerror}).") from error


def security(certificates: Certificates) -> Any:
    """Dask's own word for it: nothing goes out or comes in but encrypted, and both sides show their certificates."""
    from distributed import Security

    pair = {"cert": str(certificates.certificate), "key": str(certificates.key)}
    roles = {f"tls_{role}_{part}": path for role in ("client", "scheduler", "worker") for part, path in pair.items()}
    return Security(require_encryption=True, tls_ca_file=str(certificates.authority), **roles)


def set_up() -> None:
    """Dask as we use it: nothing served over HTTP, nothing profiled, and a chunk outlives many workers."""
    try:
        import dask
        import distributed  # noqa: F401 - its settings are read when it is imported
    except ImportError as error:
        raise Refused("Several machines need Dask: install amparo[cluster] on each of them.") from error
    dask.config.set(
        {
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            "distributed.worker.profile.enabled": False,
            "distributed.scheduler.allowed-failures": 100,
            "distributed.comm.timeouts.connect": "5s",
            "distributed.admin.log-length": 0,
        }
    )
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def check_trust(error: BaseException, address: str) -> None:
    """Refused where two sides don't accept each other's certificates: waiting would not mend that."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError) or (
            isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or "")
        ):
            raise Refused(
                f"{address} and this machine don't accept each other's certificates: both must be signed by the authority "
                "given with --tls-ca."
            ) from error
        cause = cause.__cause__ or cause.__context__


def serve_scheduler(address: str, certificates: Certificates) -> None:
    """Until SIGTERM or SIGINT. It keeps nothing: killed and started again, it is what it was."""
    check(address, certificates)
    set_up()
    asyncio.run(_until_told(_scheduler(address, certificates)))


async def _scheduler(address: str, certificates: Certificates) -> None:
    from distributed import Scheduler

    # Its HTTP server can't be left out; without routes it has nothing to say, and only to this machine.
    try:
        async with Scheduler(
            host=address, security=security(certificates), dashboard=False, dashboard_address="127.0.0.1:0"
        ) as scheduler:
            print(f"ready {scheduler.address}", flush=True)  # noqa: T201 - whoever started it waits for this line
            await scheduler.finished()
    except RuntimeError as error:  # Dask's own word for a start that failed
        raise Unreachable(f"Nothing can listen at {address} ({error.__cause__}). Give a free port here.") from error


def serve_worker(address: str, certificates: Certificates, threads: int) -> None:
    """Works for the scheduler at `address` until SIGTERM or SIGINT; where it is lost, waits until it is there again."""
    check(address, certificates)
    set_up()
    asyncio.run(_until_told(_worker(address, certificates, threads)))


async def _worker(address: str, certificates: Certificates, threads: int) -> None:
    from distributed import Worker
    from distributed.comm import connect

    known = security(certificates)
    while True:
        try:
            # A worker asks for ever and does not say why it is not answered; asked once before, we know.
            await (await connect(address, **known.get_connection_args("worker"))).close()
            async with Worker(
                address,
                nthreads=threads,
                security=known,
                death_timeout=_GIVE_UP_SECONDS,
                dashboard=False,
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
            ) as worker:
                print(f"ready {worker.address}", flush=True)  # noqa: T201
                await worker.finished()
        except (OSError, TimeoutError, RuntimeError) as error:
            check_trust(error, address)
        await asyncio.sleep(_RECONNECT_SECONDS)


async def _until_told(serving: Any) -> None:
    """Serves until a signal says that it is enough."""
    task = asyncio.ensure_future(serving)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
