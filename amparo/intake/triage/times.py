"""A time as somebody wrote it: what it can mean, and everything that is doubtful about it. No Django.

One misread clock sends police to the wrong door. So a time has a UTC only where nothing is doubtful: its zone is stated, its
day and month can't be exchanged, its hour can't be of the morning or the evening, and it happened once. Else every moment that it
may be is a candidate, and a person settles which (moments.py).

ISO 8601, mail headers (RFC 5322) and whatever puts the year first have clocks of 24 hours; of anything else an hour from 1 to 12
without a.m. or p.m. may be either. Dots between numbers put the day first.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from amparo.foundation.times import Moment
from amparo.intake.triage.identifiers import visible
from amparo.intake.triage.vocabulary import fold
from amparo.intake.triage.zones import moments, several, stated_zone, zone_of

DOUBTS = {
    "unreadable": "It can't be read as a time",
    "no_date": "The day is missing",
    "no_time": "The time of day is missing",
    "no_zone": "The time zone is missing",
    "zone_name": "The zone's short name is used for several zones",
    "day_or_month": "Day and month may be exchanged",
    "twelve_hour": "It may be of the morning or of the evening: no a.m. or p.m. is written",
    "repeated_hour": "The clocks were set back: this hour happened twice",
    "skipped_hour": "The clocks were set forward: this hour never happened",
    "two_digit_year": "The year has two digits",
    "leap_second": "It names a leap second",
}
# What may be said of a time and still leave no other moment that it could be.
HARMLESS = frozenset({"leap_second", "two_digit_year"})
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST = 200

_ISO = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{4}\s+\d{2}:\d{2}(?::\d{2})?\s+(?:[+-]\d{4}|[A-Za-z]{1,5})(?:\s*\([^()]*\))?"
)
_EPOCH = re.compile(r"\d{10}|\d{13}|\d{16}")
_CLOCK = re.compile(
    r"(?<![\d.:])([01]?\d|2[0-4])(?:\s*[:hH]\s*([0-5]\d)(?:\s*:\s*([0-5]\d|60))?(?:[.,]\d{1,9})?|\s*[hH](?!\w))"
)
_DOTTED = re.compile(r"(?<![\d.:/-])([01]?\d|2[0-4])\.([0-5]\d)(?:\.([0-5]\d))?\s*(?:uhr|h|ore)\b", re.IGNORECASE)
_NUMERIC = re.compile(r"(?<![\d:])(\d{1,4})([/.\-\s])(\d{1,2})\2(\d{2,4})(?![\d:])")


@dataclass(frozen=True)
class Candidate:
    """A moment that it may be, and what would have to be so."""

    utc: datetime
    words: str


@dataclass(frozen=True)
class TimeReading:
    """zone: an offset or IANA name, where one is stated. precision: day, hour, minute or second. doubts: codes of DOUBTS.

    wall: what a clock showed, without zone; None where day or time is missing.
    """

    raw: str
    wall: datetime | None
    zone: str
    precision: str
    doubts: tuple[str, ...]
    candidates: tuple[Candidate, ...]

    @property
    def utc(self) -> datetime | None:
        """The moment, where nothing is doubtful."""
        certain = len(self.candidates) == 1 and not set(self.doubts) - HARMLESS
        return self.candidates[0].utc if certain else None

    @property
    def moment(self) -> Moment:
        return Moment(self.raw, self.utc, self.zone if self.utc else "", "stated" if self.utc else "")


def read_time(raw: str, zone: str = "", *, zone_wins: bool = False) -> TimeReading:
    """What `raw` says. Never raises.

    zone: stated beside it, an IANA name or an offset; one in the text itself counts before it, unless `zone_wins`: then a person
    has said what zone the clock shows.
    """
    text = visible(raw).strip()[:LONGEST]
    plain = " ".join(text.split())
    return _iso(raw, plain, zone, zone_wins) or _epoch(raw, plain) or _written(raw, plain, zone, zone_wins)


# --- Forms that leave little open ---------------------------------------------------------------------------------------------


def _iso(raw: str, text: str, zone: str, zone_wins: bool) -> TimeReading | None:
    """ISO 8601 and RFC 3339: year first, clock of 24 hours."""
    found = _ISO.fullmatch(text)
    if not found:
        return None
    second = int(found[6] or 0)
    wall = _wall(int(found[1]), int(found[2]), int(found[3]), int(found[4]), int(found[5]), min(second, 59))
    if wall is None or second > 60:
        return TimeReading(raw, None, "", "", ("unreadable",), ())
    doubts = ("leap_second",) if second == 60 else ()
    wall += timedelta(seconds=1 if second == 60 else 0)
    reading = TimeReading(raw, wall, "", "second" if found[6] else "minute", doubts, ())
    said = "" if zone_wins and zone else found[8] or ""
    return _placed(reading, [(wall, "")], "+00:00" if said.upper() in ("Z", "UTC", "GMT") else said or zone)


def _epoch(raw: str, text: str) -> TimeReading | None:
    """Seconds, milliseconds or microseconds since 1970, which is a moment and needs no zone."""
    if not _EPOCH.fullmatch(text):
        return None
    divisor = {10: 1, 13: 1000, 16: 1_000_000}[len(text)]
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(text) * 1_000_000 // divisor)
    if not EARLIEST <= moment < LATEST:
        return TimeReading(raw, None, "", "", ("unreadable",), ())
    return TimeReading(raw, moment.replace(tzinfo=None), "+00:00", "second", (), (Candidate(moment, ""),))


# --- As people write it ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Clock:
    hour: int
    minute: int
    second: int
    precision: str
    span: tuple[int, int]


def _written(raw: str, text: str, zone: str, zone_wins: bool) -> TimeReading:
    """Everything else: the parts are looked for one by one, and each that is missing is a doubt."""
    clock = _clock(text) or _named_hour(text)
    rest = _cut(text, clock.span) if clock else text
    said_zone, zone_doubt, rest = stated_zone(rest)
    if zone_wins and zone:
        said_zone, zone_doubt = zone, []
    half, rest = _half(rest)
    days, day_doubts = _days(rest)
    doubts = [*day_doubts, *zone_doubt]
    if clock is None:
        doubts.append("no_time" if days else "unreadable")
    elif not days:
        doubts.append("no_date")
    if clock is None or not days:
        return TimeReading(raw, None, said_zone or zone, "day" if days else "", tuple(dict.fromkeys(doubts)), ())
    hours = [(clock.hour, "")] if _is_of_24_hours(text) else _hours(clock.hour, half)
    if len(hours) > 1:
        doubts.append("twelve_hour")
    if not hours or "unreadable" in doubts:
        return TimeReading(raw, None, "", "", ("unreadable",), ())
    after_midnight = timedelta(minutes=clock.minute, seconds=clock.second)
    walls = [
        (datetime.combine(day, time()) + timedelta(hours=hour) + after_midnight, _both(day_words, hour_words))
        for day, day_words in days
        for hour, hour_words in hours
    ]
    if clock.second == 60:
        doubts.append("leap_second")
    reading = TimeReading(raw, walls[0][0], "", clock.precision, tuple(dict.fromkeys(doubts)), ())
    if zone_doubt:
        return _under_several(reading, walls, said_zone)
    return _placed(reading, walls, said_zone or zone)


def _both(*words: str) -> str:
    return "; ".join(each for each in words if each)


def _is_of_24_hours(text: str) -> bool:
    return bool(_MAIL.fullmatch(text)) or bool(re.match(r"\d{4}[/.-]\d{1,2}[/.-]\d{1,2}(?!\d)", text))


def _named_hour(text: str) -> _Clock | None:
    """An hour without minutes, told by the half of the day after it: "9 pm", "las 9 de la noche"."""
    for match in re.finditer(r"(?<![\d.:/-])(\d{1,2})(?=\s*\D)", text):
        after = fold(text[match.end() :]).lstrip()
        if int(match[1]) <= 12 and _half_at(after):
            return _Clock(int(match[1]), 0, 0, "hour", match.span())
    return None


def _clock(text: str) -> _Clock | None:
    """The time of day: the first that has minutes, else the first that is named as an hour."""
    found = [*_CLOCK.finditer(text), *_DOTTED.finditer(text)]
    # "2 h" alone may be a length of time; with minutes it is a clock.
    best = max(found, key=lambda match: (match[2] is not None, -match.start()), default=None)
    if best is None:
        return None
    hour, minute, second = int(best[1]), int(best[2] or 0), int(best[3] or 0)
    if hour == 24 and (minute or second):
        return None
    return _Clock(hour, minute, second, "second" if best[3] else "minute" if best[2] else "hour", best.span())


def _cut(text: str, span: tuple[int, int]) -> str:
    return f"{text[: span[0]]} \x1f {text[span[1] :]}"


def _half(text: str) -> tuple[str, str]:
    """("morning", "evening" or "", the text without it): of what stands right after the clock."""
    before, mark, after = text.partition("\x1f")
    if not mark:
        return "", text
    return _half_at(fold(after).lstrip()), f"{before} {after}"


def _half_at(folded: str) -> str:
    """The half of the day with whose words this begins; "" for none."""
    for half, words in _halves().items():
        for word in words:
            if folded.startswith(word) and not folded[len(word) : len(word) + 1].isalpha():
                return half
    return ""


def _hours(hour: int, half: str) -> list[tuple[int, str]]:
    """The hours of the day that it may be, each with what would have to be so."""
    if half:
        if not 1 <= hour <= 12:
            return [(hour, "")] if half == "evening" or hour == 0 else []
        return [(hour % 12 + (12 if half == "evening" else 0), "")]
    if hour == 12:
        return [(12, "noon"), (0, "midnight, by a clock of 12 hours")]
    if 1 <= hour < 12:
        return [(hour, "the morning, or a clock of 24 hours"), (hour + 12, "the evening, by a clock of 12 hours")]
    return [(hour, "")]


def _days(text: str) -> tuple[list[tuple[date, str]], list[str]]:
    """(the days that it may be, each with what would have to be so; doubts)."""
    if found := _NUMERIC.search(text):
        return _numeric_days(*found.groups())
    folded = fold(text)
    for number, names in _months().items():
        for name in names:
            if match := re.search(rf"(?<![^\W\d_]){re.escape(name)}(?![^\W\d_])\.?", folded):
                return _named_day(folded[: match.start()], folded[match.end() :], number)
    return [], []


def names_a_month(text: str) -> bool:
    """Whether a day of a month stands in the text, such as "3 November" or "March 3rd"; "may" alone is a word like others."""
    return bool(_month_words().search(fold(text)))


@cache
def _month_words() -> re.Pattern[str]:
    names = "|".join(sorted((re.escape(name) for each in _months().values() for name in each), key=len, reverse=True))
    return re.compile(rf"(?<!\d)\d{{1,2}}\.?\s+(?:de\s+|d')?(?:{names})(?!\w)|(?<!\w)(?:{names})\s+\d{{1,2}}(?!\d)")


def _numeric_days(first: str, separator: str, second: str, third: str) -> tuple[list[tuple[date, str]], list[str]]:
    if len(first) == 4:
        return _only(_day(int(first), int(second), int(third))), []
    if len(third) == 3 or len(first) == 3:
        return [], ["unreadable"]
    doubts = ["two_digit_year"] if len(third) == 2 else []
    year = int(third) + (2000 if len(third) == 2 else 0)
    one = _day(year, int(second), int(first))
    other = _day(year, int(first), int(second))
    # In writing, dots put the day first everywhere.
    if separator == "." or one is None or other is None or one == other:
        return _only(one or other), doubts if one or other else ["unreadable"]
    return [(one, "day before month"), (other, "month before day")], [*doubts, "day_or_month"]


def _only(day: date | None) -> list[tuple[date, str]]:
    return [(day, "")] if day else []


def _named_day(before: str, after: str, month: int) -> tuple[list[tuple[date, str]], list[str]]:
    """Of "3 november 2026", "november 3, 2026" and their like."""
    numbers_before = re.findall(r"\d{1,4}", before)[-1:]
    numbers_after = re.findall(r"\d{1,4}", after)[:2]
    numbers = [*numbers_before, *numbers_after]
    years = [each for each in numbers if len(each) == 4]
    days = [each for each in numbers if len(each) <= 2]
    if not days:
        return [], []
    doubts = []
    if not years and len(days) == 2:
        years, days, doubts = [f"20{days[1]:0>2}"], days[:1], ["two_digit_year"]
    if not years:
        return [], []
    return _only(_day(int(years[0]), month, int(days[0]))), doubts


def _day(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if EARLIEST.year <= year < LATEST.year else None


def _wall(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime | None:
    found = _day(year, month, day)
    if found is None or hour > 24 or minute > 59 or (hour == 24 and (minute or second)):
        return None
    return datetime.combine(found, time()) + timedelta(hours=hour, minutes=minute, seconds=second)


def _under_several(reading: TimeReading, walls: list[tuple[datetime, str]], name: str) -> TimeReading:
    offsets = several(name)
    found = [
        Candidate(
            wall.replace(tzinfo=zone_of(each)).astimezone(UTC),
            _both(words, f"{name.upper()} as {each}"),
        )
        for wall, words in walls
        for each in offsets
    ]
    return replace(reading, candidates=tuple(found))


def _placed(reading: TimeReading, walls: list[tuple[datetime, str]], zone: str) -> TimeReading:
    """The candidates of these walls in the zone, which may show an hour twice or never."""
    if not zone:
        return replace(reading, doubts=(*reading.doubts, "no_zone"))
    try:
        known = zone_of(zone)
    except ValueError:
        return replace(reading, doubts=(*reading.doubts, "no_zone"))
    found: list[Candidate] = []
    doubts = list(reading.doubts)
    for wall, words in walls:
        may_be = list(moments(wall, known))
        exists = any(moment.astimezone(known).replace(tzinfo=None) == wall for moment in may_be)
        if len(may_be) > 1:
            doubts.append("repeated_hour" if exists else "skipped_hour")
        kinds = ("before the clocks were set", "after the clocks were set") if len(may_be) > 1 else ("",)
        found += [Candidate(moment, _both(words, kind)) for moment, kind in zip(may_be, kinds, strict=True)]
    return replace(reading, zone=zone, doubts=tuple(dict.fromkeys(doubts)), candidates=tuple(found))


@cache
def _calendars() -> dict[str, dict[str, list[str]]]:
    text = (Path(__file__).parent / "calendars.toml").read_text(encoding="utf-8")
    read: dict[str, dict[str, list[str]]] = tomllib.loads(text)
    return read


@cache
def _months() -> dict[int, list[str]]:
    """Month to its names, folded; the longer ones first, so that "mars" isn't read as "mar"."""
    return {
        int(number): sorted({fold(name) for name in names}, key=len, reverse=True)
        for number, names in _calendars()["months"].items()
    }


@cache
def _halves() -> dict[str, list[str]]:
    return {
        half: sorted({fold(word) for word in words}, key=len, reverse=True)
        for half, words in _calendars()["halves"].items()
    }
