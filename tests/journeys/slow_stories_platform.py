"""`amparo demo platform` in a new house, played again; its packages opened with stock tools; then its pages in a real browser."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import stock_tools
from tests.journeys.desk import Desk
from tests.journeys.house import PlayedHouse
from tests.journeys.looks import passes_axe

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("Chromium is not installed: no journey can be made through the pages", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright

ACCOUNTS = 5_000
DEMO_SECONDS = 1800
OPENED = ("DE", "JP", "MT", "PT", "US", "ZA")
FIGURES = {
    "suspects_identified": 1_393,
    "arrested": 79,
    "children_safeguarded": 39,
    "videos": 91_000,
    "accounts": ACCOUNTS,
    "packages": 38,
}
LOOKS = ((1280, 900, "light"), (1280, 900, "dark"), (390, 844, "light"), (390, 844, "dark"))


@pytest.fixture(scope="module", name="house")
def _house() -> Iterator[PlayedHouse]:
    house = PlayedHouse()
    house.make()
    yield house
    house.end()


@pytest.fixture(scope="module", name="shown")
def _shown(house: PlayedHouse) -> dict[str, Any]:
    return house.play("platform", "--accounts", str(ACCOUNTS), seconds=DEMO_SECONDS)


def test_the_platform_ends_with_the_case_s_figures_and_ends_so_again(house: PlayedHouse, shown: dict[str, Any]) -> None:
    assert {name: shown[name] for name in FIGURES} == FIGURES
    assert shown["devices"] > 3_000
    assert house.play("platform", "--accounts", str(ACCOUNTS), seconds=DEMO_SECONDS) == shown
    assert house.command("verify", seconds=DEMO_SECONDS).returncode == 0


@pytest.mark.skipif(not all(map(shutil.which, stock_tools.NEEDED)), reason="gpg, unzip and sha256sum are not all here")
@pytest.mark.parametrize("country", OPENED)
def test_a_country_s_package_opens_and_checks_with_gpg_unzip_and_sha256sum(
    house: PlayedHouse, shown: dict[str, Any], tmp_path: Path, country: str
) -> None:
    sealed = house.home / "outbox" / f"{shown['case']}-{country}-v1.zip.gpg"
    folder = stock_tools.opened(sealed, house.home / "demo" / "partners" / f"{country}.asc", tmp_path)
    with (folder / "data" / "reply" / "reply.csv").open(encoding="utf-8", newline="") as file:
        subjects = [row["subject"] for row in csv.DictReader(file)]
    assert subjects[0] == "package" and len(subjects) > 1
    with (folder / "data" / "dossier.csv").open(encoding="utf-8", newline="") as file:
        accounts = list(csv.DictReader(file))
    assert {row["person"] for row in accounts} == set(subjects) - {"package"}
    assert all(row["payment_references"] for row in accounts if int(row["payments"]))


def test_every_page_of_the_platform_passes_axe_wide_and_small_light_and_dark(
    house: PlayedHouse, shown: dict[str, Any]
) -> None:
    with house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        desk = Desk(browser, f"http://{house.http}", house.log_in("bruno"))
        desk.go("/cases/")
        desk.goes_to("sample-video")
        case = desk.page.url.split(house.http)[1]
        desk.sees("What came back", "79")
        rooms = (case.replace("/cases/", "/packages/case/"), case.replace("/cases/", "/board/"), "/packages/")
        desk.goes_to("Platform")
        platform = desk.page.url.split(house.http)[1]
        desk.sees("5,000", "4,900", "91,000")
        desk.go(f"{platform}accounts/?search=U0000012")
        links = desk.page.locator("#accounts tbody a")
        account, other = (str(links.nth(place).get_attribute("href")) for place in (0, 1))
        pair = f"{platform}links/?a={account.partition('name=')[2]}&b={other.partition('name=')[2]}"
        of_platform = [platform, f"{platform}accounts/", account, f"{platform}links/", pair, f"{platform}overlaps/"]
        passes_axe(desk, [case, f"{case}timeline/", *of_platform, *rooms], LOOKS)
        browser.close()
