"""Which accounts hang together: union-find over edges, compiled where Numba is there, by NumPy alone where it is not."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np

from amparo.cases.coins.compiling import compiled, numba


def components(count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest member of each node's component: int32, one for each of `count` nodes. Edges are pairs of node numbers."""
    a, b = np.ascontiguousarray(a, np.int32), np.ascontiguousarray(b, np.int32)
    if len(a) and (min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= count):
        raise ValueError("an edge names a node that is not there")
    return _united(count, a, b) if numba else hooked(count, a, b)


@compiled
def _united(count, a, b):
    """Union-find with path halving. The smaller root stays the root, so that every root is its component's smallest member."""
    parent = np.arange(count, dtype=np.int32)
    for i in range(len(a)):
        x, y = a[i], b[i]
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        while parent[y] != y:
            parent[y] = parent[parent[y]]
            y = parent[y]
        if x < y:
            parent[y] = x
        elif y < x:
            parent[x] = y
    for node in range(count):  # a parent is never larger than its child, so it is settled before
        parent[node] = parent[parent[node]]
    return parent


def hooked(count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The same without Numba: roots hook onto the smallest root that an edge shows them, then every path is halved."""
    parent = np.arange(count, dtype=np.int32)
    while len(a):
        root_a, root_b = parent[a], parent[b]
        apart = root_a != root_b
        a, b, root_a, root_b = a[apart], b[apart], root_a[apart], root_b[apart]
        np.minimum.at(parent, np.maximum(root_a, root_b), np.minimum(root_a, root_b))
        while not np.array_equal(parent, further := parent[parent]):
            parent = further
    return parent
