"""What the journeys of one run share, whichever process makes them."""

from __future__ import annotations

import os

import pytest

from tests.journeys import house


@pytest.fixture(scope="session", autouse=True)
def _shared(tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.getbasetemp()
    house.shared_folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
