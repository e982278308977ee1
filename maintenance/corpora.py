"""Public mail corpora fed through the mail door of a running house: every message must end in a stated end state.

python -m maintenance.corpora FOLDER ...

Each file below the folders is one mail, sent byte for byte by SMTP to a house of its own, the same bytes once; none of them enters
the tree. For each folder it prints how many ended how, and which files within the mails, as Python's own parser reads them, are not
among the report's items (by SHA-256). The two disagree where one of them is more lenient: those are for a person to look at.
"""

from __future__ import annotations

import argparse
import email
import hashlib
import os
import re
import smtplib
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from maintenance.houses import House, house

PATIENCE_SECONDS = 600.0
SENDER, ADDRESS = "reporter@example.org", "report@report.example.org"


@dataclass
class Fed:
    """A mail: its file, its arrival, or why the door did not take it; then what became of it."""

    path: Path
    arrival: str = ""
    refused: str = ""
    state: str = ""
    work_items: int = 0
    items: set[str] = field(default_factory=set)


def main() -> int:
    """0 if every mail that was taken ended, and no job was given up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    asked = parser.parse_args()
    with house() as place:
        seen: set[bytes] = set()
        fed = {folder: [_sent(place, path) for path in _mails(folder, seen)] for folder in asked.folders}
        every = [each for group in fed.values() for each in group if each.arrival]
        given_up = _ended(place, every)
    for folder, group in fed.items():
        _tell(folder, group)
    unended = [each.path for each in every if each.state in ("", "taken_in")]
    print(f"\n{len(every):,} taken, {len(every) - len(unended):,} ended, {given_up} jobs given up.")
    for path in unended:
        print(f"  without an end: {path}")
    return 1 if unended or given_up else 0


def _mails(folder: Path, seen: set[bytes]) -> list[Path]:
    """The files whose bytes, with the line ends of SMTP, were not seen yet."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size):
        sent = _as_sent(path).rstrip()
        if sent not in seen:
            seen.add(sent)
            found.append(path)
    return found


def _sent(place: House, path: Path) -> Fed:
    """By a conversation of its own. The library would change line ends: the bytes go out as an SMTP client must send them."""
    fed = Fed(path)
    with smtplib.SMTP(*place.smtp) as client:
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(ADDRESS)
        code, answer = client.data(path.read_bytes())
    words = answer.decode("utf-8", "replace")
    if code == 250:
        fed.arrival = words.split()[-1]
    else:
        fed.refused = f"{code} {words}"
    return fed


def _ended(place: House, fed: list[Fed]) -> int:
    """Waits until nothing is left to do; fills in what became of each. How many jobs were given up."""
    os.environ.update(place.environment, DJANGO_SETTINGS_MODULE="amparo.wiring.settings", AMPARO_LOG="ERROR")
    import django

    django.setup()
    from amparo.intake.models import Arrival, ArrivalState, WorkItem
    from amparo.jobs import queries as jobs
    from amparo.vault.models import Item

    until, started = time.monotonic() + PATIENCE_SECONDS, time.monotonic()
    ids = {each.arrival: each for each in fed}
    while time.monotonic() < until:
        open_ones = len(fed) - Arrival.objects.exclude(state=ArrivalState.TAKEN_IN).filter(uuid__in=ids).count()
        counts = jobs.counts()
        if not open_ones and not counts["waiting"] and not counts["leased"]:
            break
        print(
            f"\r{len(fed) - open_ones:,} of {len(fed):,} ended, {counts['waiting']:,} jobs wait ",
            end="",
            file=sys.stderr,
        )
        time.sleep(0.5)
    print(f"\n{time.monotonic() - started:.0f} s", file=sys.stderr)
    for arrival in Arrival.objects.filter(uuid__in=ids):
        each = ids[str(arrival.uuid)]
        each.state = arrival.state
        each.work_items = WorkItem.objects.filter(report__uuid=arrival.report_uuid).count()
        each.items = set(Item.objects.filter(origin=arrival.report_uuid).values_list("sha256", flat=True))
    return jobs.counts()["quarantined"]


def _tell(folder: Path, group: list[Fed]) -> None:
    states = Counter(each.state or "refused" for each in group)
    told = ", ".join(f"{count} {state}" for state, count in states.most_common())
    print(f"\n{folder}: {len(group)} files: {told}; {sum(each.work_items > 0 for each in group)} with work items")
    for each in group:
        if each.refused:
            print(f"  refused: {each.path.name}: {each.refused}")
        if each.state in ("report", "follow_up") and (missing := _files(each.path) - each.items):
            print(
                f"  {each.path.name}: {len(missing)} of {len(_files(each.path))} files differ from Python's own reading"
            )


def _files(path: Path) -> set[str]:
    """The SHA-256 of what Python's parser takes for files with a name, in the bytes as they were sent; no signatures."""
    found = set()
    for part in email.message_from_bytes(_as_sent(path)).walk():
        content = part.get_payload(decode=True)
        is_file = part.get_filename() and not part.is_multipart() and "signature" not in part.get_content_type()
        if is_file and isinstance(content, bytes) and content:
            found.add(hashlib.sha256(content).hexdigest())
    return found


def _as_sent(path: Path) -> bytes:
    """With the line ends of SMTP."""
    return re.sub(rb"\r\n|\r|\n", b"\r\n", path.read_bytes())


if __name__ == "__main__":
    raise SystemExit(main())
