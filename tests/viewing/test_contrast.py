"""WCAG 2.2 contrast of every pair of tokens that meets on a page, in both themes, computed from the stylesheet itself."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "amparo" / "viewing" / "static" / "viewing"
TOKENS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(
        r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", (STATIC / "tokens.css").read_text()
    )
}

GROUNDS = ("page", "side", "sunken", "raised", "hover")
WORDS = [(word, ground) for word in ("text", "muted", "accent", "danger") for ground in GROUNDS]
WORDS += [("faint", ground) for ground in ("page", "side", "sunken", "raised")]
WORDS += [(tone, f"{tone}-tint") for tone in ("accent", "danger", "warn", "good", "info", "neutral")]
WORDS += [("text", f"{tone}-tint") for tone in ("accent", "danger", "warn", "good", "info", "neutral")]
WORDS += [(tone, "page") for tone in ("warn", "good", "info", "neutral")]
WORDS += [
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-danger", "danger"),
    ("on-danger", "danger-strong"),
]
WORDS += [
    ("text", "pressed"),
    ("muted", "pressed"),
    ("accent-strong", "page"),
    ("danger-strong", "danger-tint"),
    ("muted", "water"),
]

SHAPES = [("line-strong", ground) for ground in ("page", "raised", "sunken")]
SHAPES += [("accent", "page"), ("accent", "side"), ("accent", "accent-tint"), ("bar", "page"), ("bar", "neutral-tint")]
SHAPES += [(kind, "water") for kind in ("accent", "text", "info", "neutral", "good", "warn", "danger", "line-strong")]


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("word", "ground"), WORDS)
def test_words_stand_out_from_what_they_stand_on(word: str, ground: str, theme: str) -> None:
    assert contrast(TOKENS[word][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_what_can_be_operated_or_must_be_seen_stands_out(shape: str, ground: str, theme: str) -> None:
    assert contrast(TOKENS[shape][theme], TOKENS[ground][theme]) >= 3.0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_scale_of_counts_rises_evenly_in_one_direction(theme: str) -> None:
    steps = [contrast(TOKENS[f"scale-{at}"][theme], TOKENS["water"][theme]) for at in range(6)]
    assert steps == sorted(steps)
    assert all(later / earlier > 1.2 for earlier, later in pairwise(steps))


def test_no_colour_is_named_outside_the_tokens() -> None:
    named = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(")
    for sheet in STATIC.glob("*.css"):
        if sheet.name != "tokens.css":
            assert not named.search(sheet.read_text()), sheet.name


def test_every_token_that_a_stylesheet_uses_exists() -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", (STATIC / "tokens.css").read_text()))
    for sheet in STATIC.glob("*.css"):
        assert set(re.findall(r"var\((--[a-z0-9-]+)\)", sheet.read_text())) <= defined, sheet.name


def test_an_older_browser_gets_every_colour_of_the_light_theme() -> None:
    fallback = (STATIC / "tokens.css").read_text().split("@supports not")[1]
    for name, colours in TOKENS.items():
        if name != "pressed":
            assert f"--{name}: {colours['light']};" in fallback, name
