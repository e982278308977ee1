"""A year of a report line, simulated with the shipped rule: minutes until danger now is looked at, and what is missed.

    .venv/bin/python -m benchmarks.year [--days 365] [--a-day 43] [--readers 2] [--flood 17600]

Reports arrive evenly at random; one in a hundred is of a child in danger now, and four of five of those say so in words that the
word lists know. Readers work on weekdays from 8 to 18, eighteen minutes a report; at other times one on call looks at what the rule
puts in the band "now", thirty minutes after it came. Beside the shipped rule stands what a mailbox does: first come, first served.
In the second part one sender sends a flood on three days, every report of it junk. Volumes: a national line with 15,736 reports a
year, and one that got 1.6 million in a quarter. The shares are this simulation's own, not measured anywhere. No database: the
rule, its clocks and its lots are the real ones, the people and the mails are not. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from amparo.intake.triage import Facts, Placed, place, shipped_rule
from amparo.intake.triage.draws import is_drawn, share_of
from amparo.intake.triage.leads import Leads
from amparo.intake.triage.signals import Signals

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
DANGER_SHARE, SAID_SHARE = 0.01, 0.8
MINUTES_A_REPORT, ON_CALL_AFTER = 18.0, timedelta(minutes=30)
HOURS = range(8, 18)
FLOOD_DAYS = (100, 101, 102)
RULE = shipped_rule()


@dataclass(order=True)
class Report:
    """One report; `flood` for the flooding sender's, `danger` for what is true and nobody knows yet."""

    received: datetime
    number: int
    facts: Facts = field(compare=False)
    danger: bool = field(compare=False, default=False)
    flood: bool = field(compare=False, default=False)
    looked: datetime | None = field(compare=False, default=None)
    placed: Placed | None = field(compare=False, default=None)
    aside: bool = field(compare=False, default=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--a-day", type=float, default=43)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--flood", type=int, default=17_600, help="reports a day of the flooding sender")
    parser.add_argument("--seed", type=int, default=4)
    asked = parser.parse_args()
    print(
        "| year | order | danger now: median to the first look | p95 | within an hour | all others: median | unread at the end | "
        "missed, as the second reading tells | in truth |\n|---|---|---|---|---|---|---|---|---|"
    )
    result = {}
    for name, flood in (("usual", 0), ("with a flood", asked.flood)):
        for order in ("rule", "first come, first served"):
            chance = random.Random(asked.seed)
            reports = sorted(_reports(chance, asked, flood))
            _year(reports, asked, by_rule=order == "rule")
            result[f"{name}, {order}"] = _told(name, order, reports, asked)
    print(json.dumps({"benchmark": "year", "days": asked.days, **result}))
    return 0


def _reports(chance: random.Random, asked: argparse.Namespace, flood: int) -> Iterator[Report]:
    minutes = asked.days * 1440
    for number in range(round(asked.days * asked.a_day)):
        danger = chance.random() < DANGER_SHARE
        received = BEGIN + timedelta(minutes=chance.random() * minutes)
        yield Report(received, number, _facts(chance, received, said=danger and chance.random() < SAID_SHARE), danger)
    number = 10_000_000
    for day in FLOOD_DAYS if flood else ():
        for _ in range(flood):
            number += 1
            received = BEGIN + timedelta(days=day, minutes=chance.random() * 1440)
            yield Report(
                received, number, Facts(received, True, Signals({}, frozenset(), True), Leads(links=1)), flood=True
            )


def _facts(chance: random.Random, received: datetime, *, said: bool) -> Facts:
    """Of what is no danger, one in twenty sounds like it."""
    sounds = chance.choices(("", "danger", "meeting"), (95, 4, 1))[0]
    found = {"danger": ("danger",)} if said else {sounds: (sounds,)} if sounds else {}
    now = frozenset({"danger"}) if said else frozenset()
    return Facts(
        received, True, Signals(found, now, True), Leads(handles=chance.randrange(3), links=chance.randrange(2))
    )


def _year(reports: list[Report], asked: argparse.Namespace, *, by_rule: bool) -> None:
    """Fills in when each was looked at, if it was."""
    waiting: list[tuple[tuple[str, datetime, int], Report]] = []
    changes: list[tuple[datetime, int, Report]] = []
    recent: list[datetime] = []
    sampled: list[datetime] = []
    coming, at, end = iter([*reports, None]), BEGIN, BEGIN + timedelta(days=asked.days)
    next_report = next(coming)
    step = timedelta(minutes=MINUTES_A_REPORT / asked.readers)

    def enter(report: Report, now: datetime) -> None:
        placed = place(report.facts, now, RULE)
        report.placed = placed.aside("flood") if report.aside else placed
        position = report.placed.position if by_rule else ""
        heapq.heappush(waiting, ((position, report.received, report.number), report))
        if by_rule and placed.changes_at:
            heapq.heappush(changes, (placed.changes_at, report.number, report))

    while at < end:
        while next_report and next_report.received <= at:
            if by_rule and next_report.flood:
                next_report.aside = _is_aside(recent, sampled, next_report)
            enter(next_report, at)
            if by_rule and next_report.placed and next_report.placed.floor and not _at_work(at):
                next_report.looked = next_report.received + ON_CALL_AFTER
            next_report = next(coming)
        while changes and changes[0][0] <= at:
            report = heapq.heappop(changes)[2]
            if not report.looked:
                enter(report, at)
        if _at_work(at):
            while waiting and waiting[0][1].looked:
                heapq.heappop(waiting)
            if waiting:
                heapq.heappop(waiting)[1].looked = at
        at += step


def _is_aside(recent: list[datetime], sampled: list[datetime], report: Report) -> bool:
    """Whether the flooding sender's lane holds it by then, and it is none of the sample."""
    recent.append(report.received)
    while recent[0] < report.received - timedelta(hours=1):
        recent.pop(0)
    if len(recent) <= RULE.flood.in_an_hour:
        return False
    today = sum(each > report.received - timedelta(days=1) for each in sampled)
    drawn = is_drawn(b"flood", UUID(int=report.number), RULE.flood.sampled_in_1000) and today < RULE.flood.sampled_a_day
    if drawn:
        sampled.append(report.received)
    return not drawn


def _at_work(at: datetime) -> bool:
    return at.weekday() < 5 and at.hour in HOURS


def _told(name: str, order: str, reports: list[Report], asked: argparse.Namespace) -> dict[str, float | str]:
    end = BEGIN + timedelta(days=asked.days)
    minutes = [((each.looked or end) - each.received).total_seconds() / 60 for each in reports if each.danger]
    others = [
        ((each.looked or end) - each.received).total_seconds() / 60
        for each in reports
        if not each.danger and not each.flood
    ]
    low_after = RULE.second_look.low_after
    low = [each for each in reports if not each.flood and (each.looked or end) - each.received > low_after]
    drawn = [each for each in low if is_drawn(b"year", UUID(int=each.number), RULE.second_look.share_in_1000)]
    seen, truth = share_of(sum(each.danger for each in drawn), len(drawn)), sum(each.danger for each in low)
    told: dict[str, float | str] = {
        "median_minutes": round(statistics.median(minutes)),
        "p95_minutes": round(statistics.quantiles(minutes, n=20)[-1]),
        "within_an_hour": round(sum(each <= 60 for each in minutes) / len(minutes), 3),
        "others_median_hours": round(statistics.median(others) / 60, 1),
        "unread": sum(not each.looked for each in reports if not each.flood),
        "second_reading": f"{seen.found} of {seen.of} ({seen.low:.1%} to {seen.high:.1%})",
        "truth": f"{truth} of {len(low)}",
    }
    print(
        f"| {name} | {order} | {told['median_minutes']} min | {told['p95_minutes']} min | {told['within_an_hour']:.0%} | "
        f"{told['others_median_hours']} h | {told['unread']} | {told['second_reading']} | {told['truth']} |"
    )
    return told


if __name__ == "__main__":
    raise SystemExit(main())
