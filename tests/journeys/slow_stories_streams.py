"""`amparo demo streams` in a new house, played again; then its coins in a real browser, light and dark, wide and small."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from amparo.wiring.demo import streams_cast
from tests.journeys.desk import Desk
from tests.journeys.house import PlayedHouse
from tests.journeys.looks import passes_axe

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("Chromium is not installed: no journey can be made through the pages", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright

DEMO_SECONDS = 900


@pytest.fixture(scope="module", name="house")
def _house() -> Iterator[PlayedHouse]:
    house = PlayedHouse()
    house.make()
    yield house
    house.end()


@pytest.fixture(scope="module", name="shown")
def _shown(house: PlayedHouse) -> dict[str, Any]:
    return house.play("streams", seconds=DEMO_SECONDS)


def test_the_streams_end_with_the_case_s_figures_and_end_so_again(house: PlayedHouse, shown: dict[str, Any]) -> None:
    assert {name: shown[name] for name in streams_cast.EXPECTED} == streams_cast.EXPECTED
    assert shown["reports"] == 1
    again = house.command("demo", "streams", seconds=DEMO_SECONDS)
    assert json.loads(again.stdout.splitlines()[-1]) == shown
    assert "it is here already" in again.stdout
    assert house.command("verify", seconds=DEMO_SECONDS).returncode == 0


def test_an_investigator_reads_the_coins_page_by_page_and_every_pagepasses_axe(
    house: PlayedHouse, shown: dict[str, Any]
) -> None:
    with house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        desk = Desk(browser, f"http://{house.http}", house.log_in("bruno"))
        desk.go("/cases/")
        desk.goes_to("Sala 21")
        desk.goes_to("Coins")
        desk.sees("vega", "orion", "16,800", "80,000")
        coins = desk.page.url.split(house.http)[1]
        ledger = desk.page.locator(".ledger h3 a", has_text="orion").get_attribute("href")
        desk.go(f"{ledger}broadcasts/")
        desk.goes_to("live-1")
        assert desk.page.locator("svg.presence").count() == 14
        broadcast = desk.page.url.split(house.http)[1]
        desk.page.locator(".marks a, main a[href*='account']").first.click()
        desk.page.wait_for_load_state()
        desk.sees("Where its coins came from and went", "FIFO", "Haircut")
        account = desk.page.url.split(house.http)[1]
        desk.go(f"{coins}")
        dialog = desk.opens_dialog("Undo")
        dialog.locator("textarea").fill("The subscriber is somebody else.")
        dialog.get_by_role("button", name="Undo the link").click()
        desk.sees("Undone; 1 candidate countries")
        parts = ["", "mapping/", "accounts/", "references/", "notes/", "countries/", "payers/", "gaps/", "bad/"]
        passes_axe(desk, [coins, f"{coins}add/", broadcast, account, *(f"{ledger}{part}" for part in parts)])
        browser.close()
