"""Contents of Hasher-Matcher-Actioner's banks, as its interface answers them: objects one after another, or in a list.

    {"id": 7, "bank": {"name": "BANK"}, "signals": {"pdq": "0f0f...", "video_md5": "..."}, "disable_until_ts": 1}

A content is a row; its bank is its code, in the scheme "HMA". One that is switched off is a row that is taken back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import BinaryIO

from amparo.sandbox.inside.frames import Facts
from amparo.sandbox.inside.hash_lists.json_stream import Entry, Fault, entries
from amparo.sandbox.inside.hash_lists.records import MOST_ROWS, Found, reference
from amparo.sandbox.inside.hash_lists.signals import hashes_of

SCHEME = "HMA"
# What `disable_until_ts` says: 0 switched off, 1 in use, anything else the second until which it is switched off.
_OFF, _ON = 0, 1


def read(source: BinaryIO, options: Mapping[str, object], found: Found) -> Facts:
    """options: `now`, the second since 1970 at which the list is read; the clock's, without."""
    now = options.get("now")
    now_s = float(now) if isinstance(now, (int, float)) else time.time()
    number = 0
    try:
        for each in entries(source):
            if isinstance(each, dict):
                number += 1
                _take(found, f"content {number:,}", each, now_s)
    except Fault as fault:
        found.problem(0, f"the file can't be read on from here: {fault}", f"after content {number:,}")
    return found.facts("hma")


def _take(found: Found, element: str, content: Entry, now_s: float) -> None:
    signals, bank = content.get("signals"), content.get("bank")
    if not isinstance(signals, dict):
        found.problem(0, "no signals", element)
        return
    hashes, others = [], 0
    for name, signal in signals.items():
        try:
            taken = hashes_of(found, name, signal)
        except ValueError as problem:
            found.problem(0, str(problem), element)
            taken = []
        others += not taken
        hashes += taken
    if not hashes:
        if not others:
            found.problem(0, "no hash", element)
        return
    until = content.get("disable_until_ts", _ON)
    off = isinstance(until, (int, float)) and (until == _OFF or (until != _ON and until > now_s))
    number, scheme, code = _amparos_own(found, content)
    if not number:
        name = bank.get("name") if isinstance(bank, dict) else bank
        scheme, code = SCHEME, name if isinstance(name, str) else ""
        if isinstance(content.get("id"), int):
            hashes.append(reference(SCHEME, content["id"]))
    found.add(dict.fromkeys(hashes), found.category(scheme, code), withdrawn=off, row=number)


def _amparos_own(found: Found, content: Entry) -> tuple[int, str, str]:
    """The row and category that Amparo wrote into a content's metadata (matching/formats/hma.py); (0, "", "") where it didn't."""
    inner: object = content
    for name in ("metadata", "json", "amparo"):
        inner = inner.get(name) if isinstance(inner, dict) else None
    if not isinstance(inner, dict):
        return 0, "", ""
    row, scheme, code = (inner.get(name) for name in ("row", "scheme", "code"))
    if not (type(row) is int and isinstance(scheme, str) and isinstance(code, str)):
        return 0, "", ""
    return (row, scheme, code) if max(found.last_row, 1) <= row <= MOST_ROWS else (0, "", "")
