"""How the few hot loops are compiled. Where Numba has no build, the same functions run as plain Python, slowly."""

# mypy: ignore-errors

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

try:
    import numba
except ImportError:  # a platform without Numba's wheels
    numba = None


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """numba.njit, kept on disk where a place for it can be found, else compiled once in each process."""
    if numba is None:
        return function
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no place for a cache
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return numba.njit(nogil=True)(function)
