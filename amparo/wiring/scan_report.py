"""What `amparo scan` says: a line that moves while it runs, what it came to when it has ended, and the manifest in a file."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from amparo.cases import queries as cases
from amparo.foundation.errors import Refused
from amparo.foundation.home import Home
from amparo.matching import scans
from amparo.matching.scan import manifest
from amparo.matching.scan.outcomes import Outcome
from amparo.matching.scan.progress import in_words
from amparo.matching.scan.reading import View
from amparo.matching.scan.tally import Summary
from amparo.matching.scanning import Told
from amparo.matching.scans import ScanFacts

# Where nobody watches a line move (a log, a pipe), one is written now and then.
PLAIN_SECONDS = 10.0


class Screen:
    """Progress on the error output: one line that is written over on a terminal, plain lines elsewhere."""

    def __init__(self, reference: str) -> None:
        self._reference = reference
        self._moves = sys.stderr.isatty()
        self._due = 0.0
        self._phase = ""
        self._written = False

    def show(self, told: Told) -> None:
        now = time.monotonic()
        if not self._moves and now < self._due and told.phase == self._phase:
            return
        self._due, self._phase = now + PLAIN_SECONDS, told.phase
        line = f"{self._reference}  {in_a_line(told)}"
        if self._moves:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{line[:width]}", end="", file=sys.stderr, flush=True)
            self._written = True
        else:
            print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What is written next begins a line of its own."""
        if self._written:
            print(file=sys.stderr)


def in_a_line(told: Told) -> str:
    summary = told.summary
    if told.phase == "walking":
        return f"reading folders: {summary.found:,} files found"
    if told.trouble:
        return f"{summary.done:,} of {summary.found:,} files  {told.trouble}"
    if told.phase == "ending":
        return f"{summary.done:,} of {summary.found:,} files; writing the manifest"
    share = summary.settled_percent
    said = [
        f"{summary.done:,} of {summary.found:,} files",
        f"{size(summary.done_bytes)} of {size(summary.found_bytes)}",
        f"{told.pace.files_per_second:,.0f} files/s",
        f"{size(told.pace.bytes_per_second)}/s",
        in_words(told.pace.seconds_left),
        *([f"{share}% resolved without anyone looking"] if share is not None else []),
    ]
    return "  ".join(said)


def size(count: float) -> str:
    """Bytes in words, powers of ten."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 99.95 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def check_manifest(file: Path) -> None:
    """Refused where the manifest could not be written there at the end of a long scan."""
    folder = file.absolute().parent
    if not folder.is_dir() or file.is_dir():
        raise Refused(f"The manifest can't be written to {file}: name a file in a folder that is there.")


def write_manifest(home: Home, facts: ScanFacts, file: Path) -> list[Path]:
    """The manifest at `file` (JSON lines where it ends in .jsonl, else CSV), and beside it a digest list for each device."""
    with View(scans.file_of(home, facts.uuid)) as view:
        lines = manifest.as_json_lines if file.suffix == ".jsonl" else manifest.as_csv
        written = [_written(file, lines(view))]
        devices = view.devices()
        for each in devices:
            name = f"{file.stem}.sha256" if len(devices) == 1 else f"{file.stem}-{each.id}.sha256"
            written.append(_written(file.with_name(name), manifest.as_digest_list(view, each.id)))
    return written


def _written(file: Path, pieces: Iterable[bytes]) -> Path:
    """Whole or not at all, for its owner alone."""
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("wb") as out:
        fresh.chmod(0o600)
        for piece in pieces:
            out.write(piece)
    return fresh.replace(file)


def tell(home: Home, facts: ScanFacts, written: list[Path], *, as_json: bool) -> None:
    """What the scan came to so far, on the standard output."""
    with View(scans.file_of(home, facts.uuid)) as view:
        labels = {each.id: each.label for each in view.devices()}
        found, seconds = view.summary(), float(view.about("worked_s") or 0.0)
        lists = [f"{each['name']} {each['version']}" for each in view.about("lists")]
    if as_json:
        case = cases.case(facts.case).reference if facts.case else None
        said: dict[str, Any] = {
            "scan": str(facts.uuid),
            "reference": facts.reference,
            "state": facts.state,
            "case": case,
        }
        said |= {"lists": lists, **_counts(found), "seconds": round(seconds, 3)}
        said |= {"by_device": {labels[each]: _counts(found.of_device(each)) for each in labels}}
        said |= {"manifest_sha256": facts.manifest_sha256, "sealed": [str(each) for each in facts.sealed]}
        print(json.dumps({**said, "written": [str(each) for each in written]}))
        return
    for line in _in_lines(facts, found, labels, seconds, written):
        print(line)


def _counts(found: Summary) -> dict[str, Any]:
    reasons = {each.value: found.by_reason(each) for each in (Outcome.NOT_EXAMINED, Outcome.UNREADABLE)}
    return {
        "files": found.found,
        "done": found.done,
        "size_bytes": found.found_bytes,
        **found.by_outcome(),
        "copies": found.copies,
        "media": found.media,
        "settled": found.settled,
        "reasons": reasons,
    }


def _in_lines(
    facts: ScanFacts, found: Summary, labels: dict[int, str], seconds: float, written: list[Path]
) -> Iterator[str]:
    files = f"{found.done:,} of {found.found:,} files, {size(found.found_bytes)}"
    yield f"{facts.reference} {facts.state}: {files}, in {seconds:,.1f} s"
    columns = [(label, found.of_device(each)) for each, label in labels.items()]
    if len(columns) > 1:
        columns.append(("all", found))
        yield f"  {'':<14}" + "".join(f"{label[:18]:>20}" for label, _ in columns)
    for outcome in Outcome:
        counts = [each.by_outcome()[outcome] for _, each in columns]
        yield f"  {outcome.replace('_', ' '):<14}" + "".join(f"{count:>20,}" for count in counts)
        for reason, count in found.by_reason(outcome).items():
            if reason:
                yield f"    {reason.replace('_', ' ')}: {count:,}"
    yield f"  {'copies':<14}" + "".join(f"{each.copies:>20,}" for _, each in columns) + "   (examined once)"
    if found.media:
        of = f"{found.settled:,} of {found.media:,} pictures, videos and listed files"
        yield f"Resolved without anyone looking: {of} ({found.settled_percent}%)."
    if facts.manifest_sha256:
        yield f"Manifest: SHA-256 {facts.manifest_sha256}"
    for each in written:
        yield f"Written: {each}"


def show_scans() -> int:
    """A line for each scan of this house, newest first."""
    home = Home.from_env()
    for row in scans.every_scan():
        alive = row.state == scans.RUNNING and not scans.is_worked_at(home, row.uuid)
        state = "cut off" if alive else row.state
        files = row.figures.get("files")
        counted = f"{files:,} files" if files is not None else ""
        print(f"{row.reference:<8}{row.started_at:%Y-%m-%d %H:%M}  {state:<10}{counted:>18}  {', '.join(row.devices)}")
    return 0
