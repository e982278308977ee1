"""The pictures of the README, taken in a real browser from a demo house of their own: python -m maintenance.pictures"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, StorageState, sync_playwright

from amparo.wiring.codes import code_now
from maintenance.houses import House, house
from maintenance.visits import log_in_of

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1440, 1000

# Who looks, the picture's name, light or dark, and the list from which the first row is opened ("/": the page itself).
PICTURES: tuple[tuple[str, str, Literal["light", "dark"], str], ...] = (
    ("alba", "queue", "light", "/"),
    ("bruno", "case", "light", "/cases/"),
    ("clara", "board", "light", "/board/"),
    ("bruno", "case-dark", "dark", "/cases/"),
)


def chromium() -> str:
    """The installed browser's program."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    sys.exit("Chromium is not installed. On Debian: apt install chromium")


def logged_in(browser: Browser, place: House, username: str) -> StorageState:
    """The session of a demo officer. Each logs in once: a code of the second factor is taken once."""
    known = log_in_of(place, username)
    page = browser.new_page(base_url=place.web)
    page.goto("/log-in/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", known["password"])
    page.click("button[type=submit]")
    page.fill("input[name=code]", code_now(known["totp_secret"]))
    page.click("button[type=submit] >> nth=0")
    page.wait_for_url(place.web + "/")
    return page.context.storage_state()


def main() -> None:
    """docs/pictures/ holds the queue, the case and the board as they are now."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with house("--demo") as place, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        sessions = {name: logged_in(browser, place, name) for name in ("alba", "bruno", "clara")}
        for username, name, scheme, way in PICTURES:
            context = browser.new_context(
                storage_state=sessions[username],
                viewport={"width": WIDTH, "height": HEIGHT},
                color_scheme=scheme,
                base_url=place.web,
            )
            page = context.new_page()
            page.goto(way)
            if way != "/":
                page.click(f"a[href^='{way}0'] >> nth=0")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
