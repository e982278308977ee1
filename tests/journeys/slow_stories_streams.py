"""`amparo demo streams` in a new house, played again; then its coins in a real browser, light and dark, wide and small."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from amparo.wiring.demo import streams_cast
from tests.journeys.desk import Desk
from tests.journeys.house import LogIn, RunningHouse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("Chromium is not installed: no journey can be made through the pages", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe

DEMO_SECONDS = 900
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SIZES = ((1280, 900, "light"), (390, 844, "dark"))


class PlayedHouse(RunningHouse):
    """A house that keeps what was played in it before it comes up."""

    def make(self) -> None:
        if not self.home.exists():
            super().make()


@pytest.fixture(scope="module", name="house")
def _house() -> Iterator[RunningHouse]:
    house = PlayedHouse()
    house.make()
    yield house
    shutil.rmtree(house.folder, ignore_errors=True)


@pytest.fixture(scope="module", name="shown")
def _shown(house: RunningHouse) -> dict[str, Any]:
    told = house.command("demo", "streams", seconds=DEMO_SECONDS)
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found


def test_the_streams_end_with_the_case_s_figures_and_end_so_again(house: RunningHouse, shown: dict[str, Any]) -> None:
    assert {name: shown[name] for name in streams_cast.EXPECTED} == streams_cast.EXPECTED
    assert shown["reports"] == 1
    again = house.command("demo", "streams", seconds=DEMO_SECONDS)
    assert json.loads(again.stdout.splitlines()[-1]) == shown
    assert "it is here already" in again.stdout
    assert house.command("verify", seconds=DEMO_SECONDS).returncode == 0


def test_an_investigator_reads_the_coins_page_by_page_and_every_page_passes_axe(
    house: RunningHouse, shown: dict[str, Any]
) -> None:
    known = {each["username"]: each for each in json.loads((house.home / "demo" / "log-ins.json").read_text())}["bruno"]
    with house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        desk = Desk(browser, f"http://{house.http}", LogIn("bruno", known["password"], known["totp_secret"]))
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
        _passes_axe(desk, [coins, f"{coins}add/", broadcast, account, *(f"{ledger}{part}" for part in parts)])
        browser.close()


def _passes_axe(desk: Desk, paths: list[str]) -> None:
    wrong = []
    for path in paths:
        for wide, high, theme in SIZES:
            desk.page.set_viewport_size({"width": wide, "height": high})
            desk.page.emulate_media(color_scheme=theme)
            desk.go(path)
            found = Axe().run(desk.page, options=RULES)
            if found.violations_count:
                wrong.append(f"{path} {theme}: {found.generate_report()}")
            if desk.page.evaluate("document.documentElement.scrollWidth") > wide:
                wrong.append(f"{path} {theme}: wider than the screen")
    assert wrong == []
    assert desk.complaints == []
    assert desk.media_shown() == 0
