"""Whoever acts: an officer, or one of Amparo's own processes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from amparo.access.rules import PROCESSES


@dataclass(frozen=True)
class Actor:
    kind: str
    name: str
    uuid: UUID | None
    powers: frozenset[str]
    purpose: str = ""

    @classmethod
    def of_process(cls, name: str) -> Actor:
        """One of Amparo's processes, with the powers listed for it and no others. KeyError for an unlisted one."""
        return cls("process", name, None, PROCESSES[name])

    def can(self, power: str) -> bool:
        return power in self.powers

    def with_purpose(self, purpose: str) -> Actor:
        """The same actor, stating why. `purpose` is a short code such as "case:AMP-2026-7", never free text."""
        return replace(self, purpose=purpose)
