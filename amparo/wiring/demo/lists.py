"""Two known-hash lists, as CSV: one of exact hashes, one of perceptual ones. What stands on neither is unknown.

Rows that fit nothing in the group (hashes of random bytes) surround those that do, as in a real list.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
from dataclasses import dataclass

from amparo.wiring.demo.pictures import FAMILIES, Kind, Picture, decoded, near_copy, pdq_bits, pdq_hex

EXACT_FAMILIES = frozenset("ABC")
NEAR_FAMILIES = frozenset("DE")
UNKNOWN_FAMILIES = frozenset(FAMILIES) - EXACT_FAMILIES - NEAR_FAMILIES
OTHER_ROWS = 200
CATEGORY = "baseline"
SCHEME = "hotlines"


@dataclass(frozen=True, slots=True)
class KnownList:
    """A list as its keeper would give it: what it is called, and its rows."""

    name: str
    source: str
    version: str
    scheme: str
    scope: str
    rows: tuple[dict[str, str], ...]

    def as_csv(self) -> bytes:
        """The rows as CSV with a heading."""
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, fieldnames=list(self.rows[0]))
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue().encode("ascii")


def _exact_row(data: bytes) -> dict[str, str]:
    return {
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "category": CATEGORY,
    }


def exact_list(seed: int, album: tuple[Picture, ...]) -> KnownList:
    """The originals of the first three families, by MD5, SHA-1 and SHA-256."""
    draw = random.Random(f"{seed}:exact")  # noqa: S311 - invented data, no secret
    known = [p.data for p in album if p.kind is Kind.ORIGINAL and p.family in EXACT_FAMILIES]
    rows = [_exact_row(data) for data in [*known, *(draw.randbytes(64) for _ in range(OTHER_ROWS))]]
    draw.shuffle(rows)
    return KnownList(
        "Demo list of exact hashes", "Demo hotline, example.org", f"2026-05.{seed}", SCHEME, "demo", tuple(rows)
    )


def near_list(seed: int, album: tuple[Picture, ...]) -> KnownList:
    """Another rendition's PDQ of the fourth and fifth families, and of the first, whose near copies go round."""
    draw = random.Random(f"{seed}:near")  # noqa: S311 - invented data, no secret
    rows = []
    for number, picture in enumerate(p for p in album if p.kind is Kind.ORIGINAL):
        if picture.family in NEAR_FAMILIES | {"A"}:
            value = pdq_hex(pdq_bits(decoded(near_copy(picture.data, number))))
            rows.append({"pdq": value, "category": CATEGORY})
    rows += [{"pdq": draw.randbytes(32).hex(), "category": CATEGORY} for _ in range(OTHER_ROWS)]
    draw.shuffle(rows)
    return KnownList(
        "Demo list of near hashes", "Demo hotline, example.org", f"2026-05.{seed}", SCHEME, "demo", tuple(rows)
    )
