"""The worker's part of a seized platform: import and analyses, on the long queue, each step kept as soon as it is done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django_tasks import task

from amparo.access.acts import Actor
from amparo.cases.platforms import work
from amparo.vault.keys import ProcessKeys


def _worker() -> tuple[Actor, ProcessKeys]:
    return Actor.of_process("worker"), ProcessKeys(settings.HOME, "worker")


@task(queue_name="long")
def import_platform(act: str, about: dict[str, Any]) -> None:
    """Follows platform.registered, unless whoever registered it imports it."""
    if not about["at_once"]:
        by, keys = _worker()
        work.import_files(by, keys, UUID(about["platform"]), lambda _: None)


@task(queue_name="long")
def analyse_platform(act: str, about: dict[str, Any]) -> None:
    """Follows platform.imported and platform.analysis_asked: every step that waits is done."""
    by, keys = _worker()
    work.analyse(by, keys, UUID(about["platform"]))
