"""PDQ of frames by the compiled blur: bit for bit the published answer, whatever the frame shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from amparo.matching import frames, pdq
from amparo.matching.engine import backend
from amparo.sandbox.inside.pdq import step_by_step

SIDES = st.integers(frames.LEAST_SIDE, 700)


@pytest.fixture(autouse=True)
def _compiled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "PIXELS_WORTH_NUMBA", 0)


def frame(kind: str, height: int, width: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    slope = np.add.outer(np.arange(height) * generator.random(), np.arange(width) * generator.random())
    drawn = {
        "noise": generator.integers(0, 256, (height, width)),
        "slope": slope % 256,
        "flat": np.full((height, width), generator.integers(256)),
        "stripes": (np.arange(height) // (1 + generator.integers(9)) % 2 * 255)[:, None].repeat(width, 1),
        "waves": 128 + 100 * np.sin(slope / 20) + generator.normal(0, 4, (height, width)),
    }[kind]
    return drawn.clip(0, 255).astype(np.uint8)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["noise", "slope", "flat", "stripes", "waves"]), SIDES, SIDES, st.integers(0, 1 << 30))
def test_a_frame_has_the_published_fingerprint(kind: str, height: int, width: int, seed: int) -> None:
    luma = frame(kind, height, width, seed)
    published = step_by_step(luma)
    row, quality = pdq(luma)
    assert (row.tolist(), quality) == (published.row.tolist(), published.quality)


def test_a_part_of_a_larger_plane_has_its_own_fingerprint() -> None:
    """A decoder's lines are longer than its picture."""
    plane = frame("waves", 800, 900, 3)
    row, quality = pdq(plane[:720, :800])
    own, own_quality = pdq(plane[:720, :800].copy())
    assert (row.tolist(), quality) == (own.tolist(), own_quality)


def test_the_answer_is_the_same_where_numba_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    luma = frame("waves", 720, 1280, 5)
    row, quality = pdq(luma)
    monkeypatch.setattr(backend, "CHOSEN", "numpy")
    plain, plain_quality = pdq(luma)
    assert (row.tolist(), quality) == (plain.tolist(), plain_quality)


def test_a_small_or_empty_frame_is_answered_or_refused_as_any_luma() -> None:
    row, quality = pdq(np.zeros((4, 1000), np.uint8))
    assert (row.tolist(), quality) == ([0, 0, 0, 0], 0)
    with pytest.raises(ValueError, match="luma is uint8"):
        pdq(np.zeros((400, 400), np.float32))  # type: ignore[arg-type]
