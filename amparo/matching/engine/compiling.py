"""How loops are compiled by Numba, and kept on disk between processes."""

# mypy: ignore-errors

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numba
from numba.core.errors import NumbaWarning


def array(kind: Any, dimensions: int = 1, *, written: bool = False, layout: str = "C") -> Any:
    """The type of an argument."""
    return numba.types.Array(kind, dimensions, layout, readonly=not written)


def kept(signature: Any, stamp: str = "") -> Callable[[Callable[..., Any]], Any]:
    """numba.njit, cached where that can be: beside the file, else in the user's folder; else compiled in each process.

    Numba notices when that file changes. stamp: changes when anything else does that is compiled into the function.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        function.__qualname__ += f"_{stamp}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumbaWarning)
            try:
                return numba.njit(signature, nogil=True, cache=True)(function)
            except Exception:  # no place for a cache, or a broken one
                return numba.njit(signature, nogil=True)(function)

    return decorate
