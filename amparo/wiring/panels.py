"""Which room adds what to an earlier room's page: slot -> providers, each `(request, subject) -> html`."""

from __future__ import annotations

PANELS: dict[str, tuple[str, ...]] = {}
