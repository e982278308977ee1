"""The two figures of the report line, in words: what it misses, and how long danger waits for the first human look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from amparo.intake import second_look
from amparo.intake.second_look import FirstLooks, MissFigures
from amparo.intake.triage.draws import Share

LOOKS_DAYS = 365
NOT_KNOWN = "–"


@dataclass(frozen=True)
class MissLine:
    month: str
    drawn: int
    read: int
    missed: str
    interval: str
    too_low: str


@dataclass(frozen=True)
class LooksLine:
    month: str
    reports: int
    waiting: int
    median: str
    ninth_tenth: str
    longest: str
    in_time: str


def missed() -> tuple[MissFigures, MissLine, tuple[MissLine, ...]]:
    """(as counted, all together in words, by month)."""
    together, months = second_look.miss_rate()
    return together, _missed(together), tuple(_missed(each) for each in months)


def first_looks(at: datetime) -> tuple[LooksLine, tuple[LooksLine, ...]]:
    """Of the last year."""
    together, months = second_look.first_looks(at - timedelta(days=LOOKS_DAYS))
    return _looks(together), tuple(_looks(each) for each in months)


def _missed(each: MissFigures) -> MissLine:
    month = f"{each.month:%Y-%m}" if each.month else ""
    return MissLine(
        month,
        each.drawn,
        each.missed.of,
        percent(each.missed.share),
        interval(each.missed),
        percent(each.too_low.share),
    )


def _looks(each: FirstLooks) -> LooksLine:
    return LooksLine(
        f"{each.month:%Y-%m}" if each.month else "",
        each.reports,
        each.waiting,
        _minutes(each.median_minutes),
        _minutes(each.ninth_tenth_minutes),
        _minutes(each.longest_minutes),
        percent(each.in_time.share),
    )


def _minutes(minutes: float | None) -> str:
    return NOT_KNOWN if minutes is None else f"{minutes:.1f}"


def percent(share: float | None) -> str:
    return NOT_KNOWN if share is None else f"{share * 100:.1f}"


def interval(share: Share) -> str:
    """Of nothing, nothing is known."""
    return f"{share.low * 100:.1f} to {share.high * 100:.1f}" if share.of else NOT_KNOWN
