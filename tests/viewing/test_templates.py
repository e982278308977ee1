"""What no page may have, over the templates of every room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from amparo.viewing.marks import icon_names

AMPARO = Path(__file__).parents[2] / "amparo"
TEMPLATES = sorted(AMPARO.rglob("templates/**/*.html"))
# The cover sheet of a package is one file that opens anywhere, without us and without a network.
STANDS_ALONE = re.compile(r"/exchange/|/referrals/templates/referrals/cover")

each_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(AMPARO).as_posix())


@each_template
def test_no_template_has_inline_script_style_or_handler(template: Path) -> None:
    if STANDS_ALONE.search(template.as_posix()):
        return
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}|{%.*?%}", "", template.read_text(), flags=re.DOTALL)
    assert not re.search(r"<style\b|\sstyle\s*=\s*[\"']|javascript:", text, re.IGNORECASE)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text, re.IGNORECASE)
    for attributes, content in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.IGNORECASE | re.DOTALL):
        assert "src=" in attributes or "application/json" in attributes
        assert "application/json" in attributes or not content.strip()


@each_template
def test_no_template_asks_another_house_for_anything(template: Path) -> None:
    if STANDS_ALONE.search(template.as_posix()):
        return
    assert not re.search(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//", template.read_text())


@each_template
def test_every_icon_that_a_template_names_is_drawn(template: Path) -> None:
    named = re.findall(r"{% icon \"([^\"]+)\"|\sicon=\"([^\"]+)\"", template.read_text())
    assert {one or other for one, other in named} <= set(icon_names())


@each_template
def test_no_template_switches_escaping_off(template: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape off", template.read_text())
