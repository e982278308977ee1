"""How the few hot loops are compiled. Where Numba has no build, the same functions run as plain Python, slowly."""

# mypy: ignore-errors

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
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
        return _kept_if_it_can_be(numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # no place for a cache
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return numba.njit(nogil=True)(function)


def _kept_if_it_can_be(made: Any) -> Any:
    """A process that is confined reads the cache but can't write it: what it compiles there serves itself."""
    save = made._cache.save_overload  # noqa: SLF001 - Numba has no other way to ask

    def kept(*what: Any) -> None:
        with suppress(OSError):
            save(*what)

    made._cache.save_overload = kept  # noqa: SLF001
    return made
