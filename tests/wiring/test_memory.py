"""What one analysis may hold of the machine's memory where nobody said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from amparo.wiring.memory import GIB, for_tables


@pytest.mark.parametrize(
    ("machine", "container", "held"),
    [
        (24 * GIB, "max\n", "6GiB"),
        (24 * GIB, f"{16 * GIB}\n", "4GiB"),
        (4 * GIB, "max\n", "2GiB"),
        (256 * GIB, "", "8GiB"),
        (0, "", "2GiB"),
    ],
)
def test_an_analysis_holds_a_quarter_of_the_machine_or_its_container_and_never_less_than_two_or_more_than_eight(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machine: int, container: str, held: str
) -> None:
    if container:
        (tmp_path / "memory.max").write_text(container)

    def told(name: str) -> int:
        if not machine:
            raise ValueError("unrecognized configuration name")  # what a system says that doesn't know it
        return {"SC_PHYS_PAGES": machine // 4096, "SC_PAGE_SIZE": 4096}[name]

    monkeypatch.setattr(os, "sysconf", told)
    assert for_tables(tmp_path / "memory.max") == held
