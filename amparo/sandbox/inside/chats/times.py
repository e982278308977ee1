"""Times as programs write them: ISO texts, and seconds since 1970 beside them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import isfinite

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?(?:\(UTC([+-]\d\d?(?::\d\d)?)?\))?"
)
_FARTHEST = 14 * 60
_CLOCK = re.compile(r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]").fullmatch
EVIDENCE = "Dates are written year first, as ISO 8601 has them."


def wall_clock(text: str) -> tuple[str | None, str]:
    """(moment as its wall clock shows it, offset "+02:00" or ""), of an ISO time; (None, "") for what is none."""
    found = _ISO.match(text.strip())
    if not found:
        return None, ""
    day, minute, second, zone, apart = found.groups()
    if not zone and found[0].endswith(")"):
        # "(UTC+2)", as reports for people have it.
        hours, _, minutes = (apart or "+0").partition(":")
        zone = f"{hours[0]}{hours[1:]:0>2}{minutes or '00'}"
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


class Clock(dict[str, int]):
    """Seconds since midnight by clocks as ISO has them, "T21:00:00". Raises KeyError for any other text."""

    def __missing__(self, clock: str) -> int:
        if not _CLOCK(clock):
            raise KeyError(clock)
        # A day has 86,400 of them.
        self[clock] = seconds = int(clock[1:3]) * 3600 + int(clock[4:6]) * 60 + int(clock[7:9])
        return seconds


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
    if not isfinite(seconds):
        return None
    while abs(seconds) > 1e11:
        seconds /= 1000
    return utc_of(seconds)
