"""Dates and times as a chat export writes them, and which of their numbers is the day.

The order of day and month isn't in the file. It is decided for a whole file from all its stamps: an order that gives an
impossible date loses; then an order in which time runs backwards loses; if two are left, the file is ambiguous and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

# Direction marks and the byte-order mark, which phones scatter through a line; and the blanks they use.
MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\ufeff"
BLANKS = " \u00a0\u202f\u2009\t"
_M, _B = f"[{MARKS}]*", f"[{BLANKS}]"
_MERIDIEM = rf"(?:[AaPp]{_B}?\.?{_B}?[Mm]\.?|[صم](?![^\W\d_])|(?:vor|nach)m\.|[πμ]\.?{_B}?μ\.?|[上下]午|오[전후])"
# Words between date and time: French à, German um, Finnish klo, Spanish a las, Portuguese às, Italian alle/ore, English at.
_BETWEEN = rf"(?:(?:klo|kl\.?|à|um|at|a las|às|alle|ore){_B}+)?"
HEAD = re.compile(
    rf"{_M}(\[)?{_M}"
    rf"(\d{{1,4}}{_M}[./-]{_M}{_B}?\d{{1,2}}{_M}[./-]{_M}{_B}?\d{{1,4}}\.?){_M}"
    rf"[,،]?{_M}{_B}*{_M}{_BETWEEN}"
    rf"((?:{_MERIDIEM}{_B}*)?\d{{1,2}}[:.h]\d{{2}}(?:[:.]\d{{2}})?(?:{_M}{_B}?{_M}{_MERIDIEM})?)"
    rf"{_M}(?(1)\]{_B}*|{_B}+[-–—]{_B}+)"
)
_NUMBERS = re.compile(r"\d+")
_AM, _PM = ("am", "ص", "vorm", "πμ", "上午", "오전"), ("pm", "م", "nachm", "μμ", "下午", "오후")
# The messenger began in 2009; a year outside this span is another calendar or no date, and is not guessed at.
YEARS = range(2009, 2100)
# A day has 86,400 wall clocks, a chat's life some thousand days: read once, then remembered.
_REMEMBERED = 100_000
_ORDERS = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}


@dataclass(frozen=True)
class DateOrder:
    """`name` is dmy, mdy, ymd or ambiguous; `read_as` the order in use; `alternatives` those that fit, when ambiguous."""

    name: str
    read_as: str
    alternatives: tuple[str, ...]


@lru_cache(_REMEMBERED)
def shape_of_date(raw: str) -> str:
    """What all dates of one export share: separator and where the long year stands."""
    first, _, last = _NUMBERS.findall(raw)
    separator = next(letter for letter in raw if letter in "./-")
    return f"{separator}{len(first) == 4:d}{len(last) if len(last) in (2, 4) else 0}"


@lru_cache(_REMEMBERED)
def shape_of_time(raw: str) -> str:
    """What all times of one export share: seconds or none, twelve hours or twenty-four."""
    return f"{len(_NUMBERS.findall(raw))}{bool(_meridiem(raw)):d}"


def order_of(dates: Iterable[str]) -> DateOrder:
    """The order of these raw dates, given in the file's order, each change of day once."""
    parts = [tuple(map(int, _NUMBERS.findall(raw))) for raw in dates]
    # Of most dates, not of any: a member can write something like a stamp into a message.
    long_first = 2 * sum(first > 31 for first, _, _ in parts) > len(parts)
    candidates = ("ymd",) if long_first else ("dmy", "mdy")
    scores = {order: _score(parts, order) for order in candidates}
    best = min(scores.values())
    if not long_first and 2 * best[0] > len(parts) and (short_year_first := _score(parts, "ymd")) < best:
        # Neither usual order fits even half of the dates: a short year stands in front.
        scores["ymd"] = best = short_year_first
    fitting = tuple(order for order, score in scores.items() if score == best)
    if len(fitting) == 1:
        return DateOrder(fitting[0], fitting[0], ())
    return DateOrder("ambiguous", fitting[0], fitting)


def _score(parts: list[tuple[int, ...]], order: str) -> tuple[int, int]:
    """How many dates are impossible in this order, and how often time runs backwards."""
    days = [_date(numbers, order) for numbers in parts]
    real = [day for day in days if day]
    return len(days) - len(real), sum(later < earlier for earlier, later in pairwise(real))


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
    numbers = [int(number) for number in _NUMBERS.findall(raw)]
    hour, minute, second = (*numbers, 0)[:3]
    half = _meridiem(raw)
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return ""
    return f"{hour:02}:{minute:02}:{second:02}"


def _meridiem(raw: str) -> str:
    word = "".join(letter for letter in raw.lower() if letter.isalpha() and letter != "h")
    if not word:
        return ""
    if any(word.startswith(half) for half in _PM):
        return "pm"
    return "am" if any(word.startswith(half) for half in _AM) else ""
