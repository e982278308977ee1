"""How a report finds its place in the queue: four axes with reasons in words, and a stated order. Never one score. No Django."""

from __future__ import annotations

from amparo.intake.triage.axes import AXES, Axis, Facts, Media, Reason
from amparo.intake.triage.rule import Placed, Rule, place, rule

__all__ = ["AXES", "Axis", "Facts", "Media", "Placed", "Reason", "Rule", "place", "rule"]
