"""Drawing by lot so that anybody can check it afterwards, and how sure a share is that was found by lot. No Django.

A report is drawn when the first eight bytes of HMAC-SHA256(seed, its uuid), as a fraction of 2^64, lie below the share. The seed is
secret while it is used, and only its SHA-256 is in the record; once the month is over the seed itself is. Then whoever has the
record can tell which reports were drawn, and that nobody chose them.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from uuid import UUID

# Wilson's interval at 95 percent (Brown, Cai, DasGupta 2001: holds for small samples and rare events, where Wald's fails).
Z = 1.959963984540054


def is_drawn(seed: bytes, report: UUID, share_in_1000: int) -> bool:
    """Whether this report is drawn, at a share of 0 to 1000 in 1000."""
    lot = int.from_bytes(hmac.new(seed, report.bytes, hashlib.sha256).digest()[:8], "big")
    return lot * 1000 < share_in_1000 << 64


def commitment(seed: bytes) -> str:
    """What is recorded at the beginning, in hex: it binds the seed and does not tell it."""
    return hashlib.sha256(seed).hexdigest()


@dataclass(frozen=True)
class Share:
    """So many of so many, with the interval in which the true share lies at 95 percent. Shares from 0 to 1."""

    found: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        return self.found / self.of if self.of else None


def share_of(found: int, of: int) -> Share:
    """Wilson's interval. Of none, nothing is known: 0 to 1. Raises ValueError for more found than there are."""
    if not 0 <= found <= of:
        raise ValueError(f"{found} of {of} is no share")
    if not of:
        return Share(0, 0, 0.0, 1.0)
    rate, squared = found / of, Z * Z
    middle = rate + squared / (2 * of)
    spread = Z * math.sqrt(rate * (1 - rate) / of + squared / (4 * of * of))
    scale = 1 + squared / of
    low = 0.0 if found == 0 else max(0.0, (middle - spread) / scale)
    high = 1.0 if found == of else min(1.0, (middle + spread) / scale)
    return Share(found, of, low, high)
