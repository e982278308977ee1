"""Jobs whose effects can be counted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django_tasks import task

from amparo.access.acts import Actor, act
from amparo.foundation.errors import Refused
from amparo.jobs.leases import Hopeless, finishing

WORKER = Actor.of_process("worker")


@dataclass(frozen=True)
class Effect:
    number: int


@act("test.effect", power="items.match")
def take_effect(by: Actor, number: int) -> Effect:
    return Effect(number)


@task()
def slow_work(number: int) -> None:
    for _ in range(400):
        hashlib.sha256(bytes(32_768)).digest()
    with finishing():
        take_effect(WORKER, number)


@task()
def hopeless_work() -> None:
    raise Hopeless("This file can never be read.")


@task()
def failing_work() -> None:
    raise Refused("not now")
