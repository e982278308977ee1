"""Times as programs write them: ISO texts, and seconds since 1970 beside them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?(?:\(UTC([+-]\d+)?\))?"
)
_FARTHEST = 14 * 60
_PLAIN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}").fullmatch
_REMEMBERED, _SECONDS_DIGITS = 100_000, 12
EVIDENCE = "Dates are written year first, as ISO 8601 has them."


def wall_clock(text: str) -> tuple[str | None, str]:
    """(moment as its wall clock shows it, offset "+02:00" or ""), of an ISO time; (None, "") for what is none."""
    found = _ISO.match(text.strip())
    if not found:
        return None, ""
    day, minute, second, zone, _ = found.groups()
    moment = f"{day}T{minute}{second or ':00'}"
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return None, ""
    if not zone:
        return moment, ""
    return moment, "+00:00" if zone in {"Z", "UTC"} else f"{zone[:3]}:{zone[-2:]}"


def offset_between(wall: str, seconds: object) -> str:
    """How far the wall clock stands from UTC, by the seconds since 1970 that stand beside it; "" where they make no sense."""
    try:
        moment = datetime.fromisoformat(wall).replace(tzinfo=UTC)
        minutes, left = divmod(int(moment.timestamp()) - int(str(seconds)), 60)
    except (ValueError, OverflowError):
        return ""
    if left or abs(minutes) > _FARTHEST or minutes % 15:
        return ""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


class Clocks:
    """Reads "2021-06-13T21:00:00" beside its seconds since 1970 for thousands of messages: `offset_between`, remembered."""

    def __init__(self) -> None:
        # Seconds since 1970 of each date, seconds of each clock, and what each distance is called.
        self._days: dict[str, int] = {}
        self._clocks: dict[str, int] = {}
        self._offsets: dict[int, str] = {}

    def offset(self, wall: str, seconds: str) -> str | None:
        """How far the wall clock stands from UTC; None for whatever is not plainly so and wants a closer look."""
        day, clock = self._days.get(wall[:10]), self._clocks.get(wall[10:])
        if day is None or clock is None:
            if not _PLAIN(wall) or wall_clock(wall)[0] != wall or len(self._days) > _REMEMBERED:
                return None
            day = self._days[wall[:10]] = int(datetime.fromisoformat(wall[:10]).replace(tzinfo=UTC).timestamp())
            clock = self._clocks[wall[10:]] = int(wall[11:13]) * 3600 + int(wall[14:16]) * 60 + int(wall[17:19])
        if not seconds.isdecimal() or len(seconds) > _SECONDS_DIGITS:
            return None
        distance = day + clock - int(seconds)
        if distance not in self._offsets:
            if not (offset := offset_between(wall, seconds)) or len(self._offsets) > _REMEMBERED:
                return None
            self._offsets[distance] = offset
        return self._offsets[distance]


def utc_of(seconds: float) -> str | None:
    """The moment in UTC; None for one outside of any calendar."""
    try:
        return (datetime(1970, 1, 1) + timedelta(seconds=int(seconds))).isoformat()  # noqa: DTZ001 - UTC by its name
    except (OverflowError, ValueError):
        return None


def of_number(value: object) -> str | None:
    """The same of a number of seconds, milliseconds or microseconds, by its size; None for what is no number."""
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    while abs(seconds) > 1e11:
        seconds /= 1000
    return utc_of(seconds) if seconds == seconds else None  # noqa: PLR0124 - not a number
