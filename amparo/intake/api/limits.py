"""How many reports a key may send in a second, and what is told of it. A report of a child in danger now is never refused."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

MOST_KEYS = 10_000


@dataclass(frozen=True)
class Standing:
    """allowed: whether one more may come. left: how many more at once. wait_s: until there is one again."""

    allowed: bool
    limit: int
    left: int
    wait_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 writes them."""
        told = {
            "RateLimit-Policy": f'"reports";q={self.limit};w=1',
            "RateLimit": f'"reports";r={self.left};t={self.wait_s}',
        }
        return told if self.allowed else {**told, "Retry-After": str(self.wait_s)}


class Buckets:
    """One bucket for each key: filled at its rate, twice as much in a burst."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._buckets: dict[UUID, tuple[float, float]] = {}

    def forget(self) -> None:
        """All buckets are full again."""
        with self._lock:
            self._buckets.clear()

    def take(self, key: UUID, a_second: int, *, urgent: bool = False) -> Standing:
        """One report more. Urgent ones are counted, and allowed always."""
        most, now = 2.0 * a_second, self._now()
        with self._lock:
            if len(self._buckets) > MOST_KEYS:
                self._buckets.clear()
            left, since = self._buckets.get(key, (most, now))
            left = min(most, left + (now - since) * a_second)
            allowed = left >= 1 or urgent
            left = max(left - 1, 0.0) if allowed else left
            self._buckets[key] = (left, now)
        wait = 0 if left >= 1 else max(1, math.ceil((1 - left) / a_second))
        return Standing(allowed, a_second, int(left), wait)
