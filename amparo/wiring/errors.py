"""Our errors as pages: a sentence that says what happened and what to do next."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amparo.foundation.errors import AmparoError, Broken, Missing, Refused, Unreachable

log = logging.getLogger("amparo.house")

STATUS: tuple[tuple[type[AmparoError], int, str], ...] = (
    (Refused, 403, "That isn't possible now"),
    (Missing, 404, "Not found"),
    (Unreachable, 503, "Not reachable right now"),
    (Broken, 500, "Integrity alarm"),
)


class ErrorPages:
    """Middleware: the one place that turns our errors into pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        for family, status, title in STATUS:
            if isinstance(error, family):
                if family is Broken:
                    log.critical("integrity: %s %s", type(error).__name__, error.fields)
                obstacles = error.obstacles if isinstance(error, Refused) else (error.sentence,)
                context = {"title": title, "obstacles": obstacles, "sentence": error.sentence, "status": status}
                return render(request, "viewing/refused.html", context, status=status)
        return None
