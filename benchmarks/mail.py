"""Mails accepted per second with durability, beside what the disk allows.

    .venv/bin/python -m benchmarks.mail [--mails 400] [--size 137000] [--connections 8]

Starts a receiver of its own on a home in the current folder's disk (temporary), sends mails by SMTP over some connections, and
checks that every acknowledged one is there. Beside it, in the same run and on the same disk: the same bytes written, synced,
renamed and their folder synced by as many threads, with no mail and no sealing; and the same library's own Maildir handler.
The ratios are the result; the rates are this machine's. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from amparo.foundation.home import Home
from amparo.intake import spool
from amparo.vault import keys
from maintenance.houses import free_port
from maintenance.processes import in_threads

ADDRESS = "report@report.example.org"


def main() -> int:
    asked = _arguments()
    raw = _mail(asked.size)
    with tempfile.TemporaryDirectory(dir=".", prefix="benchmark-") as folder:
        home = Home(Path(folder).absolute() / "home")
        keys.make_keys(home)
        before = _disk(home.path, asked, len(raw))
        seconds, waits = _receiver(home, asked, raw)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        plain = _plain(home.path, asked, raw)
        after = _disk(home.path, asked, len(raw))
        kept = sum(1 for _ in spool.arrivals(home))
        worker = keys.ProcessKeys(home, "worker")
        sample = [spool.read_letter(arrival, worker) for arrival in list(spool.arrivals(home))[:20]]
    lost = asked.mails - kept
    whole = all(letter.raw_size_bytes == len(raw) for letter in sample)
    mails, disk = asked.mails / seconds, statistics.mean((before, after))
    waits.sort()
    result = {
        "benchmark": "mail",
        "mails": asked.mails,
        "mail_bytes": len(raw),
        "connections": asked.connections,
        "mails_per_second": round(mails, 1),
        "disk_limit_per_second": round(disk, 1),
        "ratio": round(mails / disk, 2),
        "plain_maildir_per_second": round(plain, 1),
        "ratio_to_plain_maildir": round(mails / plain, 2),
        "median_ms": round(waits[len(waits) // 2] * 1000, 1),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
        "receiver_cpu_ms_per_mail": round((used.ru_utime + used.ru_stime) * 1000 / asked.mails, 2),
        "receiver_peak_mib": round(used.ru_maxrss / 1024),
        "lost": lost,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    print(f"mails of {len(raw):,} bytes over {asked.connections} connections, sealed and synced before 250")
    print(f"  accepted          {mails:8.1f} a second   (median {result['median_ms']} ms, p99 {result['p99_ms']} ms)")
    print(f"  the disk alone    {disk:8.1f} a second   (same bytes, write + fsync + rename + fsync of the folder)")
    print(f"  a plain Maildir   {plain:8.1f} a second   (aiosmtpd's own handler: nothing sealed, folder not synced)")
    print(f"  ratios            {mails / disk:8.2f} of the disk, {mails / plain:.2f} of the plain Maildir")
    print(f"  load              {result['load']:8.1f} on {result['cores']} cores")
    print(
        f"  the receiver uses {result['receiver_cpu_ms_per_mail']:8.2f} CPU-ms a mail, {result['receiver_peak_mib']} MiB at most"
    )
    print(f"  acknowledged but not there: {lost}; those opened are whole: {'yes' if whole else 'NO'}")
    print(json.dumps(result))
    return 0 if not lost and whole else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mails accepted per second, beside what the disk allows.")
    parser.add_argument("--mails", type=int, default=400)
    parser.add_argument("--size", type=int, default=137_000, help="bytes of each mail")
    parser.add_argument("--connections", type=int, default=8)
    return parser.parse_args()


def _mail(size: int) -> bytes:
    head = (
        b"From: a.reporter@example.org\r\nSubject: item shared\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
    )
    line = b"see you at 21:00, item shared, see you at 21:00, item shared, see you at\r\n"
    return head + line * max(1, (size - len(head)) // len(line))


def _disk(folder: Path, asked: argparse.Namespace, size: int) -> float:
    """Files per second that the disk makes durable, with as many threads as there are connections."""
    place = folder / "disk"
    place.mkdir()
    content = os.urandom(size)
    each = max(1, asked.mails // asked.connections)

    def write(thread: int) -> None:
        for number in range(each):
            part, final = place / f"{thread}-{number}.part", place / f"{thread}-{number}"
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(final)
            descriptor = os.open(place, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)

    seconds = in_threads(asked.connections, write)
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    return each * asked.connections / seconds


def _sent(port: int, asked: argparse.Namespace, raw: bytes) -> tuple[float, list[float]]:
    """Seconds for all mails, and each mail's own."""
    waits: list[float] = []

    def send(connection: int) -> None:
        count = asked.mails // asked.connections + (connection < asked.mails % asked.connections)
        with smtplib.SMTP("127.0.0.1", port) as client:
            for _ in range(count):
                started = time.perf_counter()
                client.sendmail("a.reporter@example.org", [ADDRESS], raw)
                waits.append(time.perf_counter() - started)

    return in_threads(asked.connections, send), waits


def _receiver(home: Home, asked: argparse.Namespace, raw: bytes) -> tuple[float, list[float]]:
    environment = {**os.environ, "AMPARO_HOME": str(home.path), "AMPARO_SMTP": "127.0.0.1:0", "AMPARO_LMTP": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "amparo.intake.receiver"],
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, "AMPARO_LOG": "ERROR"},
    )
    assert process.stdout
    port = int(process.stdout.readline().rpartition(":")[2])
    try:
        return _sent(port, asked, raw)
    finally:
        process.terminate()
        process.wait()


# What one would write with the same library and nothing of ours: its own Maildir handler. It seals nothing, reads each mail
# through the email package, and the standard library's Maildir syncs the file but not its folder.
PLAIN = """
import sys
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
door = Controller(Mailbox(sys.argv[1]), hostname="127.0.0.1", port=int(sys.argv[2]), data_size_limit=1 << 26)
door.start()
print("ready", flush=True)
sys.stdin.read()
door.stop()
"""


def _plain(folder: Path, asked: argparse.Namespace, raw: bytes) -> float:
    """Mails per second of the peer."""
    port = free_port()
    command = [sys.executable, "-c", PLAIN, str(folder / "maildir"), str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    process.stdout.readline()
    try:
        return asked.mails / _sent(port, asked, raw)[0]
    finally:
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
