"""Dates and times as a chat export writes them, and which of their numbers is the day.

The order of day and month isn't in the file. It is decided for a whole file from all its stamps: an order that gives an
impossible date loses; then an order in which time runs backwards loses; if two are left, the file is ambiguous and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

# Direction marks and the byte-order mark, which phones scatter through a line; and the blanks they use.
MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\ufeff"
BLANKS = " \u00a0\u202f\u2009\t"
# What is stripped around names and words.
EDGES = MARKS + BLANKS
EACH_MARK = tuple(MARKS)
_M, _B = f"[{MARKS}]*", f"[{BLANKS}]"
_MERIDIEM = (
    rf"(?:[AaPp]{_B}?\.?{_B}?[Mm]\.?|[صم](?![^\W\d_])|(?:vor|nach)m(?:\.|ittags)|[ΠΜ]\.?{_B}?Μ\.?|[πμ]\.?{_B}?μ\.?|[上下]午|오[전후]"
    # Hebrew, Turkish, Persian, Vietnamese, Malay, Afrikaans, Hindi.
    r'|(?:אחה|לפנה)["״]צ|Ö[ÖS]|[قب]\.ظ\.?|SA\b|CH\b|PT?G\b|[vn]m\b\.?|पूर्वाह्न|अपराह्न)'
)

# Words between date and time: French à, German um, Finnish klo, Spanish a las, Portuguese às, Italian alle/ore, English at.
_BETWEEN = rf"(?:(?:klo|kl\.?|à|um|at|a las|às|alle|ore){_B}+)?"
_DAY = rf"(?:\d{{4}}年\d{{1,2}}月\d{{1,2}}日|\d{{1,4}}{_M}[./-]{_M}{_B}?\d{{1,2}}{_M}[./-]{_M}{_B}?\d{{1,4}}\.?(?:{_B}г\.)?)"
_TIME = rf"(?:{_MERIDIEM}{_B}*)?\d{{1,2}}[:.h]\d{{2}}(?:[:.]\d{{2}})?(?:{_M}{_B}?{_M}(?:{_MERIDIEM}|Uhr|h\b|น\.|ч\.))?"
_HEAD = re.compile(
    rf"{_M}(\[)?{_M}({_DAY}){_M}[,،]?{_M}{_B}*{_M}{_BETWEEN}({_TIME})"
    # An old iPhone ends it by a colon, after the seconds.
    rf"{_M}(?(1)\](?::(?={_B}))?{_B}*|(?:{_B}+[-–—]{_B}+|(?<=[:.]\d\d):{_B}+|(?<=[:.]\d\d{_B}[AaPp][Mm]):{_B}+))"
)
# What a browser copies has the time first.
_COPIED = re.compile(rf"{_M}(\[)(?={_TIME},{_B}*({_DAY})\])({_TIME}),{_B}*{_DAY}\]{_B}*")
_NUMBERS = re.compile(r"\d+")
_WHOLE_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]").fullmatch
# French hours: "21h05".
_HOURS = re.compile(r"(?<=\d)h(?=\d)")
_WITHOUT_HALF = re.compile(r"[\d:.h]+").fullmatch
# Western, Arabic and Persian digits, all as 0: the form of a stamp.
DIGITS_ALIKE = {ord(digit): "0" for digits in ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹") for digit in digits}
_MARKS_OUT = str.maketrans("", "", MARKS)
_AM, _PM = (
    ("am", "ص", "vorm", "πμ", "上午", "오전", "לפנה", "öö", "قظ", "sa", "pg", "vm", "परव"),
    ("pm", "م", "nachm", "μμ", "下午", "오후", "אחה", "ös", "بظ", "ch", "ptg", "nm", "अपर"),
)
# The messenger began in 2009; a year outside this span is another calendar or no date, and is not guessed at.
YEARS = range(2009, 2100)
# A day has 86,400 wall clocks, a chat's life some thousand days: read once, then remembered.
_REMEMBERED = 100_000
_ORDERS = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}


def head_of(line: str) -> re.Match[str] | None:
    """The stamp at the line's beginning: bracket or None, day, time."""
    first = line[:1]
    if not (first.isdecimal() or first == "[" or first in MARKS):
        return None  # as nearly every line that goes on with one
    return _HEAD.match(line) or _COPIED.match(line)


@dataclass(frozen=True)
class Day:
    """A date as written, and its line (1 is the file's first)."""

    raw: str
    line: int


@dataclass(frozen=True)
class DateOrder:
    """`name` is dmy, mdy, ymd or ambiguous; `read_as` the order in use; `alternatives` those that fit, when ambiguous.

    evidence: why, in words that name the dates and lines that decided.
    """

    name: str
    read_as: str
    alternatives: tuple[str, ...]
    evidence: tuple[str, ...] = ()


@lru_cache(_REMEMBERED)
def shape_of_date(raw: str) -> str:
    """What all dates of one export share: separator and where the long year stands."""
    first, _, last = _NUMBERS.findall(raw)
    separator = next(letter for letter in raw if letter in "./-年")
    # Behind a year that stands first is the day, of one digit or two.
    return f"{separator}{len(first) == 4:d}{len(last) if len(last) in (2, 4) and len(first) < 4 else 0}"


@lru_cache(_REMEMBERED)
def shape_of_time(raw: str) -> str:
    """What all times of one export share: seconds or none, twelve hours or twenty-four."""
    return f"{len(_NUMBERS.findall(raw))}{bool(_meridiem(raw)):d}"


@dataclass
class _Trial:
    """What speaks against one order: dates that don't exist in it, and days that come before the one above them."""

    order: str
    days: int = 0
    impossible: list[Day] = field(default_factory=list)
    backwards: list[tuple[Day, Day]] = field(default_factory=list)
    leaps: int = 0

    @property
    def score(self) -> tuple[int, int]:
        return len(self.impossible), len(self.backwards)

    @property
    def leaps_along(self) -> bool:
        """Whether nearly every day is about a year after the one before: the year was taken for a day."""
        real = self.days - len(self.impossible)
        return real >= 5 and self.leaps * 10 >= (real - 1) * 9


def order_of(days: Iterable[Day]) -> DateOrder:
    """The order of these dates, given in the file's order, each change of day once."""
    days = list(days)
    parts = [tuple(map(int, _NUMBERS.findall(day.raw))) for day in days]
    # Of most dates, not of any: a member can write something like a stamp into a message.
    if 2 * sum(first > 31 for first, _, _ in parts) > len(parts):
        return DateOrder("ymd", "ymd", (), (f"The year stands first: {_shown(days[0])}.",))
    trials = [_tried(days, parts, order) for order in ("dmy", "mdy")]
    best = min(trials, key=lambda trial: trial.score)
    short = _tried(days, parts, "ymd")
    if _is_short_year_first(best, short):
        said = (
            f"Read as {best.order}, {len(best.impossible)} dates don't exist, {len(best.backwards)} run backwards and "
        )
        return DateOrder("ymd", "ymd", (), (f"{said}{best.leaps} leap by a year; with the year first, none does.",))
    other = next(trial for trial in trials if trial is not best)
    if reasons := _against(other, best):
        return DateOrder(best.order, best.order, (), reasons)
    reason = "No part of a date is above 12, and time runs forward in either order."
    if best.backwards:
        reason = "No part of a date is above 12, and in either order some dates run backwards."
    return DateOrder("ambiguous", best.order, ("dmy", "mdy"), (reason,) if days else ("There is no date.",))


def _is_short_year_first(best: _Trial, short: _Trial) -> bool:
    """Whether "19/05/13" is 2019: only where the usual orders don't fit, since most files fit that one by chance."""
    wrong, wrong_short = sum(best.score), sum(short.score)
    if best.leaps_along and not short.leaps_along and wrong_short <= wrong:
        return True
    return best.days > 0 and 2 * len(best.impossible) > best.days and short.score < best.score


def _against(other: _Trial, best: _Trial) -> tuple[str, ...]:
    """What speaks against `other` and not as much against `best`: nothing where they are alike."""
    if len(other.impossible) > len(best.impossible):
        day = other.impossible[0]
        count = len(other.impossible)
        return (f"{_shown(day)} is no date in the order {other.order}" + _and(count - 1, "more") + ".",)
    if len(other.impossible) == len(best.impossible) and len(other.backwards) > 2 * len(best.backwards):
        earlier, later = other.backwards[0]
        count = len(other.backwards)
        return (
            f"In the order {other.order}, time would run backwards from {_shown(earlier)} to {_shown(later)}"
            + _and(count - 1, "more times")
            + ".",
        )
    return ()


def _and(count: int, what: str) -> str:
    return f", and {count} {what}" if count else ""


def _shown(day: Day) -> str:
    return f"{day.raw.translate(_MARKS_OUT)} (line {day.line})"


def _tried(days: list[Day], parts: list[tuple[int, ...]], order: str) -> _Trial:
    trial = _Trial(order)
    before: tuple[date, Day] | None = None
    for day, numbers in zip(days, parts, strict=True):
        found = _date(numbers, order)
        if not found:
            trial.impossible.append(day)
        else:
            if before and found < before[0]:
                trial.backwards.append((before[1], day))
            trial.leaps += bool(before and (found - before[0]).days > 300)
            before = found, day
        trial.days += 1
    return trial


def _date(numbers: tuple[int, ...], order: str) -> date | None:
    year, month, day = (numbers[place] for place in _ORDERS[order])
    year += 2000 if year < 100 else 0
    if year not in YEARS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def date_text(raw: str, order: str) -> str:
    """The date as YYYY-MM-DD, "" for one that does not exist."""
    found = _date(tuple(map(int, _NUMBERS.findall(raw))), order)
    return found.isoformat() if found else ""


@lru_cache(_REMEMBERED)
def time_text(raw: str) -> str:
    """The wall clock as HH:MM:SS, "" for one that does not exist."""
    if _WHOLE_CLOCK(raw):
        return raw
    numbers = [int(number) for number in _NUMBERS.findall(raw)]
    hour, minute, second = (*numbers, 0)[:3]
    half = "" if _WITHOUT_HALF(raw) else _meridiem(raw)
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return ""
    return f"{hour:02}:{minute:02}:{second:02}"


def _meridiem(raw: str) -> str:
    word = "".join(letter for letter in _HOURS.sub("", raw.lower()) if letter.isalpha())
    if not word:
        return ""
    if any(word.startswith(half) for half in _PM):
        return "pm"
    return "am" if any(word.startswith(half) for half in _AM) else ""
