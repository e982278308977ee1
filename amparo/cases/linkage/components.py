"""Which accounts hang together: union-find over edges, compiled where Numba is there, by NumPy alone where it is not."""

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN202

from __future__ import annotations

import numpy as np

from amparo.cases.tables.compiling import compiled, numba


def components(count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The smallest member of each node's component: int32, one for each of `count` nodes. Edges are pairs of node numbers."""
    a, b = (np.ascontiguousarray(each, np.int32).view(np.uint32) for each in (a, b))  # below 0 is far above `count`
    if len(a) and max(a.max(), b.max()) >= count:
        raise ValueError("an edge names a node that is not there")
    return (_united(count, a, b)[0] if numba else hooked(count, a, b)).astype(np.int32, copy=False)


@compiled
def _united(count, a, b):
    """Union-find as Rem had it: the two paths are walked together, each step hanging the larger on the smaller's parent.

    A parent is never larger than its child, so that every root is its component's smallest member. What an edge will need is read
    some edges ahead, so that the memory is waited for once and not at every step (a fifth faster); what is read so is handed back
    too, else the compiler would leave it out.
    """
    ahead, edges, read = 8, len(a), np.uint32(0)
    parent = np.empty(count, np.uint32)
    for node in range(count):
        parent[node] = node
    for i in range(edges):
        if i + ahead < edges:
            read ^= parent[a[i + ahead]] ^ parent[b[i + ahead]]
        x, y = a[i], b[i]
        above_x, above_y = parent[x], parent[y]
        while above_x != above_y:
            if above_x < above_y:
                x, y, above_x, above_y = y, x, above_y, above_x
            parent[x] = above_y
            if above_x == x:
                break
            x = above_x
            above_x = parent[x]
    for node in range(count):
        parent[node] = parent[parent[node]]
    return parent.view(np.int32), read


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
