"""Abstract pictures of many kinds, drawn by formula: the same numbers everywhere, with no picture file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


def noise(height: int, width: int, seed: int) -> Plane:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def clouds(height: int, width: int, seed: int) -> Plane:
    """Waves of many lengths and directions over each other, and a little noise: areas, edges and fine structure."""
    rng = np.random.default_rng(seed)
    waves = np.arange(1, 61)
    frequencies = rng.normal(0, 2 + waves[:, None] / 2, (60, 2)) * 2 * np.pi
    down = np.linspace(0, 1, height)[:, None] * frequencies[:, 0] + rng.uniform(0, 2 * np.pi, 60)
    across = np.linspace(0, 1, width)[:, None] * frequencies[:, 1]
    heights = 1 / (1 + waves / 8)
    # sin(a + b) = sin a cos b + cos a sin b: all waves at once as a product of two matrices.
    total = (np.sin(down) * heights) @ np.cos(across).T + (np.cos(down) * heights) @ np.sin(across).T
    total += rng.normal(0, 0.15, total.shape)
    spread = total.max() - total.min()
    return ((total - total.min()) / (spread or 1) * 255).astype(np.uint8)


def blocks(height: int, width: int, seed: int) -> Plane:
    side = 7 + seed % 40
    coarse = noise(height // side + 1, width // side + 1, seed)
    return np.kron(coarse, np.ones((side, side), np.uint8))[:height, :width]


def ramp(height: int, width: int, seed: int) -> Plane:
    """Only the rows differ: no term of the fingerprint has anything to go by but rounding."""
    return np.repeat((np.arange(height) * (100 + seed % 155) // height).astype(np.uint8)[:, None], width, axis=1)


def stripes(height: int, width: int, seed: int) -> Plane:
    bright = np.arange(width) // (3 + seed % 60) % 2 * (60 + seed % 190)
    return np.repeat(bright.astype(np.uint8)[None], height, axis=0)


def flat(height: int, width: int, seed: int) -> Plane:
    return np.full((height, width), seed % 256, np.uint8)


def folded(height: int, width: int, seed: int) -> Plane:
    down, across = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    return ((down * down * (1 + seed % 9) // 50 + across * (1 + seed % 13)) % 256).astype(np.uint8)


KINDS: tuple[Callable[[int, int, int], Plane], ...] = (noise, clouds, blocks, ramp, stripes, flat, folded)
