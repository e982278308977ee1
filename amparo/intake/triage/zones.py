"""Time zones as people name them: by a place, by an offset, by letters that several zones share. No Django."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?:(?:utc|gmt)\s*)?([+-])(\d{1,2})(?::?(\d{2}))?(?!\d)", re.IGNORECASE)
_ZONE = re.compile(r"\b([A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_+-]+){1,2})\b")
_WORD = re.compile(r"[^\W\d_]+")


def zone_of(name: str) -> tzinfo:
    """An IANA name or an offset such as "+02:00". Raises ValueError for neither."""
    if found := re.fullmatch(r"(?:utc|gmt)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", name.strip(), re.IGNORECASE):
        wide = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        if wide <= timedelta(hours=14):
            return timezone(wide if found[1] == "+" else -wide)
    if certain := _zones()["certain"].get(name.strip().casefold()):
        return zone_of(str(certain))
    if re.fullmatch(r"[A-Za-z_]+(?:/[A-Za-z_+-]+){1,2}", name.strip()):
        try:
            return ZoneInfo(name.strip())
        except (KeyError, OSError, ValueError):
            pass
    raise ValueError(f"{name!r} is no time zone: give a name such as Europe/Madrid, or an offset such as +02:00.")


def stated_zone(text: str) -> tuple[str, list[str], str]:
    """(zone, doubts, the text without it)."""
    before, mark, after = text.partition("\x1f")
    place = after if mark else text
    if found := _ZONE.search(text):
        try:
            zone_of(found[1])
        except ValueError:
            pass
        else:
            return found[1], [], text.replace(found[0], " ")
    if mark and (found := _OFFSET.search(place)):
        wide = int(found[2]) * 60 + int(found[3] or 0)
        if wide <= 14 * 60 and (
            found[3] or len(found[2]) == 2 or "utc" in found[0].casefold() or "gmt" in found[0].casefold()
        ):
            return f"{found[1]}{wide // 60:02}:{wide % 60:02}", [], f"{before}{mark}{place.replace(found[0], ' ')}"
    for word in _WORD.findall(place):
        if word.isupper() or word.casefold() in ("utc", "gmt"):
            if (known := word.casefold()) in _zones()["certain"]:
                return str(_zones()["certain"][known]), [], text
            if known in _zones()["several"]:
                return known, ["zone_name"], text
    return "", [], text


def moments(wall: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The one moment at which a clock of this zone shows this, or the two that it may be."""
    first, second = (wall.replace(tzinfo=zone, fold=fold_).astimezone(UTC) for fold_ in (0, 1))
    yield first
    if second != first:
        yield second


def several(name: str) -> tuple[str, ...]:
    """The offsets for which this short name stands; more than one person's guess is needed to tell which."""
    return tuple(_zones()["several"][name])


@cache
def _zones() -> dict[str, dict[str, list[str] | str]]:
    text = (Path(__file__).parent / "zones.toml").read_text(encoding="utf-8")
    read: dict[str, dict[str, list[str] | str]] = tomllib.loads(text)
    return read
