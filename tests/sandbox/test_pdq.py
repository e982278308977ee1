"""PDQ: the published bits on the same luma, whatever the size; turns, smaller planes and borders within a few bits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from amparo.sandbox.inside import pdq
from amparo.sandbox.inside.bands import bands
from tests.sandbox import patterns
from tests.sandbox.patterns import KINDS, Plane, clouds

VECTORS = Path(__file__).parents[1] / "vectors" / "pdq"
TURNED = {
    "original": lambda luma: luma,
    "rotate90": lambda luma: np.rot90(luma, 1),
    "rotate180": lambda luma: np.rot90(luma, 2),
    "rotate270": lambda luma: np.rot90(luma, 3),
    "flipx": lambda luma: luma[::-1],
    "flipy": lambda luma: luma[:, ::-1],
    "flipplus1": lambda luma: luma.T,
    "flipminus1": lambda luma: np.rot90(luma, 2).T,
}


def published(luma: Plane) -> tuple[str, int]:
    vector, quality = pdqhash.compute(np.repeat(luma[:, :, None], 3, axis=2))
    return digits(vector), quality


def digits(vector: np.ndarray) -> str:
    return np.packbits(np.asarray(vector, bool)).tobytes().hex()


def distance_bits(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.bitwise_count(one ^ other).sum())


drawn = st.builds(
    lambda kind, height, width, seed: kind(height, width, seed),
    st.sampled_from(KINDS),
    st.integers(5, 420),
    st.integers(5, 420),
    st.integers(0, 10_000),
)
ordinary = st.builds(clouds, st.integers(640, 1_000), st.integers(640, 1_000), st.integers(0, 10_000))


@settings(max_examples=150)
@given(drawn)
def test_bits_and_quality_are_the_published_ones_for_any_luma(luma: Plane) -> None:
    row, quality = pdq.pdq(luma)
    assert (pdq.hexadecimal(row), quality) == published(luma)


@pytest.mark.parametrize(("height", "width"), [(1080, 1920), (3, 3000), (64, 64), (5, 5), (129, 127), (2111, 300)])
@pytest.mark.parametrize("kind", KINDS)
def test_bits_are_the_published_ones_at_sizes_where_filters_change(kind, height: int, width: int) -> None:
    luma = kind(height, width, 77)
    row, quality = pdq.pdq(luma)
    assert (pdq.hexadecimal(row), quality) == published(luma)


@settings(max_examples=40)
@given(drawn)
def test_the_eight_turns_are_the_published_ones_in_the_published_order(luma: Plane) -> None:
    vectors, _ = pdqhash.compute_dihedral(np.repeat(luma[:, :, None], 3, axis=2))
    found = pdq.looks(luma)[:8]
    assert [look.turn for look in found] == list(pdq.TURNS)
    assert [pdq.hexadecimal(look.row) for look in found] == [digits(vector) for vector in vectors]


@settings(max_examples=12)
@given(ordinary)
def test_each_turn_matches_the_fingerprint_of_the_turned_picture(luma: Plane) -> None:
    # The published turns keep the sampled pixels, which lie off the middle: up to 42 bits below 400 pixels, 16 from 640 on.
    for look in pdq.looks(luma)[:8]:
        row, _ = pdq.pdq(np.ascontiguousarray(TURNED[look.turn](luma)))
        assert distance_bits(row, look.row) <= 20, look.turn


@settings(max_examples=12)
@given(
    st.builds(
        lambda scale, height, width, seed: (scale, clouds(height * scale - seed % scale, width * scale, seed)),
        st.sampled_from([2, 4, 8]),
        st.integers(256, 320),
        st.integers(256, 320),
        st.integers(0, 10_000),
    )
)
def test_a_plane_that_a_decoder_made_smaller_is_within_four_bits_of_the_whole(drawn: tuple[int, Plane]) -> None:
    scale, luma = drawn
    look = pdq.looks(means(luma, scale), scale, luma.shape)[0]
    assert distance_bits(look.row, pdq.pdq(luma)[0]) <= 4


def means(luma: Plane, scale: int) -> Plane:
    """Of scale x scale pixels each, those at the far edges repeated beyond it, as a JPEG's blocks are."""
    padded = np.pad(luma, [(0, -side % scale) for side in luma.shape], mode="edge").astype(np.uint32)
    sums = padded.reshape(padded.shape[0] // scale, scale, -1, scale).sum(axis=(1, 3))
    return ((sums + scale * scale // 2) // (scale * scale)).astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5000), (5000, 1), (4, 4), (4, 900), (2, 2)])
def test_a_side_below_five_has_no_fingerprint_and_quality_nought(height: int, width: int) -> None:
    row, quality = pdq.pdq(patterns.noise(height, width, 1))
    assert (row.tolist(), quality) == ([0, 0, 0, 0], 0)
    assert len(pdq.looks(patterns.noise(height, width, 1))) == 8


@settings(max_examples=150)
@given(
    st.sampled_from(KINDS), st.integers(1, 90), st.integers(1, 90), st.integers(0, 999), st.sampled_from([1, 2, 4, 8])
)
def test_no_shape_and_no_scale_ends_in_an_exception(kind, height: int, width: int, seed: int, scale: int) -> None:
    found = pdq.looks(kind(height, width, seed), scale)
    assert len(found) in (8, 16)
    assert all(look.row.dtype == np.uint64 and look.row.shape == (4,) for look in found)


@pytest.mark.parametrize("shape", [(5, 5, 3), (0, 5), (9,)])
def test_what_is_no_plane_is_refused_with_its_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="luma is uint8 of shape"):
        pdq.pdq(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("wrong", [np.zeros((5, 5)), np.zeros((5, 5), np.int16)])
def test_what_is_no_luma_is_refused_with_its_shape(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="luma is uint8 of shape"):
        pdq.pdq(wrong)


def test_the_words_of_a_row_are_the_digits_from_the_first() -> None:
    row, _ = pdq.pdq(clouds(200, 300, 4))
    assert pdq.hexadecimal(row) == "".join(f"{word:016x}" for word in row.tolist())


def test_matrices_are_kept_for_a_few_sizes_only() -> None:
    for size in range(5, 200):
        bands(size)
    assert bands.cache_info().currsize <= 128


@pytest.mark.parametrize("vector", json.loads((VECTORS / "vectors.json").read_text()), ids=lambda each: each["picture"])
def test_a_frozen_vector_of_the_published_binding_holds(vector: dict) -> None:
    kind, height, width, seed = vector["picture"].split("-")
    seen = pdq.appearance(getattr(patterns, kind)(int(height), int(width), int(seed)))
    assert [pdq.hexadecimal(look.row) for look in seen.looks[:8]] == vector["turns"]
    assert seen.whole.quality == vector["quality"]


def test_a_vector_published_by_threatexchange_holds() -> None:
    with Image.open(VECTORS / "LA.png") as picture:
        luma = np.ascontiguousarray(np.asarray(picture)[:, :, 0])
    row, quality = pdq.pdq(luma)
    assert pdq.hexadecimal(row) == "accb6d39648035f8125c8ce6ba65007de7b54c67a2d93ef7b8f33b0611306715"
    assert quality == 100
