"""What a report lacks to be followed up, and one ready request for all of it in the reporter's language. No Django.

Only what applies is expected: a report without an IP address is not asked for a port. What is expected and not there is asked for,
and nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from amparo.intake.triage.facts import Said
from amparo.intake.triage.identifiers import visible
from amparo.intake.triage.signals import Signals
from amparo.intake.triage.times import names_a_month
from amparo.intake.triage.traces import Trace

FOLDER = Path(__file__).parent / "requests"
# In the order in which they are asked; each with why it matters, for the officer.
WHY = {
    "danger_now": "It speaks of danger, and not of whether it is now",
    "where": "Nothing says where it is: no address, account, room or number",
    "when": "Nothing says when it was",
    "service": "An account name without its service can be anybody's",
    "phone_country": "A number without its country code is nobody's",
    "time_zone": "A time without its zone may be half a day off",
    "time_half": "An hour without a.m. or p.m. may be half a day off",
    "time_day": "Day and month may be exchanged",
    "ip_port": "Behind a carrier's NAT an address without its port is shared by thousands",
    "ip_time": "An address without its time leads to nobody",
    "ip_second": "A port is given to another within a second",
}
PLACES = frozenset({"handle", "name", "address", "room", "phone", "email", "wallet", "payment", "ip_port", "ip"})
_LOCAL_NUMBER = re.compile(
    r"(?<![\w+.:/@-])\(?\d{2,4}(?:[ ()]{1,2}\d{2,4}){2,4}(?![\w.:/@-]*\w)|(?<![\w+.:/@-])[6-9]\d{8}(?!\w)"
)
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}|(?<![\d.])\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?![\d.])|(?<!\d)\d{1,2}\s*[:h]\s*[0-5]\d(?!\d)"
)


@dataclass(frozen=True)
class Event:
    """Of an address's use: whether port, time and second are there."""

    port: bool
    time: bool
    second: bool


@dataclass(frozen=True)
class Lacks:
    """expected: the codes that apply to this report. missing: those of them that it does not have, in the order of asking."""

    expected: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def given(self) -> int:
        return len(self.expected) - len(self.missing)


def lacks(
    text: str,
    traces: Iterable[Trace],
    signals: Signals,
    said: Said,
    doubts: Iterable[str],
    events: Iterable[Event] = (),
    times: int = 0,
) -> Lacks:
    """What the report lacks. doubts: of the times that it states (triage/times.py); times: how many it states."""
    named = [each for each in traces if each.where != "item"]
    kinds, doubtful, used = {each.kind for each in named}, set(doubts), list(events)
    applies = {
        "where": True,
        "when": not used,
        "danger_now": bool(signals.of("danger", "urgent", "live", "meeting", "pressure"))
        or said.danger_now != "unknown",
        "service": bool(kinds & {"handle", "name"}),
        "phone_country": "phone" in kinds or _has_local_number(text),
        "time_zone": times > 0,
        "time_half": times > 0,
        "time_day": times > 0,
        "ip_port": bool(used),
        "ip_time": bool(used),
        "ip_second": any(each.time for each in used),
    }
    soon = bool(signals.with_now or signals.with_soon)
    has = {
        "where": bool(kinds & PLACES),
        "when": times > 0 or _names_a_day(text) or bool(signals.of("now", "soon")),
        "danger_now": said.danger_now != "unknown" or soon or bool(signals.of("in_danger", "crisis")),
        "service": _services_are_known(named),
        "phone_country": "phone" in kinds or not _has_local_number(text),
        "time_zone": not doubtful & {"no_zone", "zone_name"},
        "time_half": "twelve_hour" not in doubtful,
        "time_day": "day_or_month" not in doubtful,
        "ip_port": all(each.port for each in used),
        "ip_time": all(each.time for each in used),
        "ip_second": all(each.second for each in used if each.time),
    }
    expected = tuple(code for code in WHY if applies[code])
    return Lacks(expected, tuple(code for code in expected if not has[code]))


def _services_are_known(named: list[Trace]) -> bool:
    """Whether every account name stands with its service somewhere."""
    with_service = {each.value.partition(":")[2] for each in named if each.kind == "handle"}
    return all(each.value in with_service for each in named if each.kind == "name")


def _names_a_day(text: str) -> bool:
    """Whether it names a date, a time of day, or a month in any of the languages."""
    shown = visible(text[:20_000])
    return bool(_DATE.search(shown)) or bool(names_a_month(shown))


def _has_local_number(text: str) -> bool:
    return bool(_LOCAL_NUMBER.search(visible(text[:20_000])))


def languages() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def _words(language: str) -> dict[str, str]:
    read: dict[str, str] = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return read


def request(missing: Iterable[str], language: str) -> tuple[str, str]:
    """(the request's words, the language they are in): the reporter's, else English. "" where nothing is missing."""
    codes = list(missing)
    spoken = language if language in languages() else "en"
    words = _words(spoken)
    if not codes:
        return "", spoken
    asked = "\n".join(f"- {words[code]}" for code in codes)
    return f"{words['intro']}\n\n{asked}\n\n{words['outro']}", spoken
