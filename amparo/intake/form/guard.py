"""What stands before every public page: limits of what is taken, headers of what is given, and a page for whatever goes wrong."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from amparo.intake.form import pages
from amparo.intake.form.talking import counter

log = logging.getLogger("amparo.form")

POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
BLOCK_BYTES = 1 << 16
DRAINED_BLOCKS = 512  # of what is too large: a browser shows the answer only after it could send


class InMemory(MemoryFileUploadHandler):
    """A file is kept in memory alone, or, where the form takes none, not at all."""

    def new_file(self, *given: Any, **named: Any) -> None:
        self.activated = counter().offer.files
        super().new_file(*given, **named)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return super().receive_data_chunk(raw_data, start) if self.activated else None


class Guard:
    """Middleware, the only one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._refusal(request) or self._get_response(request)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        if not getattr(answer, "is_start", False):
            answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return answer

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        """Why this request isn't read at all; None where it is. What is posted is read here, whole."""
        if request.method not in ("GET", "HEAD", "POST"):
            return pages.problem(request, "wrong_way", 405)
        if request.method != "POST":
            return None
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdecimal()):
            return pages.problem(request, "unreadable", 400)
        if int(length) > counter().offer.largest_bytes:
            _drain(request)
            return pages.problem(request, "too_large", 413)
        try:
            if len(request.body) != int(length):  # the connection broke off: half a report is none
                return pages.problem(request, "unreadable", 400)
            request.POST, request.FILES  # noqa: B018  # parses
        except (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError, ValueError, OSError):
            return pages.problem(request, "unreadable", 400)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse:
        """The log learns where it failed and nothing of what was written: a message may quote it."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        log.error("a page failed: %s at %s:%d", type(error).__name__, Path(frame.filename).name, frame.lineno or 0)
        return pages.problem(request, "failed", 500)


def _drain(request: HttpRequest) -> None:
    try:
        for _ in range(DRAINED_BLOCKS):
            if not request.read(BLOCK_BYTES):
                return
    except (OSError, UnreadablePostError):
        return
