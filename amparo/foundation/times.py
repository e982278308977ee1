"""A time as somebody wrote it, and what we made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Moment:
    """A time that keeps its raw text, the UTC it was read as, the zone assumed for that, and who assumed it.

    utc: aware UTC, or None while the zone or the order of day and month is not known.
    zone: an IANA name or an offset such as "+02:00"; empty while unknown.
    assumed_by: "stated" when the source says it, else a rule's or an officer's name.
    """

    raw: str
    utc: datetime | None = None
    zone: str = ""
    assumed_by: str = ""
