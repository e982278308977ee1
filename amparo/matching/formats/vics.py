"""A list as a VICS 2.0 hash set, in the shape that public readers expect: written strictly, whatever real exporters do.

The context comes first, each Media has an MD5, Category is a number or null, and hashes beside MD5 and SHA-1 stand among the
alternative ones. A category means nothing without its country: codes are written where their scheme is "VICS 2.0" of one
country, which the context then names. The specification is not public and no conformance to it is claimed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from amparo.matching.formats.rows import Category, Row, Written, rows_of
from amparo.matching.records import Records

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#Media"
_SCHEME = re.compile(r"VICS 2\.0 ([\w-]{1,40})")
_CODE = re.compile(r"0|[1-9]\d{0,8}")
_OTHERS = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256", "pdq": "PDQ"}


def write(pieces: Iterable[Records], categories: Sequence[Category], into: BinaryIO) -> Written:
    """Left out: rows without an MD5, rows that are withdrawn, and the categories of other schemes."""
    written = Written()
    scheme = next((scheme for scheme, _ in categories if _SCHEME.fullmatch(scheme)), "")
    country = match[1] if (match := _SCHEME.fullmatch(scheme)) else "Default"
    into.write(b'{"@odata.context": %b, "value": [' % json.dumps(CONTEXT.format(country)).encode())
    before = b"\n"
    for row in rows_of(pieces, categories):
        digests = [(kind, digits.upper()) for kind, digits in row.hashes if kind != "reference"]
        md5 = next((digits for kind, digits in digests if kind == "md5"), None)
        if row.withdrawn:
            written.leave_out("withdrawn rows")
        elif md5 is None:
            written.leave_out("rows without an MD5")
        else:
            into.write(before + json.dumps(_media(row, digests, scheme, written)).encode())
            before = b",\n"
            written.rows += 1
            written.hashes += len(digests)
    into.write(b"\n]}\n")
    return written


def _media(row: Row, digests: list[tuple[str, str]], scheme: str, written: Written) -> dict[str, object]:
    category = _category(row.category, scheme)
    if category is None and row.category[1]:
        written.leave_out("categories of another scheme")
    first = {kind: digits for kind, digits in reversed(digests) if kind in {"md5", "sha1"}}
    media: dict[str, object] = {"MediaID": row.number, "Category": category, "MD5": first["md5"]}
    if "sha1" in first:
        media["SHA1"] = first["sha1"]
    # Readers drop a Media of which they learn nothing but its hashes.
    media["IsPrecategorized"] = category is not None
    others = [
        {"HashName": _OTHERS[kind], "HashValue": digits if kind != "pdq" else digits.lower()}
        for kind, digits in digests
        if first.get(kind) != digits
    ]
    return media | ({"AlternativeHashes": others} if others else {})


def _category(category: Category, scheme: str) -> int | None:
    return int(category[1]) if category[0] == scheme != "" and _CODE.fullmatch(category[1]) else None
