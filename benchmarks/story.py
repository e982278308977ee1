"""Seconds from mail to queue, and the demo's duration, on a house of its own. Run: python -m benchmarks.story

A mail is sent by SMTP to a running house; the clock stops when the queue page shows its subject. Beside it stands what the
same machine needs at least: one durable write of the same bytes, and one start of Python (what any command-line triage of a
mailbox would pay for each mail).
"""

from __future__ import annotations

import json
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from email.message import EmailMessage

from maintenance.houses import House, house
from maintenance.visits import Visitor

MAILS = 20
DEADLINE_SECONDS = 60


def mail(number: int) -> bytes:
    """A small invented report with a picture-sized attachment of noise."""
    message = EmailMessage()
    message["From"], message["To"] = "reporter@example.org", "report@report.example.org"
    message["Subject"] = f"benchmark {number:04}"
    message.set_content("A link was shared in a group. Item shared at 21:00.")
    message.add_attachment(os.urandom(100_000), maintype="application", subtype="octet-stream", filename="item.bin")
    return message.as_bytes()


def seconds_to_queue(place: House, officer: Visitor, number: int) -> float:
    """From the first byte of the SMTP conversation until the queue page shows the mail."""
    raw, wanted = mail(number), f"benchmark {number:04}"
    started = time.perf_counter()
    with smtplib.SMTP(*place.smtp) as client:
        client.sendmail("reporter@example.org", ["report@report.example.org"], raw)
    while wanted not in officer.page("/?sort=-received"):
        if time.perf_counter() - started > DEADLINE_SECONDS:
            raise RuntimeError(f"{wanted} did not reach the queue")
    return time.perf_counter() - started


def durable_write() -> float:
    """Seconds to write one such mail to a file and have it on disk."""
    raw = mail(0)
    with tempfile.NamedTemporaryFile(dir=".") as file:
        started = time.perf_counter()
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
        return time.perf_counter() - started


def python_start() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import email, hashlib"], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Prints a table and, last, one JSON object."""
    started = time.perf_counter()
    with house("--demo") as place:
        demo = time.perf_counter() - started
        officer = Visitor(place, "alba")
        times = [seconds_to_queue(place, officer, number) for number in range(MAILS)]
        again = time.perf_counter()
        pages = [officer.page("/") for _ in range(20)]
        page = (time.perf_counter() - again) / len(pages)
    found = {
        "demo_seconds": round(demo, 1),
        "mail_to_queue_seconds_median": round(statistics.median(times), 3),
        "mail_to_queue_seconds_max": round(max(times), 3),
        "queue_page_seconds": round(page, 3),
        "durable_write_seconds": round(statistics.median(durable_write() for _ in range(20)), 4),
        "python_start_seconds": round(statistics.median(python_start() for _ in range(5)), 3),
        "load_average": round(os.getloadavg()[0], 1),
    }
    for name, value in found.items():
        print(f"{name:<32} {value}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
