from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.videos import FORMATS, make


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="session")
def made(folder: Path) -> Callable[[str], Path]:
    """The file of one of FORMATS, written once."""

    def path_of(name: str) -> Path:
        path = folder / name.replace(" ", "_")
        return path if path.exists() else make(path, FORMATS[name])

    return path_of
