"""Logs name errors and places, never content: an exception's message may quote the mail that caused it."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType


class WithoutContent(logging.Formatter):
    """Writes an exception as its type and the places it came through, without its message and without source lines."""

    def formatException(  # noqa: N802  # logging's own name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """One line for the type, one for each frame, innermost last."""
        kind, _, trace = ei
        frames = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
        return "\n".join([kind.__name__ if kind else "no exception", *frames])
