from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.foundation.home import Home
from tests.referrals import world as worlds
from tests.referrals.world import World


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with worlds.fresh_home(tmp_path) as found:
        yield found


@pytest.fixture
def world(home: Home) -> World:
    return worlds.world(home)
