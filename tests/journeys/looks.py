"""A journey's pages looked at: wide and small, light and dark, by axe against WCAG 2.2 AA."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.journeys.desk import Desk

Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
TWO = ((1280, 900, "light"), (390, 844, "dark"))


def passes_axe(desk: Desk, paths: Sequence[str], sizes: Sequence[tuple[int, int, str]] = TWO) -> None:
    """Every page passes, is no wider than the screen, complains of nothing and shows no media."""
    wrong = []
    for path in paths:
        for wide, high, theme in sizes:
            desk.page.set_viewport_size({"width": wide, "height": high})
            desk.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            desk.go(path)
            found = Axe().run(desk.page, options=RULES)
            if found.violations_count:
                wrong.append(f"{path} {theme}: {found.generate_report()}")
            if desk.page.evaluate("document.documentElement.scrollWidth") > wide:
                wrong.append(f"{path} {theme}: wider than the screen")
    assert wrong == []
    assert desk.complaints == []
    assert desk.media_shown() == 0
