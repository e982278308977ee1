"""The pages about groups in a real Chromium under the real content security policy (thousands: slow_scale_groups.py)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from amparo.cases import actions, queries
from tests.cases import house, large
from tests.cases.test_pages import logged_in

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("Chromium is not installed", allow_module_level=True)
sync_playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").sync_playwright
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe

pytestmark = pytest.mark.django_db(transaction=True)

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WIDTHS = {"wide": (1280, 900), "phone": (390, 844)}
ON_A_PHONE = ("case", "first_looks", "across", "group", "activity")
SHOTS = os.environ.get("AMPARO_TEST_PICTURES", "")  # a folder that gets a picture of each page


def addresses(case: Any, client: Client) -> dict[str, str]:
    group = max(queries.groups(case.case), key=lambda each: each.members)
    found = {
        name: reverse(f"cases:{name}", args=[case.case])
        for name in ("case", "first_looks", "across", "overlaps", "network", "activity")
    }
    found["group"] = reverse("cases:group", args=[case.case, group.uuid])
    found["opened"] = f"{found['network']}?group={group.uuid}"
    found["reading_order"] = reverse("cases:reading_order")
    return found


def test_the_pages_about_groups_break_no_policy_overflow_nowhere_and_are_accessible(live_server: LiveServer) -> None:
    house.lay()
    ines = house.officer("ines", "investigator", "supervisor")
    case = house.opened(ines, house.report())
    large.fill(case.case, sizes=(600, 300, 60, 40, 20), people=700, posts=300)
    actions.enter_reason(
        ines, next(each.uuid for each in queries.people(case.case, search="P-3")), "meetings", "Line 12: asked to meet."
    )
    client = logged_in(ines)
    pages = addresses(case, client)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for width, theme in (("wide", "light"), ("phone", "dark")):
            wide, high = WIDTHS[width]
            context = browser.new_context(viewport={"width": wide, "height": high}, color_scheme=theme)
            context.add_cookies([cookie])
            for name, path in pages.items() if width == "wide" else [(each, pages[each]) for each in ON_A_PHONE]:
                wrong += _looked_at(context, live_server.url + path, f"{name}-{width}-{theme}", wide)
            context.close()
        browser.close()
    assert not wrong, "\n".join(wrong)


def _looked_at(context: Any, address: str, name: str, wide: int) -> list[str]:
    """What is wrong with the page."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    assert page.goto(address).status == 200, name
    if name.startswith(("network", "opened")):
        page.wait_for_selector(".network-stage canvas", state="attached")
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=not name.startswith(("group", "opened")))
    if page.evaluate("document.documentElement.scrollWidth") > wide:
        complaints.append("wider than the screen")
    found = Axe().run(page, options=RULES)
    if found.violations_count:
        complaints.append(found.generate_report())
    page.close()
    return [f"{name}: {each}" for each in complaints]
