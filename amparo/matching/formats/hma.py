"""A list as contents of Hasher-Matcher-Actioner, in the shape of its interface: one JSON object a line.

    {"id": 7, "bank": {"name": "VICS_2_0_UK_1", ...}, "signals": {"pdq": "0f0f...", "video_md5": "..."}, "metadata": {...}}

`signals` is what POST /c/bank/<bank>/signal takes. A content has one signal of a type: a row of several hashes of one kind becomes
several contents. What Amparo needs to read the row back stands in the content's metadata, where HMA keeps whatever it is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import BinaryIO

from amparo.matching.formats.rows import Category, Written, rows_of
from amparo.matching.records import Records

# What a hash is called there. SHA-1 has no type.
SIGNALS = {"pdq": "pdq", "md5": "video_md5", "sha256": "video_sha256"}
_OFF, _ON = 0, 1


def write(pieces: Iterable[Records], categories: Sequence[Category], into: BinaryIO) -> Written:
    """Left out: SHA-1, and rows that have nothing else."""
    written = Written()
    number = last = 0
    for row in rows_of(pieces, categories):
        if sha1 := sum(kind == "sha1" for kind, _ in row.hashes):
            written.leave_out("SHA-1, which has no type there", sha1)
        columns = [[(SIGNALS[kind], digits) for kind, digits in row.hashes if kind == wanted] for wanted in SIGNALS]
        for signals in zip_longest(*columns):
            number += 1
            given = dict(signal for signal in signals if signal)
            scheme, code = row.category
            content = {
                "id": number,
                "bank": {"name": bank_name(scheme, code), "matching_enabled_ratio": 1.0},
                "disable_until_ts": _OFF if row.withdrawn else _ON,
                "original_media_uri": None,
                "metadata": {"json": {"amparo": {"row": row.number, "scheme": scheme, "code": code}}},
                "signals": given,
            }
            into.write(json.dumps(content).encode() + b"\n")
            written.hashes += len(given)
            written.rows += row.number != last
            last = row.number
    return written


def bank_name(*words: str) -> str:
    """The name of a bank from these words: capital letters, digits and underscores, not beginning with a digit."""
    name = "_".join(part for word in words for part in re.findall(r"[A-Z0-9]+", word.upper())) or "AMPARO"
    return (f"_{name}" if name[0].isdigit() else name)[:200]
