"""The pages about groups in a real Chromium under the real content security policy (thousands: slow_scale_groups.py)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from amparo.cases import actions, queries
from amparo.cases.chats.network import MOST_PERSONS
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
ON_A_PHONE = ("case", "first_looks", "groups", "across", "group", "activity")
SHOTS = os.environ.get("AMPARO_TEST_PICTURES", "")  # a folder that gets a picture of each page


def addresses(case: Any) -> dict[str, str]:
    group = next(each for each in queries.groups(case.case) if each.members == 40)
    found = {
        name: reverse(f"cases:{name}", args=[case.case])
        for name in ("case", "first_looks", "groups", "across", "overlaps", "network", "activity")
    }
    found["group"] = reverse("cases:group", args=[case.case, group.uuid])
    found["opened"] = f"{found['network']}?group={group.uuid}"
    found["reading_order"] = reverse("cases:reading_order")
    return found


def test_the_pages_about_groups_break_no_policy_overflow_nowhere_and_are_accessible(live_server: LiveServer) -> None:
    house.lay()
    ines = house.officer("ines", "investigator", "supervisor")
    case = house.opened(ines, house.report())
    # More people than a drawing shows one by one, and a group with everything that a row of members can show.
    large.fill(case.case, sizes=(60, 40, 20), people=MOST_PERSONS + 1, posts=60, items=8)
    actions.enter_reason(
        ines, next(each.uuid for each in queries.people(case.case, search="P-3")), "meetings", "Line 12: asked to meet."
    )
    client, pages = logged_in(ines), addresses(case)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context()
        context.add_cookies([cookie])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for name, path in pages.items():
            _set(page, "wide", "light")
            assert page.goto(live_server.url + path).status == 200, name
            if name in {"network", "opened"}:
                page.wait_for_selector(".network-stage canvas", state="attached")
            complaints += _looked_at(page, f"{name}-wide-light", WIDTHS["wide"][0])
            if name in ON_A_PHONE:
                _set(page, "phone", "dark")
                complaints += _looked_at(page, f"{name}-phone-dark", WIDTHS["phone"][0])
            wrong += [f"{name}: {each}" for each in complaints]
            complaints.clear()
        browser.close()
    assert not wrong, "\n".join(wrong)


def _set(page: Any, width: str, theme: str) -> None:
    wide, high = WIDTHS[width]
    page.set_viewport_size({"width": wide, "height": high})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # a colour on its way to another has no contrast


def _looked_at(page: Any, name: str, wide: int) -> list[str]:
    """What is wrong with the page as it stands."""
    found = []
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=not name.startswith(("group", "opened")))
    if page.evaluate("document.documentElement.scrollWidth") > wide:
        found.append(f"{name} is wider than the screen")
    broken = Axe().run(page, options=RULES)
    if broken.violations_count:
        found.append(broken.generate_report())
    return found
