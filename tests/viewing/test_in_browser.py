"""The style page in a real Chromium under the real content security policy: no violation, no accessibility fault, keys work."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("Chromium is not installed", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe

WIDTHS = {"wide": (1440, 900), "phone": (390, 844)}


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with (
        override_settings(DEMO=True, ROOT_URLCONF="tests.viewing.addresses"),
        make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield chromium
        chromium.close()


def open_page(
    browser: Any, address: str, width: str = "wide", theme: str = "light", **more: Any
) -> tuple[Any, list[str]]:
    wide, high = WIDTHS[width]
    page = browser.new_page(
        viewport={"width": wide, "height": high}, color_scheme=theme, reduced_motion="reduce", **more
    )
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/style/")
    page.wait_for_selector(".map-stage svg")
    page.wait_for_selector(".network-stage canvas", state="attached")
    return page, complaints


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", ["wide", "phone"])
def test_the_page_breaks_no_policy_overflows_nowhere_and_is_accessible(
    browser: Any, address: str, width: str, theme: str
) -> None:
    page, complaints = open_page(browser, address, width, theme)
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    page.close()
    assert found.violations_count == 0, found.generate_report()


def test_a_list_is_walked_by_keys_and_they_can_be_switched_off(browser: Any, address: str) -> None:
    page, _ = open_page(browser, address)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#R-2026-0417"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.uncheck("#shortcuts [data-single-keys]")
    page.click("#shortcuts [data-closes]")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body || document.activeElement.tagName !== 'A'")
    page.close()


def test_the_chosen_appearance_outlives_the_page_and_beats_the_system(browser: Any, address: str) -> None:
    page, _ = open_page(browser, address, theme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click(".officer-button")
    page.click("[data-theme-choice=dark]")
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after
    page.close()


def test_a_dialog_opens_traps_and_gives_back_the_focus(browser: Any, address: str) -> None:
    page, _ = open_page(browser, address)
    page.click("[data-opens=close-case]")
    assert page.evaluate("document.getElementById('close-case').matches(':modal')")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.opens") == "close-case"
    page.close()


def test_a_country_is_reached_by_keyboard_and_says_its_number(browser: Any, address: str) -> None:
    page, _ = open_page(browser, address)
    mark = page.locator("a.map-mark[href='#ES']")
    assert mark.get_attribute("aria-label") == "Spain: 17 arrested"
    mark.focus()
    assert "17 arrested" in page.locator(".map-tip").inner_text()
    assert page.locator(".map-mark").count() == 11
    page.close()


def test_a_search_in_the_network_shows_who_was_found(browser: Any, address: str) -> None:
    page, _ = open_page(browser, address)
    page.fill(".drawing-tools input", "member 03")
    assert "Member 03" in page.locator(".network-side").inner_text()
    assert page.evaluate("document.querySelector('[data-network]').drawing.nodes().length") == 39
    page.close()


def test_without_scripts_every_drawing_still_has_its_table(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/style/")
    page.locator(".drawing .more summary").first.click()
    assert "Spain (ES)" in page.locator(".drawing .more").first.inner_text()
    context.close()


def test_a_missing_page_says_so_and_shows_a_way_on(browser: Any, address: str) -> None:
    page = browser.new_page()
    answer = page.goto(f"{address}/no-such-page/")
    assert answer.status == 404
    assert page.locator("h1").inner_text() == "There is nothing here"
    assert page.locator("a.button").get_attribute("href") == "/"
    page.close()
