from __future__ import annotations

from tests.referrals.conftest import home, world

__all__ = ["home", "world"]
