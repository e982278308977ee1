"""What is known of a report when it is ranked. Values only, kept beside the ranking, so that another rule can be tried on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from amparo.intake.triage.leads import Leads
from amparo.intake.triage.signals import Signals


@dataclass(frozen=True)
class Media:
    """What matching said of a report's pictures and videos, by how many. pending: not compared yet."""

    known: int = 0
    unknown: int = 0
    too_plain: int = 0
    not_examined: int = 0
    pending: int = 0

    @property
    def total(self) -> int:
        return self.known + self.unknown + self.too_plain + self.not_examined + self.pending


@dataclass(frozen=True)
class Said:
    """What the sender's own fields say of danger. priority: whether they ask for a quick look.

    by_officer: an officer states that a child is in danger now.
    """

    danger_now: str = "unknown"
    crisis: str = "unknown"
    live: str = "unknown"
    priority: bool = False
    by_officer: bool = False


@dataclass(frozen=True)
class Shared:
    """Other reports and cases that name the same: how many, and by which kinds of traces, the strong ones alone."""

    reports: int = 0
    cases: int = 0
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """has_text: whether there was any text to read. near_danger: kinds of traces shared with a report of danger now.

    decided_at: when it became part of a case or was closed.
    """

    received_at: datetime
    has_text: bool
    signals: Signals = field(default_factory=Signals)
    leads: Leads = field(default_factory=Leads)
    chat_exports: int = 0
    media: Media = field(default_factory=Media)
    first_read_at: datetime | None = None
    said: Said = field(default_factory=Said)
    shared: Shared = field(default_factory=Shared)
    near_danger: tuple[str, ...] = ()
    decided_at: datetime | None = None


def as_json(facts: Facts) -> dict[str, Any]:
    """As it stands beside a ranking; `of_json` gives it back, but for the times that the report itself knows."""
    signals = facts.signals
    return {
        "has_text": facts.has_text,
        "signals": {
            "found": signals.found,
            "with_now": sorted(signals.with_now),
            "with_soon": sorted(signals.with_soon),
            "denied": signals.denied,
            "quoted": sorted(signals.quoted),
            "scripts_known": signals.scripts_known,
        },
        "leads": {name: count for name, count in asdict(facts.leads).items() if count},
        "chat_exports": facts.chat_exports,
        "media": {name: count for name, count in asdict(facts.media).items() if count},
        "said": asdict(facts.said),
        "shared": asdict(facts.shared),
        "near_danger": list(facts.near_danger),
    }


def of_json(
    stored: Mapping[str, Any], received_at: datetime, first_read_at: datetime | None, decided_at: datetime | None = None
) -> Facts:
    """Raises KeyError or TypeError for what `as_json` did not write."""
    signals = stored["signals"]
    return Facts(
        received_at=received_at,
        has_text=stored["has_text"],
        signals=Signals(
            {code: tuple(words) for code, words in signals["found"].items()},
            frozenset(signals["with_now"]),
            signals["scripts_known"],
            frozenset(signals["with_soon"]),
            {code: tuple(words) for code, words in signals["denied"].items()},
            frozenset(signals["quoted"]),
        ),
        leads=Leads(**stored["leads"]),
        chat_exports=stored["chat_exports"],
        media=Media(**stored["media"]),
        first_read_at=first_read_at,
        said=Said(**stored["said"]),
        shared=Shared(stored["shared"]["reports"], stored["shared"]["cases"], tuple(stored["shared"]["kinds"])),
        near_danger=tuple(stored["near_danger"]),
        decided_at=decided_at,
    )
