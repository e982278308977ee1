"""`amparo demo group` in a new house: the case's own figures at the end, and the same from the board when played again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.house import RunningHouse

DEMO_SECONDS = 580
BY_COUNTRY = {"CR": 1, "EC": 2, "ES": 17, "FR": 2, "GB": 2, "IN": 2, "IT": 1, "PE": 2, "PK": 1, "SY": 1, "UY": 2}


@pytest.fixture(name="house")
def _house() -> Iterator[RunningHouse]:
    house = RunningHouse()
    house.make()
    yield house
    shutil.rmtree(house.folder, ignore_errors=True)


def test_the_demo_ends_with_the_figures_of_the_case_and_ends_so_again_without_new_mail(house: RunningHouse) -> None:
    first = _played(house)
    assert first["arrested"] == 33
    assert first["countries"] == 11
    assert first["by_country"] == BY_COUNTRY
    assert first["under_18"] == 5
    assert first["youngest"] == 15
    assert first["ordered_elsewhere"] == 1
    assert first["packages"] == 11
    assert first["children"] == {"series": 9, "open": 9, "identified": 0, "safeguarded": 0}
    keys = [path for path in (house.home / "demo").rglob("*") if path.is_file()]
    assert [path for path in keys if path.stat().st_mode & 0o077] == []
    again = house.command("demo", "group", seconds=DEMO_SECONDS)
    assert json.loads(again.stdout.splitlines()[-1]) == first
    assert "all of them are here already" in again.stdout
    assert house.command("verify").returncode == 0


def _played(house: RunningHouse) -> dict[str, Any]:
    told = house.command("demo", "group", seconds=DEMO_SECONDS)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found
