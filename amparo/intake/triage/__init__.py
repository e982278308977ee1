"""How a report finds its place in the queue: four axes with reasons in words, and a stated order. Never one score. No Django."""

from __future__ import annotations

from amparo.intake.triage.axes import AXES, Axis, Reason
from amparo.intake.triage.facts import Facts, Media, Said, Shared
from amparo.intake.triage.rule import Band, Placed, Rule, place, read_rule, shipped_rule

__all__ = [
    "AXES", "Axis", "Band", "Facts", "Media", "Placed", "Reason", "Rule", "Said", "Shared", "place", "read_rule", "shipped_rule",
]  # fmt: skip
