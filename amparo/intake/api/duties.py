"""What a worker does for the platforms' door as time goes by."""

from __future__ import annotations

from amparo.access.acts import Actor
from amparo.foundation.home import Home
from amparo.intake.api import drift, once, uploads


def keep() -> int:
    """Old answers are forgotten, files that nobody went on with given up, drifts told. How much was done."""
    return once.forget_old() + uploads.expire(Home.from_env()) + drift.watch(Actor.of_process("worker"))
