"""For `amparo verify`: the manifest of every finished scan is still what the record says that it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from amparo.custody import queries as custody
from amparo.foundation.errors import AmparoError
from amparo.foundation.home import Home
from amparo.matching import scans
from amparo.matching.scan import manifest
from amparo.matching.scan.reading import View

PAGE = 1000


@dataclass(frozen=True)
class AlteredScan:
    scan: UUID
    sentence: str


def finished_scans() -> Iterator[custody.ActLine]:
    """The acts by which scans ended, newest first."""
    offset = 0
    while page := custody.acts(kind="scan.finished", ended="done", offset=offset, limit=PAGE).lines:
        yield from (line for line in page if line.kind == "scan.finished")
        offset += PAGE


def altered_scans(home: Home) -> Iterator[AlteredScan]:
    """Finished scans whose file no longer gives the manifest that was recorded.

    One whose file lies on another machine is left out if its manifest is sealed: then the sealed file is checked.
    """
    for line in finished_scans():
        scan = UUID(str(line.about["scan"]))
        path = scans.file_of(home, scan)
        if not path.exists():
            if not line.about["sealed"]:
                yield AlteredScan(scan, f"The file of scan {scan} is missing: {path}")
            continue
        try:
            with View(path) as view:
                whole = manifest.sha256(view)
        except (AmparoError, sqlite3.Error):
            whole = ""
        if whole != line.about["manifest_sha256"]:
            yield AlteredScan(scan, f"The file of scan {scan} was changed: its manifest is not what the record says.")
