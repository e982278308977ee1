from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache as limits
from django.core.management import call_command

from tests.threats.officers import People, lay_house
from tests.threats.played import Played, played_house


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any) -> Iterator[People]:
    """Officers who stay for a whole module: their passwords are slow to stretch, as they must be. Tests roll back all else."""
    with django_db_blocker.unblock():
        limits.clear()
        lay_house()
        yield People()
        call_command("flush", verbosity=0, interactive=False)
        limits.clear()


@pytest.fixture
def fresh_limits() -> None:
    limits.clear()


@pytest.fixture(scope="session")
def played() -> Iterator[Played]:
    """One house for this folder: played through its doors, stopped, and looked at. Change copies of it only."""
    with played_house() as found:
        yield found
