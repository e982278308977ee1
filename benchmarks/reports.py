"""Reports written straight into the tables by the hundred thousand, as the house's own acts would leave them, for benchmarks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

BATCH = 2000
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
WORDS = tuple(
    "item shared in a group see you at the room somebody wrote a link yesterday they asked about coins".split()  # noqa: SIM905
)
LANGUAGES = ("es", "en", "fr", "pt", "de", "it", "ca", "ar")


def text_of(draw: random.Random, words: int = 120) -> str:
    """Neutral words, as long as a usual report."""
    return " ".join(draw.choices(WORDS, k=words))


def make(many: int, seed: int = 1, *, state: str = "new", start: int = 0, ranked: bool = True) -> None:
    """So many reports with their arrivals and, where `ranked`, their current rankings."""
    from amparo.intake.models import Arrival, Ranking, Report
    from amparo.intake.triage import Facts, place, shipped_rule
    from amparo.intake.triage.facts import as_json
    from amparo.intake.triage.leads import Leads
    from amparo.intake.triage.signals import Signals

    draw, rule = random.Random(seed), shipped_rule()
    for begun in range(start, start + many, BATCH):
        size = min(BATCH, start + many - begun)
        arrivals = Arrival.objects.bulk_create(Arrival(**_arrival(draw, state)) for _ in range(size))
        rows = []
        for number, arrival in enumerate(arrivals, start=begun):
            said = draw.choices(("", "danger", "in_danger", "meeting"), (90, 6, 1, 3))[0]
            facts = Facts(
                arrival.received_at,
                True,
                Signals({said: (said,)} if said else {}, frozenset(), True),
                Leads(handles=draw.randrange(3), links=draw.randrange(2)),
            )
            placed = place(facts, NOON, rule)
            rows.append((Report(**_report(draw, arrival, number, state, placed)), placed, facts))
        reports = Report.objects.bulk_create(row for row, _, _ in rows)
        if ranked:
            Ranking.objects.bulk_create(
                Ranking(
                    report=report, rule_version=rule.version, axes=_axes(placed), facts=as_json(facts),
                    danger=placed.axes["danger"].level, actionable=placed.axes["actionable"].level, novelty="unknown",
                    clock="none", floor=placed.floor, position=placed.position, band=placed.band, at=NOON,
                )
                for report, (_, placed, facts) in zip(reports, rows, strict=True)
            )  # fmt: skip


def _arrival(draw: random.Random, state: str) -> dict[str, Any]:
    from amparo.foundation.ids import new_id

    at = NOON - timedelta(seconds=draw.randrange(30 * 86_400))
    return {
        "uuid": new_id(), "channel": "mail", "received_at": at, "taken_in_at": at, "state": "report", "report_uuid": new_id(),
        "size_bytes": 7000,
    }  # fmt: skip


def _report(draw: random.Random, arrival: Any, number: int, state: str, placed: Any) -> dict[str, Any]:
    text = text_of(draw)
    return {
        "uuid": arrival.report_uuid, "reference": f"R-2026-{number:07d}", "arrival": arrival, "received_at": arrival.received_at,
        "channel": "mail", "subject": f"Item shared {number}", "text": text, "search_text": text, "state": state,
        "language": draw.choice(LANGUAGES), "place": placed.position, "danger": placed.axes["danger"].level, "band": placed.band,
        "look_by": placed.look_by, "decide_by": placed.decide_by,
    }  # fmt: skip


def _axes(placed: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {name: asdict(axis) for name, axis in placed.axes.items()}


def batches(many: int, size: int = BATCH) -> Iterator[range]:
    """The numbers from 0 to `many`, in pieces."""
    return (range(begun, min(many, begun + size)) for begun in range(0, many, size))
