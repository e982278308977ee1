"""How fast a scan is and how long it still takes, from what was done in the last minute."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

# Long enough that one large video does not turn the estimate, short enough that it follows from one folder to the next.
WINDOW_SECONDS = 60.0


@dataclass(frozen=True)
class Pace:
    """Files and bytes a second, and the seconds left; None while nothing can be told."""

    files_per_second: float
    bytes_per_second: float
    seconds_left: float | None


class Paced:
    """Told again and again how much is done; says how fast that is."""

    def __init__(self, window_s: float = WINDOW_SECONDS) -> None:
        self._window_s = window_s
        self._told: deque[tuple[float, int, int]] = deque()

    def tell(self, at_s: float, files: int, size_bytes: int) -> None:
        """What was done in all at a moment of a steady clock. Moments don't go back."""
        self._told.append((at_s, files, size_bytes))
        while len(self._told) > 2 and self._told[1][0] <= at_s - self._window_s:
            self._told.popleft()

    def pace(self, files_left: int, bytes_left: int) -> Pace:
        """The longer of what the files left and the bytes left take: many small files, or few large ones, hold up alike."""
        if len(self._told) < 2:
            return Pace(0.0, 0.0, None)
        (began, files_then, bytes_then), (now, files, size_bytes) = self._told[0], self._told[-1]
        seconds = max(now - began, 1e-9)
        files_rate, bytes_rate = (files - files_then) / seconds, (size_bytes - bytes_then) / seconds
        left = [
            amount / rate if rate > 0 else None
            for amount, rate in ((files_left, files_rate), (bytes_left, bytes_rate))
            if amount > 0
        ]
        known = [each for each in left if each is not None]
        return Pace(files_rate, bytes_rate, max(known, default=0.0) if len(known) == len(left) else None)


def in_words(seconds: float | None) -> str:
    """A duration as one would say it: "4 min", "2 h 10 min", "3 days 4 h"."""
    if seconds is None:
        return "time left not known yet"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s left"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min left"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min left"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h left"
