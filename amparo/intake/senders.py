"""Who sends how much of what: counts by sender and month, and lanes of their own for floods."""

from __future__ import annotations

from amparo.foundation import clock
from amparo.intake.models import Sender


def of_tag(tag: str, kind: str) -> Sender | None:
    """The sender with this tag, known from now on; None for an arrival without one."""
    if not tag:
        return None
    return Sender.objects.get_or_create(tag=tag[:80], defaults={"kind": kind[:20], "first_at": clock.now()})[0]
