"""What a worker does for intake as time goes by: tell who has to know, end floods, take up what a platform left open."""

from __future__ import annotations

from django.db import transaction

from amparo.access.acts import Actor
from amparo.foundation.clock import now
from amparo.foundation.home import Home
from amparo.intake import clocks, lanes, months, second_look
from amparo.intake.cybertipline import tips

WORKER = Actor.of_process("worker")


def keep_time() -> int:
    """How much was done. Each step is a transaction of its own, and finds nothing to do when it is done again."""
    at = now()
    done = 0
    for report in clocks.late(at):
        with transaction.atomic():
            if report in clocks.late(at):
                clocks.escalate(WORKER, report, at)
                done += 1
    for sender in clocks.untold_lanes(at):
        with transaction.atomic():
            if sender in clocks.untold_lanes(at):
                clocks.escalate_lane(WORKER, sender, at)
                done += 1
    done += tips.lapse(Home.from_env(), at)
    done += second_look.draw_low(at)
    return done + lanes.calm_down(at) + months.tell_ended(at)
