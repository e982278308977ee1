"""Seized trees of abstract files, lists that know some of them, and scans of them without a house around."""

from __future__ import annotations

import atexit
import hashlib
import io
import json
import os
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from PIL import Image

from amparo.foundation.home import Home
from amparo.foundation.ids import new_id
from amparo.matching.building import Source, build
from amparo.matching.records import KINDS, NO_CATEGORY, RECORD, VALUE_BYTES
from amparo.matching.scan import keeping, manifest
from amparo.matching.scan.facts import Device
from amparo.matching.scan.reading import View
from amparo.matching.scan.running import Cores, Stop
from amparo.matching.scan.store import Store
from amparo.matching.scan.walking import walk
from amparo.matching.shelf import Shelf
from amparo.sandbox.warden import Warden

# All tests' bytes are one boundary's: a child of its own for each would cost a second.
BOUNDARY = UUID(int=7)

# Rows of hashes by kind, as hexadecimal digits, and the row's category.
Rows = Sequence[tuple[dict[str, str], str]]


def picture(seed: int, *, size: tuple[int, int] = (160, 120), form: str = "PNG") -> bytes:
    """Coloured noise in large squares: nothing that anybody could see anything in, and a look of its own for every seed."""
    squares = np.random.default_rng(seed).integers(0, 255, (8, 10, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(squares).resize(size, Image.Resampling.BICUBIC).save(file, form)
    return file.getvalue()


def listed(home: Home, rows: Rows) -> UUID:
    """A list of this home, built as an import builds it."""
    categories = sorted({code for _, code in rows if code})
    entries = []
    for number, (hashes, code) in enumerate(rows, start=1):
        for kind, digits in hashes.items():
            category = categories.index(code) if code else NO_CATEGORY
            value = bytes.fromhex(digits).ljust(36, b"\0")
            assert len(digits) // 2 == VALUE_BYTES[KINDS[kind]]
            entries.append((number, category, KINDS[kind], 0, np.frombuffer(value, np.uint8)))
    uuid = new_id()
    records = home.path / f"{uuid}.records"
    records.parent.mkdir(parents=True, exist_ok=True)
    records.write_bytes(np.array(entries, dtype=RECORD).tobytes())
    build(home, uuid, Source(records, tuple(("test", code) for code in categories)))
    return uuid


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def store_of(folder: Path, *roots: Path, lists: Iterable[UUID] = ()) -> Store:
    """A new scan's file, nothing walked yet."""
    devices = [Device(at, each.name, os.fsencode(each), each.stat().st_ino) for at, each in enumerate(roots, start=1)]
    named = [{"uuid": str(each), "name": "Test list", "version": "1"} for each in lists]
    return Store.make(folder / "scan.sqlite3", devices, scan=str(new_id()), amparo="test", lists=named)


def examine(store: Store, shelf: Shelf, threads: int = 1) -> None:
    """Until every file has its outcome."""
    stop = Stop()
    assert walk(store)
    keeping.plan(store)
    with Cores(store, shelf, BOUNDARY, threads, warden=the_pool()) as cores:
        while True:
            cores.run(stop)
            if keeping.end(store):
                return


@cache
def the_pool() -> Warden:
    """One pool for all tests of a process: starting a child takes a second."""
    warden = Warden(1)
    atexit.register(warden.close)
    return warden


def scanned(home: Home, folder: Path, *roots: Path, lists: Sequence[UUID] = ()) -> dict[str, dict[str, Any]]:
    """Every line of the manifest of a scan of these trees, by path."""
    with store_of(folder, *roots, lists=lists) as store:
        examine(store, Shelf.open(home, lists))
    return lines_of(folder)


def lines_of(folder: Path) -> dict[str, dict[str, Any]]:
    """The lines of the manifest by path. Fails where a path has two."""
    with View(folder / "scan.sqlite3") as view:
        lines = [json.loads(line) for line in manifest.as_json_lines(view)][1:]
    by_path = {line.get("path_hex", line["path"]): line for line in lines}
    assert len(by_path) == len(lines) or len({line["device"] for line in lines}) > 1
    return by_path
