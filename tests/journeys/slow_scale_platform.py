"""The first paint of a case that holds a whole platform, in a real browser.

    AMPARO_PLATFORM_ACCOUNTS=1800000 AMPARO_TABLES_MEMORY=4GiB python -m maintenance.slow scale -- -k platform

The platform is brought in by `amparo demo platform`, so that the rest of the case is there too. Half an hour at full size.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.desk import Desk
from tests.journeys.house import LogIn, RunningHouse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ACCOUNTS = int(os.environ.get("AMPARO_PLATFORM_ACCOUNTS", "1800000"))
MOST_MS = 2000
TIMES = 5
PAINT = """() => {
  const painted = performance.getEntriesByName('first-contentful-paint')[0];
  return painted ? painted.startTime : performance.getEntriesByType('navigation')[0].domInteractive;
}"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_case_of_a_whole_platform_is_painted_within_two_seconds() -> None:
    from playwright.sync_api import sync_playwright

    house = RunningHouse()
    house.make()
    told = house.command("demo", "platform", "--accounts", str(ACCOUNTS), seconds=7200)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    shown: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    assert (shown["accounts"], shown["videos"], shown["suspects_identified"]) == (ACCOUNTS, 91_000, 1_393)
    assert (shown["arrested"], shown["children_safeguarded"]) == (79, 39)
    kept = Path(house.home)
    again = RunningHouse(folder=house.folder)
    again.make = lambda: None  # type: ignore[method-assign]  # the home is there, with the whole case in it
    with again, sync_playwright() as playwright:
        who = next(
            each for each in json.loads((kept / "demo" / "log-ins.json").read_text()) if each["username"] == "bruno"
        )
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        desk = Desk(browser, f"http://{again.http}", LogIn(who["username"], who["password"], who["totp_secret"]))
        desk.go("/cases/")
        case = str(desk.page.locator("main a[href*='/cases/']").first.get_attribute("href"))
        desk.go(f"{case}platforms/")
        platform = desk.page.url.removeprefix(f"http://{again.http}")
        found = {name: _painted(desk, path) for name, path in (("case", case), ("platform", platform))}
        for name, path in (
            ("accounts", "accounts/"),
            ("far page", "accounts/?page=20000"),
            ("search", "accounts/?search=heron_12"),
        ):
            found[name] = _painted(desk, platform + path)
        print("\nfirst paint in ms, least of", TIMES, found)
        assert found["case"] < MOST_MS and found["platform"] < MOST_MS and not desk.complaints


def _painted(desk: Desk, path: str) -> int:
    """The least of some tries: the machine may be doing other things."""

    def once() -> float:
        desk.go(path)
        return float(desk.page.evaluate(PAINT))

    return round(min(once() for _ in range(TIMES)))
