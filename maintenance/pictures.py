"""The pictures of the README, taken in a real browser from a demo house of their own: python -m maintenance.pictures"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from amparo.wiring.codes import code_now
from maintenance.houses import House, house
from maintenance.visits import log_in_of

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1440, 1000


def chromium() -> str:
    """The installed browser's program."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    sys.exit("Chromium is not installed. On Debian: apt install chromium")


def officer(browser: Browser, place: House, username: str, scheme: str) -> Page:
    """A browser page in which the demo officer is logged in."""
    known = log_in_of(place, username)
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme="dark" if scheme == "dark" else "light",
        base_url=place.web,
    )
    page = context.new_page()
    page.goto("/log-in/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", known["password"])
    page.click("button[type=submit]")
    page.fill("input[name=code]", code_now(known["totp_secret"]))
    page.click("button[type=submit] >> nth=0")
    page.wait_for_url(place.web + "/")
    return page


def main() -> None:
    """docs/pictures/ holds the queue, the case and the board as they are now."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with house("--demo") as place, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        for username, name, scheme, way in (
            ("alba", "queue", "light", []),
            ("bruno", "case", "light", ["/cases/", "a[href^='/cases/0']"]),
            ("clara", "board", "light", ["/board/", "a[href^='/board/0']"]),
            ("bruno", "case-dark", "dark", ["/cases/", "a[href^='/cases/0']"]),
        ):
            page = officer(browser, place, username, scheme)
            if way:
                page.goto(way[0])
                page.click(f"{way[1]} >> nth=0")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
