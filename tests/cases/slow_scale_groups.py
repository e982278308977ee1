"""A case of a million memberships and ten thousand items: each page's queries, CPU time and first paint in a real browser.

python -m maintenance.slow scale -- -k memberships         AMPARO_TEST_MEMBERSHIPS=1000000 for another size
"""

from __future__ import annotations

import os
import shutil
import time
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from amparo.cases import queries
from tests.cases import house, large
from tests.cases.test_pages import logged_in

pytestmark = pytest.mark.django_db(transaction=True)
MEMBERSHIPS = int(os.environ.get("AMPARO_TEST_MEMBERSHIPS", "1000000"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MOST_QUERIES = 120
MOST_NODES = 400


def test_a_case_of_a_million_memberships_stays_usable(live_server: LiveServer) -> None:
    house.lay()
    ines = house.officer("ines", "investigator")
    case = house.opened(ines, house.report())
    random = np.random.default_rng(5)
    sizes = [5000]
    while sum(sizes) < MEMBERSHIPS:
        sizes.append(int(np.clip(random.lognormal(5.6, 1), 5, 30_000)))
    large.fill(
        case.case,
        sizes=tuple(sizes),
        people=max(6000, MEMBERSHIPS // 4),
        posts=20_000,
        items=min(10_000, MEMBERSHIPS // 100),
    )
    client = logged_in(ines)
    biggest = max(queries.groups(case.case), key=lambda each: each.members)
    names = (
        "case", "people", "first_looks", "groups", "across", "network", "network_data", "overlaps", "activity", "timeline", "items",
        "evidence",
    )  # fmt: skip
    pages = {name: reverse(f"cases:{name}", args=[case.case]) for name in names}
    pages["group"] = reverse("cases:group", args=[case.case, biggest.uuid])
    pages["opened group"] = f"{pages['network']}?group={biggest.uuid}"
    print(f"\n{sum(sizes):,} memberships in {len(sizes):,} groups, the largest of {max(sizes):,}")
    wrong = []
    for name, path in (*pages.items(), *pages.items()):  # the second time with what a process keeps of a case
        before = time.process_time()
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        spent = time.process_time() - before
        size = len(answer.content)
        print(f"{name:<14} {answer.status_code}  {len(asked):>4} queries  {spent:6.2f} CPU s  {size / 1024:8.0f} KiB")
        if answer.status_code != 200 or len(asked) > MOST_QUERIES:
            wrong.append(name)
    assert not wrong
    assert len(client.get(pages["network_data"]).json()["nodes"]) <= MOST_NODES
    if CHROMIUM:
        _painted(live_server.url, client.cookies["sessionid"].value, pages)


def _painted(url: str, session: str, pages: dict[str, str]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        for name, path in pages.items():
            if name == "network_data":
                continue
            page: Any = context.new_page()
            page.goto(url + path, timeout=120_000)
            painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1")
            print(f"{name:<14} first paint after {painted / 1000:.2f} s")
            page.close()
        browser.close()
