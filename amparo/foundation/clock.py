"""The one place that asks what time it is. Rules never call it; they are given the time."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def as_text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and a `Z`, the form used in records, hashes and packages. Needs an aware time."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone cannot be written down")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
